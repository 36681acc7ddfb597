"""Everything a ledger's contract needs to know of one database: its doors, a clock to set, and a look at what it keeps.

Another database adds one function like `sqlite_house` and its name to `HOUSES`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from proxy.domain.desk import Change, Entry, Grant
from proxy.domain.ledger import ExtendRequest, HoldRequest, HoldTerms, LedgerAck, LedgerCommand, Settlement
from proxy.domain.plan import Allowance
from proxy.store.database import Database
from proxy.store.directory import SqlDirectory
from proxy.store.folding import fold_for_reader
from proxy.store.holds import entries_of
from proxy.store.leases import LeaseLimits, SqlLeases
from proxy.store.ledger import SqlLedger
from proxy.store.postgres import PostgresDatabase
from proxy.store.recount import Recounted, recount
from proxy.store.sqlite import SqliteDatabase
from proxy.store.timekeeper import Timekeeper
from proxy.store.used_keys import prune
from proxy.store.verify import verify
from tests.builders import call
from tests.contracts.set_clock import ServerClock, SetClock
from tests.postgres_server import server

LEASES: Final = LeaseLimits(lease_ms=10_000, grace_ms=2_000, beat_ms=1_000)


class Door:
    """One process's way into the books."""

    def __init__(self, database: Database, clock: SetClock, boot_id: str) -> None:
        self.database = database
        self.timekeeper = Timekeeper(database, clock)
        self.ledger = SqlLedger(database, self.timekeeper, boot_id)
        self.leases = SqlLeases(database, clock, boot_id, LEASES)

    async def one(self, command: LedgerCommand) -> LedgerAck | Exception:
        (ack,) = await self.ledger.apply([command])
        return ack


class House:
    """One database; each door has its own connections, as a process of its own would."""

    def __init__(self, open_database: Callable[[], Awaitable[Database]], clock: SetClock, stack: AsyncExitStack) -> None:
        self._open_database = open_database
        self._stack = stack
        self.clock = clock

    async def door(self, boot_id: str = "boot-1") -> Door:
        database = await self._open_database()
        self._stack.push_async_callback(database.close)
        return Door(database, self.clock, boot_id)

    async def put_grant(self, door: Door, grant: Grant) -> None:
        await SqlDirectory(door.database, self.clock).grant(grant, Change("cli", "a test"))

    async def suspend(self, door: Door, user_id: str) -> None:
        await door.database.write(
            lambda c: c.execute(
                "INSERT INTO users (id, name, suspended, created_at_ms) VALUES (?, ?, 1, 0)"
                " ON CONFLICT (id) DO UPDATE SET suspended = 1",
                (user_id, user_id),
            )
        )

    async def look(self, door: Door, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What a query over the schema finds; every implementation has the same tables."""
        return await door.database.read(lambda c: c.execute(query, parameters).fetchall())

    async def entries(self, door: Door, hold_id: str) -> list[Entry]:
        return await door.database.read(lambda c: entries_of(c, hold_id))

    async def forget_keys(self, door: Door) -> int:
        return await prune(door.database, self.clock)

    async def wrongs(self, door: Door) -> list[str]:
        return await verify(door.database)

    async def fold(self, door: Door) -> None:
        """Brings the roll-ups up to date, as a reader would."""
        await fold_for_reader(door.database)

    async def recount(self, door: Door) -> Recounted:
        return await recount(door.database)


@asynccontextmanager
async def sqlite_house(folder: Path) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        yield House(lambda: SqliteDatabase.open(str(folder / "books.db")), SetClock(), stack)


@asynccontextmanager
async def postgres_house(_: Path) -> AsyncIterator[House]:
    with server().fresh() as url:
        async with AsyncExitStack() as stack:
            yield House(lambda: PostgresDatabase.open(url), stack.enter_context(ServerClock.of(url)), stack)


HOUSES: Final[dict[str, Callable[[Path], AbstractAsyncContextManager[House]]]] = {
    "sqlite": sqlite_house,
    "postgres": postgres_house,
}


def month(limit_milli: int, **changes: Any) -> HoldTerms:
    """Terms of one monthly allowance."""
    return replace(HoldTerms((Allowance("month", limit_milli),), (), (), 1), **changes)


def hold(hold_id: str = "call-1", amount_milli: int = 100, **changes: Any) -> HoldRequest:
    """A hold of user `u1` on 1,000 milli-credits a month."""
    base = HoldRequest(
        hold_id=hold_id,
        account_id="u1",
        family="open",
        amount_milli=amount_milli,
        raw_nano_usd=0,
        terms=month(1_000),
        scopes=("key:k1", "user:u1"),
        lease_ms=60_000,
        began=call(hold_id, status="running", http_status=0, usage=None, credits_milli=0, raw_nano_usd=0),
    )
    return replace(base, **changes)


def extension(hold_id: str = "call-1", amount_milli: int = 200, **changes: Any) -> ExtendRequest:
    return replace(ExtendRequest(hold_id, "open", amount_milli, 0, 0, month(1_000)), **changes)


def settlement(hold_id: str = "call-1", credits_milli: int = 100, **changes: Any) -> Settlement:
    finished = call(hold_id, credits_milli=credits_milli, raw_nano_usd=0)
    return replace(Settlement(hold_id, credits_milli, 0, finished), **changes)
