"""Claims about what the gateway tells of itself as it runs: figures of the last minute, to administrators, within bounds."""

import asyncio
from dataclasses import replace

import httpx2
import pytest

from proxy.api.admin import overview
from proxy.api.gateway import build_gateway
from proxy.api.offices import build_offices
from proxy.api.overlooks import OVERLOOKS_MAX, WINDOW_MS, Overlooks
from proxy.domain.glance import Glance, Totals
from tests.api.house import BY_TEST, House, bearing, code_of, events_of

PATH = "/api/admin/overview"
EVENTS = {"accept": "text/event-stream"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "TOLD_EVERY_S", 0.02)
    monkeypatch.setattr(overview, "LOOKED_EVERY_S", 0.01)


async def told(house: House, key: str, looks: int) -> httpx2.Response:
    """What is told until the gateway stops, which it does after so many looks at whether it does."""
    left = iter(range(looks))
    front = build_gateway(replace(house.parts, is_ready=lambda: next(left, None) is not None), build_offices)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=front), base_url="http://gateway") as client:
        return await client.get(PATH, headers=bearing(key) | EVENTS)


async def test_one_look_tells_what_runs_and_the_next_what_came_since(house: House) -> None:
    admin, key = await house.key("admin"), await house.user_key()
    first = (await house.get(PATH, admin)).json()
    assert (first["calls"], first["seconds"], first["failed_share"], first["ttft_mean_ms"]) == (0, 0, None, None)
    for stream in (False, True):
        assert (await house.chat(key, stream=stream)).status_code == 200
    await house.chat(key, "nobody")
    # For a rate some time must have passed.
    await asyncio.sleep(0.01)
    second = (await house.get(PATH, admin)).json()
    assert (second["calls"], second["failed_share"], second["failover_share"]) == (3, 0.0, 0.0)
    assert second["calls_per_s"] > 0
    assert second["tokens_per_s"] > 0
    assert second["raw_cost_nano_usd"] > 0
    assert second["margin_nano_usd"] == second["earned_nano_usd"] - second["raw_cost_nano_usd"]


async def test_events_go_on_until_the_gateway_stops(house: House) -> None:
    answer = await told(house, await house.key("admin"), 9)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    events = events_of(answer)
    assert len(events) > 1
    assert {name for name, _ in events} == {"pace"}
    assert house.parts.overlooks.take()


async def test_events_end_with_the_key(house: House) -> None:
    admin = await house.key("admin")
    telling = asyncio.create_task(told(house, admin, 10_000))
    while not house.parts.overlooks._taken:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.01)
    (mine,) = [key for key in await house.parts.directory.keys(None, None) if key.kind == "admin"]
    await house.parts.directory.revoke_key(mine.id, BY_TEST)
    assert events_of(await asyncio.wait_for(telling, 60))


async def test_only_so_many_look_at_once(house: House) -> None:
    admin = await house.key("admin")
    for _ in range(OVERLOOKS_MAX):
        assert house.parts.overlooks.take()
    assert code_of(await house.get(PATH, admin, **EVENTS)) == (429, "concurrency_limit")
    assert (await house.get(PATH, admin)).status_code == 200


async def test_nobody_but_an_administrator_is_told(house: House) -> None:
    for key in (await house.key("support"), await house.user_key()):
        assert code_of(await house.get(PATH, key, **EVENTS)) == (403, "forbidden")


def test_looks_of_more_than_a_minute_ago_are_forgotten() -> None:
    overlooks = Overlooks()
    looks = [(at_ms, Glance(0, 0, Totals(calls=at_ms))) for at_ms in (0, 500, 30_000, WINDOW_MS, WINDOW_MS + 1)]
    assert [overlooks.since(look)[0] for look in looks] == [0, 0, 0, 0, 30_000]


def test_a_worker_that_died_takes_nothing_below_nothing() -> None:
    assert Totals(calls=2, tokens=5).since(Totals(calls=3, tokens=1)) == Totals(tokens=4)
