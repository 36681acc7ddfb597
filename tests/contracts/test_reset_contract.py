"""A window that an admin lets begin anew, the same for every database: one entry that moves one counter, once, and nothing is
given back twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from proxy.domain.desk import Change, Grant
from proxy.domain.ledger import Held, HoldRefused, Refund, Refunded, Reset, WindowReset
from proxy.domain.plan import Allowance
from proxy.domain.standing import Cap
from tests.builders import NOW_MS
from tests.contracts.ledger_house import HOUSES, LEASES, Door, House, extension, hold, month, settlement

DAY_MS: Final = 86_400_000
WHY: Final = Change("key:admin", "an outage of ours")
RESET: Final = Reset("reset_1", "u1", "month", None, 1, WHY)
REST: Final = ("included/day", "included/week", "included/total")
DONE: Final = WindowReset("u1", "2026-01-01", 700, fresh=True)


@pytest.fixture(params=sorted(HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with HOUSES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
async def door(house: House) -> Door:
    return await house.door()


async def _paid(door: Door, call_id: str, milli: int, **changes: Any) -> None:
    assert isinstance(await door.one(hold(call_id, milli, **changes)), Held)
    await door.one(settlement(call_id, milli))


async def _spent(house: House, door: Door) -> dict[str, int]:
    return dict(await house.look(door, "SELECT name, spent FROM counters WHERE scope = 'user:u1'"))


async def test_a_reset_is_an_entry_that_takes_back_what_is_spent_and_leaves_the_rest(house: House, door: Door) -> None:
    cap = Cap("user:u1", "month", 5_000)
    await house.put_grant(door, Grant("g", "u1", "topup", 500, "a test", NOW_MS))
    await _paid(door, "call-1", 700, terms=month(1_000, caps=(cap,)))
    assert await door.one(RESET) == DONE
    assert await house.look(door, "SELECT id, kind, amount_milli FROM entries WHERE kind = 'reset'") == [
        ("u1:reset:reset_1", "reset", -700)
    ]
    rest = dict.fromkeys((*REST, "cap/month/milli_credits"), 700)
    assert await _spent(house, door) == {"included/month": 0, **rest}
    assert isinstance(await door.one(hold("call-2", 1_500)), Held)
    assert await house.look(door, "SELECT actor, action, subject, reason FROM audit WHERE action = 'window.reset'") == [
        ("key:admin", "window.reset", "user:u1", "an outage of ours")
    ]
    assert await house.wrongs(door) == []


async def test_a_reset_given_again_forgives_nothing_more(house: House, door: Door) -> None:
    await _paid(door, "call-1", 700)
    first, second = await door.ledger.apply([RESET, RESET])
    assert (first, second) == (DONE, replace(DONE, fresh=False))
    await _paid(door, "call-2", 300)
    assert await door.one(RESET) == replace(DONE, fresh=False)
    assert (await _spent(house, door))["included/month"] == 300
    assert await house.wrongs(door) == []


async def test_what_live_calls_hold_stays_held_and_is_spent_after(house: House, door: Door) -> None:
    await _paid(door, "call-1", 400)
    await door.one(hold("runs", 600))
    assert await door.one(RESET) == replace(DONE, credits_milli=400)
    assert isinstance(await door.one(hold("more", 401)), HoldRefused)
    assert isinstance(await door.one(extension("runs", 1_000)), Held)
    await door.one(settlement("runs", 1_000))
    assert (await _spent(house, door))["included/month"] == 1_000
    assert await house.wrongs(door) == []


async def test_credits_bound_to_a_family_begin_anew_by_themselves(house: House, door: Door) -> None:
    terms = month(0, allowances=(Allowance("month", 500, "reasoning"), Allowance("month", 1_000)))
    await _paid(door, "call-1", 600, family="reasoning", terms=terms)
    assert await door.one(replace(RESET, family="reasoning")) == replace(DONE, credits_milli=500)
    spent = await _spent(house, door)
    assert (spent["included/month/reasoning"], spent["included/month"]) == (0, 100)


async def test_a_period_that_is_over_is_not_what_begins_anew(house: House, door: Door) -> None:
    await _paid(door, "call-1", 700)
    house.clock.at_ms += 31 * DAY_MS
    assert await door.one(RESET) == WindowReset("u1", "2026-02-01", 0, fresh=True)
    assert await house.look(door, "SELECT * FROM entries WHERE kind = 'reset'") == []


async def test_a_refund_after_a_reset_gives_back_only_what_was_not_forgiven(house: House, door: Door) -> None:
    await _paid(door, "before", 700)
    await door.one(RESET)
    house.clock.at_ms += 1
    await _paid(door, "after", 300)
    for call_id in ("before", "after"):
        await door.one(Refund(call_id, WHY))
    assert await _spent(house, door) == {f"included/{window}": 0 for window in ("day", "week", "month", "total")}
    assert await house.wrongs(door) == []


async def test_an_end_that_comes_late_gives_back_only_what_was_not_forgiven(house: House) -> None:
    asleep, awake = await house.door("asleep"), await house.door("awake")
    await asleep.one(hold("call-1", 200, lease_ms=600_000))
    await asleep.one(extension("call-1", 200, metered_milli=70))
    for _ in range((LEASES.lease_ms + LEASES.grace_ms) // LEASES.beat_ms + 2):
        house.clock.at_ms += LEASES.beat_ms
        await awake.leases.beat()
    await awake.leases.reconcile()
    assert await awake.one(RESET) == replace(DONE, credits_milli=70)
    await asleep.one(settlement("call-1", 20, terms=month(1_000)))
    assert await _spent(house, awake) == {"included/month": 0, **dict.fromkeys(REST, 20)}
    assert await awake.one(Refund("call-1", WHY)) == Refunded("call-1", 20, fresh=True)
    assert set((await _spent(house, awake)).values()) == {0}
    assert await house.wrongs(awake) == []


async def test_resets_refunds_and_calls_at_once_leave_books_that_are_right(house: House) -> None:
    doors = [await house.door(f"boot-{n}") for n in range(2)]
    for number in range(8):
        await _paid(doors[0], f"call-{number}", 100)
    commands = [c for n in range(8) for c in (Refund(f"call-{n}", WHY), replace(RESET, id=f"r{n}"), hold(f"new-{n}", 100))]
    await asyncio.gather(*(doors[n % 2].one(command) for n, command in enumerate(commands)))
    assert await house.wrongs(doors[0]) == []
