"""What people do to the books by hand, the same for every database: enrolments bounded, transfers, refunds, each once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from proxy.domain.desk import Change, Grant
from proxy.domain.ledger import (
    Enrol,
    Enrolled,
    EnrolmentFull,
    Held,
    HoldRefused,
    HoldRequest,
    LedgerAck,
    NothingCharged,
    Refund,
    Refunded,
    Transfer,
    Transferred,
)
from proxy.domain.plan import Allowance
from proxy.domain.standing import Cap
from tests import builders
from tests.builders import NOW_MS
from tests.contracts.ledger_house import HOUSES, Door, House, hold, month, settlement

DAY_MS: Final = 86_400_000
WHY: Final = Change("key:admin", "a test")
PLANLESS: Final = month(0, allowances=())


@pytest.fixture(params=sorted(HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with HOUSES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
async def door(house: House) -> Door:
    return await house.door()


# --- enrolment --------------------------------------------------------------------------------------------------------


def first_call(name: str, amount_milli: int = 1, daily_max: int = 3) -> HoldRequest:
    """The first call of an end user of app `a1`."""
    user = builders.user(name, app_id="a1", external_id=name)
    return hold(
        f"call-of-{name}",
        amount_milli,
        account_id=name,
        enrol=user,
        entitlement=builders.entitlement(name),
        enrols_daily_max=daily_max,
        began=builders.call(f"call-of-{name}", app_id="a1", status="running"),
    )


def enrolment(name: str, daily_max: int = 3) -> Enrol:
    return Enrol(builders.user(name, app_id="a1", external_id=name), builders.entitlement(name), daily_max, WHY)


def codes(acks: list[LedgerAck | Exception]) -> set[tuple[str, str]]:
    return {(ack.code, ack.scope) for ack in acks if isinstance(ack, HoldRefused)}


async def _users(house: House, door: Door) -> int:
    ((count,),) = await house.look(door, "SELECT count(*) FROM users WHERE app_id = 'a1'")
    return int(count)


async def test_an_app_enrols_as_many_users_a_day_as_it_may_through_however_many_doors(house: House) -> None:
    doors = [await house.door(f"boot-{n}") for n in range(3)]
    acks = await asyncio.gather(*(doors[n % 3].one(first_call(f"eu{n:02d}")) for n in range(30)))
    assert sum(isinstance(ack, Held) for ack in acks) == 3
    assert codes(acks) == {("enrolment_limit", "app:a1")}
    assert await _users(house, doors[0]) == 3
    assert await house.wrongs(doors[0]) == []


async def test_one_batch_does_not_enrol_past_the_bound_and_counts_a_user_once(house: House, door: Door) -> None:
    again = replace(first_call("eu0"), hold_id="second-call-of-eu0", began=builders.call("second-call-of-eu0"))
    acks = await door.ledger.apply([first_call("eu0"), again, *(first_call(f"eu{n}") for n in range(1, 6))])
    assert [type(ack) for ack in acks] == [Held] * 4 + [HoldRefused] * 3
    assert await _users(house, door) == 3
    assert await house.wrongs(door) == []


async def test_a_call_that_is_refused_for_credits_takes_no_place(house: House, door: Door) -> None:
    for number in range(5):
        assert isinstance(await door.one(first_call(f"poor{number}", 9_999)), HoldRefused)
    assert await _users(house, door) == 0
    assert isinstance(await door.one(first_call("rich", daily_max=1)), Held)


async def test_known_users_are_served_on_a_full_day_and_the_next_day_has_room_again(house: House, door: Door) -> None:
    await door.one(first_call("eu0", daily_max=1))
    known = replace(first_call("eu0", daily_max=1), hold_id="more", began=builders.call("more"))
    assert isinstance(await door.one(known), Held)
    assert isinstance(await door.one(first_call("eu1", daily_max=1)), HoldRefused)
    house.clock.at_ms += DAY_MS
    assert isinstance(await door.one(first_call("eu1", daily_max=1)), Held)
    assert await house.wrongs(door) == []


async def test_enrolling_by_hand_shares_the_days_bound_with_calls(house: House, door: Door) -> None:
    assert await door.one(enrolment("eu0", 2)) == Enrolled("eu0", fresh=True)
    assert await door.one(enrolment("eu0", 2)) == Enrolled("eu0", fresh=False)
    assert isinstance(await door.one(first_call("eu1", daily_max=2)), Held)
    assert await door.one(enrolment("eu2", 2)) == EnrolmentFull(NOW_MS + DAY_MS)
    assert await house.look(door, "SELECT actor, action, subject FROM audit") == [("key:admin", "user.enrol", "user:eu0")]
    assert await house.wrongs(door) == []


# --- transfers --------------------------------------------------------------------------------------------------------


def transfer(id: str = "top_1", amount_milli: int = 100, **changes: object) -> Transfer:
    """From the app's account, which has 300 of its month and 50 for reasoning, to `eu`."""
    terms = month(300, allowances=(Allowance("month", 300), Allowance("month", 50, "reasoning")))
    base = Transfer(id, "own", "eu", terms, amount_milli, None, None, WHY)
    return replace(base, **changes)  # type: ignore[arg-type]


