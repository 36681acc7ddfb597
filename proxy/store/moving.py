"""Counters that a batch has moved in, the statements that write it with their rows out; judges no limit."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from proxy.store.database import Connection
from proxy.store.rows import Row
from proxy.store.seen import Cell

# A row of a statement that moves many costs a third of what it costs alone, and a call moves a dozen counters.
_AT_ONCE: Final = 64
_NAME: Final = "INSERT INTO counter_names (scope, name, epoch) VALUES (?, ?, ?) RETURNING number"
_WIDTH: Final = 3
_NUMBERED: Final = "(?, ?, ?)"
_MOVE: Final = (
    f"INSERT INTO counter_amounts VALUES {_NUMBERED} ON CONFLICT (number) DO UPDATE"  # noqa: S608
    " SET spent = counter_amounts.spent + excluded.spent, held = counter_amounts.held + excluded.held"
)
_MOVE_MANY: Final = _MOVE.replace(_NUMBERED, ", ".join((_NUMBERED,) * _AT_ONCE))
_MOVE_NAMED: Final = (
    "INSERT INTO counters VALUES (?, ?, ?, ?, ?) ON CONFLICT (scope, name, epoch) DO UPDATE"
    " SET spent = counters.spent + excluded.spent, held = counters.held + excluded.held"
)


def moved(connection: Connection, cells: Collection[Cell]) -> Iterator[tuple[str, list[Row]]]:
    """How these moved since the books last had them; from now on the books have them. Where the database is near, each has been
    looked at, so that its number is known or it has none yet."""
    if not connection.is_near:
        yield _MOVE_NAMED, [(*cell.key, cell.spent - cell.was_spent, cell.held - cell.was_held) for cell in cells]
    else:
        for cell in cells:
            if cell.number is None:
                (cell.number,) = connection.execute(_NAME, cell.key).fetchone()
        values: list[int | None] = []
        for cell in cells:
            values += (cell.number, cell.spent - cell.was_spent, cell.held - cell.was_held)
        whole = len(values) - len(values) % (_AT_ONCE * _WIDTH)
        yield _MOVE_MANY, _cut(values[:whole], _AT_ONCE * _WIDTH)
        yield _MOVE, _cut(values[whole:], _WIDTH)
    for cell in cells:
        cell.was_spent, cell.was_held = cell.spent, cell.held


def _cut(values: Sequence[int | None], size: int) -> list[Row]:
    return [tuple(values[start : start + size]) for start in range(0, len(values), size)]
