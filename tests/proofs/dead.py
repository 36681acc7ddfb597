"""Proofs beside providers that are dead: what their callers wait for, and what a gateway says when nobody is left."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from statistics import median, quantiles
from typing import Any, Final

import httpx2

from tests.e2e.harness import WAIT_S, House, Process, chat, wrong_in_books
from tests.proofs.claims import Case
from tests.proofs.site import Site

CALLERS: Final = 64
ROUNDS: Final = 10
RATIO_MAX: Final = 1.2
MINUTE_S: Final = 60.0
PAUSE_S: Final = 0.2
FAST_MS: Final = 50.0
# What else runs on the machine may delay one answer in a hundred.
NOISE: Final = 0.01
TRIES_MAX: Final = 4
# Four more failures of models that fall silent, and trials of two providers in a minute, by pauses of 5, 10, 20 and 40 s.
TRIED_MAX: Final = 12
_ERRORS: Final = frozenset({(502, "upstream_error"), (503, "no_model_available"), (504, "upstream_timeout")})
CHAT: Final = "/v1/chat/completions"
_CATALOG: Final = """
[[model]]
id = "sim/even"
family = "sim"
upstream_name = "sim-even--words=20--ttft=500"
context_tokens_max = 32_000
output_tokens_max = 100
prices = { input = "1", output = "10" }
timeouts = { first_byte_ms = 1_500 }

[[model]]
id = "spare/even"
family = "sim"
upstream_name = "sim-even--words=20--ttft=500"
context_tokens_max = 32_000
output_tokens_max = 100
prices = { input = "1", output = "10" }
timeouts = { first_byte_ms = 6_000 }

[[alias]]
id = "lone"
models = ["spare/even"]

[[alias]]
id = "pair"
models = ["sim/even", "spare/even"]