async def _left(door: Door, account_id: str) -> dict[str, tuple[int, str | None, int | None]]:
    now = await door.ledger.standing(account_id, PLANLESS)
    return {b.id: (b.limit - b.spent - b.held, b.family, b.expires_at_ms) for b in now.buckets}


async def test_a_transfer_takes_from_the_giver_what_it_gives_and_both_sides_say_so(house: House, door: Door) -> None:
    done = await door.one(transfer())
    assert isinstance(done, Transferred)
    month_ends_ms = NOW_MS + 31 * DAY_MS
    assert await _left(door, "eu") == {"top_1.0001": (100, None, month_ends_ms)}
    giver = await door.ledger.standing("own", transfer().terms)
    assert [(w.family, w.spent) for w in giver.windows] == [(None, 100), ("reasoning", 0)]
    assert await house.look(door, "SELECT id, account_id, kind, amount_milli FROM entries ORDER BY id") == [
        ("top_1.0001:grant", "eu", "grant", 100),
        ("top_1:transfer", "own", "adjust", -100),
    ]
    assert ("credits.transfer", "a test") in await house.look(door, "SELECT action, reason FROM audit")
    assert await house.wrongs(door) == []


async def test_the_same_transfer_twice_moves_credits_once(house: House, door: Door) -> None:
    first, second = await door.ledger.apply([transfer(), transfer()])
    assert first == second == await door.one(transfer())
    assert await house.look(door, "SELECT sum(amount_milli) FROM grants") == [(100,)]
    assert await house.wrongs(door) == []


async def test_the_family_is_kept_and_no_other_bucket_is_touched(house: House, door: Door) -> None:
    assert isinstance(await door.one(transfer(amount_milli=50, family="reasoning")), Transferred)
    more = await door.one(transfer("top_2", 1, family="reasoning"))
    assert isinstance(more, HoldRefused)
    assert more.code == "insufficient_credits"
    assert {family for _, family, _ in (await _left(door, "eu")).values()} == {"reasoning"}
    assert isinstance(await door.one(hold("x", 1, account_id="eu", family="open", terms=PLANLESS)), HoldRefused)
    assert isinstance(await door.one(hold("y", 50, account_id="eu", family="reasoning", terms=PLANLESS)), Held)


