"""Identifiers and chance behind the Ids port; nothing else draws a random number for a call."""

import hashlib
import hmac
import os
import random
from functools import lru_cache
from typing import Final

# Crockford's alphabet sorts as its values do, so that ids sort by the time in them.
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
# 80 bits, five a character.
_CHANCE_LENGTH: Final = 16
# Five bits of each byte: what is drawn at random is spelt by one translation.
_LETTERS: Final = (_ALPHABET * 8).encode()
# Asking the system for chance lets another thread go first, so it is asked for a good many ids at a time.
_DRAWN_LENGTH: Final = 256 * _CHANCE_LENGTH
_PAIRS: Final = [first + second for first in _ALPHABET for second in _ALPHABET]
_END_USER_LENGTH: Final = 32
_END_USERS_KEPT: Final = 4_096


class RandomIds:
    """Ids with 80 bits of chance. `pepper` keys the hash of an end user that providers may see."""

    def __init__(self, pepper: bytes) -> None:
        self._pepper = pepper
        self._drawn = ""
        self._used = 0
        self.end_user = lru_cache(_END_USERS_KEPT)(self._end_user)

    def call_id(self, now_ms: int) -> str:
        """`call_` and 26 characters that sort by time: the milliseconds, then chance."""
        return f"call_{_spell(now_ms)}{self._chance()}"

    def request_id(self) -> str:
        return f"req_{self._chance()}"

    def _end_user(self, user_id: str) -> str:
        digest = hmac.digest(self._pepper, b"end-user:" + user_id.encode(), hashlib.sha256)
        return digest.hex()[:_END_USER_LENGTH]

    def jitter(self) -> float:
        return random.random()  # noqa: S311 - spreads retries; nothing secret rests on it

    def _chance(self) -> str:
        begin = self._used
        if begin == len(self._drawn):
            self._drawn, begin = os.urandom(_DRAWN_LENGTH).translate(_LETTERS).decode(), 0
        self._used = begin + _CHANCE_LENGTH
        return self._drawn[begin : self._used]


def _spell(value: int) -> str:
    return "".join([_PAIRS[(value >> shift) & 1_023] for shift in (40, 30, 20, 10, 0)])
