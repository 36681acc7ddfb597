"""Faults in what is counted: usage missing, null, negative, text, absurd, repeated, cumulative, unasked or too much."""

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from typing import Any, Final

from proxy.simulator.dialects.dialect import Event, Json
from proxy.simulator.faults.acts import ALL, OPENAI_LIKE, Act, Arrange, Edit, Leaves, Row, always
from proxy.simulator.faults.parts import USAGE, numbers_in, usages

ABSURD: Final = 10**15
BEYOND_64_BITS: Final = 10**30
BILLED_TIMES: Final = 50


def _row(name: str, says: str, act: Act, leaves: Leaves = "whole") -> Row:
    return Row(name, says, "body", leaves, always(act), always(act))


def _counted(name: str, says: str, change: Callable[[int], Any]) -> Row:
    def edit(value: Json) -> None:
        for part, key in list(usages(value)):
            part[key] = numbers_in(part[key], change)

    return _row(name, says, Edit(edit))


def _replaced(name: str, says: str, usage: Any) -> Row:
    def edit(value: Json) -> None:
        for part, key in list(usages(value)):
            part[key] = deepcopy(usage)

    return _row(name, says, Edit(edit))


def _missing(value: Json) -> None:
    for part, key in list(usages(value)):
        del part[key]


def _total_missing(value: Json) -> None:
    for part, key in usages(value):
        part[key] = {name: count for name, count in part[key].items() if not name.startswith("total")}


def _unasked(value: Json) -> None:
    value["usage"] = {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8}


def _repeated(events: Iterable[Event]) -> Iterator[Event]:
    """Whatever has a count is sent twice."""
    for event in events:
        yield event
        if isinstance(event.value, dict) and any(True for _ in usages(event.value)) and event.mark in ("usage", "finish"):
            yield event


def _with_finish(events: Iterable[Event]) -> Iterator[Event]:
    """On the chunk with the reason to finish, and not by itself."""
    finish: Event | None = None
    for event in events:
        if event.mark == "usage" and finish is not None and isinstance(event.value, dict):
            yield finish._replace(value=finish.value | {"usage": event.value["usage"]})  # type: ignore[operator]
            finish = None
            continue
        if finish is not None:
            yield finish
        finish = event if event.mark == "finish" else None
        if finish is None:
            yield event
    if finish is not None:
        yield finish


def _cumulative(events: Iterable[Event]) -> Iterator[Event]:
    """In every chunk, growing; the last one says all of it."""
    kept = list(events)
    total: Json = next(
        (part[key] for event in reversed(kept) if isinstance(event.value, dict) for part, key in usages(event.value)), {}
    )
    said = 0
    for event in kept:
        if event.mark != "delta" or not isinstance(event.value, dict):
            yield event
            continue
        said += 1
        key = USAGE["modelVersion" in event.value]
        yield event._replace(value=event.value | {key: _so_far(total, said)})


def _so_far(total: Json, said: int) -> Json:
    """The input is known from the beginning; of the output what was said."""
    outputs = ("completion_tokens", "candidatesTokenCount", "output_tokens")
    so_far: Json = {key: value for key, value in total.items() if isinstance(value, int)}
    return so_far | {key: said for key in outputs if key in so_far}


ROWS: Final = (
    _row("usage_missing", "No usage, asked or not.", Edit(_missing)),
    _replaced("usage_null", "usage is null.", None),
    _replaced("usage_empty", "usage is an empty object.", {}),
    _replaced("usage_list", "usage is a list.", []),
    _replaced("usage_word", "usage is a text.", "unknown"),
    _counted("usage_negative", "Every count is below zero.", lambda count: -count - 1),
    _counted("usage_text", "Every count is a text.", str),
    _counted("usage_words", "Every count is a word.", lambda _: "many"),
    _counted("usage_float", "Every count has a fraction.", lambda count: count + 0.5),
    _counted("usage_nulls", "Every count is null.", lambda _: None),
    _counted("usage_zero", "Every count is 0.", lambda _: 0),
    _counted("usage_absurd", "Every count is 10^15.", lambda _: ABSURD),
    _counted("usage_beyond_64_bits", "Every count is more than 64 bits can hold, as a float.", lambda _: float(BEYOND_64_BITS)),
    _counted("bills_50_times", "Counts and bills fifty times of what it shows.", lambda count: count * BILLED_TIMES),
    Row(
        "usage_total_missing",
        "The total is missing.",
        "body",
        "whole",
        always(Edit(_total_missing)),
        always(Edit(_total_missing)),
        dialects=ALL - {"anthropic"},
    ),
    Row("usage_repeated", "The last usage twice.", "stream", "whole", stream=always(Arrange(_repeated))),
    Row(
        "usage_cumulative",
        "Usage in every chunk, growing.",
        "stream",
        "whole",
        stream=always(Arrange(_cumulative)),
        dialects=ALL - {"anthropic"},
    ),
    Row(
        "usage_on_finish",
        "Usage on the chunk with the reason to finish.",
        "stream",
        "whole",
        stream=always(Arrange(_with_finish)),
        dialects=OPENAI_LIKE,
    ),
    Row(
        "usage_in_every_chunk",
        "The same small usage in every chunk, asked or not.",
        "stream",
        "whole",
        stream=always(Edit(_unasked)),
        dialects=OPENAI_LIKE,
    ),
)
