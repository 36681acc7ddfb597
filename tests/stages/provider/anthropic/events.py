"""A Messages stream as the documentation shows it, event by event, and what a client assembles from our chunks."""

from collections.abc import Iterable
from typing import Any

import orjson

from proxy.domain.chat import Delta
from proxy.stages.provider.anthropic import Anthropic

Json = dict[str, Any]


def start(**usage: Any) -> Json:
    said = {"input_tokens": 25, "output_tokens": 1, **usage}
    message: Json = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "m", "stop_reason": None}
    return {"type": "message_start", "message": {**message, "usage": said}}


def block(index: int, kind: str, **fields: Any) -> Json:
    return {"type": "content_block_start", "index": index, "content_block": {"type": kind, **fields}}


def grow(index: int, kind: str, **fields: Any) -> Json:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def stop(index: int) -> Json:
    return {"type": "content_block_stop", "index": index}


def end(reason: str | None = "end_turn", **usage: Any) -> Json:
    delta = {"stop_reason": reason, "stop_sequence": None}
    return {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 15, **usage}}


STOP: Json = {"type": "message_stop"}
PING: Json = {"type": "ping"}


def wire(events: Iterable[Json]) -> bytes:
    """The bytes of a stream."""
    return b"".join(b"event: " + event["type"].encode() + b"\ndata: " + orjson.dumps(event) + b"\n\n" for event in events)


def deltas(*events: Any) -> list[Delta]:
    reader = Anthropic().reader()
    return [reader.delta(orjson.dumps(event)) for event in events]


def assembled(read: Iterable[Delta]) -> Json:
    """The message a client would hold at the end, of the fields that say something."""
    message: Json = {}
    for delta in read:
        for choice in delta.value.get("choices", ()):
            _add(message, choice["delta"])
    return message


def _add(message: Json, part: Json) -> None:
    for name in ("content", "reasoning_content"):
        if part.get(name):
            message[name] = message.get(name, "") + part[name]
    message.setdefault("reasoning_details", []).extend(part.get("reasoning_details", ()))
    for call in part.get("tool_calls", ()):
        calls: dict[int, Json] = message.setdefault("tool_calls", {})
        held = calls.setdefault(call["index"], {"id": call.get("id"), "name": call["function"].get("name"), "arguments": ""})
        held["arguments"] += call["function"]["arguments"]
