"""Runs rules over a reading: which of them speak, and where; weighs nothing."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import lru_cache
from itertools import islice, repeat
from re import Match, Pattern
from typing import Final, NamedTuple

from proxy.domain.verdict import Rule, Span
from proxy.stages.precheck.clues import Clues, Group, clues
from proxy.stages.precheck.places import places
from proxy.stages.precheck.reading import Reading
from proxy.stages.precheck.validators import VALIDATORS, Validator
from proxy.stages.precheck.wording import DIGIT, Wording

# How many suspicions of one rule are looked at before it is taken to be silent.
MATCHES_MAX: Final = 64
_ESCAPED: Final = re.compile(r"\\.")


class Mark(NamedTuple):
    """A rule that spoke, and its first place."""

    rule: Rule
    span: Span


class Trial(NamedTuple):
    """A rule made ready: `pattern` is for lower-case text; `needs` has a bit for each group of words it must find."""

    rule: Rule
    pattern: Pattern[str]
    clues: Clues
    validator: Validator | None
    needs: int


class RuleSet(NamedTuple):
    """Rules made ready, by what of a text calls them. Each key knows the groups it satisfies, as bits, and the rules it calls;
    `always` are the rules that nothing calls."""

    trials: Sequence[Trial]
    groups: Mapping[str, int]
    short_groups: Mapping[str, int]
    callers: Mapping[str, Sequence[int]]
    short_callers: Mapping[str, Sequence[int]]
    always: Sequence[int]

    def called(self, keys: Set[str], short: Set[str]) -> Sequence[Trial]:
        """The rules worth a try in a text with these keys, in their order: all that they must find is there."""
        numbers, seen = set(self.always), 0
        for key in keys:
            seen |= self.groups[key]
            if key in self.callers:
                numbers.update(self.callers[key])
        for key in short:
            seen |= self.short_groups[key]
            if key in self.short_callers:
                numbers.update(self.short_callers[key])
        return [trial for trial in map(self.trials.__getitem__, sorted(numbers)) if seen & trial.needs == trial.needs]


def rule_set(rules: Sequence[Rule]) -> RuleSet:
    """Works out once what every later reading needs of these rules, so that no call waits for it."""
    groups: dict[str, int] = defaultdict(int)
    short_groups: dict[str, int] = defaultdict(int)
    callers: dict[str, list[int]] = defaultdict(list)
    short_callers: dict[str, list[int]] = defaultdict(list)
    trials: list[Trial] = []
    always, bit = [], 1
    for number, rule in enumerate(rules):
        known = clues(rule.pattern.pattern)
        needs = 0
        for group in known.groups:
            _note(group, bit, groups, short_groups)
            needs, bit = needs | bit, bit << 1
        if known.groups:
            caller = min(known.groups, key=_size)
            for key in caller.keys:
                callers[key].append(number)
            for key in caller.short:
                short_callers[key].append(number)
        else:
            always.append(number)
        trials.append(Trial(rule, _for_lower_case(rule.pattern), known, VALIDATORS.get(rule.validator or ""), needs))
    return RuleSet(trials, groups, short_groups, callers, short_callers, always)


def find_marks(reading: Reading, wording: Wording, ready: RuleSet) -> list[Mark]:
    """Every rule that matches, with its first valid match; `wording` is that of the reading's text."""
    if not reading.text:
        return []
    keys, short = wording.calling(ready.groups), wording.short_stems_among(ready.short_groups)
    found = []
    for trial in ready.called(keys, short):
        if trial.validator is not None and wording.count(trial.validator.needs) < trial.validator.least:
            continue
        span = _first(trial, reading, wording.text, places(trial.clues, wording, keys, short))
        if span is not None:
            found.append(Mark(trial.rule, span))
    return found


def _first(trial: Trial, reading: Reading, text: str, starts: Sequence[int] | None) -> Span | None:
    """Where the rule matches first, and validly."""
    validator = trial.validator
    matches: Iterator[Match[str]]
    if starts is None:
        matches = islice(trial.pattern.finditer(text), MATCHES_MAX)
    else:
        matches = filter(None, map(trial.pattern.match, repeat(text), starts))
    for match in matches:
        if validator is None or validator.accepts(match.group()):
            span = reading.span(trial.rule.id, match.start(), match.end())
            if span is not None:
                return span
    return None


def _note(group: Group, bit: int, groups: dict[str, int], short_groups: dict[str, int]) -> None:
    for key in group.keys:
        groups[key] |= bit
    for key in group.short:
        short_groups[key] |= bit


def _size(group: Group) -> int:
    """How often a group calls its rule, roughly: a digit is in most texts, few letters begin many words."""
    return len(group.keys) + 8 * len(group.short) + 1_000 * (DIGIT in group.keys)


@lru_cache(maxsize=4_096)
def _for_lower_case(pattern: Pattern[str]) -> Pattern[str]:
    """The pattern for a text that is lower-case already: half the time, where the pattern names no capital letter."""
    if any(character.isupper() for character in _ESCAPED.sub("", pattern.pattern)):
        return pattern
    return re.compile(pattern.pattern, pattern.flags & ~re.IGNORECASE)
