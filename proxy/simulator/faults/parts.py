"""Where things stand in the values of any dialect: an answer's or event's JSON in, the objects within it out."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from proxy.simulator.dialects.dialect import Json

FINISH: Final = ("finish_reason", "stop_reason", "finishReason")
USAGE: Final = ("usage", "usageMetadata")
LISTS: Final = ("choices", "candidates")

Editing = Callable[[Json], object]


def envelopes(value: Json) -> Iterator[Json]:
    """The value itself, and the message that an opening event wraps."""
    yield value
    if isinstance(value.get("message"), dict):
        yield value["message"]


def choices(value: Json) -> Iterator[Json]:
    """Every choice or candidate, whole or in a stream."""
    for key in LISTS:
        yield from (choice for choice in value.get(key) or () if isinstance(choice, dict))


def spoken(value: Json) -> Iterator[Json]:
    """Every message or delta of OpenAI's shape."""
    for choice in choices(value):
        for key in ("message", "delta"):
            if isinstance(choice.get(key), dict):
                yield choice[key]


def finishing(value: Json) -> Iterator[Json]:
    """Every object that may say why an answer finished."""
    yield from envelopes(value)
    yield from choices(value)
    if isinstance(value.get("delta"), dict):
        yield value["delta"]


def tool_calls(value: Json) -> Iterator[Json]:
    """Every tool call or piece of one, of OpenAI's shape."""
    for said in spoken(value):
        yield from said.get("tool_calls") or ()


def usages(value: Json) -> Iterator[tuple[Json, str]]:
    """Every place where usage stands: the object and the key."""
    yield from ((part, key) for part in envelopes(value) for key in USAGE if isinstance(part.get(key), dict))


def each(where: Callable[[Json], Iterable[Json]], edit: Callable[[Json], object]) -> Editing:
    """The edit at every such place."""

    def change(value: Json) -> None:
        for part in list(where(value)):
            edit(part)

    return change


def drop(*keys: str) -> Editing:
    """Takes keys out of an object."""

    def change(part: Json) -> None:
        for key in keys:
            part.pop(key, None)

    return change


def put(fields: Json) -> Editing:
    """Sets what is there already to other values; adds nothing."""

    def change(part: Json) -> None:
        part.update({key: value for key, value in fields.items() if key in part})

    return change


def add(fields: Json) -> Editing:
    """Sets values, there or not."""
    return lambda part: part.update(fields)


def numbers_in(part: Json, change: Callable[[int], Any]) -> Json:
    """The same with every count in it changed, however deep."""
    return {
        key: numbers_in(value, change)
        if isinstance(value, dict)
        else change(value)
        if isinstance(value, int) and not isinstance(value, bool)
        else value
        for key, value in part.items()
    }
