"""`python -m tests.bench.guard`: the working tree beside a base commit, interleaved in one run; exit 1 when a call or a chunk
costs more than a tenth more CPU than it did there."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from tests.bench import load, machine, ours
from tests.bench.cases import Bench, Case, call, flat, paced
from tests.bench.load import LoadFailed
from tests.bench.machine import MachineUnfit
from tests.bench.programs import Yard
from tests.bench.targets import Site, Target
from tests.compiling import ROOT

RISE_MAX: Final = 1.10
PAIRS: Final = 5
# What looks dearer is measured again before it is called so: one bad minute of the machine is no rise.
PAIRS_MAX: Final = 15
LONGER: Final = 0.6
_CASES: Final[dict[str, tuple[Case, str]]] = {
    "call": (call, "call_us"),
    "paced chunk": (paced, "paced_us"),
    "chunk flat out": (flat, "flat_us"),
}


def wants_more(ratios: Sequence[float]) -> bool:
    """Whether these pairs cannot tell yet."""
    return len(ratios) < PAIRS or (has_risen(ratios) and len(ratios) < PAIRS_MAX)


def has_risen(ratios: Sequence[float]) -> bool:
    """Whether half of all pairs, each measured in the same moments, show more than is allowed."""
    return median(ratios) > RISE_MAX


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.guard", description=__doc__)
    parser.add_argument("--base", default="main", help="the commit to compare with (%(default)s)")
    given = parser.parse_args()
    machine.raise_descriptor_limit()
    try:
        with tempfile.TemporaryDirectory() as folder, _tree_of(given.base, Path(folder) / "base") as base:
            return _compared(base, Path(folder))
    except (MachineUnfit, LoadFailed, TimeoutError, subprocess.CalledProcessError) as failure:
        print(failure, file=sys.stderr)
        return 1


def _compared(base: Path, folder: Path) -> int:
    core, load_core = machine.cores()
    yard = Yard(folder)
    try:
        bench = Bench(Site(yard, load.provider(yard, load_core), core, load_core), LONGER)
        before, now = ours.gateway(bench.site, base, "base"), ours.gateway(bench.site, name="working tree")
        verdicts = {name: _ratios(bench, before, now, name) for name in _CASES}
    finally:
        yard.clear()
    print()
    for name, ratios in verdicts.items():
        said = "RISEN" if has_risen(ratios) else "fine"
        print(f"{name:16} working tree / base {median(ratios):5.3f}   of {len(ratios)} pairs   {said}")
    return 1 if any(map(has_risen, verdicts.values())) else 0


def _ratios(bench: Bench, before: Target, now: Target, name: str) -> list[float]:
    case, figure = _CASES[name]
    ratios: list[float] = []
    while wants_more(ratios):
        # Who goes first changes, so that neither gains by it.
        order = (before, now) if len(ratios) % 2 else (now, before)
        cost_us = {target.name: case(bench, target)[figure] for target in order}
        ratios.append(cost_us[now.name] / cost_us[before.name])
        shown = f"base {cost_us[before.name]:8.1f} us   working tree {cost_us[now.name]:8.1f} us   ratio {ratios[-1]:.3f}"
        print(f"{name:16} {shown}", flush=True)
    return ratios


@contextmanager
def _tree_of(commit: str, folder: Path) -> Iterator[Path]:
    """The files of a commit, for as long as they are needed."""
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(folder), commit], check=True)
    try:
        yield folder
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], check=True)


if __name__ == "__main__":
    sys.exit(main())
