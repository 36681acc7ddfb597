"""Identifiers and chance behind the Ids port; nothing else draws a random number for a call."""

import hashlib
import hmac
import os
import random
from typing import Final

# Crockford's alphabet sorts as its values do, so that ids sort by the time in them.
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_LENGTH: Final = 10
_CHANCE_BYTES: Final = 10
_END_USER_LENGTH: Final = 32


class RandomIds:
    """Ids with 80 bits of chance. `pepper` keys the hash of an end user that providers may see."""

    def __init__(self, pepper: bytes) -> None:
        self._pepper = pepper

    def call_id(self, now_ms: int) -> str:
        """`call_` and 26 characters that sort by time: the milliseconds, then chance."""
        return f"call_{_spell(now_ms, _TIME_LENGTH)}{_chance()}"

    def request_id(self) -> str:
        return f"req_{_chance()}"

    def end_user(self, user_id: str) -> str:
        digest = hmac.digest(self._pepper, b"end-user:" + user_id.encode(), hashlib.sha256)
        return digest.hex()[:_END_USER_LENGTH]

    def jitter(self) -> float:
        return random.random()  # noqa: S311 - spreads retries; nothing secret rests on it


def _chance() -> str:
    return _spell(int.from_bytes(os.urandom(_CHANCE_BYTES)), _CHANCE_BYTES * 8 // 5)


def _spell(value: int, length: int) -> str:
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(5 * (length - 1), -1, -5))
