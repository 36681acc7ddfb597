"""Plan requests through the admin's door: what approval gives, and who may not decide."""

from decimal import Decimal
from math import ceil
from typing import Any

import pytest

from tests.api.admin.office import STRONG, Office
from tests.api.house import Json

ANSWER = {"answer": "With pleasure."}


async def _asked(office: Office, subject: str, target: str, user_id: str = "ada") -> tuple[str, str]:
    """The user's key, and the id of the request it made."""
    key = await office.house.user_key(user_id)
    office.house.shown.catalog = office.catalog.current()
    filed = await office.house.post("/api/plan-requests", key, {"subject": subject, "target": target, "words": "please"})
    assert filed.status_code == 201, filed.text
    return key, filed.json()["id"]


async def _decide(office: Office, request_id: str, how: str = "approve", **body: Any) -> Json:
    answer = await office.ask("POST", f"/plan-requests/{request_id}/{how}", ANSWER | body)
    assert answer.status_code == 200, answer.text
    decided: Json = answer.json()
    return decided


async def test_an_approved_model_answers_that_was_refused_before(office: Office) -> None:
    key, request_id = await _asked(office, "model", STRONG)
    assert (await office.call(key, model=STRONG)).status_code == 403
    decided = await _decide(office, request_id)
    assert (decided["status"], decided["answer"], decided["user_id"]) == ("approved", "With pleasure.", "ada")
    assert (await office.call(key, model=STRONG)).status_code == 200


async def test_an_approved_plan_is_the_users_plan(office: Office) -> None:
    _, request_id = await _asked(office, "plan", "pro")
    await _decide(office, request_id)
    assert (await office.read("/users/ada/entitlement"))["plan_id"] == "pro"


async def test_approved_credits_raise_this_months_allowance_and_end_with_it(office: Office) -> None:
    _, request_id = await _asked(office, "credits", "250.5")
    assert (await office.read(f"/plan-requests/{request_id}"))["target"] == "250.5"
    await _decide(office, request_id)
    window = (await office.read("/users/ada/standing"))["windows"][0]
    override = (await office.read("/users/ada/entitlement"))["overrides"][0]
    assert (window["limit"], override["until_ms"]) == ("1250.5", window["resets_at_ms"])


async def test_credits_can_be_given_for_longer(office: Office) -> None:
    _, request_id = await _asked(office, "credits", "250")
    await _decide(office, request_id, until_ms=99_999_999_999_999)
    assert (await office.read("/users/ada/entitlement"))["overrides"][0]["until_ms"] == 99_999_999_999_999


async def test_an_approved_family_opens_all_its_models(office: Office) -> None:
    _, request_id = await _asked(office, "family", "frontier")
    await _decide(office, request_id)
    assert (await office.read("/users/ada/entitlement"))["overrides"][0]["extra_models"] == [STRONG]


async def test_a_denied_request_changes_nothing_but_itself(office: Office) -> None:
    _, request_id = await _asked(office, "plan", "pro")
    decided = await _decide(office, request_id, "deny", reason="over budget")
    assert (decided["status"], decided["decided_by"].split(":")[0]) == ("denied", "key")
    assert (await office.read("/users/ada/entitlement"))["plan_id"] == "basic"
    assert (await office.audited(1))[0]["reason"] == "over budget"


async def test_a_decided_request_stays_decided(office: Office) -> None:
    _, request_id = await _asked(office, "plan", "pro")
    await _decide(office, request_id, "deny")
    answer = await office.ask("POST", f"/plan-requests/{request_id}/approve", ANSWER)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


@pytest.mark.parametrize("how", ["approve", "deny"])
async def test_nobody_decides_their_own_request(office: Office, how: str) -> None:
    _, request_id = await _asked(office, "plan", "pro")
    own = await office.house.key("admin", user_id="ada")
    answer = await office.ask("POST", f"/plan-requests/{request_id}/{how}", ANSWER, key=own)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    assert (await office.read(f"/plan-requests/{request_id}"))["status"] == "open"


async def test_a_decision_needs_words(office: Office) -> None:
    _, request_id = await _asked(office, "plan", "pro")
    for words in ({}, {"answer": "  "}):
        assert (await office.ask("POST", f"/plan-requests/{request_id}/approve", words)).status_code == 400


async def test_what_has_left_the_catalog_is_not_given(office: Office) -> None:
    _, request_id = await _asked(office, "plan", "pro")
    etag = (await office.get("/plans/pro")).headers["etag"]
    await office.ask("DELETE", "/plans/pro?reason=over", if_match=etag)
    answer = await office.ask("POST", f"/plan-requests/{request_id}/approve", ANSWER)
    assert (answer.status_code, (await office.read(f"/plan-requests/{request_id}"))["status"]) == (409, "open")


async def test_requests_are_listed_by_status_and_user(office: Office) -> None:
    _, first = await _asked(office, "plan", "pro")
    _, second = await _asked(office, "credits", "1", "bob")
    await _decide(office, first, "deny")
    assert [r["id"] for r in (await office.read("/plan-requests?status=open"))["data"]] == [second]
    assert [r["id"] for r in (await office.read("/plan-requests?user=ada"))["data"]] == [first]
    assert (await office.get("/plan-requests?status=lost")).status_code == 400


# --- what it would cost -----------------------------------------------------------------------------------------------


async def _prospect(office: Office, request_id: str) -> Json:
    prospect: Json = (await office.read(f"/plan-requests/{request_id}"))["prospect"]
    return prospect


