"""Everything that the contracts of Directory, Accounts, Register and the catalog ports need to know of one database.

Another database adds one function like `sqlite_desk_house` and its name to `DESK_HOUSES`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from proxy.store.accounts import SqlAccounts
from proxy.store.catalog.desk import SqlCatalogDesk
from proxy.store.catalog.source import SqlCatalog
from proxy.store.database import Database
from proxy.store.directory import SqlDirectory
from proxy.store.ledger import SqlLedger
from proxy.store.postgres import PostgresDatabase
from proxy.store.register import SqlRegister
from proxy.store.sqlite import SqliteDatabase
from proxy.store.timekeeper import Timekeeper
from tests.contracts.set_clock import ServerClock, SetClock
from tests.postgres_server import server
from tests.store.catalog.folder import folder


class DeskDoor:
    """One process's way to the desk."""

    def __init__(self, database: Database, clock: SetClock) -> None:
        self.database = database
        self.clock = clock
        self.accounts = SqlAccounts(database, clock)
        self.directory = SqlDirectory(database, clock, self.accounts.refresh)
        self.register = SqlRegister(database)
        self.ledger = SqlLedger(database, Timekeeper(database, clock), "boot-1")

    async def catalog(self, config_dir: Path, base_urls: dict[str, str] | None = None) -> SqlCatalog:
        return await SqlCatalog.open(self.database, self.clock, config_dir, base_urls)

    def desk(self, catalog: SqlCatalog) -> SqlCatalogDesk:
        return SqlCatalogDesk(self.database, self.clock, catalog)

    async def look(self, query: str, *, write: bool = False) -> list[tuple[Any, ...]]:
        """What a query over the schema finds or does; every implementation has the same tables."""
        run = self.database.write if write else self.database.read
        return await run(lambda connection: connection.execute(query).fetchall())


class DeskHouse:
    """One database; each door has its own connections and its own memory, as a process of its own would."""

    def __init__(
        self, path: Path, open_database: Callable[[], Awaitable[Database]], clock: SetClock, stack: AsyncExitStack
    ) -> None:
        self._open_database = open_database
        self._stack = stack
        self.clock = clock
        self.config_dir = folder(path / "config")

    async def door(self) -> DeskDoor:
        database = await self._open_database()
        self._stack.push_async_callback(database.close)
        return DeskDoor(database, self.clock)


@asynccontextmanager
async def sqlite_desk_house(path: Path) -> AsyncIterator[DeskHouse]:
    async with AsyncExitStack() as stack:
        yield DeskHouse(path, lambda: SqliteDatabase.open(str(path / "books.db")), SetClock(), stack)


@asynccontextmanager
async def postgres_desk_house(path: Path) -> AsyncIterator[DeskHouse]:
    with server().fresh() as url:
        async with AsyncExitStack() as stack:
            yield DeskHouse(path, lambda: PostgresDatabase.open(url), stack.enter_context(ServerClock.of(url)), stack)


DESK_HOUSES: Final[dict[str, Callable[[Path], AbstractAsyncContextManager[DeskHouse]]]] = {
    "sqlite": sqlite_desk_house,
    "postgres": postgres_desk_house,
}
