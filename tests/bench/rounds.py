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
from tests.bench.cases import CASES_OF, ORDER, Bench, Case, Figures
from tests.bench.load import LoadFailed
from tests.bench.programs import Yard
from tests.bench.targets import Site, Target

START: Final[Mapping[str, Callable[[Site], Target]]] = {
    "gateway": ours.gateway,
    "no-precheck": ours.without_precheck,
    "relay": ours.relay,
    "nginx": rivals.nginx,
    "litellm": rivals.litellm,
}


@dataclass(slots=True)
class Row:
    """What one target came to in one round; cases that failed have no figures, and say why."""

    target: str
    round: int
    figures: Figures = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


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


def measure(names: Sequence[str], count: int, longer: float) -> Rows:
    """`count` rounds over the named targets."""
    described = machine.described(rivals.versions(names))
    rows = [row for number in range(1, count + 1) for row in _round(names, number, count, longer)]
    return Rows(described, longer, rows)


def _round(names: Sequence[str], number: int, count: int, longer: float) -> list[Row]:
    rows = {name: Row(name, number) for name in names}
    core, load_core = machine.cores()
    with tempfile.TemporaryDirectory() as folder:
        yard = Yard(Path(folder))
        try:
            bench = Bench(Site(yard, load.provider(yard, load_core), core, load_core), longer)
            running = {name: START[name](bench.site) for name in names}
            for case in ORDER:
                for name in names:
                    if case in CASES_OF[name]:
                        print(f"round {number} of {count}: {case.__name__:8} {name}", flush=True)
                        _try(case, bench, running[name], rows[name])
        finally:
            yard.clear()
    return list(rows.values())


def _try(case: Case, bench: Bench, target: Target, row: Row) -> None:
    began_s = time.monotonic()
    try:
        figures = case(bench, target)
    except LoadFailed as failure:
        row.failures.append(f"{case.__name__}: {failure}")
        print(f"    failed: {failure}", flush=True)
        return
    row.figures.update(figures)
    shown = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
    print(f"    {shown}   ({time.monotonic() - began_s:.0f} s)", flush=True)
