"""One call as admins and supporters read it, and the list it stands in."""

from decimal import Decimal

from proxy.api.admin.call_views import with_settlement
from proxy.domain.call import Mark
from proxy.domain.desk import Entry
from proxy.domain.errors import Fault
from tests import builders as b
from tests.api.admin.office import STRONG, Office
from tests.api.house import Json, Script

PROMPT = "the marker of the prompt"


async def _made(office: Office, **fields: object) -> tuple[str, Json]:
    """A user's key and the call it made, as the admin reads it."""
    key = await office.house.user_key("ada")
    answer = await office.call(key, messages=[{"role": "user", "content": PROMPT}], **fields)
    return key, await office.read(f"/model-calls/{answer.headers['x-signalbox-call']}")


async def test_a_served_call_shows_what_it_cost_and_what_the_caller_saw(office: Office) -> None:
    _, call = await _made(office)
    assert (call["status"], call["model"], call["provider"], call["user_id"]) == ("served", "p/cheap", "p", "ada")
    assert call["raw_cost_nano_usd"] == call["attempts"][0]["raw_cost_nano_usd"] > 0
    why = "You asked for it by name."
    assert call["saw"] == {"http_status": 200, "code": None, "reason": "named", "why": why, "credits": call["credits"]}
    assert Decimal(call["credits"]) > 0


async def test_an_attempt_shows_the_providers_request_id_and_its_multiplier(office: Office) -> None:
    _, call = await _made(office)
    attempt = call["attempts"][0]
    assert (attempt["provider_request_id"], attempt["provider_status"], attempt["fault"]) == ("prov-request-1", 200, None)
    assert (attempt["multiplier"], attempt["charged"]) == ("1.37", True)


async def test_the_entries_of_a_call_sum_to_what_was_charged(office: Office) -> None:
    _, call = await _made(office)
    kinds = [entry["kind"] for entry in call["entries"]]
    assert (kinds[0], kinds[-1], call["entries"][-1]["amount"]) == ("hold", "settle", call["credits"])
    month = [line for entry in call["entries"] for line in entry["lines"] if "/month" in line["counter"]]
    assert sum(Decimal(line["held"]) for line in month) == 0
    assert sum(Decimal(line["spent"]) for line in month) == Decimal(call["credits"])


async def test_the_timeline_runs_from_intake_to_settlement(office: Office) -> None:
    _, call = await _made(office)
    stages = [step["stage"] for step in call["timeline"]]
    assert stages[:3] == ["intake", "precheck", "decision"]
    assert {"hold", "attempt", "first_byte"} < set(stages)
    assert stages[-1] == "settle"
    assert all(step["duration_us"] >= 0 for step in call["timeline"])


def test_settlement_lasts_from_the_last_mark_to_the_books_own_time() -> None:
    call = b.call(at_ms=1_000, timeline=(Mark("intake", 0, 100), Mark("attempt", 100, 19_900)))
    entries = [Entry("h:0", "h", "u1", "hold", 5, 1_001, ()), Entry("h:2", "h", "u1", "settle", 4, 1_025, ())]
    assert with_settlement(call, entries)[-1] == Mark("settle", 20_000, 5_000, "settle")


def test_a_clock_that_went_back_makes_no_negative_duration() -> None:
    call = b.call(at_ms=1_000, timeline=(Mark("attempt", 0, 20_000),))
    assert with_settlement(call, [Entry("h:2", "h", "u1", "release", 0, 900, ())])[-1].duration_us == 0


def test_an_unresolved_call_has_no_settlement() -> None:
    call = b.call(timeline=(Mark("intake", 0, 100),))
    assert with_settlement(call, [Entry("h:0", "h", "u1", "hold", 5, 1_001, ())]) == [Mark("intake", 0, 100)]


async def test_the_decision_shows_every_candidate_and_why(office: Office) -> None:
    _, call = await _made(office, model="gpt")
    decision = call["decision"]
    assert [(c["model"], c["reason"]["code"]) for c in decision["chain"]] == [("p/cheap", "ordered")]
    assert [(d["model"], d["reason"]["code"]) for d in decision["dropped"]] == [(STRONG, "not_in_plan")]
    assert decision["dropped"][0]["reason"]["why"] == "Your plan does not include it."


async def test_a_failover_shows_each_try(office: Office) -> None:
    await office.house.user("ada", "pro")
    office.house.upstream.scripts += [Script(fault=Fault("connect")), Script(fault=Fault("connect"))]
    _, call = await _made(office, model="gpt")
    assert [attempt["fault"] for attempt in call["attempts"]][-1] is None
    assert call["attempts"][0]["fault"] == "connect"
    assert (call["attempts"][0]["charged"], call["attempts"][0]["credits"]) == (False, "0")


async def test_a_refused_call_shows_its_code_and_no_attempt(office: Office) -> None:
    key = await office.house.user_key("ada")
    answer = await office.call(key, model=STRONG)
    call = await office.read(f"/model-calls/{answer.headers['x-signalbox-call']}")
    assert (call["status"], call["saw"]["code"], call["attempts"]) == ("refused", "model_not_in_plan", [])
    assert (call["credits"], call["raw_cost_nano_usd"], call["decision"]["chain"]) == ("0", 0, [])


async def test_no_view_of_a_call_holds_its_prompt(office: Office) -> None:
    _, call = await _made(office)
    for key in (office.admin, office.support):
        for path in ("/model-calls", f"/model-calls/{call['id']}"):
            assert PROMPT not in (await office.get(path, key)).text


