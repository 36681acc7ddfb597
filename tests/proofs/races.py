"""Proofs under races: many callers, little credit, one or several gateways on the same books."""

import asyncio
from typing import Any, Final

from proxy.stages.hold import reserve_tokens
from tests.e2e.harness import chat
from tests.proofs.books import Upstream, charged_milli, claim_books, claim_nothing_left, quiet
from tests.proofs.claims import Case
from tests.proofs.crowd import Crowd, Said, counted
from tests.proofs.site import ProofHouse, Site
from tests.proofs.terms import EXACT_MILLI, LEAD_TOKENS, MILLI_A_TOKEN, WORDS

CALLERS: Final = 200
TEN: Final = 10
HUNDRED: Final = 100
TOGETHER_MS: Final = 100
REFUSED: Final = {402, 429}
_STREAMED: Final[dict[str, Any]] = {"stream": True, "stream_options": {"include_usage": True}}


def parallel(site: Site, shape: str, gateways: int, workers: int = 1) -> Case:
    """200 calls at once, credit for exactly 10, each costing what it holds."""
    case = Case(
        f"{CALLERS} parallel {shape} calls, credit for {TEN}, {_on(site, gateways, workers)}",
        f"exactly {TEN} served, {TEN} upstream calls, balance 0, all others 402 or 429",
    )
    simulator = site.yard.simulator()
    house = site.house(simulator)
    with site.running(house, gateways, workers) as urls:
        upstream, crowd = Upstream(simulator), Crowd(urls, house.key("user", "ann", "ten"))
        said = asyncio.run(_until_spent(crowd, [_body(shape, number) for number in range(CALLERS)]))
        served = sum(s.status == 200 for s in said)
        case.claim(counted(said), served == TEN and all(s.status in REFUSED for s in said if s.status != 200))
        case.claim(f"{upstream.calls} upstream calls", upstream.calls == TEN)
        claim_books(case, house, "ann", TEN * EXACT_MILLI)
        claim_nothing_left(case, house, "ann", TEN * EXACT_MILLI)
    return case


def tenths(site: Site, gateways: int) -> Case:
    """200 calls that cost a tenth of what they hold, credit for 100 of them, ten at a time."""
    case = Case(
        f"{CALLERS} calls costing a tenth of what they hold, credit for {HUNDRED}, callers that retry, {_on(site, gateways)}",
        f"all that credit can pay are served: {HUNDRED}, balance 0, all others 402",
    )
    house = site.house(site.yard.simulator())
    with site.running(house, gateways) as urls:
        crowd = Crowd(urls, house.key("user", "ann", "hundred"))
        bodies = [chat("sim/tenth", f"call {number}", max_tokens=10 * WORDS) for number in range(CALLERS)]
        said = asyncio.run(_until_spent(crowd, bodies))
        served = sum(s.status == 200 for s in said)
        case.claim(counted(said), served == HUNDRED and {s.status for s in said} == {200, 402})
        claim_books(case, house, "ann", HUNDRED * EXACT_MILLI)
        claim_nothing_left(case, house, "ann", HUNDRED * EXACT_MILLI)
    return case


def leavers_and_faults(site: Site, gateways: int) -> Case:
    """The first row again, while half of the callers leave at random moments and three calls in ten meet a provider that fails:
    with 503, with an error inside a 200, by a reset in the middle of the answer."""
    case = Case(
        f"{CALLERS} parallel calls, credit for {TEN}, half of the callers leave, 30 % fail upstream, {_on(site, gateways)}",
        "overspend 0, every upstream call booked once, holds left 0",
    )
    simulator = site.yard.simulator()
    house = site.house(simulator)
    with site.running(house, gateways) as urls:
        upstream, crowd = Upstream(simulator), Crowd(urls, house.key("user", "ann", "ten"))
        said = asyncio.run(crowd.ask_all([_troubled(number) for number in range(CALLERS)], leaving=0.5))
        case.claim(counted(said), all(s.status in REFUSED | {0, 200, 502, 503} for s in said))
        quiet(house)
        _claim_attempts(case, house, upstream)
        claim_books(case, house, "ann", TEN * EXACT_MILLI)
    return case


