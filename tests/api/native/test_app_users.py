"""Claims about `/api/app/users`: an app makes, reads, moves and tops up its own end users, and nobody else's."""

from dataclasses import replace
from typing import Any, Final

import httpx2
import pytest

from proxy.domain.desk import Grant
from proxy.domain.standing import resets_at_ms
from tests import builders as b
from tests.api.house import BY_TEST, House, Json, bearing, code_of

USERS: Final = "/api/app/users"


async def _put(house: House, key: str, path: str, body: Any) -> httpx2.Response:
    return await house.client.put(path, json=body, headers=bearing(key))


async def _made(house: House, key: str, external_id: str = "ann", **fields: Any) -> Json:
    answer = await house.post(USERS, key, {"external_id": external_id, **fields})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


async def _top_up(house: House, key: str, user_id: str, credits: str, **fields: Any) -> httpx2.Response:
    return await house.post(f"{USERS}/{user_id}/topups", key, {"credits": credits, "reason": "a gift", **fields})


# --- making and reading -----------------------------------------------------------------------------------------------


async def test_a_user_that_the_app_makes_is_the_one_its_header_names(house: House) -> None:
    key = await house.app_key(plans=("pro",))
    made = await _made(house, key, name="Ann", plan_id="pro")
    assert (made["external_id"], made["name"], made["plan_id"], made["next_plan"]) == ("ann", "Ann", "pro", None)
    me = (await house.get("/api/me", key, **{"x-signalbox-user": "ann"})).json()
    assert (me["user"]["id"], me["plan"]["id"]) == (made["id"], "pro")
    assert (await house.get(f"{USERS}/{made['id']}", key)).json() == made
    assert code_of(await house.post(USERS, key, {"external_id": "ann"})) == (409, "conflict")


async def test_users_are_listed_page_by_page_and_found_by_the_apps_own_name(house: House) -> None:
    key = await house.app_key()
    made = sorted([(await _made(house, key, f"u{n}"))["id"] for n in range(5)])
    first = (await house.get(f"{USERS}?limit=3", key)).json()
    second = (await house.get(f"{USERS}?limit=3&after={first['next_after']}", key)).json()
    assert [user["id"] for user in first["data"] + second["data"]] == made
    assert second["next_after"] is None
    (found,) = (await house.get(f"{USERS}?external_id=u3", key)).json()["data"]
    assert found["external_id"] == "u3"
    assert (await house.get(f"{USERS}?external_id=nobody", key)).json()["data"] == []


async def test_who_enrolled_by_calling_is_among_them(house: House) -> None:
    key = await house.app_key()
    assert (await house.post("/v1/chat/completions", key, CHAT, **{"x-signalbox-user": "bob"})).status_code == 200
    (found,) = (await house.get(USERS, key)).json()["data"]
    assert (found["external_id"], found["plan_id"]) == ("bob", "basic")


@pytest.mark.parametrize("external_id", ["", " ann", "ann\u2028", "x" * 257, 5])
async def test_a_name_that_no_header_could_say_is_refused(house: House, external_id: object) -> None:
    assert code_of(await house.post(USERS, await house.app_key(), {"external_id": external_id})) == (400, "invalid_request")


async def test_another_apps_users_are_not_there(house: House) -> None:
    theirs = await _made(house, await house.app_key("a1"))
    other, own = await house.app_key("a2"), f"{USERS}/{theirs['id']}"
    answers = [
        await house.get(own, other),
        await house.get(f"{own}/standing", other),
        await house.get(f"{own}/usage", other),
        await _put(house, other, f"{own}/plan", {"plan_id": "basic"}),
        await _top_up(house, other, theirs["id"], "1"),
        await house.get(f"{USERS}/nobody", other),
        await house.get(f"{USERS}/a2-own", other),
    ]
    assert [code_of(answer) for answer in answers] == [(404, "not_found")] * len(answers)
    assert len({answer.json()["error"]["message"] for answer in answers}) == 1
    assert (await house.get(USERS, other)).json()["data"] == []


async def test_only_an_apps_own_key_acting_for_itself_may(house: House) -> None:
    key = await house.app_key()
    acting = await house.get(USERS, key, **{"x-signalbox-user": "ann"})
    assert code_of(acting) == (400, "invalid_request")
    assert code_of(await house.get(USERS, await house.user_key())) == (403, "forbidden")


# --- enrolment --------------------------------------------------------------------------------------------------------

CHAT: Final = {"model": "p/cheap", "messages": [{"role": "user", "content": "Hi."}]}


async def _users(house: House) -> list[str]:
    return [user.id for user in await house.parts.directory.users("a1", None, 100)]


async def test_an_app_without_a_cap_enrols_nobody_and_says_why(house: House) -> None:
    key = await house.app_key(caps=())
    for answer in (
        await house.post("/v1/chat/completions", key, CHAT, **{"x-signalbox-user": "ann"}),
        await house.post(USERS, key, {"external_id": "ann"}),
    ):
        assert code_of(answer) == (403, "forbidden")
        assert "spending cap" in answer.json()["error"]["message"]
    assert await _users(house) == []
    assert house.upstream.requests == []
    assert (await house.chat(key)).status_code == 200


async def test_a_full_day_takes_no_new_users_and_serves_the_known(house: House) -> None:
    key = await house.app_key(enrols_daily_max=1)
    ann, bob = {"x-signalbox-user": "ann"}, {"x-signalbox-user": "bob"}
    assert (await house.post("/v1/chat/completions", key, CHAT, **ann)).status_code == 200
    refused = await house.post("/v1/chat/completions", key, CHAT, **bob)
    assert code_of(refused) == (429, "rate_limit_exceeded")
    assert (refused.headers["x-should-retry"], refused.json()["error"]["resets_at_ms"] % 86_400_000) == ("false", 0)
    assert code_of(await house.post(USERS, key, {"external_id": "bob"})) == (429, "rate_limit_exceeded")
    assert (await house.post("/v1/chat/completions", key, CHAT, **ann)).status_code == 200
    assert len(await _users(house)) == 1


