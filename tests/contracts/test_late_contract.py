"""The contract of an end that comes after the reconciler's, the same for every database: one adjustment, and books in which
the call came to what it came to."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proxy.domain.call import Attempt, CallStatus
from proxy.domain.desk import Change, Grant
from proxy.domain.ledger import (
    Held,
    HoldLost,
    HoldRefused,
    HoldTerms,
    IdempotencyKey,
    NothingCharged,
    Refund,
    Refunded,
    Settled,
    Settlement,
    Unpaid,
)
from proxy.domain.standing import Cap
from proxy.stages.ledger.bill import UNPAID
from proxy.store.recount import Recounted
from tests import builders
from tests.builders import NOW_MS
from tests.contracts.ledger_house import HOUSES, LEASES, Door, House, extension, hold, month

DAY_MS = 86_400_000
KEY = IdempotencyKey("POST /v1/chat/completions", "k-1", b"hash")
BACK = Refund("call-1", Change("admin-1", "a test"))


@pytest.fixture(params=sorted(HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with HOUSES[request.param](tmp_path) as opened:
        yield opened


async def _buried(house: House, metered_milli: int = 70, amount_milli: int = 200, **changes: Any) -> Door:
    """The door of a process that woke up after its only hold was taken for abandoned."""
    asleep, awake = await house.door("asleep"), await house.door("awake")
    await asleep.leases.beat()
    taken = await asleep.one(hold(amount_milli=100, lease_ms=600_000, **changes))
    assert isinstance(taken, Held)
    sized = {name: value for name, value in changes.items() if name in ("terms", "family")}
    await asleep.one(extension(amount_milli=amount_milli, raw_nano_usd=4_000, metered_milli=metered_milli, **sized))
    for _ in range((LEASES.lease_ms + LEASES.grace_ms) // LEASES.beat_ms + 2):
        house.clock.at_ms += LEASES.beat_ms
        await awake.leases.beat()
    assert (await awake.leases.reconcile()).call_ids == ("call-1",)
    return asleep


def _end(credits_milli: int, status: CallStatus = "served", terms: HoldTerms | None = None, **changes: Any) -> Settlement:
    """The call's own end: a second model answered, and the provider billed nine nano-dollars a milli-credit."""
    raw_nano_usd = 9 * credits_milli
    spent = builders.usage(input=7, output=3)
    failed = Attempt(1, "p/a", "p", "open", 1, None, 2, "reset", None, None, None, None, 0, 0, 1_000_000, False)
    wrote = Attempt(2, "p/m", "p", "open", 3, 4, 5, None, 200, None, "pr", spent, raw_nano_usd, credits_milli, 1_000_000, True)
    call = builders.call(
        "call-1",
        status=status,
        model_id="p/m",
        usage=spent,
        attempts=(failed, wrote),
        credits_milli=credits_milli,
        raw_nano_usd=raw_nano_usd,
        **changes,
    )
    return Settlement("call-1", credits_milli, raw_nano_usd, call, terms or month(1_000), KEY)


async def _right(house: House, door: Door) -> None:
    """The books agree with their entries, and the roll-ups with their calls."""
    assert await house.wrongs(door) == []
    assert await house.recount(door) == Recounted(days=1, wrong_rows=0)


async def _spent(house: House, door: Door) -> int:
    return (await door.ledger.standing("u1", month(1_000))).windows[0].spent


async def _kinds(house: House, door: Door) -> list[tuple[str, int]]:
    return [(e.id.removeprefix("call-1:"), e.amount_milli) for e in await house.entries(door, "call-1")]


async def test_usage_that_arrives_late_is_one_adjustment(house: House) -> None:
    door = await _buried(house)
    assert await door.one(_end(150)) == Settled("call-1", 150, 0, fresh=False, late=True)
    assert await _kinds(house, door) == [("0", 100), ("1:000001", 200), ("2", 70), ("adjust", 80)]
    assert await _spent(house, door) == 150
    await _right(house, door)


async def test_every_record_of_the_call_shows_what_it_came_to(house: House) -> None:
    door = await _buried(house)
    await door.one(_end(150))
    look = "SELECT status, model_id, input_tokens, usage_source, credits_milli, raw_nano_usd, absorbed_milli FROM model_calls"
    assert await house.look(door, look) == [("served", "p/m", 7, "provider", 150, 1_350, 0)]
    assert await house.look(door, "SELECT number, fault FROM attempts ORDER BY number") == [(1, "reset"), (2, None)]
    assert await house.look(door, "SELECT quantity, display_units FROM usage_records") == [(10, 150)]
    assert await house.look(door, "SELECT id, raw_cost, display_cost FROM cost_records") == [("call-1:cost:2", 1_350, 150)]


