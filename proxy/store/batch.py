"""One transaction's view of the books: what it has read and what it will write, all of which leaves in one sweep."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

from proxy.domain.account import User
from proxy.domain.call import Call
from proxy.domain.desk import Change, Entry, Grant
from proxy.domain.ledger import EntryKind, IdempotencyKey, KeyUsed
from proxy.domain.plan import Entitlement
from proxy.stages.ledger.counters import CounterKey, Moves, Reading
from proxy.stages.ledger.thresholds import Near
from proxy.store import holds, rollup, rows
from proxy.store.holds import Hold
from proxy.store.recorded import call_of
from proxy.store.rows import Row, to_json
from proxy.store.trail import Writing
from proxy.store.used_keys import UsedKeys

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

_REMEMBERED_MAX: Final = 10_000
_STILL: Final = Reading()
_SELECT_CALL: Final = f"SELECT {', '.join(rows.CALL_READ_COLUMNS)} FROM model_calls WHERE id = ?"  # noqa: S608
_SHOW_REFUND: Final = "UPDATE model_calls SET refunded_milli = ? WHERE id = ?"


class Memory:
    """What one process remembers of its live holds between batches, to read and encode less. It is never believed: a hold is
    taken from it only when the books still show the same."""

    def __init__(self) -> None:
        self.holds: dict[str, Hold] = {}
        self.near: dict[CounterKey, Near] = {}
        self.calls: dict[str, tuple[Call, Row]] = {}

    def forget_alerts(self) -> None:
        """A transaction did not happen, nor did what it told: it is to be told anew."""
        self.near = {key: Near(near.limit, ()) for key, near in self.near.items()}

    def keep(self, live: Mapping[str, Hold], resolved: Iterable[str]) -> None:
        """Remembers these holds and forgets those; forgets all when there are too many, for somebody else resolves them."""
        if max(len(self.holds), len(self.calls), len(self.near)) > _REMEMBERED_MAX:
            self.holds.clear()
            self.near.clear()
            self.calls.clear()
        self.holds.update(live)
        for hold_id in resolved:
            self.holds.pop(hold_id, None)
            self.calls.pop(hold_id, None)


class Batch:
    """Everything inside one write transaction: reads see what is about to be written, writes wait for `flush`. It is
    about the holds `hold_ids`, which are read at once; `memory` spares it what this process still knows."""

    def __init__(self, connection: sqlite3.Connection, hold_ids: Sequence[str], memory: Memory) -> None:
        self._connection = connection
        self._grants: dict[str, tuple[Grant, ...]] = {}
        self._memory = memory
        self._holds = holds.find(connection, hold_ids, memory.holds)
        self._new: dict[str, Hold] = {}
        self._changed: dict[str, Hold] = {}
        self._resolved: dict[str, tuple[int, int]] = {}
        self._calls: set[str] = set()
        self._enrolled: set[str] = set()
        self._writes: defaultdict[str, list[Row]] = defaultdict(list)
        self._rollup = rollup.Rollup()
        self.readings = Readings(connection)
        self.live = _Live(connection)
        self.used_keys = UsedKeys(connection)

    @property
    def near(self) -> dict[CounterKey, Near]:
        """The limits that live holds could bring to a threshold, as far as this process has seen."""
        return self._memory.near

    @cached_property
    def up_ms(self) -> int:
        """The store's own clock at its last beat."""
        row: tuple[int] = self._connection.execute("SELECT coalesce(max(up_ms), 0) FROM processes").fetchone()
        return row[0]

    def grants(self, account_id: str) -> tuple[Grant, ...]:
        found = self._grants.get(account_id)
        if found is None:
            found = self._grants[account_id] = holds.grants_of(self._connection, account_id)
        return found

    def forget_grants(self, account_id: str) -> None:
        """An account was given something: its grants are to be read anew."""
        self._grants.pop(account_id, None)

    def has_user(self, user_id: str) -> bool:
        """Whether this account is durable, or is about to be."""
        found = self._connection.execute("SELECT 1 FROM users WHERE id = ?", (user_id,)).fetchone()
        return user_id in self._enrolled or found is not None

    def is_suspended(self, account_id: str) -> bool:
        row = self._connection.execute("SELECT suspended FROM users WHERE id = ?", (account_id,)).fetchone()
        return bool(row and row[0])

    def hold(self, hold_id: str) -> Hold | None:
        """The live hold of this id."""
        return self._holds.get(hold_id)

    def resolution(self, hold_id: str) -> tuple[int, int] | None:
        """What was charged and absorbed when this hold was resolved; None if it never was."""
        if hold_id in self._resolved:
            return self._resolved[hold_id]
        row: tuple[int, int] | None = self._connection.execute(
            "SELECT amount_milli, coalesce((SELECT absorbed_milli FROM model_calls WHERE id = ?), 0) FROM entries WHERE id = ?",
            (hold_id, f"{hold_id}:2"),
        ).fetchone()
        return row

    def used(self, account_id: str, asked: IdempotencyKey, at_ms: int) -> KeyUsed | None:
        """The call that an idempotency key stands for."""
        used = self.used_keys.find(account_id, asked, at_ms)
        return replace(used, running=False) if used is not None and used.call_id in self._resolved else used

    def has_call(self, call_id: str) -> bool:
        """Whether the register has this call."""
        found = self._connection.execute("SELECT 1 FROM model_calls WHERE id = ?", (call_id,)).fetchone()
        return call_id in self._calls or found is not None

    def began(self, call: Call) -> str:
        """The call's row as JSON, for the hold to keep; remembered for the row at its end."""
        row = rows.call_row(call)
        self._memory.calls[call.id] = (call, row)
        return to_json(dict(zip(rows.CALL_COLUMNS, row, strict=True)))

    def place(self, hold: Hold) -> None:
        self._holds[hold.id] = self._new[hold.id] = hold
        self.live.shift(hold.scopes, 1)

    def change(self, hold: Hold) -> None:
        self._holds[hold.id] = hold
        (self._new if hold.id in self._new else self._changed)[hold.id] = hold

    def remove(self, hold: Hold, charged_milli: int, absorbed_milli: int) -> None:
        """Takes a hold off the books, for it is resolved."""
        self._resolved[hold.id] = (charged_milli, absorbed_milli)
        del self._holds[hold.id]
        self._changed.pop(hold.id, None)
        self.live.shift(hold.scopes, -1)
        if self._new.pop(hold.id, None) is None:
            self._writes[_DELETE_HOLD].append((hold.id,))
            self._writes[_DELETE_SCOPE].extend((scope, hold.id) for scope in hold.scopes)

    def enter(self, number: str, hold: Hold, kind: EntryKind, amount_milli: int, at_ms: int, moves: Moves) -> None:
        """One line of the truth, and the counters with it. `number` is its place among the hold's entries."""
        self._writes[holds.INSERT_ENTRY].append(
            (f"{hold.id}:{number}", hold.id, hold.account_id, kind, amount_milli, at_ms, holds.lines_json(moves))
        )
        self.readings.shift(moves)

    def register(self, call: Call) -> None:
        """Everything a finished call leaves behind."""
        self._calls.add(call.id)
        self._writes[rows.INSERT_CALL].append(rows.call_row(call, self._memory.calls.get(call.id)))
        for attempt in call.attempts:
            self._writes[rows.INSERT_ATTEMPT].append(rows.attempt_row(call.id, attempt))
            if attempt.usage is not None:
                self._writes[rows.INSERT_COST].append(rows.cost_row(call.id, attempt))
        self._put(rows.INSERT_USAGE, rows.usage_row(call))
        self._put(rows.INSERT_CHECK, rows.check_row(call))
        self._put(rows.INSERT_CONVERSATION, rows.conversation_row(call))
        self.count(call)

    def count(self, call: Call) -> None:
        """Adds a call to the roll-ups; whoever writes its row does this once."""
        self._rollup.add(call)

    def enter_apart(self, entry: Row, moves: Moves) -> None:
        """One line of the truth that no live hold is about, whole but for its lines: written at once, so that whatever
        follows in this batch finds it."""
        self._connection.execute(holds.INSERT_ENTRY, (*entry, holds.lines_json(moves)))
        self.readings.shift(moves)

    def entries(self, hold_id: str) -> list[Entry]:
        """What the books say of a hold, but for what this batch is still to write of it."""
        return holds.entries_of(self._connection, hold_id)

    def writing(self, change: Change, at_ms: int) -> Writing:
        """A write of people's in the same transaction."""
        return Writing(self._connection, change, at_ms)

    def call(self, call_id: str) -> Call | None:
        """A call's row, without its attempts; None when the register has none."""
        row = self._connection.execute(_SELECT_CALL, (call_id,)).fetchone()
        return None if row is None else call_of(dict(zip(rows.CALL_READ_COLUMNS, row, strict=True)), ())

    def give_back(self, call: Call, credits_milli: int) -> None:
        """Shows in a call's row and in the roll-ups that all it was charged was given back."""
        self._writes[_SHOW_REFUND].append((credits_milli, call.id))
        self._rollup.give_back(call, credits_milli)

    def insert(self, statement: str, row: Row) -> None:
        """A row that is none of the above."""
        self._writes[statement].append(row)

    def enrol(self, user: User, entitlement: Entitlement | None, at_ms: int) -> None:
        """Makes an end user durable and tells every process."""
        self._enrolled.add(user.id)
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
        self._writes[_MOVE_COUNTER] = [(*key, *change) for key, change in self.readings.moved.items()]
        self._writes[rollup.ADD] = list(self._rollup.rows())
        for statement, parameters in self._writes.items():
            if parameters:
                self._connection.executemany(statement, parameters)
        self.used_keys.flush()
        self._memory.keep(self._new | self._changed, self._resolved)

    def _put(self, statement: str, row: Row | None) -> None:
        if row is not None:
            self._writes[statement].append(row)