async def test_what_is_moved_never_outlives_where_it_came_from(house: House, door: Door) -> None:
    soon_ms, later_ms = NOW_MS + DAY_MS, NOW_MS + 400 * DAY_MS
    await house.put_grant(door, Grant("soon", "own", "topup", 40, "a test", NOW_MS, expires_at_ms=soon_ms))
    await house.put_grant(door, Grant("never", "own", "topup", 60, "a test", NOW_MS))
    done = await door.one(transfer(amount_milli=100, terms=PLANLESS, expires_at_ms=later_ms))
    assert isinstance(done, Transferred)
    assert [(g.amount_milli, g.expires_at_ms) for g in done.grants] == [(40, soon_ms), (60, later_ms)]
    assert await house.wrongs(door) == []


async def test_live_holds_are_not_given_away_and_nothing_is_moved_in_part(house: House, door: Door) -> None:
    await door.one(hold(amount_milli=250, account_id="own", terms=transfer().terms))
    refused = await door.one(transfer(amount_milli=100))
    assert isinstance(refused, HoldRefused)
    assert refused.code == "credits_on_hold"
    assert await house.look(door, "SELECT * FROM grants") == []
    assert isinstance(await door.one(transfer(amount_milli=50)), Transferred)


async def test_transfers_at_once_never_give_more_than_there_is(house: House) -> None:
    doors = [await house.door(f"boot-{n}") for n in range(2)]
    acks = await asyncio.gather(*(doors[n % 2].one(transfer(f"top_{n:02d}")) for n in range(12)))
    assert sum(isinstance(ack, Transferred) for ack in acks) == 3
    assert await house.look(doors[0], "SELECT sum(amount_milli) FROM grants") == [(300,)]
    assert await house.wrongs(doors[0]) == []


async def test_a_transfer_moves_no_cap_and_a_call_paid_from_it_counts_once_against_the_apps(house: House, door: Door) -> None:
    cap = Cap("app:a1", "month", 90)
    await door.one(transfer(terms=replace(transfer().terms, caps=(cap,))))
    assert await house.look(door, "SELECT * FROM counters WHERE name LIKE 'cap/%'") == []
    under = replace(PLANLESS, caps=(cap,))
    await door.one(hold("call-1", 60, account_id="eu", terms=under))
    await door.one(settlement("call-1", 60))
    assert await house.look(door, "SELECT scope, spent FROM counters WHERE name LIKE 'cap/%'") == [("app:a1", 60)]
    giver = await door.ledger.standing("own", transfer().terms)
    assert giver.windows[0].spent == 100
    over = await door.one(hold("call-2", 31, account_id="eu", terms=under))
    assert isinstance(over, HoldRefused)
    assert over.code == "budget_cap_reached"
    assert await house.wrongs(door) == []


async def test_a_batch_may_spend_what_its_own_transfer_gave(house: House, door: Door) -> None:
    spend = hold("call-1", 100, account_id="eu", terms=PLANLESS)
    refused, moved, held = await door.ledger.apply([replace(spend, hold_id="call-0"), transfer(), spend])
    assert [type(ack) for ack in (refused, moved, held)] == [HoldRefused, Transferred, Held]


# --- refunds ----------------------------------------------------------------------------------------------------------


async def test_a_refund_goes_back_to_its_split_and_leaves_raw_cost_spent(house: House, door: Door) -> None:
    caps = (Cap("user:u1", "day", 10_000), Cap("installation", "day", 10**9, "nano_usd"))
    await house.put_grant(door, Grant("g", "u1", "topup", 500, "a test", NOW_MS))
    await door.one(hold(amount_milli=1_300, raw_nano_usd=700, terms=month(1_000, caps=caps)))
    await door.one(settlement(credits_milli=1_200, raw_nano_usd=600))
    assert await door.one(Refund("call-1", WHY)) == Refunded("call-1", 1_200, fresh=True)
    assert await house.look(door, "SELECT scope, name, spent FROM counters WHERE spent <> 0") == [
        ("installation", "cap/day/nano_usd", 600)
    ]
    entries = await house.entries(door, "call-1")
    assert [(e.kind, e.amount_milli) for e in entries] == [("hold", 1_300), ("settle", 1_200), ("adjust", -1_200)]
    assert await house.look(door, "SELECT credits_milli, refunded_milli FROM model_calls") == [(1_200, 1_200)]
    assert await house.look(door, "SELECT actor, action, subject, reason FROM audit WHERE action = 'call.refund'") == [
        ("key:admin", "call.refund", "call:call-1", "a test")
    ]
    assert await house.wrongs(door) == []


