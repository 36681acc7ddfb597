"""Runs rules over a reading: which of them speak, and where; weighs nothing."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from re import Match, Pattern
from typing import Final, NamedTuple

from proxy.domain.verdict import Rule, Span
from proxy.stages.precheck.clues import clues, stems
from proxy.stages.precheck.places import Places
from proxy.stages.precheck.reading import Reading
from proxy.stages.precheck.validators import VALIDATORS

# How many suspicions of one rule are looked at before it is taken to be silent.
MATCHES_MAX: Final = 64
_ESCAPED: Final = re.compile(r"\\.")


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
        if starts == ():
            continue
        spans = (reading.span(rule.id, start, end) for start, end in _confirmed(rule, places.text, starts))
        span = next((span for span in spans if span is not None), None)
        if span is not None:
            found.append(Mark(rule, span))
    return found


def _starts(rule: Rule, places: Places) -> Sequence[int] | None:
    if rule.validator is not None:
        validator = VALIDATORS[rule.validator]
        if places.count(validator.needs) < validator.least:
            return ()
    return places.worth_a_try(clues(rule.pattern.pattern))


def _confirmed(rule: Rule, text: str, starts: Sequence[int] | None) -> Iterator[tuple[int, int]]:
    accepts = None if rule.validator is None else VALIDATORS[rule.validator].accepts
    for match in islice(_matches(rule.pattern, text, starts), MATCHES_MAX):
        if accepts is None or accepts(match.group()):
            yield match.span()


def prepare_rules(rules: Iterable[Rule]) -> None:
    """Works out once what every later reading needs of these rules, so that no call waits for it."""
    for rule in rules:
        clues(rule.pattern.pattern)
        _for_lower_case(rule.pattern.pattern, rule.pattern.flags)


def _matches(pattern: Pattern[str], text: str, starts: Sequence[int] | None) -> Iterator[Match[str]]:
    faster = _for_lower_case(pattern.pattern, pattern.flags)
    if starts is None:
        return faster.finditer(text)
    return (match for start in starts if (match := faster.match(text, start)))


@lru_cache(maxsize=4_096)
def _for_lower_case(pattern: str, flags: int) -> Pattern[str]:
    """The pattern for a text that is lower-case already: half the time, where the pattern names no capital letter."""
    if any(character.isupper() for character in _ESCAPED.sub("", pattern)):
        return re.compile(pattern, flags)
    return re.compile(pattern, flags & ~re.IGNORECASE)
