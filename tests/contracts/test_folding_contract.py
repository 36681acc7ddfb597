"""Claims about the way of finished calls into the roll-ups, on every database: each is folded once, whoever folds it, and
whatever becomes of the process that finished it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proxy.domain.call import Call
from proxy.domain.ledger import RecordCall
from proxy.domain.rollup import TallyQuery
from proxy.ports import StoreUnavailable
from proxy.store import folding
from proxy.store.recount import Recounted
from proxy.store.register import SqlRegister
from tests.builders import NOW_MS, call
from tests.contracts.ledger_house import HOUSES, LEASES, Door, House, hold, settlement

UNROLLED = "SELECT count(*) FROM unrolled"
COUNTED = "SELECT coalesce(sum(calls_served), 0) FROM rollups WHERE user_id = '' AND tag = ''"
EVERY = TallyQuery(NOW_MS, NOW_MS + 1, "all")
CALLS = tuple(call(f"call-{number}", metadata={"feature": "search"}) for number in range(6))


@pytest.fixture(params=HOUSES)
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with HOUSES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
async def door(house: House) -> Door:
    return await house.door()


async def seen(house: House, door: Door, query: str) -> Any:
    ((value,),) = await house.look(door, query)
    return value


async def finish(door: Door, *calls: Call) -> None:
    await door.ledger.apply([RecordCall(one) for one in calls])


async def test_calls_wait_together_until_there_are_enough_to_fold(
    house: House, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "FOLDED_AT", 3)
    await finish(door, *CALLS[:2])
    await finish(door, CALLS[2])
    assert (await seen(house, door, UNROLLED), await seen(house, door, COUNTED)) == (2, 0)
    await finish(door, CALLS[3])
    assert (await seen(house, door, UNROLLED), await seen(house, door, COUNTED)) == (0, 4)
    assert await house.recount(door) == Recounted(days=1, wrong_rows=0)


async def test_a_reader_anywhere_sees_every_finished_call_at_once(house: House, door: Door) -> None:
    reader = SqlRegister((await house.door("boot-2")).database)
    for number, one in enumerate(CALLS, start=1):
        await finish(door, one)
        (row,) = await reader.tallies(EVERY)
        assert row.tally.calls_served == number
    assert await seen(house, door, UNROLLED) == 0


async def test_a_reader_takes_its_turns_until_nothing_is_left(house: House, door: Door) -> None:
    calls = [call(f"call-{number}") for number in range(2 * 4 + 1)]
    for one in calls:
        await finish(door, one)
    await house.fold(door)
    assert (await seen(house, door, UNROLLED), await seen(house, door, COUNTED)) == (0, len(calls))


async def test_what_a_reader_has_folded_its_own_process_does_not_fold_again(
    house: House, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "FOLDED_AT", 3)
    await finish(door, *CALLS[:2])
    await house.fold(await house.door("boot-2"))
    await finish(door, *CALLS[2:4])
    await finish(door, *CALLS[4:])
    assert (await seen(house, door, UNROLLED), await seen(house, door, COUNTED)) == (0, len(CALLS))
    assert await house.recount(door) == Recounted(days=1, wrong_rows=0)


async def test_a_fold_that_was_rolled_back_is_done_later(house: House, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "FOLDED_AT", 1)
    await finish(door, CALLS[0])
    bad = call("call-bad", metadata={"feature": "\ud800"})
    good, refused = await door.ledger.apply([RecordCall(CALLS[1]), RecordCall(bad)])
    assert not isinstance(good, Exception)
    assert isinstance(refused, ValueError)
    await finish(door, CALLS[2])
    await house.fold(door)
    assert await seen(house, door, COUNTED) == 3
    assert await house.recount(door) == Recounted(days=1, wrong_rows=0)


async def test_what_a_process_had_not_folded_when_it_died_is_folded_with_its_holds(house: House, door: Door) -> None:
    await finish(door, *CALLS)
    await door.one(hold("call-held"))
    other = await house.door("boot-2")
    for _ in range((LEASES.lease_ms + LEASES.grace_ms) // LEASES.beat_ms + 2):
        house.clock.at_ms += LEASES.beat_ms
        await other.leases.beat()
    await other.leases.reconcile()
    assert await seen(house, other, COUNTED) == len(CALLS)
    assert await house.recount(other) == Recounted(days=1, wrong_rows=0)


async def test_a_recount_takes_no_call_for_missing_that_only_waits(house: House, door: Door) -> None:
    await door.one(hold())
    await door.one(settlement())
    assert await house.recount(door) == Recounted(days=1, wrong_rows=0)
    assert (await seen(house, door, UNROLLED), await seen(house, door, COUNTED)) == (0, 1)


async def test_while_the_books_cannot_be_written_a_report_shows_what_was_folded_before(
    house: House, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: object) -> None:
        raise StoreUnavailable("away")

    await finish(door, CALLS[0])
    await house.fold(door)
    await finish(door, CALLS[1])
    with monkeypatch.context() as patch:
        patch.setattr(door.database, "write_locked", away)
        (row,) = await SqlRegister(door.database).tallies(EVERY)
    assert row.tally.calls_served == 1
