"""Sorts the top-level fields of a request by the book of its kind: passed as they are, passed where a provider takes anything,
dropped or refused."""

from collections.abc import Mapping, Set
from dataclasses import field
from typing import Any, Final

from proxy.domain.chat import Json
from proxy.domain.errors import Refusal
from proxy.domain.value import dataclass
from proxy.stages.intake.limits import IntakeLimits
from proxy.stages.intake.shapes import Shape, invalid, lookalike, misspelt, squeezed

_ROUTE: Final = "is not yours to set: the gateway chooses the route. Use `model`, `models` or the `signalbox` object."

# What would choose the route behind our back, in a request of any kind (contract 7).
ROUTES: Final[Mapping[str, str]] = {
    "api_base": _ROUTE,
    "api_key": _ROUTE,
    "base_url": _ROUTE,
    "fallbacks": _ROUTE,
    "plugins": _ROUTE,
    "preset": _ROUTE,
    "provider": _ROUTE,
    "route": _ROUTE,
    "transforms": _ROUTE,
    "extra_body": "belongs to a client library, which puts its fields into the body itself. Do the same.",
    "extra_headers": "belongs to a client library. Send headers as headers.",
}


@dataclass(frozen=True, slots=True)
class FieldBook:
    """The known fields of one kind of request. `passed` go upstream as they are, `ours` are read by other files of this room,
    `dropped` have one harmless meaning each, `refused` say why."""

    passed: Mapping[str, Shape]
    ours: Set[str]
    dropped: Mapping[str, Shape]
    refused: Mapping[str, str]
    known: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        names = self.passed.keys() | self.ours | self.dropped.keys() | self.refused.keys()
        object.__setattr__(self, "known", squeezed(names))


def sort(request: Json, limits: IntakeLimits, book: FieldBook) -> tuple[Json, Json] | Refusal:
    """The known fields that pass, and the unknown ones. A field that is null counts as not sent."""
    if len(request) > limits.fields_max:
        return Refusal("invalid_request", f"At most {limits.fields_max} top-level fields are allowed.")
    passed: Json = {}
    unknown: Json = {}
    for name, value in request.items():
        if name in book.ours:
            continue
        refusal = _objection(name, value, book)
        if refusal is not None:
            return refusal
        if value is not None and name not in book.dropped:
            (passed if name in book.passed else unknown)[name] = value
    return passed, unknown


def _objection(name: str, value: Any, book: FieldBook) -> Refusal | None:
    shape = book.passed.get(name) or book.dropped.get(name)
    if shape is not None:
        return None if value is None or shape.accepts(value) else invalid(name, f"`{name}` must be {shape.wanted}.")
    if name in book.refused:
        return None if value is None else invalid(name, f"`{name}` {book.refused[name]}")
    meant = lookalike(name, book.known)
    return None if meant is None else misspelt("", name, meant)
