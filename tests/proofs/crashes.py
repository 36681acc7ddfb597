"""Proofs under crashes: kill -9 at random moments under load."""

import asyncio
import os
import random
import signal
from collections.abc import Callable
from functools import partial

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.harness import chat, eventually
from tests.proofs.books import claim_books, claim_paid, quiet
from tests.proofs.claims import Case
from tests.proofs.crowd import Crowd, Said
from tests.proofs.site import ProofHouse, Site
from tests.proofs.terms import EXACT_MILLI, RICH_MILLI, WORDS

ROUNDS = 50
WORKERS = 2
AGAIN = "takes calls again"
# Rounds a worker: its pause before it comes back grows with each.
WORKER_ROUNDS = 3
CALLERS = 60
LATER_S = 0.02


def kills(site: Site, rounds: int) -> Case:
    """kill -9 at random points under load, then start; again and again."""
    case = Case(
        f"{rounds} rounds of kill -9 under load, then start, {site.store.name}",
        "every call absent or settled once; no answer that was heard is unpaid; verify finds nothing",
    )
    made = site.house(site.yard.simulator(), lease_ms="5000")
    made.start()
    key = made.key("user", "ann", "rich")
    chance, heard = random.Random(7), list[Said]()
    for number in range(rounds):
        heard += asyncio.run(_load_and_kill(made.url, key, _moment(chance), made.gateway.kill))
        if number % 10 == 9:
            print(f"    round {number + 1} of {rounds}", flush=True)
        made.start()
    quiet(made)
    statuses = dict(made.rows("SELECT status, count(*) FROM model_calls GROUP BY status"))
    case.claim(f"calls by status: {statuses}", statuses.keys() >= {"served", "crashed"} and "running" not in statuses)
    twice = made.rows("SELECT count(*) FROM entries WHERE kind IN ('settle', 'release') GROUP BY hold_id HAVING count(*) > 1")
    case.claim(f"{len(twice)} holds resolved twice", not twice)
    claim_paid(case, made.store, heard, EXACT_MILLI)
    claim_books(case, made, "ann", RICH_MILLI)
    return case


def kills_worker(site: Site, rounds: int) -> Case:
    """kill -9 of one worker after another under load; its parent starts it again, the other resolves what it held."""
    case = Case(
        f"{rounds * WORKERS} kills -9 of one of {WORKERS} workers under load, {site.store.name}",
        "each comes back; every call settled once; no answer that was heard is unpaid; no total of the metrics falls;"
        " verify finds nothing",
    )
    made = site.house(site.yard.simulator(), lease_ms="5000")
    with site.running(made, 1, WORKERS):
        key = made.key("user", "ann", "rich")
        chance, heard, totals, alone = random.Random(7), list[Said](), [0.0], 0
        for victim in [number for number in made.workers() for _ in range(rounds)]:
            before = made.workers()
            kill = partial(os.kill, before[victim], signal.SIGKILL)
            heard += asyncio.run(_load_and_kill(made.url, key, _moment(chance), kill))
            totals.append(_begun(made))
            eventually(lambda: made.gateway.errors.count(AGAIN) == len(totals) - 1, "the start of another")
            alone += _changed(before, made.workers()) == {victim}
        case.claim(f"{alone} times another came in the place of the killed one alone", alone == rounds * WORKERS)
        quiet(made)
        case.claim(f"calls begun, as scraped after each: {totals}", totals == sorted(totals) and totals[-1] > 0)
        twice = made.rows(
            "SELECT count(*) FROM entries WHERE kind IN ('settle', 'release') GROUP BY hold_id HAVING count(*) > 1"
        )
        case.claim(f"{len(twice)} holds resolved twice", not twice)
        claim_paid(case, made.store, heard, EXACT_MILLI)
        claim_books(case, made, "ann", RICH_MILLI)
        made.gateway.send(signal.SIGTERM)
        code = made.gateway.wait()
        case.claim(f"exit code {code}", code == 0)
    return case


def _changed(before: dict[int, int], after: dict[int, int]) -> set[int]:
    return {number for number in before if before[number] != after.get(number)}


def _begun(made: ProofHouse) -> float:
    page = httpx2.get(f"{made.url}/metrics").text
    samples = [sample for family in text_string_to_metric_families(page) for sample in family.samples]
    return next(sample.value for sample in samples if sample.name == "signalbox_calls_begun_total")


def _moment(chance: random.Random) -> tuple[int, float]:
    """When to kill: once so many have been served, and a little later. By the clock alone a slow machine would be killed before
    it had done anything."""
    return chance.randrange(CALLERS), chance.random() * LATER_S


async def _load_and_kill(url: str, key: str, moment: tuple[int, float], kill: Callable[[], None]) -> list[Said]:
    served, later_s = moment
    crowd = Crowd([url], key)
    asking = asyncio.create_task(crowd.ask_all([_body(n) for n in range(CALLERS)]))
    counting = asyncio.create_task(_count(crowd.served, served))
    await asyncio.wait({asking, counting}, return_when=asyncio.FIRST_COMPLETED)
    counting.cancel()
    await asyncio.sleep(later_s)
    await asyncio.to_thread(kill)
    return await asking


async def _count(served: asyncio.Semaphore, number: int) -> None:
    for _ in range(number):
        await served.acquire()


def _body(number: int) -> dict[str, object]:
    return chat("sim/exact", f"call {number}", stream=number % 2 == 1, max_tokens=WORDS)
