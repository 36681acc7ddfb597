"""Examples in, a verdict on each by weights that never saw it out: in five random folds, or source by source."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from proxy.domain.chat import Chat
from proxy.domain.verdict import RuleBook, Verdict, Weights
from proxy.stages.precheck import check
from tests import builders
from tests.evals.prompts import Example
from tests.evals.recipe import Read, confidence_of, may_train, risk_tables, risky, task_tables, thresholds_of, weights

FOLDS: Final = 5
SEED: Final = 5

Verdicts = Mapping[str, Verdict]


def plain(own: Sequence[Read], others: Sequence[Read], book: RuleBook, tell: Callable[[str], None]) -> Verdicts:
    """Rows of one source stand on both sides of each fold. `own` is what is always learned from."""
    shuffled = list(others)
    random.Random(SEED).shuffle(shuffled)
    verdicts: dict[str, Verdict] = {}
    for number in range(FOLDS):
        held = shuffled[number::FOLDS]
        left = [row for row in others if row not in held and may_train(row.example)]
        verdicts |= _verdicts(held, book, weights([*own, *left], f"fold-{number}"))
        tell(f"fold {number + 1} of {FOLDS}")
    return verdicts


def by_source(own: Sequence[Read], others: Sequence[Read], book: RuleBook, tell: Callable[[str], None]) -> Verdicts:
    """No row of a source is learned from when it is judged, nor one of `own` that comes from there. Sources that never train
    share one model."""
    usable = [row for row in others if may_train(row.example)]
    base = weights([*own, *usable], "all")
    verdicts = dict(_verdicts([row for row in others if not may_train(row.example)], book, base))
    for source in sorted({row.example.source for row in usable}):
        held = [row for row in usable if row.example.source == source]
        left = [row for row in (*own, *usable) if row.example.source != source]
        verdicts |= _verdicts(held, book, _without(held, left, base))
        tell(f"without {source}")
    return verdicts


def _without(held: Sequence[Read], left: Sequence[Read], base: Weights) -> Weights:
    """Only the tables that the held rows are asked about are learned anew."""
    made = base
    if any(row.example.risk for row in held):
        level, hazard = risk_tables(left)
        found = thresholds_of(risky(left))
        made = replace(made, level=level, hazard=hazard, thresholds={**base.thresholds, **found})
    if any(row.example.category or row.example.complexity for row in held):
        category, complexity = task_tables(left)
        thresholds = {**made.thresholds, "category": confidence_of(left)}
        made = replace(made, category=category, complexity=complexity, thresholds=thresholds)
    return made


def _verdicts(rows: Iterable[Read], book: RuleBook, made: Weights) -> dict[str, Verdict]:
    judged = replace(book, weights=made, revision=f"{book.revision}:{made.revision}")
    return {row.example.id: check(_said(row.example), judged) for row in rows}


def _said(example: Example) -> Chat:
    return builders.chat(messages=({"role": "user", "content": example.text},))