class Readings(dict[CounterKey, Reading]):
    """Counters, read when first asked for and kept in step with what has `moved` in this transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.moved: Moves = {}

    def __missing__(self, key: CounterKey) -> Reading:
        row = self._connection.execute(
            "SELECT spent, held FROM counters WHERE scope = ? AND name = ? AND epoch = ?", key
        ).fetchone()
        spent, held = row or (0, 0)
        moved = self.moved.get(key, _STILL)
        self[key] = reading = Reading(spent + moved.spent, held + moved.held)
        return reading

    def shift(self, moves: Moves) -> None:
        for key, change in moves.items():
            for readings in (self, self.moved):
                before = readings.get(key)
                if before is not None:
                    readings[key] = Reading(before.spent + change.spent, before.held + change.held)
            self.moved.setdefault(key, change)


class _Live(dict[str, int]):
    """How many holds live in a scope, counted when first asked for and kept in step."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._uncounted: dict[str, int] = {}

    def __missing__(self, scope: str) -> int:
        row: tuple[int] = self._connection.execute("SELECT count(*) FROM hold_scopes WHERE scope = ?", (scope,)).fetchone()
        self[scope] = count = row[0] + self._uncounted.pop(scope, 0)
        return count

    def shift(self, scopes: Sequence[str], change: int) -> None:
        for scope in scopes:
            counts = self if scope in self else self._uncounted
            counts[scope] = counts.get(scope, 0) + change
