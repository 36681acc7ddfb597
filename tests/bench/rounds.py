"""Names of targets in, rows of figures out: each round starts all of them anew and takes them in turn through every case, so
that whatever the machine does meanwhile happens to all; keeps every row."""

import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

from tests.bench import load, machine, ours, rivals
from tests.bench.cases import AFTER_HALF, BEFORE_HALF, CASES_OF, Bench, Case, Figures
from tests.bench.half import half
from tests.bench.load import LoadFailed
from tests.bench.programs import Yard
from tests.bench.targets import Site, Target

START: Final[Mapping[str, Callable[[Site], Target]]] = {
    "gateway": ours.gateway,
    "no-precheck": ours.without_precheck,
    "relay": ours.relay,
    "nginx": rivals.nginx,
    "litellm": rivals.litellm,
    "least": ours.least,
    "least-no-precheck": ours.least_without_precheck,
    "least-relay": ours.least_relay,
}
# What is there to be subtracted is not measured at half load.
_NEVER_HALF: Final = ("relay", "least-relay")


@dataclass(slots=True)
class Row:
    """What one target came to in one round; cases that failed have no figures, and say why. `windows` are of half load."""

    target: str
    round: int
    figures: Figures = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    windows: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rows:
    """A whole run. `longer` is what every duration was multiplied by."""

    machine: str
    longer: float
    rows: list[Row]

    def of(self, target: str) -> list[Figures]:
        """One target's figures, a round each."""
        return [row.figures for row in self.rows if row.target == target]

    def as_if(self, target: str, other: str) -> "Rows":
        """These rows with one target's figures taken from another."""
        taken = [replace(row, target=target) for row in self.rows if row.target == other]
        return replace(self, rows=[*taken, *(row for row in self.rows if row.target != target)])

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> Rows:
    """What `write` wrote."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    return Rows(kept["machine"], kept["longer"], [Row(**row) for row in kept["rows"]])


def measure(names: Sequence[str], count: int, longer: float, cases: Mapping[str, Sequence[Case]] = CASES_OF) -> Rows:
    """`count` rounds over the named targets, in the cases that each is to go through."""
    described = machine.described(rivals.versions(names))
    rows = [row for number in range(1, count + 1) for row in _round(names, number, longer, cases)]
    return Rows(described, longer, rows)


def _round(names: Sequence[str], number: int, longer: float, cases: Mapping[str, Sequence[Case]]) -> list[Row]:
    rows = {name: Row(name, number) for name in names}
    core, load_core = machine.cores()
    with tempfile.TemporaryDirectory() as folder:
        yard = Yard(Path(folder))
        try:
            bench = Bench(Site(yard, load.provider(yard, load_core), core, load_core), longer)
            running = {name: START[name](bench.site) for name in names}
            for case in BEFORE_HALF:
                _each(case, bench, {name: running[name] for name in names if case in cases[name]}, rows)
            _half(bench, running, rows)
            for case in AFTER_HALF:
                _each(case, bench, {name: running[name] for name in names if case in cases[name]}, rows)
        finally:
            yard.clear()
    return list(rows.values())


def _each(case: Case, bench: Bench, running: Mapping[str, Target], rows: Mapping[str, Row]) -> None:
    for name, target in running.items():
        print(f"round {rows[name].round}: {case.__name__:8} {name}", flush=True)
        _try(case, bench, target, rows[name])


def _half(bench: Bench, running: Mapping[str, Target], rows: Mapping[str, Row]) -> None:
    targets = [target for name, target in running.items() if name not in _NEVER_HALF]
    print(f"half load: {', '.join(target.name for target in targets)}", flush=True)
    found = half(bench, targets, lambda target, failure: rows[target.name].failures.append(f"half: {failure}"))
    for name, came_to in found.items():
        rows[name].figures.update(came_to.figures())
        rows[name].windows.extend(came_to.rows())
        print(f"    {name}: {_shown(came_to.figures())}", flush=True)


def _try(case: Case, bench: Bench, target: Target, row: Row) -> None:
    began_s = time.monotonic()
    try:
        figures = case(bench, target)
    except LoadFailed as failure:
        row.failures.append(f"{case.__name__}: {failure}")
        print(f"    failed: {failure}", flush=True)
        return
    row.figures.update(figures)
    print(f"    {_shown(figures)}   ({time.monotonic() - began_s:.0f} s)", flush=True)


def _shown(figures: Figures) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
