"""Proofs of what happens when calls and their holds miss each other: a store that is away for longer than a lease, and a
process that was halted for longer than that."""

import asyncio
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from tests.e2e.harness import chat, eventually
from tests.postgres_server import own_cluster
from tests.proofs.books import claim_books, quiet
from tests.proofs.claims import Case
from tests.proofs.crowd import Crowd, Said, counted
from tests.proofs.site import ProofHouse, Site
from tests.proofs.stores import PostgresStore, SqliteStore
from tests.proofs.terms import MILLI_A_TOKEN, RICH_MILLI

LEASE_MS: Final = 5_000
GRACE_MS: Final = LEASE_MS // 4
# Long enough that a settlement which waits for a locked file, 2 s and those of others before it, has failed at least once.
AWAY_S: Final = 15.0
SPEAKING_S: Final = 3.0
STREAMS_A_KIND: Final = 4
BURIED_WAIT_S: Final = 60.0
CANAL_WORDS: Final = 300
_KINDS: Final = ("sim/brook", "sim/canal")
_ENTRIES: Final = (
    "SELECT kind, count(*), count(DISTINCT hold_id) FROM entries WHERE hold_id IS NOT NULL GROUP BY kind ORDER BY kind"
)


def away(site: Site) -> Case:
    """Nobody reaches the store for three leases, while streams run in two gateways."""
    case = Case(
        f"{site.store.name} away for {AWAY_S:g} s, three leases, while {4 * STREAMS_A_KIND} streams run in 2 gateways",
        "every stream ends with an error event, is settled once the store is back, and no lease has ended",
    )
    with _taken_away(site) as (site, take_away):
        house = site.house(site.yard.simulator(), lease_ms=str(LEASE_MS))
        with site.running(house, 2) as urls:
            said = _during(Crowd(urls, house.key("user", "ann", "rich")), 2, take_away)
            quiet(house)
            _claim_errors(case, said)
            statuses = house.rows("SELECT status, code, count(*) FROM model_calls GROUP BY status, code")
            case.claim(f"booked {statuses}", statuses == [("cut", "store_unavailable", len(said))])
            _claim_entries(case, house, {"settle": len(said)})
            claim_books(case, house, "ann", RICH_MILLI)
    return case


def halted(site: Site) -> Case:
    """One of two gateways is stopped (SIGSTOP) until the other has resolved its holds, and then woken."""
    case = Case(
        f"a gateway halted past its lease while {2 * STREAMS_A_KIND} streams run in it, and woken; {site.store.name}",
        "each hold resolved once by the other gateway; what came after is one adjustment each; a stream that needs more is cut",
    )
    house = site.house(site.yard.simulator(), lease_ms=str(LEASE_MS))
    with site.running(house, 2) as urls:
        crowd = Crowd(urls[:1], house.key("user", "ann", "rich"))
        said = _during(crowd, 1, lambda: _halt_until_buried(house))
        eventually(lambda: len(_adjusted(house)) == len(said), "the woken gateway's own settlements", BURIED_WAIT_S)
        brooks, canals = (said[place :: len(_KINDS)] for place in range(len(_KINDS)))
        _claim_errors(case, brooks)
        case.claim(f"held at their worst: {counted(canals)}", all(s.text.rstrip().endswith("[DONE]") for s in canals))
        look = "SELECT model_id, status, min(credits_milli), max(credits_milli) FROM model_calls GROUP BY 1, 2 ORDER BY 1"
        booked = house.rows(look)
        whole_milli = CANAL_WORDS * MILLI_A_TOKEN
        ends = [(model, status) for model, status, _, _ in booked]
        case.claim(f"booked {booked}", ends == [("sim/brook", "cut"), ("sim/canal", "served")])
        case.claim(f"whole answers at {whole_milli}", booked[-1][2:] == (whole_milli, whole_milli))
        resolved = sum(count for kind, count, _ in house.rows(_ENTRIES) if kind in ("settle", "release"))
        _claim_entries(case, house, {"adjust": len(said)})
        case.claim(f"{resolved} holds resolved by the other gateway", resolved == len(said))
        claim_books(case, house, "ann", RICH_MILLI)
    return case


def _during(crowd: Crowd, gateways: int, trouble: Callable[[], None]) -> list[Said]:
    """What streams of both kinds heard that were speaking when the trouble came."""

    def speak_first() -> None:
        time.sleep(SPEAKING_S)
        trouble()

    # Callers take the gateways in turn, and the kinds in turn for each of them.
    bodies = [_body(_KINDS[number // gateways % len(_KINDS)]) for number in range(gateways * len(_KINDS) * STREAMS_A_KIND)]
    with ThreadPoolExecutor(1) as troubling:
        done = troubling.submit(speak_first)
        said = asyncio.run(crowd.ask_all(bodies))
        done.result()
    return said


def _body(model: str) -> dict[str, Any]:
    return chat(model, stream=True, max_tokens=CANAL_WORDS, stream_options={"include_usage": True})


def _halt_until_buried(house: ProofHouse) -> None:
    house.gateway.send(signal.SIGSTOP)
    try:
        eventually(lambda: house.rows("SELECT count(*) FROM holds") == [(0,)], "the end of its leases", BURIED_WAIT_S)
    finally:
        house.gateway.send(signal.SIGCONT)


def _adjusted(house: ProofHouse) -> list[tuple[Any, ...]]:
    return house.rows("SELECT hold_id FROM entries WHERE kind = 'adjust'")


def _claim_errors(case: Case, said: list[Said]) -> None:
    told = sum('"code":"store_unavailable"' in one.text and "[DONE]" not in one.text for one in said)
    case.claim(f"{told} of {len(said)} ended with an error event that says store_unavailable", told == len(said))


def _claim_entries(case: Case, house: ProofHouse, wanted: dict[str, int]) -> None:
    """So many entries of these kinds, each about another hold; no adjustment that is not wanted."""
    found = {kind: (count, holds) for kind, count, holds in house.rows(_ENTRIES) if kind in ("settle", "release", "adjust")}
    right = all(found.get(kind) == (count, count) for kind, count in wanted.items()) and found.keys() >= wanted.keys()
    case.claim(f"entries {found}", right and ("adjust" in wanted or "adjust" not in found))


@contextmanager
def _taken_away(site: Site) -> Iterator[tuple[Site, Callable[[], None]]]:
    """The ground of a case, and what takes its store away for a while."""
    store = site.store
    if isinstance(store, SqliteStore):

        def lock() -> None:
            with sqlite3.connect(store.path, isolation_level=None) as other:
                other.execute("BEGIN IMMEDIATE")
                time.sleep(AWAY_S)
                other.execute("ROLLBACK")

        yield site, lock
        return
    with own_cluster() as cluster:

        def stop() -> None:
            cluster.stop("fast")
            time.sleep(AWAY_S)
            cluster.start()

        yield replace(site, store=PostgresStore(cluster.url("books"))), stop
