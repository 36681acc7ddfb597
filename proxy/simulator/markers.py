"""A model name in, the Behaviour it asks for out; one table says every marker. Never touches a socket.

A name is a base and markers: `sim-small--ttft=5000--fault:cut:at=5`. A fault may also be the base: `fault:cut:at=5`. Points
may stand for the signs: `sim-small--ttft.5000--fault.cut.at.5`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, get_args

from proxy.simulator.behaviour import Behaviour, Continuing
from proxy.simulator.faults.choosing import UnknownFaultError, read_in_name, whole_number

_FAULT: Final = ("fault:", "fault.")


class UnknownMarkerError(ValueError):
    """The model name asks for something the table does not know, or gives it a value it cannot take."""


def behaviour_of(model: str) -> Behaviour:
    """Reads a model name. A typo must not quietly turn a fault off, so that raises UnknownMarkerError."""
    base, *markers = model.split("--")
    behaviour = Behaviour(base=base)
    try:
        for marker in [base, *markers] if base.startswith(_FAULT) else markers:
            behaviour = replace(behaviour, **_fields(marker, model))
    except UnknownFaultError as unknown:
        raise UnknownMarkerError(str(unknown)) from None
    return behaviour


def _fields(marker: str, model: str) -> Mapping[str, Any]:
    if marker.startswith(_FAULT):
        return {"fault": read_in_name(marker[len(_FAULT[0]) :])}
    name, has_value, value = _parts(marker)
    row = MARKERS.get(name)
    if row is None or bool(has_value) is not row.takes_value:
        raise UnknownMarkerError(f"'{marker}' in '{model}' is not a marker that the simulator knows")
    return row.fields(value)


def _parts(marker: str) -> tuple[str, str, str]:
    """A point stands for the sign where names have no room for signs."""
    return marker.partition("=") if "=" in marker else marker.partition(".")


@dataclass(frozen=True, slots=True)
class Marker:
    """A row: what it says in --help, which fields of Behaviour it sets from its value, and whether it has a value."""

    says: str
    fields: Callable[[str], Mapping[str, Any]]
    takes_value: bool


def _plain(says: str, **fields: object) -> Marker:
    return Marker(says, lambda _: fields, takes_value=False)


def _number(says: str, fields: Callable[[int], Mapping[str, object]]) -> Marker:
    return Marker(says, lambda value: fields(whole_number(value)), takes_value=True)


def _text(says: str, fields: Callable[[str], Mapping[str, object]]) -> Marker:
    return Marker(says, fields, takes_value=True)


def _short_for(fault: str) -> Marker:
    return Marker(f"short for --fault:{fault}", lambda _: {"fault": read_in_name(fault)}, takes_value=False)


def _short_with(fault: str, number: str) -> Marker:
    says = f"short for --fault:{fault}:{number}=N"
    return Marker(says, lambda value: {"fault": read_in_name(f"{fault}:{number}={value}")}, takes_value=True)


def _continuing(value: str) -> Mapping[str, object]:
    if value not in get_args(Continuing):
        raise UnknownMarkerError(f"'{value}' is no way to go on; known are {', '.join(get_args(Continuing))}")
    return {"continuing": value}


MARKERS: Final[Mapping[str, Marker]] = {
    # How fast.
    "slow": _plain("3 s to the first token, then 4 tokens a second", ttft_ms=3_000, pace_tokens_per_s=4),
    "ttft": _number("first token after N ms", lambda ms: {"ttft_ms": ms}),
    "pace": _number("N tokens a second, 0 is flat out", lambda pace: {"pace_tokens_per_s": pace}),
    # Faults that are asked for most. All others are --fault:NAME.
    "fail": _short_with("status", "status"),
    "auth": _short_for("key_invalid"),
    "no-credit": _short_for("payment_required"),
    "context": _short_for("context_length"),
    "refuse": _short_for("content_refused"),
    "html": _short_for("html_200"),
    "error-200": _short_for("error_in_200"),
    "mute": _short_for("mute"),
    "reset": _short_for("reset"),
    "reset-after": _short_with("reset_mid_stream", "at"),
    "cut-after": _short_with("cut", "at"),
    "stall-after": _short_with("stall", "at"),
    "error-event-after": _short_with("error_event", "at"),
    "retry-after": _text("Retry-After: N beside any error", lambda seconds: {"retry_after": seconds}),
    "fail-first": _number(
        "only the first N calls fail (503 unless another fault is named)", lambda calls: {"fail_first_calls": calls}
    ),
    # What is said.
    "empty": _plain("an answer with nothing in it", script="empty"),
    "echo": _plain("exactly the last user message", script="echo"),
    "words": _number("exactly w1 w2 ... wN, one token each", lambda n: {"script": "words", "words": n}),
    "tale": _number(
        "N words that follow from the last user message alone, one token each", lambda n: {"script": "tale", "words": n}
    ),
    "prefill": _plain("goes on where an assistant message at the end stops", prefill=True),
    "continue": _text(f"how it answers when asked to go on with an answer: {' | '.join(get_args(Continuing))}", _continuing),
    "hides-reasoning": _plain("reasons and bills for it, and shows none of it", hides_reasoning=True),
    # What is reported.
    "cost": _plain("adds usage.cost, provider fields and x-provider-cost", reports_cost=True),
    "no-usage": _plain("no usage, asked or not", reports_usage=False),
    "bills": _number("usage reports N times the tokens", lambda factor: {"usage_factor": factor}),
}
