"""Users, what they have left, their entitlement and grants through the admin's door."""

import pytest

from proxy.domain.standing import Cap
from tests import builders as b
from tests.api.admin.office import STRONG, Office


async def test_a_new_user_stands_on_the_lowest_plan(office: Office) -> None:
    answer = await office.post("/users", name="Ada")
    user_id = answer.json()["id"]
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert (await office.read(f"/users/{user_id}/entitlement"))["plan_id"] == "basic"


async def test_an_id_is_given_once(office: Office) -> None:
    assert (await office.post("/users", id="ada", name="Ada", plan_id="pro")).status_code == 201
    assert (await office.post("/users", id="ada", name="Another")).status_code == 409


async def test_users_are_listed_page_by_page(office: Office) -> None:
    for name in ("ada", "bob", "cleo"):
        await office.house.user(name)
    first = await office.read("/users?limit=2")
    assert ([user["id"] for user in first["data"]], first["next_after"]) == (["ada", "bob"], "bob")
    rest = await office.read("/users?limit=2&after=bob")
    assert ([user["id"] for user in rest["data"]], rest["next_after"]) == (["cleo"], None)


async def test_a_suspended_user_is_turned_away_at_once(office: Office) -> None:
    key = await office.house.user_key("ada")
    assert (await office.call(key)).status_code == 200
    assert (await office.patch("/users/ada", suspended=True, reason="abuse")).json()["suspended"] is True
    assert (await office.call(key)).status_code == 403
    await office.patch("/users/ada", suspended=False)
    assert (await office.call(key)).status_code == 200


async def test_a_cool_off_can_be_lifted_and_not_imposed(office: Office) -> None:
    await office.house.user("ada", cooling_until_ms=b.NOW_MS * 2)
    assert (await office.patch("/users/ada", cooling_until_ms=b.NOW_MS)).status_code == 400
    assert (await office.patch("/users/ada", name="Ada")).json()["cooling_until_ms"] == b.NOW_MS * 2
    assert (await office.patch("/users/ada", cooling_until_ms=None)).json()["cooling_until_ms"] is None


async def test_caps_are_credits_in_and_out_and_leave_the_operators_ceilings_alone(office: Office) -> None:
    ceiling = Cap("user:ada", "day", 5, "nano_usd")
    await office.house.user("ada", caps=(ceiling,))
    answer = await office.patch("/users/ada", caps=[{"window": "day", "credits": "2.5"}])
    assert answer.json()["caps"] == [{"window": "day", "credits": "2.5"}]
    stored = await office.house.parts.directory.user("ada")
    assert stored is not None
    assert stored.caps == (ceiling, Cap("user:ada", "day", 2_500))


async def test_a_window_has_one_cap(office: Office) -> None:
    caps = [{"window": "day", "credits": "1"}, {"window": "day", "credits": "2"}]
    assert (await office.post("/users", name="Ada", caps=caps)).status_code == 400


@pytest.mark.parametrize("name", ["", "a\x00b", "a\nb", "x" * 300, 7])
async def test_names_are_cleaned_at_the_border(office: Office, name: object) -> None:
    answer = await office.post("/users", name=name)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "name")


async def test_a_change_of_a_user_needs_the_version_that_was_read(office: Office) -> None:
    await office.house.user("ada")
    body = {"name": "Ada", "reason": "a test"}
    assert (await office.ask("PATCH", "/users/ada", body)).status_code == 428
    assert (await office.ask("PATCH", "/users/ada", body, if_match='"9"')).status_code == 412
    changed = await office.ask("PATCH", "/users/ada", body, if_match='"1"')
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')


async def test_standing_shows_what_is_left_under_the_plan_and_its_overrides(office: Office) -> None:
    await office.house.user("ada")
    before = await office.read("/users/ada/standing")
    assert (before["plan_id"], before["windows"][0]["left"]) == ("basic", "1000")
    override = {"reason": "a present", "extra_credits": {"month": "500.5"}}
    body = {"plan_id": "basic", "overrides": [override], "reason": "a test"}
    assert (await office.ask("PUT", "/users/ada/entitlement", body, if_match='"1"')).status_code == 200
    assert (await office.read("/users/ada/standing"))["windows"][0]["limit"] == "1500.5"


async def test_an_entitlement_comes_back_as_it_was_put(office: Office) -> None:
    await office.house.user("ada")
    override = {
        "id": "o1",
        "reason": "a pilot",
        "from_ms": 1,
        "until_ms": b.NOW_MS * 2,
        "extra_credits": {"day": "1.5"},
        "extra_models": [STRONG],
        "multiplier": "1.25",
        "context_tokens_max": 9_000,
        "output_tokens_default": 900,
        "concurrency_max": 9,
        "n_max": 2,
    }
    body = {"plan_id": "pro", "overrides": [override], "reason": "a pilot"}
    answer = await office.ask("PUT", "/users/ada/entitlement", body, if_match='"1"')
    assert (answer.json()["plan_id"], answer.json()["overrides"]) == ("pro", [override])
    assert (await office.read("/users/ada/entitlement")) == answer.json()


