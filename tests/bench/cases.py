"""A target in, figures about it out, one function a case; each says what it takes its figure from. Judges nothing."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Final

from tests.bench import load, machine
from tests.bench.load import LoadFailed, Seen, sound
from tests.bench.models import MODELS, PACE_MS, PACED_CHUNKS, SLOW_MS
from tests.bench.targets import Site, Target

Figures = dict[str, float]

CONNECTIONS: Final = 32
CONNECTIONS_MANY: Final = 512
LARGE_PROMPT_BYTES: Final = 100_000
PACED_STREAMS: Final = 16
FIRST_STREAMS: Final = 4
OPEN_STREAMS: Final = 1_000
CROWD: Final = 8_000
LEAVE_AFTER_MS: Final = 60
_OPENED_A_SECOND: Final = 1_000
# Streams that come faster than they can be opened wait for their turn.
_OPEN_WITHIN_S: Final = 20
_FIRST_OPENED_S: Final = 2
_OPENED_A_SECOND_BY_ANYONE: Final = 100
_SPARE_DESCRIPTORS: Final = 300
_RESTS_WITHIN_S: Final = 30.0
_REST_LOOK_S: Final = 0.2
_REST_LOAD: Final = 0.05


@dataclass(frozen=True, slots=True)
class Bench:
    """Where cases run and for how long; `longer` multiplies every duration."""

    site: Site
    longer: float = 1.0

    def seconds(self, usual: float) -> int:
        return max(1, round(usual * self.longer))

    def run(self, target: Target, request: bytes, warm_up: float, seconds: float, **options: int) -> Seen:
        """Calls to a target that has come to rest, in steady state."""
        self.rest(target)
        every = {"warm_up": self.seconds(warm_up), "seconds": self.seconds(seconds), **options}
        return load.run(target.port, [request], every, self.site.load_core, target.program.pid)

    def direct(self, request: bytes, warm_up: float, seconds: float, **options: int) -> Seen:
        """The same calls to the provider itself."""
        every = {"warm_up": self.seconds(warm_up), "seconds": self.seconds(seconds), **options}
        return sound(load.run(self.site.provider.port, [request], every, self.site.load_core))

    def rest(self, target: Target) -> None:
        """Callers of the last case have gone; what they left behind must not be counted to the next."""
        until_s = time.monotonic() + _RESTS_WITHIN_S
        while time.monotonic() < until_s:
            before_s = machine.cpu_s(target.program.pid)
            time.sleep(_REST_LOOK_S)
            if machine.cpu_s(target.program.pid) - before_s < _REST_LOAD * _REST_LOOK_S:
                return


def idle(bench: Bench, target: Target) -> Figures:
    """From its start to its first answer, and what it takes up then."""
    return {"start_s": target.start_s, "idle_mb": target.idle_mb}


def call(bench: Bench, target: Target) -> Figures:
    """CPU a call as fast as it answers, how fast that is, and what load and provider themselves spend on it."""
    provider = bench.site.provider
    provider.forget()
    before_s = machine.cpu_s(provider.program.pid)
    seen = sound(bench.run(target, target.request("whole"), 2, 5, connections=CONNECTIONS))
    provider_us = (machine.cpu_s(provider.program.pid) - before_s) * 1e6 / provider.stats()["calls"]
    tools_us = provider_us + seen.counts["cpu_us"] / seen.calls
    return {"call_us": seen.us_a_call(), "calls_per_s": seen.calls_per_s, "tools_us": tools_us}


def many(bench: Bench, target: Target) -> Figures:
    """CPU a call with many connections."""
    seen = sound(bench.run(target, target.request("whole"), 3, 5, connections=CONNECTIONS_MANY))
    return {"call_many_us": seen.us_a_call()}


def large(bench: Bench, target: Target) -> Figures:
    """CPU a call with a large prompt."""
    request = target.request("whole", prompt_bytes=LARGE_PROMPT_BYTES)
    return {"large_us": sound(bench.run(target, request, 1, 5, connections=8)).us_a_call()}


def paced(bench: Bench, target: Target) -> Figures:
    """CPU a chunk at the pace of a model that writes fast, and how much later than their time the latest come."""
    seen = sound(bench.run(target, target.request("paced", stream=True), 3, 8, connections=PACED_STREAMS))
    return {"paced_us": seen.us_a_chunk(), "gap_p99_us": seen.percentile_us("p99", "gap_us")}


def flat(bench: Bench, target: Target) -> Figures:
    """CPU a chunk when all of them are there at once."""
    seen = sound(bench.run(target, target.request("flat", stream=True), 2, 5, connections=4))
    return {"flat_us": seen.us_a_chunk()}


def first(bench: Bench, target: Target) -> Figures:
    """What is added to the time to the first chunk with few streams."""
    bare = bench.direct(load.request(MODELS["first"], stream=True), 1, 4, connections=FIRST_STREAMS)
    seen = sound(bench.run(target, target.request("first", stream=True), 2, 8, connections=FIRST_STREAMS))
    return {
        f"first_{which}_us": seen.percentile_us(which, "first_chunk_us") - bare.percentile_us(which, "first_chunk_us")
        for which in ("p50", "p99")
    }


def leaving(bench: Bench, target: Target) -> Figures:
    """From a caller's departure to that from the provider, of whole answers and of streams."""
    return {
        "leave_whole_ms": _departure_ms(bench, target, target.request("slow"), SLOW_MS),
        "leave_stream_ms": _departure_ms(bench, target, target.request("paced", stream=True), PACED_CHUNKS * PACE_MS),
    }


