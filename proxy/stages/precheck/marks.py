"""Runs rules over a reading: which of them speak, and where; weighs nothing."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from re import Match, Pattern
from typing import Final, NamedTuple

from proxy.domain.verdict import Rule, Span
from proxy.stages.precheck.clues import Beginning, Lead, clues
from proxy.stages.precheck.places import places
from proxy.stages.precheck.reading import Reading
from proxy.stages.precheck.validators import VALIDATORS, Validator
from proxy.stages.precheck.wording import Wording

# How many suspicions of one rule are looked at before it is taken to be silent.
MATCHES_MAX: Final = 64
_ESCAPED: Final = re.compile(r"\\.")


class Mark(NamedTuple):
    """A rule that spoke, and its first place."""

    rule: Rule
    span: Span


class Trial(NamedTuple):
    """A rule made ready: `match` tries it at one place."""

    rule: Rule
    match: Callable[[str, int], Match[str] | None]
    begins: Beginning
    validator: Validator | None


class Call(NamedTuple):
    """What a key of a text does: it sets bits, and says how rules that begin with it do, by their numbers."""

    bits: int
    leads: tuple[tuple[int, Lead], ...]


class RuleSet(NamedTuple):
    """Rules made ready, and what calls them in a text, as bits. They lie in layers of one bit a rule: the first layer says that
    a rule's first group is there, the second that its second is, and so on, so that all layers together say which rules are
    worth a try. Words and signs call (`calls`), few letters that a word begins with (`short`), how the text begins
    (`openings`), or nothing (`always`)."""

    trials: Sequence[Trial]
    calls: Mapping[str, Call]
    short: Mapping[str, Call]
    openings: Mapping[str, int]
    always: int
    layers: Sequence[int]
    called: frozenset[str]
    shortly_called: frozenset[str]

    def called_by(self, wording: Wording) -> tuple[int, Mapping[int, Sequence[Lead]]]:
        """The rules of which a text has all groups, as bits, and how it says that rules begin."""
        seen, begun = self.always, defaultdict[int, list[Lead]](list)
        calls = [self.calls[key] for key in wording.among(self.called)]
        calls += [self.short[stem] for stem in wording.short_stems_among(self.shortly_called)]
        for bits, leads in calls:
            seen |= bits
            for number, lead in leads:
                begun[number].append(lead)
        for key in wording.opening:
            seen |= self.openings.get(key, 0)
        called = seen
        for shift in self.layers:
            called &= seen >> shift
        return called, begun


NOBODY: Final = Call(0, ())


def rule_set(rules: Sequence[Rule]) -> RuleSet:
    """Works out once what every later reading needs of these rules, so that no call waits for it."""
    calls: dict[str, Call] = defaultdict(lambda: NOBODY)
    short: dict[str, Call] = defaultdict(lambda: NOBODY)
    openings: dict[str, int] = defaultdict(int)
    trials: list[Trial] = []
    known = [clues(rule.pattern.pattern) for rule in rules]
    layers = [len(rules) * layer for layer in range(max([1, *(len(clue.groups) + clue.opens for clue in known)]))]
    always = 0
    for number, (rule, clue) in enumerate(zip(rules, known, strict=True)):
        bits = [1 << number + layer for layer in layers]
        for key in clue.groups[0].keys if clue.opens else ():
            openings[key] |= bits[0]
        first = clue.groups[0] if clue.begins == "group" else None
        for group, bit in zip(clue.groups, bits[clue.opens :], strict=False):
            begun = number if group is first else None
            _note(group.keys, bit, begun, calls)
            _note(group.short, bit, begun, short)
        always |= sum(bits[len(clue.groups) + clue.opens :])
        trials.append(Trial(rule, rule.pattern.match, clue.begins, VALIDATORS.get(rule.validator or "")))
    return RuleSet(trials, dict(calls), dict(short), dict(openings), always, layers[1:], frozenset(calls), frozenset(short))


def every(rules: Sequence[Rule]) -> int:
    """The bits of rules that come first in a set."""
    return (1 << len(rules)) - 1


def compiled(pattern: str) -> Pattern[str]:
    """A rule's pattern, blind to case. Texts are read in lower case, so only one that names capital letters has to be told so,
    and the others take half the time. Raises re.error."""
    names_capitals = any(character.isupper() for character in _ESCAPED.sub("", pattern))
    return re.compile(pattern, re.IGNORECASE if names_capitals else 0)


def find_marks(reading: Reading, wording: Wording, ready: RuleSet, among: int) -> list[Mark]:
    """Every rule that matches, of those whose bits are `among` these, with its first valid match; `wording` is that of the
    reading's text."""
    if not reading.text:
        return []
    found = []
    for trial, leads in worth_a_try(wording, ready, among):
        starts = places(trial.begins, leads, wording)
        if (starts is None or starts) and (span := _first(trial, starts, reading, wording.text)):
            found.append(Mark(trial.rule, span))
    return found


def worth_a_try(wording: Wording, ready: RuleSet, among: int) -> list[tuple[Trial, Sequence[Lead]]]:
    """The rules for which all is there that they must find, in their order, and the leads that the text calls."""
    seen, leads = ready.called_by(wording)
    found, called = [], bin(seen & among)[:1:-1]
    number = called.find("1")
    while number >= 0:
        trial = ready.trials[number]
        validator = trial.validator
        if validator is None or wording.count(validator.needs) >= validator.least:
            found.append((trial, leads.get(number, ())))
        number = called.find("1", number + 1)
    return found


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


def _note(leads: Mapping[str, Lead], does: int, begun: int | None, calls: dict[str, Call]) -> None:
    """That a group's keys do this as well; they say how rule `begun` begins, if that is by this group."""
    for key, lead in leads.items():
        bits, known = calls[key]
        calls[key] = Call(bits | does, known if begun is None else (*known, (begun, lead)))
