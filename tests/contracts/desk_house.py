"""Everything that the contracts of Directory, Accounts, Register and the catalog ports need to know of one database.

A second implementation adds one class like `SqliteDeskHouse` and its name to `DESK_HOUSES`.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from proxy.store.accounts import SqliteAccounts
from proxy.store.catalog.desk import SqliteCatalogDesk
from proxy.store.catalog.source import SqliteCatalog
from proxy.store.database import Database
from proxy.store.directory import SqliteDirectory
from proxy.store.ledger import SqliteLedger
from proxy.store.register import SqliteRegister
from tests.contracts.ledger_house import SetClock
from tests.store.catalog.folder import folder


class DeskDoor:
    """One process's way to the desk."""

    def __init__(self, database: Database, clock: SetClock) -> None:
        self.database = database
        self.clock = clock
        self.accounts = SqliteAccounts(database, clock)
        self.directory = SqliteDirectory(database, clock, self.accounts.refresh)
        self.register = SqliteRegister(database)
        self.ledger = SqliteLedger(database, clock, "boot-1")

    async def catalog(self, config_dir: Path, base_urls: dict[str, str] | None = None) -> SqliteCatalog:
        return await SqliteCatalog.open(self.database, self.clock, config_dir, base_urls)

    def desk(self, catalog: SqliteCatalog) -> SqliteCatalogDesk:
        return SqliteCatalogDesk(self.database, self.clock, catalog)

    async def look(self, query: str, *, write: bool = False) -> list[tuple[Any, ...]]:
        """What a query over the schema finds or does; every implementation has the same tables."""
        run = self.database.write if write else self.database.read
        return await run(lambda connection: connection.execute(query).fetchall())


class SqliteDeskHouse:
    """One file; each door has its own connections and its own memory, as a process of its own would."""

    def __init__(self, path: Path, stack: AsyncExitStack) -> None:
        self._path = path
        self._stack = stack
        self.clock = SetClock()
        self.config_dir = folder(path / "config")

    async def door(self) -> DeskDoor:
        database = await Database.open(str(self._path / "books.db"))
        self._stack.push_async_callback(database.close)
        return DeskDoor(database, self.clock)


@asynccontextmanager
async def sqlite_desk_house(path: Path) -> AsyncIterator[SqliteDeskHouse]:
    async with AsyncExitStack() as stack:
        yield SqliteDeskHouse(path, stack)


DESK_HOUSES: Final[dict[str, Callable[[Path], Any]]] = {"sqlite": sqlite_desk_house}
