"""OpenAI's chat dialect: a parsed body in, a Prompt out; a Completion in, a body or SSE out. No I/O, no clock."""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any, Final

import orjson

from proxy.simulator.answers import Answer, ToolCall, Usage
from proxy.simulator.dialect import Completion, Event
from proxy.simulator.faults import Refused
from proxy.simulator.prompt import Prompt, Tool, Turn

Json = dict[str, Any]

CHOICES_MAX: Final = 16
_ROLES: Final = {"developer": "system", "function": "tool"}
_DONE: Final = Event(b"data: [DONE]\n\n")
# What a token costs us here, only so that there is something for the gateway to take away.
_COST_USD_PER_TOKEN: Final = 0.000002
_PROVIDER: Final = "SimCo"


def read(body: object) -> Prompt | Refused:
    """A request body as OpenAI documents it. Refuses missing or mistyped model, messages and bounds."""
    if not isinstance(body, dict):
        return _invalid("The body must be a JSON object", None)
    problem = _problem(body)
    if problem is not None:
        return problem
    options = body.get("stream_options")
    return Prompt(
        model=body["model"],
        turns=tuple(_turn(message) for message in body["messages"]),
        tools=tuple(_tools(body.get("tools"))),
        tool_choice=_tool_choice(body.get("tool_choice")),
        parallel_tools=body.get("parallel_tool_calls") is not False,
        schema=_schema(body.get("response_format")),
        stop=_stop(body.get("stop")),
        output_tokens_max=_output_tokens_max(body),
        n=_number(body.get("n"), 1),
        stream=body.get("stream") is True,
        include_usage=isinstance(options, dict) and options.get("include_usage") is True,
    )


def whole(completion: Completion) -> bytes:
    """The body of a whole answer."""
    choices = [
        {
            "index": index,
            "message": _message(answer),
            "logprobs": None,
            "finish_reason": answer.finish_reason,
        }
        for index, answer in enumerate(completion.answers)
    ]
    value = _envelope(completion, "chat.completion") | {"choices": choices}
    if completion.usage is not None:
        value["usage"] = _usage(completion.usage, completion.cost)
    return orjson.dumps(value)


def events(completion: Completion) -> Iterator[Event]:
    """The whole stream, event by event, choices side by side, `[DONE]` included."""
    for index in range(len(completion.answers)):
        yield _chunk(completion, index, {"role": "assistant", "content": "", "refusal": None})
    for side_by_side in zip_longest(*(_deltas(answer) for answer in completion.answers)):
        for index, delta in enumerate(side_by_side):
            if delta is not None:
                yield Event(_chunk(completion, index, delta).data, delta=True)
    for index, answer in enumerate(completion.answers):
        yield _chunk(completion, index, {}, answer.finish_reason)
    if completion.prompt.include_usage and completion.usage is not None:
        usage = _usage(completion.usage, completion.cost)
        yield _event(_envelope(completion, "chat.completion.chunk") | {"choices": [], "usage": usage})
    yield _DONE


def error(refused: Refused) -> bytes:
    """The body of an error."""
    fields = {"message": refused.message, "type": refused.kind, "param": refused.param, "code": refused.code}
    return orjson.dumps({"error": fields})


def error_event(refused: Refused) -> bytes:
    """The same as an event in a stream."""
    return b"data: " + error(refused) + b"\n\n"


def models(names: tuple[str, ...]) -> bytes:
    """The list of models."""
    rows = [{"id": name, "object": "model", "created": 0, "owned_by": "simulator"} for name in names]
    return orjson.dumps({"object": "list", "data": rows})


def _invalid(message: str, param: str | None) -> Refused:
    return Refused(400, "invalid_request_error", None, message, param)


def _problem(body: Json) -> Refused | None:
    messages = body.get("messages")
    if not isinstance(body.get("model"), str) or not body["model"]:
        return _invalid("you must provide a model parameter", "model")
    if not isinstance(messages, list) or not messages:
        return _invalid("'messages' must be an array with at least one message", "messages")
    if not all(isinstance(message, dict) and isinstance(message.get("role"), str) for message in messages):
        return _invalid("every message must be an object with a role", "messages")
    for name, highest in (("n", CHOICES_MAX), ("max_tokens", None), ("max_completion_tokens", None)):
        if not _within(body.get(name), highest):
            return _invalid(f"'{name}' must be an integer of at least 1{f' and at most {highest}' if highest else ''}", name)
    return None


