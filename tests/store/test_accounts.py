"""Claims about what accounts keep in memory while the store is slow; what they answer is the contract suite's."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar, cast

import pytest

from proxy.domain.desk import Change
from proxy.store.accounts import SqlAccounts
from proxy.store.database import Database, Work
from proxy.store.directory import SqlDirectory
from proxy.store.sqlite import SqliteDatabase
from tests.builders import entitlement, key, user
from tests.contracts.set_clock import SetClock

T = TypeVar("T")
WHY = Change("cli")


class SlowReader:
    """A database on which something can happen between a read and its answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        self.reads = 0

    async def read(self, work: Work[T]) -> T:
        self.reads += 1
        result = await self._database.read(work)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return result


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await SqliteDatabase.open(str(tmp_path / "books.db"))
    directory = SqlDirectory(opened, SetClock())
    for name in ("1", "2"):
        await directory.put_user(user(f"u{name}"), None, WHY)
        await directory.put_entitlement(entitlement(f"u{name}"), None, WHY)
        await directory.add_key(key(f"k{name}", user_id=f"u{name}"), WHY)
    yield opened
    await opened.close()


async def test_an_answer_that_a_look_has_overtaken_is_not_kept(database: Database) -> None:
    reader = SlowReader(database)
    accounts = SqlAccounts(cast(Database, reader), SetClock())
    directory = SqlDirectory(database, SetClock())
    await accounts.caller("k2")

    async def revoke_and_look() -> None:
        await directory.revoke_key("k1", WHY)
        await accounts.refresh()

    reader.meanwhile = revoke_and_look
    await accounts.caller("k1")
    later = await accounts.caller("k1")
    assert later is not None
    assert later.key.revoked_at_ms is not None


async def test_a_known_caller_costs_no_read(database: Database) -> None:
    reader = SlowReader(database)
    accounts = SqlAccounts(cast(Database, reader), SetClock())
    await accounts.caller("k1")
    reads = reader.reads
    for _ in range(5):
        await accounts.caller("k1")
    assert reader.reads == reads


async def test_names_nobody_has_cost_one_read_each_and_push_nobody_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.store.accounts.UNKNOWN_KEPT_MAX", 3)
    reader = SlowReader(database)
    accounts = SqlAccounts(cast(Database, reader), SetClock())
    await accounts.caller("k1")
    for number in range(9):
        assert await accounts.caller(f"invented-{number}") is None
    reads = reader.reads
    assert await accounts.caller("invented-8") is None
    assert await accounts.caller("k1") is not None
    assert reader.reads == reads
