"""API keys as text: minting, reading and hashing them; a key's secret exists only in the text and is never kept."""

import hashlib
import hmac
import secrets
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, get_args

from proxy.domain.account import KeyKind
from proxy.domain.value import dataclass

# Crockford's alphabet: no letter is taken for another when a key is read aloud or typed.
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_LENGTH: Final = 12
_SECRET_LENGTH: Final = 40
_CHECKSUM_LENGTH: Final = 6
_SHIFTS: Final = range(0, 5 * _CHECKSUM_LENGTH, 5)
_KINDS: Final[Mapping[str, KeyKind]] = {kind: kind for kind in get_args(KeyKind)}
KEY_TEXT_MAX: Final = 128


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key as its holder has it. `id` is public and may stand in logs; `text` is the whole secret."""

    kind: KeyKind
    id: str
    text: str


def mint(kind: KeyKind) -> KeyText:
    """A new key: `sb_KIND_ID_SECRET` and a checksum, 200 bits of it secret."""
    key_id = _random(_ID_LENGTH)
    body = f"sb_{kind}_{key_id}_{_random(_SECRET_LENGTH)}"
    return KeyText(kind, key_id, body + _checksum(body))


def read(text: str) -> KeyText | None:
    """The key that `text` spells, or None where it cannot be one: no store need be asked about a typing mistake."""
    if len(text) > KEY_TEXT_MAX or not text.isascii():
        return None
    body, checksum = text[:-_CHECKSUM_LENGTH], text[-_CHECKSUM_LENGTH:]
    parts = body.split("_")
    if len(parts) != 4 or parts[0] != "sb" or len(parts[2]) != _ID_LENGTH or _checksum(body) != checksum:
        return None
    kind = _KINDS.get(parts[1])
    return None if kind is None else KeyText(kind, parts[2], text)


def secret_hash(pepper: bytes, text: str) -> bytes:
    """What is kept of a key: useless without the pepper."""
    # A copy of a keyed hash: to be keyed again costs more, and would let other threads go first.
    keyed = _keyed(pepper).copy()
    keyed.update(text.encode())
    return keyed.digest()


def matches(pepper: bytes, text: str, kept: bytes) -> bool:
    """Whether `text` is the key of which `kept` was kept, in constant time."""
    return hmac.compare_digest(secret_hash(pepper, text), kept)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


@lru_cache(maxsize=8)
def _keyed(pepper: bytes) -> hmac.HMAC:
    return hmac.new(pepper, digestmod=hashlib.sha256)


def _checksum(body: str) -> str:
    value = zlib.crc32(body.encode())
    return "".join([_ALPHABET[(value >> shift) & 31] for shift in _SHIFTS])
