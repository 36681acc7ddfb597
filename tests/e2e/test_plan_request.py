"""The one long story of a user who wants more: refused, asked, approved by somebody else, answered."""

import httpx2
import pytest

from tests.e2e.conftest import Keys
from tests.e2e.harness import House, chat

CHAT = "/v1/chat/completions"


def _error(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_refused_model_answers_once_an_admin_has_approved_the_plan(house: House, keys: Keys) -> None:
    with house.http(house.key("user", "hopeful", "free")) as user, house.http(keys.admin) as admin:
        refused = user.post(CHAT, json=chat("sim/gold", "at last"))
        assert _error(refused) == (403, "model_not_in_plan")
        plan = refused.json()["error"]["unlocked_by"]
        wish = {"subject": "plan", "target": plan, "words": "I need gold"}
        request = user.post("/api/plan-requests", json=wish).json()
        assert request["status"] == "open"

        waiting = admin.get("/api/admin/plan-requests", params={"status": "open", "user": "hopeful"}).json()["data"]
        assert [row["id"] for row in waiting] == [request["id"]]
        path = f"/api/admin/plan-requests/{request['id']}/approve"
        approved = admin.post(path, json={"answer": "enjoy", "reason": "paid by invoice"})
        assert (approved.status_code, approved.json()["status"]) == (200, "approved")

        answer = user.post(CHAT, json=chat("sim/gold", "at last"))
        assert answer.status_code == 200, answer.text
        assert answer.json()["choices"][0]["message"]["content"] == "at last"
        assert user.get("/api/me").json()["plan"]["id"] == plan
        assert "sim/gold" in {model["id"] for model in user.get("/v1/models").json()["data"]}
        mine = user.get("/api/plan-requests").json()["data"]
        assert [(row["status"], row["answer"]) for row in mine] == [("approved", "enjoy")]

        again = admin.post(path, json={"answer": "twice"})
        assert again.status_code in (409, 412)
        written = admin.get("/api/admin/audit").json()["data"]
        assert any("paid by invoice" in str(row) for row in written)


@pytest.mark.parametrize(
    ("subject", "target"), [("model", "sim/gold"), ("family", "gold"), ("credits", "250")], ids=["model", "family", "credits"]
)
def test_less_than_a_plan_may_be_asked_for_too(house: House, keys: Keys, subject: str, target: str) -> None:
    with house.http(house.key("user", f"modest-{subject}", "free")) as user, house.http(keys.admin) as admin:
        limit = float(user.get("/api/me").json()["windows"][0]["limit"])
        request = user.post("/api/plan-requests", json={"subject": subject, "target": target}).json()
        approved = admin.post(f"/api/admin/plan-requests/{request['id']}/approve", json={"answer": "fine"})
        assert approved.status_code == 200, approved.text
        if subject == "credits":
            assert float(user.get("/api/me").json()["windows"][0]["limit"]) == limit + 250
        else:
            assert user.post(CHAT, json=chat("sim/gold")).status_code == 200
        assert user.get("/api/me").json()["plan"]["id"] == "free"


def test_a_denied_request_changes_nothing_and_is_answered_in_words(house: House, keys: Keys) -> None:
    with house.http(house.key("user", "unlucky", "free")) as user, house.http(keys.admin) as admin:
        request = user.post("/api/plan-requests", json={"subject": "plan", "target": "plus"}).json()
        denied = admin.post(f"/api/admin/plan-requests/{request['id']}/deny", json={"answer": "not this month"})
        assert denied.json()["status"] == "denied"
        assert user.get("/api/plan-requests").json()["data"][0]["answer"] == "not this month"
        assert _error(user.post(CHAT, json=chat("sim/gold"))) == (403, "model_not_in_plan")


def test_nobody_grants_a_wish_of_their_own(house: House) -> None:
    user_key = house.key("user", "boss", "free")
    admin_key = house.key("admin", None, None, "--user", "boss")
    with house.http(user_key) as user, house.http(admin_key) as admin:
        request = user.post("/api/plan-requests", json={"subject": "plan", "target": "plus"}).json()
        answer = admin.post(f"/api/admin/plan-requests/{request['id']}/approve", json={"answer": "of course"})
        assert _error(answer) == (403, "forbidden")
        assert user.get("/api/me").json()["plan"]["id"] == "free"


def test_a_model_can_be_switched_off_and_on_though_its_id_holds_a_slash(house: House, keys: Keys) -> None:
    with house.http(keys.user) as user, house.http(keys.admin) as admin:
        for active, status in ((False, 404), (True, 200)):
            path = "/api/admin/models/sim/vision/activate"
            seen = {"if-match": admin.get("/api/admin/models/sim/vision").headers["etag"]}
            changed = admin.post(path, json={"active": active, "reason": "test"}, headers=seen)
            assert changed.status_code == 200, changed.text
            assert user.post(CHAT, json=chat("sim/vision")).status_code == status


def test_an_unpriced_model_cannot_be_switched_on(house: House, keys: Keys) -> None:
    with house.http(keys.admin) as admin:
        seen = {"if-match": admin.get("/api/admin/models/sim/unpriced").headers["etag"]}
        path = "/api/admin/models/sim/unpriced/activate"
        refused = admin.post(path, json={"active": True, "reason": "test"}, headers=seen)
    assert refused.status_code in (400, 409)
    assert "price" in refused.json()["error"]["message"]


def test_one_call_is_followed_from_its_headers_to_its_ledger_entry(house: House, keys: Keys) -> None:
    with house.http(keys.user) as user, house.http(keys.admin) as admin:
        answered = user.post(CHAT, json=chat("falls-over", signalbox={"metadata": {"feature": "story"}}))
        call_id = answered.headers["x-signalbox-call"]
        mine = user.get(f"/api/calls/{call_id}").json()
        theirs = admin.get(f"/api/admin/model-calls/{call_id}").json()
    assert (mine["model"], mine["status"]) == (answered.headers["x-signalbox-model"], "served")
    assert mine["credits"] == answered.headers["x-signalbox-credits"]
    assert len(mine["attempts"]) == int(answered.headers["x-signalbox-attempts"])
    assert {step["stage"] for step in theirs["timeline"]} >= {
        *("intake", "precheck", "decision", "hold", "attempt", "first_byte", "settle")
    }
    assert any(attempt["provider_request_id"] for attempt in theirs["attempts"])
    entries = house.rows("SELECT kind, amount_milli FROM entries WHERE hold_id = ? ORDER BY id", call_id)
    assert (entries[0][0], entries[-1][0]) == ("hold", "settle")
    assert entries[-1][1] == round(float(mine["credits"]) * 1_000)
    explained = house.command("explain", call_id)
    assert explained.returncode == 0, explained.stderr
    assert "decides the same way again" in explained.stdout