def streams(site: Site) -> Case:
    """50 streams that share credit for about 20, on a model that stops billing when closed."""
    limit_milli = 8_000_000
    case = Case(
        f"50 parallel streams of 155 to 400 tokens sharing {limit_milli // MILLI_A_TOKEN}, a model that stops billing on close,"
        f" {_on(site, 1)}",
        "charged in sum = credit to less than one lead, or an eighth of one for each that is cut with the last;"
        " what was cut says so; upstream stopped with it",
    )
    simulator = site.yard.simulator()
    house = site.house(simulator)
    with site.running(house, 1) as urls:
        crowd = Crowd(urls, house.key("user", "ann", "stream"))
        lengths = range(155, 405, 5)
        said = asyncio.run(crowd.ask_all([chat("sim/river", **_STREAMED, max_tokens=length) for length in lengths]))
        cut = [s for s in said if s.status == 200 and "credits_exhausted" in s.text]
        case.claim(f"{counted(said)}, {len(cut)} of them cut", all(s.status in REFUSED | {200} for s in said))
        unsaid = [s for s in said if s.status == 200 and '"finish_reason":"' not in s.text]
        case.claim(f"{len(unsaid)} streams that do not say how they ended", not unsaid)
        closed = sum(call["closed_early"] for call in simulator.calls())
        case.claim(f"{closed} upstream streams stopped with theirs", closed == len(cut))
        claim_books(case, house, "ann", limit_milli)
        left_milli, lead_milli = limit_milli - charged_milli(house, "ann"), LEAD_TOKENS * MILLI_A_TOKEN
        last = _cut_last(house)
        # Each is cut with an eighth of a lead in hand; of those that are cut together nobody is left to take it.
        case.claim(
            f"{left_milli} milli-credits left, a lead costs {lead_milli}; {last} were cut in the last {TOGETHER_MS} ms",
            left_milli < max(lead_milli, (last + 1) * reserve_tokens(LEAD_TOKENS) * MILLI_A_TOKEN),
        )
        ((absorbed_milli,),) = house.rows("SELECT sum(absorbed_milli) FROM model_calls")
        case.claim(f"{absorbed_milli} absorbed", absorbed_milli == 0)
    return case


def greedy(site: Site) -> Case:
    """A provider that bills 50 times what it shows."""
    name = f"a model that bills 50 times what it shows, {_on(site, 1)}"
    case = Case(name, "user charged at most the hold, the rest absorbed, an alert")
    house = site.house(site.yard.simulator())
    with site.running(house, 1) as urls:
        crowd = Crowd(urls, house.key("user", "ann", "ten"))
        said = asyncio.run(crowd.ask_all([chat("sim/greedy", max_tokens=WORDS)]))
        ((charged, absorbed),) = house.rows("SELECT credits_milli, absorbed_milli FROM model_calls WHERE status = 'served'")
        case.claim(f"{counted(said)}, charged {charged}, absorbed {absorbed}", charged == EXACT_MILLI and absorbed > charged)
        alerts = house.rows("SELECT count(*) FROM alerts WHERE kind = 'absorbed'")[0][0]
        case.claim(f"{alerts} alert", alerts == 1)
        claim_books(case, house, "ann", TEN * EXACT_MILLI)
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


def _troubled(number: int) -> dict[str, Any]:
    chains = {0: ["sim/fails", "sim/paced"], 1: ["sim/errs", "sim/paced"], 2: ["sim/cuts"]}
    body = _body("mixed", number // 10)
    del body["model"]
    return {**body, "models": chains.get(number % 10, ["sim/paced"])}


def _claim_attempts(case: Case, house: ProofHouse, upstream: Upstream) -> None:
    """A caller may leave before its attempt reached the provider, or before the provider said a byte: no upstream call may be
    without its attempt, and no answer may be ours alone."""
    ((attempts, answered),) = house.rows("SELECT count(*), count(first_byte_ms) FROM attempts")
    seen = f"{upstream.calls} upstream calls, {attempts} attempts booked, {answered} of them answered"
    case.claim(seen, answered <= upstream.calls <= attempts)


def _cut_last(house: ProofHouse) -> int:
    """How many streams were cut in the moment of the last."""
    ends = house.rows("SELECT at_ms + duration_ms FROM model_calls WHERE status = 'cut' OR reason = 'credits_exhausted'")
    latest = max((at_ms for (at_ms,) in ends), default=0)
    return sum(at_ms > latest - TOGETHER_MS for (at_ms,) in ends)


def _on(site: Site, gateways: int, workers: int = 1) -> str:
    several = f" of {workers} workers" if workers > 1 else ""
    return f"{site.store.name}, {gateways} gateway{'s' if gateways > 1 else ''}{several}"
