"""Every list of admins, a page at a time: what one page leaves out the next one has, and the last says that it is the last."""

import pytest

from proxy.domain.desk import PlanRequest
from tests import builders as b
from tests.api.admin.office import Office
from tests.api.house import Json

ROWS = 3


async def _walked(office: Office, path: str, rows: str, cursor: str) -> list[Json]:
    found: list[Json] = []
    after = ""
    while True:
        page = await office.read(f"{path}{'&' if '?' in path else '?'}limit=2{after}")
        found += page[rows]
        if page[f"next_{cursor}"] is None:
            return found
        assert len(page[rows]) == 2
        after = f"&{cursor}={page[f'next_{cursor}']}"


async def _filled(office: Office) -> None:
    for number in range(ROWS):
        user_id = f"user{number}"
        text = await office.house.user_key(user_id)
        await office.house.app_key(f"app{number}")
        await office.call(text)
        asked = PlanRequest(f"ask_{number}", user_id, "plan", "pro", "", "open", b.NOW_MS + number)
        await office.house.parts.directory.file_plan_request(asked)
        await office.patch(f"/users/{user_id}", suspended=True)
        await office.house.user(f"resting{number}", cooling_until_ms=b.NOW_MS * 2)


@pytest.mark.parametrize(
    ("path", "rows", "cursor", "row_id", "found"),
    [
        ("/users?begins=user&suspended=true", "data", "after", "id", ["user0", "user1", "user2"]),
        ("/apps", "data", "after", "id", ["app0", "app1", "app2"]),
        ("/keys?user=user1", "data", "before", "user_id", ["user1"]),
        ("/keys?app=app1", "data", "before", "app_id", ["app1"]),
        ("/plan-requests", "data", "before", "id", ["ask_2", "ask_1", "ask_0"]),
        ("/plan-requests?status=open", "data", "before", "id", ["ask_2", "ask_1", "ask_0"]),
        ("/abuse", "cooling", "after", "user_id", ["resting2", "resting1", "resting0"]),
        ("/model-calls?kind=model", "data", "before", "user_id", ["user2", "user1", "user0"]),
        ("/model-calls?kind=precheck", "data", "before", "user_id", []),
        ("/audit?subject=user:user1", "data", "before", "action", ["user.put", "user.put"]),
    ],
)
async def test_pages_follow_each_other(
    office: Office, path: str, rows: str, cursor: str, row_id: str, found: list[str]
) -> None:
    await _filled(office)
    assert [row[row_id] for row in await _walked(office, path, rows, cursor)] == found


async def test_all_keys_are_listed_newest_first(office: Office) -> None:
    await _filled(office)
    listed = await _walked(office, "/keys", "data", "before")
    assert len({key["id"] for key in listed}) == len(listed) >= 2 * ROWS


async def test_a_cursor_that_is_none_is_told(office: Office) -> None:
    for path in (
        "/abuse?after=tomorrow",
        "/users?begins=%00",
        "/users?named=%00",
        "/users?named=a&begins=b",
        "/keys?limit=0",
        "/audit?before=first",
    ):
        assert (await office.get(path)).status_code == 400, path
