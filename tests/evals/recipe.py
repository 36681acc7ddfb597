"""Examples in, precheck's Weights with thresholds out; what shapes a weight that ships, and how, is decided here alone."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from proxy.domain.verdict import RuleBook, Table, Weights
from proxy.stages.precheck import judging
from proxy.stages.precheck.features import risk_features, task_features
from proxy.stages.precheck.hinting import hints_of
from proxy.stages.precheck.weighing import Weighed, dilution, heaviest, leads, scores
from tests.evals.figures import is_right
from tests.evals.learning import Recipe, Sample, learn
from tests.evals.prompts import Example
from tests.evals.shared import GRADED_BY_PEOPLE, MAY_SHIP, TWO_MODELS

LEVELS: Final = ("safe", "content", "attack", "sensitive")
COMPLEXITIES: Final = ("simple", "standard", "hard")
# Steps half as wide: what a hundred words say of a category lies so close that their rounding moved verdicts.
TASK: Final = Recipe(epochs=3, rate=0.1, diluted=False, quiet=3, steps=32)
COMPLEXITY: Final = Recipe(epochs=2, rate=0.1, diluted=False, quiet=2)
RISK: Final = Recipe(epochs=6, rate=0.25, diluted=True, quiet=3)
# The name of a hazard is asked for where a level was found, and needs no fine word.
HAZARD: Final = RISK._replace(quiet=6)
# People's prompts weigh more than ours.
SHARED_WEIGHT: Final = 2.0
# What graded prompts weigh by what grades them: a hard prompt that a simple model gets is worse than a simple one that a better
# model gets, and ordinary ones are few.
LEVEL_WEIGHTS: Final = {"simple": 0.75, "standard": 2.0, "hard": 1.0}
# Two models say less than thirteen, and least where both are right: one of four choices is often right by chance.
FEW_MODELS_WEIGHT: Final = 0.7
BOTH_RIGHT_SHARE: Final = 0.4
# Which share of look-alikes each threshold lets through, averaged over their sources.
LOOKALIKES_FLAGGED: Final = {"content": 0.04, "attack": 0.03, "sensitive": 0.06, "block": 0.01}
# A level that hardly leads is no finding: a text of unknown words has almost no score at all. Whoever is blocked wrongly is
# lost; whoever is flagged wrongly is served by another model.
LEAD_MIN: Final = {"content": 0.4, "attack": 0.2, "sensitive": 0.35, "block": 2.6}
BLOCK_ATTACK_MIN: Final = 1.2
INNER_FOLDS: Final = 3
# Which least confidences of a category are tried. A guess less sure than this says no more than that there is none.
CONFIDENCES: Final = tuple(percent / 100 for percent in range(20, 65, 5))


class Read(NamedTuple):
    """An example with its features."""

    example: Example
    task: list[str]
    risk: list[str]
    task_hints: list[str]
    risk_hints: list[str]


def read(examples: Iterable[Example], book: RuleBook) -> list[Read]:
    """The features of each example, as precheck sees it when a user says it."""
    out = []
    for example in examples:
        text = judging.window(example.text)
        hints = hints_of(({"role": "user", "content": example.text},), book)
        out.append(Read(example, task_features(text), risk_features(text), *hints))
    return out


def may_train(example: Example) -> bool:
    return example.source == "own" or example.source in MAY_SHIP


def weights(rows: Sequence[Read], revision: str) -> Weights:
    """Learns from rows that may train, whatever else is among them."""
    usable = [row for row in rows if may_train(row.example)]
    tasks, risks = task_tables(usable), risk_tables(usable)
    thresholds = {"category": confidence_of(usable), **thresholds_of(risky(usable))}
    return Weights(revision, tasks[0], tasks[1], risks[0], risks[1], thresholds)


def task_tables(rows: Sequence[Read]) -> tuple[Table, Table]:
    """What says the category, and what the complexity."""
    return (
        _categories([row for row in rows if row.example.category]),
        _complexities([row for row in rows if row.example.complexity]),
    )


def risk_tables(rows: Sequence[Read]) -> tuple[Table, Table]:
    """What says the level of harm, and what its hazard."""
    return _levels(risky(rows)), _hazards([row for row in rows if row.example.hazard not in (None, "unspecified")])


def risky(rows: Sequence[Read]) -> list[Read]:
    """Rows with a risk; those of others' tasks are ordinary prompts, which are safe."""
    return [row for row in rows if not row.example.graded_only and (row.example.risk or row.example.source != "own")]


def level(example: Example) -> str:
    if example.risk in (None, "safe"):
        return "safe"
    if example.hazard in judging.ATTACKS:
        return "attack"
    return "content" if example.risk == "disallowed" else "sensitive"


