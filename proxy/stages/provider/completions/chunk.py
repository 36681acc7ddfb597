"""The data of one server-sent event in, a Delta in OpenAI's shape out; never raises and keeps nothing between events."""

from typing import Final

import orjson

from proxy.domain.chat import Delta, Json
from proxy.domain.errors import Fault
from proxy.stages.provider.completions.failure import failure_inside
from proxy.stages.provider.completions.shape import has_logprobs, is_regular, mended
from proxy.stages.provider.completions.usage import read_usage
from proxy.stages.provider.reading import read, says_nothing
from proxy.stages.provider.speech import delta

_DONE: Final = Delta({}, done=True)
_NOTHING: Final = Delta({})
_GARBLED: Final = Delta({}, error=Fault("garbled", status=200))


def read_chunk(data: bytes) -> Delta:
    """`raw` is set exactly when the chunk has OpenAI's shape already; else `value` is the mended chunk."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return _unusual(data)
    return _read(value, data) if type(value) is dict else _unusual(data)


def _unusual(data: bytes) -> Delta:
    if data.strip().strip(b'"') == b"[DONE]":
        return _DONE
    if says_nothing(data):
        return _NOTHING
    value = read(data)
    return _read(value, None) if isinstance(value, dict) else _GARBLED


def _read(value: Json, raw: bytes | None) -> Delta:
    choices = value.get("choices")
    if type(choices) is list and "error" not in value and all(map(is_regular, choices)):
        return _delta(value, raw if has_logprobs(choices) else None)
    failure = failure_inside(value)
    if failure is not None:
        return Delta({}, error=failure)
    given = choices if isinstance(choices, list) else []
    return _delta({**value, "choices": [mended(choice, i, "delta") for i, choice in enumerate(given)]}, None)


def _delta(value: Json, raw: bytes | None) -> Delta:
    usage = value.get("usage")
    return delta(value, None if usage is None else read_usage(usage), raw)
