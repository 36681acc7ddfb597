"""The `Idempotency-Key` header: headers and body in, the key the call is made once under or a Refusal out; looks nothing up."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from proxy.domain.errors import Refusal
from proxy.domain.ledger import IdempotencyKey
from proxy.stages.intake.shapes import invalid

KEY_CHARS_MAX: Final = 255


def idempotency_key(headers: Mapping[bytes, bytes], route: str, body: bytes, pepper: bytes) -> IdempotencyKey | Refusal | None:
    """None when the caller sent none. The hash is keyed with `pepper`, for a short body could be guessed from a plain one."""
    sent = headers.get(b"idempotency-key")
    if sent is None:
        return None
    key = sent.decode("latin-1").strip()
    if not 0 < len(key) <= KEY_CHARS_MAX or not (key.isascii() and key.isprintable()):
        return invalid("Idempotency-Key", f"It must be 1 to {KEY_CHARS_MAX} printable ASCII characters.")
    return IdempotencyKey(route, key, hmac.digest(pepper, body, hashlib.sha256))
