"""Runs rules over a reading: which of them speak, and where; weighs nothing."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import reduce
from itertools import islice
from operator import or_
from re import Match, Pattern
from typing import Final, NamedTuple

from proxy.domain.verdict import Rule, Span
from proxy.stages.precheck.clues import LINE_BREAK, Beginning, Clues, Group, Lead, clues
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
    """A rule made ready: `match` tries it at one place, `needs` has a bit for each group of words it must find, `leads` say how
    it begins, by the keys of its first group, if it begins with that."""

    rule: Rule
    match: Callable[[str, int], Match[str] | None]
    begins: Beginning
    validator: Validator | None
    needs: int
    leads: Mapping[str, Lead]


class RuleSet(NamedTuple):
    """Rules made ready, and what calls them in a text, as bits: the lowest, one a rule, say that its rarest group is there, those
    above them that another group is. Words and signs call (`calls`), few letters that a word begins with (`short`), how the
    text begins (`openings`), or nothing (`always`)."""

    trials: Sequence[Trial]
    calls: Mapping[str, int]
    short: Mapping[str, int]
    openings: Mapping[str, int]
    always: int

    def called_by(self, wording: Wording) -> tuple[int, Set[str]]:
        """What a text calls, as bits, and by which keys; those of few letters end in `~`."""
        keys = wording.among(self.calls.keys())
        stems = wording.short_stems_among(self.short.keys())
        seen = reduce(or_, map(self.calls.__getitem__, keys), self.always)
        for stem in stems:
            seen |= self.short[stem]
            keys.add(f"{stem}~")
        for opening in wording.opening:
            seen |= self.openings.get(opening, 0)
        return seen, keys


def rule_set(rules: Sequence[Rule]) -> RuleSet:
    """Works out once what every later reading needs of these rules, so that no call waits for it."""
    calls: dict[str, int] = defaultdict(int)
    short: dict[str, int] = defaultdict(int)
    openings: dict[str, int] = defaultdict(int)
    trials: list[Trial] = []
    always, bit = 0, 1 << len(rules)
    for number, rule in enumerate(rules):
        known, own = clues(rule.pattern.pattern), 1 << number
        caller = None if known.opens else min(known.groups, key=_size, default=None)
        needs = 0
        for group in known.groups:
            does, bit = (own, bit) if group is caller else (bit, bit << 1)
            for key in group.keys:
                calls[key] |= does
            for key in group.short:
                short[key] |= does
            needs |= does
        for key in known.groups[0].keys if known.opens else ():
            openings[key] |= own
        always |= 0 if known.opens or caller else own
        validator = VALIDATORS.get(rule.validator or "")
        trials.append(Trial(rule, rule.pattern.match, known.begins, validator, needs, _leads(known)))
    return RuleSet(trials, dict(calls), dict(short), dict(openings), always)


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
        span = _first(trial, places(trial.begins, leads, wording), reading, wording.text)
        if span is not None:
            found.append(Mark(trial.rule, span))
    return found


def worth_a_try(wording: Wording, ready: RuleSet, among: int) -> Iterator[tuple[Trial, Sequence[Lead]]]:
    """The rules for which all is there that they must find, in their order, and the leads that the text calls."""
    seen, keys = ready.called_by(wording)
    called = seen & among
    while called:
        trial = ready.trials[(called & -called).bit_length() - 1]
        called &= called - 1
        _, _, _, validator, needs, leads = trial
        if seen & needs == needs and (validator is None or wording.count(validator.needs) >= validator.least):
            yield trial, [leads[key] for key in leads.keys() & keys]


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


def _leads(known: Clues) -> Mapping[str, Lead]:
    if known.begins != "group":
        return {}
    first = known.groups[0]
    return {**first.keys, **{f"{key}~": lead for key, lead in first.short.items()}}


def _size(group: Group) -> int:
    """How often a group calls its rule, roughly: a digit is in most texts, few letters begin many words."""
    return len(group.keys) + 8 * len(group.short) + 1_000 * (DIGIT in group.keys) + 100 * (LINE_BREAK in group.keys)
