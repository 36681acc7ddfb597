"""Proofs over histories by chance: thousands, each longer than a test's, the real books against the plain ones."""

import asyncio
import time
from contextlib import AbstractContextManager
from random import Random
from typing import Final

from tests.proofs.claims import Case
from tests.proofs.site import Site
from tests.proofs.stores import SqliteStore
from tests.properties.histories import History, drawn
from tests.properties.stage import Stage, far_stage, near_stage

SQLITE_HISTORIES: Final = 5_000
POSTGRES_HISTORIES: Final = 2_000
SHOWN_EVERY: Final = 500


def histories(site: Site) -> Case:
    """In one database, which verify then finds right."""
    if isinstance(site.store, SqliteStore):
        return _lived_through(site, near_stage(site.folder), SQLITE_HISTORIES)
    return _lived_through(site, far_stage(), POSTGRES_HISTORIES)


def _lived_through(site: Site, opened: AbstractContextManager[Stage], number: int) -> Case:
    must = "books and plain books agree to the unit at every step; verify finds nothing"
    case = Case(f"{number} histories of 30 steps, {site.store.name}", must)
    began_s, chance, lived = time.monotonic(), Random(20), 0
    try:
        with opened as stage:
            for lived in range(1, number + 1):
                asyncio.run(History(stage).live(drawn(chance)))
                if lived % SHOWN_EVERY == 0:
                    print(f"    {lived} of {number}, {time.monotonic() - began_s:.0f} s", flush=True)
            ((entries,),) = asyncio.run(stage.look("SELECT count(*) FROM entries"))
            case.claim(f"{lived} histories, {entries} entries, no difference", lived == number)
    except AssertionError as wrong:
        case.claim(f"history {lived}, or verify after it: {wrong}", False)
    return case