async def test_given_twice_it_counts_once(house: House) -> None:
    door = await _buried(house)
    first, second = await door.ledger.apply([_end(150), _end(190)])
    third = await door.one(_end(190))
    assert first == Settled("call-1", 150, 0, fresh=False, late=True)
    assert second == third == Settled("call-1", 150, 0, fresh=False)
    assert await _spent(house, door) == 150
    assert len(await house.look(door, "SELECT * FROM attempts")) == 2
    await _right(house, door)


async def test_two_who_give_it_at_once_count_once(house: House) -> None:
    door, other = await _buried(house), await house.door("asleep")
    acks = await asyncio.gather(door.one(_end(150)), other.one(_end(150)))
    assert sorted(isinstance(ack, Settled) and ack.late for ack in acks) == [False, True]
    assert await _spent(house, door) == 150
    await _right(house, door)


async def test_a_call_that_settled_itself_is_never_adjusted(house: House) -> None:
    door = await house.door()
    await door.one(hold(amount_milli=200))
    first, again = await door.ledger.apply([_end(150), _end(190)])
    assert first == Settled("call-1", 150, 0, fresh=True)
    assert again == await door.one(_end(10)) == Settled("call-1", 150, 0, fresh=False)
    assert "adjust" not in {entry.kind for entry in await house.entries(door, "call-1")}


async def test_late_usage_is_charged_up_to_the_hold_and_the_rest_is_absorbed(house: House) -> None:
    door = await _buried(house)
    assert await door.one(_end(500)) == Settled("call-1", 200, 300, fresh=False, late=True)
    assert await house.look(door, "SELECT credits_milli, absorbed_milli FROM model_calls") == [(200, 300)]
    assert await house.look(door, "SELECT kind FROM alerts") == [("absorbed",)]
    await _right(house, door)


async def test_late_usage_is_charged_up_to_what_is_left_and_never_what_others_hold(house: House) -> None:
    door = await _buried(house)
    await door.one(hold("other", 900))
    assert await door.one(_end(150)) == Settled("call-1", 100, 50, fresh=False, late=True)
    now = await door.ledger.standing("u1", month(1_000))
    assert (now.windows[0].spent, now.windows[0].held) == (100, 900)
    await _right(house, door)


async def test_late_usage_stays_under_every_cap(house: House) -> None:
    terms = month(1_000, caps=(Cap("app:a1", "day", 90), Cap("installation", "day", 1_000_000, "nano_usd")))
    door = await _buried(house, terms=replace(terms, caps=(Cap("app:a1", "day", 200), *terms.caps[1:])))
    assert await door.one(_end(150, terms=terms)) == Settled("call-1", 90, 60, fresh=False, late=True)
    look = "SELECT scope, spent FROM counters WHERE name LIKE 'cap/%' ORDER BY scope"
    assert await house.look(door, look) == [("app:a1", 90), ("installation", 1_350)]
    await _right(house, door)


async def test_raw_cost_follows_what_the_provider_billed_upwards_and_downwards(house: House) -> None:
    terms = month(1_000, caps=(Cap("installation", "day", 1_000_000, "nano_usd"),))
    door = await _buried(house, terms=terms)
    look = "SELECT spent FROM counters WHERE scope = 'installation'"
    assert await house.look(door, look) == [(1_400,)]
    await door.one(_end(10, terms=terms))
    assert await house.look(door, look) == [(90,)]
    await _right(house, door)


async def test_late_usage_draws_on_top_ups_when_the_window_is_empty(house: House) -> None:
    door = await _buried(house)
    await house.put_grant(door, Grant("g1", "u1", "topup", 500, "a test", NOW_MS))
    await door.one(hold("other", 900))
    assert await door.one(_end(150)) == Settled("call-1", 150, 0, fresh=False, late=True)
    now = await door.ledger.standing("u1", month(1_000))
    assert (now.windows[0].spent, now.buckets[0].spent) == (100, 50)
    await _right(house, door)


async def test_an_estimate_that_was_too_high_is_given_back_to_whom_it_was_taken_from_last(house: House) -> None:
    asleep = await house.door("asleep")
    await house.put_grant(asleep, Grant("g1", "u1", "topup", 500, "a test", NOW_MS))
    door = await _buried(house, metered_milli=150, terms=month(100))
    assert await door.one(_end(40, terms=month(100))) == Settled("call-1", 40, 0, fresh=False, late=True)
    now = await door.ledger.standing("u1", month(100))
    assert (now.windows[0].spent, now.buckets[0].spent) == (40, 0)
    assert (await _kinds(house, door))[-1] == ("adjust", -110)
    await _right(house, door)


async def test_what_was_released_is_charged_when_it_turns_out_to_cost(house: House) -> None:
    door = await _buried(house, metered_milli=0)
    assert await _kinds(house, door) == [("0", 100), ("1:000001", 200), ("2", 0)]
    assert await door.one(_end(150)) == Settled("call-1", 150, 0, fresh=False, late=True)
    await _right(house, door)


