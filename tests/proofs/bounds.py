"""Proofs that nobody can fill the gateway: callers that hardly read, answers far larger than anybody asked for; what it needs
meanwhile, and what others notice of it."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import httpx2

from tests.e2e.dialects import DIALECTS, PLAN, model, provider, simulated
from tests.e2e.harness import House, Yard, chat, environment, eventually, wrong_in_books
from tests.e2e.wire import post
from tests.proofs.beside import CHAT, Memory, Small, small_calls
from tests.proofs.claims import Case
from tests.proofs.hose import BODIES, BOMB_MIB
from tests.proofs.readers import slow_readers
from tests.proofs.site import Site

READERS: Final = 1_000
PAUSE_S: Final = 0.04
READ_BYTES: Final = 512
# A write to such a reader takes minutes; who reads nothing at all is another matter.
STALL_MS: Final = 600_000
READING_S: Final = 30.0
# What waits for one stream (contract 6), and what its call and its two connections need beside it.
STREAM_MIB_MAX: Final = 0.5
AT_ONCE: Final = 8
# A line is at most 4 MiB, and is there as bytes, as what was parsed, and as what is said; a whole answer at most 64, twice.
LINE_MIB_MAX: Final = 16.0
WHOLE_MIB_MAX: Final = 144.0
# What the first such streams load and compile, in any dialect, and what the allocator keeps of them, however many come at once.
ONCE_MIB_MAX: Final = 8.0
# Answers of many megabytes are read one piece of 64 KB after the other; a small call waits for a few of them.
STALL_MS_MAX: Final = 1_000.0
# What else runs on the machine may delay one call in fifty, or keep one stream in fifty from its books for too long.
NOISE: Final = 0.02
QUIET_S: Final = 1.5
LONG_WAIT_S: Final = 180.0
FAULTS: Final = ("long_line", "long_field", "empty_deltas")


@dataclass(frozen=True, slots=True)
class Ground:
    """A running gateway, its memory before anything happened, and a key for everything."""

    house: House
    key: str
    memory: Memory


Load = Callable[[Ground], Counter[str]]


def many_readers(site: Site, readers: int = READERS, reading_s: float = READING_S) -> Case:
    """So many streams that never end, to callers that take half a kilobyte a second."""
    case = Case(
        f"{readers} readers of {READ_BYTES} bytes a second, of streams that never end",
        f"at most {STREAM_MIB_MAX:g} MiB a stream;"
        f" {1 - NOISE:.0%} of small calls beside them within {STALL_MS_MAX:g} ms once all have come, none failed",
    )
    with ground(site, stall_ms=str(STALL_MS)) as at:
        usual = _usual(at)
        before_mib = at.memory.now_mib
        at.memory.forget()
        request = post(at.key, chat("hose/endless", stream=True, max_tokens=5_000_000))
        with slow_readers(at.house.url, request, readers, READ_BYTES) as crowd:
            with small_calls(at.house, at.key, "sim/small") as gathering:
                crowd.begin(PAUSE_S)
                time.sleep(reading_s / 3)
            with small_calls(at.house, at.key, "sim/small") as beside:
                time.sleep(reading_s)
            ended = at.house.rows(_ENDED)
            case.claim(
                f"{crowd.alive} of {readers} still read after {reading_s:g} s{f', ended: {ended}' if ended else ''}",
                crowd.alive == readers,
            )
            peak_mib = at.memory.peak_mib
        _wait_until_settled(at.house)
        _claim_memory(case, (before_mib, peak_mib, at.memory.now_mib), readers * STREAM_MIB_MAX)
        _claim_latency(case, "while they came", usual, gathering, LONG_WAIT_S * 1_000)
        _claim_latency(case, "while they read", usual, beside, STALL_MS_MAX)
        _claim_books(case, at.house)
    return case


def large_answers(site: Site, load: Load, name: str, mib_max: float) -> Case:
    """Several answers at once of which each is far larger than anything asked for."""
    case = Case(
        name, f"at most {mib_max:g} MiB more; {1 - NOISE:.0%} of small calls beside it are answered within {STALL_MS_MAX:g} ms"
    )
    with ground(site) as at:
        usual = _usual(at)
        before_mib = at.memory.now_mib
        at.memory.forget()
        with small_calls(at.house, at.key, "sim/small") as beside:
            began_s = time.monotonic()
            said = load(at)
            lasted_s = time.monotonic() - began_s
        case.claim(f"{dict(sorted(said.items()))} in {lasted_s:.1f} s", "defect" not in said)
        _claim_memory(case, (before_mib, at.memory.peak_mib, at.memory.now_mib), mib_max)
        _claim_latency(case, "beside it", usual, beside, STALL_MS_MAX)
        _claim_books(case, at.house)
    return case


def odd_streams(site: Site, at_once: int = AT_ONCE) -> Case:
    """Lines of 2 MiB and ten thousand empty deltas, in every dialect."""
    bodies = [chat(f"{dialect}/{fault}", stream=True) for fault in FAULTS for dialect in DIALECTS]
    name = f"lines of 2 MiB, a field of 2 MiB, ten thousand empty deltas; {len(DIALECTS)} dialects, {at_once} at once"
    return large_answers(site, partial(_all, bodies, at_once), name, ONCE_MIB_MAX + at_once * LINE_MIB_MAX)


def bombs(site: Site, at_once: int = AT_ONCE) -> Case:
    """A quarter of a gibibyte from a quarter of a megabyte: as an error, whole, as one line; and packed events."""
    bodies = [chat(f"hose/{name}", stream=stream) for name, stream in BOMBS]
    name = f"{BOMB_MIB} MiB of gzip in an error, a whole answer, a stream's line; packed empty events; {at_once} at once"
    return large_answers(site, partial(_all, bodies, at_once), name, ONCE_MIB_MAX + at_once * WHOLE_MIB_MAX)


def _all(bodies: list[dict[str, Any]], at_once: int, at: Ground) -> Counter[str]:
    return asyncio.run(_ask_all(at, [body for body in bodies for _ in range(at_once)], at_once))


_ENDED: Final = "SELECT status, code, count(*) FROM model_calls WHERE model_id = 'hose/endless' GROUP BY status, code"
BOMBS: Final = (
    ("error-bomb", False),
    ("error-bomb", True),
    ("whole-bomb", False),
    ("stream-bomb", True),
    ("event-bomb", True),
)


@contextmanager
def ground(site: Site, **settings: str) -> Iterator[Ground]:
    """A gateway between a simulator and a hose."""
    simulator = site.yard.simulator()
    house = House(site.yard, site.folder / "house", [simulator], refused_calls_per_minute="100000", **settings)
    (house.config / "bounds.toml").write_text(_catalog(simulator.url, _hose(site.yard)))
    house.start()
    yield Ground(house, house.key("user", "ann", "every"), Memory(house.gateway))
    house.gateway.kill()


def _hose(yard: Yard) -> str:
    return yard.start("hose", ["tests.proofs.hose"], environment()).until("listening on").split()[-1]


def _catalog(simulator_url: str, hose_url: str) -> str:
    odd = [model(f"{dialect}/{fault}", f"sim-{dialect}--fault.{fault}--words.20") for dialect in DIALECTS for fault in FAULTS]
    hoses = [model(f"hose/{name}", name, output_tokens_max=10_000_000) for name in BODIES]
    providers = [provider("hose", hose_url, "openai"), *(simulated(dialect, simulator_url) for dialect in DIALECTS)]
    return "".join((PLAN, *providers, *odd, *hoses))


def _usual(at: Ground) -> Small:
    """What a small call takes while nothing else goes on."""
    with small_calls(at.house, at.key, "sim/small"):
        time.sleep(QUIET_S / 3)
    with small_calls(at.house, at.key, "sim/small") as usual:
        time.sleep(QUIET_S)
    return usual


async def _ask_all(at: Ground, bodies: list[dict[str, Any]], at_once: int) -> Counter[str]:
    """How often each thing was heard, by model."""
    limits = httpx2.Limits(max_connections=at_once)
    headers = {"authorization": f"Bearer {at.key}"}
    async with httpx2.AsyncClient(base_url=at.house.url, headers=headers, limits=limits, timeout=LONG_WAIT_S) as client:
        return Counter(await asyncio.gather(*(_heard(client, body) for body in bodies)))


async def _heard(client: httpx2.AsyncClient, body: dict[str, Any]) -> str:
    answer = await client.post(CHAT, json=body)
    text = answer.text
    name = body["model"].partition("/")[2]
    if answer.status_code != httpx2.codes.OK:
        return f"{name}: {answer.status_code} {answer.json()['error']['code']}"
    if body.get("stream") and not text.endswith("data: [DONE]\n\n"):
        return f"{name}: 200, then an error event" if '"error":' in text else f"{name}: a quiet end"
    return f"{name}: whole"


# --- claims -----------------------------------------------------------------------------------------------------------


def _claim_memory(case: Case, mib: tuple[float, float, float], more_mib_max: float) -> None:
    before, peak, after = mib
    seen = f"resident memory {before:.0f} MiB before, {peak:.0f} at its peak, {after:.0f} after"
    case.claim(seen, peak - before <= more_mib_max)


def _claim_latency(case: Case, when: str, usual: Small, beside: Small, worst_ms_max: float) -> None:
    ratio = beside.median_ms / usual.median_ms
    seen = (
        f"{len(beside.ms)} small calls {when}: {beside.median_ms:.1f} ms in the median, {beside.worst_ms:.0f} ms at most"
        f" (without: {usual.median_ms:.1f} and {usual.worst_ms:.0f} ms, ratio {ratio:.1f}), {beside.failed} failed"
    )
    slow = sum(ms > worst_ms_max for ms in beside.ms)
    case.claim(seen, slow <= len(beside.ms) * NOISE and not beside.failed)


def _claim_books(case: Case, house: House) -> None:
    _wait_until_settled(house)
    wrong = wrong_in_books(house.database)[:3]
    case.claim(f"verify finds {wrong}" if wrong else "nothing is held, verify finds nothing", not wrong)


def _wait_until_settled(house: House) -> None:
    eventually(lambda: house.rows("SELECT count(*) FROM holds") == [(0,)], "the last hold's end", LONG_WAIT_S)