async def test_supporters_see_the_story_and_none_of_the_money_behind_it(office: Office) -> None:
    _, call = await _made(office, model="gpt")
    seen = await office.read(f"/model-calls/{call['id']}", office.support)
    assert seen["timeline"] == call["timeline"]
    assert seen["saw"] == call["saw"]
    assert [c["model"] for c in seen["decision"]["chain"]] == ["p/cheap"]
    assert set(call) - set(seen) == {"raw_cost_nano_usd", "absorbed", "key_id"}
    assert set(call["attempts"][0]) - set(seen["attempts"][0]) == {"raw_cost_nano_usd", "multiplier"}
    hidden = set(call["decision"]["chain"][0]) - set(seen["decision"]["chain"][0])
    assert hidden == {"score", "input_tokens_max", "worst_credits"}


async def test_supporters_see_what_moved_in_credits_of_users_and_apps_alone(office: Office) -> None:
    caps = [{"window": "day", "credits": "50"}]
    user = {"id": "una", "name": "Una", "plan_id": "pro"}
    assert (await office.post("/users", **user)).status_code == 201
    key = (await office.post("/keys", kind="user", name="k", user_id="una", caps=caps)).json()["key"]
    call_id = (await office.call(key)).json()["id"]
    lines = {
        who: [line for entry in (await office.read(path, token))["entries"] for line in entry["lines"]]
        for path in (f"/model-calls/{call_id}",)
        for who, token in (("admin", office.admin), ("support", office.support))
    }
    assert {line["scope"].partition(":")[0] for line in lines["admin"]} >= {"user", "key"}
    seen = [line for line in lines["admin"] if line["unit"] == "credits" and line["scope"].startswith("user:")]
    assert seen
    assert lines["support"] == seen


async def test_supporters_cannot_ask_by_key(office: Office) -> None:
    assert (await office.get("/model-calls?key=abc", office.support)).status_code == 403


async def test_filters_narrow_the_list(office: Office) -> None:
    key, call = await _made(office)
    await office.house.user("bob")
    found = {
        "user=ada": 1,
        "user=bob": 0,
        "app=shop": 0,
        f"key={key.split('_')[2]}": 1,
        "key=none": 0,
        "model=p/cheap": 1,
        f"model={STRONG}": 0,
        "status=served": 1,
        "status=refused": 0,
        "from=2020-01-01": 1,
        "from=2100-01-01": 0,
        "until=2020-01-01T00:00:00Z": 0,
    }
    for query, count in found.items():
        data = (await office.read(f"/model-calls?{query}"))["data"]
        assert [row["id"] for row in data] == [call["id"]] * count, query


async def test_pages_follow_each_other_newest_first(office: Office) -> None:
    made = [(await _made(office))[1]["id"] for _ in range(3)]
    first = await office.read("/model-calls?limit=2")
    assert [row["id"] for row in first["data"]] == [made[2], made[1]]
    rest = await office.read(f"/model-calls?limit=2&before={first['next_before']}")
    assert ([row["id"] for row in rest["data"]], rest["next_before"]) == ([made[0]], None)


async def test_a_wrong_filter_is_a_mistake_and_not_everything(office: Office) -> None:
    for query in ("limit=201", "limit=0", "status=lost", "from=yesterday", "usr=ada", "user=%00"):
        assert (await office.get(f"/model-calls?{query}")).status_code == 400, query


async def test_an_unknown_call_is_not_found(office: Office) -> None:
    assert (await office.get("/model-calls/none")).status_code == 404


async def test_a_refund_gives_all_back_once_and_is_seen_by_everybody(office: Office) -> None:
    key, call = await _made(office)
    refunded = await office.post(f"/model-calls/{call['id']}/refund", reason="our fault")
    assert refunded.status_code == 200, refunded.text
    assert (refunded.json()["credits"], refunded.json()["refunded"]) == ("0", call["credits"])
    told = (await office.house.get(f"/api/calls/{call['id']}", key)).json()
    assert (told["credits"], told["refunded"]) == ("0", call["credits"])
    (listed,) = (await office.house.get("/api/calls", key)).json()["data"]
    assert listed["refunded"] == call["credits"]
    assert (await office.house.get("/api/me", key)).json()["windows"][0]["spent"] == "0"
    assert (await office.house.get("/api/usage", key)).json()["total"]["credits"] == "0"
    detail = await office.read(f"/model-calls/{call['id']}")
    assert (detail["entries"][-1]["kind"], detail["entries"][-1]["amount"]) == ("adjust", f"-{call['credits']}")
    assert (detail["saw"]["credits"], detail["raw_cost_nano_usd"]) == (call["credits"], call["raw_cost_nano_usd"])
    line = (await office.audited(1))[0]
    assert (line["action"], line["subject"], line["reason"]) == ("call.refund", f"call:{call['id']}", "our fault")
    again = await office.post(f"/model-calls/{call['id']}/refund")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")


async def test_nothing_is_refunded_where_nothing_was_charged(office: Office) -> None:
    key = await office.house.user_key("ada")
    refused = await office.call(key, model=STRONG)
    call_id = refused.headers["x-signalbox-call"]
    assert (await office.post(f"/model-calls/{call_id}/refund")).status_code == 409
    assert (await office.post("/model-calls/call_none/refund")).status_code == 404
    body = {"reason": "I wish"}
    assert (await office.ask("POST", f"/model-calls/{call_id}/refund", body, key=office.support)).status_code == 403
