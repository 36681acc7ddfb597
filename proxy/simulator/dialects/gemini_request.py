"""A parsed body of Gemini's generateContent in, a Prompt out; the model and the wish to stream come with the path. No I/O.

Rules after its public API reference: https://ai.google.dev/api/generate-content
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import orjson

from proxy.simulator.dialects.dialect import Json, Refused
from proxy.simulator.prompt import Prompt, Reasoning, Tool, Turn

CANDIDATES_MAX: Final = 8
_ROLES: Final = {"model": "assistant", "function": "tool"}


def read(body: object) -> Prompt | Refused:
    """A request body. The path's model and stream are put in by `addressed`."""
    if not isinstance(body, dict):
        return _invalid("The body must be a JSON object")
    contents = body.get("contents")
    if not isinstance(contents, list) or not contents or not all(isinstance(content, dict) for content in contents):
        return _invalid("contents is not specified")
    if any(content.get("role", "user") not in ("user", "model", "function") for content in contents):
        return _invalid("Please use a valid role: user, model.")
    config = _object(body, "generationConfig")
    mode = _object(_object(body, "toolConfig"), "functionCallingConfig")
    count = config.get("candidateCount", 1)
    if not isinstance(count, int) or not 1 <= count <= CANDIDATES_MAX:
        return _invalid(f"candidateCount must be from 1 to {CANDIDATES_MAX}")
    return Prompt(
        model="",
        turns=(*_system(body), *(turn for content in contents for turn in _turns(content))),
        tools=tuple(_tools(body.get("tools"))),
        tool_choice=_tool_choice(mode),
        schema=_schema(config),
        stop=tuple(config.get("stopSequences") or ()),
        output_tokens_max=config.get("maxOutputTokens"),
        n=count,
        include_usage=True,
        seed=config.get("seed"),
        reasoning=_reasoning(config),
        prefill=True,
    )


def addressed(prompt: Prompt, model: str, stream: bool) -> Prompt:
    """The same, with what the path says."""
    return replace(prompt, model=model, stream=stream)


def _invalid(message: str) -> Refused:
    return Refused(400, "INVALID_ARGUMENT", None, message)


def _object(value: Json, *names: str) -> Json:
    """An object under its name, or under the same in snake case, which is accepted as well."""
    for name in names:
        snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
        found = value.get(name, value.get(snake))
        if isinstance(found, dict):
            return found
    return {}


def _parts(content: Json) -> list[Json]:
    parts = content.get("parts")
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def _text(parts: list[Json]) -> str:
    return " ".join(part["text"] for part in parts if isinstance(part.get("text"), str) and part.get("thought") is not True)


def _system(body: Json) -> tuple[Turn, ...]:
    text = _text(_parts(_object(body, "systemInstruction")))
    return (Turn("system", text),) if text else ()


def _turns(content: Json) -> Iterator[Turn]:
    parts = _parts(content)
    results = [_object(part, "functionResponse") for part in parts if _object(part, "functionResponse")]
    for result in results:
        yield Turn("tool", _result(result.get("response")))
    images = sum(bool(_object(part, "inlineData", "fileData")) for part in parts)
    if not results or _text(parts) or images:
        role: str = content.get("role", "user")
        yield Turn(_ROLES.get(role) or role, _text(parts), images)


def _result(response: object) -> str:
    """What a function gave: text that was wrapped only because an object must stand there is unwrapped."""
    if isinstance(response, dict) and len(response) == 1:
        (only,) = response.values()
        if isinstance(only, str):
            return only
    return response if isinstance(response, str) else orjson.dumps(response).decode()


def _tools(offered: object) -> Iterator[Tool]:
    for group in offered if isinstance(offered, list) else []:
        declared = group.get("functionDeclarations", group.get("function_declarations")) if isinstance(group, dict) else None
        for function in declared if isinstance(declared, list) else []:
            if isinstance(function, dict) and isinstance(function.get("name"), str):
                yield Tool(function["name"], _lowered(function.get("parametersJsonSchema") or function.get("parameters") or {}))


def _tool_choice(mode: Mapping[str, Any]) -> str:
    allowed = mode.get("allowedFunctionNames") or []
    match str(mode.get("mode", "AUTO")).upper():
        case "NONE":
            return "none"
        case "ANY":
            return str(allowed[0]) if len(allowed) == 1 else "required"
    return "auto"


def _schema(config: Json) -> Mapping[str, Any] | None:
    if config.get("responseMimeType") != "application/json":
        return None
    wanted = config.get("responseJsonSchema") or config.get("responseSchema")
    lowered: Mapping[str, Any] = _lowered(wanted) if isinstance(wanted, dict) else {}
    return lowered


def _lowered(schema: Any) -> Any:
    """Its own schemas name types in capitals."""
    if isinstance(schema, list):
        return [_lowered(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: part.lower() if key == "type" and isinstance(part, str) else _lowered(part) for key, part in schema.items()}


def _reasoning(config: Json) -> Reasoning:
    thinking = _object(config, "thinkingConfig")
    if thinking.get("thinkingBudget") == 0:
        return "off"
    return "shown" if thinking.get("includeThoughts") is True else "hidden"
