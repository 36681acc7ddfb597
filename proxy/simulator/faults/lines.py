"""Faults in how events are written: line ends, spaces, fields, and lines longer than anybody expects."""

from collections.abc import Callable
from itertools import cycle
from typing import Any, Final

import orjson

from proxy.simulator.dialects.dialect import DialectName, Event
from proxy.simulator.faults.acts import ALL, Frame, Leaves, Numbers, Row, always
from proxy.simulator.framing import data_of, framed

_LONG_BYTES: Final = 2 * 1_048_576


def _row(
    name: str,
    says: str,
    frame: Callable[[Event], bytes],
    leaves: Leaves = "whole",
    dialects: frozenset[DialectName] = ALL,
) -> Row:
    return Row(name, says, "stream", leaves, stream=always(Frame(frame)), dialects=dialects)


def _crlf(event: Event) -> bytes:
    return framed(event).replace(b"\n", b"\r\n")


def _cr(event: Event) -> bytes:
    return framed(event).replace(b"\n", b"\r")


def _mixed(numbers: Numbers) -> Frame:
    # One kind an event: a lone CR before a lone LF would be one line end and not two.
    ends = cycle((b"\n", b"\r\n", b"\r"))
    return Frame(lambda event: framed(event).replace(b"\n", next(ends)))


def _no_space(event: Event) -> bytes:
    return framed(event).replace(b"data: ", b"data:", 1).replace(b"event: ", b"event:", 1)


def _two_spaces(event: Event) -> bytes:
    return framed(event).replace(b"data: ", b"data:  ", 1)


def _many_lines(event: Event) -> bytes:
    if isinstance(event.value, str):
        return framed(event)
    lines = orjson.dumps(event.value, option=orjson.OPT_INDENT_2).split(b"\n")
    named = b"" if event.name is None else b"event: " + event.name.encode() + b"\n"
    return named + b"".join(b"data: " + line + b"\n" for line in lines) + b"\n"


def _with_fields(event: Event) -> bytes:
    named = b"" if event.name is not None else b"event: message\n"
    return b"id: 17\nretry: 3000\n" + named + framed(event)


def _unnamed(event: Event) -> bytes:
    return framed(event._replace(name=None))


def _misnamed(event: Event) -> bytes:
    return framed(event._replace(name="message"))


def _unknown_field(event: Event) -> bytes:
    return b"trace: 4711\n" + framed(event)


def _blank_lines(event: Event) -> bytes:
    return b"\n\n" + framed(event) + b"\n"


def _end_without_blank(event: Event) -> bytes:
    return framed(event)[:-1] if event.mark == "end" else framed(event)


def _quoted_end(event: Event) -> bytes:
    return b'data: "[DONE]"\n\n' if event.value == "[DONE]" else framed(event)


def _spaced_end(event: Event) -> bytes:
    return b"data:  [DONE] \n\n" if event.value == "[DONE]" else framed(event)


def _json_lines(event: Event) -> bytes:
    return data_of(event) + b"\n"


def _long(numbers: Numbers) -> Frame:
    """Spaces within the JSON of the first delta, so that it means what it meant."""
    padding: list[bytes] = [b" " * numbers["bytes"]]

    def frame(event: Event) -> bytes:
        if event.mark != "delta" or not padding:
            return framed(event)
        return framed(event).removesuffix(b"}\n\n") + padding.pop() + b"}\n\n"

    return Frame(frame)


def _field_long(numbers: Numbers) -> Frame:
    """The same size as the text of a field that nobody asked for."""
    rest: list[str] = ["x" * numbers["bytes"]]

    def frame(event: Event) -> bytes:
        if event.mark != "delta" or not rest or isinstance(event.value, str):
            return framed(event)
        value: Any = event.value | {"padding": rest.pop()}
        return framed(event._replace(value=value))

    return Frame(frame)


_OPENAI: Final[frozenset[DialectName]] = frozenset({"openai", "openrouter"})
_NAMED: Final[frozenset[DialectName]] = frozenset({"anthropic"})

ROWS: Final = (
    _row("crlf", "Lines end with CR LF.", _crlf),
    _row("cr", "Lines end with CR alone.", _cr),
    Row("mixed_ends", "Lines end now with LF, now with CR LF, now with CR.", "stream", "whole", stream=_mixed),
    _row("no_space", "No space after `data:`.", _no_space),
    _row("two_spaces", "Two spaces after `data:`.", _two_spaces),
    _row("many_lines", "Each event's JSON over several data lines.", _many_lines),
    _row("with_fields", "`id:`, `retry:` and `event:` lines beside the data.", _with_fields),
    _row("unnamed", "Typed events without their `event:` lines.", _unnamed, dialects=_NAMED),
    _row("misnamed", "Every event is named `message`.", _misnamed),
    _row("unknown_field", "A field that no standard knows beside the data.", _unknown_field),
    _row("blank_lines", "Blank lines between events.", _blank_lines),
    _row(
        "end_without_blank", "The end mark without the blank line that ends it.", _end_without_blank, dialects=_OPENAI | _NAMED
    ),
    _row("quoted_end", 'The end mark in quotes: "[DONE]".', _quoted_end, dialects=_OPENAI),
    _row("spaced_end", "Spaces around the end mark.", _spaced_end, dialects=_OPENAI),
    _row("json_lines", "A JSON a line, and no `data:`.", _json_lines, "nothing"),
    Row(
        "long_line", "A line of 2 MiB, most of it white space.", "stream", "whole", stream=_long, numbers={"bytes": _LONG_BYTES}
    ),
    Row(
        "long_field",
        "A line of 2 MiB, most of it a field that nobody asked for.",
        "stream",
        "whole",
        stream=_field_long,
        numbers={"bytes": _LONG_BYTES},
    ),
)
