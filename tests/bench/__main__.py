"""`python -m tests.bench`: what a call costs, ours beside others under the same load in the same run; prints two tables and
keeps every row."""

import argparse
import sys
from pathlib import Path
from typing import Final

from tests.bench import machine, page, reach, rivals, rounds
from tests.bench.load import LoadFailed
from tests.bench.machine import MachineUnfit
from tests.bench.programs import BUILT

ALWAYS: Final = ("gateway", "no-precheck", "relay", "nginx")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--peers", action="store_true", help="LiteLLM too; its environment is made if it is not there")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is started and measured (%(default)s)")
    parser.add_argument("--longer", type=float, default=1.0, help="factor of all durations; below 1 for a first look")
    parser.add_argument("--only", nargs="+", choices=rounds.START, help="these targets alone")
    parser.add_argument(
        "--write", action="store_true", help="keep the rows in docs/proofs/speed/, and write docs/proofs/speed.md"
    )
    given = parser.parse_args()
    try:
        return _run(given)
    except (MachineUnfit, LoadFailed, TimeoutError) as failure:
        print(failure, file=sys.stderr)
        return 1


def _run(given: argparse.Namespace) -> int:
    machine.raise_descriptor_limit()
    names = given.only or [*ALWAYS, *(["litellm"] if given.peers else [])]
    if "litellm" in names:
        rivals.install_litellm()
    rows = rounds.measure(names, given.rounds, given.longer)
    path: Path = (page.KEPT if given.write else BUILT) / page.ROUNDS
    rows.write(path)
    print(f"\n{rows.machine}\n\n{reach.reach(rows)}\n{reach.figures(rows)}\n{reach.failures(rows)}rows in {path}")
    if given.write:
        page.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
