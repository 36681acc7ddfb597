"""A JSON schema and a user's words in, a value that matches the schema out; knows simple schemas, never fetches one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any, Final

from proxy.simulator.topic import names_in

# Past the first depth a recursive schema takes its shortest way out; past the second it gets null.
_DEPTH_SHORT: Final = 4
_DEPTH_MAX: Final = 16
_ITEMS_MAX: Final = 64
_STRING_CHARS_MAX: Final = 4_096

_FORMATS: Final[Mapping[str, str]] = {
    "date": "2024-01-31",
    "date-time": "2024-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def example(schema: Mapping[str, Any], text: str) -> Any:
    """A value for the schema whose strings and numbers come from the text, the same every time. {} gives an object."""
    if not schema:
        return {"answer": " ".join(names_in(text)), "confident": True}
    return _Filler(schema, text).fill(schema, 0)


class _Filler:
    def __init__(self, root: Mapping[str, Any], text: str) -> None:
        self._root = root
        self._words: Iterator[str] = cycle(names_in(text))
        self._numbers: Iterator[int] = cycle([int(digits) for digits in re.findall(r"\d{1,9}", text[:2_000])] or [1])

    def fill(self, schema: Any, depth: int) -> Any:
        if not isinstance(schema, Mapping) or depth > _DEPTH_MAX:
            return None
        if "const" in schema:
            return schema["const"]
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            return schema["enum"][0]
        if isinstance(schema.get("$ref"), str):
            return self.fill(self._resolve(schema["$ref"]), depth + 1)
        for key in ("anyOf", "oneOf", "allOf"):
            if isinstance(schema.get(key), list) and schema[key]:
                return self.fill(_branch(schema[key], depth), depth + 1)
        return self._typed(schema, depth)

    def _typed(self, schema: Mapping[str, Any], depth: int) -> Any:
        match _type_of(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "string":
                return self._string(schema)
            case "integer" | "number":
                return _clamped(next(self._numbers), schema)
            case "boolean":
                return True
        return None

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties")
        if not isinstance(properties, Mapping):
            return {}
        return {name: self.fill(part, depth + 1) for name, part in properties.items()}

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        wanted = _whole(schema, "minItems", 0 if depth > _DEPTH_SHORT else 1)
        wanted = min(wanted, _whole(schema, "maxItems", _ITEMS_MAX), _ITEMS_MAX)
        return [self.fill(schema.get("items", {"type": "string"}), depth + 1) for _ in range(wanted)]

    def _string(self, schema: Mapping[str, Any]) -> str:
        known = _FORMATS.get(str(schema.get("format")))
        if known is not None:
            return known
        shortest = min(_whole(schema, "minLength", 0), _STRING_CHARS_MAX)
        return next(self._words).ljust(shortest, "x")[: _whole(schema, "maxLength", _STRING_CHARS_MAX)]

    def _resolve(self, reference: str) -> Any:
        found: Any = self._root
        for step in reference.removeprefix("#").strip("/").split("/"):
            if step:
                found = found.get(step) if isinstance(found, Mapping) else None
        return found


def _branch(branches: Sequence[Any], depth: int) -> Any:
    nulls = [branch for branch in branches if isinstance(branch, Mapping) and branch.get("type") == "null"]
    return nulls[0] if nulls and depth > _DEPTH_SHORT else branches[0]


def _type_of(schema: Mapping[str, Any]) -> Any:
    named = schema.get("type", "object" if "properties" in schema else "string")
    if not isinstance(named, list):
        return named
    return next((one for one in named if one != "null"), "null")


def _whole(schema: Mapping[str, Any], key: str, default: int) -> int:
    value = schema.get(key, default)
    return value if isinstance(value, int) and value >= 0 else default


def _clamped(value: int, schema: Mapping[str, Any]) -> int | float:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    bounded: int | float = value
    if isinstance(above, int | float) and bounded <= above:
        bounded = above + 1
    if isinstance(below, int | float) and bounded >= below:
        bounded = below - 1
    if isinstance(low, int | float):
        bounded = max(bounded, low)
    if isinstance(high, int | float):
        bounded = min(bounded, high)
    return bounded
