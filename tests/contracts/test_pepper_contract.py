"""Claims about the mark of the pepper in the books, for every database: who fits them, who is refused, when it is left."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proxy.domain.desk import Change
from proxy.store.pepper import Pepper, WrongPepper
from tests import builders as b
from tests.contracts.desk_house import DESK_HOUSES, DeskDoor, DeskHouse

RIGHT, WRONG = b"the pepper of these books", b"another"


@pytest.fixture(params=sorted(DESK_HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DeskHouse]:
    async with DESK_HOUSES[request.param](tmp_path) as opened:
        yield opened


async def with_a_key(door: DeskDoor) -> None:
    await door.directory.put_user(b.user(), None, Change("cli"))
    await door.directory.add_key(b.key(), Change("cli"))


async def fits(door: DeskDoor, secret: bytes) -> bool:
    try:
        await Pepper(door.database, secret).fit()
    except WrongPepper:
        return False
    return True


async def test_books_without_a_key_remember_the_first_who_comes(house: DeskHouse) -> None:
    door = await house.door()
    assert [await fits(door, secret) for secret in (RIGHT, WRONG, RIGHT)] == [True, False, True]
    await with_a_key(door)
    assert [await fits(door, secret) for secret in (RIGHT, WRONG)] == [True, False]


async def test_of_two_who_come_at_once_one_is_refused_and_all_with_the_same_are_not(house: DeskHouse) -> None:
    doors = [await house.door() for _ in range(6)]
    secrets = (RIGHT, WRONG) * 3
    told = await asyncio.gather(*(fits(door, secret) for door, secret in zip(doors, secrets, strict=True)))
    assert sorted(told) == [False] * 3 + [True] * 3
    assert len({secret for secret, fit in zip(secrets, told, strict=True) if fit}) == 1


async def test_the_refusal_names_what_would_mend_it_and_no_secret(house: DeskHouse) -> None:
    door = await house.door()
    await Pepper(door.database, RIGHT).fit()
    with pytest.raises(WrongPepper, match="Set the right one") as caught:
        await Pepper(door.database, WRONG).fit()
    assert RIGHT.decode() not in str(caught.value)
    ((mark,),) = await door.look("SELECT mark FROM pepper")
    assert RIGHT not in bytes(mark)


async def test_books_from_before_fit_anybody_until_a_key_was_accepted(house: DeskHouse) -> None:
    door = await house.door()
    await with_a_key(door)
    right, wrong = Pepper(door.database, RIGHT), Pepper(door.database, WRONG)
    for pepper in (wrong, right):
        await pepper.fit()
        await pepper.remember(lambda: False)
    assert await fits(door, WRONG)
    await right.remember(lambda: True)
    assert [await fits(door, secret) for secret in (RIGHT, WRONG)] == [True, False]


async def test_who_never_asked_whether_it_fits_leaves_no_mark(house: DeskHouse) -> None:
    door = await house.door()
    await Pepper(door.database, WRONG).remember(lambda: True)
    assert await fits(door, RIGHT)
