"""The rows that one user and one finished call leave behind, made by the real directory and ledger, with marks in the places
of what differs from call to call."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from proxy.domain.conversation import Answerer, Opening, Written
from proxy.domain.desk import Change, Grant, PlanRequest
from proxy.domain.ledger import HoldRequest, HoldTerms, IdempotencyKey, Settlement
from proxy.domain.plan import Allowance
from proxy.store.conversations import SqlConversations
from proxy.store.directory import SqlDirectory
from proxy.store.folding import fold_for_reader
from proxy.store.ledger import SqlLedger
from proxy.store.sqlite import SqliteDatabase
from proxy.store.timekeeper import Timekeeper
from tests.builders import NOW_MS, attempt, call, decision, entitlement, key, usage, user
from tests.contracts.set_clock import SetClock

CALL: Final = "@CALL@"
WHO: Final = "@WHO@"
KEY: Final = "@KEY@"
KIND: Final = "@N@"
CHARGE_MILLI: Final = 300
KEPT: Final = 5  # A user keeps so many conversations ...
ANSWERS: Final = 3  # ... of so many answers.
# A day that is neither the first of its month nor a Monday, so that the names of its epochs differ.
MOMENT_MS: Final = NOW_MS + 14 * 86_400_000
TERMS: Final = HoldTerms((Allowance("month", 10**12),), (), (), 1)

KEPT_TABLES: Final = frozenset({"kept_conversations", "kept_turns"})
USER_TABLES: Final = KEPT_TABLES | {
    "users", "entitlements", "keys", "key_descent", "grants", "plan_requests", "conversations", "audit", "changes",
}  # fmt: skip
CALL_TABLES: Final = frozenset({"model_calls", "begun", "entries", "idempotency_keys"})
SUMS: Final = frozenset({"counters", "rollups"})
_LARGE: Final = 1_000_000
# What says nothing of calls that are over, and what `counters` shows.
_LEFT_OUT: Final = frozenset({"schema_version", "sqlite_sequence", "clock", "counter_names", "counter_amounts"})
# Their numbers are the table's own to give.
_NUMBERED: Final = {"audit": "id", "changes": "seq"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One row by column name; of `user`, of a `call`, or a sum that every call adds to."""

    table: str
    of: str
    row: dict[str, Any]


async def samples() -> list[Sample]:
    """All rows, those of the user first. Raises LookupError for a table that nobody has placed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "books.db"
        database = await SqliteDatabase.open(str(path))
        try:
            await _leave_rows(database)
        finally:
            await database.close()
        with closing(sqlite3.connect(path)) as connection:
            return list(_read(connection))


async def _leave_rows(database: SqliteDatabase) -> None:
    clock, change = SetClock(), Change("cli", "a proof")
    clock.at_ms = MOMENT_MS
    directory, ledger = SqlDirectory(database, clock), SqlLedger(database, Timekeeper(database, clock), "boot-proof")
    await directory.put_user(user(WHO, created_at_ms=MOMENT_MS), None, change)
    await directory.put_entitlement(entitlement(WHO), None, change)
    await directory.add_key(key(KEY, user_id=WHO, created_at_ms=MOMENT_MS), change)
    await directory.grant(Grant(f"grant-{WHO}", WHO, "topup", 1_000, "a proof", MOMENT_MS), change)
    asked = PlanRequest(f"request-{WHO}", WHO, "plan", "basic", "more, please", "denied", MOMENT_MS, MOMENT_MS, "cli", "no")
    await directory.file_plan_request(asked)
    await _keep(SqlConversations(database, clock))
    hold, settlement = commands(CALL, WHO, KEY, MOMENT_MS, KIND)
    for command in (hold, settlement):
        (ack,) = await ledger.apply([command])
        if isinstance(ack, Exception):
            raise ack
    await fold_for_reader(database)


async def _keep(conversations: SqlConversations) -> None:
    for number in range(KEPT * ANSWERS):
        call_id, at_ms = f"call-{number}-{WHO}", MOMENT_MS + number
        opening = Opening(WHO, kept_id(WHO, number % KEPT), call_id, "What it costs", '"What does it cost?"', at_ms)
        place = await conversations.begin(opening)
        await conversations.save(opening, place, Written("Less than it did. " * 10, "whole", Answerer(call_id, "p/m-0")))


def kept_id(who: str, number: int) -> str:
    """One of the conversations that a user keeps."""
    return f"kept-{number}-{who}"


def commands(call_id: str, who: str, key_id: str, at_ms: int, kind: str = "0") -> tuple[HoldRequest, Settlement]:
    """The hold and the settlement of one call; those of another kind go to another model."""
    family, model = f"family-{kind}", f"p/m-{kind}"
    tried = attempt(model_id=model, family=family, started_ms=at_ms, first_byte_ms=at_ms + 50, ended_ms=at_ms + 100)
    ended = call(
        call_id,
        request_id=f"req-{call_id}",
        at_ms=at_ms,
        user_id=who,
        key_id=key_id,
        asked=(model,),
        model_id=model,
        family=family,
        assistant_id=f"assistant-{kind}",
        conversation_id=f"conversation-{who}",
        credits_milli=CHARGE_MILLI,
        attempts=(tried,),
        decision=decision(),
        metadata={"feature": f"feature-{kind}"},
        usage=usage(),
    )
    hold = HoldRequest(
        hold_id=call_id,
        account_id=who,
        family=family,
        amount_milli=2 * CHARGE_MILLI,
        raw_nano_usd=600_000,
        terms=TERMS,
        scopes=(f"key:{key_id}", f"user:{who}"),
        lease_ms=60_000,
        began=replace(ended, status="running", usage=None, credits_milli=0, attempts=()),
        idempotency=IdempotencyKey("POST /v1/chat/completions", call_id, b"hash" * 8) if kind == KIND else None,
    )
    return hold, Settlement(call_id, CHARGE_MILLI, ended.raw_nano_usd, ended)


def _read(connection: sqlite3.Connection) -> Iterator[Sample]:
    connection.row_factory = sqlite3.Row
    listed = "SELECT name FROM sqlite_master WHERE type = 'table' OR name = 'counters' ORDER BY name"
    tables = [name for (name,) in connection.execute(listed)]
    for table in sorted(tables, key=lambda name: name in CALL_TABLES | SUMS):
        for found in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608  (names from the schema)
            row = dict(found)
            row.pop(_NUMBERED.get(table, ""), None)
            if "begun_size" in row:
                # A call of its own batch: whatever takes the places of the marks, it stands there whole.
                row["begun_size"] = _LARGE
            if table not in _LEFT_OUT:
                yield Sample(table, _owner(table, row), row)


def _owner(table: str, row: dict[str, Any]) -> str:
    if table in SUMS:
        return "sum"
    if table in USER_TABLES or (table == "entries" and row["kind"] == "grant"):
        return "user"
    if table in CALL_TABLES:
        return "call"
    raise LookupError(f"a finished call leaves rows in {table}: say of whom they are")
