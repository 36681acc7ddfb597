"""Ready-made rows in, the least a database has to do for a call's books out: admit, hold, settle, entries, attempt, usage, cost
and the call's row, a batch a transaction in the connection's own thread; it judges, remembers and proves nothing.

This is what the books are measured against. It never changes, so that a ratio to it can be compared over time and machines."""

import asyncio
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from proxy.domain.call import Call
from proxy.domain.usage import Usage
from proxy.store.rows import to_json

Row = tuple[str | int, ...]
_Waiting = tuple[Sequence[Row], asyncio.Future[None]]

_TABLES: Final = """
CREATE TABLE counters (scope TEXT PRIMARY KEY, spent INTEGER NOT NULL, held INTEGER NOT NULL, max INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;
CREATE TABLE holds (id TEXT PRIMARY KEY, scope TEXT NOT NULL, milli INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE entries (id TEXT PRIMARY KEY, scope TEXT NOT NULL, kind TEXT NOT NULL, milli INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;
CREATE TABLE attempts (id TEXT PRIMARY KEY, model TEXT NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;
CREATE TABLE usages (id TEXT PRIMARY KEY, scope TEXT NOT NULL, quantity INTEGER NOT NULL, milli INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;
CREATE TABLE costs (id TEXT PRIMARY KEY, nano INTEGER NOT NULL, milli INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE calls (id TEXT PRIMARY KEY, scope TEXT NOT NULL, at_ms INTEGER NOT NULL, model TEXT NOT NULL,
    status TEXT NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL, milli INTEGER NOT NULL, nano INTEGER NOT NULL,
    judged TEXT NOT NULL) STRICT;
CREATE INDEX calls_of_scope ON calls (scope, id);
"""
_HOLDING: Final = (
    "UPDATE counters SET held = held + ?2 WHERE scope = ?1 AND spent + held + ?2 <= max",
    "INSERT INTO holds VALUES (?, ?, ?)",
    "INSERT INTO entries VALUES (?, ?, 'hold', ?)",
)
_SETTLING: Final = (
    "UPDATE counters SET held = held - ?2, spent = spent + ?3 WHERE scope = ?1",
    "DELETE FROM holds WHERE id = ?",
    "INSERT INTO entries VALUES (?, ?, 'settle', ?)",
    "INSERT INTO attempts VALUES (?, ?, ?, ?)",
    "INSERT INTO usages VALUES (?, ?, ?, ?)",
    "INSERT INTO costs VALUES (?, ?, ?)",
    "INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
)


class BareBooks:
    """Group commit over one SQLite file and nothing else."""

    def __init__(self, path: str, scopes: Sequence[str]) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._connection = self._thread.submit(_opened, path, scopes).result()
        self._waiting: list[_Waiting] = []
        self._commits: asyncio.Task[None] | None = None

    async def hold(self, rows: Sequence[Row]) -> None:
        """`rows` is what `held` made of a call."""
        await self._answered(rows)

    async def settle(self, rows: Sequence[Row]) -> None:
        """`rows` is what `settled` made of a call."""
        await self._answered(rows)

    def close(self) -> None:
        self._thread.submit(self._connection.close).result()
        self._thread.shutdown()

    async def _answered(self, rows: Sequence[Row]) -> None:
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, answer))
        if self._commits is None:
            self._commits = asyncio.create_task(self._commit_all())
        await answer

    async def _commit_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, batch)
            for _, answer in batch:
                answer.set_result(None)
        self._commits = None

    def _commit(self, batch: Sequence[_Waiting]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for statements in (_SETTLING, _HOLDING):
            found = [rows for rows, _ in batch if len(rows) == len(statements)]
            for statement, rows in zip(statements, zip(*found, strict=True), strict=False):
                self._connection.executemany(statement, rows)
        self._connection.commit()


def held(id: str, scope: str, milli: int) -> Sequence[Row]:
    """The rows of a hold."""
    return (scope, milli), (id, scope, milli), (f"{id}:0", scope, milli)


def settled(call: Call, scope: str, held_milli: int) -> Sequence[Row]:
    """The rows of a settlement."""
    id, model, milli, nano, usage = call.id, call.model_id or "", call.credits_milli, call.raw_nano_usd, call.usage or Usage()
    return (
        (scope, held_milli, milli),
        (id,),
        (f"{id}:2", scope, milli),
        (f"{id}:1", model, usage.input, usage.output),
        (f"{id}:usage", scope, usage.input, milli),
        (f"{id}:cost:1", nano, milli),
        (id, scope, call.at_ms, model, "served", usage.input, usage.output, milli, nano, to_json(call.decision)),
    )


def _opened(path: str, scopes: Sequence[str]) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.executescript(_TABLES)
    connection.executemany("INSERT INTO counters VALUES (?, 0, 0, 1 << 60)", [(scope,) for scope in scopes])
    return connection
