"""Analytics as admins read them: sums of what the calls were, with cost, margin and latency, bounded and for nobody else."""

from decimal import Decimal

import pytest

from proxy.domain.errors import Fault
from tests.api.admin.office import STRONG, Office
from tests.api.house import Json, Script


async def _groups(office: Office, query: str = "") -> dict[str, Json]:
    return {row["group"]: row for row in (await office.read(f"/analytics?{query}"))["data"]}


async def _traffic(office: Office) -> list[Json]:
    """Three answered calls of two users, one of them by failover, and a refused one; as the register has them."""
    ada, bob = await office.house.user_key("ada", "pro"), await office.house.user_key("bob", "basic")
    answers = [await office.call(ada), await office.call(ada, model=STRONG, signalbox={"metadata": {"feature": "search"}})]
    office.house.upstream.scripts += [Script(fault=Fault("server_error"))] * 2
    answers += [await office.call(ada, model="gpt"), await office.call(bob, model=STRONG)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 403]
    return [await office.read(f"/model-calls/{answer.headers['x-signalbox-call']}") for answer in answers]


async def test_every_group_adds_up_to_the_calls_themselves(office: Office) -> None:
    calls = await _traffic(office)
    raw_cost, credits = sum(c["raw_cost_nano_usd"] for c in calls), sum(Decimal(c["credits"]) for c in calls)
    for group in ("user", "model", "provider"):
        report = await office.read(f"/analytics?group={group}")
        rows = report["data"]
        assert sum(row["raw_cost_nano_usd"] for row in rows) == raw_cost == report["total"]["raw_cost_nano_usd"]
        assert sum(Decimal(row["credits"]) for row in rows) == credits == Decimal(report["total"]["credits"])
        assert sum(row["calls"]["all"] for row in rows) == 4
        assert sum(row["tokens"]["output"] for row in rows) == 15


async def test_faults_stand_with_the_model_that_made_them(office: Office) -> None:
    await _traffic(office)
    models = await _groups(office)
    assert (models["p/cheap"]["calls"]["served"], models["p/cheap"]["attempts"], models["p/cheap"]["faults"]) == (1, 3, 2)
    assert (models[STRONG]["calls"]["served"], models[STRONG]["attempts"], models[STRONG]["faults"]) == (2, 2, 0)
    assert models[""]["calls"]["refused"] == 1


async def test_margin_is_what_credits_are_sold_for_less_raw_cost(office: Office) -> None:
    bob = await office.house.user_key("bob", "basic")
    await office.call(bob)
    (row,) = (await _groups(office, "group=user")).values()
    assert row["earned_nano_usd"] == int(Decimal(row["credits"]) / 1_000 * 10**9)
    assert row["margin_nano_usd"] == row["earned_nano_usd"] - row["raw_cost_nano_usd"]
    assert 0.36 < row["margin_nano_usd"] / row["raw_cost_nano_usd"] < 1.5


async def test_tags_are_told_by_name_and_value(office: Office) -> None:
    await _traffic(office)
    assert list(await _groups(office, "group=tag")) == ["feature=search"]
    assert await _groups(office, "group=tag&tag=team") == {}


async def test_the_dearest_come_first_and_no_more_than_asked(office: Office) -> None:
    await _traffic(office)
    assert list(await _groups(office, "group=model&limit=1")) == [STRONG]


async def test_users_are_told_from_the_one_on_where_the_answer_before_stopped(office: Office) -> None:
    await _traffic(office)
    assert (await office.read("/analytics?group=user"))["next_after"] is None
    assert list(await _groups(office, "group=user&after=ada")) == ["bob"]


async def test_answered_calls_have_times(office: Office) -> None:
    await _traffic(office)
    latency = (await office.read("/analytics"))["total"]["latency"]
    assert all(time is not None and time >= 0 for time in latency.values())


async def test_a_period_without_calls_has_nothing_in_it(office: Office) -> None:
    report = await office.read("/analytics?from=2020-01-01&until=2020-01-02")
    assert (report["from_ms"], report["until_ms"]) == (1_577_836_800_000, 1_577_923_200_000)
    assert (report["data"], report["total"]) == ([], None)


@pytest.mark.parametrize(
    "query",
    [
        "group=colour",
        "tag=x",
        "group=user&tag=x",
        "after=ada",
        "limit=201",
        "limit=0",
        "from=2020-01-01&until=2025-01-01",
        "usr=ada",
    ],
)
async def test_a_wrong_query_is_a_mistake(office: Office, query: str) -> None:
    assert (await office.get(f"/analytics?{query}")).status_code == 400


async def test_supporters_see_none_of_it(office: Office) -> None:
    answer = await office.get("/analytics", office.support)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
