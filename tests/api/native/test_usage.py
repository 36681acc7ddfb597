"""Claims about `GET /api/usage`: the caller's own calls in groups, adding up, in credits alone."""

import pytest

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


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("group=colour", "group"),
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
