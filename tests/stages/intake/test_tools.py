"""Tool definitions and answer formats: what is supported, what is measured."""

from typing import Any

import orjson
import pytest

from proxy.domain.errors import Refusal
from proxy.stages.intake import IntakeLimits, parse
from tests.stages.intake.requests import body, chat, param

TOOL: dict[str, Any] = {"type": "function", "function": {"name": "add", "strict": True, "parameters": {"type": "object"}}}
SCHEMA: dict[str, Any] = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}}}


def test_tool_definitions_and_schemas_are_measured_with_the_text() -> None:
    plain = chat().text_bytes
    found = chat(tools=[TOOL], response_format=SCHEMA)
    assert found.tools
    assert found.text_bytes == plain + len(orjson.dumps([[TOOL], SCHEMA]))


def test_legacy_functions_are_tools() -> None:
    assert chat(functions=[{"name": "add"}]).tools


def test_no_tools_are_no_tools() -> None:
    assert not chat(tools=[]).tools


@pytest.mark.parametrize("form", ["text", "json_object"])
def test_the_format_is_read(form: str) -> None:
    assert chat(response_format={"type": form}).format == form


def test_a_schema_is_a_format() -> None:
    assert chat(response_format=SCHEMA).format == "json_schema"


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "add"}}, {"type": "allowed_tools"}])
def test_a_tool_choice_passes(choice: object) -> None:
    assert chat(tools=[TOOL], tool_choice=choice).fields["tool_choice"] == choice


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"tools": [TOOL, {"type": "web_search"}]}, "tools[1].type"),
        ({"tools": [{"type": "custom", "custom": {"name": "c"}}]}, "tools[0].type"),
        ({"tools": ["add"]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].function.name"),
        ({"tools": [{"type": "function", "function": {"name": ""}}]}, "tools[0].function.name"),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": []}}]}, "tools[0].function.parameters"),
        ({"tools": [TOOL | {"cache_control": {"type": "ephemeral", "ttl": "1h"}}]}, "tools[0].cache_control"),
        ({"tools": [TOOL | {"Type": "web_search"}]}, "tools[0].Type"),
        ({"tools": [TOOL | {"google_search": {}}]}, "tools[0].google_search"),
        ({"tools": [{"type": "function", "function": {"name": "f", "Parameters": {}}}]}, "tools[0].function.Parameters"),
        ({"tool_choice": {"type": "function", "TYPE": "custom"}}, "tool_choice.TYPE"),
        ({"response_format": {"type": "text", "Type": "json_object"}}, "response_format.Type"),
        ({"functions": [{"name": "f"}, {}]}, "functions[1].name"),
        ({"tool_choice": {"type": "custom"}}, "tool_choice.type"),
        ({"response_format": {"type": "grammar"}}, "response_format.type"),
        ({"response_format": {}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
    ],
)
def test_what_is_not_supported_is_named(fields: dict[str, Any], where: str) -> None:
    assert param(**fields) == where


@pytest.mark.parametrize("fields", [{"tools": [TOOL, TOOL]}, {"functions": [{"name": "a"}, {"name": "b"}]}])
def test_too_many_tools_are_refused(fields: dict[str, Any]) -> None:
    assert isinstance(parse(body(**fields), IntakeLimits(tools_max=1)), Refusal)
