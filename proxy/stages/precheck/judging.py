"""What weights say of a text and of the rules that spoke about it: category, complexity, harm; keeps no text."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from proxy.domain.verdict import Complexity, Risk, Table, Weights
from proxy.stages.precheck import features
from proxy.stages.precheck.reading import TURN_ENDS, WHOLE_CHARS_MAX
from proxy.stages.precheck.weighing import Weighed, dilution, heaviest, leads, loudest_word, odds, scores, spoke, told, total
from proxy.stages.precheck.wording import Wording

# Of a longer text its two ends are weighed.
HEAD_CHARS: Final = 1_200
TAIL_CHARS: Final = 600
ATTACKS: Final = ("jailbreak", "prompt_injection")
UNNAMED: Final = "unspecified"
REASONS_MAX: Final = 8
_COMPLEXITIES: Final[Mapping[str, Complexity]] = {"simple": "simple", "standard": "standard", "hard": "hard"}


class Harm(NamedTuple):
    """A risk that the weights see: its level, what kind of hazard it is, and the word that spoke loudest."""

    risk: Risk
    hazard: str
    word: str


def window(text: str) -> Wording:
    """What of a text is weighed: its ends; of one that is not read whole, what rules on tasks read."""
    ends = ends_of(len(text))
    if ends is None:
        return Wording(text)
    head, between, tail = ends
    return Wording(f"{text[:head]}{between}{text[-tail:]}")


def ends_of(chars: int) -> tuple[int, str, int] | None:
    """How much of a text of so many characters is weighed at its beginning and at its end, and what is set between; None if
    all of it is."""
    if chars <= HEAD_CHARS + TAIL_CHARS:
        return None
    return (HEAD_CHARS, "\n", TAIL_CHARS) if chars <= WHOLE_CHARS_MAX else TURN_ENDS


class Task:
    """What a text's features and the rules' hints say of its task. Tables that share their rows are asked once."""

    __slots__ = ("_rows", "_said", "_total")

    def __init__(self, said: Iterable[str]) -> None:
        self._said = said
        self._rows: Mapping[str, int] | None = None
        self._total = 0

    def scores(self, table: Table) -> Sequence[float]:
        """The score of each class of a table."""
        if self._rows is not table.rows:
            self._rows, self._total = table.rows, total(table.rows, self._said)
        return told(table, self._total)


def category(task: Task, weights: Weights) -> Weighed:
    """The task category of a text."""
    return heaviest(weights.category, task.scores(weights.category))


def complexity(task: Task, weights: Weights) -> Complexity:
    """How hard the task of a text is."""
    found = task.scores(weights.complexity)
    return _COMPLEXITIES[weights.complexity.classes[found.index(max(found))]]


def harm(window: Wording, hints: Sequence[str], weights: Weights) -> Harm | None:
    """The risk of a window, if its lead over harmless ones is above a threshold."""
    said = set(window.spoken)
    said.update(features.risk_opening(window, len(said)))
    share = dilution(len(said))
    found = scores(weights.level, said, hints, share)
    level = _level(found, weights)
    if level is None:
        return None
    lead = leads(weights.level, found, "safe")
    attacks = level == "attack"
    hazard = _among(weights.hazard, scores(weights.hazard, said, hints, share), attacks)
    loudest = loudest_word(weights.level, window.different, level, "safe")
    blocks = lead["content"] > weights.thresholds["block"] or (attacks and lead["attack"] > weights.thresholds["block_attack"])
    return Harm("disallowed" if blocks else "sensitive", hazard, loudest)


def likely(window: Wording, hints: Sequence[str], weights: Weights) -> Mapping[str, float]:
    """How likely each hazard is: that the window is not safe, shared among the hazards."""
    said = features.risk_features(window)
    share = dilution(len(said))
    safe = odds(scores(weights.level, said, hints, share))[weights.level.classes.index("safe")]
    among = odds(scores(weights.hazard, said, hints, share))
    return {name: (1 - safe) * odd for name, odd in zip(weights.hazard.classes, among, strict=True)}


def reasons(
    window: Wording, task_hints: Sequence[str], risk_hints: Sequence[str], weights: Weights
) -> list[tuple[str, str, float]]:
    """What spoke loudest for the category and for the level of harm found."""
    asked, said = [*features.task_features(window), *task_hints], features.risk_features(window)
    name = category(Task(asked), weights).name
    lead = leads(weights.level, scores(weights.level, said, risk_hints, dilution(len(said))), "safe")
    level = max(lead, key=lambda known: lead[known] - weights.thresholds[known])
    for_category = spoke(weights.category, asked, name)[:REASONS_MAX]
    for_level = spoke(weights.level, [*said, *risk_hints], level, "safe")[:REASONS_MAX]
    return [(name, word, weight) for word, weight in for_category] + [(level, word, weight) for word, weight in for_level]


def _level(found: Sequence[float], weights: Weights) -> str | None:
    """The level that is farthest above its threshold."""
    base, thresholds = found[weights.level.classes.index("safe")], weights.thresholds
    most, farthest = 0.0, None
    for name, score in zip(weights.level.classes, found, strict=True):
        if name != "safe" and (over := score - base - thresholds[name]) > most:
            most, farthest = over, name
    return farthest


def _among(table: Table, found: Sequence[float], attacks: bool) -> str:
    named = {name: score for name, score in zip(table.classes, found, strict=True) if (name in ATTACKS) == attacks}
    return max(named, key=named.__getitem__, default=UNNAMED)
