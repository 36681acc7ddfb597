"""Checks and measures what a request lets a model call and in which form it must answer; runs no tool."""

from typing import Any, Final, NamedTuple

import orjson

from proxy.domain.chat import Format, Json
from proxy.domain.errors import Refusal
from proxy.stages.intake.limits import IntakeLimits
from proxy.stages.intake.messages import CACHE_MARKS, unsupported_cache
from proxy.stages.intake.shapes import invalid, squeezed, twin

FORMATS: Final[tuple[Format, ...]] = ("text", "json_object", "json_schema")
CHOICES: Final = ("function", "allowed_tools")
# Beside these a tool could hold one that is no function, and searches or sandboxes are billed apart.
_TOOL: Final = frozenset({"type", "function", "strict", *CACHE_MARKS})
_DEFINITION: Final = squeezed({"name", "description", "parameters", "strict"})
_CHOICE: Final = squeezed({"type", "function", "allowed_tools"})
_FORMAT: Final = squeezed({"type", "json_schema"})


class Extras(NamedTuple):
    """Tool definitions and answer format of a request: bytes a model reads of them, and what a model must be able to."""

    text_bytes: int
    tools: bool
    format: Format


_READ: Final = frozenset({"tools", "functions", "tool_choice", "response_format"})
_NONE: Final = Extras(0, tools=False, format="text")


def extras(fields: Json, limits: IntakeLimits) -> Extras | Refusal:
    """Reads the passing fields `tools`, `functions`, `tool_choice` and `response_format`, whose kinds are checked."""
    if _READ.isdisjoint(fields):
        return _NONE
    refusal = _tools(fields, limits) or _functions(fields, limits) or _choice(fields.get("tool_choice"))
    if refusal is not None:
        return refusal
    form = _format(fields.get("response_format"))
    if isinstance(form, Refusal):
        return form
    read = [fields[name] for name in ("tools", "functions", "response_format") if name in fields]
    return Extras(
        text_bytes=len(orjson.dumps(read)) if read else 0,
        tools=bool(fields.get("tools") or fields.get("functions")),
        format=form,
    )


def _tools(fields: Json, limits: IntakeLimits) -> Refusal | None:
    tools = fields.get("tools", ())
    if len(tools) > limits.tools_max:
        return invalid("tools", f"At most {limits.tools_max} tools are allowed.")
    return next((wrong for wrong in map(_tool, range(len(tools)), tools) if wrong is not None), None)


def _tool(index: int, tool: Any) -> Refusal | None:
    where = f"tools[{index}]"
    if not isinstance(tool, dict) or tool.get("type") != "function":
        return invalid(f"{where}.type", "Only tools of type function are supported: others are not priced.")
    stranger = next((name for name in tool if name not in _TOOL), None)
    if stranger is not None:
        return invalid(f"{where}.{stranger}", "A tool of type function holds nothing beside `type` and `function`.")
    return unsupported_cache(tool, where) or _definition(tool.get("function"), f"{where}.function")


def _functions(fields: Json, limits: IntakeLimits) -> Refusal | None:
    functions = fields.get("functions", ())
    if len(functions) > limits.tools_max:
        return invalid("functions", f"At most {limits.tools_max} functions are allowed.")
    checked = (_definition(function, f"functions[{index}]") for index, function in enumerate(functions))
    return next((wrong for wrong in checked if wrong is not None), None)


def _definition(function: Any, where: str) -> Refusal | None:
    if not isinstance(function, dict) or not isinstance(function.get("name"), str) or not function["name"]:
        return invalid(f"{where}.name", "A function must be an object with a `name`.")
    if not isinstance(function.get("parameters", {}), dict | None):
        return invalid(f"{where}.parameters", "The parameters of a function must be a JSON schema.")
    return twin(function, where, _DEFINITION)


def _choice(choice: Any) -> Refusal | None:
    if not isinstance(choice, dict) or choice.get("type", "function") in CHOICES:
        return twin(choice, "tool_choice", _CHOICE) if isinstance(choice, dict) else None
    return invalid("tool_choice.type", f"Supported tool choices are {', '.join(CHOICES)}.")


def _format(wanted: Any) -> Format | Refusal:
    if wanted is None:
        return "text"
    form = next((known for known in FORMATS if known == wanted.get("type")), None)
    if form is None:
        return invalid("response_format.type", f"Supported formats are {', '.join(FORMATS)}.")
    if form == "json_schema" and not isinstance(wanted.get("json_schema"), dict):
        return invalid("response_format.json_schema", "This format needs `json_schema` to be an object.")
    return twin(wanted, "response_format", _FORMAT) or form
