"""A parsed body of OpenAI's chat dialect in, a Prompt out; refuses what it cannot answer. No I/O, no clock."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from proxy.simulator.dialects.dialect import Json, Refused
from proxy.simulator.prompt import Prompt, Reasoning, Tool, Turn

CHOICES_MAX: Final = 16
_ROLES: Final = {"developer": "system", "function": "tool"}


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
        seed=seed if isinstance(seed := body.get("seed"), int) else None,
        reasoning=_reasoning(body),
    )


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


def _reasoning(body: Json) -> Reasoning:
    options = body.get("reasoning")
    if isinstance(options, dict) and (options.get("exclude") is True):
        return "hidden"
    effort = options.get("effort") if isinstance(options, dict) else body.get("reasoning_effort")
    return "off" if effort == "none" else "shown"
