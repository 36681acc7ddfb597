"""The contract of ports.Ledger as far as idempotency keys go, the same for every database: one key, one call, one charge."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proxy.domain.call import CallStatus
from proxy.domain.ledger import Held, HoldRefused, HoldRequest, IdempotencyKey, KeyUsed, Settlement
from proxy.stages.idempotency import KEPT_MS
from tests.contracts.ledger_house import HOUSES, LEASES, Door, House, extension, hold, settlement

KEY = IdempotencyKey("POST /v1/chat/completions", "k-1", b"\x00\xff hash of a body")


@pytest.fixture(params=sorted(HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with HOUSES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
async def door(house: House) -> Door:
    return await house.door()


def keyed(hold_id: str, **changes: Any) -> HoldRequest:
    return hold(hold_id, **{"idempotency": KEY, **changes})


def ended(hold_id: str, credits_milli: int, status: CallStatus = "served") -> Settlement:
    made = settlement(hold_id, credits_milli)
    return replace(made, call=replace(made.call, status=status))


async def test_a_key_stands_for_the_call_whose_hold_it_came_with(house: House, door: Door) -> None:
    assert await door.ledger.used("u1", KEY) is None
    assert isinstance(await door.one(keyed("first")), Held)
    running = KeyUsed("first", KEY.body_hash, running=True)
    assert await door.one(keyed("second")) == running
    assert await door.ledger.used("u1", KEY) == running
    await door.one(ended("first", 40))
    assert await door.one(keyed("third")) == await door.ledger.used("u1", KEY) == replace(running, running=False)
    assert await house.look(door, "SELECT id FROM holds") == []
    assert await house.look(door, "SELECT DISTINCT hold_id FROM entries") == [("first",)]
    assert await house.wrongs(door) == []


async def test_another_body_under_the_key_is_shown_the_body_that_took_it(door: Door) -> None:
    await door.one(keyed("first"))
    used = await door.one(keyed("second", idempotency=replace(KEY, body_hash=b"other")))
    assert used == KeyUsed("first", KEY.body_hash, running=True)


async def test_of_requests_at_once_one_runs_whether_they_share_a_batch_or_a_process(house: House) -> None:
    doors = [await house.door(f"boot-{n}") for n in range(2)]
    batches = [[keyed(f"call-{n}-{m}") for m in range(5)] for n in range(2)]
    of_each = await asyncio.gather(*(door.ledger.apply(batch) for door, batch in zip(doors, batches, strict=True)))
    acks = [ack for acks in of_each for ack in acks]
    (held,) = [ack for ack in acks if isinstance(ack, Held)]
    assert {ack.call_id for ack in acks if isinstance(ack, KeyUsed)} == {held.hold_id}
    assert len([ack for ack in acks if isinstance(ack, KeyUsed)]) == 9


async def test_the_same_hold_twice_is_one_hold_under_a_key_too(door: Door) -> None:
    acks = await door.ledger.apply([keyed("first"), keyed("first")])
    assert [type(ack) for ack in [*acks, await door.one(keyed("first"))]] == [Held] * 3


@pytest.mark.parametrize(
    "other",
    [
        {"account_id": "u2"},
        {"idempotency": replace(KEY, route="POST /api/ai/chat")},
        {"idempotency": replace(KEY, key="k-2")},
        {"idempotency": None},
    ],
    ids=["account", "route", "key", "none"],
)
async def test_a_key_of_another_account_or_route_is_another_key(door: Door, other: dict[str, Any]) -> None:
    await door.one(keyed("first"))
    assert isinstance(await door.one(keyed("second", **other)), Held)


async def test_two_accounts_have_the_same_key_in_one_batch(door: Door) -> None:
    acks = await door.ledger.apply([keyed("first"), keyed("second", account_id="u2")])
    assert [type(ack) for ack in acks] == [Held, Held]


async def test_a_refused_hold_takes_no_key(door: Door) -> None:
    assert isinstance(await door.one(keyed("poor", amount_milli=9_999)), HoldRefused)
    assert await door.ledger.used("u1", KEY) is None
    assert isinstance(await door.one(keyed("first")), Held)


async def test_a_call_that_cost_nothing_frees_its_key_and_one_that_was_served_for_nothing_does_not(door: Door) -> None:
    await door.one(keyed("first"))
    await door.one(ended("first", 0, "failed"))
    assert await door.ledger.used("u1", KEY) is None
    await door.one(keyed("second"))
    await door.one(ended("second", 0))
    assert await door.ledger.used("u1", KEY) == KeyUsed("second", KEY.body_hash, running=False)


async def test_one_batch_may_free_a_key_and_take_it_again(house: House, door: Door) -> None:
    other = replace(KEY, key="k-2")
    await door.one(keyed("first"))
    acks = await door.ledger.apply([ended("first", 0, "left"), keyed("second"), keyed("third")])
    assert isinstance(acks[1], Held)
    assert acks[2] == KeyUsed("second", KEY.body_hash, running=True)
    settled = await door.ledger.apply(
        [keyed("fourth", idempotency=other), ended("fourth", 40), keyed("fifth", idempotency=other)]
    )
    assert settled[2] == KeyUsed("fourth", KEY.body_hash, running=False)
    await door.ledger.apply([ended("second", 0, "left"), keyed("sixth"), ended("sixth", 0, "left")])
    assert await house.look(door, "SELECT call_id FROM idempotency_keys") == [("fourth",)]


async def test_a_crash_frees_the_keys_of_what_cost_nothing_and_keeps_those_of_what_was_delivered(house: House) -> None:
    dead, alive = await house.door("dead"), await house.door("alive")
    spoke = replace(KEY, key="k-2")
    await dead.ledger.apply([keyed("silent"), keyed("spoke", idempotency=spoke)])
    await dead.one(extension("spoke", 200, metered_milli=70))
    for _ in range((LEASES.lease_ms + LEASES.grace_ms) // LEASES.beat_ms + 1):
        house.clock.at_ms += LEASES.beat_ms
        await alive.leases.beat()
    assert (await alive.leases.reconcile()).call_ids == ("silent", "spoke")
    assert await alive.ledger.used("u1", KEY) is None
    assert await alive.ledger.used("u1", spoke) == KeyUsed("spoke", KEY.body_hash, running=False)


async def test_a_key_counts_for_a_day_and_is_then_forgotten(house: House, door: Door) -> None:
    await door.one(keyed("first"))
    await door.one(ended("first", 40))
    house.clock.at_ms += KEPT_MS - 1
    assert isinstance(await door.one(keyed("second")), KeyUsed)
    assert await house.forget_keys(door) == 0
    house.clock.at_ms += 1
    assert await door.ledger.used("u1", KEY) is None
    assert isinstance(await door.one(keyed("third")), Held)
    assert await house.forget_keys(door) == 0
    house.clock.at_ms += KEPT_MS
    assert await house.forget_keys(door) == 1
    assert await house.look(door, "SELECT * FROM idempotency_keys") == []


async def test_a_key_that_stands_for_nothing_is_found(house: House, door: Door) -> None:
    await door.one(keyed("first"))
    assert await house.wrongs(door) == []
    await door.database.write(lambda c: c.execute("UPDATE idempotency_keys SET call_id = 'nobody'"))
    assert await house.wrongs(door) == ["an idempotency key stands for call nobody, which is neither live nor recorded"]
