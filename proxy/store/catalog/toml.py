"""Rows of the catalog in, the TOML that an operator would write out, in the form of the files we ship; reads none."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

LINE_CHARS_MAX: Final = 120
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_CONTROLS: Final = {sign: f"\\u{sign:04x}" for sign in (0x7F, *range(0x80, 0xA0))}

# One line of a row: a key with its value, or a comment.
Line = tuple[str, Any] | str


def row_text(kind: str, lines: Iterable[Line]) -> str:
    """One `[[kind]]` table. A list of tables becomes `[[kind.key]]` tables after all the rest."""
    given = list(lines)
    plain = [line for line in given if isinstance(line, str) or not _is_tables(line[1])]
    below = [line for line in given if not isinstance(line, str) and _is_tables(line[1])]
    parts = [f"[[{kind}]]", *map(_line, plain)]
    for key, rows in below:
        for row in rows:
            parts += ["", f"[[{kind}.{_key(key)}]]", *(f"{_key(name)} = {_value(value)}" for name, value in row.items())]
    return "\n".join(parts) + "\n"


def _line(line: Line) -> str:
    if isinstance(line, str):
        return f"# {line}"
    key, value = line
    text = f"{_key(key)} = {_value(value)}"
    if isinstance(value, list) and len(text) > LINE_CHARS_MAX:
        return "\n".join([f"{_key(key)} = [", *(f"    {_value(one)}," for one in value), "]"])
    return text


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _text(key)


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value:_}"
        case float():
            return repr(value)
        case str():
            return _text(value)
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case Mapping():
            return f"{{ {', '.join(f'{_key(key)} = {_value(one)}' for key, one in value.items())} }}" if value else "{}"
    raise TypeError(f"a row of the catalog holds no {type(value).__name__}")


def _text(value: str) -> str:
    """A basic string; JSON escapes the same way, but for the control characters beyond ASCII's first."""
    return json.dumps(value, ensure_ascii=False).translate(_CONTROLS)
