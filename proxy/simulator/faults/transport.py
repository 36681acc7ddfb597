"""Faults of how a right answer travels: lengths, packing, types, pieces; a stream where none was asked, and the reverse."""

from collections.abc import Callable
from typing import Final

from proxy.simulator.faults.acts import Act, Carry, Leaves, Numbers, Reply, Row, always
from proxy.simulator.faults.bytewise import (
    after_mark,
    astride,
    bomb,
    each_byte,
    gzip_cut,
    gzipped,
    in_blocks,
    replaced,
)

_PAGE: Final = b"<!doctype html><title>Welcome</title><h1>It works!</h1>\n"
_PACKED: Final = {"content-encoding": "gzip"}
_DEEP: Final = 10_000
_MEBIBYTES_MAX: Final = 4_096


def _both(name: str, says: str, act: Act, leaves: Leaves = "nothing") -> Row:
    return Row(name, says, "body", leaves, always(act), always(act))


def _whole(name: str, says: str, act: Act, leaves: Leaves = "nothing") -> Row:
    return Row(name, says, "body", leaves, whole=always(act))


def _stream(name: str, says: str, act: Act, leaves: Leaves = "whole") -> Row:
    return Row(name, says, "stream", leaves, stream=always(act))


def _edited(edit: Callable[[bytes], bytes]) -> Carry:
    return Carry(edit=replaced(edit))


def _first_half(body: bytes) -> bytes:
    return body[: len(body) // 2]


def _beside(body: bytes, field: bytes) -> bytes:
    """The same object with one field more, as JSON that no writer of ours would write."""
    return b"{" + field + b"," + body[1:]


def _bomb_whole(numbers: Numbers) -> Act:
    return Carry(edit=bomb(min(numbers["mebibytes"], _MEBIBYTES_MAX), b"", b""), headers=_PACKED)


def _bomb_stream(numbers: Numbers) -> Act:
    return Carry(edit=bomb(min(numbers["mebibytes"], _MEBIBYTES_MAX), b":", b"\n\n"), headers=_PACKED)


ROWS: Final = (
    _both("html_200", "200 with an HTML page.", Reply(200, "text/html; charset=utf-8", _PAGE)),
    _both("empty_200", "200 with nothing in it.", Reply(200, "application/json", b"")),
    _both("null_200", "200 with null.", Reply(200, "application/json", b"null")),
    _both("list_200", "200 with an empty list.", Reply(200, "application/json", b"[]")),
    _both("object_200", "200 with an empty object.", Reply(200, "application/json", b"{}")),
    _both("text_200", "200 with a line of text.", Reply(200, "text/plain", b"OK\n")),
    _whole("half_json", "Half of the JSON, with the length of that half.", _edited(_first_half)),
    _whole("two_json", "The JSON twice.", _edited(lambda body: body + body)),
    _whole(
        "nan",
        "NaN in a field beside the answer, which JSON does not know.",
        _edited(lambda body: _beside(body, b'"score":NaN')),
        "whole",
    ),
    _whole(
        "deep_json",
        "Ten thousand levels of lists in a field beside the answer.",
        _edited(lambda body: _beside(body, b'"extra":' + b"[" * _DEEP + b"]" * _DEEP)),
        "whole",
    ),
    _whole(
        "lone_surrogate",
        "Half a character, escaped, in a field beside the answer.",
        _edited(lambda body: _beside(body, b'"note":"\\ud800"')),
        "whole",
    ),
    _whole(
        "not_utf8",
        "A byte in a field beside the answer that no UTF-8 has.",
        _edited(lambda body: _beside(body, b'"note":"\xff"')),
        "whole",
    ),
    _both("bom", "A byte order mark before the body.", Carry(edit=after_mark), "whole"),
    _whole("body_short", "Announces more than it sends, and ends the connection.", Carry(announce=lambda length: length + 100)),
    _whole("body_long", "Sends more than it announced.", Carry(announce=lambda length: length // 2)),
    _both("wrong_type", "The right body as text/plain.", Carry(content_type="text/plain; charset=utf-8"), "whole"),
    _both("no_type", "The right body without a content type.", Carry(content_type=""), "whole"),
    _both("created_201", "The right body under 201.", Carry(status=201), "whole"),
    _both(
        "gzip", "gzip, though identity was asked for; the body in it is right.", Carry(edit=gzipped, headers=_PACKED), "whole"
    ),
    _both("gzip_false", "Claims gzip and sends plain text.", Carry(headers=_PACKED)),
    _whole("gzip_cut", "gzip that ends half way.", Carry(edit=replaced(gzip_cut), headers=_PACKED)),
    _both("encoding_unknown", "An encoding that nobody knows.", Carry(headers={"content-encoding": "sim"})),
    Row(
        "gzip_bomb",
        "gzip that unpacks to a thousandfold of white space before the answer.",
        "body",
        "whole",
        _bomb_whole,
        _bomb_stream,
        {"mebibytes": 256},
    ),
    _stream("trailers", "Headers after the chunked body.", Carry(ending="trailers")),
    _stream("bad_chunk", "In the place of the last chunk something that is no chunk.", Carry(ending="bad_chunk"), "part"),
    _stream("split_bytes", "Every byte by itself, within characters too.", Carry(edit=each_byte, apart=True)),
    _stream("split_astride", "The end of each event with the beginning of the next.", Carry(edit=astride, apart=True)),
    _stream("blocks", "Twenty events in one block.", Carry(edit=in_blocks, apart=True)),
)
