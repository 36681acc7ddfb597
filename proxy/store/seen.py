"""What a batch judges by: read from the books when first asked for, kept in step with what the batch moves; judges nothing."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from proxy.domain.desk import Grant
from proxy.stages.ledger.counters import CounterKey, Moves, Reading
from proxy.store import holds
from proxy.store.database import Connection
from proxy.store.holds import Hold
from proxy.store.locks import Locks
from proxy.store.rows import Row

_READ: Final = "SELECT spent, held FROM counters WHERE scope = ? AND name = ? AND epoch = ?"
_COUNT: Final = "SELECT count(*) FROM hold_scopes WHERE scope = ?"
_SUSPENDED: Final = "SELECT suspended FROM users WHERE id = ?"
_UP: Final = "SELECT coalesce(max(up_ms), 0) FROM processes"


class Seen:
    """The books as a batch sees them; `holds` are some that live, `conversations` some that are written. Another batch may go
    on with it while nobody else has written to them."""

    def __init__(self, connection: Connection, locks: Locks | None = None) -> None:
        self._connection = connection
        self.readings = Readings(connection, locks)
        self.live = Live(connection, locks)
        self.grants = Grants(connection)
        self.suspended = Suspended(connection)
        self.holds: dict[str, Hold] = {}
        self.conversations: set[str] = set()
        self._up_ms: int | None = None

    @property
    def size(self) -> int:
        """Of how many things of a kind it knows at most."""
        kinds = (self.readings, self.live, self.grants, self.suspended, self.holds, self.conversations)
        return max(len(kind) for kind in kinds)

    def written(self, live: Mapping[str, Hold], resolved: Iterable[str]) -> None:
        """What the batch moved, placed and removed is in the books now, and read with them from here on."""
        self.readings.written()
        self.live.uncounted = {}
        self.holds.update(live)
        for hold_id in resolved:
            self.holds.pop(hold_id, None)

    @property
    def up_ms(self) -> int:
        """The store's own clock at its last beat."""
        if self._up_ms is None:
            row: tuple[int] = self._connection.execute(_UP).fetchone()
            self._up_ms = row[0]
        return self._up_ms


class Readings(dict[CounterKey, Reading]):
    """What counters show; `moved` is what has to be written of it."""

    def __init__(self, connection: Connection, locks: Locks | None = None) -> None:
        self._connection = connection
        self._locks = locks
        self._before: dict[CounterKey, Reading] = {}
        self._unread: Moves = {}

    def __missing__(self, key: CounterKey) -> Reading:
        if self._locks is not None:
            self._locks.take((key.scope,))
        spent, held = self._connection.execute(_READ, key).fetchone() or (0, 0)
        moved = self._unread.pop(key, None)
        if moved is None:
            self[key] = reading = Reading(spent, held)
            return reading
        self._before[key] = Reading(spent, held)
        self[key] = reading = Reading(spent + moved[0], held + moved[1])
        return reading

    @property
    def moved(self) -> list[Row]:
        """How each counter moved since the last `written`: its key, spent, held."""
        rows: list[Row] = [(*key, self[key][0] - spent, self[key][1] - held) for key, (spent, held) in self._before.items()]
        return rows + [(*key, *change) for key, change in self._unread.items()]

    def written(self) -> None:
        """What was moved is in the books now."""
        self._before = {}
        self._unread = {}

    def shift(self, moves: Moves) -> None:
        if self._locks is not None:
            self._locks.take(key.scope for key in moves)
        for key, change in moves.items():
            shown = self.get(key)
            if shown is not None:
                self._before.setdefault(key, shown)
                self[key] = Reading(shown[0] + change[0], shown[1] + change[1])
                continue
            earlier = self._unread.get(key)
            self._unread[key] = change if earlier is None else Reading(earlier[0] + change[0], earlier[1] + change[1])


class Live(dict[str, int]):
    """How many holds live in a scope."""

    def __init__(self, connection: Connection, locks: Locks | None) -> None:
        self._connection = connection
        self._locks = locks
        self.uncounted: dict[str, int] = {}

    def __missing__(self, scope: str) -> int:
        if self._locks is not None:
            self._locks.take((scope,))
        row: tuple[int] = self._connection.execute(_COUNT, (scope,)).fetchone()
        self[scope] = count = row[0] + self.uncounted.pop(scope, 0)
        return count

    def shift(self, scopes: Sequence[str], change: int) -> None:
        if self._locks is not None:
            self._locks.take(scopes)
        for scope in scopes:
            counts = self if scope in self else self.uncounted
            counts[scope] = counts.get(scope, 0) + change


class Grants(dict[str, tuple[Grant, ...]]):
    """All grants of an account, expired ones too."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __missing__(self, account_id: str) -> tuple[Grant, ...]:
        self[account_id] = found = holds.grants_of(self._connection, account_id)
        return found


class Suspended(dict[str, bool]):
    """Whether an account is suspended."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __missing__(self, account_id: str) -> bool:
        row = self._connection.execute(_SUSPENDED, (account_id,)).fetchone()
        self[account_id] = found = bool(row and row[0])
        return found
