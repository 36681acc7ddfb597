"""Claims about the warden: a cool-off is written once, with its author, and never over an admin's word."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from proxy.domain.abuse import CoolOff
from proxy.ports import VersionConflict
from proxy.workers.warden import Warden
from tests.api.house import BY_TEST, House, open_house
from tests.builders import NOW_MS

REST = CoolOff("ada", NOW_MS, NOW_MS * 2, "blocked")


class Demands:
    """A conduct room that has but cool-offs."""

    def __init__(self, *due: CoolOff) -> None:
        self.left = list(due)

    def due(self) -> list[CoolOff]:
        return list(self.left)

    def stored(self, cool_off: CoolOff) -> None:
        self.left.remove(cool_off)

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"a warden asks for no {name}")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def look(house: House, *due: CoolOff) -> list[CoolOff]:
    demands = Demands(*due)
    await Warden(demands, house.parts.directory, house.telemetry).look()  # type: ignore[arg-type]
    return demands.left


async def rest_of(house: House) -> int | None:
    user = await house.parts.directory.user("ada")
    return None if user is None else user.cooling_until_ms


async def test_a_cool_off_is_written_with_its_author(house: House) -> None:
    await house.user("ada")
    assert await look(house, REST) == []
    assert await rest_of(house) == REST.until_ms
    (line, *_) = await house.parts.register.audit(None, 1)
    assert (line.actor, line.subject, line.reason) == ("abuse", "user:ada", "blocked: the ladder's cool-off")


async def test_the_longer_of_two_stands(house: House) -> None:
    await house.user("ada", cooling_until_ms=REST.until_ms + 5)
    await look(house, REST)
    assert await rest_of(house) == REST.until_ms + 5


async def test_what_was_lifted_since_is_not_imposed_again(house: House) -> None:
    await house.user("ada", lifted_at_ms=NOW_MS)
    assert await look(house, REST) == []
    assert await rest_of(house) is None


async def test_whom_nobody_knows_is_left_alone(house: House) -> None:
    assert await look(house, REST) == []


async def test_a_change_at_the_same_moment_is_tried_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await house.user("ada")
    await house.parts.directory.put_user(replace(made, name="Ada"), 1, BY_TEST)

    async def before(user_id: str) -> object:
        return made

    monkeypatch.setattr(type(house.parts.directory), "user", lambda _, user_id: before(user_id))
    assert await look(house, REST) == [REST]
    monkeypatch.undo()
    assert await look(house, REST) == []
    with pytest.raises(VersionConflict):
        await house.parts.directory.put_user(made, 1, BY_TEST)
