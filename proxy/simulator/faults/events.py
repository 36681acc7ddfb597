"""Faults in the events of a stream: errors among them, and what is missing, repeated, late or no event at all."""

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from typing import Any, Final

from proxy.simulator.dialects.dialect import DialectName, Event, Mark
from proxy.simulator.faults.acts import ALL, OPENAI_LIKE, Act, Arrange, Break, Leaves, Maker, Numbers, Refuse, Row, Swap, always

_AT: Final[Numbers] = {"at": 5}
_WITH_END_MARK: Final[frozenset[DialectName]] = frozenset({"openai", "openrouter", "anthropic"})
_TEXTS: Final = frozenset(
    {"content", "text", "thinking", "reasoning", "reasoning_content", "refusal", "partial_json", "arguments"}
)

Arranging = Callable[[Iterable[Event]], Iterator[Event]]


def _row(name: str, says: str, arrange: Arranging, leaves: Leaves = "whole", dialects: frozenset[DialectName] = ALL) -> Row:
    return Row(name, says, "stream", leaves, stream=always(Arrange(arrange)), dialects=dialects)


def _error(name: str, says: str, make: Maker) -> Row:
    return Row(name, says, "stream", "part", make, make, _AT)


def _without(mark: Mark) -> Arranging:
    return lambda events: (event for event in events if event.mark != mark)


def _twice(mark: Mark) -> Arranging:
    return lambda events: (again for event in events for again in [event] * (2 if event.mark == mark else 1))


def _put(extra: Event, at: int) -> Arranging:
    """One event more before the delta of this number, counted from 0."""

    def arrange(events: Iterable[Event]) -> Iterator[Event]:
        for event, number in _numbered(events):
            if number == at:
                yield extra
            yield event

    return arrange


def _ended_by(*extra: Event) -> Callable[[Numbers], Act]:
    """After some deltas this, and nothing more."""

    def make(numbers: Numbers) -> Act:
        def arrange(events: Iterable[Event]) -> Iterator[Event]:
            for event, number in _numbered(events):
                if number == numbers["at"] or event.mark in ("finish", "usage", "end"):
                    break
                yield event
            yield from extra

        return Arrange(arrange)

    return make


def _numbered(events: Iterable[Event]) -> Iterator[tuple[Event, int]]:
    """Each event with the number of its delta, counted from 0; -1 for those that are none."""
    number = -1
    for event in events:
        number += event.mark == "delta"
        yield event, number if event.mark == "delta" else -1


def _error_choice(numbers: Numbers) -> Act:
    """The chunk after some deltas finishes by an error; then the stream ends as if all were well."""

    def arrange(events: Iterable[Event]) -> Iterator[Event]:
        failed = False
        for event, number in _numbered(events):
            if number == numbers["at"] or (event.mark == "finish" and not failed):
                failed = True
                yield _finished(event, "error")
            elif not failed or event.mark == "end":
                yield event

    return Arrange(arrange)


def _finished(event: Event, reason: str) -> Event:
    value: Any = deepcopy(event.value)
    for choice in value.get("choices", []):
        choice |= {"delta": {}, "finish_reason": reason}
    return event._replace(value=value, mark="finish")


def _last_delta_after(mark: Mark) -> Arranging:
    """The last delta waits until after the event of this mark."""

    def arrange(events: Iterable[Event]) -> Iterator[Event]:
        kept: Event | None = None
        for event in events:
            if event.mark == "delta":
                if kept is not None:
                    yield kept
                kept = event
            else:
                yield event
                if event.mark == mark and kept is not None:
                    yield kept
                    kept = None

    return arrange


def _word_after_end(events: Iterable[Event]) -> Iterator[Event]:
    """The first delta once more, after the end mark: nobody may read on so far."""
    first: Event | None = None
    for event in events:
        first = event if first is None and event.mark == "delta" else first
        yield event
    if first is not None:
        yield first


def _finish_with_last_delta(events: Iterable[Event]) -> Iterator[Event]:
    """The last word and the reason to finish in one chunk."""
    kept: Event | None = None
    for event in events:
        if event.mark == "finish" and kept is not None and isinstance(event.value, dict):
            finish = [choice | {"delta": {}} for choice in event.value["choices"]]
            value: Any = deepcopy(kept.value)
            for choice, end in zip(value["choices"], finish, strict=False):
                choice |= {key: part for key, part in end.items() if key != "delta"}
            yield kept._replace(value=value, mark="finish")
            kept = None
            continue
        if kept is not None:
            yield kept
        kept = event if event.mark == "delta" else None
        if kept is None:
            yield event
    if kept is not None:
        yield kept


def _empty_deltas(numbers: Numbers) -> Act:
    def arrange(events: Iterable[Event]) -> Iterator[Event]:
        for event, number in _numbered(events):
            if number == min(numbers["at"], 1):
                blank = event._replace(value=_blank(event.value), mark="other")
                yield from (blank for _ in range(numbers["count"]))
            yield event

    return Arrange(arrange)


def _blank(value: Any) -> Any:
    if isinstance(value, list):
        return [_blank(part) for part in value]
    if not isinstance(value, dict):
        return value
    return {key: "" if key in _TEXTS and isinstance(part, str) else _blank(part) for key, part in value.items()}


