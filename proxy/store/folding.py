"""Finished calls in, their sums in the roll-ups a while later, many calls at once; each call is folded exactly once, by whoever
comes first: the process that finished it, or whoever has to know."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from proxy.domain.call import Call
from proxy.ports import StoreUnavailable
from proxy.store.counting import counting
from proxy.store.database import Connection, Database, Values
from proxy.store.rollup import MERGE, Rollup
from proxy.store.rows import Row, to_json

# A second or more of a gateway's calls at its busiest: the more at once, the fewer rows, for users come back.
FOLDED_AT: Final = 4_096
# Each batch's calls are noted by themselves, and at half load that is one or two: to fold so many takes 3 ms.
NOTED_AT: Final = 1_024
# A reader's turn: what calls may have to wait for while a report is asked for.
_BATCHES_AT_ONCE: Final = 4
_TURNS_MAX: Final = 10_000

NOTE: Final = "INSERT INTO unrolled VALUES (?, ?)"
_TAKE: Final = "DELETE FROM unrolled WHERE id IN (SELECT value FROM json_each(?)) RETURNING id, calls"
_TAKE_ALL: Final = "DELETE FROM unrolled RETURNING calls"
_TAKE_SOME: Final = "DELETE FROM unrolled WHERE id IN (SELECT id FROM unrolled LIMIT ?) RETURNING calls"
_ANY: Final = "SELECT 1 FROM unrolled LIMIT 1"
_COUNT: Final = counting("rollups", "id IN (SELECT value FROM json_each(?1))") + MERGE


class Unrolled:
    """What the calls come to that one process has finished and not folded yet. It spares a look at the register and is never
    believed: what is still to be folded are the rows of `unrolled`, and taking one away is the right to fold it."""

    def __init__(self) -> None:
        self._noted: dict[str, tuple[str, Rollup]] = {}
        self._calls = 0

    @property
    def is_full(self) -> bool:
        """Whether it is time to fold."""
        return self._calls >= FOLDED_AT or len(self._noted) >= NOTED_AT

    def note(self, calls: Sequence[Call]) -> Row:
        """The parameters of NOTE for the calls that a batch leaves in the register."""
        rollup, noted = Rollup(), to_json([call.id for call in calls])
        for call in calls:
            rollup.add(call)
        self._noted[calls[0].id] = (noted, rollup)
        self._calls += len(calls)
        return calls[0].id, noted

    def fold(self, connection: Connection, into: Rollup) -> None:
        """Adds to `into` what nobody else has folded."""
        noted, self._noted, self._calls = self._noted, {}, 0
        for first, calls in connection.execute(_TAKE, (to_json(list(noted)),)).fetchall():
            known, rollup = noted[first]
            if calls == known:
                into.merge(rollup)
            else:
                connection.execute(_COUNT, (calls,))


def fold(connection: Connection) -> None:
    """Folds every process's calls, from the register: now the roll-ups are what all calls sum to. Who corrects a call does this
    first, for what is counted here is the call as it stands."""
    _fold(connection, _TAKE_ALL)


async def fold_for_reader(database: Database) -> None:
    """Lets a report show every call that is finished. While the books cannot be written it shows what was folded before."""
    if not await database.read(_is_behind):
        return
    with suppress(StoreUnavailable):
        for _ in range(_TURNS_MAX):
            if await database.write_locked(_fold_some) < _BATCHES_AT_ONCE:
                return


def _fold_some(connection: Connection) -> int:
    return _fold(connection, _TAKE_SOME, (_BATCHES_AT_ONCE,))


def _fold(connection: Connection, take: str, values: Values = ()) -> int:
    taken = connection.execute(take, values).fetchall()
    for (calls,) in taken:
        connection.execute(_COUNT, (calls,))
    return len(taken)


def _is_behind(connection: Connection) -> bool:
    return connection.execute(_ANY).fetchone() is not None
