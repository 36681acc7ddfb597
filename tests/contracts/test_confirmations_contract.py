"""The contract of ports.Confirmations: a call is confirmed once, by its user and the same request, at whichever process."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proxy.store.confirmations import SqlConfirmations
from tests.builders import NOW_MS
from tests.contracts.desk_house import DESK_HOUSES, DeskDoor, DeskHouse

PEPPER = b"a pepper for tests that is long enough"
DIGEST = b"digest of a request"
ASKED = ("u1", "call_1", DIGEST)


@pytest.fixture(params=sorted(DESK_HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DeskHouse]:
    async with DESK_HOUSES[request.param](tmp_path) as opened:
        yield opened


def confirmations(door: DeskDoor) -> SqlConfirmations:
    return SqlConfirmations(door.database, PEPPER)


async def test_what_one_process_asked_for_another_hears_and_once(house: DeskHouse) -> None:
    one, other = confirmations(await house.door()), confirmations(await house.door())
    await one.expect(*ASKED, NOW_MS)
    heard = await asyncio.gather(*(each.redeem(*ASKED, NOW_MS - 1) for each in (one, other, one, other)))
    assert sorted(heard) == [False, False, False, True]


@pytest.mark.parametrize("asked", [("u2", "call_1", DIGEST), ("u1", "call_2", DIGEST), ("u1", "call_1", b"another")])
async def test_another_user_call_or_request_confirms_nothing(house: DeskHouse, asked: tuple[str, str, bytes]) -> None:
    waiting = confirmations(await house.door())
    await waiting.expect(*ASKED, NOW_MS)
    assert not await waiting.redeem(*asked, NOW_MS - 1)
    assert await waiting.redeem(*ASKED, NOW_MS - 1)


async def test_one_that_came_too_late_confirms_nothing(house: DeskHouse) -> None:
    waiting = confirmations(await house.door())
    await waiting.expect(*ASKED, NOW_MS)
    assert not await waiting.redeem(*ASKED, NOW_MS)


async def test_a_digest_is_kept_keyed(house: DeskHouse) -> None:
    door = await house.door()
    await confirmations(door).expect(*ASKED, NOW_MS)
    ((kept,),) = await door.look("SELECT body_hash FROM idempotency_keys")
    assert (len(kept), DIGEST in bytes(kept)) == (32, False)
