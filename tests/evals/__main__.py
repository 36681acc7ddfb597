"""`python -m tests.evals [FOLDER]` measures precheck on labelled prompts and prints the tables of docs/proofs/precheck.md.

The folder may also be named by SIGNALBOX_EVALS. Its texts are read, judged and never printed."""

import os
import sys
import time
from pathlib import Path
from typing import Final

from proxy.domain.verdict import RuleBook
from proxy.stages.precheck import check, prepare
from proxy.store.catalog.weights import read_weights
from tests import builders
from tests.evals import figures, folds
from tests.evals.prompts import Example, own
from tests.evals.recipe import leanings, read
from tests.evals.shared import FolderMissing, graded, shared
from tests.stages.precheck.books import SHIPPED, shipped, shipped_rules

VARIABLE: Final = "SIGNALBOX_EVALS"
LONG_CHARS: Final = 100_000
SHORT_CHARS: Final = 4_000


def main(arguments: list[str]) -> int:
    named = arguments[0] if arguments else os.environ.get(VARIABLE)
    if not named:
        print(
            f"Nothing to measure with: name the folder of labelled prompts, as the argument or in {VARIABLE}.", file=sys.stderr
        )
        return 1
    try:
        examples = shared(Path(named))
    except FolderMissing as missing:
        print(missing, file=sys.stderr)
        return 1
    _speed(examples, shipped())
    _quality(examples, graded(Path(named)))
    return 0


def _quality(examples: list[Example], learned: list[Example]) -> None:
    book = shipped_rules()
    ours, others = read([*own(), *learned], book), read(examples, book)
    plain = folds.plain(ours, others, book, _tell)
    apart = folds.by_source(ours, others, book, _tell)
    print("\n| figure | 5-fold | leave one source out |\n|---|---|---|")
    for (name, mixed), (_, strict) in zip(figures.reach(examples, plain), figures.reach(examples, apart), strict=True):
        print(f"| {name} | {mixed} | {strict} |")
    print("\nLeave one source out, by category:\n")
    print("\n".join(figures.classes(examples, apart)))
    print("\nBy the least confidence of a category, every source unseen:\n")
    print("\n".join(figures.coverage(leanings([*ours, *others]))))
    print("\n| source | rows | category right |\n|---|---|---|")
    print("\n".join(figures.sources(examples, apart)))


def _speed(examples: list[Example], book: RuleBook) -> None:
    prepare(book)
    texts = [example.text for example in examples]
    _judged_us(texts[: len(texts) // 4], book)
    us = sorted(_judged_us([text for text in texts if len(text) <= SHORT_CHARS], book))
    joined = "\n".join(texts)
    long = sorted(_judged_us([joined[start : start + LONG_CHARS] for start in range(0, 10 * LONG_CHARS, LONG_CHARS)], book))
    begun = time.thread_time_ns()
    read_weights(SHIPPED.parent / "precheck_weights.json")
    load_ms = (time.thread_time_ns() - begun) / 1e6
    print("| CPU | µs |\n|---|---|")
    print(f"| prompts of at most {SHORT_CHARS:,} characters, p50 | {us[len(us) // 2]:.0f} |")
    print(f"| p99 | {us[int(len(us) * 0.99)]:.0f} |")
    print(f"| {LONG_CHARS:,} characters, p50 | {long[len(long) // 2]:.0f} |")
    print(f"| loading the weights, once | {load_ms * 1_000:,.0f} |", flush=True)


def _judged_us(texts: list[str], book: RuleBook) -> list[float]:
    """CPU time of each verdict, the better of two."""
    found = []
    for text in texts:
        request = builders.chat(messages=({"role": "user", "content": text},))
        tries = []
        for _ in range(2):
            begun = time.thread_time_ns()
            check(request, book)
            tries.append((time.thread_time_ns() - begun) / 1_000)
        found.append(min(tries))
    return found


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
