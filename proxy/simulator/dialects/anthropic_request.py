"""A parsed body of Anthropic's Messages dialect in, a Prompt out; refuses what that provider refuses. No I/O, no clock.

Rules after its public API reference: https://docs.anthropic.com/en/api/messages
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from proxy.simulator.dialects.dialect import Json, Refused
from proxy.simulator.prompt import Prompt, Reasoning, Tool, Turn

_INVALID: Final = "invalid_request_error"


def read(body: object) -> Prompt | Refused:
    """A request body. `max_tokens` is required, temperature ends at 1, no text is empty, none ends in a space to go on from."""
    if not isinstance(body, dict):
        return _invalid("the body must be a JSON object")
    problem = _problem(body)
    if problem is not None:
        return problem
    choice = body.get("tool_choice") or {}
    return Prompt(
        model=body["model"],
        turns=(*_system(body.get("system")), *(turn for message in body["messages"] for turn in _turns(message))),
        tools=tuple(_tools(body.get("tools"))),
        tool_choice=_tool_choice(choice),
        parallel_tools=choice.get("disable_parallel_tool_use") is not True,
        schema=_schema(body),
        stop=tuple(body.get("stop_sequences") or ()),
        output_tokens_max=body["max_tokens"],
        stream=body.get("stream") is True,
        include_usage=True,
        reasoning=_reasoning(body.get("thinking")),
        prefill=True,
    )


def _invalid(message: str) -> Refused:
    return Refused(400, _INVALID, None, message)


def _problem(body: Json) -> Refused | None:
    messages, bound, temperature = body.get("messages"), body.get("max_tokens"), body.get("temperature")
    if not isinstance(body.get("model"), str) or not body["model"]:
        return _invalid("model: Field required")
    if not isinstance(bound, int) or isinstance(bound, bool) or bound < 1:
        return _invalid("max_tokens: Field required, and at least 1")
    if not isinstance(messages, list) or not messages:
        return _invalid("messages: at least one message is required")
    if isinstance(temperature, int | float) and not 0 <= temperature <= 1:
        return _invalid("temperature: range is 0 to 1")
    found = (_message_problem(at, message) for at, message in enumerate(messages))
    return next((problem for problem in found if problem is not None), None) or _ending_problem(messages)


def _message_problem(at: int, message: object) -> Refused | None:
    if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
        return _invalid(f"messages.{at}.role: Input should be 'user' or 'assistant'")
    if at == 0 and message["role"] != "user":
        return _invalid("messages: first message must use the user role")
    blocks = _blocks(message.get("content"))
    if not blocks or any(block.get("type") == "text" and not block.get("text") for block in blocks):
        return _invalid(f"messages.{at}: text content blocks must be non-empty")
    return None


def _ending_problem(messages: list[Json]) -> Refused | None:
    if messages[-1]["role"] != "assistant":
        return None
    text = _text(_blocks(messages[-1]["content"]))
    return _invalid("messages: final assistant content cannot end with trailing whitespace") if text != text.rstrip() else None


def _blocks(content: object) -> list[Json]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def _text(blocks: list[Json]) -> str:
    return " ".join(block["text"] for block in blocks if isinstance(block.get("text"), str))


def _system(system: object) -> tuple[Turn, ...]:
    text = _text(_blocks(system))
    return (Turn("system", text),) if text else ()


def _turns(message: Json) -> Iterator[Turn]:
    """The results of tools stand in a user message, and before what the user says."""
    blocks = _blocks(message["content"])
    results = [block for block in blocks if block.get("type") == "tool_result"]
    for result in results:
        yield Turn("tool", _text(_blocks(result.get("content"))))
    rest = [block for block in blocks if block.get("type") != "tool_result"]
    if rest or not results:
        yield Turn(message["role"], _text(rest), sum(block.get("type") == "image" for block in rest))


def _tools(offered: object) -> Iterator[Tool]:
    for tool in offered if isinstance(offered, list) else []:
        if isinstance(tool, dict) and isinstance(tool.get("name"), str):
            schema = tool.get("input_schema")
            yield Tool(tool["name"], schema if isinstance(schema, dict) else {})


def _tool_choice(choice: Mapping[str, Any]) -> str:
    match choice.get("type"):
        case "any":
            return "required"
        case "tool":
            return str(choice.get("name"))
        case "none":
            return "none"
    return "auto"


def _schema(body: Json) -> Mapping[str, Any] | None:
    """Wanted under its present name or the one it was introduced with."""
    options = body.get("output_config")
    wanted = options.get("format") if isinstance(options, dict) else body.get("output_format")
    if not isinstance(wanted, dict) or wanted.get("type") != "json_schema":
        return None
    schema = wanted.get("schema")
    return schema if isinstance(schema, dict) else {}


def _reasoning(thinking: object) -> Reasoning:
    on = isinstance(thinking, dict) and thinking.get("type") in ("enabled", "adaptive")
    return "shown" if on else "off"