def _categories(rows: Sequence[Read]) -> Table:
    classes = tuple(sorted({row.example.category or "" for row in rows}))
    return learn([_task(row, classes.index(row.example.category or "")) for row in rows], classes, TASK)


def _complexities(rows: Sequence[Read]) -> Table:
    return learn([_graded(row) for row in rows], COMPLEXITIES, COMPLEXITY)


def _levels(rows: Sequence[Read]) -> Table:
    return learn([_risk(row, LEVELS.index(level(row.example))) for row in rows], LEVELS, RISK)


def _hazards(rows: Sequence[Read]) -> Table:
    classes = tuple(sorted({row.example.hazard or "" for row in rows}))
    return learn([_risk(row, classes.index(row.example.hazard or "")) for row in rows], classes, HAZARD)


def _task(row: Read, label: int) -> Sample:
    return Sample(row.task, row.task_hints, label, _weight(row))


def _graded(row: Read) -> Sample:
    complexity = row.example.complexity or ""
    weight = LEVEL_WEIGHTS[complexity] * _grader_weight(row.example)
    return Sample(row.task, row.task_hints, COMPLEXITIES.index(complexity), weight)


def _grader_weight(example: Example) -> float:
    if example.source not in TWO_MODELS:
        return SHARED_WEIGHT if example.source == GRADED_BY_PEOPLE else 1.0
    return FEW_MODELS_WEIGHT * (BOTH_RIGHT_SHARE if example.complexity == "simple" else 1.0)


def _risk(row: Read, label: int) -> Sample:
    return Sample(row.risk, row.risk_hints, label, _weight(row))


def _weight(row: Read) -> float:
    return 1.0 if row.example.source == "own" else SHARED_WEIGHT


def confidence_of(rows: Sequence[Read]) -> float:
    """The least confidence of a category, so that most families are right where the others are called general: in sources
    that were not learned from, every source counting alike. Of several, the lowest."""
    found = leanings(rows)
    sources = Counter(example.source for example, _ in found)

    def right(least: float) -> float:
        return sum(is_right(example, said, least) / sources[example.source] for example, said in found)

    return max(CONFIDENCES, key=lambda least: (round(right(least), 6), -least))


def leanings(rows: Sequence[Read]) -> list[tuple[Example, Weighed]]:
    """What weights say of the category of each row of others that never saw a row of its source."""
    tasks = [row for row in rows if row.example.category]
    sources = sorted({row.example.source for row in tasks if row.example.source != "own"})
    found: list[tuple[Example, Weighed]] = []
    for number in range(min(INNER_FOLDS, len(sources))):
        held = set(sources[number::INNER_FOLDS])
        table = _categories([row for row in tasks if row.example.source not in held and may_train(row.example)])
        asked = [row for row in tasks if row.example.source in held]
        found += [(row.example, heaviest(table, scores(table, row.task, row.task_hints))) for row in asked]
    return found


def thresholds_of(rows: Sequence[Read]) -> dict[str, float]:
    """What look-alikes of sources that were not learned from lead by, at most, but for the share that may pass."""
    sources = sorted({row.example.source for row in rows if row.example.source != "own"})
    fold = {id(row): (sources.index(row.example.source) if row.example.source in sources else index) % INNER_FOLDS
            for index, row in enumerate(rows)}  # fmt: skip
    found: list[tuple[str, dict[str, float]]] = []
    for number in range(INNER_FOLDS):
        table = _levels([row for row in rows if fold[id(row)] != number])
        held = [row for row in rows if fold[id(row)] == number and row.example.lookalike]
        found += [(row.example.source, _leads(row, table)) for row in held]
    chosen = {name: _passing(found, name, share) for name, share in LOOKALIKES_FLAGGED.items()}
    return {**chosen, "block_attack": max(BLOCK_ATTACK_MIN, chosen["attack"])}


def _leads(row: Read, table: Table) -> dict[str, float]:
    lead = leads(table, scores(table, row.risk, row.risk_hints, dilution(len(row.risk))), "safe")
    return {**lead, "block": lead["content"]}


def _passing(found: Sequence[tuple[str, dict[str, float]]], name: str, share: float) -> float:
    """The lead that this share of look-alikes exceeds, every source counting alike."""
    sources = [source for source, _ in found]
    passed = 0.0
    for source, lead in sorted(found, key=lambda row: -row[1][name]):
        passed += 1 / sources.count(source) / len(set(sources))
        if passed > share:
            return max(LEAD_MIN[name], round(lead[name], 3))
    return LEAD_MIN[name]
