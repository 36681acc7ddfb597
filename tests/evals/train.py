"""`python -m tests.evals.train [FOLDER]` writes config/precheck_weights.json from our own prompts and those of a folder.

Of a folder of labelled prompts only rows count whose terms allow it; weights of words that several texts share are written,
never a text."""

import hashlib
import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from proxy.domain.verdict import Table, Weights
from proxy.stages.precheck.weighing import weights_of
from tests.evals.prompts import own
from tests.evals.recipe import Read, may_train, read, weights
from tests.evals.shared import MAY_SHIP, graded, shared
from tests.stages.precheck.books import shipped_rules

TARGET: Final = Path(__file__).resolve().parents[2] / "config" / "precheck_weights.json"


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0]) if arguments else None
    others = [*shared(folder), *graded(folder)] if folder else []
    rows = read([*own(), *others], shipped_rules())
    made = weights(rows, "unnamed")
    content = _content(made, [row for row in rows if may_train(row.example)])
    content["revision"] = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
    TARGET.write_text(_written(content), encoding="utf-8")
    print(f"{TARGET.name}: revision {content['revision']}, {TARGET.stat().st_size:,} bytes")
    return 0


def _content(made: Weights, rows: list[Read]) -> dict[str, Any]:
    counted = Counter(row.example.source for row in rows)
    return {
        "revision": "",
        "made_by": "python -m tests.evals.train FOLDER",
        "sources": [
            {"source": source, "rows": count, "licence": MAY_SHIP.get(source, "ours, tests/evals/prompts")}
            for source, count in sorted(counted.items())
        ],
        "thresholds": dict(made.thresholds),
        **{name: _table(getattr(made, name)) for name in ("category", "complexity", "level", "hazard")},
    }


def _table(table: Table) -> dict[str, Any]:
    ordered = replace(table, rows=dict(sorted(table.rows.items())))
    return {
        "classes": table.classes,
        "steps": table.steps,
        "words": list(ordered.rows),
        "weights": weights_of(ordered).hex(),
    }


def _written(content: dict[str, Any]) -> str:
    """One line a word, so that two revisions can be compared."""
    return json.dumps(content, ensure_ascii=False, indent=0, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
