"""What a text's features weigh: tables of a linear model and features in, a score of each class out; reads no text."""

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from proxy.domain.verdict import Table

# 128 stands for a weight of nothing.
NOTHING: Final = 128
# Long texts have more words to be wrong about: their words count less each, from so many features on.
FEATURES_FREE: Final = 16


class Weighed(NamedTuple):
    """A class, and how sure it is among the others (0 to 1)."""

    name: str
    confidence: float


def dilution(features: int) -> float:
    """How much each word of a text with so many features counts."""
    return math.sqrt(FEATURES_FREE / max(FEATURES_FREE, features))


def scores(table: Table, said: Sequence[str], hints: Sequence[str], share: float = 1.0) -> list[float]:
    """The score of each class: words at their `share`, hints of rules in full."""
    words = _sum(table, said)
    return [share * word + hint for word, hint in zip(words, _sum(table, hints), strict=True)]


def heaviest(table: Table, found: Sequence[float]) -> Weighed:
    """The class with the highest score, and its probability."""
    chances = odds(found)
    best = max(chances)
    return Weighed(table.classes[chances.index(best)], best)


def odds(found: Sequence[float]) -> list[float]:
    """The probability of each class."""
    top = max(found)
    powers = [math.exp(score - top) for score in found]
    total = sum(powers)
    return [power / total for power in powers]


def leads(table: Table, found: Sequence[float], over: str) -> Mapping[str, float]:
    """By how much each other class leads the class `over`."""
    base = found[table.classes.index(over)]
    return {name: score - base for name, score in zip(table.classes, found, strict=True) if name != over}


def spoke(table: Table, said: Sequence[str], name: str, over: str | None = None) -> list[tuple[str, float]]:
    """What each feature says for a class (over another), the loudest first; for explanations."""
    index = table.classes.index(name)
    base = None if over is None else table.classes.index(over)
    rows = [(feature, table.rows[feature]) for feature in said if feature in table.rows]
    weights = [(feature, (row[index] - (NOTHING if base is None else row[base])) / table.steps) for feature, row in rows]
    return sorted(weights, key=lambda weight: -weight[1])


def _sum(table: Table, features: Sequence[str]) -> list[float]:
    get = table.rows.get
    rows = [row for row in map(get, features) if row is not None]
    if not rows:
        return [0.0] * len(table.classes)
    ground = NOTHING * len(rows)
    return [(total - ground) / table.steps for total in map(sum, zip(*rows, strict=True))]
