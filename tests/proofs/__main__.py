"""`python -m tests.proofs`: every proof in turn, with what was seen; exit 1 when one does not hold."""

import argparse
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import httpx2
import psycopg

from tests import run
from tests.e2e.harness import Yard
from tests.proofs import account, apart, crashes, dead, histories, outages, races, report, rescue
from tests.proofs.auto import case as auto
from tests.proofs.claims import Case
from tests.proofs.ends import ENDS
from tests.proofs.faults import case as faults
from tests.proofs.faults import mixed
from tests.proofs.scale.case import FULL, USUAL, scale
from tests.proofs.site import Site
from tests.proofs.stores import GROUNDS, Ground, fresh

Proof = Callable[[Site], Case]

# What a proof may end by instead of saying what it saw: something did not come in time, a process ended, a database refused.
FAULTS: Final = (
    AssertionError,
    LookupError,
    OSError,
    ValueError,
    httpx2.HTTPError,
    psycopg.Error,
    sqlite3.Error,
    subprocess.SubprocessError,
)
SHAPES: Final = ("whole", "stream", "mixed", "auto")


def _together(site: Site, shape: str) -> Case:
    return races.parallel(site, shape, site.store.gateways_max)


EVERYWHERE: Final[dict[str, Proof]] = {
    **{f"parallel-{shape}": partial(races.parallel, shape=shape, gateways=1) for shape in SHAPES},
    **{f"parallel-{shape}-together": partial(_together, shape=shape) for shape in SHAPES},
    "parallel-workers": partial(races.parallel, shape="mixed", gateways=1, workers=2),
    "tenths": partial(races.tenths, gateways=1),
    "tenths-together": lambda site: races.tenths(site, site.store.gateways_max),
    "leavers": partial(races.leavers_and_faults, gateways=1),
    "leavers-together": lambda site: races.leavers_and_faults(site, site.store.gateways_max),
    "streams": races.streams,
    "greedy": races.greedy,
    "rescue": rescue.rescue,
    "away": apart.away,
    "halted": apart.halted,
    "histories": histories.histories,
    "kills": partial(crashes.kills, rounds=crashes.ROUNDS),
    "kills-worker": partial(crashes.kills_worker, rounds=crashes.WORKER_ROUNDS),
    "scale": partial(scale, size=USUAL),
}
# Minutes and tens of gigabytes each: run only when they are named.
NAMED: Final[dict[str, Proof]] = {"scale-full": partial(scale, size=FULL)}
ONLY: Final[dict[Ground, dict[str, Proof]]] = {
    "sqlite": {
        "locked": outages.locked,
        "file-limit": outages.limited,
        "full-disk": outages.full,
        # Breakers and faults know no books, so one ground is enough.
        "faults": faults.every,
        "mixed": mixed.mixed,
        "account": account.refused,
        "dead-beside": partial(dead.beside, dies=dead.refused),
        "mute-beside": partial(dead.beside, dies=dead.mute),
        "both-dead": partial(dead.both, dies=dead.refused),
        "both-mute": partial(dead.both, dies=dead.mute),
        **ENDS,
        "auto": auto.chosen,
        "auto-fences": auto.fenced,
        "auto-talk": auto.talked,
        "auto-ladder": auto.climbed,
    },
    "postgres": {
        "stopped": partial(outages.stopped, mode="fast"),
        "stopped-at-once": partial(outages.stopped, mode="immediate"),
        "terminated": outages.terminated,
        "full-disk": outages.full,
    },
}
PROOFS: Final[dict[str, Proof]] = {
    f"{name}/{ground}": proof for ground in GROUNDS for name, proof in (EVERYWHERE | ONLY[ground] | NAMED).items()
}

# What a page of docs/proofs has rows of: one about failover, one about `auto`, one about all that concerns the books.
FAILOVER: Final = frozenset(
    {"faults", "mixed", "rescue", "both-dead", "both-mute", "dead-beside", "mute-beside", "account", *ENDS}
)


def _page(kind: str) -> str:
    if kind in FAILOVER:
        return "failover.md"
    return "auto.md" if kind.startswith("auto") else "budget.md"


PAGES: Final[dict[str, list[str]]] = {
    page: [proof for proof in PROOFS if _page(proof.partition("/")[0]) == page]
    for page in ("budget.md", "failover.md", "auto.md")
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these, or without /... on both of: {', '.join(PROOFS)}")
    parser.add_argument("--write", action="store_true", help="write what was seen into docs/proofs")
    given = parser.parse_args()
    chosen = _chosen(given.names)
    run.begin()
    cases: dict[str, Case] = {}
    for number, name in enumerate(chosen, 1):
        cases[name] = _run(name, number, len(chosen))
        if given.write:
            # At once: what was seen in an hour must not go with a proof that ends the whole run.
            for page, names in PAGES.items():
                report.write(page, {name: cases[name]}, names)
    print(f"\n{report.table(cases, chosen)}")
    return 0 if all(case.holds for case in cases.values()) else 1


def _chosen(names: list[str]) -> list[str]:
    kinds = {proof: proof.partition("/")[0] for proof in PROOFS}
    return [proof for proof, kind in kinds.items() if {proof, kind} & set(names) or not (names or kind in NAMED)]


def _run(name: str, number: int, of: int) -> Case:
    print(f"{number}/{of}  {name}", flush=True)
    ground: Ground = "sqlite" if name.endswith("/sqlite") else "postgres"
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, fresh(ground, Path(folder)) as store:
        yard = Yard(Path(folder))
        try:
            case = PROOFS[name](Site(yard, Path(folder), store))
        except FAULTS:
            # The others are run all the same.
            traceback.print_exc()
            case = Case(name, "an end of its own")
            case.claim("it came to no end", False)
        finally:
            yard.clear()
    print(f"    {time.monotonic() - began:.0f} s", flush=True)
    return case


if __name__ == "__main__":
    sys.exit(main())
