"""Runs rules over a reading: which of them speak, and where; weighs nothing."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from re import Match
from typing import Final, NamedTuple

from proxy.domain.pattern import Pattern, checked
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
    """A rule made ready: `pattern` tries it at a place, `needs` has a bit for each group of words it must find."""

    rule: Rule
    pattern: Pattern
    begins: Beginning
    validator: Validator | None
    needs: int


class Call(NamedTuple):
    """What a key of a text does: it sets bits, and says how rules that begin with it do, by their numbers."""

    bits: int
    leads: tuple[tuple[int, Lead], ...]


class RuleSet(NamedTuple):
    """Rules made ready, and what calls them in a text, as bits: the lowest, one a rule, say that its rarest group is there,
    those above them that another group is. Words and signs call (`calls`), few letters that a word begins with (`short`),
    how the text begins (`openings`), or nothing (`always`)."""

    trials: Sequence[Trial]
    calls: Mapping[str, Call]
    short: Mapping[str, Call]
    openings: Mapping[str, int]
    always: int
    called: frozenset[str]
    shortly_called: frozenset[str]

    def called_by(self, wording: Wording) -> tuple[int, Mapping[int, Sequence[Lead]]]:
        """What a text calls, as bits, and how it says that rules begin."""
        seen, begun = self.always, dict[int, list[Lead]]()
        calls = [self.calls[key] for key in wording.among(self.called)]
        calls += [self.short[stem] for stem in wording.short_stems_among(self.shortly_called)]
        for bits, leads in calls:
            seen |= bits
            for number, lead in leads:
                if number in begun:
                    begun[number].append(lead)
                else:
                    begun[number] = [lead]
        for key in wording.opening:
            if key in self.openings:
                seen |= self.openings[key]
        return seen, begun


NOBODY: Final = Call(0, ())


def rule_set(rules: Sequence[Rule]) -> RuleSet:
    """Works out once what every later reading needs of these rules, so that no call waits for it."""
    calls: dict[str, Call] = defaultdict(lambda: NOBODY)
    short: dict[str, Call] = defaultdict(lambda: NOBODY)
    openings: dict[str, int] = defaultdict(int)
    trials: list[Trial] = []
    always, bit = 0, 1 << len(rules)
    for number, rule in enumerate(rules):
        known, own = clues(rule.pattern.pattern), 1 << number
        caller = None if known.opens else min(known.groups, key=_size, default=None)
        first = known.groups[0] if known.begins == "group" else None
        needs = 0
        for group in known.groups:
            does, bit = (own, bit) if group is caller else (bit, bit << 1)
            begun = number if group is first else None
            _note(group.keys, does, begun, calls)
            _note(group.short, does, begun, short)
            needs |= does
        for key in known.groups[0].keys if known.opens else ():
            openings[key] |= own
        always |= 0 if known.opens or caller else own
        trials.append(Trial(rule, rule.pattern, known.begins, VALIDATORS.get(rule.validator or ""), needs))
    return RuleSet(trials, dict(calls), dict(short), dict(openings), always, frozenset(calls), frozenset(short))


def every(rules: Sequence[Rule]) -> int:
    """The bits of rules that come first in a set."""
    return (1 << len(rules)) - 1


def pattern_of(text: str) -> Pattern:
    """A rule's pattern, blind to case. Texts are read in lower case, so only one that names capital letters has to be told so,
    and the others take half the time. Raises re.error."""
    names_capitals = any(character.isupper() for character in _ESCAPED.sub("", text))
    return checked(text, re.IGNORECASE if names_capitals else 0)


def find_marks(reading: Reading, wording: Wording, ready: RuleSet, among: int) -> list[Mark]:
    """Every rule that matches, of those whose bits are `among` these, with its first valid match; `wording` is that of the
    reading's text."""
    if not reading.text:
        return []
    found = []
    for trial, leads in worth_a_try(wording, ready, among):
        span = _first(trial, places(trial.begins, leads, wording), reading, wording.text)
        if span is not None:
            found.append(Mark(trial.rule, span))
    return found


def worth_a_try(wording: Wording, ready: RuleSet, among: int) -> Iterator[tuple[Trial, Sequence[Lead]]]:
    """The rules for which all is there that they must find, in their order, and the leads that the text calls."""
    seen, leads = ready.called_by(wording)
    missing, called = ~seen, bin(seen & among)[:1:-1]
    number = called.find("1")
    while number >= 0:
        trial = ready.trials[number]
        _, _, _, validator, needs = trial
        if not needs & missing and (validator is None or wording.count(validator.needs) >= validator.least):
            yield trial, leads.get(number, ())
        number = called.find("1", number + 1)


def _first(trial: Trial, starts: Sequence[int] | None, reading: Reading, text: str) -> Span | None:
    """Where the rule matches first, and validly."""
    if starts is None:
        matches = islice(trial.pattern.finditer(text), MATCHES_MAX)
        return next(filter(None, (_span(trial, match, reading) for match in matches)), None)
    tried = trial.pattern.match
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


def _size(group: Group) -> int:
    """How often a group calls its rule, roughly: a digit is in most texts, few letters begin many words."""
    return len(group.keys) + 8 * len(group.short) + 1_000 * (DIGIT in group.keys) + 100 * (LINE_BREAK in group.keys)
