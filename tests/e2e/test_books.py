"""Many calls at once, of every ending: afterwards nothing is held, nobody paid twice, and nobody paid more than there was."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from tests.e2e.conftest import HouseMaker, Keys
from tests.e2e.harness import WAIT_S, House, Simulator, chat, eventually, wrong_in_books

CHAT: Final = "/v1/chat/completions"
ROUNDS: Final = 8
# The shortest that settings allow.
LEASE_MS: Final = 5_000
MIXED: Final[tuple[dict[str, Any], ...]] = (
    chat("sim/small"),
    chat("sim/small", stream=True),
    chat("falls-over"),
    chat("sim/broken"),
    chat("sim/cut", stream=True),
    chat("sim/absent"),
    chat("sim/words", stream=True, stream_options={"include_usage": True}),
    chat("sim/stalls", stream=True),
)


async def _call(http: httpx2.AsyncClient, body: dict[str, Any]) -> int:
    """One call to its end; a stream that would never end is left after its first bytes."""
    async with http.stream("POST", CHAT, json=body) as answer:
        if body["model"] == "sim/stalls":
            await anext(answer.aiter_bytes())
        else:
            await answer.aread()
        return answer.status_code


async def _all_at_once(house: House, key: str, bodies: list[dict[str, Any]]) -> list[int]:
    headers = {"authorization": f"Bearer {key}"}
    limits = httpx2.Limits(max_connections=len(bodies))
    async with httpx2.AsyncClient(base_url=house.url, headers=headers, timeout=WAIT_S, limits=limits) as http:
        return await asyncio.gather(*(_call(http, body) for body in bodies))


def _is_settled(house: House, user: str) -> bool:
    held = house.rows("SELECT 1 FROM holds WHERE account_id = ?", user)
    return not held


def _spent(house: House, user: str) -> int:
    query = "SELECT coalesce(sum(spent), 0) FROM counters WHERE scope = ? AND name = 'included/month'"
    spent: int = house.rows(query, f"user:{user}")[0][0]
    return spent


def _charged(house: House, user: str) -> int:
    charged: int = house.rows("SELECT coalesce(sum(display_units), 0) FROM usage_records WHERE user_id = ?", user)[0][0]
    return charged


def test_whatever_ends_calls_the_books_are_right_when_all_have_ended(house: House) -> None:
    bodies = [body for _ in range(ROUNDS) for body in MIXED]
    statuses = asyncio.run(_all_at_once(house, house.key("user", "busy", "plus"), bodies))
    assert 200 in statuses
    assert set(statuses) <= {200, 404, 429, 502, 503}
    eventually(lambda: _is_settled(house, "busy"), "the settlement of every call")
    assert wrong_in_books(house.database) == []
    assert _spent(house, "busy") == _charged(house, "busy") > 0
    assert house.rows("SELECT count(*) FROM model_calls WHERE user_id = 'busy'") == [(len(bodies),)]


def test_calls_at_once_never_spend_more_than_there_is(house: House) -> None:
    bodies = [chat("sim/small", stream=n % 2 == 0) for n in range(40)]
    statuses = asyncio.run(_all_at_once(house, house.key("user", "tight", "narrow"), bodies))
    assert 200 in statuses
    assert set(statuses) <= {200, 402, 429}
    eventually(lambda: _is_settled(house, "tight"), "the settlement of every call")
    assert 0 < _spent(house, "tight") <= 5_100
    assert _spent(house, "tight") == _charged(house, "tight")
    assert wrong_in_books(house.database) == []


@pytest.mark.parametrize("model", ["sim/words", "secretive", "gpt-4o-mini"])
def test_a_stream_and_its_record_name_one_price(house: House, keys: Keys, model: str) -> None:
    with house.http(keys.user) as http:
        asked = chat(model, stream=True, stream_options={"include_usage": True})
        lines = http.post(CHAT, json=asked).text.split("\n\n")
        told = httpx2.Response(200, text=lines[-3].removeprefix("data: ")).json()
        kept = http.get(f"/api/calls/{told['id']}").json()
    assert kept["credits"] == told["signalbox"]["credits"]
    assert kept["tokens"]["output"] == told["usage"]["completion_tokens"]
    assert kept["model"] == told["model"]


def test_a_reader_that_reads_nothing_stops_the_provider_long_before_its_end(
    own_house: HouseMaker, sim: Simulator, spare: Simulator
) -> None:
    """Thirty megabytes at once: a gateway that took them would work until the end, one that waits falls idle before."""
    house = own_house(sim, spare)
    house.start()
    sim.forget()
    with house.http(house.key("user", "slow", "plus")) as http:
        body = chat("sim/flood", stream=True, max_tokens=200_000)
        with http.stream("POST", CHAT, json=body) as answer:
            assert answer.status_code == 200
            eventually(lambda: _is_idle(house), "the gateway's rest")
            assert not sim.calls()[-1]["ended"]
    eventually(lambda: sim.calls()[-1]["closed_early"], "the close at the provider")
    eventually(lambda: _is_settled(house, "slow"), "the settlement")
    assert wrong_in_books(house.database) == []


def _is_idle(house: House) -> bool:
    """Whether it used no processor time worth a tick or two for as long as it would have to, were it busy."""
    before = _ticks(house)
    time.sleep(0.5)
    return _ticks(house) - before <= 2


def _ticks(house: House) -> int:
    text = Path(f"/proc/{house.gateway.popen.pid}/stat").read_text()
    return sum(int(field) for field in text.rpartition(")")[2].split()[11:13])


def test_a_running_gateway_counts_tokens_before_it_calls_anybody_poor(house: House) -> None:
    prompt = "The quick brown fox jumps over the lazy dog. " * 200
    with house.http(house.key("user", "frugal", "narrow")) as http:
        # 5,100 milli-credits, of which the prompt is 9,000 by its bytes and 2,010 by its tokens.
        by_bytes = http.post(CHAT, json=chat("sim/small", prompt, max_tokens=20))
        exactly = http.post(CHAT, json=chat("sim/words", prompt, max_tokens=20))
    assert (by_bytes.status_code, by_bytes.json()["error"]["code"]) == (402, "insufficient_credits")
    assert exactly.status_code == 200
    ask = house.recorded(exactly.headers["x-signalbox-call"]).ask
    assert ask is not None
    assert [counted.tokens_max for counted in ask.counted] == [2_001 + 4 + 3]
    assert house.command("explain", exactly.headers["x-signalbox-call"]).returncode == 0


def test_a_gateway_says_that_it_lives_long_before_its_lease_ends(sim: Simulator, own_house: HouseMaker) -> None:
    house = own_house(sim, lease_ms=str(LEASE_MS))
    house.start()
    beats: set[int] = set()

    def beat_often() -> bool:
        # Whoever looks for dead processes, once a lease, says so too, and must not be all there is.
        beats.update(at_ms for (at_ms,) in house.rows("SELECT beat_at_ms FROM processes"))
        return any(third - first < LEASE_MS for first, _, third in _in_a_row(sorted(beats)))

    eventually(beat_often, "the third beat within a lease")


def _in_a_row(beats: list[int]) -> Iterator[tuple[int, int, int]]:
    return zip(beats, beats[1:], beats[2:], strict=False)
