"""Deltas and receipts in, our own typed events or body out; shows what was decided and what it costs, no provider's frame."""

from collections.abc import Mapping
from typing import Final

import orjson

from proxy.domain.call import Receipt
from proxy.domain.chat import Answer, Delta, Json
from proxy.domain.errors import Refusal
from proxy.domain.money import ceil_div
from proxy.domain.usage import ESTIMATED_BYTES_PER_TOKEN
from proxy.stages.stream.receipt import signalbox_object, usage_object
from proxy.stages.stream.tools import ToolCalls

# A running count of what was seen, often enough for a meter on a screen.
USAGE_EVERY_BYTES: Final = 1_024


class NativeVoice:
    """Implements Voice for `/api/ai/chat`: `decision`, then `delta` and now and then `usage`, then `done` or `error`."""

    content_type_stream = b"text/event-stream; charset=utf-8"
    tells_alike = False

    def __init__(self, call_id: str, created_s: int, conversation_id: str | None) -> None:
        self._call: Json = {"call": call_id, "created": created_s, "conversation_id": conversation_id}
        self._decision: Json = {}
        self._tools: dict[int, ToolCalls] = {}
        self._seen_bytes = 0
        self._told_bytes = 0

    def answering(
        self, model_id: str, assistant_id: str | None, reason: str, explain: Mapping[str, object] | None = None
    ) -> None:
        self._decision = {"model": model_id, "assistant": assistant_id, "reason": reason}
        if explain is not None:
            self._decision["explain"] = explain

    def head(self) -> bytes:
        return _event(b"decision", {**self._call, **self._decision})

    def delta(self, delta: Delta) -> bytes:
        said = [self._said(choice) for choice in delta.value.get("choices") or ()]
        self._seen_bytes += delta.output_bytes + delta.reasoning_bytes
        events = [_event(b"delta", part) for part in said if part]
        if self._seen_bytes - self._told_bytes >= USAGE_EVERY_BYTES:
            self._told_bytes = self._seen_bytes
            tokens = ceil_div(self._seen_bytes, ESTIMATED_BYTES_PER_TOKEN)
            events.append(_event(b"usage", {"completion_tokens": tokens, "estimated": True}))
        return b"".join(events)

    def tail(self, receipt: Receipt) -> bytes:
        return _event(b"done", self._ending(receipt))

    def error(self, refusal: Refusal) -> bytes:
        return _event(b"error", refusal.body())

    def whole(self, answer: Answer, receipt: Receipt) -> bytes:
        messages = [_part(choice["message"], choice["index"]) for choice in answer.value["choices"]]
        first, *others = messages
        alternatives = {"alternatives": others} if others else {}
        return orjson.dumps({**self._ending(receipt), "message": first, **alternatives})

    def _said(self, choice: Json) -> Json:
        index, delta = choice["index"], choice["delta"]
        if delta.get("tool_calls"):
            tools = self._tools.setdefault(index, ToolCalls(f"call_{self._call['call']}_{index}"))
            delta = {**delta, "tool_calls": tools.continued(delta["tool_calls"])}
        return _part(delta, index)

    def _ending(self, receipt: Receipt) -> Json:
        signalbox = signalbox_object(receipt)
        usage = usage_object(receipt.usage)
        return {**self._call, **signalbox, "finish_reason": receipt.finish_reason or "stop", "usage": usage}


def _part(spoken: Json, index: int) -> Json:
    """The fields of a message or delta that say something, under our names."""
    part: Json = {
        "text": spoken.get("content"),
        "reasoning": spoken.get("reasoning_content") or spoken.get("reasoning"),
        "refusal": spoken.get("refusal"),
        "tool_calls": spoken.get("tool_calls"),
    }
    said = {name: value for name, value in part.items() if value}
    return {**said, "choice": index} if said and index else said


def _event(name: bytes, value: Mapping[str, object]) -> bytes:
    return b"event: " + name + b"\ndata: " + orjson.dumps(value) + b"\n\n"
