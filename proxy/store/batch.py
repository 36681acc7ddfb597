"""One transaction's view of the books: what it has read and what it will write, all of which leaves in one sweep."""

import sqlite3
from collections import defaultdict
from typing import Final

from proxy.domain.account import User
from proxy.domain.call import Call
from proxy.domain.desk import Grant
from proxy.domain.ledger import EntryKind
from proxy.domain.plan import Entitlement
from proxy.stages.ledger.counters import CounterKey, Moves, Reading, move
from proxy.store import holds, rows
from proxy.store.holds import Hold
from proxy.store.rows import Row, to_json

_INSERT_SCOPE: Final = "INSERT INTO hold_scopes VALUES (?, ?)"
_DELETE_SCOPE: Final = "DELETE FROM hold_scopes WHERE scope = ? AND hold_id = ?"
_DELETE_HOLD: Final = "DELETE FROM holds WHERE id = ?"
_MOVE_COUNTER: Final = (
    "INSERT INTO counters VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
    " SET spent = spent + excluded.spent, held = held + excluded.held"
)
_INSERT_USER: Final = (
    "INSERT INTO users (id, name, app_id, external_id, anchor_day, caps, created_at_ms)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_INSERT_ENTITLEMENT: Final = (
    "INSERT INTO entitlements (id, user_id, plan_id, overrides, version) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_INSERT_CHANGE: Final = "INSERT INTO changes (kind, object_id, at_ms) VALUES (?, ?, ?)"


class Batch:
    """Everything inside one write transaction: reads see what is about to be written, writes wait for `flush`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._moves: Moves = {}
        self._grants: dict[str, tuple[Grant, ...]] = {}
        self._holds: dict[str, Hold | None] = {}
        self._new: dict[str, Hold] = {}
        self._changed: dict[str, Hold] = {}
        self._resolved: dict[str, tuple[int, int]] = {}
        self._calls: set[str] = set()
        self._writes: defaultdict[str, list[Row]] = defaultdict(list)
        self.readings = Readings(connection)
        self.live = _Live(connection)

    def up_ms(self) -> int:
        """The store's own clock at its last beat."""
        row: tuple[int] = self._connection.execute("SELECT coalesce(max(up_ms), 0) FROM processes").fetchone()
        return row[0]

    def grants(self, account_id: str) -> tuple[Grant, ...]:
        found = self._grants.get(account_id)
        if found is None:
            found = self._grants[account_id] = holds.grants_of(self._connection, account_id)
        return found

    def is_suspended(self, account_id: str) -> bool:
        row = self._connection.execute("SELECT suspended FROM users WHERE id = ?", (account_id,)).fetchone()
        return bool(row and row[0])

    def hold(self, hold_id: str) -> Hold | None:
        """The live hold of this id."""
        if hold_id not in self._holds:
            row = self._connection.execute(holds.SELECT_HOLD, (hold_id,)).fetchone()
            self._holds[hold_id] = None if row is None else holds.from_row(row)
        return self._holds[hold_id]

    def resolution(self, hold_id: str) -> tuple[int, int] | None:
        """What was charged and absorbed when this hold was resolved; None if it never was."""
        if hold_id in self._resolved:
            return self._resolved[hold_id]
        row: tuple[int, int] | None = self._connection.execute(
            "SELECT amount_milli, coalesce((SELECT absorbed_milli FROM model_calls WHERE id = ?), 0) FROM entries WHERE id = ?",
            (hold_id, f"{hold_id}:2"),
        ).fetchone()
        return row

    def has_call(self, call_id: str) -> bool:
        """Whether the register has this call."""
        found = self._connection.execute("SELECT 1 FROM model_calls WHERE id = ?", (call_id,)).fetchone()
        return call_id in self._calls or found is not None

    def place(self, hold: Hold) -> None:
        self._holds[hold.id] = self._new[hold.id] = hold
        for scope in hold.scopes:
            self.live[scope] += 1

    def change(self, hold: Hold) -> None:
        self._holds[hold.id] = hold
        (self._new if hold.id in self._new else self._changed)[hold.id] = hold

    def remove(self, hold: Hold, charged_milli: int, absorbed_milli: int) -> None:
        """Takes a hold off the books, for it is resolved."""
        self._resolved[hold.id] = (charged_milli, absorbed_milli)
        self._holds[hold.id] = None
        self._changed.pop(hold.id, None)
        for scope in hold.scopes:
            self.live[scope] -= 1
        if self._new.pop(hold.id, None) is None:
            self._writes[_DELETE_HOLD].append((hold.id,))
            self._writes[_DELETE_SCOPE].extend((scope, hold.id) for scope in hold.scopes)

    def enter(self, number: str, hold: Hold, kind: EntryKind, amount_milli: int, at_ms: int, moves: Moves) -> None:
        """One line of the truth, and the counters with it. `number` is its place among the hold's entries."""
        self._writes[holds.INSERT_ENTRY].append(
            (f"{hold.id}:{number}", hold.id, hold.account_id, kind, amount_milli, at_ms, holds.lines_json(moves))
        )
        for key, change in moves.items():
            move(self._moves, key, change.spent, change.held)
        self.readings.shift(moves)

    def register(self, call: Call) -> None:
        """Everything a finished call leaves behind."""
        self._calls.add(call.id)
        self._writes[rows.INSERT_CALL].append(rows.call_row(call))
        for attempt in call.attempts:
            self._writes[rows.INSERT_ATTEMPT].append(rows.attempt_row(call.id, attempt))
            if attempt.usage is not None:
                self._writes[rows.INSERT_COST].append(rows.cost_row(call.id, attempt))
        self._put(rows.INSERT_USAGE, rows.usage_row(call))
        self._put(rows.INSERT_CHECK, rows.check_row(call))
        self._put(rows.INSERT_CONVERSATION, rows.conversation_row(call))

    def insert(self, statement: str, row: Row) -> None:
        """A row that is none of the above."""
        self._writes[statement].append(row)

    def enrol(self, user: User, entitlement: Entitlement | None, at_ms: int) -> None:
        """Makes an end user durable and tells every process."""
        caps = to_json(user.caps)
        self.insert(
            _INSERT_USER, (user.id, user.name, user.app_id, user.external_id, user.anchor_day, caps, user.created_at_ms)
        )
        if entitlement is not None:
            overrides = to_json(entitlement.overrides)
            row = (entitlement.id, entitlement.user_id, entitlement.plan_id, overrides, entitlement.version)
            self.insert(_INSERT_ENTITLEMENT, row)
        self.insert(_INSERT_CHANGE, ("user", user.id, at_ms))

    def flush(self) -> None:
        """Writes it all, a statement at a time over many rows."""
        self._writes[holds.INSERT_HOLD] = [holds.insert_row(hold) for hold in self._new.values()]
        self._writes[_INSERT_SCOPE] = [(scope, hold.id) for hold in self._new.values() for scope in hold.scopes]
        self._writes[holds.UPDATE_HOLD] = [holds.update_row(hold) for hold in self._changed.values()]
        self._writes[_MOVE_COUNTER] = [(*key, *change) for key, change in sorted(self._moves.items())]
        for statement, parameters in self._writes.items():
            if parameters:
                self._connection.executemany(statement, parameters)

    def _put(self, statement: str, row: Row | None) -> None:
        if row is not None:
            self._writes[statement].append(row)


class Readings(dict[CounterKey, Reading]):
    """Counters, read when first asked for and kept in step with what the batch has entered since."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._unread: Moves = {}

    def __missing__(self, key: CounterKey) -> Reading:
        row = self._connection.execute(
            "SELECT spent, held FROM counters WHERE scope = ? AND name = ? AND epoch = ?", key
        ).fetchone()
        stored = Reading(*row) if row else Reading()
        change = self._unread.pop(key, None)
        self[key] = reading = stored if change is None else _sum(stored, change)
        return reading

    def shift(self, moves: Moves) -> None:
        for key, change in moves.items():
            known = self.get(key)
            if known is None:
                move(self._unread, key, change.spent, change.held)
            else:
                self[key] = _sum(known, change)


class _Live(dict[str, int]):
    """How many holds live in a scope."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __missing__(self, scope: str) -> int:
        row: tuple[int] = self._connection.execute("SELECT count(*) FROM hold_scopes WHERE scope = ?", (scope,)).fetchone()
        self[scope] = row[0]
        return row[0]


def _sum(reading: Reading, change: Reading) -> Reading:
    return Reading(reading.spent + change.spent, reading.held + change.held)
