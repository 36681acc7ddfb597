"""From a checked request and the rules to a Verdict; it reads text and gives back codes and offsets, never the text.

Offsets count in a message's text: its content, or its text parts joined by line breaks.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from proxy.domain.request import Request
from proxy.domain.verdict import Complexity, Risk, RuleBook, Span, Verdict
from proxy.stages.precheck.marks import Mark, RuleSet, find_marks, rule_set
from proxy.stages.precheck.reading import turns, whole
from proxy.stages.precheck.validators import VALIDATORS

__all__ = ["check", "mistakes", "prepare"]

DEFAULT_CATEGORY: Final = "qa"
DEFAULT_FAMILY: Final = "general"
UNSURE: Final = 0.2
# Marks of one hazard add up; below this they are a coincidence of words.
HAZARD_WEIGHT_MIN: Final = 1.0
COMPLEXITY_WEIGHT_MIN: Final = 1.0
# What an earlier turn still says about the last one.
TURN_FACTORS: Final = (1.0, 0.5, 0.25)
SPANS_MAX: Final = 16
_RISKS: Final[Mapping[Risk, int]] = {"safe": 0, "sensitive": 1, "disallowed": 2}
_TASK: Final = ("category", "complexity")


class _Task(NamedTuple):
    category: str
    family: str
    confidence: float


def check(request: Request, book: RuleBook) -> Verdict:
    """What the rules find in a request. The book must be without `mistakes`.

    Category and complexity come from the last human turn and up to two before it, risk from head and tail of every text:
    the worst of the hazards found.
    """
    tasks, dangers = _ready(book)
    asked = [find_marks(turn, tasks) for turn in turns(request.messages)]
    task = _task(asked, book)
    found = _hazards(find_marks(whole(request.messages), dangers))
    return Verdict(
        category=task.category,
        family=task.family,
        complexity=_complexity(_scores("complexity", asked)),
        risk=max((book.risks.get(hazard, "sensitive") for hazard in found), key=_RISKS.__getitem__, default="safe"),
        hazards=tuple(sorted(found)),
        confidence=task.confidence,
        evidence=_evidence(found, asked, task.category),
        recommended_assistant=book.assistants.get(task.family),
        rules_revision=book.revision,
    )


def prepare(book: RuleBook) -> None:
    """Makes a rule book ready, which takes milliseconds; without it the first `check` does."""
    _ready(book)


def mistakes(book: RuleBook) -> tuple[str, ...]:
    """What is wrong with a rule book, one sentence each; for whoever loads it."""
    found = []
    for rule in book.rules:
        if rule.validator is not None and rule.validator not in VALIDATORS:
            found.append(f"rule {rule.id}: there is no validator {rule.validator}")
        if rule.says == "category" and rule.value not in book.families:
            found.append(f"rule {rule.id}: category {rule.value} has no family")
        if rule.says == "complexity" and rule.value not in ("simple", "standard", "hard"):
            found.append(f"rule {rule.id}: there is no complexity {rule.value}")
        if rule.says not in _TASK and rule.value not in book.risks:
            found.append(f"rule {rule.id}: hazard {rule.value} has no risk")
    return tuple(found)


@lru_cache(maxsize=4)
def _ready(book: RuleBook) -> tuple[RuleSet, RuleSet]:
    """What is asked, and what is dangerous about it: the latter is looked for in all that was said."""
    tasks = [rule for rule in book.rules if rule.says in _TASK]
    return rule_set(tasks), rule_set([rule for rule in book.rules if rule.says not in _TASK])


def _task(asked: Sequence[Sequence[Mark]], book: RuleBook) -> _Task:
    """The heaviest category, if it leads every other family by the margin: categories of one family are routed alike."""
    scores = _scores("category", asked)
    ranked = sorted(scores, key=lambda category: (-scores[category], category))
    if ranked:
        best = ranked[0]
        family = book.families.get(best, DEFAULT_FAMILY)
        rival = max((scores[other] for other in ranked if book.families.get(other) != family), default=0.0)
        if scores[best] - rival >= book.category_margin:
            return _Task(best, family, scores[best] / (scores[best] + rival + 1))
    return _Task(DEFAULT_CATEGORY, book.families.get(DEFAULT_CATEGORY, DEFAULT_FAMILY), UNSURE)


def _scores(says: str, asked: Sequence[Sequence[Mark]]) -> Mapping[str, float]:
    scores: dict[str, float] = defaultdict(float)
    for factor, spoken in zip(TURN_FACTORS, asked, strict=False):
        for mark in spoken:
            if mark.rule.says == says:
                scores[mark.rule.value] += factor * mark.rule.weight
    return scores


def _complexity(scores: Mapping[str, float]) -> Complexity:
    lean = scores.get("hard", 0.0) - scores.get("simple", 0.0)
    if abs(lean) < COMPLEXITY_WEIGHT_MIN:
        return "standard"
    return "hard" if lean > 0 else "simple"


def _hazards(spoken: Iterable[Mark]) -> Mapping[str, list[Mark]]:
    by_hazard: dict[str, list[Mark]] = defaultdict(list)
    for mark in spoken:
        by_hazard[mark.rule.value].append(mark)
    return {
        hazard: found for hazard, found in by_hazard.items() if sum(mark.rule.weight for mark in found) >= HAZARD_WEIGHT_MIN
    }


def _evidence(found: Mapping[str, Sequence[Mark]], asked: Sequence[Sequence[Mark]], category: str) -> tuple[Span, ...]:
    """Hazards first: where not all fits, what a reviewer must see is kept."""
    dangers = [mark.span for hazard in sorted(found) for mark in found[hazard]]
    tasks = [mark.span for spoken in asked for mark in spoken if mark.rule.value == category]
    return tuple((dangers + tasks)[:SPANS_MAX])