def memory(bench: Bench, target: Target) -> Figures:
    """What it takes up after all these calls, and with many open streams."""
    after_mb = machine.memory_mb(target.program.pid)
    request = target.request("idle", stream=True)
    seen = load.run(
        target.port,
        [request],
        {"connections": OPEN_STREAMS, "ramp": _OPENED_A_SECOND_BY_ANYONE, "warm_up": 20, "seconds": 2},
        bench.site.load_core,
        target.program.pid,
    )
    return {"after_mb": after_mb, "open_mb": seen.memory_mb, "open_streams": seen.counts["open"]}


def crowd(bench: Bench, target: Target) -> Figures:
    """As many open streams as descriptors allow, a chunk a second each: whether all are served, what one takes up of memory
    that was not there when all was idle, and, first, how regularly those that are open get theirs while the others come."""
    streams = min(CROWD, (machine.raise_descriptor_limit() - _SPARE_DESCRIPTORS) // 2)
    opening_s = streams // _OPENED_A_SECOND
    opening = _crowded(bench, target, streams, _FIRST_OPENED_S, opening_s - _FIRST_OPENED_S)
    bench.rest(target)
    seen = _crowded(bench, target, streams, opening_s + _OPEN_WITHIN_S, 10)
    opened = int(seen.counts["open"])
    if not opened:
        raise LoadFailed(f"none of {streams} streams is open: {seen.counts['statuses']}")
    return {
        "crowd": streams,
        "crowd_opening_p99_ms": opening.percentile_us("p99", "gap_us") / 1_000,
        "crowd_open": opened,
        "crowd_served": seen.chunks / (streams * float(seen.counts["seconds"])),
        "crowd_kb": (seen.memory_mb - target.idle_mb) * 1024 / opened,
        "crowd_gap_p99_ms": seen.percentile_us("p99", "gap_us") / 1_000,
        "crowd_us": seen.us_a_chunk(),
    }


Case = Callable[[Bench, Target], Figures]

USUAL: Final[tuple[Case, ...]] = (idle, call, many, large, paced, flat, first, leaving, memory)
# What is there to be subtracted needs no more than these.
BARE: Final[tuple[Case, ...]] = (call, paced, flat)
# What tells whether a line of the reach can be met by the least that could be written.
LEAST: Final[tuple[Case, ...]] = (call, large, paced, flat, first)
CASES_OF: Final[Mapping[str, tuple[Case, ...]]] = {
    "gateway": (*USUAL, crowd),
    "no-precheck": (*USUAL, crowd),
    "relay": BARE,
    "nginx": (*USUAL, crowd),
    "litellm": USUAL,
    "least": LEAST,
    "least-no-precheck": LEAST,
    "least-relay": LEAST,
}
# Half load is measured of all targets together, between these.
BEFORE_HALF: Final[tuple[Case, ...]] = (idle, call, many, large, paced, flat)
AFTER_HALF: Final[tuple[Case, ...]] = (first, leaving, memory, crowd)


def _crowded(bench: Bench, target: Target, streams: int, warm_up_s: int, seconds: int) -> Seen:
    options = {"connections": streams, "ramp": _OPENED_A_SECOND, "warm_up": warm_up_s, "seconds": seconds}
    return load.run(target.port, [target.request("open", stream=True)], options, bench.site.load_core, target.program.pid)


def _departure_ms(bench: Bench, target: Target, request: bytes, lasts_ms: int) -> float:
    """The median over callers who leave one after the other; each departure is matched with the first after it. `lasts_ms`, how
    long the answer takes, if there was none.
    """
    bench.site.provider.forget()
    options = {"connections": 1, "leave_ppm": 1_000_000, "leave_after": LEAVE_AFTER_MS}
    left = [float(at) for at in bench.run(target, request, 0, 4, **options).counts["left_us"]]
    time.sleep(_REST_LOOK_S)
    noticed = [float(at) for at in bench.site.provider.stats()["left_us"]]
    waits = [min((at - when for at in noticed if at >= when), default=lasts_ms * 1_000) for when in left]
    return median(waits) / 1_000
