"""`python -m tests.bench.soak`: a great many calls, one in twenty meeting a fault and as many left by their caller; prints
memory on the way, then what is left behind; exit 1 when anything is."""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Final

from tests.bench import load, machine, ours, page, rivals
from tests.bench.programs import BUILT, Yard
from tests.bench.targets import Site, Target

CALLS: Final = 2_000_000
SEGMENTS: Final = 40
CONNECTIONS: Final = 32
LEAVE_PPM: Final = 60_000  # Some of these have their answer before they would leave.
LEAVE_AFTER_MS: Final = 5
GROWTH_MAX: Final = 1.03
_RESTS_WITHIN_S: Final = 120.0
_LOOK_S: Final = 2.0
# A log or a journal may be open at one moment and not at another.
_DESCRIPTORS_SLACK: Final = 2


@dataclass(slots=True)
class Soak:
    """What was seen on the way and at the end."""

    machine: str
    calls: int = 0
    left: int = 0
    faults: int = 0
    cut: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    memory_mb: list[float] = field(default_factory=list)
    quarters_mb: list[float] = field(default_factory=list)
    descriptors_before: int = 0
    descriptors_after: int = 0
    holds_left: int = 0
    memory_flat: bool = False
    no_descriptor_left: bool = False

    @property
    def holds(self) -> bool:
        return self.memory_flat and self.no_descriptor_left and self.holds_left == 0

    def add(self, seen: load.Seen) -> None:
        """What a segment came to."""
        self.calls += seen.calls
        self.left += int(seen.counts["left"])
        self.cut += int(seen.counts["streams_cut"])
        self.memory_mb.append(seen.memory_mb)
        for status, count in seen.counts["statuses"].items():
            self.statuses[status] = self.statuses.get(status, 0) + count

    def judge(self) -> None:
        """Says of memory and descriptors whether they are as they were."""
        self.quarters_mb = quarters(self.memory_mb)
        self.memory_flat = self.quarters_mb[3] <= GROWTH_MAX * self.quarters_mb[1]
        self.no_descriptor_left = self.descriptors_after <= self.descriptors_before + _DESCRIPTORS_SLACK


def quarters(values: list[float]) -> list[float]:
    """The median of each quarter."""
    edges = [len(values) * number // 4 for number in range(5)]
    return [median(values[begin:end]) for begin, end in pairwise(edges)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak", description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS, help="how many in all (%(default)s)")
    parser.add_argument("--write", action="store_true", help="keep what was seen in docs/proofs/speed/, and write the page")
    given = parser.parse_args()
    machine.raise_descriptor_limit()
    soak = _soaked(given.calls)
    path = (page.KEPT if given.write else BUILT) / page.SOAK
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(soak), indent=1) + "\n", encoding="utf-8")
    print(f"\n{page.soak_table(asdict(soak))}\n{soak.statuses}, {soak.cut} streams cut; all of it in {path}")
    if given.write:
        page.write()
    return 0 if soak.holds else 1


def _soaked(calls: int) -> Soak:
    core, load_core = machine.cores()
    with tempfile.TemporaryDirectory() as folder:
        yard = Yard(Path(folder))
        try:
            site = Site(yard, load.provider(yard, load_core), core, load_core)
            return _run(site, ours.gateway(site), calls)
        finally:
            yard.clear()


def _run(site: Site, target: Target, calls: int) -> Soak:
    pid = target.program.pid
    soak = Soak(machine.described(rivals.versions([])), descriptors_before=machine.descriptors(pid))
    requests = [target.request("faulty")] + [target.request(name, stream=True) for name in ("faulty-flat", "faulty-paced")]
    options = {"connections": CONNECTIONS, "leave_ppm": LEAVE_PPM, "leave_after": LEAVE_AFTER_MS, "calls": calls // SEGMENTS}
    began_s = time.monotonic()
    for number in range(1, SEGMENTS + 1):
        soak.add(load.run(target.port, requests, options, site.load_core, pid))
        passed_s = time.monotonic() - began_s
        left_s = passed_s / number * (SEGMENTS - number)
        print(f"{soak.calls:>9,} calls   {soak.memory_mb[-1]:6.1f} MB   {passed_s:5.0f} s, {left_s:.0f} to go", flush=True)
    soak.faults = int(site.provider.stats()["faults"])
    _rest(soak, site, target)
    soak.judge()
    return soak


def _rest(soak: Soak, site: Site, target: Target) -> None:
    """Kept connections expire and the last settlements are written, in their own time, some of it beside other calls."""
    until_s = time.monotonic() + _RESTS_WITHIN_S
    while time.monotonic() < until_s:
        load.run(target.port, [target.request("whole")], {"calls": 1}, site.load_core)
        soak.descriptors_after = machine.descriptors(target.program.pid)
        soak.holds_left = target.holds()
        if soak.descriptors_after <= soak.descriptors_before + _DESCRIPTORS_SLACK and soak.holds_left == 0:
            return
        time.sleep(_LOOK_S)


if __name__ == "__main__":
    sys.exit(main())
