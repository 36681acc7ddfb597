"""Runs rules over a reading: which of them speak, and where; weighs nothing."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from re import Match, Pattern
from typing import Final, NamedTuple

from proxy.domain.verdict import Rule, Span
from proxy.stages.precheck.clues import LINE_BREAK, Beginning, Group, Lead, clues
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
    """A rule made ready: `match` tries it at one place, `needs` has a bit for each group of words it must find."""

    rule: Rule
    match: Callable[[str, int], Match[str] | None]
    begins: Beginning
    validator: Validator | None
    needs: int


class Call(NamedTuple):
    """What a key of a text does: the groups it satisfies, as bits; the rules it calls, by their numbers; and how rules that
    begin with it do."""

    groups: int
    rules: tuple[int, ...]
    leads: tuple[tuple[int, Lead], ...]


class RuleSet(NamedTuple):
    """Rules made ready, by what of a text calls them: its words and signs, few letters that a word begins with (`short`), how
    the text begins (`openings`), or nothing (`always`)."""

    trials: Sequence[Trial]
    calls: Mapping[str, Call]
    short: Mapping[str, Call]
    openings: Mapping[str, tuple[int, ...]]
    always: Sequence[int]
    called: frozenset[str]
    shortly_called: frozenset[str]

    def called_by(self, wording: Wording) -> tuple[set[int], int, Mapping[int, Sequence[Lead]]]:
        """The rules that a text calls, by their numbers; the groups that it satisfies, as bits; and the leads that it calls of
        rules that begin with a group."""
        numbers, seen, begun = set(self.always), 0, dict[int, list[Lead]]()
        calls = [self.calls[key] for key in wording.calling(self.called)]
        calls += [self.short[key] for key in wording.short_stems_among(self.shortly_called)]
        for groups, rules, leads in calls:
            seen |= groups
            numbers.update(rules)
            for number, lead in leads:
                if number in begun:
                    begun[number].append(lead)
                else:
                    begun[number] = [lead]
        for key in wording.opening:
            if key in self.openings:
                numbers.update(self.openings[key])
        return numbers, seen, begun


NOBODY: Final = Call(0, (), ())


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
        first = known.groups[0] if known.begins == "group" else None
        needs = 0
        for group in known.groups:
            called, begun = (number,) if group is caller else (), number if group is first else None
            _note(group.keys, Call(bit, called, ()), begun, calls)
            _note(group.short, Call(bit, called, ()), begun, short)
            needs, bit = needs | bit, bit << 1
        if known.opens:
            for key in known.groups[0].keys:
                openings[key] += (number,)
        elif caller is None:
            always.append(number)
        trials.append(Trial(rule, rule.pattern.match, known.begins, VALIDATORS.get(rule.validator or ""), needs))
    return RuleSet(trials, dict(calls), dict(short), dict(openings), always, frozenset(calls), frozenset(short))


def compiled(pattern: str) -> Pattern[str]:
    """A rule's pattern, blind to case. Texts are read in lower case, so only one that names capital letters has to be told so,
    and the others take half the time. Raises re.error."""
    names_capitals = any(character.isupper() for character in _ESCAPED.sub("", pattern))
    return re.compile(pattern, re.IGNORECASE if names_capitals else 0)


def find_marks(reading: Reading, wording: Wording, ready: RuleSet) -> list[Mark]:
    """Every rule that matches, with its first valid match; `wording` is that of the reading's text."""
    if not reading.text:
        return []
    found = []
    for trial, leads in worth_a_try(wording, ready):
        span = _first(trial, places(trial.begins, leads, wording), reading, wording.text)
        if span is not None:
            found.append(Mark(trial.rule, span))
    return found


def worth_a_try(wording: Wording, ready: RuleSet) -> Iterator[tuple[Trial, Sequence[Lead]]]:
    """The rules for which all is there that they must find, in their order, and the leads that the text calls."""
    numbers, seen, leads = ready.called_by(wording)
    for number in sorted(numbers):
        trial = ready.trials[number]
        _, _, _, validator, needs = trial
        if seen & needs == needs and (validator is None or wording.count(validator.needs) >= validator.least):
            yield trial, leads.get(number, ())


def _first(trial: Trial, starts: Sequence[int] | None, reading: Reading, text: str) -> Span | None:
    """Where the rule matches first, and validly."""
    if starts is None:
        matches = islice(trial.rule.pattern.finditer(text), MATCHES_MAX)
        return next(filter(None, (_span(trial, match, reading) for match in matches)), None)
    tried = trial.match
    for start in starts:
        match = tried(text, start)
        if match is not None:
            span = _span(trial, match, reading)
            if span is not None:
                return span
    return None


def _span(trial: Trial, match: Match[str], reading: Reading) -> Span | None:
    if trial.validator is None or trial.validator.accepts(match.group()):
        return reading.span(trial.rule.id, *match.span())
    return None


def _note(leads: Mapping[str, Lead], call: Call, begun: int | None, calls: dict[str, Call]) -> None:
    """That a group's keys do this as well; they say how rule `begun` begins, if that is by this group."""
    for key, lead in leads.items():
        known, more = calls[key], () if begun is None else ((begun, lead),)
        calls[key] = Call(known.groups | call.groups, known.rules + call.rules, known.leads + more)


def _size(group: Group) -> int:
    """How often a group calls its rule, roughly: a digit is in most texts, few letters begin many words."""
    return len(group.keys) + 8 * len(group.short) + 1_000 * (DIGIT in group.keys) + 100 * (LINE_BREAK in group.keys)