async def test_a_plan_is_forecast_to_cost_what_the_same_calls_then_cost_live(office: Office) -> None:
    key, request_id = await _asked(office, "plan", "pro")
    paid = [(await office.call(key)).headers["x-signalbox-credits"] for _ in range(3)]
    prospect = await _prospect(office, request_id)
    assert (prospect["days"], prospect["complete"], prospect["made"]["calls"]) == (30, True, 3)
    assert Decimal(prospect["made"]["credits"]) == sum(map(Decimal, paid))
    await _decide(office, request_id)
    live = [(await office.call(key)).headers["x-signalbox-credits"] for _ in range(3)]
    (cost,) = prospect["would_cost"]
    assert (cost["name"], Decimal(cost["credits"])) == ("pro", sum(map(Decimal, live)))
    assert cost["raw_cost_nano_usd"] == prospect["made"]["raw_cost_nano_usd"] > 0
    assert live != paid


async def test_a_model_is_forecast_to_cost_what_the_same_calls_then_cost_live(office: Office) -> None:
    key, request_id = await _asked(office, "model", STRONG)
    await office.call(key)
    (cost,) = (await _prospect(office, request_id))["would_cost"]
    await _decide(office, request_id)
    live = await office.call(key, model=STRONG)
    detail = await office.read(f"/model-calls/{live.headers['x-signalbox-call']}")
    assert (cost["name"], cost["credits"]) == (STRONG, live.headers["x-signalbox-credits"])
    assert cost["raw_cost_nano_usd"] == detail["raw_cost_nano_usd"]


async def test_extra_credits_are_forecast_by_what_their_user_spends_them_on(office: Office) -> None:
    key, request_id = await _asked(office, "credits", "500")
    assert (await _prospect(office, request_id))["would_cost"][0]["raw_cost_nano_usd"] is None
    await office.call(key)
    prospect = await _prospect(office, request_id)
    (cost,), made = prospect["would_cost"], prospect["made"]
    worth = 500 * made["raw_cost_nano_usd"] / Decimal(made["credits"])
    assert (cost["credits"], cost["raw_cost_nano_usd"]) == ("500", ceil(worth))


async def test_a_decided_request_has_no_forecast_and_its_user_never_sees_one(office: Office) -> None:
    key, request_id = await _asked(office, "plan", "pro")
    await office.call(key)
    assert "nano" not in (await office.house.get("/api/plan-requests", key)).text
    await _decide(office, request_id)
    assert await _prospect(office, request_id) is None


# --- in part, and when ------------------------------------------------------------------------------------------------


async def test_fewer_credits_than_asked_for_may_be_given_and_the_user_sees_how_many(office: Office) -> None:
    key, request_id = await _asked(office, "credits", "250")
    more = await office.ask("POST", f"/plan-requests/{request_id}/approve", ANSWER | {"credits": "251"})
    assert more.status_code == 400
    await _decide(office, request_id, credits="100")
    window = (await office.read("/users/ada/standing"))["windows"][0]
    assert window["limit"] == "1100"
    (told,) = (await office.house.get("/api/plan-requests", key)).json()["data"]
    assert (told["target"], told["given"], told["until_ms"]) == ("250", "100", window["resets_at_ms"])


async def test_some_models_of_a_family_may_be_given(office: Office) -> None:
    key, request_id = await _asked(office, "family", "frontier")
    wrong = await office.ask("POST", f"/plan-requests/{request_id}/approve", ANSWER | {"models": ["p/cheap"]})
    assert wrong.status_code == 400
    assert (await _decide(office, request_id, models=[STRONG]))["given"] == STRONG
    assert (await office.call(key, model=STRONG)).status_code == 200


async def test_a_plan_given_until_a_date_is_followed_by_the_one_before(office: Office) -> None:
    _, request_id = await _asked(office, "plan", "pro")
    until_ms = office.house.parts.clock.now_ms() + 10**9
    decided = await _decide(office, request_id, until_ms=until_ms)
    assert (decided["given"], decided["until_ms"]) == ("pro", until_ms)
    entitlement = await office.read("/users/ada/entitlement")
    assert (entitlement["plan_id"], entitlement["next_plan"]) == ("pro", {"plan_id": "basic", "from_ms": until_ms})


async def test_a_plan_may_begin_with_the_next_month(office: Office) -> None:
    _, request_id = await _asked(office, "plan", "pro")
    edge_ms = (await office.read("/users/ada/standing"))["windows"][0]["resets_at_ms"]
    await _decide(office, request_id, at="next_month")
    entitlement = await office.read("/users/ada/entitlement")
    assert (entitlement["plan_id"], entitlement["next_plan"]) == ("basic", {"plan_id": "pro", "from_ms": edge_ms})


@pytest.mark.parametrize("part", [{"credits": "1"}, {"models": [STRONG]}, {"at": "next_month", "until_ms": 99_999_999_999_999}])
async def test_a_part_of_something_else_is_a_mistake(office: Office, part: Json) -> None:
    _, request_id = await _asked(office, "plan", "pro")
    assert (await office.ask("POST", f"/plan-requests/{request_id}/approve", ANSWER | part)).status_code == 400


async def test_only_a_plan_begins_with_a_month(office: Office) -> None:
    _, request_id = await _asked(office, "model", STRONG)
    answer = await office.ask("POST", f"/plan-requests/{request_id}/approve", ANSWER | {"at": "next_month"})
    assert answer.status_code == 400