def _nothings(events: Iterable[Event]) -> Iterator[Event]:
    """Before the first delta events that mean nothing."""
    for event, number in _numbered(events):
        if number == 0:
            yield from (Event("null"), Event("{}"), Event("[]"), Event(""), Event('{"object":"keepalive"}'))
        yield event


def _commented(events: Iterable[Event]) -> Iterator[Event]:
    for event in events:
        yield Event("still here", "comment")
        yield event


def _only_comments(events: Iterable[Event]) -> Iterator[Event]:
    yield from (Event("still here", "comment") for _ in range(5))


def _filter_first(events: Iterable[Event]) -> Iterator[Event]:
    yield Event({"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": []})
    yield from events


def _murmur(numbers: Numbers) -> Act:
    return Break("murmur", numbers["at"])


ROWS: Final = (
    Row(
        "error_in_200",
        "An error under 200, as a body of JSON.",
        "body",
        "nothing",
        always(Refuse("server_error", status=200)),
        always(Refuse("server_error", status=200)),
    ),
    Row("error_first", "The first event is an error.", "stream", "nothing", stream=always(Break("error_event", None))),
    _error("error_event", "An error as an event after some deltas; then the end.", lambda n: Break("error_event", n["at"])),
    _error(
        "error_overloaded",
        "An error that says overloaded, as an event after some deltas.",
        lambda n: Break("error_event", n["at"], cause="overloaded"),
    ),
    Row(
        "error_choice",
        "A choice that finishes with `error` after some deltas, and then an end as if all were well.",
        "stream",
        "part",
        stream=_error_choice,
        numbers=_AT,
        dialects=OPENAI_LIKE,
    ),
    Row(
        "error_string",
        "An error that is only a text in an event's `error`, after some deltas.",
        "stream",
        "part",
        stream=_ended_by(Event({"error": "the engine went away"})),
        numbers=_AT,
    ),
    Row(
        "error_text",
        "An event that is no JSON but an error in words, after some deltas.",
        "stream",
        "part",
        stream=_ended_by(Event("error: the engine went away")),
        numbers=_AT,
    ),
    Row(
        "error_done",
        "An error as an event after some deltas, and then [DONE] as if all were well.",
        "stream",
        "part",
        stream=_ended_by(Event({"error": {"message": "the engine went away", "code": 500}}), Event("[DONE]", "end")),
        numbers=_AT,
        dialects=OPENAI_LIKE,
    ),
    Row(
        "garbled_event",
        "An event of half a JSON after some deltas; the stream goes on after it.",
        "stream",
        "part",
        stream=lambda n: Arrange(_put(Event('{"id": "x", "choi'), n["at"])),
        numbers=_AT,
    ),
    _row("no_done", "Everything but the end mark.", _without("end"), dialects=_WITH_END_MARK),
    _row("no_finish", "Everything but the reason to finish.", _without("finish"), dialects=_WITH_END_MARK),
    _row("word_after_end", "The first word once more after the end mark.", _word_after_end, dialects=_WITH_END_MARK),
    _row(
        "content_after_finish", "The last word after the reason to finish.", _last_delta_after("finish"), dialects=OPENAI_LIKE
    ),
    _row(
        "finish_with_content",
        "The last word and the reason to finish in one chunk.",
        _finish_with_last_delta,
        dialects=OPENAI_LIKE,
    ),
    _row("finish_repeated", "The reason to finish twice.", _twice("finish")),
    _row("end_repeated", "The end mark twice.", _twice("end"), dialects=_WITH_END_MARK),
    _row("start_repeated", "The opening chunk twice.", _twice("start"), dialects=_WITH_END_MARK),
    _row("start_missing", "No opening chunk: the first one speaks already.", _without("start"), dialects=_WITH_END_MARK),
    _row("deltas_doubled", "Every word twice, as if it were meant.", _twice("delta"), "wrong"),
    Row(
        "empty_deltas",
        "Ten thousand deltas with nothing in them after the first one.",
        "stream",
        "whole",
        stream=_empty_deltas,
        numbers={"at": 1, "count": 10_000},
    ),
    _row("nothings", "Events that mean nothing before the first word: null, {}, [], no data.", _nothings),
    _row("filter_first", "A first chunk without choices, about the prompt.", _filter_first, dialects=OPENAI_LIKE),
    _row("comments", "A comment before every event.", _commented),
    _row("comments_only", "A few comments, and the end.", _only_comments, "nothing"),
    Row(
        "murmur",
        "Comments for ever after some deltas, and never another event.",
        "stream",
        "part",
        stream=_murmur,
        numbers=_AT,
    ),
    Row("murmur_first", "Comments for ever, and never an event.", "stream", "nothing", stream=always(Break("murmur", None))),
    Row("json_for_stream", "A whole answer as JSON where a stream was asked for.", "body", "whole", stream=always(Swap())),
    Row(
        "stream_for_json",
        "A stream where a whole answer was asked for.",
        "body",
        "whole",
        whole=always(Swap()),
    ),
)
