"""The data of one server-sent event in, a Delta in OpenAI's shape out; never raises and keeps nothing between events."""

from typing import Final

import orjson

from proxy.domain.chat import Delta, Json
from proxy.domain.errors import Fault
from proxy.stages.provider.openai.faults import failure_inside
from proxy.stages.provider.openai.reading import read
from proxy.stages.provider.openai.shape import is_regular, mended
from proxy.stages.provider.openai.sizes import reasoning_bytes, text_bytes, tool_bytes
from proxy.stages.provider.openai.usage import read_usage

_DONE: Final = Delta({}, done=True)
_NOTHING: Final = Delta({})
_GARBLED: Final = Delta({}, error=Fault("garbled", status=200))


def read_chunk(data: bytes) -> Delta:
    """`raw` is set exactly when the chunk has OpenAI's shape already; else `value` is the mended chunk."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return _unusual(data)
    return _read(value, data) if type(value) is dict else _GARBLED


def _unusual(data: bytes) -> Delta:
    word = data.strip()
    if word == b"[DONE]":
        return _DONE
    if not word:
        return _NOTHING
    value = read(data)
    return _read(value, None) if isinstance(value, dict) else _GARBLED


def _read(value: Json, raw: bytes | None) -> Delta:
    choices = value.get("choices")
    if type(choices) is list and "error" not in value and all(map(is_regular, choices)):
        return _tally(value, raw)
    failure = failure_inside(value)
    if failure is not None:
        return Delta({}, error=failure)
    given = choices if isinstance(choices, list) else []
    return _tally({**value, "choices": [mended(choice, i, "delta") for i, choice in enumerate(given)]}, None)


def _tally(value: Json, raw: bytes | None) -> Delta:
    text = reasoning = tools = 0
    has_tool = False
    finish_reason: str | None = None
    for choice in value["choices"]:
        delta = choice["delta"]
        text += text_bytes(delta)
        # Nearly every delta is content alone, and this runs for each of them.
        if len(delta) > 1 or "content" not in delta:
            reasoning += reasoning_bytes(delta)
            if delta.get("tool_calls") or delta.get("function_call"):
                has_tool = True
                tools += tool_bytes(delta)
        finish_reason = choice["finish_reason"] or finish_reason
    usage = value.get("usage")
    usage = None if usage is None else read_usage(usage)
    return Delta(value, raw, text + tools, reasoning, text + reasoning > 0, has_tool, finish_reason, usage)
