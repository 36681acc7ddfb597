"""Counters by name: what they show and how they move; values and their sums, never what they are for."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol


class CounterKey(NamedTuple):
    """Names one counter: whose (`user:ID`, `key:ID`, `app:ID`, `grant:ID`, ...), which limit, in which period."""

    scope: str
    name: str
    epoch: str


class Reading(NamedTuple):
    """What a counter shows, or how it moves: spent for good, and held by live calls."""

    spent: int = 0
    held: int = 0


class Shown(Protocol):
    """What a counter shows while others may move it."""

    @property
    def spent(self) -> int: ...

    @property
    def held(self) -> int: ...


Readings = Mapping[CounterKey, Shown]
Moves = dict[CounterKey, Reading]
# Counters that move together, and by how much each of them is spent and held.
Shift = tuple[tuple[CounterKey, ...], int, int]
Shifts = tuple[Shift, ...]


class Moved(dict[CounterKey, Shown]):
    """Readings as they would be after some moves."""

    def __init__(self, readings: Readings, moves: Moves) -> None:
        self._readings = readings
        for key, move in moves.items():
            before = readings[key]
            self[key] = Reading(before.spent + move.spent, before.held + move.held)

    def __missing__(self, key: CounterKey) -> Shown:
        return self._readings[key]


def move(moves: Moves, keys: Iterable[CounterKey], spent: int, held: int) -> None:
    """Adds the same change of each of `keys` to `moves`."""
    change = Reading(spent, held)
    for key in keys:
        before = moves.get(key)
        if before is not None:
            moves[key] = Reading(before.spent + spent, before.held + held)
        elif spent or held:
            moves[key] = change


def summed(shifts: Iterable[Shift]) -> Moves:
    """How each counter moves by all of `shifts`."""
    moves: Moves = {}
    for keys, spent, held in shifts:
        move(moves, keys, spent, held)
    return moves


def apart(moves: Moves) -> Shifts:
    """Each counter for itself."""
    return tuple(((key,), *change) for key, change in moves.items())


def without_zeros(moves: Moves) -> Moves:
    """Only the counters that really move."""
    return {key: change for key, change in moves.items() if change.spent or change.held}
