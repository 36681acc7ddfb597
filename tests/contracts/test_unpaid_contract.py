"""What a provider bills for what nobody pays, the same for every database: absorbed, told, counted by account and hour, and
never free without end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from proxy.domain.call import INPUT_CHARGED
from proxy.domain.desk import Change, LedgerLine
from proxy.domain.ledger import (
    Held,
    HoldTerms,
    IdempotencyKey,
    KeyUsed,
    LedgerAck,
    LedgerCommand,
    Refund,
    Refunded,
    Settled,
    Settlement,
    Unpaid,
)
from proxy.domain.standing import Cap
from proxy.domain.usage import Usage
from proxy.stages.ledger.bill import UNPAID
from proxy.store.alerts import SqlAlerts
from proxy.store.recount import Recounted
from proxy.store.register import SqlRegister
from tests.builders import attempt, call
from tests.contracts.ledger_house import HOUSES, Door, House, extension, hold, month, settlement

FREE: Final = 3
HOUR_MS: Final = 3_600_000
INPUT: Final = Usage(input=30)
BILLED: Final = Unpaid(50, input_milli=30, input=INPUT, free_hourly_max=FREE)
AMPLE: Final = month(1_000_000)


@pytest.fixture(params=sorted(HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with HOUSES[request.param](tmp_path) as opened:
        yield opened
        door = await opened.door()
        assert await opened.wrongs(door) == []
        assert (await opened.recount(door)).wrong_rows == 0


@pytest.fixture
async def door(house: House) -> Door:
    return await house.door()


def in_vain(hold_id: str, unpaid: Unpaid = BILLED, **changes: Any) -> Settlement:
    """A call that nobody answered and a provider billed."""
    failed = call(
        hold_id,
        status="failed",
        http_status=502,
        code="upstream_error",
        reason="upstream_error",
        usage=None,
        ttft_ms=None,
        credits_milli=0,
        absorbed_milli=unpaid.milli,
        raw_nano_usd=0,
    )
    return replace(Settlement(hold_id, 0, 0, failed, unpaid=unpaid), **changes)


async def lived(door: Door, hold_id: str, settled: Settlement | None = None, **changes: Any) -> Settled:
    """One call from hold to settlement."""
    await door.one(replace(hold(hold_id), terms=AMPLE, **changes))
    ack = await door.one(settled or in_vain(hold_id))
    assert isinstance(ack, Settled), ack
    return ack


def amounts(acks: Sequence[LedgerAck | Exception]) -> list[tuple[int, int]]:
    return [(ack.charged_milli, ack.absorbed_milli) for ack in acks if isinstance(ack, Settled)]


async def counted(house: House, door: Door) -> list[tuple[Any, ...]]:
    return await house.look(door, "SELECT scope, epoch, spent FROM counters WHERE name = ? ORDER BY scope, epoch", UNPAID)


async def test_calls_that_got_nothing_are_free_up_to_the_hours_number_and_then_pay_their_input(
    house: House, door: Door
) -> None:
    acks = [await lived(door, f"call-{n}") for n in range(FREE + 2)]
    assert amounts(acks) == [(0, 50)] * FREE + [(30, 20)] * 2
    assert await counted(house, door) == [("user:u1", "2026-01-01T00", FREE + 2)]


async def test_the_row_and_the_entry_say_why_it_was_charged(house: House, door: Door) -> None:
    for number in range(FREE + 1):
        await lived(door, f"call-{number}")
    register = SqlRegister(door.database)
    free, paid = await register.call("call-0"), await register.call(f"call-{FREE}")
    assert free is not None
    assert paid is not None
    assert (free.reason, free.usage, free.credits_milli, free.absorbed_milli) == ("upstream_error", None, 0, 50)
    assert (paid.reason, paid.usage, paid.credits_milli, paid.absorbed_milli) == (INPUT_CHARGED, INPUT, 30, 20)
    assert (paid.code, paid.status) == ("upstream_error", "failed")
    for hold_id, kind in (("call-0", "release"), (f"call-{FREE}", "settle")):
        *_, last = await house.entries(door, hold_id)
        assert last.kind == kind
        assert LedgerLine("user:u1", UNPAID, "2026-01-01T00", 1, 0) in last.lines


async def test_each_account_and_each_hour_has_its_own_number(house: House, door: Door) -> None:
    others: dict[str, Any] = {"account_id": "u2", "scopes": ("user:u2",)}
    for number in range(FREE):
        await lived(door, f"call-{number}")
        await lived(door, f"other-{number}", **others)
    assert amounts([await lived(door, "call-over"), await lived(door, "other-over", **others)]) == [(30, 20)] * 2
    house.clock.at_ms += HOUR_MS
    assert amounts([await lived(door, "call-later")]) == [(0, 50)]
    assert [row[1:] for row in await counted(house, door)] == [("2026-01-01T00", 4), ("2026-01-01T01", 1), ("2026-01-01T00", 4)]


@pytest.mark.parametrize("in_one_batch", [True, False])
async def test_of_many_at_once_no_more_are_free(house: House, in_one_batch: bool) -> None:
    doors = [await house.door(f"boot-{n}") for n in range(3)]
    ids = [f"call-{n:03d}" for n in range(200)]
    held = await doors[0].ledger.apply([replace(hold(id), terms=AMPLE) for id in ids])
    assert all(isinstance(ack, Held) for ack in held)
    if in_one_batch:
        acks = await doors[0].ledger.apply([in_vain(id) for id in ids])
    else:
        batches: list[list[LedgerCommand]] = [[in_vain(id) for id in ids[n : n + 5]] for n in range(0, 200, 5)]
        found = await asyncio.gather(*(doors[n % 3].ledger.apply(batch) for n, batch in enumerate(batches)))
        acks = [ack for of_batch in found for ack in of_batch]
    assert sorted(amounts(acks)) == [(0, 50)] * FREE + [(30, 20)] * (200 - FREE)


async def test_the_input_is_paid_as_far_as_it_was_held(house: House, door: Door) -> None:
    none_free = replace(BILLED, free_hourly_max=0)
    assert amounts([await lived(door, "call-1", in_vain("call-1", none_free), amount_milli=12)]) == [(12, 38)]
    assert amounts([await lived(door, "call-2", in_vain("call-2", none_free), amount_milli=0)]) == [(0, 50)]
    register = SqlRegister(door.database)
    paid, free = await register.call("call-1"), await register.call("call-2")
    assert paid is not None
    assert free is not None
    assert (paid.reason, free.reason) == (INPUT_CHARGED, "upstream_error")


async def test_what_the_caller_did_not_cause_is_absorbed_and_neither_counted_nor_paid(house: House, door: Door) -> None:
    ours = Unpaid(50)
    assert amounts([await lived(door, f"call-{n}", in_vain(f"call-{n}", ours)) for n in range(9)]) == [(0, 50)] * 9
    assert await counted(house, door) == []


async def test_a_call_without_a_bill_is_never_counted(house: House, door: Door) -> None:
    for number in range(FREE + 2):
        outage = replace(in_vain(f"call-{number}"), unpaid=None)
        outage = replace(outage, call=replace(outage.call, absorbed_milli=0))
        assert amounts([await lived(door, f"call-{number}", outage)]) == [(0, 0)]
    assert await counted(house, door) == []


async def test_a_failed_try_before_the_answer_is_absorbed_beside_what_exceeds_the_hold(house: House, door: Door) -> None:
    answered = call("call-1", credits_milli=100, absorbed_milli=75, raw_nano_usd=0)
    assert amounts([await lived(door, "call-1", Settlement("call-1", 125, 0, answered, unpaid=Unpaid(50)))]) == [(100, 75)]
    assert await counted(house, door) == []


async def test_a_bill_that_nobody_pays_is_told_like_one_above_the_hold(house: House, door: Door) -> None:
    await lived(door, "call-1")
    await lived(door, "call-2")
    (alert,) = await SqlAlerts(door.database, house.clock).take(9, 1_000)
    assert (alert.kind, alert.facts["account"], alert.facts["absorbed_milli"]) == ("absorbed", "u1", 50)


async def test_roll_ups_hold_what_was_absorbed_and_paid(house: House, door: Door) -> None:
    for number in range(FREE + 1):
        await lived(door, f"call-{number}")
    await house.fold(door)
    sums = await house.look(
        door, "SELECT sum(absorbed_milli), sum(credits_milli), sum(calls_failed) FROM rollups WHERE user_id = 'u1'"
    )
    assert sums == [(FREE * 50 + 20, 30, FREE + 1)]
    assert await house.recount(door) == Recounted(days=1, wrong_rows=0)


async def test_settled_again_it_counts_once(house: House, door: Door) -> None:
    first = await lived(door, "call-1")
    again = await door.one(in_vain("call-1"))
    assert again == replace(first, fresh=False)
    assert await counted(house, door) == [("user:u1", "2026-01-01T00", 1)]


async def test_a_refund_gives_back_the_credits_and_leaves_the_count(house: House, door: Door) -> None:
    await lived(door, "call-1", in_vain("call-1", replace(BILLED, free_hourly_max=0)))
    refunded = await door.one(Refund("call-1", Change("key:admin", "a test")))
    assert refunded == Refunded("call-1", 30, fresh=True)
    assert await counted(house, door) == [("user:u1", "2026-01-01T00", 1)]


async def test_a_call_that_paid_its_input_keeps_its_idempotency_key(house: House, door: Door) -> None:
    asked = IdempotencyKey("POST /a", "k", b"hash")
    await lived(door, "call-1", in_vain("call-1", replace(BILLED, free_hourly_max=0)), idempotency=asked)
    assert await door.one(replace(hold("call-2"), terms=AMPLE, idempotency=asked)) == KeyUsed("call-1", b"hash", running=False)


# --- the operator's ceilings ------------------------------------------------------------------------------------------


def under(provider_id: str, limit: int = 1_000_000) -> HoldTerms:
    scopes = ("installation", f"provider:{provider_id}", "app:a1")
    return month(1_000_000, caps=tuple(Cap(scope, "day", limit, "nano_usd") for scope in scopes))


async def raw_costs(house: House, door: Door) -> dict[str, tuple[int, int]]:
    found = await house.look(door, "SELECT scope, spent, held FROM counters WHERE name LIKE '%/nano_usd'")
    return {scope: (spent, held) for scope, spent, held in found}


async def test_ceilings_count_free_work_as_they_count_paid_work(house: House, door: Door) -> None:
    await door.one(hold("call-1", raw_nano_usd=900, terms=under("p")))
    await door.one(in_vain("call-1", raw_nano_usd=500))
    assert await raw_costs(house, door) == dict.fromkeys(("installation", "provider:p", "app:a1"), (500, 0))


async def test_ceilings_count_what_exceeds_the_hold(house: House, door: Door) -> None:
    await door.one(hold("call-1", 10, raw_nano_usd=100, terms=under("p")))
    await door.one(settlement("call-1", 500, raw_nano_usd=5_000))
    assert await raw_costs(house, door) == dict.fromkeys(("installation", "provider:p", "app:a1"), (5_000, 0))


async def test_a_retry_is_held_beside_what_the_first_try_was_billed(house: House, door: Door) -> None:
    await door.one(hold("call-1", raw_nano_usd=900, terms=under("p")))
    await door.one(extension("call-1", 100, raw_nano_usd=900 + 400, billed_nano_usd=400, terms=under("p")))
    assert (await raw_costs(house, door))["installation"] == (0, 1_300)
    await door.one(settlement("call-1", 100, raw_nano_usd=400 + 600))
    assert (await raw_costs(house, door))["provider:p"] == (1_000, 0)


async def test_who_was_billed_for_a_failed_try_counts_it_and_the_next_counts_its_own(house: House, door: Door) -> None:
    await door.one(hold("call-1", raw_nano_usd=900, terms=under("p")))
    for provider_id, billed in (("q", 400), ("p", 400 + 30), ("r", 400 + 30 + 2)):
        asked = {"raw_nano_usd": 700 + billed, "billed_nano_usd": billed}
        assert isinstance(await door.one(extension("call-1", 100, terms=under(provider_id), **asked)), Held)
    held = await raw_costs(house, door)
    assert (held["installation"], held["provider:r"]) == ((0, 1_132), (0, 700))
    assert (held["provider:p"], held["provider:q"]) == ((0, 402), (0, 30))
    await door.one(settlement("call-1", 100, raw_nano_usd=400 + 30 + 2 + 600))
    assert await raw_costs(house, door) == {
        "installation": (1_032, 0),
        "app:a1": (1_032, 0),
        "provider:p": (402, 0),
        "provider:q": (30, 0),
        "provider:r": (600, 0),
    }


async def test_a_ceiling_that_failed_tries_have_used_up_refuses_the_next(house: House, door: Door) -> None:
    await door.one(hold("call-1", raw_nano_usd=900, terms=under("p", 1_000)))
    refused = await door.one(extension("call-1", 100, raw_nano_usd=900 + 400, billed_nano_usd=400, terms=under("q", 1_000)))
    assert not isinstance(refused, Held)
    await door.one(in_vain("call-1", raw_nano_usd=400))
    assert (await raw_costs(house, door))["provider:p"] == (400, 0)


async def test_attempts_of_a_failed_call_keep_what_they_would_have_cost(house: House, door: Door) -> None:
    lost = attempt(fault="empty", usage=Usage(input=30, output=20), credits_milli=50, charged=False)
    settled = in_vain("call-1")
    await lived(door, "call-1", replace(settled, call=replace(settled.call, attempts=(lost,))))
    found = await SqlRegister(door.database).call("call-1")
    assert found is not None
    assert found.attempts == (lost,)
    assert await house.look(door, "SELECT display_cost FROM cost_records") == [(0,)]
