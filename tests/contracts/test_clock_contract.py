"""One clock decides epochs, on every database: it is never let back, a jump stops admission until an admin says that the clock
is right, and what runs goes on."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from proxy.domain.desk import Change
from proxy.domain.ledger import Enrol, Held, HoldRefused, RecordCall, Recorded, Refund, Reset, Settled, Transfer
from proxy.domain.plan import Allowance
from proxy.ports import ClockDoubted
from proxy.store.timekeeper import CLOCK_JUMP_MAX_MS, LOOK_EVERY_MS, Timekeeper
from tests import builders
from tests.contracts.ledger_house import HOUSES, Door, House, extension, hold, month, settlement

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
MIDNIGHT_MS: Final = int(datetime(2026, 1, 11, tzinfo=UTC).timestamp() * 1_000)
DAILY: Final = month(0, allowances=(Allowance("day", 100),))
WHY: Final = Change("key:admin", "the machine had no battery")
FAR_MS: Final = [CLOCK_JUMP_MAX_MS + 1, -CLOCK_JUMP_MAX_MS - 1, 400 * DAY_MS, -400 * DAY_MS]


@pytest.fixture(params=sorted(HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with HOUSES[request.param](tmp_path) as opened:
        opened.clock.at_ms = MIDNIGHT_MS - HOUR_MS
        yield opened


@pytest.fixture
async def door(house: House) -> Door:
    door = await house.door()
    await door.timekeeper.look()
    return door


async def _spent(house: House, door: Door) -> list[tuple[Any, ...]]:
    return await house.look(door, "SELECT epoch, spent, held FROM counters WHERE name = 'included/day' ORDER BY epoch")


async def _pass(house: House, door: Door, ms: int) -> None:
    """Time passes while the process lives."""
    for _ in range(ms // LOOK_EVERY_MS):
        house.clock.at_ms += LOOK_EVERY_MS
        await door.timekeeper.look()


# --- never back -------------------------------------------------------------------------------------------------------


async def test_a_clock_set_back_over_midnight_stays_in_the_day_that_was_judged_by(house: House, door: Door) -> None:
    house.clock.at_ms = MIDNIGHT_MS + 30_000
    assert isinstance(await door.one(hold("today", 100, terms=DAILY)), Held)
    house.clock.step(-60_000)
    assert isinstance(await door.one(hold("before midnight again", 100, terms=DAILY)), HoldRefused)
    assert await _spent(house, door) == [("2026-01-11", 0, 100)]


async def test_a_process_that_has_seen_no_midnight_yet_learns_of_it_from_the_books(house: House, door: Door) -> None:
    late = await house.door("late")
    house.clock.at_ms = MIDNIGHT_MS - 40_000
    assert isinstance(await late.one(hold("yesterday", 10, terms=DAILY)), Held)
    house.clock.at_ms = MIDNIGHT_MS + 30_000
    await door.one(hold("today", 50, terms=DAILY))
    house.clock.step(-60_000)
    await late.one(hold("also today", 50, terms=DAILY))
    assert await _spent(house, door) == [("2026-01-10", 0, 10), ("2026-01-11", 0, 100)]


async def test_a_standing_is_read_by_the_same_moment_as_a_hold_is_judged_by(house: House, door: Door) -> None:
    house.clock.at_ms = MIDNIGHT_MS + 30_000
    await door.one(hold("today", 100, terms=DAILY))
    house.clock.step(-60_000)
    now = await door.ledger.standing("u1", DAILY)
    assert (now.at_ms, now.windows[0].held) == (MIDNIGHT_MS + 30_000, 100)


# --- what is no jump --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step_ms", [CLOCK_JUMP_MAX_MS, -CLOCK_JUMP_MAX_MS])
async def test_a_step_of_a_few_minutes_is_believed(house: House, door: Door, step_ms: int) -> None:
    house.clock.step(step_ms)
    assert isinstance(await door.one(hold()), Held)
    assert door.timekeeper.doubt is None


async def test_time_that_really_passed_is_no_jump_however_long(house: House, door: Door) -> None:
    house.clock.at_ms += 400 * DAY_MS
    assert isinstance(await door.one(hold()), Held)


async def test_a_clock_that_drifts_is_followed(house: House, door: Door) -> None:
    for _ in range(20):
        house.clock.step(-CLOCK_JUMP_MAX_MS // 3)
        await _pass(house, door, LOOK_EVERY_MS)
    assert isinstance(await door.one(hold()), Held)


async def test_a_start_after_long_downtime_is_no_jump_but_one_before_the_last_moment_is(house: House, door: Door) -> None:
    await door.one(hold("before"))
    house.clock.step(400 * DAY_MS)
    assert isinstance(await (await house.door("up again")).one(hold("after")), Held)
    house.clock.step(-DAY_MS)
    assert isinstance(await (await house.door("up once more")).one(hold("too early")), ClockDoubted)


# --- a jump -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step_ms", FAR_MS)
async def test_after_a_jump_nothing_is_admitted_and_what_runs_goes_on_in_its_own_days(
    house: House, door: Door, step_ms: int
) -> None:
    await door.one(hold("runs", 40, terms=DAILY))
    house.clock.step(step_ms)
    acks = await door.ledger.apply(
        [
            hold("new", 1, terms=DAILY),
            extension("runs", 60, terms=DAILY),
            Enrol(builders.user("eu", app_id="a1", external_id="eu"), builders.entitlement("eu"), 10, WHY),
            Transfer("t1", "u1", "u2", DAILY, 1, None, None, WHY),
            Reset("r1", "u1", "day", None, 1, WHY),
            RecordCall(builders.call("refused", status="refused", usage=None, credits_milli=0)),
            settlement("runs", 50),
        ]
    )
    refused = [ClockDoubted] * 3
    assert [type(ack) for ack in acks] == [ClockDoubted, Held, *refused, Recorded, Settled]
    assert await _spent(house, door) == [("2026-01-10", 50, 0)]
    assert await house.wrongs(door) == []


async def test_a_jump_that_goes_away_by_itself_still_wants_an_admin(house: House, door: Door) -> None:
    house.clock.step(HOUR_MS)
    assert isinstance(await door.one(hold()), ClockDoubted)
    house.clock.step(-HOUR_MS)
    assert isinstance(await door.one(hold()), ClockDoubted)


async def test_an_idle_process_finds_a_jump_by_looking(house: House, door: Door) -> None:
    house.clock.step(HOUR_MS)
    await _pass(house, door, LOOK_EVERY_MS)
    doubt = door.timekeeper.doubt
    assert doubt is not None
    assert doubt.jump_ms == HOUR_MS
    assert await house.look(door, "SELECT kind, tries FROM alerts") == [("clock", 0)]


async def test_a_new_process_is_told_of_a_jump_and_a_restart_confirms_nothing(house: House, door: Door) -> None:
    house.clock.step(HOUR_MS)
    await door.one(hold("one"))
    restarted = await house.door("restarted")
    assert isinstance(await restarted.one(hold("two")), ClockDoubted)
    assert await house.look(door, "SELECT kind FROM alerts") == [("clock",)]


async def test_a_batch_that_finds_a_jump_and_fails_leaves_it_to_the_next_to_say_so(house: House, door: Door) -> None:
    await door.one(hold("runs"))
    house.clock.step(HOUR_MS)
    assert isinstance(await door.one(settlement("runs", -1)), ValueError)
    assert await house.look(door, "SELECT kind FROM alerts") == []
    assert isinstance(await door.one(hold()), ClockDoubted)
    assert await house.look(door, "SELECT kind FROM alerts") == [("clock",)]


# --- confirmed --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step_ms", FAR_MS)
async def test_once_an_admin_confirms_every_process_admits_by_the_clock_as_it_is(
    house: House, door: Door, step_ms: int
) -> None:
    other = await house.door("other")
    await other.one(hold("before", 1, terms=DAILY))
    house.clock.step(step_ms)
    assert isinstance(await other.one(hold("doubted", 1, terms=DAILY)), ClockDoubted)
    state = await Timekeeper(door.database, house.clock).confirm(WHY)
    assert (state.doubt, state.judged_by_ms) == (None, house.clock.at_ms)
    assert isinstance(await door.one(hold("confirmed", 1, terms=DAILY)), Held)
    assert isinstance(await other.one(hold("there too", 1, terms=DAILY)), Held)
    await other.timekeeper.look()
    assert (door.timekeeper.doubt, other.timekeeper.doubt) == (None, None)
    assert (await door.ledger.standing("u1", DAILY)).at_ms == house.clock.at_ms
    assert await house.look(door, "SELECT actor, action, subject, reason FROM audit") == [
        ("key:admin", "clock.confirm", "clock:store", "the machine had no battery")
    ]


async def test_a_clock_that_is_not_in_doubt_has_nothing_to_confirm(house: House, door: Door) -> None:
    state = await door.timekeeper.confirm(WHY)
    assert state.doubt is None
    assert await house.look(door, "SELECT * FROM audit") == []


async def test_a_second_jump_is_a_second_alert(house: House, door: Door) -> None:
    for number in (1, 2):
        house.clock.step(HOUR_MS)
        await door.one(hold())
        assert await house.look(door, "SELECT count(*) FROM alerts") == [(number,)]
        await door.timekeeper.confirm(WHY)


async def test_a_reset_on_a_clock_let_back_is_not_given_back_again_by_a_refund(house: House, door: Door) -> None:
    await door.one(hold("later", 60))
    await door.one(settlement("later", 60))
    house.clock.step(-HOUR_MS)
    await door.one(hold("doubted"))
    await door.timekeeper.confirm(WHY)
    await door.one(Reset("r1", "u1", "month", None, 1, WHY))
    await door.one(Refund("later", WHY))
    assert await house.look(door, "SELECT name FROM counters WHERE spent <> 0") == []
    assert await house.wrongs(door) == []


async def test_a_day_judged_by_a_wrong_clock_grants_nothing_again_when_it_comes(house: House, door: Door) -> None:
    house.clock.step(DAY_MS)
    await door.one(hold("doubted", 1, terms=DAILY))
    await door.timekeeper.confirm(WHY)
    assert isinstance(await door.one(hold("in a day to come", 100, terms=DAILY)), Held)
    house.clock.step(-DAY_MS)
    await door.one(hold("doubted", 1, terms=DAILY))
    await door.timekeeper.confirm(WHY)
    assert isinstance(await door.one(hold("today", 100, terms=DAILY)), Held)
    house.clock.at_ms += DAY_MS
    assert isinstance(await door.one(hold("the day that came", 1, terms=DAILY)), HoldRefused)
    assert await house.wrongs(door) == []
