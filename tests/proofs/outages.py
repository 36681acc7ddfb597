"""Proofs under outages: books that are stopped, locked, cut off or have no room, while calls run."""

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal

import psycopg

from tests.e2e.harness import chat
from tests.postgres_server import own_cluster
from tests.proofs.books import Upstream, claim_books, quiet, spent_milli
from tests.proofs.claims import Case
from tests.proofs.crowd import Crowd, Said, counted, is_whole
from tests.proofs.disks import Disk, NoDisk, file_limit, small_disk
from tests.proofs.site import ProofHouse, Site
from tests.proofs.stores import PostgresStore, SqliteStore, Store
from tests.proofs.terms import EXACT_MILLI, RICH_MILLI, WORDS

CALLERS: Final = 20
CALM_S: Final = 2.0
AWAY_S: Final = 5.0
# Whoever writes to a locked file waits 2 s, and so do the others of its process that come before it: in this time whatever was
# to be settled has failed at least once.
LOCKED_S: Final = 12.0
BACK_WITHIN_S: Final = 5.0
MUST: Final = (
    f"200, or 503 with our body; no free calls, no lost record, recovery within {BACK_WITHIN_S:g} s without restart;"
    " upstream's own count is the books'"
)
_DISK_MIB: Final = 32
_END_OTHERS: Final = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
)

Trouble = Callable[[ProofHouse], None]


def locked(site: Site) -> Case:
    """Another writer locks the file for longer than anybody waits."""

    def lock(_: ProofHouse) -> None:
        with sqlite3.connect(_path(site.store), isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(LOCKED_S)
            other.execute("ROLLBACK")

    return _during(site, f"SQLite locked by another writer for {LOCKED_S:g} s under load", lock)


def stopped(site: Site, mode: Literal["fast", "immediate"]) -> Case:
    """The server is stopped as `pg_ctl stop` does it, and started again."""
    with own_cluster() as cluster:

        def stop(_: ProofHouse) -> None:
            cluster.stop(mode)
            time.sleep(AWAY_S)
            cluster.start()

        name = f"PostgreSQL stopped under load (pg_ctl stop -m {mode}) and started {AWAY_S:g} s later"
        return _during(replace(site, store=PostgresStore(cluster.url("books"))), name, stop)


def terminated(site: Site) -> Case:
    """The server ends every connection of the gateway, ten times a second."""

    def end_connections(_: ProofHouse) -> None:
        until_s = time.monotonic() + AWAY_S
        with psycopg.connect(site.store.url, autocommit=True) as admin:
            while time.monotonic() < until_s:
                admin.execute(_END_OTHERS)
                time.sleep(0.1)

    name = f"all connections ended ten times a second for {AWAY_S:g} s (pg_terminate_backend)"
    return _during(site, name, end_connections, away=False)


def limited(site: Site) -> Case:
    """No file of the gateway may grow (RLIMIT_FSIZE), which needs nobody's leave: its writes fail as on a full disk."""

    def stop_growth(house: ProofHouse) -> None:
        path = _path(site.store)
        with file_limit(house.gateway.popen.pid, path, path.with_name(f"{path.name}-wal")):
            time.sleep(AWAY_S)

    return _during(site, f"SQLite's files may not grow for {AWAY_S:g} s under load (RLIMIT_FSIZE)", stop_growth)


def full(site: Site) -> Case:
    """A disk of its own, small and full for a while; only root may mount one."""
    name = f"{site.store.name} on a disk that is full for {AWAY_S:g} s under load (tmpfs of {_DISK_MIB} MiB)"
    try:
        with small_disk(_DISK_MIB) as disk, _on_disk(site.store, disk) as store:

            def fill(_: ProofHouse) -> None:
                with disk.filled():
                    time.sleep(AWAY_S)

            return _during(replace(site, store=store), name, fill)
    except NoDisk as error:
        return Case(name, MUST, not_run=str(error))


@contextmanager
def _on_disk(store: Store, disk: Disk) -> Iterator[Store]:
    if isinstance(store, SqliteStore):
        yield SqliteStore(disk.path / "books.db")
        return
    with own_cluster() as cluster:
        shutil.chown(disk.path, cluster.user.pw_uid, cluster.user.pw_gid)
        with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:
            admin.execute(f"CREATE TABLESPACE small LOCATION '{disk.path}'".encode())
            admin.execute("CREATE DATABASE small TEMPLATE books TABLESPACE small")
        yield PostgresStore(cluster.url("small"))


def _during(site: Site, name: str, trouble: Trouble, away: bool = True) -> Case:
    """Calls go on before, during and after the trouble, which takes the books `away` so that some are refused, or may."""
    case = Case(name, MUST)
    simulator = site.yard.simulator()
    house = site.house(simulator)
    with site.running(house, 1) as urls:
        upstream, crowd = Upstream(simulator), Crowd(urls, house.key("user", "ann", "rich"))
        said, over_s = _asked(crowd, lambda: trouble(house))
        refused = any(one.status == 503 for one in said)
        case.claim(counted(said), all(_is_right(one) for one in said) and (refused or not away))
        _claim_recovery(case, said, over_s)
        _claim_records(case, house, upstream, sum(one.status == 200 for one in said))
    return case


def _asked(crowd: Crowd, trouble: Callable[[], None]) -> tuple[list[Said], float]:
    """What was heard from a calm moment before the trouble to one after it, and when the trouble was over."""

    def trouble_and_calm() -> float:
        time.sleep(CALM_S)
        trouble()
        over_s = time.monotonic()
        time.sleep(BACK_WITHIN_S + CALM_S)
        return over_s

    with ThreadPoolExecutor(1) as troubling:
        over = troubling.submit(trouble_and_calm)
        said = asyncio.run(crowd.ask_while(lambda: not over.done(), _bodies(), CALLERS))
    return said, over.result()


def _is_right(said: Said) -> bool:
    return is_whole(said) or (said.status == 503 and said.code == "store_unavailable")


def _claim_recovery(case: Case, said: list[Said], over_s: float) -> None:
    away = [one for one in said if one.status != 200]
    last_s = max((one.at_s for one in away), default=over_s) - over_s
    after = sum(one.status == 200 and one.at_s > over_s + max(0.0, last_s) for one in said)
    case.claim(
        f"the last refusal {last_s:+.1f} s after it was over, {after} served since", last_s <= BACK_WITHIN_S and after > 0
    )


def _claim_records(case: Case, house: ProofHouse, upstream: Upstream, heard: int) -> None:
    """Every call that reached the provider is booked at its price, whatever its caller heard."""
    quiet(house)
    ((calls, attempts),) = house.rows(
        "SELECT count(*), (SELECT count(*) FROM attempts WHERE first_byte_ms IS NOT NULL) FROM model_calls"
        " WHERE status = 'served'"
    )
    seen = f"{upstream.calls} upstream calls, {attempts} answered attempts and {calls} served calls booked, {heard} served"
    case.claim(seen, upstream.calls == attempts == calls == heard)
    claim_books(case, house, "ann", RICH_MILLI)
    spent = spent_milli(house, "ann")
    case.claim(f"each at its price ({spent})", spent == calls * EXACT_MILLI)


def _bodies() -> Iterator[dict[str, Any]]:
    for number in count():
        model = "sim/paced" if number % 4 < 2 else "sim/exact"
        yield chat(model, f"call {number}", stream=number % 2 == 1, max_tokens=WORDS)


def _path(store: Store) -> Path:
    assert isinstance(store, SqliteStore)
    return store.path
