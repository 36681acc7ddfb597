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
# Two characters, ten bits, the lower five of them first.
_PAIRS: Final = [first + second for second in _ALPHABET for first in _ALPHABET]
_KINDS: Final[Mapping[str, KeyKind]] = {kind: kind for kind in get_args(KeyKind)}
KEY_TEXT_MAX: Final = 128
# What SHA-256 reads at a time (RFC 2104 keys a hash with one of it).
_BLOCK_BYTES: Final = 64


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
    # HMAC (RFC 2104), as copies of two hashes that were keyed once: to key one again costs several times as much.
    keyed_inside, keyed_outside = _keyed(pepper)
    inner, outer = keyed_inside.copy(), keyed_outside.copy()
    inner.update(text.encode())
    outer.update(inner.digest())
    return outer.digest()


def matches(pepper: bytes, text: str, kept: bytes) -> bool:
    """Whether `text` is the key of which `kept` was kept, in constant time."""
    return hmac.compare_digest(secret_hash(pepper, text), kept)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


@lru_cache(maxsize=8)
def _keyed(pepper: bytes) -> "tuple[hashlib._Hash, hashlib._Hash]":
    block = (pepper if len(pepper) <= _BLOCK_BYTES else hashlib.sha256(pepper).digest()).ljust(_BLOCK_BYTES, b"\0")
    inside, outside = (bytes(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    return hashlib.sha256(inside), hashlib.sha256(outside)


def _checksum(body: str) -> str:
    value = zlib.crc32(body.encode())
    return _PAIRS[value & 1_023] + _PAIRS[(value >> 10) & 1_023] + _PAIRS[(value >> 20) & 1_023]
