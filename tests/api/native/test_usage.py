"""Claims about `GET /api/usage`: the caller's own calls in groups, adding up, in credits alone."""

import csv
import io

import pytest

from proxy.domain.assistant import Budget
from proxy.domain.catalog import Catalog
from proxy.domain.plan import Allowance
from tests import builders as b
from tests.api.house import House, code_of


async def test_groups_add_up_to_what_the_calls_cost(house: House) -> None:
    key = await house.user_key("u1", "pro")
    paid = [
        float((await house.chat(key, model)).headers["x-signalbox-credits"]) for model in ("p/cheap", "p/cheap", "p/strong")
    ]
    for group in ("day", "family", "model", "assistant"):
        report = (await house.get(f"/api/usage?group={group}", key)).json()
        assert float(report["total"]["credits"]) == pytest.approx(sum(paid))
        assert sum(float(row["credits"]) for row in report["data"]) == pytest.approx(sum(paid))
        assert report["total"]["calls"] == 3
    by_model = (await house.get("/api/usage?group=model", key)).json()["data"]
    assert {row["group"]: row["calls"] for row in by_model} == {"p/cheap": 2, "p/strong": 1}


async def test_a_tag_groups_by_its_values(house: House) -> None:
    key = await house.user_key()
    for feature in ("search", "search", "mail"):
        await house.chat(key, signalbox={"metadata": {"feature": feature}})
    rows = (await house.get("/api/usage?group=tag&tag=feature", key)).json()["data"]
    assert {row["group"]: row["calls"] for row in rows} == {"search": 2, "mail": 1}


async def test_nobody_sees_anothers_usage(house: House) -> None:
    await house.chat(await house.user_key())
    report = (await house.get("/api/usage", await house.user_key("u2"))).json()
    assert (report["data"], report["total"]["calls"]) == ([], 0)


async def test_moments_bound_the_report(house: House) -> None:
    key = await house.user_key()
    await house.chat(key)
    report = (await house.get("/api/usage?from=2020-01-01&until=2020-02-01T00:00:00Z", key)).json()
    assert (report["from_ms"], report["until_ms"], report["data"]) == (1_577_836_800_000, 1_580_515_200_000, [])


async def test_a_day_that_the_period_touches_is_told_whole(house: House) -> None:
    key = await house.user_key()
    report = (await house.get("/api/usage?from=2020-01-01T09:30:00Z&until=2020-01-03T00:00:01Z", key)).json()
    assert (report["from_ms"], report["until_ms"]) == (1_577_836_800_000, 1_578_096_000_000)
    none = (await house.get("/api/usage?from=2020-01-01T09:30:00Z&until=2020-01-01T09:30:00Z", key)).json()
    assert (none["from_ms"], none["until_ms"], none["data"]) == (1_577_871_000_000, 1_577_871_000_000, [])


async def test_windows_say_where_they_are_heading(house: House) -> None:
    allowances = (Allowance("day", 1_000_000), Allowance("total", 9_000_000))
    house.shown.catalog = b.catalog(b.model("p/cheap"), b.plan("basic", models=("p/cheap",), allowances=allowances))
    key = await house.user_key()
    await house.chat(key)
    report = (await house.get("/api/usage", key)).json()
    day, total = report["windows"]
    assert (day["window"], day["spent"]) == ("day", report["total"]["credits"])
    assert day["resets_at_ms"] - day["began_at_ms"] == 86_400_000
    assert day["forecast"]["state"] in ("too_early", "lasts")
    assert (total["began_at_ms"], total["forecast"]) == (0, None)


async def test_an_allowance_that_is_spent_has_run_out(house: House) -> None:
    spent_up = b.plan("basic", models=("p/cheap",), allowances=(Allowance("month", 0),))
    house.shown.catalog = b.catalog(b.model("p/cheap"), spent_up)
    (month,) = (await house.get("/api/usage", await house.user_key())).json()["windows"]
    assert month["forecast"]["state"] == "runs_out"
    assert month["began_at_ms"] <= month["forecast"]["runs_out_at_ms"] < month["resets_at_ms"]


async def test_a_spreadsheet_gets_the_same_groups_and_no_formula(house: House) -> None:
    key = await house.user_key()
    for feature in ("=cmd()", "search"):
        await house.chat(key, signalbox={"metadata": {"feature": feature}})
    told = (await house.get("/api/usage?group=tag&tag=feature", key)).json()["data"]
    answer = await house.get("/api/usage?group=tag&tag=feature&format=csv", key)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert rows[0] == ["tag", "calls", "input_tokens", "output_tokens", "credits"]
    assert [row[0] for row in rows[1:]] == ["'=cmd()", "search"]
    assert [row[1:] for row in rows[1:]] == [[str(value) for name, value in row.items() if name != "group"] for row in told]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("group=colour", "group"),
        ("format=xls", "format"),
        ("group=tag", "query"),
        ("tag=feature", "query"),
        ("from=yesterday", "from"),
        ("from=2026-01-01&until=2025-01-01", "from"),
        ("from=2020-01-01&until=2025-01-01", "from"),
        ("group=tag&tag=%00", "tag"),
    ],
)
async def test_a_wrong_query_is_named(house: House, query: str, param: str) -> None:
    answer = await house.get(f"/api/usage?{query}", await house.user_key())
    assert code_of(answer) == (400, "invalid_request")
    assert answer.json()["error"]["param"] == param


def _rationed(limit_milli: int) -> Catalog:
    return b.catalog(
        b.model("p/cheap"),
        b.assistant("general", "p/cheap"),
        b.assistant("coder", "p/cheap", budgets=(Budget("day", limit_milli),)),
        b.assistant("hidden", "p/cheap", budgets=(Budget("day", 1),), plans=("staff",)),
        b.plan("basic", models=("p/cheap",)),
        b.plan("staff", models=("p/cheap",), rank=9),
    )


async def test_what_may_be_spent_on_an_assistant_is_shown_and_counts_its_calls_alone(house: House) -> None:
    house.shown.catalog = _rationed(1_000_000)
    key = await house.user_key()
    await house.chat(key, "general")
    paid = (await house.chat(key, "coder")).headers["x-signalbox-credits"]
    (budget,) = (await house.get("/api/usage", key)).json()["budgets"]
    assert (budget["assistant"], budget["window"], budget["limit"], budget["spent"]) == ("coder", "day", "1000", paid)
    assert budget["resets_at_ms"] % 86_400_000 == 0
    assert all("coder" not in cap["scope"] for cap in (await house.get("/api/me", key)).json()["caps"])


async def test_a_spent_budget_refuses_its_assistant_and_nobody_else(house: House) -> None:
    house.shown.catalog = _rationed(1)
    key = await house.user_key()
    refused = await house.chat(key, "coder")
    assert code_of(refused) == (402, "assistant_budget_reached")
    assert refused.headers["x-should-retry"] == "false"
    assert (await house.chat(key, "general")).status_code == (await house.chat(key, "p/cheap")).status_code == 200
    foreseen = (await house.post("/api/ai/precheck", key, {"assistant": "coder", "prompt": "Hi."})).json()
    assert foreseen["refusal"]["code"] == "assistant_budget_reached"
    estimated = (await house.post("/api/ai/estimate", key, {"assistant": "coder", "prompt": "Hi."})).json()
    assert (estimated["refusal"]["code"], estimated["budgets"][0]["assistant"]) == ("assistant_budget_reached", "coder")
