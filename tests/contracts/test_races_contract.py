"""Two processes at once, on every database: what admission judges beside credits holds for both together."""

import asyncio
from collections.abc import AsyncIterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pytest

from proxy.domain.ledger import ConcurrencyLimit, FairShare, Held, HoldRefused, HoldRequest, LedgerAck
from proxy.domain.standing import Cap
from proxy.pipeline.waiting import LOOK_EVERY_S, WaitingLimits
from tests.contracts.ledger_house import HOUSES, Door, House, hold, month
from tests.pipeline.test_waiting import Hall, of

APP: Final = month(10_000, caps=(Cap("app:a1", "month", 1_000),))
HALF: Final = FairShare("app:a1", 50)


@pytest.fixture(params=sorted(HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with HOUSES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
async def doors(house: House) -> list[Door]:
    return [await house.door(f"boot-{n}") for n in range(2)]


async def _race(doors: list[Door], **changes: Any) -> list[LedgerAck | Exception]:
    """Ten holds of 100 through each door at once, a batch each."""
    batches = [[_hold(f"call-{door}-{n}", **changes) for n in range(10)] for door in range(len(doors))]
    acks = await asyncio.gather(*(door.ledger.apply(batch) for door, batch in zip(doors, batches, strict=True)))
    return list(chain(*acks))


def _hold(call_id: str, **changes: Any) -> HoldRequest:
    return hold(call_id, 100, **({"terms": APP, "scopes": ("user:u1", "app:a1")} | changes))


async def test_the_share_of_an_app_holds_over_all_processes(house: House, doors: list[Door]) -> None:
    acks = await _race(doors, share=HALF)
    assert sum(isinstance(ack, Held) for ack in acks) == 5
    refused = [ack for ack in acks if isinstance(ack, HoldRefused)]
    assert {(ack.code, ack.scope, ack.over_share) for ack in refused} == {("credits_on_hold", "app:a1", True)}
    assert isinstance(await doors[0].one(_hold("nobody waits")), Held)
    assert await house.wrongs(doors[0]) == []


async def test_concurrency_holds_over_all_processes(house: House, doors: list[Door]) -> None:
    acks = await _race(doors, terms=month(10_000, concurrency=(ConcurrencyLimit("user:u1", 3),)))
    assert sum(isinstance(ack, Held) for ack in acks) == 3
    assert {ack.code for ack in acks if isinstance(ack, HoldRefused)} == {"concurrency_limit"}
    assert await house.look(doors[0], "SELECT count(*) FROM hold_scopes WHERE scope = 'user:u1'") == [(3,)]


async def test_two_waiting_rooms_let_one_end_user_have_its_share_between_them(doors: list[Door]) -> None:
    halls = [Hall(door, WaitingLimits()) for door in doors]
    running = [of("zoe", n, amount_milli=250) for n in range(4)]
    await asyncio.gather(*(halls[0].hold(request) for request in running))
    waiting = [halls[n % 2].waits(of("ann", n, amount_milli=250)) for n in range(6)]
    waiting += [halls[n % 2].waits(of("bob", n, amount_milli=250)) for n in range(6)]
    for hall in halls:
        await hall.until_waiting(6)
    for request in running:
        await halls[0].settle(request, 0)
    for _ in range(1_000):
        admitted = [name for hall in halls for name in hall.admitted if not name.startswith("zoe")]
        if len(admitted) >= 4:
            break
        await asyncio.sleep(LOOK_EVERY_S / 5)
    assert sorted(name.partition("-")[0] for name in admitted) == ["ann", "ann", "bob", "bob"]
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    for hall in halls:
        await hall.books.close()
