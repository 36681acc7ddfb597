"""Events of one Messages stream in, Deltas in OpenAI's shape out; remembers usage so far and which block is which call.

https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from proxy.domain.chat import Delta, Json
from proxy.domain.errors import Fault
from proxy.stages.provider.anthropic.messages import REASONING_FORMAT
from proxy.stages.provider.anthropic.usage import read_usage
from proxy.stages.provider.anthropic.words import finish_reason, is_broken
from proxy.stages.provider.faults import fault_inside
from proxy.stages.provider.reading import read, says_nothing
from proxy.stages.provider.speech import choice, delta, tool_call

_NOTHING: Final = Delta({})
_DONE: Final = Delta({}, done=True)
_GARBLED: Final = Delta({}, error=Fault("garbled", status=200))


class StreamReader:
    """Implements Reader. Events of types that are not known, or of none, are read over, as the provider asks of its clients."""

    def __init__(self) -> None:
        self._usage: Json = {}
        self._calls: dict[int, int] = {}
        self._silent: set[int] = set()
        self._readers: Mapping[str, Callable[[Json], Delta]] = {
            "message_start": self._started,
            "content_block_start": self._block_started,
            "content_block_delta": self._block_grew,
            "content_block_stop": self._block_ended,
            "message_delta": self._ending,
            "message_stop": lambda _: _DONE,
            "error": lambda event: Delta({}, error=fault_inside(event.get("error"))),
        }

    def delta(self, data: bytes) -> Delta:
        if says_nothing(data):
            return _NOTHING
        event = read(data)
        if not isinstance(event, dict):
            return _GARBLED
        kind = event.get("type")
        if not isinstance(kind, str):
            if event.get("error"):
                return Delta({}, error=fault_inside(event["error"]))
            return _NOTHING if kind is None else _GARBLED
        reader = self._readers.get(kind)
        return _NOTHING if reader is None else reader(event)

    def _started(self, event: Json) -> Delta:
        return self._counted([], _object(event.get("message")))

    def _ending(self, event: Json) -> Delta:
        word = _object(event.get("delta")).get("stop_reason")
        if is_broken(word):
            return Delta({}, error=Fault("error_event", status=200))
        reason = finish_reason(word)
        return self._counted([] if reason is None else [choice(0, {}, reason)], event)

    def _counted(self, choices: list[Json], holder: Json) -> Delta:
        """Counts are of all so far, and those that did not change may be left out."""
        given = _object(holder.get("usage"))
        self._usage.update({name: value for name, value in given.items() if value is not None})
        return delta({"choices": choices}, read_usage(self._usage) if given else None)

    def _block_started(self, event: Json) -> Delta:
        block = _object(event.get("content_block"))
        match block.get("type"):
            case "tool_use":
                return self._called(event, block)
            case "redacted_thinking":
                return _said(_detail(event, type="reasoning.encrypted", data=_text(block.get("data"))))
            case _:
                return self._spoken(event, block)

    def _block_grew(self, event: Json) -> Delta:
        piece = _object(event.get("delta"))
        if piece.get("type") != "input_json_delta":
            return self._spoken(event, piece)
        arguments = _text(piece.get("partial_json"))
        # A call that nobody began has no name: nobody could make it.
        if _index(event) not in self._calls:
            return _GARBLED
        return self._argued(event, arguments) if arguments else _NOTHING

    def _block_ended(self, event: Json) -> Delta:
        """A function without parameters is called with no word; an empty text is no JSON."""
        return self._argued(event, "{}") if _index(event) in self._silent else _NOTHING

    def _argued(self, event: Json, arguments: str) -> Delta:
        self._silent.discard(_index(event))
        return _said({"tool_calls": [tool_call(self._calls[_index(event)], None, None, arguments)]})

    def _spoken(self, event: Json, piece: Json) -> Delta:
        """Text and thinking have the same fields where their block begins as where it grows."""
        text, thought, signature = (_text(piece.get(name)) for name in ("text", "thinking", "signature"))
        if text:
            return _said({"content": text})
        if thought:
            return _said({"reasoning_content": thought, **_detail(event, type="reasoning.text", text=thought)})
        return _said(_detail(event, type="reasoning.text", signature=signature)) if signature else _NOTHING

    def _called(self, event: Json, block: Json) -> Delta:
        index = self._calls.setdefault(_index(event), len(self._calls))
        given = _object(block.get("input"))
        arguments = orjson.dumps(given).decode() if given else ""
        if not arguments:
            self._silent.add(_index(event))
        return _said({"tool_calls": [tool_call(index, _text(block.get("id")) or None, _text(block.get("name")), arguments)]})


def _said(part: Json) -> Delta:
    return delta({"choices": [choice(0, part)]}, None)


def _detail(event: Json, **fields: str) -> Json:
    return {"reasoning_details": [{**fields, "format": REASONING_FORMAT, "index": _index(event)}]}


def _index(event: Json) -> int:
    index = event.get("index")
    return index if type(index) is int else -1


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
