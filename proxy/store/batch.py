"""One transaction's view of the books: what it has read and what it will write, all of which leaves in one sweep."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from proxy.domain.account import User
from proxy.domain.call import Call
from proxy.domain.desk import Change, Entry, Grant
from proxy.domain.ledger import (
    EntryKind,
    ExtendRequest,
    HoldRequest,
    HoldTerms,
    IdempotencyKey,
    KeyUsed,
    LedgerCommand,
    RecordCall,
    Transfer,
)
from proxy.domain.plan import Entitlement
from proxy.domain.value import replace
from proxy.stages.ledger.counters import CounterKey, Moves, Shifts, apart
from proxy.stages.ledger.sources import Case, case_of, counters
from proxy.stages.ledger.thresholds import Near
from proxy.store import begun, folding, foresight, holds, locks, moving, rollup, rows
from proxy.store.begun import Begun
from proxy.store.database import Connection, Moment
from proxy.store.holds import Hold
from proxy.store.locks import Locks
from proxy.store.recorded import SELECT_CALL, call_read
from proxy.store.rows import Place, Row, to_json
from proxy.store.seen import Seen
from proxy.store.trail import Writing
from proxy.store.used_keys import UsedKeys

_INSERT_SCOPE: Final = "INSERT INTO hold_scopes VALUES (?, ?)"
_DELETE_SCOPE: Final = "DELETE FROM hold_scopes WHERE scope = ? AND hold_id = ?"
_DELETE_HOLD: Final = "DELETE FROM holds WHERE id = ?"
_INSERT_USER: Final = (
    "INSERT INTO users (id, name, app_id, external_id, anchor_day, caps, created_at_ms)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_INSERT_ENTITLEMENT: Final = (
    "INSERT INTO entitlements (id, user_id, plan_id, overrides, version) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_INSERT_CHANGE: Final = "INSERT INTO changes (kind, object_id, at_ms) VALUES (?, ?, ?)"

_REMEMBERED_MAX: Final = 10_000
_SHOW_REFUND: Final = "UPDATE model_calls SET refunded_milli = ? WHERE id = ?"


class Memory:
    """What one process remembers between batches, to read and encode less. It is never believed: it goes on with what it has
    seen only while nobody else wrote to the books, and takes a hold only when they still show the same."""

    def __init__(self) -> None:
        self.unrolled = folding.Unrolled()
        self.holds: dict[str, Hold] = {}
        self.near: dict[CounterKey, Near] = {}
        self.calls: dict[str, tuple[Call, Place]] = {}
        self._seen: Seen | None = None
        self._seen_at: Moment | None = None

    def seen(self, at: Moment | None) -> Seen | None:
        """What the last batch left, if the books are as that batch left them. It is handed out once: what a batch makes of
        it is of use to the next one only when this one is written."""
        seen, self._seen = self._seen, None
        return seen if at is not None and at == self._seen_at else None

    def keep_seen(self, seen: Seen, at: Moment | None) -> None:
        """Remembers what a batch has seen, good for the moment `at` which its commit makes."""
        if at is not None and seen.size <= _REMEMBERED_MAX:
            self._seen, self._seen_at = seen, at

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
    about the holds `hold_ids`, which are read at once, and about what `commands` name; `memory` spares it what this process
    still knows."""

    def __init__(
        self, connection: Connection, hold_ids: Sequence[str], memory: Memory, commands: Sequence[LedgerCommand] = ()
    ) -> None:
        self._connection = connection
        self._locks = None if connection.is_near else Locks(connection)
        self._recorded: dict[str, bool] = {}
        self._memory = memory
        self._began_at = connection.moment()
        self._seen = memory.seen(self._began_at) or Seen(connection, self._locks)
        self._commands = commands
        self._holds = self._found(hold_ids)
        self._new: dict[str, Hold] = {}
        self._changed: dict[str, Hold] = {}
        self._resolved: dict[str, tuple[int, int]] = {}
        self._enrolled: set[str] = set()
        self._writes: defaultdict[str, list[Row]] = defaultdict(list)
        self._begun = Begun()
        self._finished: list[Call] = []
        self._rollup = rollup.Rollup()
        self.readings = self._seen.readings
        self.live = self._seen.live
        self.all_grants = self._seen.grants
        self.used_keys = UsedKeys(connection)

    @property
    def near(self) -> dict[CounterKey, Near]:
        """The limits that live holds could bring to a threshold, as far as this process has seen."""
        return self._memory.near

    def foresee(self, at_ms: int) -> None:
        """Reads at once what the commands will be judged by, where every look is a journey."""
        if self._locks is None:
            return
        cases = [case for command in self._commands if (case := self._case(command, at_ms)) is not None]
        accounts = {case.account_id for case in cases}
        grants = foresight.grants(self._connection, accounts)
        self._seen.grants.update(grants)
        self._seen.suspended.update(foresight.suspended(self._connection, accounts))
        keys = {key for case in cases for key in counters(replace(case, grants=grants[case.account_id]))}
        scopes = {limit.scope for case in cases for limit in case.terms.concurrency}
        self._locks.take((*scopes, *(key.scope for key in keys)))
        self.readings.learn(foresight.readings(self._connection, keys))
        self.live.update(foresight.live(self._connection, scopes))
        records = {command.call.id for command in self._commands if isinstance(command, RecordCall)}
        self._recorded.update(foresight.recorded(self._connection, records))

    @property
    def up_ms(self) -> int:
        """The store's own clock at its last beat."""
        return self._seen.up_ms

    def case(self, account_id: str, terms: HoldTerms, at_ms: int) -> Case:
        """What a call of the account is judged by."""
        return Case(account_id, terms, self.grants(account_id), at_ms, self._seen.charts.of(account_id, terms, at_ms))

    def grants(self, account_id: str) -> tuple[Grant, ...]:
        return self._seen.grants[account_id]

    def forget_grants(self, account_id: str) -> None:
        """An account was given something: its grants are to be read anew."""
        self._seen.grants.pop(account_id, None)

    def has_user(self, user_id: str) -> bool:
        """Whether this account is durable, or is about to be."""
        found = self._connection.execute("SELECT 1 FROM users WHERE id = ?", (user_id,)).fetchone()
        return user_id in self._enrolled or found is not None

    def is_suspended(self, account_id: str) -> bool:
        return self._seen.suspended[account_id]

    def hold(self, hold_id: str) -> Hold | None:
        """The live hold of this id."""
        return self._holds.get(hold_id)

    def resolution(self, hold_id: str) -> tuple[int, int] | None:
        """What was charged and absorbed when this hold was resolved; None if it never was."""
        if hold_id in self._resolved:
            return self._resolved[hold_id]
        row: tuple[int, int] | None = self._connection.execute(
            "SELECT credits_milli, absorbed_milli FROM model_calls"
            " WHERE id = ? AND EXISTS (SELECT 1 FROM entries WHERE entries.id = ?)",
            (hold_id, f"{hold_id}:2"),
        ).fetchone()
        return row

    def is_resolved_here(self, hold_id: str) -> bool:
        """Whether this transaction resolves the hold."""
        return hold_id in self._resolved

    def used(self, account_id: str, asked: IdempotencyKey, at_ms: int) -> KeyUsed | None:
        """The call that an idempotency key stands for."""
        used = self.used_keys.find(account_id, asked, at_ms)
        return replace(used, running=False) if used is not None and used.call_id in self._resolved else used

    def has_call(self, call_id: str) -> bool:
        """Whether the register has this call."""
        known = self._recorded.get(call_id)
        if known is None:
            found = self._connection.execute("SELECT 1 FROM model_calls WHERE id = ?", (call_id,)).fetchone()
            known = self._recorded[call_id] = found is not None
        return known

    def began(self, call: Call) -> str:
        """Where the call stands as it began, for the hold to keep; remembered for the row at its end."""
        place = self._begun.add(call)
        self._memory.calls[call.id] = (call, place)
        return begun.named(place)

    def as_begun(self, hold: Hold) -> dict[str, Any]:
        """The call of a live hold as it began, by the names of its columns."""
        return begun.find(self._connection, hold.began)

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
            self._writes[_DELETE_SCOPE] += [(scope, hold.id) for scope in hold.scopes]

    def enter(self, number: str, hold: Hold, kind: EntryKind, amount_milli: int, at_ms: int, shifts: Shifts) -> None:
        """One line of the truth, and the counters with it. `number` is its place among the hold's entries."""
        lines = self.readings.shift(shifts)
        self._writes[holds.INSERT_ENTRY].append(
            (f"{hold.id}:{number}", hold.id, hold.account_id, kind, amount_milli, at_ms, lines)
        )

    def register(self, call: Call) -> None:
        """Everything a finished call leaves behind."""
        self._recorded[call.id] = True
        known = self._memory.calls.get(call.id)
        if known is not None and _is_judged_alike(call, known[0]):
            self._writes[rows.INSERT_ENDED].append(rows.ended_row(call, known[1]))
        else:
            self._writes[rows.INSERT_CALL].append(rows.whole_row(call))
        if call.conversation_id is not None and call.conversation_id not in self._seen.conversations:
            self._seen.conversations.add(call.conversation_id)
            self._put(rows.INSERT_CONVERSATION, rows.conversation_row(call))
        self.count(call)

    def count(self, call: Call) -> None:
        """Has a call added to the roll-ups, in a while; whoever writes its row does this once."""
        self._finished.append(call)

    def enter_apart(self, entry: Row, moves: Moves) -> None:
        """One line of the truth that no live hold is about, whole but for its lines: written at once, so that whatever
        follows in this batch finds it."""
        self._connection.execute(holds.INSERT_ENTRY, (*entry, self.readings.shift(apart(moves))))

    def entries(self, hold_id: str) -> list[Entry]:
        """What the books say of a hold, but for what this batch is still to write of it."""
        return holds.entries_of(self._connection, hold_id)

    def resets(self, account_id: str) -> list[Entry]:
        """Every time that a window of this account was let begin anew by hand; no other follows until this transaction ends."""
        if self._locks is not None:
            self._locks.take((holds.account_scope(account_id),))
        return holds.resets_of(self._connection, account_id)

    def writing(self, change: Change, at_ms: int) -> Writing:
        """A write of people's in the same transaction."""
        return Writing(self._connection, change, at_ms)

    def call(self, call_id: str) -> Call | None:
        """A finished call; None when the register has none."""
        row = self._connection.execute(f"{SELECT_CALL} WHERE id = ?", (call_id,)).fetchone()
        return None if row is None else call_read(row)

    def lock_call(self, call_id: str) -> Call | None:
        """A finished call's row, which nobody else corrects until this transaction ends. The roll-ups show it as it stands."""
        if self._locks is not None:
            self._locks.take((f"call:{call_id}",))
        folding.fold(self._connection)
        return self.call(call_id)

    def correct(self, before: Call, call: Call) -> None:
        """From here on the call came to this; what it seemed to come to before is taken out of the roll-ups."""
        self._resolved[call.id] = (call.credits_milli, call.absorbed_milli)
        self._recorded[call.id] = True
        self._rollup.take_back(before)
        self._rollup.add(call)

    def write_now(self, statement: str, parameters: Sequence[Row]) -> None:
        """Rows that whatever follows in this batch must find."""
        if parameters:
            self._connection.executemany(statement, parameters)

    def give_back(self, call: Call, credits_milli: int) -> None:
        """Shows in a call's row and in the roll-ups that all it was charged was given back."""
        folding.fold(self._connection)
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
        named = self.readings.text
        self._writes[begun.INSERT] = list(self._begun.rows())
        self._writes[holds.INSERT_HOLD] = [holds.insert_row(hold, named) for hold in self._new.values()]
        self._writes[_INSERT_SCOPE] = [(scope, hold.id) for hold in self._new.values() for scope in hold.scopes]
        self._writes[holds.UPDATE_HOLD] = [holds.update_row(hold, named) for hold in self._changed.values()]
        self._writes |= moving.moved(self._connection, self.readings.moved())
        self._roll_up()
        self._writes[rollup.ADD] = list(self._rollup.rows())
        self._writes[rollup.SWEEP] = list(self._rollup.emptied())
        for statement, parameters in self._writes.items():
            if parameters:
                self._connection.executemany(statement, parameters)
        self.used_keys.flush()
        live = self._new | self._changed
        self._seen.written(live, self._resolved)
        self._memory.keep(live, self._resolved)
        self._memory.keep_seen(self._seen, self._began_at and self._began_at.next)

    def _found(self, hold_ids: Sequence[str]) -> dict[str, Hold]:
        if self._locks is None:
            return holds.find(self._connection, hold_ids, self._memory.holds, self._seen.holds)
        self._locks.take_holds(hold_ids)
        found = holds.find(self._connection, hold_ids, self._memory.holds)
        named = (locks.scopes_of(command) for command in self._commands)
        self._locks.take(set().union(*named, *(holds.scopes_of(hold) for hold in found.values())))
        # One that was not there may have been taken while the locks were waited for.
        late = [hold_id for hold_id in hold_ids if hold_id not in found]
        return found | (holds.find(self._connection, late, self._memory.holds) if late else {})

    def _case(self, command: LedgerCommand, at_ms: int) -> Case | None:
        match command:
            case HoldRequest(account_id=account_id, terms=terms):
                return case_of(account_id, terms, (), at_ms)
            case ExtendRequest(hold_id=hold_id, terms=terms) if hold_id in self._holds:
                return case_of(self._holds[hold_id].account_id, terms, (), at_ms)
            case Transfer(giver_id=giver_id, terms=terms):
                return case_of(giver_id, terms, (), at_ms)
            case _:
                return None

    def _roll_up(self) -> None:
        unrolled = self._memory.unrolled
        if unrolled.is_full:
            unrolled.fold(self._connection, self._rollup)
            for call in self._finished:
                self._rollup.add(call)
        elif self._finished:
            self._writes[folding.NOTE].append(unrolled.note(self._finished))

    def _put(self, statement: str, row: Row | None) -> None:
        if row is not None:
            self._writes[statement].append(row)


def _is_judged_alike(call: Call, other: Call) -> bool:
    # Written out, for every call asks it; never by value, which would cost more than to encode it again.
    return (
        call.decision is other.decision
        and call.ask is other.ask
        and call.standing is other.standing
        and call.verdict is other.verdict
        and call.health is other.health
        and call.advice is other.advice
    )
