"""`python -m tests.proofs`: every proof in turn, with what was seen; exit 1 when one does not hold."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.e2e.harness import Yard
from tests.proofs import crashes, races
from tests.proofs.claims import Case

Proof = Callable[[Yard, Path], Case]

PROOFS: Final[dict[str, Proof]] = {
    "parallel-whole": lambda yard, folder: races.parallel(yard, folder, "whole", 1),
    "parallel-stream": lambda yard, folder: races.parallel(yard, folder, "stream", 1),
    "parallel-mixed": lambda yard, folder: races.parallel(yard, folder, "mixed", 1),
    "parallel-auto": lambda yard, folder: races.parallel(yard, folder, "auto", 1),
    "parallel-two-gateways": lambda yard, folder: races.parallel(yard, folder, "mixed", 2),
    "tenths": lambda yard, folder: races.tenths(yard, folder, 1),
    "tenths-two-gateways": lambda yard, folder: races.tenths(yard, folder, 2),
    "leavers": races.leavers_and_faults,
    "streams": races.streams,
    "greedy": races.greedy,
    "locked": crashes.locked,
    "kills": lambda yard, folder: crashes.kills(yard, folder, crashes.ROUNDS),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these of: {', '.join(PROOFS)}")
    chosen = parser.parse_args().names or list(PROOFS)
    cases = [_run(name, number, len(chosen)) for number, name in enumerate(chosen, 1)]
    print("\n| case | must show | seen | holds |\n|---|---|---|---|")
    for case in cases:
        print(case.row)
    return 0 if all(case.holds for case in cases) else 1


def _run(name: str, number: int, of: int) -> Case:
    print(f"{number}/{of}  {name}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        yard = Yard(Path(folder))
        try:
            case = PROOFS[name](yard, Path(folder) / "house")
        finally:
            yard.clear()
    print(f"    {time.monotonic() - began:.0f} s", flush=True)
    return case


if __name__ == "__main__":
    sys.exit(main())
