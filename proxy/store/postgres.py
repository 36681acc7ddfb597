"""One PostgreSQL database: functions over a connection in, their results out, each in one transaction; loaded only where
one is configured, and never a word of its address or password in what it says."""

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from functools import lru_cache
from itertools import count
from typing import Any, Final, TypeVar

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8Dumper, IntLoader
from psycopg.types.string import StrDumper

from proxy.ports import Clock, CommitUnknown, StoreUnavailable
from proxy.store.database import BadStatement, Found, OneThread, UnfitDatabase, Values, Work, transaction
from proxy.store.migrate import POSTGRES, migrate, migrations

T = TypeVar("T")

# Every wait has its end: to connect, for a server that no longer answers, for a lock, for a statement, and for a process that
# was halted inside its transaction and keeps others from the same rows.
_NETWORK: Final = {
    "connect_timeout": 2,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
# To compile the long sums of reports takes the server longer than to add them up. And on the disks of today, or in memory, a
# page is not four times dearer for not being the next: believing that, the server walks past others' rows to spare an index.
_PLANNING: Final = "SET jit = off; SET random_page_cost = 1.1"
_SESSION: Final = f"SET lock_timeout = '2s'; SET idle_in_transaction_session_timeout = '5s'; {_PLANNING}"
_WRITER: Final = f"{_SESSION}; SET statement_timeout = '30s'"
_READER: Final = f"{_SESSION}; SET statement_timeout = '5min'"
_WHILE_MIGRATING: Final = "SET lock_timeout = 0; SET statement_timeout = 0"
_PREPARED_MAX: Final = 500
_LET_PASS_S: Final = 0.05

# Writers that lock nothing for themselves take turns; so do processes that bring the schema forward.
_TURN: Final = "SELECT pg_advisory_xact_lock(21314, 1)"
_WRITING: Final = ("BEGIN", _TURN)
_WRITING_BESIDE: Final = ("BEGIN",)
_READING: Final = ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",)

# What stands in quotes, a cast, and then what stands for a value.
_PLACE: Final = re.compile(r"'[^']*'|::|\?(?P<number>\d*)|:(?P<name>[a-z_]+)")


class PostgresDatabase:
    """Implements Database with a writer connection and two reader connections, one of them for reads that may last; each made
    anew when it was lost.

    Work that failed for what passes (a deadlock, a lost connection) and is known to have left nothing is done once more.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Use `open`."""
        self._writer = _Desk("store-writer", options, _WRITER)
        self._reader = _Desk("store-reader", options, _READER)
        self._surveyor = _Desk("store-surveyor", options, _READER)

    @classmethod
    async def open(cls, url: str) -> "PostgresDatabase":
        """Connects and brings the database to this release's schema. Raises UnfitDatabase for an address that cannot be
        read and for a server whose commits are not durable; StoreUnavailable, SchemaTooNew."""
        async with AsyncExitStack() as undo:
            database = cls(_options(url))
            undo.push_async_callback(database.close)
            await database._writer.open(_bring_forward)
            await database._reader.open(lambda _: None)
            await database._surveyor.open(lambda _: None)
            undo.pop_all()
        return database

    async def write(self, work: Work[T]) -> T:
        return await self._writer.run(_WRITING, work)

    async def write_locked(self, work: Work[T]) -> T:
        return await self._writer.run(_WRITING_BESIDE, work)

    async def read(self, work: Work[T]) -> T:
        return await self._reader.run(_READING, work)

    async def survey(self, work: Work[T]) -> T:
        return await self._surveyor.run(_READING, work)

    async def close(self) -> None:
        await self._surveyor.close()
        await self._reader.close()
        await self._writer.close()


class _Connection:
    is_near = False

    def moment(self) -> None:
        return None

    def __init__(self, driver: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._driver = driver

    @property
    def is_lost(self) -> bool:
        return self._driver.closed

    @property
    def in_transaction(self) -> bool:
        return self._driver.info.transaction_status not in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN)

    def execute(self, statement: str, parameters: Values = (), /) -> Found:
        if not parameters:
            # Only so does the driver take many statements at once, as a step of the schema has.
            return self._driver.execute(statement)
        numbered, names = _numbered(statement)
        if isinstance(parameters, Mapping):
            parameters = [parameters[name] for name in names]
        return self._driver.execute(numbered, parameters)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> None:
        with self._driver.cursor() as cursor:
            cursor.executemany(_numbered(statement)[0], rows)

    def commit(self) -> None:
        try:
            done = self._driver.execute("COMMIT").statusmessage
        except psycopg.Error as error:
            if self.is_lost:
                raise CommitUnknown("the connection was lost before the commit was acknowledged") from error
            raise
        if done != "COMMIT":
            raise BadStatement("a statement had failed, so nothing was committed")

    def rollback(self) -> None:
        self._driver.execute("ROLLBACK")

    def now_ms(self, _: Clock, /) -> int:
        row: tuple[int] = self.execute("SELECT store_now_ms()").fetchone()
        return row[0]

    def close(self) -> None:
        self._driver.close()


class _Desk:
    def __init__(self, name: str, options: Mapping[str, Any], session: str) -> None:
        self._thread = OneThread(name)
        self._options = options
        self._session = session
        self._connection: _Connection | None = None

    async def open(self, first: Callable[[_Connection], None]) -> None:
        await self._thread.run(lambda: self._translated(lambda: first(self._connected())))

    async def run(self, begin: Sequence[str], work: Work[T]) -> T:
        return await self._thread.run(lambda: self._translated(lambda: self._twice(begin, work)))

    async def close(self) -> None:
        await self._thread.close(self._disconnect)

    def _twice(self, begin: Sequence[str], work: Work[T]) -> T:
        connection = self._connected()
        try:
            return transaction(connection, begin, work)
        except psycopg.Error as error:
            # Rolled back for certain: only a COMMIT can leave a doubt, and that is another exception.
            if isinstance(error, errors.DeadlockDetected):
                # A row that was just given up may be taken again before the one who waited for it has woken.
                time.sleep(_LET_PASS_S)
            elif not connection.is_lost:
                raise
        return transaction(self._connected(), begin, work)

    def _connected(self) -> _Connection:
        connection = self._connection
        if connection is None or connection.is_lost:
            connection = self._connection = _connect(self._options, self._session)
        return connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _translated(self, job: Callable[[], T]) -> T:
        try:
            return job()
        except psycopg.Error as error:
            lost = self._connection is None or self._connection.is_lost
            if isinstance(error, errors.ReadOnlySqlTransaction):
                # A server that has become a standby: the next connection may find the one that writes.
                self._disconnect()
            elif not (lost or isinstance(error, psycopg.OperationalError)):
                raise BadStatement(_said(error)) from error
            raise StoreUnavailable(_said(error)) from error


def _options(url: str) -> dict[str, Any]:
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:
        # What the driver says of an address repeats it, password and all.
        raise UnfitDatabase("the address cannot be read; it looks like postgresql://USER:PASSWORD@HOST:5432/NAME") from None
    return {"application_name": "signalbox", **_NETWORK, **given}


def _connect(options: Mapping[str, Any], session: str) -> _Connection:
    driver = psycopg.connect(**options, autocommit=True, cursor_factory=psycopg.RawCursor)
    with ExitStack() as undo:
        undo.callback(driver.close)
        _adapt(driver)
        driver.execute(session)
        _refuse_unsafe(driver)
        undo.pop_all()
    return _Connection(driver)


def _adapt(driver: psycopg.Connection[tuple[Any, ...]]) -> None:
    driver.prepared_max = _PREPARED_MAX
    # One type of number and one of text, so that a statement is prepared once; yes and no are 1 and 0, as in SQLite.
    driver.adapters.register_dumper(int, Int8Dumper)
    driver.adapters.register_dumper(bool, Int8Dumper)
    driver.adapters.register_dumper(str, StrDumper)
    # A sum of whole numbers comes as numeric, and is whole.
    driver.adapters.register_loader("numeric", IntLoader)


def _refuse_unsafe(driver: psycopg.Connection[tuple[Any, ...]]) -> None:
    row = driver.execute("SHOW synchronous_commit").fetchone()
    if row == ("off",):
        raise UnfitDatabase(
            "the server answers before a commit is durable (synchronous_commit is off), and could forget what was spent:"
            " ALTER DATABASE ... SET synchronous_commit = on"
        )


def _bring_forward(connection: _Connection) -> None:
    connection.execute(_WHILE_MIGRATING)
    migrate(connection, _WRITING, migrations(POSTGRES))
    connection.execute(_WRITER)


def _said(error: psycopg.Error) -> str:
    return f"{type(error).__name__}: {error.diag.message_primary or str(error).partition(chr(10))[0]}"


@lru_cache(maxsize=1_024)
def _numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """The statement with PostgreSQL's own places for values, and the names that they stand for, if any."""
    places = count(1)
    names: dict[str, int] = {}

    def place(found: re.Match[str]) -> str:
        if found["name"] is not None:
            return f"${names.setdefault(found['name'], len(names) + 1)}"
        return found[0] if found["number"] is None else f"${found['number'] or next(places)}"

    return _PLACE.sub(place, statement), tuple(names)
