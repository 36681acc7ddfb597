"""One SQLite file: functions over a connection in, their results out, each in one transaction and one thread hop; never
a statement of its own."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack, closing
from typing import Final, Literal, TypeVar

from proxy.ports import Clock, StoreUnavailable
from proxy.store.copier import Copier
from proxy.store.database import BadStatement, Moment, OneThread, Work, transaction
from proxy.store.migrate import SQLITE, migrate, migrations

T = TypeVar("T")
Synchronous = Literal["NORMAL", "FULL", "EXTRA"]

BUSY_TIMEOUT_MS: Final = 2_000
_WAL_RETRY_S: Final = 0.02
_CACHE_KIB: Final = 16_384
# Where nobody else could copy the log, a writer does when it has 64 MiB, and its batch waits for that.
_CHECKPOINT_PAGES: Final = 16_000
_COPY: Final = "PRAGMA wal_checkpoint(PASSIVE)"
WRITING: Final = ("BEGIN IMMEDIATE",)
_READING: Final = ("BEGIN",)

# The store's trouble, which passes; every other error of SQLite is a defect of ours or a bad row.
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


class SqliteDatabase:
    """Implements Database with a writer connection and two reader connections, one of them for reads that may last, and one
    that copies the log to the file. All writers of the file take turns."""

    def __init__(self, path: str) -> None:
        """Use `open`."""
        self._writer = _Desk("store-writer")
        self._reader = _Desk("store-reader")
        self._surveyor = _Desk("store-surveyor")
        self._copyist = _Desk("store-copyist")
        self._copier = Copier(f"{path}-wal", lambda: self._copyist.run(_copy), lambda: self._writer.run(_copy))

    @classmethod
    async def open(cls, path: str, synchronous: Synchronous = "NORMAL") -> "SqliteDatabase":
        """Opens or creates the file, in WAL mode, at this release's schema. `synchronous` says what a power cut may cost:
        NORMAL the last commits, FULL none. Raises StoreUnavailable, SchemaTooNew."""
        async with AsyncExitStack() as undo:
            database = cls(path)
            undo.push_async_callback(database.close)
            await database._writer.open(lambda: _open_writer(path, synchronous))
            await database._reader.open(lambda: _open_reader(path))
            await database._surveyor.open(lambda: _open_reader(path))
            await database._copyist.open(lambda: _connect(path))
            undo.pop_all()
        return database

    async def write(self, work: Work[T]) -> T:
        done = await self._writer.run(lambda connection: transaction(connection, WRITING, work))
        self._copier.look()
        return done

    async def write_locked(self, work: Work[T]) -> T:
        return await self.write(work)

    async def read(self, work: Work[T]) -> T:
        return await self._reader.run(lambda connection: transaction(connection, _READING, work))

    async def survey(self, work: Work[T]) -> T:
        return await self._surveyor.run(lambda connection: transaction(connection, _READING, work))

    async def close(self) -> None:
        await self._copier.close()
        await self._copyist.close()
        await self._surveyor.close()
        await self._reader.close()
        await self._writer.close()


class SqliteConnection(sqlite3.Connection):
    """Implements Connection. Whoever writes has the whole file."""

    is_near = True
    _own = 0

    def moment(self) -> Moment:
        (others,) = self.execute("PRAGMA data_version").fetchone()
        return Moment(others, self._own)

    def commit(self) -> None:
        # Until it has succeeded it counts as two, so that no failure is ever taken for the commit that was to be.
        self._own += 2
        super().commit()
        self._own -= 1

    def now_ms(self, clock: Clock, /) -> int:
        return clock.now_ms()


class _Desk:
    def __init__(self, name: str) -> None:
        self._thread = OneThread(name)
        self._connection: SqliteConnection | None = None

    async def open(self, connect: Callable[[], SqliteConnection]) -> None:
        self._connection = await self._thread.run(_translated(connect))

    async def run(self, work: Callable[[SqliteConnection], T]) -> T:
        connection = self._connection
        if connection is None:
            raise StoreUnavailable("the store is closed")
        return await self._thread.run(_translated(lambda: work(connection)))

    async def close(self) -> None:
        await self._thread.close(lambda: None if self._connection is None else self._connection.close())


def _copy(connection: SqliteConnection) -> None:
    connection.execute(_COPY).fetchone()


def _translated(work: Callable[[], T]) -> Callable[[], T]:
    def translated() -> T:
        try:
            return work()
        except sqlite3.Error as error:
            # Errors of the module itself (a closed connection, wrong parameters) carry no code of the library.
            name = getattr(error, "sqlite_errorname", type(error).__name__)
            passes = getattr(error, "sqlite_errorcode", 0) & 0xFF in _TRANSIENT
            raise (StoreUnavailable if passes else BadStatement)(f"{name}: {error}") from error

    return translated


def _open_writer(path: str, synchronous: Synchronous) -> SqliteConnection:
    with ExitStack() as undo:
        connection = undo.enter_context(closing(_connect(path)))
        _use_wal(connection)
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        migrate(connection, WRITING, migrations(SQLITE))
        undo.pop_all()
    return connection


def _open_reader(path: str) -> SqliteConnection:
    connection = _connect(path)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _connect(path: str) -> SqliteConnection:
    # Autocommit: the module's own implicit transactions would begin deferred and upgrade, which can fail at once.
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_MS / 1_000, isolation_level=None, cached_statements=256, factory=SqliteConnection
    )
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return connection


def _use_wal(connection: SqliteConnection) -> None:
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
