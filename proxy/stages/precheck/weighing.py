"""What a text's features weigh: tables of a linear model and features in, a score of each class out; reads no text."""

import math
import struct
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple

from proxy.domain.value import replace
from proxy.domain.verdict import Table

# 128 stands for a weight of nothing.
NOTHING: Final = 128
# Room for the sum of a class over more features than any window has.
LANE_BYTES: Final = 4
LANE_MASK: Final = (1 << 8 * LANE_BYTES) - 1
LANE_HALF: Final = 1 << 8 * LANE_BYTES - 1
# Long texts have more words to be wrong about: their words count less each, from so many features on.
FEATURES_FREE: Final = 16


class Weighed(NamedTuple):
    """A class, and how sure it is among the others (0 to 1)."""

    name: str
    confidence: float


def dilution(features: int) -> float:
    """How much each word of a text with so many features counts."""
    return math.sqrt(FEATURES_FREE / max(FEATURES_FREE, features))


def scores(table: Table, said: Collection[str], hints: Sequence[str], share: float = 1.0) -> list[float]:
    """The score of each class: words at their `share`, hints of rules in full."""
    if share == 1.0:
        return told(table, total(table.rows, [*said, *hints]))
    words = told(table, total(table.rows, said))
    if not hints:
        return [share * word for word in words]
    return [share * word + hint for word, hint in zip(words, told(table, total(table.rows, hints)), strict=True)]


def total(rows: Mapping[str, int], features: Iterable[str]) -> int:
    """What all these features say together, of all tables that share these rows."""
    return sum(filter(None, map(rows.get, features)))


def told(table: Table, total: int) -> list[float]:
    """What a total says for each class of a table."""
    if not total:
        return [0.0] * len(table.classes)
    ground, shift, mask, size, unpack = _laid_out(table.lane, len(table.classes))
    steps = table.steps
    return [(lane - LANE_HALF) / steps for lane in unpack((total + ground >> shift & mask).to_bytes(size, "little"))]


def heaviest(table: Table, found: Sequence[float]) -> Weighed:
    """The class with the highest score, and its probability."""
    top = max(found)
    return Weighed(table.classes[found.index(top)], 1 / sum(map(math.exp, [score - top for score in found])))


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
    up, down = table.classes.index(name), None if over is None else table.classes.index(over)
    found = []
    for feature in said:
        lanes = _unpacked(table, table.rows.get(feature, 0))
        if any(lanes):
            found.append((feature, (lanes[up] - (0 if down is None else lanes[down])) / table.steps))
    return sorted(found, key=lambda weight: -weight[1])


def loudest_word(table: Table, words: Iterable[str], name: str, over: str) -> str:
    """The word that says most for a class over another; none if all are unknown."""
    ground, up, down = _ground(table.lane + len(table.classes)), _shift(table, name), _shift(table, over)
    found, most = "", -NOTHING * 2
    for word in words:
        if (row := table.rows.get(word)) is not None:
            lifted = row + ground
            if (lead := (lifted >> up & LANE_MASK) - (lifted >> down & LANE_MASK)) > most:
                found, most = word, lead
    return found


def table(classes: tuple[str, ...], words: Sequence[str], weights: bytes, steps: int) -> Table:
    """A table of words and their weights, a byte a class, one word's after the other's; ValueError if they do not fit.

    A row is one number of as many lanes as classes, so that sums of rows are sums of numbers. Of rare words many weigh the
    same: each row is made and kept once.
    """
    if len(weights) != len(words) * len(classes):
        raise ValueError("a word has not one byte a class")
    said = list(_cut(weights, len(classes)))
    made = _rows(set(said), len(classes))
    return Table(classes, dict(zip(words, map(made.__getitem__, said), strict=True)), steps)


def joined(*tables: Table) -> list[Table]:
    """The same tables over rows that they share: what a word says for all of them is found at once. Those that come first
    have the lower lanes, and short rows where only they know a word: the largest had better be the first."""
    first, *others = tables
    shared, lane = dict(first.rows), len(first.classes)
    views, kept = [replace(first, rows=shared, lane=0)], dict[int, int]()
    for one in others:
        bits = 8 * LANE_BYTES * lane
        for word, row in one.rows.items():
            whole = shared.get(word, 0) + (row << bits)
            shared[word] = kept.setdefault(whole, whole)
        views.append(replace(one, rows=shared, lane=lane))
        lane += len(one.classes)
    return views


def _cut(weights: bytes | bytearray, size: int) -> Iterator[bytes]:
    """The weights of one word after the other."""
    return chain.from_iterable(struct.iter_unpack(f"{size}s", weights))


def _rows(all_weights: Collection[bytes], classes: int) -> Mapping[bytes, int]:
    """The row of each of these weights."""
    row_bytes, joint = LANE_BYTES * classes, b"".join(all_weights)
    spread = bytearray(row_bytes * len(all_weights))
    for index in range(classes):
        spread[LANE_BYTES * index :: row_bytes] = joint[index::classes]
    ground = sum(NOTHING << 8 * LANE_BYTES * index for index in range(classes))
    rows = (int.from_bytes(row, "little") - ground for row in _cut(spread, row_bytes))
    return dict(zip(all_weights, rows, strict=True))


def weights_of(table: Table) -> bytes:
    """The weights of a table's words as `table` takes them; the table shares its rows with no other."""
    return b"".join(bytes(NOTHING + lane for lane in _unpacked(table, row)) for row in table.rows.values())


def _unpacked(table: Table, row: int) -> list[int]:
    """A table's lanes of a row, or of a sum of rows. A lane below nothing has borrowed from the next: lifted by half its
    room, none has."""
    ground, shift, mask, size, unpack = _laid_out(table.lane, len(table.classes))
    return [lane - LANE_HALF for lane in unpack((row + ground >> shift & mask).to_bytes(size, "little"))]


def _shift(table: Table, name: str) -> int:
    """Where a class's lane begins in a row."""
    return 8 * LANE_BYTES * (table.lane + table.classes.index(name))


@lru_cache
def _laid_out(lane: int, classes: int) -> tuple[int, int, int, int, Callable[[bytes], tuple[int, ...]]]:
    """What lifts a row of so many classes from a lane on, where they begin in it, as bits, their mask and bytes, and what tells
    them apart."""
    size = LANE_BYTES * classes
    return _ground(lane + classes), 8 * LANE_BYTES * lane, (1 << 8 * size) - 1, size, struct.Struct(f"<{classes}I").unpack


@lru_cache
def _ground(lanes: int) -> int:
    """Half its room in each of so many lanes."""
    return sum(LANE_HALF << 8 * LANE_BYTES * lane for lane in range(lanes))
