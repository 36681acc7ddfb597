"""What a model said, in choices of OpenAI's shape, in; a Delta or Answer with its sizes out; reads no provider's words."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from proxy.domain.chat import Answer, Delta, Json
from proxy.domain.usage import Usage
from proxy.domain.value import maker
from proxy.stages.provider.sizes import reasoning_bytes, text_bytes, tool_bytes

_new_answer: Final = maker(Answer)


def choice(index: int, delta: Json, finish_reason: str | None = None, logprobs: Json | None = None) -> Json:
    """One choice of a chunk, with all four fields that clients count on."""
    return {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}


def tool_call(index: int | None, call_id: str | None, name: str | None, arguments: str, **more: Json) -> Json:
    """One tool call: the whole of it, or the part of it that a delta adds. What is None is not said."""
    start: Json = {} if index is None else {"index": index}
    begun = {} if call_id is None else {"id": call_id, "type": "function"}
    named = {} if name is None else {"name": name}
    return {**start, **begun, "function": {**named, "arguments": arguments}, **more}


def delta(value: Json, usage: Usage | None, raw: bytes | None = None) -> Delta:
    """The Delta of a chunk whose `choices` are right; `raw` are its bytes where they may leave as they came."""
    text = reasoning = tools = 0
    has_tool = False
    finish_reason: str | None = None
    for said in value["choices"]:
        part = said["delta"]
        text += text_bytes(part)
        # Nearly every delta is content alone, and this runs for each of them.
        if len(part) > 1 or "content" not in part:
            reasoning += reasoning_bytes(part)
            if part.get("tool_calls") or part.get("function_call"):
                has_tool = True
                tools += tool_bytes(part)
        finish_reason = said["finish_reason"] or finish_reason
    return Delta(value, raw, text + tools, reasoning, text + reasoning > 0, has_tool, finish_reason, usage)


def answer(choices: Sequence[Json], usage: Usage | None, top: Mapping[str, Any] | None = None) -> Answer:
    """The Answer of choices whose messages are right; `top` are further fields of the body."""
    messages = [said["message"] for said in choices]
    reasoned = sum(map(reasoning_bytes, messages))
    finish_reason = choices[0]["finish_reason"]
    return _new_answer(
        value={**(top or {}), "choices": list(choices)},
        usage=usage,
        output_bytes=sum([text_bytes(message) + tool_bytes(message) for message in messages]),
        reasoning_bytes=reasoned,
        is_empty=_is_empty(messages, finish_reason, usage, reasoned),
        finish_reason=finish_reason,
    )


def _is_empty(messages: list[Json], finish_reason: str, usage: Usage | None, reasoned: int) -> bool:
    """Nothing in it, and nothing in sight that explains why: a bound, a filter, or reasoning (seen or only billed)."""
    if any(map(_says_something, messages)) or reasoned or (usage and usage.reasoning):
        return False
    return finish_reason not in ("length", "content_filter")


def _says_something(message: Json) -> bool:
    if (message.get("content") or "").strip():
        return True
    return any(message.get(name) for name in ("refusal", "tool_calls", "function_call", "audio"))
