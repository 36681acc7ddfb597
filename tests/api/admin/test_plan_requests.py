"""Plan requests through the admin's door: what approval gives, and who may not decide."""

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
