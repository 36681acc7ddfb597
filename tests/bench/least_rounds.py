"""`python -m tests.bench.least_rounds`: the least gateway beside ours, bare relays, nginx and LiteLLM under the same load in
the same run; prints what each came to and which lines of the reach each meets, and keeps the rows."""

import argparse
import sys
from typing import Final

from tests.bench import machine, page, reach, rivals, rounds
from tests.bench.cases import LEAST
from tests.bench.load import LoadFailed
from tests.bench.machine import MachineUnfit
from tests.bench.programs import BUILT
from tests.bench.rounds import Rows

ROWS: Final = "least.json"
# Eleven minutes in all.
ROUNDS: Final = 2
LONGER: Final = 0.3
_FIGURES: Final = (
    *("call_us", "calls_per_s", "large_us", "paced_us", "flat_us", "half_rate", "half_p50_us", "half_p99_us"),
    *("half_direct_p99_us", "first_p50_us", "first_p99_us"),
)
# Whose figures stand where a goal asks for ours, with whose it asks for without precheck.
_STANDING_IN: Final = {
    "gateway": "no-precheck",
    "no-precheck": "no-precheck",
    "least": "least-no-precheck",
    "least-no-precheck": "least-no-precheck",
    "relay": "relay",
    "least-relay": "least-relay",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.least_rounds", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--longer", type=float, default=LONGER, help="factor of all durations (%(default)s)")
    parser.add_argument("--only", nargs="+", choices=reach.COLUMNS, default=list(reach.COLUMNS), help="these targets alone")
    parser.add_argument(
        "--write", action="store_true", help="keep the rows in docs/proofs/speed/, and write the page's section"
    )
    given = parser.parse_args()
    machine.raise_descriptor_limit()
    try:
        if "litellm" in given.only:
            rivals.install_litellm()
        rows = rounds.measure(given.only, given.rounds, given.longer, dict.fromkeys(given.only, LEAST))
    except (MachineUnfit, LoadFailed, TimeoutError) as failure:
        print(failure, file=sys.stderr)
        return 1
    path = (page.KEPT if given.write else BUILT) / ROWS
    rows.write(path)
    print(f"\n{tables(rows)}rows in {path}")
    if given.write:
        page.put("least", tables(rows))
    return 0


def tables(rows: Rows) -> str:
    """What each came to, and which lines each meets."""
    said = f"Seen on {rows.machine}. Durations were {rows.longer:g} of the usual.\n"
    return "\n".join([said, reach.figures(rows, _FIGURES), _met(rows), reach.failures(rows)])


def _met(rows: Rows) -> str:
    names = [name for name in _STANDING_IN if rows.of(name)]
    titles = ("", "at least", *(reach.COLUMNS[name] for name in names))
    lines = [titles, ("---",) * len(titles)]
    for goal in reach.GOALS:
        cells = [" ".join(goal.judged(_as_ours(rows, name))).strip() for name in names]
        if set(cells) != {"not measured"}:
            lines.append((goal.what, goal.bound(goal.least), *cells))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _as_ours(rows: Rows, name: str) -> Rows:
    return rows.as_if("no-precheck", _STANDING_IN[name]).as_if("gateway", name)


if __name__ == "__main__":
    sys.exit(main())
