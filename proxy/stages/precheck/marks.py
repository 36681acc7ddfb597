"""Runs rules over a reading: which of them speak, and where; weighs nothing."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import islice, repeat
from re import Match, Pattern
from typing import Final, NamedTuple

from proxy.domain.verdict import Rule, Span
from proxy.stages.precheck.clues import LINE_BREAK, Clues, Group, clues
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
    """A rule made ready: `needs` has a bit for each group of words it must find."""

    rule: Rule
    clues: Clues
    validator: Validator | None
    needs: int


class Call(NamedTuple):
    """What a key of a text does: the groups it satisfies, as bits, and the rules it calls, by their numbers."""

    groups: int
    rules: tuple[int, ...]


class RuleSet(NamedTuple):
    """Rules made ready, by what of a text calls them: its words and signs, few letters that a word begins with (`short`), how
    the text begins (`openings`), or nothing (`always`)."""

    trials: Sequence[Trial]
    calls: Mapping[str, Call]
    short: Mapping[str, Call]
    openings: Mapping[str, tuple[int, ...]]
    always: Sequence[int]

    def called(self, keys: Set[str], short: Set[str], opening: Iterable[str]) -> Sequence[Trial]:
        """The rules worth a try in a text with these keys, in their order: all that they must find is there."""
        numbers, seen = set(self.always), 0
        for call in (*map(self.calls.__getitem__, keys), *map(self.short.__getitem__, short)):
            seen |= call.groups
            numbers.update(call.rules)
        for rules in filter(None, map(self.openings.get, opening)):
            numbers.update(rules)
        return [trial for trial in map(self.trials.__getitem__, sorted(numbers)) if seen & trial.needs == trial.needs]


NOBODY: Final = Call(0, ())


def rule_set(rules: Sequence[Rule]) -> RuleSet:
    """Works out once what every later reading needs of these rules, so that no call waits for it."""
    calls: dict[str, Call] = defaultdict(lambda: NOBODY)
    short: dict[str, Call] = defaultdict(lambda: NOBODY)
    openings: dict[str, tuple[int, ...]] = defaultdict(tuple)
    trials: list[Trial] = []
    always, bit = [], 1
    for number, rule in enumerate(rules):
        known = clues(rule.pattern.pattern)
        caller = None if known.opens else min(known.groups, key=_size, default=None)
        needs = 0
        for group in known.groups:
            called = (number,) if group is caller else ()
            _note(group.keys, Call(bit, called), calls)
            _note(group.short, Call(bit, called), short)
            needs, bit = needs | bit, bit << 1
        if known.opens:
            for key in known.groups[0].keys:
                openings[key] += (number,)
        elif caller is None:
            always.append(number)
        trials.append(Trial(rule, known, VALIDATORS.get(rule.validator or ""), needs))
    return RuleSet(trials, dict(calls), dict(short), dict(openings), always)


def compiled(pattern: str) -> Pattern[str]:
    """A rule's pattern, blind to case. Texts are read in lower case, so only one that names capital letters has to be told so,
    and the others take half the time. Raises re.error."""
    names_capitals = any(character.isupper() for character in _ESCAPED.sub("", pattern))
    return re.compile(pattern, re.IGNORECASE if names_capitals else 0)


def find_marks(reading: Reading, wording: Wording, ready: RuleSet) -> list[Mark]:
    """Every rule that matches, with its first valid match; `wording` is that of the reading's text."""
    if not reading.text:
        return []
    keys, short = wording.calling(ready.calls), wording.short_stems_among(ready.short)
    found = []
    for trial in ready.called(keys, short, wording.opening):
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
        matches = islice(trial.rule.pattern.finditer(text), MATCHES_MAX)
    else:
        matches = filter(None, map(trial.rule.pattern.match, repeat(text), starts))
    for match in matches:
        if validator is None or validator.accepts(match.group()):
            span = reading.span(trial.rule.id, match.start(), match.end())
            if span is not None:
                return span
    return None


def _note(keys: Iterable[str], call: Call, calls: dict[str, Call]) -> None:
    for key in keys:
        known = calls[key]
        calls[key] = Call(known.groups | call.groups, known.rules + call.rules)


def _size(group: Group) -> int:
    """How often a group calls its rule, roughly: a digit is in most texts, few letters begin many words."""
    return len(group.keys) + 8 * len(group.short) + 1_000 * (DIGIT in group.keys) + 100 * (LINE_BREAK in group.keys)
