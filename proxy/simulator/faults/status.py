"""Faults that show in the status and headers: errors of each class, pages of proxies, odd Retry-After, redirects."""

from collections.abc import Mapping
from typing import Final

from proxy.simulator.dialects.dialect import Cause
from proxy.simulator.faults.acts import Act, Leaves, Numbers, Raw, Refuse, Reply, Row, always

_HTML: Final = "text/html; charset=utf-8"
# 1 January 2100: a date so far away that nobody waits for it.
_FAR_DATE: Final = "Fri, 01 Jan 2100 00:00:00 GMT"


def _page(title: str) -> bytes:
    return f"<!doctype html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n".encode()


def _both(name: str, says: str, act: Act, leaves: Leaves = "nothing") -> Row:
    return Row(name, says, "headers", leaves, always(act), always(act))


def _refusing(cause: Cause, says: str, leaves: Leaves = "nothing") -> Row:
    return _both(cause, says, Refuse(cause), leaves)


def _limited(name: str, says: str, headers: Mapping[str, str]) -> Row:
    return _both(name, says, Refuse("key_limited", headers=headers))


def _paged(name: str, says: str, status: int, title: str) -> Row:
    return _both(name, says, Reply(status, _HTML, _page(title)))


def _status(numbers: Numbers) -> Act:
    return Refuse(None, status=numbers["status"])


ROWS: Final = (
    Row(
        "status",
        "The status that is named, with the error this provider sends most often under it.",
        "headers",
        "nothing",
        _status,
        _status,
        {"status": 500},
    ),
    # The request's fault.
    _refusing("bad_request", "Says that a value of the request is wrong.", "refusal"),
    _refusing("context_length", "Says that the prompt is too long for the model.", "refusal"),
    _refusing("content_refused", "Refuses the prompt by its content policy.", "refusal"),
    _refusing("too_large", "Says that the body is too large.", "refusal"),
    _refusing("unprocessable", "Understands the body and will not have it (422).", "refusal"),
    # Our key's, our account's.
    _refusing("key_invalid", "Does not know our key."),
    _refusing("key_revoked", "Knows our key, which was revoked."),
    _refusing("payment_required", "Says with a status of its own (402 or 403) that our account cannot pay."),
    _refusing("quota_out", "Says that our credit is used up, under the status this provider uses for it."),
    _refusing("wrong_region", "Does not serve the country we call from."),
    _refusing("forbidden", "Does not let our key use the model."),
    _refusing("model_unknown", "Does not serve a model of this name."),
    _refusing("timeout", "Gave up on the request (408)."),
    _refusing("conflict", "Is busy with another request for the same thing (409)."),
    # The provider's.
    _refusing("key_limited", "Our key has called too often (429); no Retry-After."),
    _refusing("all_limited", "The model is at capacity for everybody (429)."),
    _limited("retry_after_seconds", "429 with a Retry-After of one second.", {"retry-after": "1"}),
    _limited("retry_after_ms", "429 with retry-after-ms: 250, and no Retry-After.", {"retry-after-ms": "250"}),
    _limited("retry_after_date", "429 with a date as Retry-After, in the year 2100.", {"retry-after": _FAR_DATE}),
    _limited(
        "retry_after_past",
        "429 with a date as Retry-After that is long over.",
        {"retry-after": "Mon, 01 Jan 2001 00:00:00 GMT"},
    ),
    _limited("retry_after_year", "429 with a Retry-After of a year.", {"retry-after": "31536000"}),
    _limited("retry_after_junk", "429 with a Retry-After that is no number and no date.", {"retry-after": "soon, perhaps"}),
    _limited("retry_after_negative", "429 with a Retry-After below zero.", {"retry-after": "-5"}),
    _limited("retry_after_fraction", "429 with a Retry-After of half a second.", {"retry-after": "0.5"}),
    _refusing("server_error", "An error of its own (500), in its own shape."),
    _refusing("bad_gateway", "Its gateway got no answer it could use (502)."),
    _refusing("unavailable", "Is out of service (503)."),
    _refusing("gateway_timeout", "Its gateway got no answer in time (504)."),
    _refusing("overloaded", "Is overloaded (529)."),
    _both(
        "unavailable_later",
        "Is out of service (503) and says to come back in a minute.",
        Refuse("unavailable", headers={"retry-after": "60"}),
    ),
    _paged("server_error_html", "500 with an HTML page.", 500, "Internal Server Error"),
    _both("server_error_text", "500 with a line of text.", Reply(500, "text/plain", b"upstream connect error\n")),
    _both("server_error_nothing", "500 with nothing in it.", Reply(500, "text/plain", b"")),
    _both("server_error_half", "500 with half a JSON.", Reply(500, "application/json", b'{"error": {"message": "The serv')),
    _both(
        "server_error_string",
        "500 whose error is a text instead of an object.",
        Reply(500, "application/json", b'{"error": "overloaded"}'),
    ),
    _both(
        "server_error_list",
        "500 whose body is a list of errors.",
        Reply(500, "application/json", b'[{"error": {"code": 500, "message": "Internal"}}]'),
    ),
    _paged("bad_gateway_html", "502 with the HTML page of a proxy.", 502, "502 Bad Gateway"),
    _paged("gateway_timeout_html", "504 with the HTML page of a proxy.", 504, "504 Gateway Time-out"),
    _paged("forbidden_html", "403 with the HTML page of a bot filter.", 403, "Just a moment..."),
    _paged(
        "edge_error_html",
        "A status that no standard knows (520) with an HTML page.",
        520,
        "Web server is returning an unknown error",
    ),
    # No answer at all.
    _both("redirect", "302 to another host.", Reply(302, _HTML, _page("Found"), {"location": "https://elsewhere.invalid/v1"})),
    _both(
        "redirect_307",
        "307 to another host, which asks to send the call there again.",
        Reply(307, _HTML, _page("Moved"), {"location": "https://elsewhere.invalid/v1"}),
    ),
    _both(
        "not_modified",
        "304, though nobody asked whether anything was new.",
        Raw(b"HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n"),
    ),
    _both("no_content", "204 in the place of an answer.", Raw(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")),
    _both(
        "switching",
        "101, as if we had asked for another protocol.",
        Raw(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n"),
    ),
    _both("not_http", "Bytes that are no HTTP.", Raw(b"\x16\x03\x01\x02\x00 no such protocol\r\n\r\n")),
    _both(
        "status_absurd",
        "A status line with a status of 999.",
        Raw(b"HTTP/1.1 999 Whatever\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
    ),
    _both("head_cut", "The connection ends within the headers.", Raw(b"HTTP/1.1 200 OK\r\ncontent-type: appli")),
    _both(
        "head_huge",
        "A header of a megabyte.",
        Raw(b"HTTP/1.1 200 OK\r\nx-padding: " + b"x" * 1_048_576 + b"\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"),
    ),
    _both(
        "two_lengths",
        "Two lengths that contradict each other.",
        Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 9\r\nconnection: close\r\n\r\n{}"),
    ),
)
