"""Windows by a set clock, over the real books of every database: days, ISO weeks, anchored months, leap days; for a clock
that jumps see test_clock_contract."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from proxy.domain.ledger import Held, HoldRefused
from proxy.domain.plan import Allowance, Window
from proxy.domain.standing import Cap
from tests.contracts.ledger_house import HOUSES, Door, House, extension, hold, month, settlement


@pytest.fixture(params=sorted(HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with HOUSES[request.param](tmp_path) as opened:
        yield opened


def at_ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000)


# Window, anchor day, and the last moment of one period; the next millisecond is in the next.
EDGES: Final[list[tuple[Window, int, str]]] = [
    ("day", 1, "2026-03-28T23:59:59.999"),
    ("day", 1, "2028-02-28T23:59:59.999"),
    ("week", 1, "2026-01-04T23:59:59.999"),
    ("week", 1, "2027-01-03T23:59:59.999"),
    ("month", 1, "2026-12-31T23:59:59.999"),
    ("month", 31, "2026-01-30T23:59:59.999"),
    ("month", 31, "2026-02-27T23:59:59.999"),
    ("month", 31, "2026-03-30T23:59:59.999"),
    ("month", 31, "2026-04-29T23:59:59.999"),
    ("month", 31, "2028-02-28T23:59:59.999"),
    ("month", 30, "2028-02-28T23:59:59.999"),
    ("month", 29, "2027-02-27T23:59:59.999"),
]


async def _all_spent(door: Door, call_id: str, window: Window, anchor_day: int) -> bool:
    """Whether a call that needs the whole window was admitted (and then spent it)."""
    terms = month(0, allowances=(Allowance(window, 100),), anchor_day=anchor_day)
    if not isinstance(await door.one(hold(call_id, 100, terms=terms)), Held):
        return False
    await door.one(settlement(call_id, 100))
    return True


@pytest.mark.parametrize(("window", "anchor_day", "last"), EDGES)
async def test_a_period_grants_once_up_to_its_last_moment_and_anew_right_after(
    house: House, window: Window, anchor_day: int, last: str
) -> None:
    door = await house.door()
    house.clock.at_ms = at_ms(last) - 1_000
    assert await _all_spent(door, "first", window, anchor_day)
    house.clock.at_ms = at_ms(last)
    assert not await _all_spent(door, "still", window, anchor_day)
    house.clock.at_ms += 1
    assert await _all_spent(door, "anew", window, anchor_day)
    assert not await _all_spent(door, "again", window, anchor_day)
    assert await house.wrongs(door) == []


async def test_a_year_of_anchor_31_has_twelve_months_and_a_leap_day_begins_no_more(house: House) -> None:
    door = await house.door()
    begun = []
    for day in range(366):
        house.clock.at_ms = at_ms("2028-01-01T12:00:00") + day * 86_400_000
        if await _all_spent(door, f"call-{day:03d}", "month", 31):
            begun.append(datetime.fromtimestamp(house.clock.at_ms / 1_000, UTC).strftime("%m-%d"))
    assert " ".join(begun) == "01-01 01-31 02-29 03-31 04-30 05-31 06-30 07-31 08-31 09-30 10-31 11-30 12-31"


async def test_a_week_runs_across_the_turn_of_the_year(house: House) -> None:
    door = await house.door()
    house.clock.at_ms = at_ms("2026-12-31T12:00:00")
    assert await _all_spent(door, "thursday", "week", 1)
    house.clock.at_ms = at_ms("2027-01-01T12:00:00")
    assert not await _all_spent(door, "friday", "week", 1)


async def test_a_hold_that_grew_over_midnight_pays_each_day_what_that_day_held(house: House) -> None:
    door = await house.door()
    house.clock.at_ms = at_ms("2028-02-28T23:59:59.999")
    daily = month(0, allowances=(Allowance("day", 100),))
    await door.one(hold(amount_milli=80, terms=daily))
    house.clock.at_ms += 1
    assert isinstance(await door.one(extension(amount_milli=150, terms=daily)), Held)
    await door.one(settlement(credits_milli=140))
    days = await house.look(door, "SELECT epoch, spent, held FROM counters WHERE name = 'included/day' ORDER BY epoch")
    assert days == [("2028-02-28", 80, 0), ("2028-02-29", 60, 0)]
    assert await house.wrongs(door) == []


async def test_an_assistants_budget_is_never_overspent_and_touches_no_other_call(house: House) -> None:
    door = await house.door()
    budget = month(1_000, caps=(Cap("user:u1/coder", "month", 250),), anchor_day=15)
    asked = [hold(f"call-{number}", 100, terms=budget) for number in range(4)]
    acks = await door.ledger.apply(asked)
    assert [type(ack).__name__ for ack in acks] == ["Held", "Held", "HoldRefused", "HoldRefused"]
    refused = acks[2]
    assert isinstance(refused, HoldRefused)
    assert (refused.code, refused.scope) == ("credits_on_hold", "user:u1/coder")
    for number in range(2):
        await door.one(settlement(f"call-{number}", 100))
    gone = await door.one(hold("call-5", 100, terms=budget))
    assert isinstance(gone, HoldRefused)
    assert (gone.code, gone.scope) == ("budget_cap_reached", "user:u1/coder")
    assert isinstance(await door.one(hold("call-6", 100)), Held)
    epochs = await house.look(door, "SELECT spent, epoch FROM counters WHERE scope = 'user:u1/coder'")
    assert [(spent, epoch[-2:]) for spent, epoch in epochs] == [(200, "15")]
    assert await house.wrongs(door) == []
