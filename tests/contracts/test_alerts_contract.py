"""What the books notice of limits nearly used up and of bills nobody pays, the same for every database: each once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from proxy.domain.alert import Alert
from proxy.domain.desk import Change
from proxy.domain.ledger import ExtendRequest, Refund
from proxy.domain.plan import Allowance
from proxy.domain.standing import Cap
from proxy.store.alerts import HOUR_MS, SqlAlerts
from tests.builders import NOW_MS
from tests.contracts.ledger_house import HOUSES, LEASES, Door, House, extension, hold, month, settlement

DAY_MS: Final = 86_400_000
TAKEN_FOR_MS: Final = 1_000


@pytest.fixture(params=sorted(HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with HOUSES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
async def door(house: House) -> Door:
    return await house.door()


def alerts(house: House, door: Door) -> SqlAlerts:
    return SqlAlerts(door.database, house.clock)


async def _spend(door: Door, call_id: str, milli: int, held_milli: int | None = None, **changes: object) -> None:
    await door.one(replace(hold(call_id, milli if held_milli is None else held_milli), **changes))  # type: ignore[arg-type]
    await door.one(settlement(call_id, milli))


async def _told(house: House, door: Door) -> list[int]:
    """The thresholds that are waiting to be told, in the order they were noticed."""
    found = await alerts(house, door).take(100, TAKEN_FOR_MS)
    for alert in found:
        await alerts(house, door).done(alert.id)
    return [int(alert.facts["percent"] or 0) for alert in found if alert.kind == "threshold"]


async def test_a_window_tells_of_half_of_four_fifths_and_of_its_end(house: House, door: Door) -> None:
    told = []
    for number, milli in enumerate((499, 1, 299, 1, 199, 1)):
        await _spend(door, f"call-{number}", milli)
        told.append(await _told(house, door))
    assert told == [[], [50], [], [80], [], [100]]


async def test_an_alert_says_whose_limit_it_is_and_how_much_of_it_is_spent(house: House, door: Door) -> None:
    await _spend(door, "call-1", 800)
    (half, _) = await alerts(house, door).take(100, TAKEN_FOR_MS)
    assert half == Alert(
        "user:u1|included/month|2026-01-01|50",
        "threshold",
        NOW_MS,
        {
            "scope": "user:u1",
            "window": "month",
            "family": None,
            "epoch": "2026-01-01",
            "percent": 50,
            "unit": "milli_credits",
            "limit": 1_000,
            "spent": 800,
        },
        tries=1,
    )


async def test_a_call_that_passes_several_thresholds_tells_of_each_once(house: House, door: Door) -> None:
    await _spend(door, "call-1", 1_000)
    assert sorted(await _told(house, door)) == [50, 80, 100]
    assert await _told(house, door) == []


async def test_what_is_only_held_is_not_yet_used_up(house: House, door: Door) -> None:
    await door.one(hold(amount_milli=1_000))
    assert await _told(house, door) == []
    await door.one(settlement(credits_milli=499))
    assert await _told(house, door) == []


async def test_bound_windows_and_caps_of_every_scope_and_unit_are_limits_too(house: House, door: Door) -> None:
    terms = month(
        0,
        allowances=(Allowance("month", 100, "open"), Allowance("day", 10_000)),
        caps=(Cap("app:a1", "month", 200), Cap("installation", "day", 1_000, "nano_usd")),
    )
    await door.one(hold(amount_milli=100, raw_nano_usd=900, terms=terms))
    await door.one(settlement(credits_milli=100, raw_nano_usd=900))
    found = await alerts(house, door).take(100, TAKEN_FOR_MS)
    assert {(a.facts["scope"], a.facts["family"], a.facts["unit"], a.facts["percent"]) for a in found} == {
        ("user:u1", "open", "milli_credits", 50),
        ("user:u1", "open", "milli_credits", 80),
        ("user:u1", "open", "milli_credits", 100),
        ("app:a1", None, "milli_credits", 50),
        ("installation", None, "nano_usd", 50),
        ("installation", None, "nano_usd", 80),
    }


async def test_each_epoch_tells_anew_and_none_tells_twice(house: House, door: Door) -> None:
    daily = month(0, allowances=(Allowance("day", 100),))
    await _spend(door, "call-1", 60, terms=daily)
    assert await _told(house, door) == [50]
    await door.one(Refund("call-1", Change("key:admin", "a test")))
    await _spend(door, "call-2", 60, terms=daily)
    assert await _told(house, door) == []
    house.clock.at_ms += DAY_MS
    await _spend(door, "call-3", 60, terms=daily)
    assert await _told(house, door) == [50]


async def test_settlements_through_many_doors_in_any_order_tell_of_a_threshold_once(house: House) -> None:
    doors = [await house.door(f"boot-{n}") for n in range(3)]
    await asyncio.gather(*(_spend(doors[n % 3], f"call-{n:02d}", 50, 60) for n in range(15)))
    await _spend(doors[0], "last", 10)
    assert sorted(await _told(house, doors[0])) == [50]


async def test_what_another_process_brought_to_a_threshold_is_told_at_the_next_hold(house: House) -> None:
    here, there = await house.door("here"), await house.door("there")
    await here.one(hold("mine", 300))
    await there.one(hold("theirs", 300))
    await there.one(settlement("theirs", 300))
    # This door had not seen the other hold when it took its own.
    await here.one(settlement("mine", 300))
    await here.one(hold("next", 1))
    assert await _told(house, here) == [50]


async def test_the_calls_of_a_dead_process_are_told_of_with_the_next(house: House, door: Door) -> None:
    await door.one(hold(amount_milli=600))
    await door.one(extension(amount_milli=700, metered_milli=600))
    other = await house.door("boot-2")
    for _ in range((LEASES.lease_ms + LEASES.grace_ms) // LEASES.beat_ms + 2):
        house.clock.at_ms += LEASES.beat_ms
        await other.leases.beat()
    await other.leases.reconcile()
    await _spend(door, "next", 1)
    assert await _told(house, door) == [50]


async def test_a_stream_that_grows_to_a_threshold_is_seen(house: House, door: Door) -> None:
    await door.one(hold(amount_milli=10))
    larger: ExtendRequest = extension(amount_milli=900)
    await door.one(larger)
    await door.one(settlement(credits_milli=900))
    assert await _told(house, door) == [50, 80]


async def test_a_bad_neighbour_loses_no_alert(house: House, door: Door) -> None:
    await door.ledger.apply([hold("good", 600), hold("bad", 1)])
    poisoned = settlement("bad", 1)
    poisoned = replace(poisoned, call=replace(poisoned.call, reason="\ud800"))
    await door.ledger.apply([settlement("good", 600), poisoned])
    assert await _told(house, door) == [50]


# --- absorbed ---------------------------------------------------------------------------------------------------------


async def test_a_bill_that_nobody_pays_is_told_once_an_hour_for_each_account(house: House, door: Door) -> None:
    for number in range(3):
        await _spend(door, f"call-{number}", 30, 10)
    (alert,) = await alerts(house, door).take(100, TAKEN_FOR_MS)
    assert (alert.kind, alert.facts) == ("absorbed", {"account": "u1", "call": "call-0", "absorbed_milli": 20})
    house.clock.at_ms += HOUR_MS
    await _spend(door, "later", 30, 10)
    assert [a.facts["call"] for a in await alerts(house, door).take(100, TAKEN_FOR_MS) if a.id != alert.id] == ["later"]


# --- taking -----------------------------------------------------------------------------------------------------------


async def test_an_alert_is_taken_by_one_and_comes_back_unless_it_is_done(house: House) -> None:
    doors = [await house.door(f"boot-{n}") for n in range(2)]
    await _spend(doors[0], "call-1", 1_000)
    both = await asyncio.gather(*(alerts(house, door).take(2, TAKEN_FOR_MS) for door in doors))
    assert sorted(len(taken) for taken in both) == [1, 2]
    assert len({alert.id for taken in both for alert in taken}) == 3
    first = both[0][0]
    await alerts(house, doors[0]).done(first.id)
    assert await alerts(house, doors[0]).take(9, TAKEN_FOR_MS) == []
    house.clock.at_ms += TAKEN_FOR_MS
    again = await alerts(house, doors[0]).take(9, TAKEN_FOR_MS)
    assert first.id not in {alert.id for alert in again}
    assert [alert.tries for alert in again] == [2, 2]


async def test_a_postponed_alert_waits(house: House, door: Door) -> None:
    await _spend(door, "call-1", 500)
    (alert,) = await alerts(house, door).take(9, TAKEN_FOR_MS)
    await alerts(house, door).postpone(alert.id, 5_000)
    house.clock.at_ms += 4_999
    assert await alerts(house, door).take(9, TAKEN_FOR_MS) == []
    house.clock.at_ms += 1
    assert len(await alerts(house, door).take(9, TAKEN_FOR_MS)) == 1