[[plan]]
id = "wide"
name = "Wide"
models = ["*"]
concurrency_max = 1_000
[[plan.allowances]]
window = "month"
credits = 1_000_000
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer: its status, the model that wrote it, and what its caller waited."""

    status: int
    model: str | None
    ms: float


def refused(process: Process) -> None:
    """Its port takes no connection any more."""
    process.kill()


def mute(process: Process) -> None:
    """The kernel still takes connections, and nobody answers."""
    process.send(signal.SIGSTOP)


def beside(site: Site, dies: Callable[[Process], None]) -> Case:
    """The first of two candidates is dead; callers ask all at once, in turn with and without it."""
    case = Case(
        f"one provider dead ({dies.__name__}) beside a healthy one, {CALLERS} live calls",
        f"all served; latency at most {RATIO_MAX:g} times that of a run without the dead one",
    )
    with _running(site) as (house, processes):
        ask = partial(_crowd, house.url, house.key("user", "ann", "wide"))
        ask("lone")
        usual = ask("lone")
        dies(processes[0])
        found = ask("pair")
        # In turn, so that whatever else the machine does meets both alike.
        alone: list[Heard] = []
        beside_dead: list[Heard] = []
        for _ in range(ROUNDS):
            alone += ask("lone")
            beside_dead += ask("pair")
        said = Counter((one.status, one.model) for one in (*found, *beside_dead))
        case.claim(f"{said.total()} calls: {dict(said)}", set(said) == {(200, "spare/even")})
        _claim_ratio(case, alone, beside_dead)
        # Nobody can know before: these pay for the news, and nobody after them does.
        case.claim(f"the {CALLERS} calls that found it dead waited {_spread(found)} (before: {_spread(usual)})", True)
        _claim_books(case, house)
    return case


def both(site: Site, dies: Callable[[Process], None]) -> Case:
    """Nobody is left: one call that finds out, and a minute of calls that follow."""
    case = Case(
        f"both candidates dead ({dies.__name__})",
        f"one error of the table within the deadline, at most {TRIES_MAX} upstream calls; for the next minute the breaker"
        f" answers in under {FAST_MS:g} ms without calling, {1 - NOISE:.0%} of the time",
    )
    with _running(site) as (house, processes), house.http(house.key("user", "ann", "wide")) as http:
        assert http.get("/v1/models").status_code == 200
        for process in processes:
            dies(process)
        answer, ms = _timed(http)
        tries = _tries(http, answer)
        case.claim(
            f"{answer.status_code} {answer.json()['error']['code']} after {ms:.0f} ms and {tries} upstream calls",
            (answer.status_code, answer.json()["error"]["code"]) in _ERRORS and tries <= TRIES_MAX,
        )
        _claim_minute(case, http)
        _claim_books(case, house)
    return case


def _claim_minute(case: Case, http: httpx2.Client) -> None:
    uncalled_ms: list[float] = []
    said: Counter[tuple[int, str]] = Counter()
    tried = 0
    until_s = time.monotonic() + MINUTE_S
    while time.monotonic() < until_s:
        answer, ms = _timed(http)
        said[(answer.status_code, answer.json()["error"]["code"])] += 1
        if _tries(http, answer):
            tried += 1
        else:
            uncalled_ms.append(ms)
        time.sleep(PAUSE_S)
    case.claim(f"then {dict(said)}", set(said) <= _ERRORS)
    slow = sum(ms >= FAST_MS for ms in uncalled_ms)
    case.claim(
        f"{len(uncalled_ms)} without calling: {median(uncalled_ms):.1f} ms in the median, {max(uncalled_ms):.0f} ms at most,"
        f" {slow} took {FAST_MS:g} ms or more",
        slow <= len(uncalled_ms) * NOISE,
    )
    case.claim(f"{tried} tried to reach somebody", tried <= TRIED_MAX)


@contextmanager
def _running(site: Site) -> Iterator[tuple[House, list[Process]]]:
    """A gateway between two providers."""
    simulators = [site.yard.simulator("first"), site.yard.simulator("second")]
    house = House(site.yard, site.folder / "house", simulators, refused_calls_per_minute="100000")
    (house.config / "dead.toml").write_text(_CATALOG)
    house.start()
    yield house, [simulator.process for simulator in simulators]
    house.gateway.kill()
    for simulator in simulators:
        simulator.process.send(signal.SIGCONT)


def _crowd(url: str, key: str, model: str) -> list[Heard]:
    """What callers heard who asked all at once."""

    async def ask() -> list[Heard]:
        limits = httpx2.Limits(max_connections=CALLERS + 1)
        headers = {"authorization": f"Bearer {key}"}
        async with httpx2.AsyncClient(base_url=url, headers=headers, limits=limits, timeout=WAIT_S) as client:
            return await asyncio.gather(*(_asked(client, chat(model)) for _ in range(CALLERS)))

    return asyncio.run(ask())


async def _asked(client: httpx2.AsyncClient, body: dict[str, Any]) -> Heard:
    began_s = time.monotonic()
    answer = await client.post(CHAT, json=body)
    return Heard(answer.status_code, answer.headers.get("x-signalbox-model"), (time.monotonic() - began_s) * 1_000)


def _timed(http: httpx2.Client) -> tuple[httpx2.Response, float]:
    began_s = time.monotonic()
    answer = http.post(CHAT, json=chat("pair"))
    return answer, (time.monotonic() - began_s) * 1_000


def _tries(http: httpx2.Client, answer: httpx2.Response) -> int:
    return len(http.get(f"/api/calls/{answer.headers['x-signalbox-call']}").json()["attempts"])


def _claim_ratio(case: Case, alone: list[Heard], beside_dead: list[Heard]) -> None:
    for name, place in (("median", 50), ("95th percentile", 95)):
        before_ms, after_ms = _percentile(alone, place), _percentile(beside_dead, place)
        ratio = after_ms / before_ms
        case.claim(f"{name} {after_ms:.0f} ms, without {before_ms:.0f} ms, ratio {ratio:.2f}", ratio <= RATIO_MAX)


def _spread(heard: list[Heard]) -> str:
    return f"{_percentile(heard, 50):.0f} ms in the median, {max(one.ms for one in heard):.0f} ms at most"


def _percentile(heard: list[Heard], place: int) -> float:
    return quantiles([one.ms for one in heard], n=100)[place - 1]


def _claim_books(case: Case, house: House) -> None:
    wrong = wrong_in_books(house.database)[:3]
    case.claim(f"verify finds {wrong}" if wrong else "verify finds nothing", not wrong)
