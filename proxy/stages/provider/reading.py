"""Bytes that a provider sent in, a JSON value out; forgives what is only unusual and never invents what is missing."""

import json
import math
from typing import Any, Final

import orjson

# What some providers send to keep a stream open.
_NOTHINGS: Final = frozenset({b"", b"null", b"[]", b"{}"})


def says_nothing(data: bytes) -> bool:
    """Whether the data of an event is nothing, in any of the ways to write it."""
    return data.strip() in _NOTHINGS


def read(body: bytes) -> Any:
    """The value of a JSON text; None if it is none.

    Forgiven, for real providers send them: a byte order mark, NaN and infinities (null), broken UTF-8 and halves of
    surrogate pairs (each replaced by a stand-in character).
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _forgiving(body)


def _forgiving(body: bytes) -> Any:
    try:
        value = json.loads(body.decode("utf-8-sig", "replace"), parse_constant=_nothing, parse_float=_finite)
        # Written and read once more, so that every number and string is one that can leave again.
        return orjson.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _nothing(_: str) -> None:
    return None


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None
