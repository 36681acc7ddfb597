"""The real books as histories live through them: one database, one set clock, and all that acts on them."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeVar

from proxy.store.database import Database, Work, transaction
from proxy.store.directory import SqlDirectory
from proxy.store.leases import LeaseLimits, SqlLeases
from proxy.store.ledger import SqlLedger
from proxy.store.migrate import SQLITE, migrate, migrations
from proxy.store.postgres import PostgresDatabase
from proxy.store.sqlite import WRITING, SqliteConnection
from proxy.store.timekeeper import Timekeeper
from proxy.store.verify import verify
from tests.contracts.set_clock import ServerClock, SetClock
from tests.postgres_server import server

T = TypeVar("T")
LEASES: Final = LeaseLimits(lease_ms=1_000, grace_ms=0, beat_ms=1_000)


class NearDatabase:
    """Implements Database over one SQLite connection in the caller's own thread, with nothing kept safe: many histories in
    the time of a few."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, factory=SqliteConnection, cached_statements=256)
        self.connection.executescript("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF")
        migrate(self.connection, WRITING, migrations(SQLITE))

    async def write(self, work: Work[T]) -> T:
        return transaction(self.connection, WRITING, work)

    async def write_locked(self, work: Work[T]) -> T:
        return transaction(self.connection, WRITING, work)

    async def read(self, work: Work[T]) -> T:
        return transaction(self.connection, WRITING, work)

    async def survey(self, work: Work[T]) -> T:
        return transaction(self.connection, WRITING, work)

    async def close(self) -> None:
        self.connection.close()


@dataclass
class Stage:
    """The books of one process, under a clock that only the test moves."""

    database: Database
    clock: SetClock

    def __post_init__(self) -> None:
        self.timekeeper = Timekeeper(self.database, self.clock)
        self.ledger = SqlLedger(self.database, self.timekeeper, "ours")
        self.leases = SqlLeases(self.database, self.clock, "another", LEASES)
        self.directory = SqlDirectory(self.database, self.clock)
        self.numbers = count()

    async def look(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = await self.database.read(lambda c: c.execute(query, values).fetchall())
        return found


@contextmanager
def near_stage(folder: Path) -> Iterator[Stage]:
    """On SQLite. Raises AssertionError at its end if verify finds anything."""
    yield from _verified(NearDatabase(folder / "books.db"), SetClock())


@contextmanager
def far_stage() -> Iterator[Stage]:
    """The same on PostgreSQL."""
    with server().fresh() as url, ServerClock.of(url) as clock:
        yield from _verified(asyncio.run(PostgresDatabase.open(url)), clock)


def _verified(database: Database, clock: SetClock) -> Iterator[Stage]:
    try:
        yield Stage(database, clock)
        assert asyncio.run(verify(database)) == []
    finally:
        asyncio.run(database.close())
