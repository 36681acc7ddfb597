"""A period replayed: on the same terms everything comes out as it was, to the unit; on others it says who and how much."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from proxy.domain.errors import Fault
from tests.api.admin.office import STRONG, Office
from tests.api.admin.test_catalog_rows import NEW_MODEL
from tests.api.house import Json, Script, stream, whole

DOUBLE = {"multiplier": "2"}


def _around_now() -> dict[str, str]:
    now = datetime.now(UTC)
    return {"from": (now - timedelta(hours=1)).isoformat(), "until": (now + timedelta(hours=1)).isoformat()}


async def _simulated(office: Office, **body: Any) -> Json:
    answer = await office.ask("POST", "/simulate", _around_now() | body)
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    return told


def _greedy() -> Script:
    """A whole answer that is billed far above what was held."""
    value = orjson.loads(b"".join(whole().pieces))
    value["usage"] = {"prompt_tokens": 10, "completion_tokens": 900_000, "total_tokens": 900_010}
    return Script([orjson.dumps(value)])


def _broken() -> Script:
    return Script(stream("half of it").pieces[:2])


FAILS = Script(fault=Fault("server_error"))


async def _mixed(office: Office) -> dict[str, str]:
    """The ids of one call of every kind that a gateway meets, by name."""
    made = await office.post(
        "/plans", id="tiny", name="Tiny", models=["p/cheap"], allowances=[{"window": "day", "credits": "0.01"}]
    )
    assert made.status_code == 201, made.text
    ada, bob = await office.house.user_key("ada", "pro"), await office.house.user_key("bob", "basic")
    poor, scripts = await office.house.user_key("poor", "tiny"), office.house.upstream.scripts
    await office.post("/users/ada/grants", amount="0.005", family="open")
    calls: dict[str, tuple[str, list[Script], Json]] = {
        "whole": (ada, [], {}),
        "stream": (ada, [], {"stream": True}),
        "auto": (ada, [], {"model": "auto", "max_tokens": 70}),
        "assistant": (bob, [], {"model": "general", "signalbox": {"mode": "best"}}),
        "failover": (ada, [FAILS, FAILS], {"model": "gpt"}),
        "chain": (ada, [], {"model": STRONG, "models": [STRONG, "p/cheap"], "n": 1}),
        "failed": (bob, [FAILS, FAILS], {}),
        "broken": (ada, [_broken()], {"stream": True, "model": STRONG}),
        "greedy": (bob, [_greedy()], {"max_tokens": 30}),
        "greedy stream": (ada, [Script(pieces=_stream_that_bills_too_much())], {"stream": True}),
        "not in plan": (bob, [], {"model": STRONG}),
        "unknown": (bob, [], {"model": "p/none"}),
        "poor": (poor, [], {"max_tokens": 4_000}),
        "too dear": (ada, [], {"model": STRONG, "signalbox": {"max_credits": "0.001"}}),
        "unread": (ada, [], {"temperature": "hot"}),
    }
    ids = {}
    for name, (key, answers, fields) in calls.items():
        scripts += answers
        ids[name] = (await office.call(key, **fields)).headers["x-signalbox-call"]
    await office.house.post("/api/ai/precheck", ada, {"prompt": "Hi."})
    return ids


def _stream_that_bills_too_much() -> list[bytes]:
    first, said, end, done = stream().pieces
    value = orjson.loads(end.removeprefix(b"data: "))
    value["usage"] = {"prompt_tokens": 10, "completion_tokens": 500_000, "total_tokens": 500_010}
    return [first, said, b"data: " + orjson.dumps(value) + b"\n\n", done]


async def test_the_same_terms_reproduce_every_decision_and_cost_to_the_unit(office: Office) -> None:
    ids = await _mixed(office)
    found = {name: await office.read(f"/model-calls/{call_id}") for name, call_id in ids.items()}
    statuses = {name: call["status"] for name, call in found.items()}
    assert {statuses[name] for name in ("whole", "stream", "auto", "assistant", "failover", "chain", "greedy")} == {"served"}
    assert (statuses["broken"], statuses["failed"], statuses["poor"]) == ("cut", "failed", "refused")
    assert Decimal(found["greedy"]["absorbed"]) > 0
    assert Decimal(found["greedy stream"]["absorbed"]) > 0
    for terms in ({}, {"catalog": "current"}):
        report = await _simulated(office, **terms)
        total = report["total"]
        assert (report["changed"], total["recorded"]) == ([], total["simulated"])
        assert (total["calls"], report["decided_alike"], report["undecided"]) == (len(ids) - 1, len(ids) - 1, 1)
        assert total["fates"] == {"same": len(ids) - 1}
        assert Decimal(total["recorded"]["credits"]) == sum(Decimal(call["credits"]) for call in found.values())
        assert total["recorded"]["raw_cost_nano_usd"] == sum(call["raw_cost_nano_usd"] for call in found.values())
        assert [user["user_id"] for user in report["users"]] == ["ada", "bob", "poor"]
        assert all(user["recorded"] == user["simulated"] for user in report["users"])


async def test_a_change_made_since_is_seen_under_todays_catalog_alone(office: Office) -> None:
    key = await office.house.user_key("ada", "pro")
    await office.call(key)
    assert (await office.patch("/models/p/cheap", prices={"input": "3", "output": "12"})).status_code == 200
    assert (await _simulated(office))["changed"] == []
    total = (await _simulated(office, catalog="current"))["total"]
    assert total["simulated"]["raw_cost_nano_usd"] == 3 * total["recorded"]["raw_cost_nano_usd"]


async def test_a_model_that_is_yet_to_be_made_is_tried(office: Office) -> None:
    await office.call(await office.house.user_key("ada", "pro"), model="auto")
    row = {**NEW_MODEL, "quality": {"general": 1.0}, "prices": {"input": "0.001", "output": "0.002"}}
    new = {"kind": "model", "id": row.pop("id"), "new": True, "fields": row}
    chosen = {"kind": "assistant", "id": "general", "fields": {"preferences": ["p/new/one"]}}
    for catalog in ("recorded", "current"):
        report = await _simulated(office, catalog=catalog, models=["p/new/one"], patches=[new, chosen])
        assert [call["would"]["model"] for call in report["changed"]] == ["p/new/one"]
        assert (await _simulated(office, catalog=catalog, patches=[new]))["total"]["calls"] == 1
    wrong = await office.ask("POST", "/simulate", _around_now() | {"patches": [{**new, "fields": {**row, "kind": "song"}}]})
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "patches")
    assert "p/new/one" not in office.catalog.current().models


async def test_a_row_that_is_gone_refuses_who_named_it_and_auto_goes_elsewhere(office: Office) -> None:
    key = await office.house.user_key("ada", "pro")
    await office.post("/assistants", id="other", name="Other", family="code", preferences=[STRONG])
    for model in ("gpt", "other", "p/cheap"):
        assert (await office.call(key, model=model)).status_code == 200
    for kind, name in (("alias", "gpt"), ("assistant", "other")):
        report = await _simulated(office, patches=[{"kind": kind, "id": name, "gone": True}])
        assert [(call["fate"], call["would"]["code"]) for call in report["changed"]] == [("refused", "model_not_found")]
    # It is the default one, which nothing may take away.
    wrong = await office.ask(
        "POST", "/simulate", _around_now() | {"patches": [{"kind": "assistant", "id": "general", "gone": True}]}
    )
    assert (wrong.status_code, "general" in wrong.json()["error"]["message"]) == (400, True)
    held = await office.ask("POST", "/simulate", _around_now() | {"patches": [{"kind": "plan", "id": "pro", "gone": True}]})
    assert (held.status_code, "users who hold it: 1" in held.json()["error"]["message"]) == (400, True)


async def test_auto_is_advised_another_assistant_where_the_one_it_had_is_off(office: Office) -> None:
    await office.post("/assistants", id="other", name="Other", family="general", preferences=[STRONG])
    await office.call(await office.house.user_key("ada", "pro"), model="auto")
    off = {"kind": "assistant", "id": "general", "fields": {"enabled": False}}
    default = {"kind": "policy", "id": "policy", "fields": {"default_assistant": "other"}}
    report = await _simulated(office, catalog="current", patches=[off, default])
    assert [call["would"]["model"] for call in report["changed"]] == [STRONG]


async def test_another_multiplier_earns_more_at_the_same_cost(office: Office) -> None:
    key = await office.house.user_key("ada", "pro")
    for _ in range(3):
        await office.call(key, model=STRONG)
    total = (await _simulated(office, **DOUBLE))["total"]
    assert Decimal(total["simulated"]["credits"]) == 2 * Decimal(total["recorded"]["credits"])
    assert total["simulated"]["raw_cost_nano_usd"] == total["recorded"]["raw_cost_nano_usd"]
    assert total["simulated"]["margin_nano_usd"] > total["recorded"]["margin_nano_usd"]


async def test_another_price_costs_more(office: Office) -> None:
    key = await office.house.user_key("ada", "pro")
    await office.call(key)
    dear = {"kind": "model", "id": "p/cheap", "fields": {"prices": {"input": "2", "output": "8"}}}
    report = await _simulated(office, patches=[dear])
    assert report["total"]["simulated"]["raw_cost_nano_usd"] == 2 * report["total"]["recorded"]["raw_cost_nano_usd"]
    assert [change["fate"] for change in report["changed"]] == ["same"]


async def test_another_plan_refuses_what_it_does_not_include_and_downgrades_the_rest(office: Office) -> None:
    key = await office.house.user_key("ada", "pro")
    named = await office.call(key, model=STRONG)
    chained = await office.call(key, models=[STRONG, "p/cheap"], model=STRONG)
    report = await _simulated(office, plan_id="basic")
    changed = {change["call"]: change for change in report["changed"]}
    refused, downgraded = (changed[answer.headers["x-signalbox-call"]] for answer in (named, chained))
    assert (refused["fate"], refused["would"]["code"], refused["would"]["credits"]) == ("refused", "model_not_in_plan", "0")
    assert (downgraded["fate"], downgraded["would"]["model"]) == ("downgraded", "p/cheap")
    assert downgraded["would"]["raw_cost_nano_usd"] * 10 == downgraded["was"]["raw_cost_nano_usd"]
    assert report["users"][0]["fates"] == {"refused": 1, "downgraded": 1}


async def test_an_allow_list_reroutes_or_refuses(office: Office) -> None:
    key = await office.house.user_key("ada", "pro")
    for fields in ({"model": "p/cheap"}, {"model": "gpt"}):
        await office.call(key, **fields)
    changed = (await _simulated(office, models=[STRONG]))["changed"]
    assert [(change["fate"], change["would"]["model"]) for change in changed] == [("refused", None), ("rerouted", STRONG)]


async def test_a_larger_plan_admits_what_was_refused_at_a_cost_nobody_knows(office: Office) -> None:
    key = await office.house.user_key("bob", "basic")
    await office.call(key, model=STRONG)
    report = await _simulated(office, plan_id="pro")
    assert [(change["fate"], change["would"]["model"]) for change in report["changed"]] == [("admitted", STRONG)]
    assert (report["total"]["cost_unknown"], report["total"]["simulated"]["credits"]) == (1, "0")


async def test_a_smaller_allowance_runs_out_in_the_middle(office: Office) -> None:
    key = await office.house.user_key("ada", "pro")
    answers = [await office.call(key, max_tokens=6) for _ in range(4)]
    calls = [answer.headers["x-signalbox-call"] for answer in answers]
    cost = Decimal(answers[0].headers["x-signalbox-credits"])
    allowed = str(2 * cost + cost / 2)
    small = {"kind": "plan", "id": "pro", "fields": {"allowances": [{"window": "month", "credits": allowed}]}}
    report = await _simulated(office, patches=[small])
    refused = [change["call"] for change in report["changed"]]
    assert 0 < len(refused) < 4
    assert refused == calls[-len(refused) :]
    assert {change["would"]["code"] for change in report["changed"]} == {"insufficient_credits"}
    assert Decimal(report["total"]["simulated"]["credits"]) == (4 - len(refused)) * cost <= Decimal(allowed)


async def test_it_says_where_it_stopped(office: Office) -> None:
    key = await office.house.user_key("ada", "pro")
    calls = [(await office.call(key)).headers["x-signalbox-call"] for _ in range(3)]
    report = await _simulated(office, limit=2)
    assert (report["total"]["calls"], report["stopped_after"]) == (2, calls[1])
    rest = await _simulated(office, limit=3)
    assert (rest["total"]["calls"], rest["stopped_after"], rest["stopped_at_ms"]) == (3, None, None)


async def test_it_can_be_about_one_user(office: Office) -> None:
    for name in ("ada", "bob"):
        await office.call(await office.house.user_key(name, "pro"))
    report = await _simulated(office, user="bob", **DOUBLE)
    assert [user["user_id"] for user in report["users"]] == ["bob"]


async def test_it_changes_nothing(office: Office) -> None:
    key = await office.house.user_key("ada", "pro")
    await office.call(key)

    async def seen() -> list[Json]:
        found = [await office.read(path) for path in ("/catalog", "/audit", "/users/ada/standing", "/model-calls")]
        return [{name: value for name, value in page.items() if name != "at_ms"} for page in found]

    before = await seen()
    await _simulated(office, plan_id="basic", models=["p/cheap"], **DOUBLE)
    assert await seen() == before


@pytest.mark.parametrize(
    "body",
    [
        {"plan_id": "none"},
        {"multiplier": "zero"},
        {"limit": 5_001},
        {"patches": [{"kind": "model", "id": "p/none", "fields": {"active": False}}]},
        {"patches": [{"kind": "provider", "id": "p", "fields": {"base_url": "http://elsewhere"}}]},
        {"patches": [{"kind": "model", "id": "p/cheap", "fields": {"family": ""}}]},
        {"patches": [{"kind": "model", "id": "p/cheap", "fields": {}}]},
        {"patches": [{"kind": "alias", "id": "gpt", "gone": True, "fields": {"models": ["p/cheap"]}}]},
        {"patches": [{"kind": "alias", "id": "none", "gone": True}]},
        {"patches": [{"kind": "provider", "id": "p", "gone": True}]},
        {"models": ["p/none"]},
        {"until": "2020-01-01T00:00:00Z"},
        {"unknown": 1},
    ],
)
async def test_wrong_terms_are_named(office: Office, body: Json) -> None:
    answer = await office.ask("POST", "/simulate", _around_now() | body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")


async def test_supporters_simulate_nothing(office: Office) -> None:
    answer = await office.ask("POST", "/simulate", _around_now(), key=office.support)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