async def test_late_usage_counts_in_the_day_of_its_hold(house: House) -> None:
    house.clock.at_ms = NOW_MS + DAY_MS - 5_000
    door = await _buried(house)
    assert house.clock.at_ms > NOW_MS + DAY_MS
    await door.one(_end(150))
    days = await house.look(door, "SELECT epoch, spent, held FROM counters WHERE name = 'included/day'")
    assert days == [("2026-01-01", 150, 0)]
    assert await house.wrongs(door) == []


async def test_a_refund_after_it_gives_back_both(house: House) -> None:
    door = await _buried(house)
    late, refunded = await door.ledger.apply([_end(150), BACK])
    assert isinstance(late, Settled)
    assert refunded == Refunded("call-1", 150, fresh=True)
    assert await _spent(house, door) == 0
    await _right(house, door)


async def test_a_call_that_was_refunded_already_is_charged_nothing_more(house: House) -> None:
    door = await _buried(house)
    assert await door.one(BACK) == Refunded("call-1", 70, fresh=True)
    assert await door.one(_end(150)) == Settled("call-1", 70, 80, fresh=False, late=True)
    assert await _spent(house, door) == 0
    await _right(house, door)


async def test_a_call_that_failed_in_truth_costs_nothing(house: House) -> None:
    door = await _buried(house)
    nothing = replace(_end(0, "failed"), call=replace(_end(0, "failed").call, usage=None, attempts=()))
    assert await door.one(nothing) == Settled("call-1", 0, 0, fresh=False, late=True)
    assert await _spent(house, door) == 0
    assert await house.look(door, "SELECT * FROM usage_records") == []
    assert await house.look(door, "SELECT * FROM cost_records") == []
    assert await door.one(BACK) == NothingCharged("call-1")
    await _right(house, door)


async def test_its_idempotency_key_stands_for_it_again(house: House) -> None:
    door = await _buried(house, metered_milli=0, idempotency=KEY)
    assert await door.ledger.used("u1", KEY) is None
    await door.one(_end(150))
    used = await door.ledger.used("u1", KEY)
    assert used is not None
    assert (used.call_id, used.running) == ("call-1", False)
    await _right(house, door)


async def test_a_key_that_was_used_for_another_call_by_then_stays_with_that(house: House) -> None:
    door = await _buried(house, metered_milli=0, idempotency=KEY)
    await door.one(hold("second", 10, idempotency=KEY))
    await door.one(_end(150))
    used = await door.ledger.used("u1", KEY)
    assert used is not None
    assert (used.call_id, used.running) == ("second", True)


async def test_its_key_is_free_when_it_cost_nothing_after_all(house: House) -> None:
    door = await _buried(house, idempotency=KEY)
    assert await door.ledger.used("u1", KEY) is not None
    await door.one(_end(0, "failed"))
    assert await door.ledger.used("u1", KEY) is None


async def test_an_extension_of_a_hold_that_was_resolved_says_that_it_is_lost(house: House) -> None:
    door = await _buried(house)
    before = await house.look(door, "SELECT * FROM counters ORDER BY scope, name, epoch")
    assert await door.one(extension(amount_milli=300)) == HoldLost("call-1")
    assert await house.look(door, "SELECT * FROM counters ORDER BY scope, name, epoch") == before
    assert isinstance(await door.one(extension("never")), ValueError)


async def test_credits_that_late_usage_took_are_not_there_for_others(house: House) -> None:
    door = await _buried(house)
    await door.one(_end(150))
    refused = await door.one(hold("greedy", 851))
    assert isinstance(refused, HoldRefused)
    assert refused.code == "insufficient_credits"


async def test_verify_sees_an_adjustment_that_the_call_does_not_show(house: House) -> None:
    door = await _buried(house)
    await door.one(_end(150))
    await door.database.write(lambda c: c.execute("UPDATE model_calls SET status = 'crashed', credits_milli = 70"))
    assert await house.wrongs(door) == [
        "hold call-1 is resolved but left no call, or one with another charge",
        "call call-1 was adjusted, but was not taken for crashed before or still is",
    ]


async def test_what_was_billed_for_nothing_is_absorbed_and_never_charged_to_a_call_that_ends_late(house: House) -> None:
    door = await _buried(house)
    ended = _end(0, status="failed")
    lost = Unpaid(60, input_milli=25, input=builders.usage(output=0), free_hourly_max=0)
    assert await door.one(replace(ended, unpaid=lost)) == Settled("call-1", 0, 60, fresh=False, late=True)
    assert await house.look(door, "SELECT count(*) FROM counters WHERE name = ?", UNPAID) == [(0,)]
    await _right(house, door)