async def test_a_plan_may_follow_at_a_moment_or_at_the_months_edge(office: Office) -> None:
    await office.house.user("ada")
    edge_ms = (await office.read("/users/ada/standing"))["windows"][0]["resets_at_ms"]
    body = {"plan_id": "basic", "next_plan": {"plan_id": "pro"}, "reason": "an upgrade"}
    put = await office.ask("PUT", "/users/ada/entitlement", body, if_match='"1"')
    assert (put.json()["plan_id"], put.json()["next_plan"]) == ("basic", {"plan_id": "pro", "from_ms": edge_ms})
    body["next_plan"] = {"plan_id": "pro", "from_ms": b.NOW_MS}
    await office.ask("PUT", "/users/ada/entitlement", body, if_match='"2"')
    assert (await office.read("/users/ada/entitlement"))["plan_id"] == "pro"
    assert (await office.read("/users/ada/standing"))["plan_id"] == "pro"
    body["next_plan"] = {"plan_id": "none"}
    assert (await office.ask("PUT", "/users/ada/entitlement", body, if_match='"3"')).status_code == 400


async def test_an_entitlement_names_only_what_exists(office: Office) -> None:
    await office.house.user("ada")
    for wrong in ({"plan_id": "none"}, {"plan_id": "pro", "overrides": [{"reason": "x", "extra_models": ["p/none"]}]}):
        answer = await office.ask("PUT", "/users/ada/entitlement", {"reason": "a test"} | wrong, if_match='"1"')
        assert answer.status_code == 400


@pytest.mark.parametrize("multiplier", ["0", "0.0", "-1", "1.0000001", 1.5, "1e3", ""])
async def test_no_multiplier_makes_calls_free_or_is_guessed(office: Office, multiplier: object) -> None:
    await office.house.user("ada")
    body = {"plan_id": "pro", "overrides": [{"reason": "x", "multiplier": multiplier}], "reason": "a test"}
    assert (await office.ask("PUT", "/users/ada/entitlement", body, if_match='"1"')).status_code == 400


async def test_a_grant_lies_beside_the_plans_windows(office: Office) -> None:
    await office.house.user("ada")
    answer = await office.post("/users/ada/grants", amount="12.345", family="open", reason="sorry")
    assert (answer.status_code, answer.json()["amount"]) == (201, "12.345")
    bucket = (await office.read("/users/ada/standing"))["buckets"][0]
    assert (bucket["kind"], bucket["family"], bucket["left"], bucket["reason"]) == ("grant", "open", "12.345", "sorry")
    assert (await office.audited(1))[0]["reason"] == "sorry"


@pytest.mark.parametrize("wrong", [{"amount": "0"}, {"amount": "-1"}, {"amount": "1.2345"}, {"amount": "1", "family": "none"}])
async def test_a_grant_is_a_sound_amount_for_a_family_there_is(office: Office, wrong: dict[str, str]) -> None:
    await office.house.user("ada")
    assert (await office.post("/users/ada/grants", **wrong)).status_code == 400


async def test_a_grant_cannot_have_ended_already(office: Office) -> None:
    await office.house.user("ada")
    assert (await office.post("/users/ada/grants", amount="1", expires_at_ms=1)).status_code == 400


async def test_an_unknown_user_is_not_found(office: Office) -> None:
    for path in ("/users/none", "/users/none/standing", "/users/none/entitlement"):
        assert (await office.get(path)).status_code == 404
    assert (await office.post("/users/none/grants", amount="1")).status_code == 404


async def test_what_a_user_wishes_of_models_is_set_shown_enforced_and_audited(office: Office) -> None:
    key = await office.house.user_key("ada")
    wishes = {"mode": "best", "avoid": ["*"], "only": []}
    answer = await office.patch("/users/ada", wishes=wishes, reason="until the review")
    assert answer.json()["wishes"] == wishes
    refused = await office.call(key)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "model")
    line = (await office.read("/audit"))["data"][0]
    assert (line["after"]["wishes"], line["before"]["wishes"]["avoid"], line["reason"]) == (wishes, [], "until the review")
    assert (await office.patch("/users/ada", name="Ada")).json()["wishes"] == wishes
    await office.patch("/users/ada", wishes={})
    assert (await office.call(key)).status_code == 200
