"""The contract of ports.Accounts, the same for every database: who a key's holder is, and never staler than a second."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from proxy.domain.account import Caller
from proxy.domain.desk import Change
from proxy.domain.plan import NextPlan, Rate
from proxy.domain.policy import Wishes
from proxy.domain.standing import Cap
from proxy.ports import Directory
from proxy.store.accounts import end_user_id
from tests.builders import NOW_MS, app, entitlement, key, user
from tests.contracts.desk_house import DESK_HOUSES, DeskDoor, DeskHouse

WHY = Change("cli")


@pytest.fixture(params=sorted(DESK_HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DeskHouse]:
    async with DESK_HOUSES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
async def door(house: DeskHouse) -> DeskDoor:
    opened = await house.door()
    await settle_in(opened.directory)
    return opened


async def settle_in(directory: Directory) -> None:
    await directory.put_user(user("u1"), None, WHY)
    await directory.put_entitlement(entitlement("u1"), None, WHY)
    await directory.add_key(key("k1"), WHY)
    await directory.put_user(user("a1-own"), None, WHY)
    await directory.put_app(app("a1"), None, WHY)
    await directory.add_key(key("ka", kind="app", user_id=None, app_id="a1"), WHY)


async def known(door: DeskDoor, key_id: str) -> Caller:
    found = await door.accounts.caller(key_id)
    assert found is not None
    return found


# --- who it is --------------------------------------------------------------------------------------------------------


async def test_a_users_key_is_its_user_with_its_entitlement(door: DeskDoor) -> None:
    assert await door.accounts.caller("k1") == Caller(key("k1"), user("u1"), entitlement("u1"))


async def test_an_apps_key_is_the_apps_own_user_on_its_default_plan(door: DeskDoor) -> None:
    caller = await known(door, "ka")
    assert (caller.user.id, caller.entitlement.plan_id, caller.enrols) == ("a1-own", "basic", False)
    assert caller.app == app("a1")


@pytest.mark.parametrize("kind", ["support", "admin"])
async def test_a_staff_key_has_no_account_and_is_entitled_to_nothing(door: DeskDoor, kind: str) -> None:
    await door.directory.add_key(replace(key("ks"), kind=kind, user_id=None), WHY)  # type: ignore[arg-type]
    caller = await known(door, "ks")
    assert (caller.user.id, caller.entitlement.plan_id) == ("key:ks", "")


async def test_nobody_has_an_unknown_key_or_one_whose_owner_is_gone(door: DeskDoor) -> None:
    await door.directory.add_key(key("lost", user_id="nobody"), WHY)
    assert await door.accounts.caller("unknown") is None
    assert await door.accounts.caller("lost") is None


async def test_revoked_and_expired_keys_still_say_whose_they_were(door: DeskDoor) -> None:
    await door.directory.revoke_key("k1", WHY)
    assert (await known(door, "k1")).key.revoked_at_ms == NOW_MS


async def test_a_child_key_counts_in_the_rates_of_its_whole_lineage(door: DeskDoor) -> None:
    await door.directory.add_key(key("root", rate=Rate(9, 60)), WHY)
    await door.directory.add_key(key("middle", lineage=("middle", "root"), rate=Rate(5, 60)), WHY)
    await door.directory.add_key(key("child", lineage=("child", "middle", "root"), rate=Rate(3, 60)), WHY)
    found = await door.accounts.caller("child")
    assert found is not None
    assert found.key.rates == (("child", Rate(3, 60)), ("middle", Rate(5, 60)), ("root", Rate(9, 60)))
    kept = await door.directory.key("child")
    assert kept is not None
    assert kept.rates == (("child", Rate(3, 60)),)


async def test_a_child_key_carries_the_caps_of_its_whole_lineage(door: DeskDoor) -> None:
    of_root, of_child = Cap("key:root", "day", 10), Cap("key:child", "day", 5)
    await door.directory.add_key(key("root", caps=(of_root,)), WHY)
    await door.directory.add_key(key("child", lineage=("child", "root"), caps=(of_child,)), WHY)
    assert (await known(door, "child")).key.caps == (of_child, of_root)


# --- end users --------------------------------------------------------------------------------------------------------


async def test_an_unknown_end_user_enrols_on_the_apps_default_plan_and_is_not_written(door: DeskDoor) -> None:
    caller = await door.accounts.end_user(await known(door, "ka"), "ann")
    assert caller.enrols
    assert (caller.user.app_id, caller.user.external_id, caller.entitlement.plan_id) == ("a1", "ann", "basic")
    assert caller.key.id == "ka"
    assert await door.directory.user(caller.user.id) is None


async def test_an_end_user_is_always_the_same_account_of_its_app_alone(door: DeskDoor) -> None:
    app_caller = await known(door, "ka")
    twice = [(await door.accounts.end_user(app_caller, "ann")).user.id for _ in range(2)]
    assert twice == [end_user_id("a1", "ann")] * 2
    assert len({end_user_id("a1", "ann"), end_user_id("a2", "ann"), end_user_id("a1", "bob")}) == 3
    assert end_user_id("a", "b\0c") != end_user_id("a\0b", "d")


async def test_an_enrolled_end_user_is_known_with_its_own_entitlement(door: DeskDoor) -> None:
    app_caller = await known(door, "ka")
    enrolling = await door.accounts.end_user(app_caller, "ann")
    await door.directory.put_user(enrolling.user, None, WHY)
    await door.directory.put_entitlement(entitlement(enrolling.user.id, plan_id="pro"), None, WHY)
    caller = await door.accounts.end_user(app_caller, "ann")
    assert (caller.enrols, caller.user, caller.entitlement.plan_id) == (False, enrolling.user, "pro")


async def test_a_plan_that_follows_is_the_plan_from_its_moment_on(house: DeskHouse, door: DeskDoor) -> None:
    following = NextPlan("pro", NOW_MS + 10)
    await door.directory.put_entitlement(entitlement("u1", next=following), 1, WHY)
    ann = end_user_id("a1", "ann")
    await door.directory.put_user(user(ann, app_id="a1", external_id="ann"), None, WHY)
    await door.directory.put_entitlement(entitlement(ann, next=following), None, WHY)
    for at_ms, plan_id in ((NOW_MS + 9, "basic"), (NOW_MS + 10, "pro"), (NOW_MS + 9, "basic")):
        house.clock.at_ms = at_ms
        assert (await known(door, "k1")).entitlement.plan_id == plan_id
        assert (await door.accounts.end_user(await known(door, "ka"), "ann")).entitlement.plan_id == plan_id


async def test_only_an_app_acts_for_end_users(door: DeskDoor) -> None:
    with pytest.raises(ValueError, match="app"):
        await door.accounts.end_user(await known(door, "k1"), "ann")


# --- never staler than a second ---------------------------------------------------------------------------------------


async def test_what_this_process_writes_it_sees_at_once(door: DeskDoor) -> None:
    await known(door, "k1")
    await door.directory.put_user(user("u1", suspended=True), 1, WHY)
    assert (await known(door, "k1")).user.suspended


async def test_a_change_by_another_process_is_seen_after_a_look(house: DeskHouse, door: DeskDoor) -> None:
    await known(door, "k1")
    await known(door, "ka")
    other = await house.door()
    await other.directory.revoke_key("k1", WHY)
    await other.directory.put_app(app("a1", suspended=True), 1, WHY)
    await door.accounts.refresh()
    assert (await known(door, "k1")).key.revoked_at_ms is not None
    caller = await known(door, "ka")
    assert caller.app is not None
    assert caller.app.suspended


async def test_a_change_is_seen_within_a_second_though_nobody_looks(house: DeskHouse, door: DeskDoor) -> None:
    await known(door, "k1")
    await (await house.door()).directory.put_entitlement(entitlement("u1", plan_id="pro"), 1, WHY)
    house.clock.at_ms += 1_000
    assert (await known(door, "k1")).entitlement.plan_id == "pro"


async def test_a_new_key_is_known_though_it_was_asked_for_before(house: DeskHouse, door: DeskDoor) -> None:
    assert await door.accounts.caller("late") is None
    await (await house.door()).directory.add_key(key("late"), WHY)
    await door.accounts.refresh()
    assert (await known(door, "late")).key.id == "late"


async def test_with_a_suspended_key_stops_what_was_made_from_it_but_not_its_successor(house: DeskHouse, door: DeskDoor) -> None:
    other = (await house.door()).directory
    await other.add_key(key("child", lineage=("child", "k1")), WHY)
    await other.rotate_key("k1", key("new", lineage=("new", "k1")), NOW_MS + 60_000, WHY)
    for stopped, others in (("k1", {"k1", "child"}), ("new", {"new", "child"})):
        for suspended in (True, False):
            await other.suspend_key(stopped, suspended, WHY)
            await door.accounts.refresh()
            found = {key_id for key_id in ("k1", "child", "new") if (await known(door, key_id)).key.suspended}
            assert found == (others if suspended else set())


async def test_an_ancestors_end_reaches_what_is_kept_of_its_descendants(house: DeskHouse, door: DeskDoor) -> None:
    await door.directory.add_key(key("child", lineage=("child", "k1")), WHY)
    await known(door, "child")
    await (await house.door()).directory.revoke_key("k1", WHY)
    await door.accounts.refresh()
    assert (await known(door, "child")).key.revoked_at_ms is not None


async def test_what_has_not_changed_is_answered_from_memory(house: DeskHouse, door: DeskDoor) -> None:
    kept = await known(door, "k1")
    await (await house.door()).directory.put_user(user("u9"), None, WHY)
    await door.accounts.refresh()
    assert await known(door, "k1") is kept


# --- wishes -------------------------------------------------------------------------------------------------------------


async def test_a_child_key_carries_the_wishes_of_its_lineage_the_nearest_first(door: DeskDoor) -> None:
    of_root, of_middle = Wishes("best", avoid=("tag:slow",)), Wishes(only=("p/*",))
    await door.directory.add_key(key("root", wishes=of_root), WHY)
    await door.directory.add_key(key("middle", lineage=("middle", "root"), wishes=of_middle), WHY)
    await door.directory.add_key(key("child", lineage=("child", "middle", "root")), WHY)
    found = (await known(door, "child")).key
    assert (found.wishes, found.lineage_wishes) == (Wishes(), (of_middle, of_root))


async def test_a_users_wishes_come_with_every_caller_that_is_it(door: DeskDoor) -> None:
    before = await door.directory.user("u1")
    assert before is not None
    wishes = Wishes("economy", only=("p/m",))
    await door.directory.put_user(replace(before, wishes=wishes), before.version, WHY)
    await door.directory.add_key(key("of-user"), WHY)
    assert (await known(door, "of-user")).user.wishes == wishes