async def test_a_refused_call_enrols_nobody(house: House) -> None:
    key = await house.app_key(plans=("pro",))
    body = CHAT | {"model": "p/strong"}
    assert (await house.post("/v1/chat/completions", key, body, **{"x-signalbox-user": "ann"})).status_code == 403
    assert await _users(house) == []


# --- plans ------------------------------------------------------------------------------------------------------------


async def test_an_app_gives_its_own_plans_and_no_others(house: House) -> None:
    key = await house.app_key(plans=("pro",))
    ann = await _made(house, key)
    given = await _put(house, key, f"{USERS}/{ann['id']}/plan", {"plan_id": "pro"})
    assert (given.status_code, given.json()["plan_id"]) == (200, "pro")
    assert (await house.get("/api/me", key, **{"x-signalbox-user": "ann"})).json()["plan"]["id"] == "pro"
    poor = await house.app_key("a2")
    bob = await _made(house, poor, "bob")
    assert code_of(await _put(house, poor, f"{USERS}/{bob['id']}/plan", {"plan_id": "pro"})) == (400, "invalid_request")
    assert code_of(await house.post(USERS, poor, {"external_id": "eve", "plan_id": "pro"})) == (400, "invalid_request")


async def test_a_plan_may_begin_with_the_users_next_month(house: House) -> None:
    key = await house.app_key(plans=("pro",))
    ann = await _made(house, key)
    told = (await _put(house, key, f"{USERS}/{ann['id']}/plan", {"plan_id": "pro", "at": "next_month"})).json()
    user = await house.parts.directory.user(ann["id"])
    assert user is not None
    edge_ms = resets_at_ms("month", house.parts.clock.now_ms(), user.anchor_day)
    assert (told["plan_id"], told["next_plan"]) == ("basic", {"plan_id": "pro", "from_ms": edge_ms})
    back = (await _put(house, key, f"{USERS}/{ann['id']}/plan", {"plan_id": "basic"})).json()
    assert (back["plan_id"], back["next_plan"]) == ("basic", None)


# --- top-ups ----------------------------------------------------------------------------------------------------------


async def test_a_top_up_comes_out_of_the_apps_own_credits(house: House) -> None:
    key = await house.app_key()
    ann = await _made(house, key)
    before = (await house.get("/api/me", key)).json()["windows"][0]
    answer = await _top_up(house, key, ann["id"], "12.5")
    assert (answer.status_code, [part["credits"] for part in answer.json()["data"]]) == (201, ["12.5"])
    after = (await house.get("/api/me", key)).json()["windows"][0]
    assert float(after["left"]) == float(before["left"]) - 12.5
    standing = (await house.get(f"{USERS}/{ann['id']}/standing", key)).json()
    (bucket,) = standing["buckets"]
    assert (bucket["kind"], bucket["left"], bucket["reason"]) == ("topup", "12.5", "a gift")
    assert bucket["expires_at_ms"] == after["resets_at_ms"]
    assert (standing["user"]["id"], standing["windows"][0]["limit"]) == (ann["id"], "1000")


async def test_a_top_up_of_a_family_needs_credits_of_that_family(house: House) -> None:
    key = await house.app_key()
    ann = await _made(house, key)
    short = await _top_up(house, key, ann["id"], "5", family="frontier")
    assert code_of(short) == (402, "insufficient_credits")
    grant = Grant("g1", "a1-own", "topup", 5_000, "a test", b.NOW_MS, family="frontier")
    await house.parts.directory.grant(grant, BY_TEST)
    (part,) = (await _top_up(house, key, ann["id"], "5", family="frontier")).json()["data"]
    assert (part["family"], part["expires_at_ms"]) == ("frontier", None)


@pytest.mark.parametrize("wrong", [{"credits": "0"}, {"credits": "1.2345"}, {"expires_at_ms": 1}, {"reason": ""}])
async def test_a_top_up_is_a_sound_amount_with_a_reason(house: House, wrong: Json) -> None:
    key = await house.app_key()
    ann = await _made(house, key)
    assert (await _top_up(house, key, ann["id"], **({"credits": "1"} | wrong))).status_code == 400


# --- usage ------------------------------------------------------------------------------------------------------------


async def test_the_app_reads_what_its_users_used(house: House) -> None:
    key = await house.app_key()
    await house.post("/v1/chat/completions", key, CHAT, **{"x-signalbox-user": "ann"})
    (ann,) = (await house.get(USERS, key)).json()["data"]
    report = (await house.get(f"{USERS}/{ann['id']}/usage?group=model", key)).json()
    assert [(row["group"], row["calls"]) for row in report["data"]] == [("p/cheap", 1)]
    assert (await house.get("/api/usage", key)).json()["total"]["calls"] == 0
    assert "multiplier" not in str(report)


async def test_a_user_without_an_entitlement_stands_on_the_apps_default_plan(house: House) -> None:
    key = await house.app_key()
    acting = replace(b.user("eu_old"), app_id="a1", external_id="old")
    await house.parts.directory.put_user(acting, None, BY_TEST)
    assert (await house.get(f"{USERS}/eu_old", key)).json()["plan_id"] == "basic"
    assert (await _put(house, key, f"{USERS}/eu_old/plan", {"plan_id": "basic"})).status_code == 200
