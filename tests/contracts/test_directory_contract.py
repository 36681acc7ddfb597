"""The contract of ports.Directory, the same for every database: each claim runs over every house."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from proxy.domain.desk import Change, Grant, PlanRequest, RequestSubject
from proxy.domain.plan import NextPlan, Rate
from proxy.domain.policy import Wishes
from proxy.domain.standing import Cap
from proxy.ports import Directory, VersionConflict
from tests.builders import NOW_MS, app, entitlement, key, override, user
from tests.contracts.desk_house import DESK_HOUSES, DeskDoor, DeskHouse

WHY = Change("key:admin", "because")
REQUEST = PlanRequest("r1", "u1", "plan", "pro", "Please.", "open", NOW_MS)


@pytest.fixture(params=sorted(DESK_HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DeskHouse]:
    async with DESK_HOUSES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
async def door(house: DeskHouse) -> DeskDoor:
    return await house.door()


@pytest.fixture
def directory(door: DeskDoor) -> Directory:
    return door.directory


# --- what is put comes back -------------------------------------------------------------------------------------------


async def test_a_user_comes_back_as_it_was_put(directory: Directory) -> None:
    full = user(
        "u1",
        anchor_day=31,
        app_id="a1",
        external_id="ext",
        suspended=True,
        cooling_until_ms=NOW_MS,
        lifted_at_ms=NOW_MS - 1,
        caps=(Cap("user:u1", "day", 5),),
    )
    assert await directory.put_user(full, None, WHY) == full
    assert await directory.user("u1") == full
    assert await directory.user("nobody") is None


async def test_those_who_cool_off_are_found_the_longest_to_go_first(directory: Directory) -> None:
    for name, until_ms in (("a", NOW_MS + 5), ("b", NOW_MS + 9), ("c", NOW_MS), ("d", None)):
        await directory.put_user(user(name, cooling_until_ms=until_ms), None, WHY)
    assert [found.id for found in await directory.cooling(NOW_MS, 10)] == ["b", "a"]
    assert [found.id for found in await directory.cooling(NOW_MS, 1)] == ["b"]


async def test_an_app_comes_back_as_it_was_put(directory: Directory) -> None:
    full = app("a1", caps=(Cap("app:a1", "month", 9),), enrols_daily_max=7, reads_body_user=True, suspended=True)
    full = replace(full, plans=("basic", "pro"))
    assert await directory.put_app(full, None, WHY) == full
    assert await directory.app("a1") == full
    assert await directory.apps() == [full]


async def test_an_entitlement_comes_back_with_its_overrides(directory: Directory) -> None:
    dated = override(
        from_ms=1, until_ms=2, extra_milli_credits={"month": 5}, extra_models=("p/m",), multiplier_ppm=1_500_000, n_max=3
    )
    full = entitlement("u1", overrides=(dated, override("o2")), next=NextPlan("pro", NOW_MS + 1))
    assert await directory.put_entitlement(full, None, WHY) == full
    assert await directory.entitlement("u1") == full


async def test_a_key_comes_back_as_it_was_added(directory: Directory) -> None:
    full = key(
        "k1",
        kind="app",
        user_id=None,
        app_id="a1",
        model_scope=("p/*", "tag:fast"),
        caps=(Cap("key:k1", "day", 5),),
        rate=Rate(5, 60),
        expires_at_ms=NOW_MS + 1,
        suspended=True,
        manage_keys=True,
    )
    assert await directory.add_key(full, WHY) == full
    assert await directory.key("k1") == full
    assert await directory.keys(None, "a1") == [full]
    assert await directory.keys("u1", None) == []


async def test_users_are_listed_a_page_at_a_time(directory: Directory) -> None:
    for number in range(5):
        await directory.put_user(user(f"u{number}", app_id="a1" if number % 2 else None, external_id=str(number)), None, WHY)
    first = await directory.users(None, None, 2)
    second = await directory.users(None, first[-1].id, 9)
    assert [u.id for u in first + second] == ["u0", "u1", "u2", "u3", "u4"]
    assert [u.id for u in await directory.users("a1", None, 9)] == ["u1", "u3"]


# --- versions ---------------------------------------------------------------------------------------------------------


async def test_each_write_raises_the_version_and_an_old_one_is_refused(directory: Directory) -> None:
    await directory.put_user(user("u1"), None, WHY)
    changed = await directory.put_user(user("u1", suspended=True), 1, WHY)
    assert changed.version == 2
    with pytest.raises(VersionConflict):
        await directory.put_user(user("u1", suspended=False), 1, WHY)
    assert await directory.user("u1") == changed


async def test_what_exists_is_not_made_again_and_what_does_not_is_not_changed(directory: Directory) -> None:
    await directory.put_app(app("a1"), None, WHY)
    with pytest.raises(VersionConflict):
        await directory.put_app(app("a1"), None, WHY)
    with pytest.raises(VersionConflict):
        await directory.put_app(app("a2"), 1, WHY)
    await directory.add_key(key("k1"), WHY)
    with pytest.raises(VersionConflict):
        await directory.add_key(key("k1"), WHY)


async def test_an_apps_end_user_exists_once(directory: Directory) -> None:
    await directory.put_user(user("u1", app_id="a1", external_id="ext"), None, WHY)
    with pytest.raises(VersionConflict):
        await directory.put_user(user("u2", app_id="a1", external_id="ext"), None, WHY)


# --- keys -------------------------------------------------------------------------------------------------------------


async def family(directory: Directory) -> None:
    await directory.add_key(key("root"), WHY)
    await directory.add_key(key("child", lineage=("child", "root")), WHY)
    await directory.add_key(key("grandchild", lineage=("grandchild", "child", "root")), WHY)
    await directory.add_key(key("other"), WHY)


async def revoked(directory: Directory) -> set[str]:
    return {k.id for k in await directory.keys(None, None) if k.revoked_at_ms is not None}


async def test_revoking_takes_descendants_along_and_nobody_else(directory: Directory) -> None:
    await family(directory)
    assert await directory.revoke_key("child", WHY) == 2
    assert await revoked(directory) == {"child", "grandchild"}


async def test_revoking_again_finds_nothing_live_and_keeps_the_first_moment(house: DeskHouse, directory: Directory) -> None:
    await family(directory)
    await directory.revoke_key("child", WHY)
    house.clock.at_ms += 1_000
    assert await directory.revoke_key("root", WHY) == 1
    assert await directory.revoke_key("root", WHY) == 0
    ended = await directory.key("child")
    assert ended is not None
    assert ended.revoked_at_ms == NOW_MS


async def test_a_key_that_has_expired_is_not_counted_as_live(directory: Directory) -> None:
    await directory.add_key(key("old", expires_at_ms=NOW_MS), WHY)
    assert await directory.revoke_key("old", WHY) == 0
    assert await revoked(directory) == {"old"}


async def test_rotation_keeps_the_lineage_and_lets_the_old_key_work_for_its_grace(directory: Directory) -> None:
    await family(directory)
    new = key("new", lineage=("new", "child", "root"))
    assert await directory.rotate_key("child", new, NOW_MS + 60_000, WHY) == new
    old = await directory.key("child")
    assert old is not None
    assert (old.expires_at_ms, old.revoked_at_ms) == (NOW_MS + 60_000, None)
    stored = await directory.key("new")
    assert stored is not None
    assert stored.lineage == ("new", "child", "root")


async def test_a_grace_never_lengthens_the_old_keys_life(directory: Directory) -> None:
    await directory.add_key(key("old", expires_at_ms=NOW_MS + 5), WHY)
    await directory.rotate_key("old", key("new", lineage=("new", "old")), NOW_MS + 60_000, WHY)
    old = await directory.key("old")
    assert old is not None
    assert old.expires_at_ms == NOW_MS + 5


async def test_cutting_a_grace_short_leaves_the_successor_alone(directory: Directory) -> None:
    await family(directory)
    await directory.rotate_key("child", key("new", lineage=("new", "child", "root")), NOW_MS + 60_000, WHY)
    await directory.revoke_key("child", WHY)
    assert "new" not in await revoked(directory)


async def test_a_successor_ends_with_its_ancestors_and_takes_the_old_keys_children_along(directory: Directory) -> None:
    await family(directory)
    await directory.rotate_key("child", key("new", lineage=("new", "child", "root")), NOW_MS + 60_000, WHY)
    await directory.revoke_key("new", WHY)
    assert await revoked(directory) == {"new", "grandchild"}
    await directory.revoke_key("root", WHY)
    assert await revoked(directory) == {"root", "child", "new", "grandchild"}


async def test_a_key_that_has_ended_is_not_rotated(directory: Directory) -> None:
    await family(directory)
    await directory.revoke_key("root", WHY)
    with pytest.raises(VersionConflict):
        await directory.rotate_key("child", key("new", lineage=("new", "child")), NOW_MS, WHY)
    assert await directory.key("new") is None


async def test_a_key_is_suspended_and_goes_on_again(directory: Directory) -> None:
    await directory.add_key(key("k1"), WHY)
    assert (await directory.suspend_key("k1", True, WHY)).suspended
    assert await directory.key("k1") == key("k1", suspended=True)
    assert not (await directory.suspend_key("k1", False, WHY)).suspended
    with pytest.raises(VersionConflict):
        await directory.suspend_key("nobody", True, WHY)


@pytest.mark.parametrize("stop", ["revoke", "suspend", "expire"])
async def test_a_key_that_was_stopped_meanwhile_leaves_no_heir(directory: Directory, stop: str) -> None:
    await directory.add_key(key("k1", expires_at_ms=NOW_MS if stop == "expire" else None), WHY)
    if stop == "revoke":
        await directory.revoke_key("k1", WHY)
    if stop == "suspend":
        await directory.suspend_key("k1", True, WHY)
    with pytest.raises(VersionConflict):
        await directory.add_key(key("child", lineage=("child", "k1")), WHY)
    assert await directory.key("child") is None


# --- grants and plan requests -----------------------------------------------------------------------------------------


async def test_a_grant_is_a_bucket_and_a_line_of_the_books(door: DeskDoor) -> None:
    given = Grant("g1", "u1", "grant", 5_000, "welcome", NOW_MS, family="gpt", expires_at_ms=NOW_MS + 1)
    assert await door.directory.grant(given, WHY) == given
    assert await door.look("SELECT * FROM grants") == [("g1", "u1", "grant", 5_000, "welcome", NOW_MS, "gpt", NOW_MS + 1)]
    assert await door.look("SELECT account_id, kind, amount_milli FROM entries") == [("u1", "grant", 5_000)]
    with pytest.raises(VersionConflict):
        await door.directory.grant(given, WHY)
    assert await door.look("SELECT count(*) FROM entries") == [(1,)]


@pytest.mark.parametrize(
    ("subject", "target", "other", "other_may_wait"),
    [("plan", "pro", "plus", False), ("credits", "5", "6", False), ("model", "p/a", "p/b", True), ("family", "a", "b", True)],
)
async def test_one_request_about_the_same_may_be_open(
    directory: Directory, subject: RequestSubject, target: str, other: str, other_may_wait: bool
) -> None:
    first = replace(REQUEST, subject=subject, target=target)
    await directory.file_plan_request(first)
    with pytest.raises(VersionConflict):
        await directory.file_plan_request(replace(first, id="r2"))
    try:
        await directory.file_plan_request(replace(first, id="r3", target=other))
    except VersionConflict:
        assert not other_may_wait
    assert {r.id for r in await directory.plan_requests("u1", "open")} == {"r1", "r3"} if other_may_wait else {"r1"}
    await directory.file_plan_request(replace(first, id="r4", user_id="u2"))


async def test_an_approval_and_its_entitlement_are_one_step(directory: Directory) -> None:
    had = await directory.put_entitlement(entitlement("u1"), None, WHY)
    await directory.file_plan_request(REQUEST)
    decided = replace(REQUEST, status="approved", decided_at_ms=NOW_MS, decided_by="key:admin", answer="Fine.")
    decided = replace(decided, given="pro", until_ms=NOW_MS + 5)
    assert await directory.decide_plan_request(decided, replace(had, plan_id="pro"), WHY) == decided
    assert await directory.plan_request("r1") == decided
    assert await directory.entitlement("u1") == replace(had, plan_id="pro", version=2)


async def test_an_approval_that_meets_a_changed_entitlement_changes_nothing(directory: Directory) -> None:
    had = await directory.put_entitlement(entitlement("u1"), None, WHY)
    await directory.put_entitlement(replace(had, plan_id="plus"), 1, WHY)
    await directory.file_plan_request(REQUEST)
    with pytest.raises(VersionConflict):
        await directory.decide_plan_request(replace(REQUEST, status="approved"), replace(had, plan_id="pro"), WHY)
    assert await directory.plan_request("r1") == REQUEST


async def test_a_request_is_decided_once_and_may_then_be_filed_anew(directory: Directory) -> None:
    await directory.file_plan_request(REQUEST)
    denied = replace(REQUEST, status="denied", answer="No.")
    await directory.decide_plan_request(denied, None, WHY)
    with pytest.raises(VersionConflict):
        await directory.decide_plan_request(replace(REQUEST, status="approved"), None, WHY)
    await directory.file_plan_request(replace(REQUEST, id="r2"))


# --- the trail --------------------------------------------------------------------------------------------------------


async def test_every_write_leaves_who_when_what_before_after_and_why(door: DeskDoor) -> None:
    await door.directory.put_user(user("u1"), None, WHY)
    await door.directory.put_user(user("u1", suspended=True), 1, WHY)
    newest, oldest = await door.register.audit(None, 10)
    assert (oldest.actor, oldest.at_ms, oldest.reason) == ("key:admin", NOW_MS, "because")
    assert (newest.action, newest.subject) == ("user.put", "user:u1")
    assert (oldest.before, newest.before and newest.before["suspended"]) == (None, False)
    assert newest.after is not None
    assert newest.after["suspended"] is True


async def test_a_refused_write_leaves_no_line(door: DeskDoor) -> None:
    with pytest.raises(VersionConflict):
        await door.directory.put_user(user("u1"), 3, WHY)
    assert await door.register.audit(None, 10) == []
    assert await door.look("SELECT count(*) FROM changes") == [(0,)]


async def test_the_audit_log_never_holds_a_keys_hash(door: DeskDoor) -> None:
    secret = b"\xab\xcd" * 16
    await door.directory.add_key(key("k1", secret_hash=secret), WHY)
    await door.directory.rotate_key("k1", key("k2", secret_hash=secret, lineage=("k2", "k1")), NOW_MS + 1, WHY)
    await door.directory.suspend_key("k2", True, WHY)
    await door.directory.revoke_key("k1", WHY)
    written = str(await door.look("SELECT before, after FROM audit"))
    assert "k2" in written
    assert "hash" not in written
    assert secret.hex() not in written


@pytest.mark.parametrize("statement", ["DELETE FROM audit", "UPDATE audit SET actor = 'nobody'"])
async def test_nothing_takes_an_audit_line_back(door: DeskDoor, statement: str) -> None:
    await door.directory.put_user(user("u1"), None, WHY)
    with pytest.raises(Exception, match="append-only"):
        await door.look(statement, write=True)
    assert len(await door.register.audit(None, 10)) == 1


async def test_what_a_key_wishes_is_changed_with_an_audit_line(directory: Directory) -> None:
    await directory.add_key(key("k1", wishes=Wishes("economy")), WHY)
    wishes = Wishes("best", avoid=("p/*",))
    assert (await directory.wish_key("k1", wishes, WHY)).wishes == wishes
    found = await directory.key("k1")
    assert found is not None
    assert found.wishes == wishes
    with pytest.raises(VersionConflict):
        await directory.wish_key("nobody", wishes, WHY)


async def capped(directory: Directory, key_id: str) -> tuple[Cap, ...]:
    found = await directory.key(key_id)
    assert found is not None
    return found.caps


async def test_a_cap_binds_those_whose_place_a_key_took_and_counts_what_they_spent(directory: Directory) -> None:
    await family(directory)
    await directory.rotate_key("child", key("new", lineage=("new", "child", "root")), NOW_MS + 60_000, WHY)
    changed = await directory.cap_key("new", (Cap("key:new", "day", 5),), WHY)
    assert changed.caps == (Cap("key:child", "day", 5),)
    assert await capped(directory, "new") == await capped(directory, "child") == changed.caps
    for other in ("root", "grandchild"):
        assert await capped(directory, other) == ()
    await directory.cap_key("grandchild", (Cap("key:grandchild", "day", 2),), WHY)
    assert await capped(directory, "grandchild") == (Cap("key:grandchild", "day", 2),)
    assert await capped(directory, "child") == changed.caps
    await directory.cap_key("new", (), WHY)
    assert await capped(directory, "child") == ()
    with pytest.raises(VersionConflict):
        await directory.cap_key("nobody", (), WHY)
