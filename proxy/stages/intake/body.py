"""Reads a body as strict JSON: bytes in, one object or a refusal out; gives no field a meaning."""

import json
from collections import Counter
from typing import Any, Final, NoReturn

import orjson

from proxy.domain.chat import Json
from proxy.domain.errors import Refusal
from proxy.stages.intake.limits import IntakeLimits
from proxy.stages.intake.shapes import invalid


class _RepeatedKeyError(Exception):
    """One object holds the same key twice; raised out of the scanner, which has no other way to stop."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def read(body: bytes, limits: IntakeLimits) -> Json | Refusal:
    """The object in `body`, which `orjson.dumps` can write again; or `invalid_json` / `invalid_request`.

    Refused: bytes that are not UTF-8, NaN and infinities, integers beyond 64 bits, lone surrogates, a key repeated in one
    object (RFC 8259 leaves its meaning open), nesting beyond the limit, and whatever is no object.
    """
    known = _as_written(body)
    value = _decoded(body) if known is None else known
    if isinstance(value, Refusal):
        return value
    if not isinstance(value, dict):
        return Refusal("invalid_request", "The body must be a JSON object.")
    if _may_be_deep(body, limits.nesting_max) and _deeper_than(limits.nesting_max, value):
        return _too_deep()
    if known is None and not _can_be_written(value):
        return _bad("it holds an integer beyond 64 bits or half a surrogate pair")
    return value


def _as_written(body: bytes) -> Any:
    """The value of a body in the very bytes that orjson writes it in, as most programs do, else None: in reading such a one
    nothing was lost, so there is no repeated key in it and no number beyond its bounds."""
    # Most of those who write otherwise put a blank after each key; theirs need not be read twice to see that.
    if body.startswith(b'": ', body.find(b'":')):
        return None
    try:
        value = orjson.loads(body)
        return value if orjson.dumps(value) == body else None
    except (ValueError, TypeError):
        return None


def _decoded(body: bytes) -> Any:
    try:
        return _DECODER.decode(body.decode())
    except UnicodeDecodeError as error:
        return _bad(f"byte {error.start} is not UTF-8")
    except json.JSONDecodeError as error:
        return _bad(f"reading stopped at character {error.pos}")
    except _RepeatedKeyError as error:
        return invalid(error.key, "This key stands twice in one object. Send it once.")
    except RecursionError:
        # The scanner counts its own depth; only bodies far beyond any limit of ours get here.
        return _too_deep()
    except ValueError:
        return _bad("it holds a number that is none, or one too large")


def _unrepeated(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    raise _RepeatedKeyError(Counter(key for key, _ in pairs).most_common(1)[0][0])


def _finite(text: str) -> float:
    value = float(text)
    if value - value != 0:
        raise ValueError(text)
    return value


def _no_constant(text: str) -> NoReturn:
    raise ValueError(text)


def _can_be_written(value: Json) -> bool:
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True


def _may_be_deep(body: bytes, nesting_max: int) -> bool:
    """False for most bodies: those with fewer brackets than the limit."""
    return _holds(body, b"{", nesting_max // 2) or _holds(body, b"[", nesting_max // 2)


def _holds(body: bytes, mark: bytes, times: int) -> bool:
    # Not by counting, which looks at each byte by itself: 70 µs for 100 KB.
    at = 0
    for _ in range(times):
        at = body.find(mark, at) + 1
        if not at:
            return False
    return True


def _deeper_than(nesting_max: int, value: Json) -> bool:
    level: list[Any] = [value]
    for _ in range(nesting_max):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _too_deep() -> Refusal:
    return Refusal("invalid_request", "The body is nested too deeply. Flatten it.")


def _bad(why: str) -> Refusal:
    return Refusal("invalid_json", f"The body is not valid JSON: {why}.")


# The standard library's scanner where orjson's word is not enough, which silently keeps the last of two equal keys. It is C as
# well: 4 µs for 300 bytes, most of it linear copying.
_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unrepeated, parse_float=_finite, parse_constant=_no_constant)