async def test_a_refund_is_taken_off_the_roll_ups_too_and_a_recount_agrees(house: House, door: Door) -> None:
    await door.one(hold())
    told = builders.call("call-1", credits_milli=100, raw_nano_usd=0, metadata={"feature": "search"})
    await door.one(settlement(call=told))
    await door.one(Refund("call-1", WHY))
    sums = await house.look(
        door, "SELECT tag, sum(calls_served), sum(calls_used), sum(credits_milli) FROM rollups GROUP BY tag"
    )
    assert sums == [("", 2, 2, 0), ("feature", 2, 2, 0)]
    assert (await house.recount(door)).wrong_rows == 0


async def test_a_call_is_refunded_once_whoever_asks(house: House) -> None:
    doors = [await house.door(f"boot-{n}") for n in range(2)]
    await doors[0].one(hold())
    await doors[0].one(settlement())
    acks = await asyncio.gather(*(door.one(Refund("call-1", WHY)) for door in doors * 3))
    assert sorted(ack.fresh for ack in acks if isinstance(ack, Refunded)) == [False] * 5 + [True]
    assert {ack.credits_milli for ack in acks if isinstance(ack, Refunded)} == {100}
    first, second = await doors[0].ledger.apply([Refund("call-1", WHY)] * 2)
    assert first == second == Refunded("call-1", 100, fresh=False)
    assert await house.wrongs(doors[0]) == []


async def test_what_was_charged_nothing_or_runs_still_is_not_refunded(house: House, door: Door) -> None:
    assert await door.one(Refund("nobody", WHY)) == NothingCharged("nobody")
    await door.one(hold())
    assert await door.one(Refund("call-1", WHY)) == NothingCharged("call-1")
    await door.one(settlement(credits_milli=0))
    assert await door.one(Refund("call-1", WHY)) == NothingCharged("call-1")
    assert await house.look(door, "SELECT * FROM audit") == []


async def test_a_refund_after_midnight_goes_back_to_the_day_that_paid(house: House, door: Door) -> None:
    house.clock.at_ms = NOW_MS + DAY_MS - 1
    daily = month(0, allowances=(Allowance("day", 100),))
    await door.one(hold(amount_milli=100, terms=daily))
    house.clock.at_ms += 2
    await door.one(settlement(credits_milli=100))
    await door.one(Refund("call-1", WHY))
    days = await house.look(door, "SELECT epoch, spent FROM counters WHERE name = 'included/day'")
    assert days == [("2026-01-01", 0)]
    assert (await door.ledger.standing("u1", daily)).windows[0].spent == 0
    assert await house.wrongs(door) == []


@pytest.mark.parametrize(
    ("tamper", "wrong"),
    [
        ("UPDATE model_calls SET refunded_milli = 99", "the refund of call call-1 is not what its row shows"),
        ("UPDATE model_calls SET id = 'other'", "call other shows a refund that no entry proves"),
        ("UPDATE model_calls SET id = 'other'", "call other shows a charge that no entry proves"),
        ("UPDATE grants SET amount_milli = 1", "transfer top_1 did not give what it took"),
    ],
)
async def test_verify_sees_what_was_tampered_with(house: House, door: Door, tamper: str, wrong: str) -> None:
    await door.one(hold())
    await door.one(settlement())
    await door.one(Refund("call-1", WHY))
    await door.one(transfer())
    assert await house.wrongs(door) == []
    await door.database.write(lambda c: c.execute(tamper))
    assert any(line.startswith(wrong) for line in await house.wrongs(door))
