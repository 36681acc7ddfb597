"""Idempotency keys as rows: which call each stands for, in the transaction of that call's hold; judges no request."""

from typing import Final

from proxy.domain.ledger import IdempotencyKey, KeyUsed
from proxy.ports import Clock
from proxy.stages.idempotency import KEPT_MS
from proxy.store.database import Connection, Database

# How many keys one pass forgets, so that it holds nobody up; what is left follows in the next.
_PRUNED_MAX: Final = 5_000

_FIND: Final = (
    "SELECT call_id, body_hash, EXISTS (SELECT 1 FROM holds WHERE holds.id = call_id) FROM idempotency_keys"
    " WHERE account_id = ? AND route = ? AND key = ? AND at_ms > ?"
)
PUT: Final = (
    "INSERT INTO idempotency_keys (account_id, route, key, body_hash, call_id, at_ms) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (account_id, route, key) DO UPDATE"
    " SET body_hash = excluded.body_hash, call_id = excluded.call_id, at_ms = excluded.at_ms"
)
_FREE: Final = "DELETE FROM idempotency_keys WHERE call_id = ?"
# The age is asked twice: a row that was waited for is looked at again, but not by the inner question.
_PRUNE: Final = (
    "DELETE FROM idempotency_keys WHERE at_ms <= ?1 AND (account_id, route, key) IN"
    " (SELECT account_id, route, key FROM idempotency_keys WHERE at_ms <= ?1 ORDER BY at_ms LIMIT ?2)"
)


class UsedKeys:
    """The keys as one write transaction sees them: read when asked for, written by `flush`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._taken: dict[tuple[str, str, str], tuple[KeyUsed, tuple[object, ...]]] = {}
        self._freed: set[str] = set()

    def find(self, account_id: str, asked: IdempotencyKey, at_ms: int) -> KeyUsed | None:
        """The call that this key stands for."""
        taken = self._taken.get((account_id, asked.route, asked.key))
        used = taken[0] if taken else find(self._connection, account_id, asked, at_ms)
        return None if used is None or used.call_id in self._freed else used

    def take(self, account_id: str, asked: IdempotencyKey, call_id: str, at_ms: int) -> None:
        """From now on the key stands for this call."""
        row = (account_id, asked.route, asked.key, asked.body_hash, call_id, at_ms)
        self._taken[account_id, asked.route, asked.key] = (KeyUsed(call_id, asked.body_hash, running=True), row)

    def free(self, call_id: str) -> None:
        """No key stands for this call any more."""
        self._freed.add(call_id)

    def flush(self) -> None:
        if self._freed:
            self._connection.executemany(_FREE, [(call_id,) for call_id in self._freed])
        rows = [row for used, row in self._taken.values() if used.call_id not in self._freed]
        if rows:
            self._connection.executemany(PUT, rows)


def find(connection: Connection, account_id: str, asked: IdempotencyKey, at_ms: int) -> KeyUsed | None:
    """The call that this key stands for, unless that is too long ago."""
    row = connection.execute(_FIND, (account_id, asked.route, asked.key, at_ms - KEPT_MS)).fetchone()
    return None if row is None else KeyUsed(row[0], row[1], running=bool(row[2]))


async def prune(database: Database, clock: Clock) -> int:
    """Forgets keys that are too old to count; how many. Raises StoreUnavailable."""

    def work(connection: Connection) -> int:
        return connection.execute(_PRUNE, (connection.now_ms(clock) - KEPT_MS, _PRUNED_MAX)).rowcount

    return await database.write(work)
