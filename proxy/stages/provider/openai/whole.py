"""The body of a whole answer in, an Answer in OpenAI's shape out, or the Fault that it is; never raises."""

from proxy.domain.chat import Answer, Json
from proxy.domain.errors import Fault
from proxy.domain.usage import Usage
from proxy.stages.provider.openai.faults import failure_inside
from proxy.stages.provider.openai.reading import read
from proxy.stages.provider.openai.shape import mended
from proxy.stages.provider.openai.sizes import reasoning_bytes, text_bytes, tool_bytes
from proxy.stages.provider.openai.usage import read_usage


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
    return _answer(value, [_completed(mended(c, i, "message"), i) for i, c in enumerate(choices)])


def _answer(value: Json, choices: list[Json]) -> Answer:
    messages = [choice["message"] for choice in choices]
    usage = read_usage(value.get("usage"))
    reasoned = sum(map(reasoning_bytes, messages))
    finish_reason = choices[0]["finish_reason"]
    return Answer(
        value={**value, "choices": choices},
        usage=usage,
        output_bytes=sum(text_bytes(message) + tool_bytes(message) for message in messages),
        reasoning_bytes=reasoned,
        is_empty=_is_empty(messages, finish_reason, usage, reasoned),
        finish_reason=finish_reason,
    )


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


def _is_empty(messages: list[Json], finish_reason: str, usage: Usage | None, reasoned: int) -> bool:
    """Nothing in it, and nothing in sight that explains why: a bound, a filter, or reasoning (seen or only billed)."""
    if any(_says_something(message) for message in messages) or reasoned or (usage and usage.reasoning):
        return False
    return finish_reason not in ("length", "content_filter")


def _says_something(message: Json) -> bool:
    return any(message.get(name) for name in ("content", "refusal", "tool_calls", "function_call", "audio"))
