"""Proofs under crashes and outages: kill -9 at random moments, and a store that is taken away for a while."""

import asyncio
import random
import sqlite3
import time
from pathlib import Path

from tests.e2e.harness import House, Yard, chat
from tests.proofs.books import claim_books, quiet, spent_milli
from tests.proofs.claims import Case
from tests.proofs.crowd import Crowd, Said, counted
from tests.proofs.terms import WORDS, house

ROUNDS = 50
RICH_MILLI = 100_000_000_000
LOCKED_S = 8.0
BACK_WITHIN_S = 5.0


def kills(yard: Yard, folder: Path, rounds: int) -> Case:
    """kill -9 at random points under load, then start; again and again."""
    case = Case(f"{rounds} rounds of kill -9 under load, then start", "every call absent or settled once; verify finds nothing")
    made = house(yard, folder, yard.simulator(), lease_ms="5000")
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
    yard.clear()
    return case


def locked(yard: Yard, folder: Path) -> Case:
    """Another writer locks the file for longer than anybody waits."""
    case = Case(
        f"SQLite locked by another writer for {LOCKED_S:g} s under load",
        f"503 with our body, no free calls, recovery within {BACK_WITHIN_S:g} s without restart",
    )
    simulator = yard.simulator()
    made = house(yard, folder, simulator)
    made.start()
    crowd = Crowd([made.url], made.key("user", "ann", "rich"))
    asyncio.run(crowd.ask_all([_body(0)]))
    simulator.forget()
    with sqlite3.connect(made.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        said = asyncio.run(_during(crowd, LOCKED_S))
        other.execute("ROLLBACK")
    free = time.monotonic()
    case.claim(counted(said), all(s.code == "store_unavailable" for s in said))
    while asyncio.run(crowd.ask_all([_body(1)]))[0].status != 200 and time.monotonic() - free < BACK_WITHIN_S * 2:
        time.sleep(0.05)
    back_s = time.monotonic() - free
    case.claim(f"answering again after {back_s:.1f} s", back_s <= BACK_WITHIN_S)
    quiet(made)
    served = made.rows("SELECT count(*) FROM model_calls WHERE status = 'served'")[0][0]
    case.claim(
        f"{len(simulator.calls())} upstream calls, {served - 1} served calls booked", len(simulator.calls()) == served - 1
    )
    claim_books(case, made, "ann", RICH_MILLI)
    case.claim(f"each at its price ({spent_milli(made, 'ann')})", spent_milli(made, "ann") == served * 20_000)
    yard.clear()
    return case


async def _load_and_kill(made: House, key: str, after_s: float) -> None:
    crowd = Crowd([made.url], key)
    asking = asyncio.create_task(crowd.ask_all([_body(n) for n in range(60)]))
    await asyncio.sleep(after_s)
    await asyncio.to_thread(made.gateway.kill)
    await asking


async def _during(crowd: Crowd, seconds: float) -> list[Said]:
    until = time.monotonic() + seconds
    said: list[Said] = []
    while time.monotonic() < until:
        said += await crowd.ask_all([_body(n) for n in range(20)])
    return said


def _body(number: int) -> dict[str, object]:
    return chat("sim/exact", f"call {number}", stream=number % 2 == 1, max_tokens=WORDS)
