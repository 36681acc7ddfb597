"""What of ports.Directory binds keys after they were made: nobody gains by it, whoever was made from whom; over every house."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from proxy.domain.desk import Change
from proxy.domain.plan import Rate
from proxy.ports import Directory, VersionConflict
from tests.builders import NOW_MS, key
from tests.contracts.desk_house import DESK_HOUSES, DeskDoor

WHY = Change("key:admin", "because")
SOON_MS: Final = NOW_MS + 1_000
LATER_MS: Final = NOW_MS + 2_000
NARROW: Final[dict[str, Any]] = {"model_scope": ("p/a",), "rate": Rate(5, 60), "expires_at_ms": SOON_MS}


@pytest.fixture(params=sorted(DESK_HOUSES))
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DeskDoor]:
    async with DESK_HOUSES[request.param](tmp_path) as opened:
        yield await opened.door()


@pytest.fixture
def directory(door: DeskDoor) -> Directory:
    return door.directory


async def family(directory: Directory) -> None:
    await directory.add_key(key("root"), WHY)
    await directory.add_key(key("child", lineage=("child", "root")), WHY)
    await directory.add_key(key("grandchild", lineage=("grandchild", "child", "root")), WHY)
    await directory.add_key(key("other"), WHY)


async def bounds(directory: Directory, *key_ids: str) -> list[tuple[Any, ...]]:
    found = [await directory.key(key_id) for key_id in key_ids]
    return [(key.model_scope, key.rate, key.expires_at_ms) for key in found if key is not None]


async def test_a_bound_key_takes_along_what_was_made_from_it_and_nobody_else(door: DeskDoor) -> None:
    directory = door.directory
    await family(directory)
    changed = await directory.bind_key("child", NARROW, WHY)
    assert await bounds(directory, "child", "grandchild") == [tuple(NARROW.values())] * 2
    assert (changed.model_scope, changed.rate, changed.expires_at_ms) == tuple(NARROW.values())
    assert await bounds(directory, "root", "other") == [(None, None, None)] * 2
    lines = await door.register.audit(None, 3)
    assert [(line.action, line.subject) for line in lines[:2]] == [("key.bind", "key:grandchild"), ("key.bind", "key:child")]
    assert (lines[1].reason, lines[1].before and lines[1].before["model_scope"]) == ("because", None)


async def test_what_a_bound_key_is_given_back_those_made_from_it_are_not(directory: Directory) -> None:
    await family(directory)
    await directory.bind_key("child", NARROW, WHY)
    await directory.bind_key("child", {"model_scope": ("p/*",), "rate": None, "expires_at_ms": LATER_MS}, WHY)
    assert await bounds(directory, "child", "grandchild") == [(("p/*",), None, LATER_MS), tuple(NARROW.values())]


async def test_what_is_not_named_stays_and_none_lifts_as_far_as_the_keys_it_was_made_from(directory: Directory) -> None:
    await family(directory)
    await directory.bind_key("root", {"model_scope": ("p/*",)}, WHY)
    await directory.bind_key("child", {"model_scope": ("p/a",), "rate": Rate(5, 60)}, WHY)
    await directory.bind_key("child", {"expires_at_ms": SOON_MS}, WHY)
    assert await bounds(directory, "child") == [(("p/a",), Rate(5, 60), SOON_MS)]
    await directory.bind_key("child", {"model_scope": None, "rate": None, "expires_at_ms": None}, WHY)
    assert await bounds(directory, "child") == [(("p/*",), None, None)]


@pytest.mark.parametrize("wish", [{"model_scope": ("*",)}, {"rate": Rate(6, 60)}, {"expires_at_ms": LATER_MS}])
async def test_nobody_is_given_more_than_any_key_it_was_made_from(directory: Directory, wish: dict[str, Any]) -> None:
    await family(directory)
    await directory.bind_key("root", NARROW, WHY)
    for heir in ("child", "grandchild"):
        with pytest.raises(ValueError, match="key that makes it"):
            await directory.bind_key(heir, wish, WHY)
    assert await bounds(directory, "child", "grandchild") == [tuple(NARROW.values())] * 2


async def test_a_bound_key_binds_whose_place_it_took_and_that_ones_children(directory: Directory) -> None:
    await family(directory)
    await directory.rotate_key("child", key("new", lineage=("new", "child", "root")), LATER_MS, WHY)
    assert await directory.makers("grandchild") == {"new", "child", "root"}
    assert await directory.makers("new") == {"root"}
    await directory.bind_key("new", {"model_scope": ("p/a",), "expires_at_ms": LATER_MS + 1}, WHY)
    assert await bounds(directory, "new", "child", "grandchild") == [
        (("p/a",), None, LATER_MS + 1),
        (("p/a",), None, LATER_MS),
        (("p/a",), None, LATER_MS + 1),
    ]
    # What was rotated away is no key's maker any more: its grace ends nobody.
    await directory.bind_key("new", {"model_scope": ("p/*",)}, WHY)
    await directory.bind_key("grandchild", {"model_scope": ("p/b",)}, WHY)
    await directory.bind_key("root", {"expires_at_ms": SOON_MS}, WHY)
    assert await bounds(directory, "child", "grandchild") == [(("p/*",), None, SOON_MS), (("p/b",), None, SOON_MS)]


async def test_a_key_made_from_one_in_its_grace_is_bound_with_its_successor(directory: Directory) -> None:
    await directory.add_key(key("old"), WHY)
    await directory.rotate_key("old", key("new", lineage=("new", "old")), SOON_MS, WHY)
    await directory.add_key(key("late", lineage=("late", "old"), expires_at_ms=SOON_MS), WHY)
    await directory.bind_key("new", {"model_scope": ("p/a",)}, WHY)
    assert await bounds(directory, "old", "late") == [(("p/a",), None, SOON_MS)] * 2


async def test_nobody_keeps_more_by_making_or_renewing_a_key_while_it_is_bound(directory: Directory) -> None:
    await family(directory)
    await directory.bind_key("root", {"model_scope": ("p/a",)}, WHY)
    with pytest.raises(VersionConflict):
        await directory.add_key(key("quick", lineage=("quick", "root")), WHY)
    await directory.rotate_key("child", key("new", lineage=("new", "child", "root")), NOW_MS, WHY)
    assert await bounds(directory, "new") == [(("p/a",), None, None)]


async def test_a_key_that_has_ended_is_not_bound(directory: Directory) -> None:
    await directory.add_key(key("over", expires_at_ms=NOW_MS), WHY)
    await directory.add_key(key("gone"), WHY)
    await directory.revoke_key("gone", WHY)
    for name in ("over", "gone", "nobody"):
        with pytest.raises(VersionConflict):
            await directory.bind_key(name, {"expires_at_ms": LATER_MS}, WHY)
