"""Runs rules over a reading: which of them speak, and where; weighs nothing."""

from collections.abc import Iterator, Sequence
from itertools import islice
from re import Match
from typing import Final, NamedTuple

from proxy.domain.verdict import Rule, Span
from proxy.stages.precheck.clues import clues, stems
from proxy.stages.precheck.places import Places
from proxy.stages.precheck.reading import Reading
from proxy.stages.precheck.validators import VALIDATORS

# How many suspicions of one rule are looked at before it is taken to be silent.
MATCHES_MAX: Final = 64


class Mark(NamedTuple):
    """A rule that spoke, and its first place."""

    rule: Rule
    span: Span


def find_marks(reading: Reading, rules: Sequence[Rule]) -> list[Mark]:
    """Every rule that matches, with its first valid match."""
    if not reading.text:
        return []
    places = Places(reading.text, stems(tuple(rule.pattern.pattern for rule in rules)))
    found = []
    for rule in rules:
        starts = _starts(rule, places)
        span = None if starts == () else next(_spans(reading, rule, starts), None)
        if span is not None:
            found.append(Mark(rule, span))
    return found


def _starts(rule: Rule, places: Places) -> Sequence[int] | None:
    if rule.validator is not None:
        validator = VALIDATORS[rule.validator]
        if places.count(validator.needs) < validator.least:
            return ()
    return places.worth_a_try(clues(rule.pattern.pattern))


def _spans(reading: Reading, rule: Rule, starts: Sequence[int] | None) -> Iterator[Span]:
    accepts = None if rule.validator is None else VALIDATORS[rule.validator].accepts
    for match in islice(_matches(reading.text, rule, starts), MATCHES_MAX):
        if accepts is None or accepts(match.group()):
            span = reading.span(rule.id, match.start(), match.end())
            if span is not None:
                yield span


def _matches(text: str, rule: Rule, starts: Sequence[int] | None) -> Iterator[Match[str]]:
    if starts is None:
        return rule.pattern.finditer(text)
    return (match for start in starts if (match := rule.pattern.match(text, start)))
