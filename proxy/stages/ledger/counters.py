"""Counters by name: what they show and how they move; values and their sums, never what they are for."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class CounterKey(NamedTuple):
    """Names one counter: whose (`user:ID`, `key:ID`, `app:ID`, `grant:ID`, ...), which limit, in which period."""

    scope: str
    name: str
    epoch: str


class Reading(NamedTuple):
    """What a counter shows, or how it moves: spent for good, and held by live calls."""

    spent: int = 0
    held: int = 0


Readings = Mapping[CounterKey, Reading]
Moves = dict[CounterKey, Reading]


class Moved(dict[CounterKey, Reading]):
    """Readings as they would be after some moves."""

    def __init__(self, readings: Readings, moves: Moves) -> None:
        self._readings = readings
        for key, move in moves.items():
            before = readings[key]
            self[key] = Reading(before.spent + move.spent, before.held + move.held)

    def __missing__(self, key: CounterKey) -> Reading:
        return self._readings[key]


def move(moves: Moves, keys: Iterable[CounterKey], spent: int, held: int) -> None:
    """Adds the same change of each of `keys` to `moves`."""
    change = Reading(spent, held)
    for key in keys:
        before = moves.get(key)
        if before is not None:
            moves[key] = Reading(before[0] + spent, before[1] + held)
        elif spent or held:
            moves[key] = change


def without_zeros(moves: Moves) -> Moves:
    """Only the counters that really move."""
    return {key: change for key, change in moves.items() if change.spent or change.held}
