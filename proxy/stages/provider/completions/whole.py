"""The body of a whole answer in, an Answer in OpenAI's shape out, or the Fault that it is; never raises."""

from typing import Final

from proxy.domain.chat import Answer, Json
from proxy.domain.errors import Fault
from proxy.stages.provider.completions.failure import failure_inside
from proxy.stages.provider.completions.shape import FINISH_REASONS, mended
from proxy.stages.provider.completions.usage import read_usage
from proxy.stages.provider.reading import read
from proxy.stages.provider.speech import answer

_TEXT_ALONE: Final = frozenset({"role", "content", "refusal"})


def read_answer(body: bytes) -> Answer | Fault:
    """An answer with status 200. An error inside, an answer that broke, and what is no answer at all are Faults."""
    value = read(body)
    if not isinstance(value, dict):
        return Fault("garbled", status=200)
    failure = failure_inside(value)
    if failure is not None:
        return failure
    if "choices" not in value:
        return Fault("garbled", status=200)
    choices = value["choices"]
    if not isinstance(choices, list) or not choices:
        return Fault("empty", status=200)
    spoken = [_as_usual(choice) or _completed(mended(choice, i, "message"), i) for i, choice in enumerate(choices)]
    called = [choice["message"]["tool_calls"] for choice in spoken if "tool_calls" in choice["message"]]
    if called and not all(_is_named(call) for calls in called for call in calls):
        return Fault("garbled", status=200)
    return answer(spoken, read_usage(value.get("usage")), value)


def _as_usual(choice: object) -> Json | None:
    """A choice that is text and nothing else, in OpenAI's shape, with what it may lack; None where more has to be looked at."""
    if type(choice) is not dict or type(choice.get("index")) is not int:
        return None
    message, finish_reason, logprobs = choice.get("message"), choice.get("finish_reason"), choice.get("logprobs")
    if type(message) is not dict or not message.keys() <= _TEXT_ALONE or type(finish_reason) is not str:
        return None
    content, refusal = message.get("content"), message.get("refusal")
    if type(content) is not str or refusal is not None or logprobs is not None or finish_reason not in FINISH_REASONS:
        return None
    return {**choice, "message": {"content": content, "refusal": None, "role": "assistant"}, "logprobs": None}


def _is_named(call: Json) -> bool:
    """Without its name nobody could make a call."""
    return bool(call["function"]["name"])


def _completed(choice: Json, position: int) -> Json:
    """A whole message has more required fields than a delta."""
    message = choice["message"]
    calls = message.pop("tool_calls", None)
    message = {"content": None, "refusal": None, **message, "role": "assistant"}
    if calls:
        message["tool_calls"] = [_completed_call(call, f"{position}_{i}") for i, call in enumerate(calls)]
    finish_reason = choice["finish_reason"] or ("tool_calls" if calls else "stop")
    return {**choice, "message": message, "finish_reason": finish_reason}


def _completed_call(call: Json, number: str) -> Json:
    function = call["function"]
    given_id = call.get("id")
    return {
        **call,
        "id": given_id if isinstance(given_id, str) and given_id else f"call_{number}",
        "type": "function",
        # An empty text is no JSON: callers parse the arguments of a function that takes none.
        "function": {"name": "", **function, "arguments": function["arguments"] or "{}"},
    }
