"""Deltas and receipts in, OpenAI's event stream or body out; lets no id, model name, cost or route of a provider through."""

from collections.abc import Mapping
from typing import Final

import orjson

from proxy.domain.call import Receipt
from proxy.domain.chat import Answer, Delta, Json
from proxy.domain.errors import Refusal
from proxy.stages.stream.patch import OBJECT, Patch
from proxy.stages.stream.receipt import signalbox_object, usage_object
from proxy.stages.stream.tools import ToolCalls

_CHUNK_CHOICE: Final = frozenset({"index", "delta", "logprobs", "finish_reason"})
_ANSWER_CHOICE: Final = frozenset({"index", "message", "logprobs", "finish_reason"})
_PASSED: Final = ("system_fingerprint", "service_tier")
_FIRST: Final = frozenset({0})
_NONE: Final[frozenset[int]] = frozenset()
_DONE: Final = b"data: [DONE]\n\n"


class OpenAIVoice:
    """Implements Voice for `/v1/chat/completions`. A chunk that is right leaves as the bytes it came in, but for our id,
    model and time and the usage that is told at the end; what a client could not assemble is written anew. Of an event or body
    with more choices than the `n` asked for, only so many leave."""

    content_type_stream = b"text/event-stream; charset=utf-8"
    tells_alike = True

    def __init__(self, call_id: str, created_s: int, include_usage: bool, n: int = 1) -> None:
        self._include_usage = include_usage
        self._n = n
        self._envelope: Json = {"id": call_id, "object": OBJECT, "created": created_s, "model": ""}
        self._patch = Patch(self._envelope, include_usage)
        self._tools: dict[int, ToolCalls] = {}
        # Most answers have one choice, and all that do share these.
        self._begun = _FIRST
        self._finished = _NONE

    def answering(
        self, model_id: str, assistant_id: str | None, reason: str, explain: Mapping[str, object] | None = None
    ) -> None:
        self._envelope["model"] = model_id

    def head(self) -> bytes:
        return self._chunk([_choice(0, {"role": "assistant", "content": ""})])

    def delta(self, delta: Delta) -> bytes:
        given = delta.value.get("choices")
        if not given:
            return b""
        choices = given[: self._n]
        mended = [self._mended(choice) for choice in choices]
        if delta.raw is not None and mended == given and (delta.commits or any(map(_says_something, choices))):
            patched = self._patch.patched(delta.raw, delta.value)
            if patched is not None:
                self._note(choices)
                return patched
        spoken = [choice for choice in mended if _says_something(choice)]
        self._note(spoken)
        return self._chunk(spoken, delta.value) if spoken else b""

    def tail(self, receipt: Receipt) -> bytes:
        reason = receipt.finish_reason or "stop"
        open_ends = [_choice(index, {}, reason) for index in sorted(self._begun - self._finished)]
        parts = [self._chunk([choice]) for choice in open_ends]
        if self._include_usage or receipt.explain is not None:
            parts.append(self._last(receipt))
        return b"".join((*parts, _DONE))

    def error(self, refusal: Refusal) -> bytes:
        return _event(refusal.body())

    def whole(self, answer: Answer, receipt: Receipt) -> bytes:
        body = {
            "id": self._envelope["id"],
            "object": "chat.completion",
            "created": self._envelope["created"],
            "model": receipt.model_id,
            "choices": [_only(choice, _ANSWER_CHOICE) for choice in answer.value["choices"][: self._n]],
            "usage": usage_object(receipt.usage),
            **_passed(answer.value),
            "signalbox": signalbox_object(receipt),
        }
        return orjson.dumps(body)

    def _mended(self, choice: Json) -> Json:
        """The choice itself when it may leave as it is, else a right one: nothing that is not OpenAI's, a role with the
        first delta and no other (clients append it), one finish, tool calls that can be assembled."""
        index, delta = choice["index"], choice["delta"]
        called = delta.get("tool_calls")
        tool_calls = self._tools_of(index).continued(called) if called else called
        has_begun = index in self._begun
        has_finished = index in self._finished and choice["finish_reason"] is not None
        if (
            tool_calls == called
            and has_begun == (delta.get("role") is None)
            and not has_finished
            and len(choice) == len(_CHUNK_CHOICE)  # A dialect's choice has all four; one more is not OpenAI's.
        ):
            return choice
        role = {} if has_begun else {"role": "assistant"}
        said = {name: value for name, value in delta.items() if name not in ("role", "tool_calls")}
        tools = {"tool_calls": tool_calls} if called else {}
        right = {"delta": {**role, **said, **tools}}
        return {**_only(choice, _CHUNK_CHOICE), **right, **({"finish_reason": None} if has_finished else {})}

    def _note(self, choices: list[Json]) -> None:
        for choice in choices:
            if choice["index"] not in self._begun:
                self._begun |= {choice["index"]}
            if choice["finish_reason"] is not None:
                self._finished |= {choice["index"]}

    def _tools_of(self, index: int) -> ToolCalls:
        if index not in self._tools:
            self._tools[index] = ToolCalls(f"call_{self._envelope['id']}_{index}")
        return self._tools[index]

    def _last(self, receipt: Receipt) -> bytes:
        usage = {"usage": usage_object(receipt.usage)} if self._include_usage else {}
        return _event({**self._envelope, "choices": [], **usage, "signalbox": signalbox_object(receipt)})

    def _chunk(self, choices: list[Json], theirs: Json | None = None) -> bytes:
        event = {**self._envelope, "choices": choices}
        if theirs is not None:
            event |= _passed(theirs)
        if self._include_usage:
            event["usage"] = None
        return _event(event)


def _choice(index: int, delta: Json, finish_reason: str | None = None) -> Json:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def _says_something(choice: Json) -> bool:
    if choice["finish_reason"] is not None:
        return True
    for name, value in choice["delta"].items():  # noqa: SIM110 - it is done for every chunk, and a generator costs as much again
        if value and name != "role":
            return True
    return False


def _passed(theirs: Json) -> Json:
    """What of the top level is the provider's to say."""
    return {name: theirs[name] for name in _PASSED if name in theirs and isinstance(theirs[name], str)}


def _only(choice: Json, names: frozenset[str]) -> Json:
    return {name: value for name, value in choice.items() if name in names}


def _event(value: Mapping[str, object]) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"
