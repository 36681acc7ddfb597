"""Who may do what behind the admin's door: every endpoint is walked with no key, a user's, an app's and a support key."""

from collections.abc import Iterator
from typing import Any

from proxy.api.admin import ENDPOINTS
from proxy.api.endpoint import Endpoint
from tests.api.admin.office import HEADER_SECRET, STRONG, SYSTEM_PROMPT, Office
from tests.api.house import SAID

# Contract 1: users, standing, calls, decisions, attempts, timelines, and nothing else.
SUPPORT_READS = {
    "/api/admin/abuse",
    "/api/admin/users",
    "/api/admin/users/{id}",
    "/api/admin/users/{id}/standing",
    "/api/admin/model-calls",
    "/api/admin/model-calls/{id}",
}
PROMPT = "the marker of the prompt"
FORBIDDEN_WORDS = ("raw", "nano", "usd", "multiplier", "ppm", "margin", "absorbed", "price", "key", "prompt", "secret", "hash")


async def _ids(office: Office, user_key: str) -> dict[str, str]:
    """An id that exists for each kind of path."""
    call = await office.call(user_key, model="gpt", messages=[{"role": "user", "content": PROMPT}])
    filed = await office.house.post("/api/plan-requests", user_key, {"subject": "plan", "target": "pro"})
    await office.post("/apps", id="shop", name="Shop", default_plan_id="basic")
    return {
        "models": STRONG,
        "assistants": "general",
        "plans": "pro",
        "aliases": "gpt",
        "providers": "p",
        "users": "ada",
        "keys": user_key.split("_")[2],
        "apps": "shop",
        "plan-requests": filed.json()["id"],
        "model-calls": call.headers["x-signalbox-call"],
    }


def _address(endpoint: Endpoint, ids: dict[str, str]) -> str:
    path = endpoint.path.removeprefix("/api/admin")
    return path.replace("{id:path}", "{id}").replace("{id}", ids.get(path.split("/")[1], ""))


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, child in value.items():
            yield name
            yield from _names(child)
    elif isinstance(value, list):
        for child in value:
            yield from _names(child)


async def test_staff_alone_come_in(office: Office) -> None:
    user_key = await office.house.user_key("ada")
    ids = await _ids(office, user_key)
    app_key = (await office.post("/keys", kind="app", name="server", app_id="shop")).json()["key"]
    for endpoint in ENDPOINTS:
        path = _address(endpoint, ids)
        for key in (user_key, app_key):
            answer = await office.ask(endpoint.method, path, {}, key=key)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden"), endpoint
        nobody = await office.client.request(endpoint.method, f"/api/admin{path}")
        assert nobody.status_code in (401, 429), endpoint


async def test_a_wrong_key_is_told_nothing_but_that(office: Office) -> None:
    for headers in ({}, {"authorization": "Bearer sb_admin_wrong"}, {"authorization": "Basic YTpi"}):
        nobody = await office.client.get("/api/admin/users", headers=headers)
        assert (nobody.status_code, nobody.json()["error"]["code"]) == (401, "invalid_api_key")


async def test_supporters_read_what_is_theirs_and_nothing_else(office: Office) -> None:
    ids = await _ids(office, await office.house.user_key("ada"))
    for endpoint in ENDPOINTS:
        answer = await office.ask(endpoint.method, _address(endpoint, ids), {}, key=office.support)
        if endpoint.method == "GET" and endpoint.path in SUPPORT_READS:
            assert answer.status_code == 200, endpoint
            shown = set(_names(answer.json()))
            assert [name for name in shown if any(word in name.lower() for word in FORBIDDEN_WORDS)] == [], endpoint
        else:
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden"), endpoint


async def test_what_supporters_get_holds_no_text_cost_key_or_secret(office: Office) -> None:
    ids = await _ids(office, await office.house.user_key("ada"))
    raw_cost = (await office.read(f"/model-calls/{ids['model-calls']}"))["raw_cost_nano_usd"]
    assert raw_cost > 0
    for endpoint in ENDPOINTS:
        answer = await office.ask(endpoint.method, _address(endpoint, ids), {}, key=office.support)
        for marker in (PROMPT, SAID, SYSTEM_PROMPT, HEADER_SECRET, ids["keys"], str(raw_cost), "1.37", "1370000"):
            assert marker not in answer.text, (endpoint, marker)


async def test_admins_reach_every_read_and_see_no_prompt_of_a_caller(office: Office) -> None:
    ids = await _ids(office, await office.house.user_key("ada"))
    for endpoint in ENDPOINTS:
        if endpoint.method == "GET":
            answer = await office.get(_address(endpoint, ids))
            assert (answer.status_code, PROMPT in answer.text, SAID in answer.text) == (200, False, False), endpoint


async def test_a_write_without_a_reason_is_refused(office: Office) -> None:
    ids = await _ids(office, await office.house.user_key("ada"))
    before = await office.audited()
    for endpoint in ENDPOINTS:
        if endpoint.method != "GET" and endpoint.path != "/api/admin/catalog/reload":
            answer = await office.ask(endpoint.method, _address(endpoint, ids), {})
            assert answer.status_code == 400, endpoint
    assert await office.audited() == before


async def test_every_change_of_an_existing_object_asks_for_its_version(office: Office) -> None:
    ids = await _ids(office, await office.house.user_key("ada"))
    before = await office.audited()
    for endpoint in ENDPOINTS:
        if endpoint.method in ("PATCH", "PUT", "DELETE"):
            body = {"reason": "a test"} | ({"plan_id": "pro"} if endpoint.method == "PUT" else {})
            path = _address(endpoint, ids) + ("?reason=test" if endpoint.method == "DELETE" else "")
            bare = await office.ask(endpoint.method, path, body)
            assert (bare.status_code, bare.json()["error"]["code"]) == (428, "precondition_required"), endpoint
            stale = await office.ask(endpoint.method, path, body, if_match='"stale"')
            assert (stale.status_code, stale.json()["error"]["code"]) == (412, "precondition_failed"), endpoint
    assert await office.audited() == before
