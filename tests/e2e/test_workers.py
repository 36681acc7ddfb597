"""One gateway of two processes on one port, as an operator runs it."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx2
import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.conftest import HouseMaker
from tests.e2e.harness import WAIT_S, House, Simulator, Yard, chat, eventually, key_id, wrong_in_books
from tests.e2e.stopping import CHAT, Kind, stopped, stream

PLENTY: Final = {"auth_failures_per_minute": "100000", "refused_calls_per_minute": "100000"}
AT_ONCE: Final = 6
CALLS: Final = 24


@pytest.fixture(scope="module")
def pair(yard: Yard, sim: Simulator, spare: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(
        yard, tmp_path_factory.mktemp("pair") / "home", (sim, spare), shutdown_grace_s="600", lease_ms="5000", **PLENTY
    )
    with (house.config / "catalog.toml").open("a") as catalog:
        # Longer than any test takes.
        catalog.write("\n[policy.abuse]\ngap_s = 600\n")
    house.start("--workers", "2")
    yield house
    house.gateway.send(signal.SIGTERM)
    assert house.gateway.wait() == 0


def _lines(house: House, event: str) -> list[dict[str, Any]]:
    lines = [orjson.loads(line) for line in house.gateway.errors.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


def _begun(house: House) -> float:
    """What a scrape over a new connection says, from whichever worker answers it."""
    page = httpx2.get(f"{house.url}/metrics", timeout=WAIT_S).text
    samples = [sample for family in text_string_to_metric_families(page) for sample in family.samples]
    return next(sample.value for sample in samples if sample.name == "signalbox_calls_begun_total")


async def _calls(house: House, key: str, count: int, at_once: int = AT_ONCE) -> list[int]:
    """The statuses of calls over a connection each, a few at once; 0 for one that broke."""
    room = asyncio.Semaphore(at_once)

    async def one() -> int:
        async with room, httpx2.AsyncClient(timeout=WAIT_S, headers={"authorization": f"Bearer {key}"}) as client:
            try:
                return (await client.post(f"{house.url}{CHAT}", json=chat("sim/small"))).status_code
            except httpx2.TransportError:
                return 0

    return list(await asyncio.gather(*(one() for _ in range(count))))


def test_connections_spread_over_the_workers_and_each_shows_what_all_counted(pair: House) -> None:
    key = pair.key("user", "ursula", "plus")
    assert asyncio.run(_calls(pair, key, CALLS)) == [200] * CALLS
    eventually(lambda: len(_lines(pair, "call")) == CALLS, "a line for each call")
    # Of 24 connections all go to one of two workers once in eight million times.
    assert {line["worker"] for line in _lines(pair, "call")} == {1, 2}
    eventually(lambda: _begun(pair) == CALLS, "the sum of both")
    assert {_begun(pair) for _ in range(12)} == {float(CALLS)}
    assert pair.rows("SELECT count(*) FROM processes") == [(2,)]


def test_whoever_is_signed_in_at_the_console_is_so_at_every_worker(pair: House) -> None:
    opened = httpx2.post(f"{pair.url}/api/session", json={}, headers={"authorization": f"Bearer {pair.key('admin')}"})
    cookie = {"cookie": opened.headers["set-cookie"].partition(";")[0]}
    # A new connection each time; all of 24 go to the worker that opened it once in sixteen million times.
    assert {httpx2.get(f"{pair.url}/api/admin/health", headers=cookie).status_code for _ in range(CALLS)} == {200}


def test_a_rate_holds_over_both_workers(pair: House) -> None:
    admin = pair.key("admin")
    with pair.http(admin) as http:
        made = http.post("/api/admin/users", json={"id": "rita", "plan_id": "plus", "name": "rita", "reason": "test"})
        assert made.status_code == 201, made.text
        body = {"kind": "user", "user_id": "rita", "name": "rita", "rate": {"requests": 10, "period_s": 3600}, "reason": "test"}
        made = http.post("/api/admin/keys", json=body)
        assert made.status_code == 201, made.text
    statuses = asyncio.run(_calls(pair, made.json()["key"], 20, at_once=1))
    assert statuses == [200] * 10 + [429] * 10


def test_a_narrower_scope_of_a_key_soon_holds_at_every_worker(pair: House) -> None:
    key = pair.key("user", "nadja", "plus")
    assert set(asyncio.run(_calls(pair, key, CALLS))) == {200}
    with pair.http(pair.key("admin")) as http:
        body = {"model_scope": ["sim/words"], "reason": "test"}
        assert http.post(f"/api/admin/keys/{key_id(key)}/bounds", json=body).status_code == 200
    eventually(lambda: set(asyncio.run(_calls(pair, key, CALLS))) == {403}, "the notice of both")


def test_a_call_is_confirmed_at_whichever_worker_once(pair: House) -> None:
    headers = {"authorization": f"Bearer {pair.key('user', 'conny', 'plus')}"}

    def said(**more: Any) -> httpx2.Response:
        return httpx2.post(f"{pair.url}{CHAT}", json=chat("sim/small", "a delicateword", **more), headers=headers)

    # A new connection each time: of 8 all find the worker that asked once in 256 times.
    for _ in range(8):
        confirmed = {"signalbox": {"confirm": said().headers["x-signalbox-call"]}}
        assert [said(**confirmed).status_code for _ in range(2)] == [200, 403]


def test_refused_prompts_count_together_whichever_worker_met_them(pair: House) -> None:
    headers = {"authorization": f"Bearer {pair.key('user', 'abel', 'plus')}"}
    asked = chat("sim/small", "a forbiddenword")
    statuses = [httpx2.post(f"{pair.url}{CHAT}", json=asked, headers=headers).status_code for _ in range(CALLS)]
    # After three, each lets one more through before it slows. Two that knew nothing of each other would let eight through, and
    # nobody would rest.
    assert set(statuses) <= {400, 403, 429}
    assert 4 <= statuses.count(400) <= 6


def test_a_port_that_another_crew_has_is_refused(pair: House, own_house: HouseMaker, sim: Simulator, spare: Simulator) -> None:
    rival = own_house(sim, spare)
    done = rival.command("serve", "--workers", "2", SIGNALBOX_PORT=pair.url.rpartition(":")[2])
    assert done.returncode == 1
    assert "is taken by another program" in done.stderr


def test_a_worker_that_is_killed_comes_back_and_calls_of_the_other_go_on(pair: House) -> None:
    key, before, counted = pair.key("user", "otto", "plus"), pair.workers(), _begun(pair)
    assert sorted(before) == [1, 2]

    async def kill_under_load() -> list[int]:
        calls = asyncio.create_task(_calls(pair, key, CALLS))
        await asyncio.sleep(0.05)
        os.kill(before[2], signal.SIGKILL)
        return await calls

    statuses = asyncio.run(kill_under_load())
    # What the dead one had accepted is broken, and nothing else is; who comes after it finds the other.
    assert set(statuses) <= {0, 200}
    assert statuses.count(0) <= AT_ONCE
    eventually(lambda: "worker 2 ended with -9" in pair.gateway.errors, "its end")
    assert asyncio.run(_calls(pair, key, 8)) == [200] * 8
    eventually(lambda: "worker 2 takes calls again" in pair.gateway.errors, "the start of another")
    after = pair.workers()
    assert after[1] == before[1]
    assert after[2] != before[2]
    assert [line for line in _lines(pair, "log") if "worker 2 ended with -9" in line["message"]]
    eventually(lambda: b"worker_restarted" in httpx2.get(f"{pair.url}/metrics").content, "the word of its successor")
    # Worker 2 had its share of what was counted before; it is still there.
    assert _begun(pair) >= counted
    assert wrong_in_books(pair.database) == []


def test_workers_end_when_their_parent_is_killed_and_leave_nothing(
    own_house: HouseMaker, sim: Simulator, spare: Simulator, tmp_path: Path
) -> None:
    house = own_house(sim, spare, shutdown_grace_s="1")
    (shared := tmp_path / "shared").mkdir()
    house.env["TMPDIR"] = str(shared)
    house.start("--workers", "2")
    assert list(shared.glob("signalbox-*"))
    workers = house.workers()
    house.gateway.kill()
    eventually(lambda: not any(_lives(pid) for pid in workers.values()), "the end of both")
    assert not list(shared.iterdir())


def test_a_crew_that_cannot_start_says_why_once_and_ends(own_house: HouseMaker, sim: Simulator, spare: Simulator) -> None:
    house = own_house(sim, spare)
    (house.config / "models.toml").write_text("[[model]]\nid = 3\n")
    done = house.command("serve", "--workers", "2")
    assert done.returncode == 1
    assert done.stderr.count("models.toml") >= 1
    assert "listening" not in done.stdout


def test_a_signal_to_the_parent_drains_all_workers_and_a_second_one_hurries(pair: House, sim: Simulator) -> None:
    kinds = [Kind(f"a stream that would go on, {n}", CHAT, stream("sim/long"), "told") for n in range(6)]
    workers = pair.workers()
    heard = stopped(pair, sim, pair.key("user", "petra", "plus"), kinds, hurried=True)
    assert heard.code == 0
    assert {end for _, end in heard.ends} == {"shutting_down"}
    assert heard.unready <= {503}
    assert heard.late <= {(503, "shutting_down", "1")}
    assert wrong_in_books(pair.database) == []
    assert "Traceback" not in pair.gateway.errors
    assert not any(_lives(pid) for pid in workers.values())


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