def _within(value: object, highest: int | None) -> bool:
    if value is None:
        return True
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1 and (highest is None or value <= highest)


def _number(value: Any, default: int) -> int:
    return default if value is None else int(value)


def _output_tokens_max(body: Json) -> int | None:
    given = [body[name] for name in ("max_completion_tokens", "max_tokens") if body.get(name) is not None]
    return min(given) if given else None


def _turn(message: Json) -> Turn:
    role: str = _ROLES.get(message["role"]) or message["role"]
    content = message.get("content")
    if isinstance(content, str):
        return Turn(role, content)
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    text = " ".join(part["text"] for part in parts if isinstance(part.get("text"), str))
    return Turn(role, text, sum(part.get("type") == "image_url" for part in parts))


def _tools(offered: object) -> Iterator[Tool]:
    for tool in offered if isinstance(offered, list) else []:
        function = tool.get("function") if isinstance(tool, dict) else None
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            parameters = function.get("parameters")
            yield Tool(function["name"], parameters if isinstance(parameters, dict) else {})


def _tool_choice(choice: object) -> str:
    if isinstance(choice, str):
        return choice
    function = choice.get("function") if isinstance(choice, dict) else None
    return str(function.get("name", "auto")) if isinstance(function, dict) else "auto"


def _schema(wanted: object) -> Mapping[str, Any] | None:
    if not isinstance(wanted, dict) or wanted.get("type") not in ("json_object", "json_schema"):
        return None
    named = wanted.get("json_schema")
    schema = named.get("schema") if isinstance(named, dict) else None
    return schema if isinstance(schema, dict) else {}


def _stop(stop: object) -> tuple[str, ...]:
    words = stop if isinstance(stop, list) else [stop]
    return tuple(word for word in words if isinstance(word, str) and word)


def _message(answer: Answer) -> Json:
    message: Json = {"role": "assistant", "content": "".join(answer.content), "refusal": None}
    if answer.reasoning:
        message["reasoning_content"] = "".join(answer.reasoning)
    if answer.tool_calls:
        message["content"] = None
        message["tool_calls"] = [_tool_call(call, "".join(call.arguments)) for call in answer.tool_calls]
    return message


def _tool_call(call: ToolCall, arguments: str) -> Json:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _deltas(answer: Answer) -> Iterator[Json]:
    for piece in answer.reasoning:
        yield {"reasoning_content": piece}
    for piece in answer.content:
        yield {"content": piece}
    for index, call in enumerate(answer.tool_calls):
        # The name comes with the first piece, so that each delta is one token and the count holds.
        first, *rest = call.arguments
        yield {"tool_calls": [{"index": index} | _tool_call(call, first)]}
        for piece in rest:
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _chunk(completion: Completion, index: int, delta: Json, finish_reason: str | None = None) -> Event:
    choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    value = _envelope(completion, "chat.completion.chunk") | {"choices": [choice]}
    if completion.prompt.include_usage:
        value["usage"] = None
    return _event(value)


def _event(value: Json) -> Event:
    return Event(b"data: " + orjson.dumps(value) + b"\n\n")


def _envelope(completion: Completion, kind: str) -> Json:
    value: Json = {
        "id": completion.id,
        "object": kind,
        "created": completion.created_s,
        "model": completion.prompt.model,
        "system_fingerprint": "fp_simulator",
    }
    if completion.cost:
        value["provider"] = _PROVIDER
    return value


def _usage(used: Usage, cost: bool) -> Json:
    value: Json = {
        "prompt_tokens": used.input,
        "completion_tokens": used.output,
        "total_tokens": used.input + used.output,
        "prompt_tokens_details": {"cached_tokens": used.cached},
        "completion_tokens_details": {"reasoning_tokens": used.reasoning},
    }
    if cost:
        spent_usd = round((used.input + used.output) * _COST_USD_PER_TOKEN, 9)
        value |= {"cost": spent_usd, "cost_details": {"upstream_inference_cost": spent_usd}, "is_byok": False}
    return value
