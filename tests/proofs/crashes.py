"""Proofs under crashes: kill -9 at random moments under load."""

import asyncio
import random

from tests.e2e.harness import chat
from tests.proofs.books import claim_books, quiet
from tests.proofs.claims import Case
from tests.proofs.crowd import Crowd
from tests.proofs.site import ProofHouse, Site
from tests.proofs.terms import RICH_MILLI, WORDS

ROUNDS = 50


def kills(site: Site, rounds: int) -> Case:
    """kill -9 at random points under load, then start; again and again."""
    case = Case(
        f"{rounds} rounds of kill -9 under load, then start, {site.store.name}",
        "every call absent or settled once; verify finds nothing",
    )
    made = site.house(site.yard.simulator(), lease_ms="5000")
    made.start()
    key = made.key("user", "ann", "rich")
    chance = random.Random(7)
    for number in range(rounds):
        asyncio.run(_load_and_kill(made, key, chance.random() * 0.4))
        if number % 10 == 9:
            print(f"    round {number + 1} of {rounds}", flush=True)
        made.start()
    quiet(made)
    statuses = dict(made.rows("SELECT status, count(*) FROM model_calls GROUP BY status"))
    case.claim(f"calls by status: {statuses}", sum(statuses.values()) > 0 and "running" not in statuses)
    twice = made.rows("SELECT count(*) FROM entries WHERE kind IN ('settle', 'release') GROUP BY hold_id HAVING count(*) > 1")
    case.claim(f"{len(twice)} holds resolved twice", not twice)
    claim_books(case, made, "ann", RICH_MILLI)
    return case


async def _load_and_kill(made: ProofHouse, key: str, after_s: float) -> None:
    crowd = Crowd([made.url], key)
    asking = asyncio.create_task(crowd.ask_all([_body(n) for n in range(60)]))
    await asyncio.sleep(after_s)
    await asyncio.to_thread(made.gateway.kill)
    await asking


def _body(number: int) -> dict[str, object]:
    return chat("sim/exact", f"call {number}", stream=number % 2 == 1, max_tokens=WORDS)
