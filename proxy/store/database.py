"""One SQLite file: functions over a connection in, their results out, each in one transaction and one thread hop; never
a statement of its own."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, closing
from typing import Final, Literal, TypeVar

from proxy.ports import StoreUnavailable
from proxy.store.migrate import migrate, migrations

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
Synchronous = Literal["NORMAL", "FULL", "EXTRA"]

BUSY_TIMEOUT_MS: Final = 2_000
_WAL_RETRY_S: Final = 0.02
_CACHE_KIB: Final = 16_384

# The store's trouble, which passes; every other error of SQLite is a defect of ours and stays what it is.
_TRANSIENT: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
    }
)


class Database:
    """A writer connection and two reader connections, one of them for reads that may last; each in its own thread. Work runs
    in the order it was given.

    A cancelled caller stops waiting; work that had begun is still committed.
    """

    def __init__(self) -> None:
        """Use `open`."""
        self._writer = _Desk("store-writer")
        self._reader = _Desk("store-reader")
        self._surveyor = _Desk("store-surveyor")

    @classmethod
    async def open(cls, path: str, synchronous: Synchronous = "NORMAL") -> "Database":
        """Opens or creates the file, in WAL mode, at this release's schema. `synchronous` says what a power cut may cost:
        NORMAL the last commits, FULL none. Raises StoreUnavailable, SchemaTooNew."""
        async with AsyncExitStack() as undo:
            database = cls()
            undo.push_async_callback(database.close)
            await database._writer.open(lambda: _open_writer(path, synchronous))
            await database._reader.open(lambda: _open_reader(path))
            await database._surveyor.open(lambda: _open_reader(path))
            undo.pop_all()
        return database

    async def write(self, work: Work[T]) -> T:
        """Runs `work` between BEGIN IMMEDIATE and COMMIT; an exception rolls back and is raised. `work` must not end the
        transaction itself. Raises StoreUnavailable."""
        return await self._writer.run(lambda connection: _transaction(connection, "BEGIN IMMEDIATE", work))

    async def read(self, work: Work[T]) -> T:
        """Runs `work` on one snapshot; it cannot write. Raises StoreUnavailable."""
        return await self._reader.run(lambda connection: _transaction(connection, "BEGIN", work))

    async def survey(self, work: Work[T]) -> T:
        """`read` for what may look at many rows: no call waits behind it. Raises StoreUnavailable."""
        return await self._surveyor.run(lambda connection: _transaction(connection, "BEGIN", work))

    async def close(self) -> None:
        """Waits for work already given, then closes. Idempotent."""
        await self._surveyor.close()
        await self._reader.close()
        await self._writer.close()


class _Desk:
    """One connection and the one thread that may touch it."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    async def open(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connection = await self._hop(connect)

    async def run(self, work: Work[T]) -> T:
        connection = self._connection
        if connection is None or self._closed:
            raise StoreUnavailable("the store is closed")
        return await self._hop(lambda: work(connection))

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._connection is not None:
            await self._hop(self._connection.close)
        self._executor.shutdown(wait=False)

    async def _hop(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        except sqlite3.Error as error:
            # Errors of the module itself (a closed connection, wrong parameters) carry no code of the library.
            code = getattr(error, "sqlite_errorcode", None)
            if code is not None and code & 0xFF in _TRANSIENT:
                raise StoreUnavailable(f"{error.sqlite_errorname}: {error}") from error
            raise


def _open_writer(path: str, synchronous: Synchronous) -> sqlite3.Connection:
    with ExitStack() as undo:
        connection = undo.enter_context(closing(_connect(path)))
        _use_wal(connection)
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        migrate(connection, migrations())
        undo.pop_all()
    return connection


def _open_reader(path: str) -> sqlite3.Connection:
    connection = _connect(path)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _connect(path: str) -> sqlite3.Connection:
    # Autocommit: the module's own implicit transactions would begin deferred and upgrade, which can fail at once.
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_MS / 1_000, isolation_level=None, cached_statements=256)
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    # Switching the mode needs the file alone for a moment, and SQLite does not wait its busy timeout for that.
    give_up = time.monotonic() + BUSY_TIMEOUT_MS / 1_000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(_WAL_RETRY_S)


def _transaction(connection: sqlite3.Connection, begin: str, work: Work[T]) -> T:
    connection.execute(begin)
    try:
        result = work(connection)
        connection.execute("COMMIT")
        return result
    finally:
        # A full disk or a broken one has rolled back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
