"""A model name in, the Behaviour it asks for out; one table says every way to behave. Never touches a socket.

A name is a base and markers: `sim-small--ttft=5000--cut-after=5`. A new way to misbehave is a row of MARKERS and, if no
existing kind of Fault can say it, a new small dataclass beside Break that `perform` learns to carry out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal


@dataclass(frozen=True, slots=True)
class Refused:
    """An error in the dialect's own shape. `status` 200 is the error object that pretends to be an answer."""

    status: int
    kind: str
    code: str | None
    message: str
    param: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Something that is no answer in any dialect."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """The answer stops being one. `after_deltas` None is before the status line; a whole answer breaks half way."""

    how: Literal["reset", "cut", "stall", "error_event"]
    after_deltas: int | None


Fault = Refused | Page | Break
Script = Literal["sensible", "echo", "words", "empty"]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How one model behaves. None in `ttft_ms` and `pace_tokens_per_s` leaves it to the process; 0 is flat out."""

    base: str
    ttft_ms: int | None = None
    pace_tokens_per_s: int | None = None
    fault: Fault | None = None
    fail_first_calls: int | None = None
    retry_after: str | None = None
    script: Script = "sensible"
    words: int = 0
    reports_usage: bool = True
    reports_cost: bool = False
    usage_factor: int = 1

    def on_call(self, seen_before: int) -> "Behaviour":
        """The same for the call after `seen_before` others: a model that fails only at first has got over it."""
        if self.fail_first_calls is None:
            return self
        fault = (self.fault or failing(503)) if seen_before < self.fail_first_calls else None
        return replace(self, fault=fault)


class UnknownMarkerError(ValueError):
    """The model name asks for something the table does not know, or gives it a value it cannot take."""


def behaviour_of(model: str) -> Behaviour:
    """Reads a model name. A typo must not quietly turn a fault off, so that raises UnknownMarkerError."""
    base, *markers = model.split("--")
    behaviour = Behaviour(base=base)
    for marker in markers:
        name, has_value, value = marker.partition("=")
        row = MARKERS.get(name)
        if row is None or bool(has_value) is not row.takes_value:
            raise UnknownMarkerError(f"'{marker}' in '{model}' is not a marker that the simulator knows")
        behaviour = replace(behaviour, **row.fields(value))
    return behaviour


def failing(status: int) -> Refused:
    """The error that providers send most often under this status; ValueError if it is no error status."""
    if not 400 <= status <= 599:
        raise UnknownMarkerError(f"{status} is no error status")
    kind, code, message = _COMMON.get(status, ("server_error", None, "The server had an error processing the request"))
    return Refused(status, kind, code, message)


@dataclass(frozen=True, slots=True)
class Marker:
    """A row: what it says in --help, which fields of Behaviour it sets from its value, and whether it has a value."""

    says: str
    fields: Callable[[str], Mapping[str, Any]]
    takes_value: bool


def _plain(says: str, **fields: object) -> Marker:
    return Marker(says, lambda _: fields, takes_value=False)


def _number(says: str, fields: Callable[[int], Mapping[str, object]]) -> Marker:
    return Marker(says, lambda value: fields(_whole(value)), takes_value=True)


def _text(says: str, fields: Callable[[str], Mapping[str, object]]) -> Marker:
    return Marker(says, fields, takes_value=True)


def _whole(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= _DIGITS_MAX):
        raise UnknownMarkerError(f"'{value}' is no whole number of at most {_DIGITS_MAX} digits")
    return int(value)


_DIGITS_MAX: Final = 7

_COMMON: Final[Mapping[int, tuple[str, str | None, str]]] = {
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided"),
    402: ("insufficient_quota", "insufficient_quota", "You exceeded your current quota, please check your billing"),
    404: ("invalid_request_error", "model_not_found", "The model does not exist or you do not have access to it"),
    408: ("timeout_error", None, "The request timed out"),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached, please try again later"),
    529: ("overloaded_error", None, "The engine is overloaded"),
}

_PAGE: Final = Page(200, "text/html; charset=utf-8", b"<!doctype html><title>Welcome</title><h1>It works!</h1>\n")
_CONTEXT: Final = Refused(
    400,
    "invalid_request_error",
    "context_length_exceeded",
    "This model's maximum context length is 8192 tokens. Please reduce the length of the messages.",
    "messages",
)
_FILTERED: Final = Refused(
    400, "invalid_request_error", "content_filter", "The prompt was refused by the content policy", "prompt"
)
BROKE: Final = Refused(200, "server_error", "server_error", "The server had an error while answering")

MARKERS: Final[Mapping[str, Marker]] = {
    # How fast.
    "slow": _plain("3 s to the first token, then 4 tokens a second", ttft_ms=3_000, pace_tokens_per_s=4),
    "ttft": _number("first token after N ms", lambda ms: {"ttft_ms": ms}),
    "pace": _number("N tokens a second, 0 is flat out", lambda pace: {"pace_tokens_per_s": pace}),
    # Errors with a status of their own.
    "fail": _number("HTTP status N with the usual error", lambda status: {"fault": failing(status)}),
    "auth": _plain("401, our key is wrong", fault=failing(401)),
    "no-credit": _plain("402, our account is empty", fault=failing(402)),
    "context": _plain("400 context_length_exceeded", fault=_CONTEXT),
    "refuse": _plain("400 content_filter", fault=_FILTERED),
    "retry-after": _text("Retry-After: N beside any error", lambda seconds: {"retry_after": seconds}),
    "fail-first": _number(
        "only the first N calls fail (503 unless another fault is named)", lambda calls: {"fail_first_calls": calls}
    ),
    # Answers under 200 that are none.
    "html": _plain("200 with an HTML page", fault=_PAGE),
    "error-200": _plain("200 with an error object", fault=BROKE),
    # Connections that break. A whole answer breaks half way through its body, whatever N is.
    "mute": _plain("takes the call and says nothing", fault=Break("stall", None)),
    "reset": _plain("connection reset before any byte", fault=Break("reset", None)),
    "reset-after": _number("connection reset after N deltas", lambda n: {"fault": Break("reset", n)}),
    "cut-after": _number("clean end without [DONE] after N deltas", lambda n: {"fault": Break("cut", n)}),
    "stall-after": _number("silence after N deltas", lambda n: {"fault": Break("stall", n)}),
    "error-event-after": _number("error event after N deltas", lambda n: {"fault": Break("error_event", n)}),
    # What is said.
    "empty": _plain("an answer with nothing in it", script="empty"),
    "echo": _plain("exactly the last user message", script="echo"),
    "words": _number("exactly w1 w2 ... wN, one token each", lambda n: {"script": "words", "words": n}),
    # What is reported.
    "cost": _plain("adds usage.cost, provider fields and x-provider-cost", reports_cost=True),
    "no-usage": _plain("no usage, asked or not", reports_usage=False),
    "bills": _number("usage reports N times the tokens", lambda factor: {"usage_factor": factor}),
}
