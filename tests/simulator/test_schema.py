"""Claims about values made for a schema; a real validator judges."""

from typing import Any

import jsonschema
import pytest

from proxy.simulator.schema import example

_TREE: dict[str, Any] = {
    "$defs": {
        "Node": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "left": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
                "others": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
            },
            "required": ["name", "left", "others"],
        }
    },
    "$ref": "#/$defs/Node",
}


@pytest.mark.parametrize(
    "schema",
    [
        {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"],
        },
        {"type": "object", "properties": {"ok": {"type": "boolean"}, "none": {"type": "null"}}},
        {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}, "minItems": 3, "maxItems": 4},
        {"type": "string", "minLength": 20, "maxLength": 24},
        {"type": "string", "maxLength": 2},
        {"type": "integer", "exclusiveMinimum": 10, "exclusiveMaximum": 12},
        {"type": ["null", "string"]},
        {"enum": ["low", "high"]},
        {"const": 7},
        {"oneOf": [{"type": "integer"}, {"type": "string"}]},
        _TREE,
    ],
)
def test_the_value_matches_its_schema(schema: dict[str, Any]) -> None:
    jsonschema.validate(example(schema, "Plan 11 days in Paris"), schema)


def test_strings_and_numbers_come_from_the_text() -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
    assert example(schema, "Plan 3 days in Paris") == {"city": "Paris", "days": 3}


def test_no_schema_gives_some_object() -> None:
    assert isinstance(example({}, "anything"), dict)


def test_a_schema_without_a_way_out_still_ends() -> None:
    endless = {"$defs": {"A": {"properties": {"next": {"$ref": "#/$defs/A"}}}}, "$ref": "#/$defs/A"}
    assert "next" in example(endless, "x")


def test_nonsense_gives_null_instead_of_an_error() -> None:
    schema = {"type": "object", "properties": {"a": 7, "b": {"$ref": "#/nowhere"}, "c": {"type": "colour"}}}
    assert example(schema, "x") == {"a": None, "b": None, "c": None}
