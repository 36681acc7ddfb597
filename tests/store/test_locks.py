"""Claims about two processes at one PostgreSQL database: what the locks of a batch are for, and what a lost reply costs."""

import asyncio
import threading
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import suppress
from itertools import chain
from typing import Any

import pytest

from proxy.domain.ledger import Held, HoldAck, HoldRefused, HoldRequest, RecordCall, Recorded, Settled
from proxy.ports import CommitUnknown, StoreUnavailable
from proxy.stages.ledger.counters import CounterKey, Reading
from proxy.store import foresight
from proxy.store.database import Connection
from proxy.store.ledger import SqlLedger
from proxy.store.locks import Locks
from proxy.store.postgres import PostgresDatabase
from proxy.store.timekeeper import Timekeeper
from proxy.store.verify import verify
from proxy.store.writer import GroupWriter, WriterLimits
from tests import builders
from tests.contracts.ledger_house import hold, month, settlement
from tests.contracts.set_clock import SetClock
from tests.postgres_server import server
from tests.store.wire import BREAKS, Break, Wire, wired


@pytest.fixture
def url() -> Iterator[str]:
    with server().fresh() as made:
        yield made


@pytest.fixture
async def databases(url: str) -> AsyncIterator[tuple[PostgresDatabase, PostgresDatabase]]:
    opened = (await PostgresDatabase.open(url), await PostgresDatabase.open(url))
    # The first batch of a day says so in a row that all share; no race here is to be about that.
    await Timekeeper(opened[0], SetClock()).look()
    yield opened
    for database in opened:
        await database.close()


def _ledger(database: PostgresDatabase, boot_id: str = "boot-1") -> SqlLedger:
    return SqlLedger(database, Timekeeper(database, SetClock()), boot_id)


async def _look(database: PostgresDatabase, query: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = await database.read(lambda c: c.execute(query).fetchall())
    return found


@pytest.fixture(params=[60.0])
def both_have_read(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> threading.Barrier:
    """Whoever has read the counters waits for the other to have read them too: as long as that may take, or as said."""
    barrier = threading.Barrier(2, timeout=request.param)
    read = foresight.readings

    def read_and_wait(connection: Connection, keys: Collection[CounterKey]) -> dict[CounterKey, Reading]:
        found = read(connection, keys)
        with suppress(threading.BrokenBarrierError):
            barrier.wait()
        return found

    monkeypatch.setattr(foresight, "readings", read_and_wait)
    return barrier


async def _race(databases: tuple[PostgresDatabase, PostgresDatabase]) -> int:
    """How many of 20 holds two processes admit together, with credit for ten."""
    batches = [[hold(f"call-{door}-{n}", 100) for n in range(10)] for door in range(2)]
    acks = await asyncio.gather(
        *(_ledger(database, f"boot-{n}").apply(batches[n]) for n, database in enumerate(databases)),
    )
    assert all(isinstance(ack, Held | HoldRefused) for ack in chain(*acks))
    return sum(isinstance(ack, Held) for ack in chain(*acks))


async def test_reading_first_and_writing_after_overspends(
    databases: tuple[PostgresDatabase, PostgresDatabase], both_have_read: threading.Barrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The naive form, kept to be seen: the very same ledger without its locks."""
    monkeypatch.setattr(Locks, "take", lambda *_: None)
    assert await _race(databases) == 20
    assert not both_have_read.broken


@pytest.mark.parametrize("both_have_read", [1.0], indirect=True)
async def test_with_its_locks_one_batch_reads_when_the_other_has_written(
    databases: tuple[PostgresDatabase, PostgresDatabase], both_have_read: threading.Barrier
) -> None:
    assert await _race(databases) == 10
    assert both_have_read.broken
    assert await verify(databases[0]) == []


async def test_a_scope_that_nobody_foresaw_is_locked_when_it_is_read(
    databases: tuple[PostgresDatabase, PostgresDatabase], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.store.locks.scopes_of", lambda _: set())
    monkeypatch.setattr("proxy.store.batch.Batch.foresee", lambda *_: None)
    assert await _race(databases) == 10
    assert await verify(databases[0]) == []


async def test_accounts_that_share_nothing_do_not_wait_for_each_other(
    databases: tuple[PostgresDatabase, PostgresDatabase], both_have_read: threading.Barrier
) -> None:
    acks = await asyncio.gather(
        *(
            _ledger(database).apply([hold(f"call-{n}", account_id=f"u{n}", scopes=(f"user:u{n}",))])
            for n, database in enumerate(databases)
        )
    )
    assert all(isinstance(ack, Held) for ack in chain(*acks))
    assert not both_have_read.broken


@pytest.mark.parametrize("where", BREAKS)
async def test_a_batch_whose_commit_got_no_reply_is_given_again_and_counts_once(url: str, where: Break) -> None:
    with wired(url) as (wire, address):
        database = await PostgresDatabase.open(address)
        ledger = _ledger(database)
        await ledger.apply([hold("first")])
        wire.break_next = where
        refused = RecordCall(builders.call("refused", status="refused", usage=None, credits_milli=0))
        acks = await ledger.apply([settlement("first", 40), hold("second"), refused])
        assert [type(ack) for ack in acks] == [Settled, Held, Recorded]
        assert await _look(database, "SELECT id, kind, amount_milli FROM entries ORDER BY id") == [
            ("first:0", "hold", 100),
            ("first:2", "settle", 40),
            ("second:0", "hold", 100),
        ]
        assert await verify(database) == []
        await database.close()


@pytest.mark.parametrize("where", BREAKS)
async def test_a_hold_of_which_nobody_knows_is_refused_and_given_back(url: str, where: Break) -> None:
    with wired(url) as (wire, address):
        database = await PostgresDatabase.open(address)
        writer = GroupWriter(_ledger(database), WriterLimits())
        wire.break_next, wire.stays_down = where, True
        with pytest.raises(CommitUnknown):
            await writer.hold(hold())
        await _outage_passes(wire)
        assert isinstance(await _when_back(writer, hold("next", 1_000)), Held)
        assert await _look(database, "SELECT id FROM holds") == [("next",)]
        assert (await writer.standing("u1", month(1_000))).windows[0].held == 1_000
        assert await verify(database) == []
        await writer.close()
        await database.close()


async def _outage_passes(wire: Wire) -> None:
    # Long enough for the writer to have tried, and failed, to give the hold back.
    await asyncio.sleep(0.2)
    wire.is_down = False


async def _when_back(writer: GroupWriter, request: HoldRequest) -> HoldAck:
    for _ in range(200):
        with suppress(StoreUnavailable):
            return await writer.hold(request)
        await asyncio.sleep(0.05)
    raise TimeoutError("the books did not come back")


async def test_a_settlement_waits_out_an_outage(url: str) -> None:
    with wired(url) as (wire, address):
        database = await PostgresDatabase.open(address)
        writer = GroupWriter(_ledger(database), WriterLimits())
        await writer.hold(hold())
        wire.break_next, wire.stays_down = "before its reply comes back", True
        settling = asyncio.create_task(writer.settle(settlement(credits_milli=60)))
        while not wire.is_down:  # noqa: ASYNC110 - the wire is another thread's
            await asyncio.sleep(0.01)
        with pytest.raises(StoreUnavailable):
            await writer.hold(hold("meanwhile"))
        wire.is_down = False
        assert (await settling).charged_milli == 60
        assert await verify(database) == []
        await writer.close()
        await database.close()
