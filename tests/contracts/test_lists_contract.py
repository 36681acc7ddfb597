"""Lists of any length, a page at a time: pages follow each other without gap or repeat, whatever stands at one moment."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proxy.domain.account import UserFilter
from proxy.domain.call import Call
from proxy.domain.desk import AuditFilter, CallFilter, Change, KeyFilter, PlanRequest
from proxy.domain.ledger import RecordCall
from tests.builders import NOW_MS, app, call, key, user
from tests.contracts.desk_house import DESK_HOUSES, DeskDoor

WHY = Change("key:admin", "a test")
ROWS = 5


@pytest.fixture(params=sorted(DESK_HOUSES))
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DeskDoor]:
    async with DESK_HOUSES[request.param](tmp_path) as house:
        yield await house.door()


async def record(door: DeskDoor, *calls: Call) -> None:
    for ack in await door.ledger.apply([RecordCall(one) for one in calls]):
        assert not isinstance(ack, Exception)


async def ids(door: DeskDoor, **wanted: Any) -> list[str]:
    return [found.id for found in (await door.register.calls(CallFilter(**wanted))).calls]


async def walked(page: Callable[[Any], Awaitable[list[Any]]], cursor: Callable[[Any], Any] = lambda row: row.id) -> list[str]:
    """The ids of all pages, each asked for with the last row of the one before."""
    found: list[Any] = []
    while rows := await page(cursor(found[-1]) if found else None):
        assert len(rows) <= 2
        found += rows
    return [row.id for row in found]


async def test_keys_are_listed_newest_first_of_one_owner_or_all(door: DeskDoor) -> None:
    for number in range(ROWS):
        owner = {"user_id": "u1"} if number % 2 else {"user_id": "u2", "app_id": "a1"}
        await door.directory.add_key(key(f"k{number}", created_at_ms=NOW_MS + number // 2, **owner), WHY)
    directory = door.directory
    assert await walked(lambda last: directory.keys(None, None, last, 2)) == ["k4", "k3", "k2", "k1", "k0"]
    assert await walked(lambda last: directory.keys("u1", None, last, 2)) == ["k3", "k1"]
    assert await walked(lambda last: directory.keys(None, "a1", last, 2)) == ["k4", "k2", "k0"]


async def test_keys_are_found_by_kind_and_while_they_live(door: DeskDoor) -> None:
    ends = {"k1": {"revoked_at_ms": NOW_MS}, "k2": {"expires_at_ms": NOW_MS}, "k3": {"expires_at_ms": NOW_MS + 1}}
    for number in range(ROWS):
        id, kind = f"k{number}", "admin" if number == 4 else "user"
        made = key(id, kind=kind, user_id="u1", created_at_ms=NOW_MS + number // 2, **ends.get(id, {}))
        await door.directory.add_key(made, WHY)

    async def found(**wanted: Any) -> list[str]:
        return await walked(lambda last: door.directory.keys_page(KeyFilter(before_id=last, limit=2, **wanted)))

    assert await found() == ["k4", "k3", "k2", "k1", "k0"]
    assert await found(kind="user", user_id="u1") == ["k3", "k2", "k1", "k0"]
    assert await found(kind="user", live_at_ms=NOW_MS) == ["k3", "k0"]
    assert await found(app_id="a1") == []


async def test_plan_requests_are_listed_newest_first(door: DeskDoor) -> None:
    for number in range(ROWS):
        asked = PlanRequest(f"r{number}", f"u{number % 2}", "model", f"p/{number}", "", "open", NOW_MS + number // 2)
        await door.directory.file_plan_request(asked)
    directory = door.directory
    assert await walked(lambda last: directory.plan_requests(None, None, last, 2)) == ["r4", "r3", "r2", "r1", "r0"]
    assert await walked(lambda last: directory.plan_requests(None, "open", last, 2)) == ["r4", "r3", "r2", "r1", "r0"]
    assert await walked(lambda last: directory.plan_requests("u1", None, last, 2)) == ["r3", "r1"]
    assert await directory.plan_requests(None, "denied") == []


async def test_apps_are_listed_by_id(door: DeskDoor) -> None:
    for number in range(ROWS):
        await door.directory.put_app(app(f"a{number}"), None, WHY)
    assert await walked(lambda last: door.directory.apps(last, 2)) == ["a0", "a1", "a2", "a3", "a4"]


async def test_those_who_rest_are_listed_the_longest_to_go_first(door: DeskDoor) -> None:
    for number in range(ROWS):
        await door.directory.put_user(user(f"u{number}", cooling_until_ms=NOW_MS + number // 2), None, WHY)
    resting = await walked(
        lambda last: door.directory.cooling(NOW_MS, 2, last), lambda found: (found.cooling_until_ms, found.id)
    )
    assert resting == ["u4", "u3", "u2"]


@pytest.mark.parametrize(
    ("only", "found"),
    [
        (UserFilter(), ["a1", "a2", "b1", "b1x", "b2"]),
        (UserFilter(begins="b1"), ["b1", "b1x"]),
        (UserFilter(begins="b1", suspended=True), ["b1x"]),
        (UserFilter(suspended=True), ["a2", "b1x"]),
        (UserFilter(begins="%"), []),
    ],
)
async def test_users_are_found_by_how_their_ids_begin_and_whether_they_are_suspended(
    door: DeskDoor, only: UserFilter, found: list[str]
) -> None:
    for name in ("a1", "a2", "b1", "b1x", "b2"):
        await door.directory.put_user(user(name, suspended=name in ("a2", "b1x")), None, WHY)
    assert await walked(lambda last: door.directory.users(None, last, 2, only)) == found


NAMES = {"u1": "Zoë", "u2": "ann@firm.example", "u3": "Ann", "u4": "ANNA", "u5": "Änne", "u6": "ann"}


@pytest.mark.parametrize(
    ("app_id", "only", "found"),
    [
        (None, UserFilter(named="ann"), ["u3", "u6", "u2", "u4"]),
        (None, UserFilter(named="AnnA"), ["u4"]),
        (None, UserFilter(named="Änn"), ["u5"]),
        (None, UserFilter(named="%"), []),
        (None, UserFilter(named="a", suspended=True), ["u6", "u4"]),
        ("a1", UserFilter(named="a"), ["u6", "u2", "u4"]),
        ("a1", UserFilter(named="a", suspended=True), ["u6", "u4"]),
        ("none", UserFilter(named="a"), []),
    ],
)
async def test_users_are_found_by_how_their_names_begin_in_the_order_of_those(
    door: DeskDoor, app_id: str | None, only: UserFilter, found: list[str]
) -> None:
    for user_id, name in NAMES.items():
        of = "a1" if int(user_id[1]) % 2 == 0 else None
        made = user(user_id, name=name, app_id=of, suspended=user_id in ("u4", "u6"))
        await door.directory.put_user(made, None, WHY)
    assert await walked(lambda last: door.directory.users(app_id, last, 2, only)) == found


@pytest.mark.parametrize(
    ("only", "found"),
    [
        (AuditFilter(), ["user:c", "user:b", "user:a"]),
        (AuditFilter(subject="user:b"), ["user:b"]),
        (AuditFilter(actor="cli"), ["user:c", "user:a"]),
        (AuditFilter(actor="cli", subject="user:b"), []),
        (AuditFilter(from_ms=NOW_MS + 1), ["user:c", "user:b"]),
        (AuditFilter(until_ms=NOW_MS + 1), ["user:a"]),
        (AuditFilter(from_ms=NOW_MS + 9), []),
        (AuditFilter(until_ms=NOW_MS + 9, actor="key:admin"), ["user:b"]),
    ],
)
async def test_the_audit_log_is_read_by_what_was_changed_by_whom_and_when(
    door: DeskDoor, only: AuditFilter, found: list[str]
) -> None:
    for number, name in enumerate("abc"):
        door.clock.at_ms = NOW_MS + number
        await door.directory.put_user(user(name), None, replace(WHY, actor="key:admin" if name == "b" else "cli"))
    lines = await door.register.audit(None, 10, only)
    assert [line.subject for line in lines] == found
    pages = [await door.register.audit(line.id, 1, only) for line in lines]
    assert [page[0].subject for page in pages if page] == found[1:]


@pytest.mark.parametrize(
    "wanted",
    [
        {"user_id": "u1", "status": "failed"},
        {"user_id": "u1", "model_id": "p/x"},
        {"key_id": "key000000001", "kinds": ("image",)},
        {"model_id": "p/m", "user_id": "u1", "status": "failed"},
        {"request_id": "theirs"},
        {"kinds": ("image",)},
        {"model_id": "p/m", "kinds": ("image",)},
    ],
)
async def test_a_page_looks_at_so_many_calls_and_says_where_it_stopped(door: DeskDoor, wanted: dict[str, Any]) -> None:
    rare = {"status": "failed", "model_id": "p/x", "kind": "image", "request_id": "theirs"}
    sought = {name: value for name, value in rare.items() if any(name.startswith(asked.rstrip("s")) for asked in wanted)}
    if wanted.get("model_id") == "p/m":
        sought.pop("model_id")
    calls = [call("call-0", **sought), *(call(f"call-{number}") for number in range(1, 6))]
    await door.ledger.apply([RecordCall(one) for one in calls])
    page = await door.register.calls(CallFilter(**wanted, rows_max=3))
    assert (page.calls, page.stopped_at) == ([], "call-3")
    rest = await door.register.calls(CallFilter(**wanted, rows_max=3, before_id=page.stopped_at))
    assert [one.id for one in rest.calls] == ["call-0"]
    last = await door.register.calls(CallFilter(**wanted, rows_max=9))
    assert ([one.id for one in last.calls], last.stopped_at) == (["call-0"], None)
    full = await door.register.calls(CallFilter(**wanted, limit=1, rows_max=6))
    assert full.stopped_at is None


async def test_calls_are_listed_newest_first_a_page_at_a_time(door: DeskDoor) -> None:
    await record(door, *(call(f"call-{number}") for number in range(5)))
    assert await ids(door, limit=2) == ["call-4", "call-3"]
    assert await ids(door, limit=9, before_id="call-3") == ["call-2", "call-1", "call-0"]
    assert await ids(door, limit=0) == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"user_id": "u2"}, ["call-b"]),
        ({"app_id": "a1"}, ["call-c"]),
        ({"key_id": "k9"}, ["call-d"]),
        ({"model_id": "p/x"}, ["call-e"]),
        ({"status": "failed"}, ["call-f"]),
        ({"from_ms": NOW_MS + 1}, ["call-g"]),
        ({"until_ms": NOW_MS}, ["call-0"]),
        ({"until_ms": NOW_MS + 9, "from_ms": NOW_MS + 1}, ["call-g"]),
        ({"from_ms": NOW_MS + 9}, []),
        ({"user_id": "u1", "status": "failed", "from_ms": NOW_MS, "until_ms": NOW_MS + 1}, ["call-f"]),
        ({"user_id": "u2", "status": "failed"}, []),
        ({"kinds": ("precheck",)}, ["call-1"]),
        ({"kinds": ("precheck", "image"), "user_id": "u1"}, ["call-1"]),
        ({"kinds": (), "user_id": "u1"}, []),
        ({"model_id": "p/x", "status": "served"}, ["call-e"]),
        ({"model_id": "p/x", "status": "failed"}, []),
    ],
)
async def test_each_filter_finds_its_calls_alone(door: DeskDoor, wanted: dict[str, Any], found: list[str]) -> None:
    await record(
        door,
        call("call-a"),
        call("call-b", user_id="u2"),
        call("call-c", app_id="a1"),
        call("call-d", key_id="k9"),
        call("call-e", model_id="p/x"),
        call("call-f", status="failed"),
        call("call-g", at_ms=NOW_MS + 1),
        call("call-0", at_ms=NOW_MS - 1),
        call("call-1", kind="precheck"),
    )
    assert await ids(door, **wanted) == found


async def test_a_request_id_is_sought_among_the_newest_calls(door: DeskDoor) -> None:
    for number in range(1, 4):
        await record(door, call(id=f"call-{number}", request_id="theirs" if number < 3 else "another"))
    assert await ids(door, request_id="theirs") == ["call-2", "call-1"]
    assert await ids(door, request_id="nobody's") == []
