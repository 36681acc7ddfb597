"""Proofs under races: many callers, little credit, one or two gateways on one SQLite file."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.harness import House, Simulator, Yard, chat
from tests.proofs.books import claim_books, quiet, upstream_calls
from tests.proofs.claims import Case
from tests.proofs.crowd import Crowd, Said, counted
from tests.proofs.terms import EXACT_MILLI, WORDS, house

CALLERS = 200
TEN = 10
HUNDRED = 100
REFUSED = {402, 429}


def parallel(yard: Yard, folder: Path, shape: str, gateways: int) -> Case:
    """200 calls at once, credit for exactly 10, each costing what it holds."""
    case = Case(
        f"{CALLERS} parallel {shape} calls, credit for {TEN}, {gateways} gateway(s) on one SQLite file",
        f"exactly {TEN} served, {TEN} upstream calls, balance 0, all others 402 or 429",
    )
    simulator = yard.simulator()
    first = house(yard, folder, simulator)
    with _running(yard, first, gateways) as urls:
        crowd = Crowd(urls, first.key("user", "ann", "ten"))
        said = asyncio.run(_until_spent(crowd, [_body(shape, number) for number in range(CALLERS)]))
        served = sum(s.status == 200 for s in said)
        case.claim(counted(said), served == TEN and all(s.status in REFUSED for s in said if s.status != 200))
        case.claim(f"{upstream_calls(simulator)} upstream calls", upstream_calls(simulator) == TEN)
        claim_books(case, first, "ann", TEN * EXACT_MILLI)
    return case


def tenths(yard: Yard, folder: Path, gateways: int) -> Case:
    """200 calls that cost a tenth of what they hold, credit for 100 of them, ten at a time."""
    case = Case(
        f"{CALLERS} calls costing a tenth of what they hold, credit for {HUNDRED}, callers that retry, {gateways} gateway(s)",
        f"all that credit can pay are served: {HUNDRED}, balance 0, all others 402",
    )
    simulator = yard.simulator()
    first = house(yard, folder, simulator)
    with _running(yard, first, gateways) as urls:
        crowd = Crowd(urls, first.key("user", "ann", "hundred"))
        bodies = [chat("sim/tenth", f"call {number}", max_tokens=10 * WORDS) for number in range(CALLERS)]
        said = asyncio.run(_until_spent(crowd, bodies))
        served = sum(s.status == 200 for s in said)
        case.claim(counted(said), served == HUNDRED and {s.status for s in said} == {200, 402})
        claim_books(case, first, "ann", HUNDRED * EXACT_MILLI)
    return case


def leavers_and_faults(yard: Yard, folder: Path) -> Case:
    """The same with half of the callers leaving at random moments."""
    case = Case(
        f"{CALLERS} parallel calls, credit for {TEN}, half of the callers leave",
        "overspend 0, every upstream call booked once, holds left 0",
    )
    simulator = yard.simulator()
    first = house(yard, folder, simulator)
    with _running(yard, first, 1) as urls:
        crowd = Crowd(urls, first.key("user", "ann", "ten"))
        said = asyncio.run(crowd.ask_all([_body("mixed", n) for n in range(CALLERS)], leaving=0.5))
        case.claim(counted(said), all(s.status in REFUSED | {0, 200} for s in said))
        quiet(first)
        attempts = first.rows("SELECT count(*) FROM attempts WHERE first_byte_ms IS NOT NULL")[0][0]
        case.claim(
            f"{upstream_calls(simulator)} upstream calls, {attempts} answered attempts booked", _near(simulator, attempts)
        )
        claim_books(case, first, "ann", TEN * EXACT_MILLI)
    return case


def streams(yard: Yard, folder: Path) -> Case:
    """50 streams that share credit for about 20, on a model that stops billing when closed."""
    limit_milli = 8_000_000
    case = Case(
        "50 parallel streams of 400 tokens sharing credit for about 20, a model that stops billing on close",
        "overspend 0; what was cut says so; upstream stopped with it",
    )
    simulator = yard.simulator()
    first = house(yard, folder, simulator)
    with _running(yard, first, 1) as urls:
        crowd = Crowd(urls, first.key("user", "ann", "stream"))
        body = chat("sim/river", stream=True, max_tokens=400, stream_options={"include_usage": True})
        said = asyncio.run(crowd.ask_all([body] * 50))
        cut = [s for s in said if s.status == 200 and "credits_exhausted" in s.text]
        case.claim(f"{counted(said)}, {len(cut)} of them cut", all(s.status in REFUSED | {200} for s in said))
        unsaid = [s for s in said if s.status == 200 and '"finish_reason":"stop"' not in s.text and s not in cut]
        case.claim(f"{len(unsaid)} cut streams that do not say so", not unsaid)
        closed = sum(call["closed_early"] for call in simulator.calls())
        case.claim(f"{closed} upstream streams stopped with theirs", closed == len(cut))
        claim_books(case, first, "ann", limit_milli)
    return case


def greedy(yard: Yard, folder: Path) -> Case:
    """A provider that bills 50 times what it shows."""
    case = Case("a model that bills 50 times what it shows", "user charged at most the hold, the rest absorbed")
    simulator = yard.simulator()
    first = house(yard, folder, simulator)
    with _running(yard, first, 1) as urls:
        crowd = Crowd(urls, first.key("user", "ann", "ten"))
        said = asyncio.run(crowd.ask_all([chat("sim/greedy", max_tokens=WORDS)]))
        ((charged, absorbed),) = first.rows("SELECT credits_milli, absorbed_milli FROM model_calls WHERE status = 'served'")
        case.claim(f"{counted(said)}, charged {charged}, absorbed {absorbed}", charged == EXACT_MILLI and absorbed > charged)
        claim_books(case, first, "ann", TEN * EXACT_MILLI)
    return case


async def _until_spent(crowd: Crowd, bodies: list[dict[str, Any]]) -> list[Said]:
    """All bodies at once; then, as an SDK would, those told to come again (429) until nobody is: only then is it settled
    who was refused for want of credits."""
    said = await crowd.ask_all(bodies)
    for _ in range(20):
        again = [n for n, s in enumerate(said) if s.status == 429]
        if not again:
            break
        for number, heard in zip(again, await crowd.ask_all([bodies[n] for n in again]), strict=True):
            said[number] = heard
    return said


def _body(shape: str, number: int) -> dict[str, Any]:
    stream = shape == "stream" or (shape == "mixed" and number % 2 == 1)
    return chat("either" if shape == "auto" else "sim/exact", f"call {number}", stream=stream, max_tokens=WORDS)


@contextmanager
def _running(yard: Yard, first: House, gateways: int) -> Iterator[list[str]]:
    first.start()
    urls = [first.url]
    for number in range(1, gateways):
        process = yard.start(f"gateway-{number}", ["proxy", "serve"], first.env)
        urls.append(process.until("listening on").split()[-1])
    try:
        yield urls
    finally:
        yard.clear()


def _near(simulator: Simulator, attempts: int) -> bool:
    """A caller that leaves before the provider has said a byte leaves an attempt without one: such calls may be upstream's
    alone, but no attempt may be ours alone."""
    return attempts <= upstream_calls(simulator)
