"""Runs rules over a reading: which of them speak, and where; weighs nothing."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from itertools import islice
from re import Match, Pattern
from typing import Final, NamedTuple

from proxy.domain.verdict import Rule, Span
from proxy.stages.precheck.clues import Group, clues, stems
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


class Index(NamedTuple):
    """Which rules are worth a try, by number: those that a stem of the text calls, and those that need none.
    `needs` are the groups of each rule of which one stem must occur."""

    by_stem: Mapping[str, Sequence[int]]
    always: Sequence[int]
    needs: Sequence[Sequence[Set[str]]]

    def called(self, found: Set[str]) -> Sequence[int]:
        numbers = set(self.always)
        for stem in found & self.by_stem.keys():
            numbers.update(self.by_stem[stem])
        return sorted(number for number in numbers if not any(map(found.isdisjoint, self.needs[number])))


class RuleSet(NamedTuple):
    """Rules made ready: the stems they look for, and an index of them for texts that are ASCII and for all others."""

    rules: Sequence[Rule]
    wanted: Set[str]
    ascii: Index
    other: Index


def rule_set(rules: Sequence[Rule]) -> RuleSet:
    """Works out once what every later reading needs of these rules, so that no call waits for it."""
    for rule in rules:
        _for_lower_case(rule.pattern.pattern, rule.pattern.flags)
    wanted = stems(tuple(rule.pattern.pattern for rule in rules))
    return RuleSet(rules, wanted, _index(rules, _sure_in_ascii), _index(rules, _sure))


def find_marks(reading: Reading, ready: RuleSet) -> list[Mark]:
    """Every rule that matches, with its first valid match."""
    if not reading.text:
        return []
    places = Places(reading.text, ready.wanted)
    found = []
    for number in (ready.ascii if places.is_ascii else ready.other).called(places.stems):
        rule = ready.rules[number]
        starts = _starts(rule, places)
        if starts == ():
            continue
        spans = (reading.span(rule.id, start, end) for start, end in _confirmed(rule, places.text, starts))
        span = next((span for span in spans if span is not None), None)
        if span is not None:
            found.append(Mark(rule, span))
    return found


def _index(rules: Sequence[Rule], is_sure: Callable[[Group], bool]) -> Index:
    """A rule is called by the stems of one group that must match and that only stems can begin."""
    by_stem: dict[str, list[int]] = defaultdict(list)
    always = []
    for number, rule in enumerate(rules):
        callers = min((group.stems for group in clues(rule.pattern.pattern).groups if is_sure(group)), key=len, default=None)
        if callers is None:
            always.append(number)
        for stem in callers or ():
            by_stem[stem].append(number)
    needs = [[group.stems for group in clues(rule.pattern.pattern).groups if is_sure(group)] for rule in rules]
    return Index(by_stem, always, needs)


def _sure(group: Group) -> bool:
    return not group.loose


def _sure_in_ascii(group: Group) -> bool:
    return not any(text.isascii() for text in group.loose)


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
