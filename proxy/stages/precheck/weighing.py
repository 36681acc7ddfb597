"""What a text's features weigh: tables of a linear model and features in, a score of each class out; reads no text."""

import math
import struct
from collections.abc import Mapping, Sequence
from itertools import tee
from typing import Final, NamedTuple

from proxy.domain.verdict import Table

# 128 stands for a weight of nothing.
NOTHING: Final = 128
# Room for the sum of a class over more features than any window has.
LANE_BYTES: Final = 4
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
    if share == 1.0:
        return _sum(table, [*said, *hints])
    words = _sum(table, said)
    return [share * word + hint for word, hint in zip(words, _sum(table, hints), strict=True)]


def heaviest(table: Table, found: Sequence[float]) -> Weighed:
    """The class with the highest score, and its probability."""
    top = max(found)
    return Weighed(table.classes[found.index(top)], 1 / sum([math.exp(score - top) for score in found]))


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
    known = [(feature, table.rows[feature]) for feature in said if feature in table.rows]
    base = [NOTHING] * len(known) if over is None else _lane(table, known, over)
    found = zip(known, _lane(table, known, name), base, strict=True)
    weights = [(feature, (weight - less) / table.steps) for (feature, _), weight, less in found]
    return sorted(weights, key=lambda weight: -weight[1])


def loudest_word(table: Table, words: Sequence[str], name: str, over: str) -> str:
    """The word that says most for a class over another; none if all are unknown."""
    up, down = _shift(table, name), _shift(table, over)
    found, most = "", -NOTHING * 2
    for word in words:
        row = table.rows.get(word)
        if row is not None and (lead := (row >> up & 0xFF) - (row >> down & 0xFF)) > most:
            found, most = word, lead
    return found


def table(classes: tuple[str, ...], words: Sequence[str], weights: bytes, steps: int) -> Table:
    """A table of words and their weights, a byte a class, one word's after the other's; ValueError if they do not fit.

    A row is one number of as many lanes as classes and one before them that counts, so that sums of rows are sums of numbers.
    """
    if len(weights) != len(words) * len(classes):
        raise ValueError("a word has not one byte a class")
    row_bytes = LANE_BYTES * (len(classes) + 1)
    spread = bytearray(row_bytes * len(words))
    spread[LANE_BYTES - 1 :: row_bytes] = b"\x01" * len(words)
    for index in range(len(classes)):
        spread[LANE_BYTES * (index + 2) - 1 :: row_bytes] = weights[index :: len(classes)]
    rows = (int.from_bytes(row) for (row,) in struct.iter_unpack(f"{row_bytes}s", spread))
    # Of rare words many weigh the same: each row is kept once.
    kept: dict[int, int] = {}
    return Table(classes, dict(zip(words, map(kept.setdefault, *tee(rows)), strict=True)), steps)


def weights_of(table: Table) -> bytes:
    """The weights of a table's words as `table` takes them."""
    return b"".join(bytes(_unpacked(table, row)[1:]) for row in table.rows.values())


def _sum(table: Table, features: Sequence[str]) -> list[float]:
    total = sum(filter(None, map(table.rows.get, features)))
    if not total:
        return [0.0] * len(table.classes)
    count, *sums = _unpacked(table, total)
    ground, steps = NOTHING * count, table.steps
    return [(lane - ground) / steps for lane in sums]


def _lane(table: Table, known: Sequence[tuple[str, int]], name: str) -> list[int]:
    """What each of these rows says for a class."""
    shift = _shift(table, name)
    return [row >> shift & 0xFF for _, row in known]


def _shift(table: Table, name: str) -> int:
    """Where a class's lane begins in a row."""
    return 8 * LANE_BYTES * (len(table.classes) - 1 - table.classes.index(name))


def _unpacked(table: Table, row: int) -> tuple[int, ...]:
    lanes = len(table.classes) + 1
    return struct.unpack(f">{lanes}I", row.to_bytes(LANE_BYTES * lanes, "big"))
