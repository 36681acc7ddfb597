"""What an operator asks of precheck: prompts and a rule book in, verdicts, a score of them or their reasons out as lines."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from proxy.domain.verdict import RuleBook, Verdict
from proxy.stages import precheck

_SCORED: Final = ("category", "complexity", "risk")


class NoPrompt(ValueError):
    """A line is no labelled prompt; the text says which and why."""


def rows(text: str) -> Iterator[Mapping[str, Any]]:
    """The prompts of a file: an object a line with `text` (or `prompt`), and an `id` and labels if there are any."""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise NoPrompt(f"line {number} is no JSON: {error}") from error
        if not isinstance(row, dict) or not isinstance(row.get("text", row.get("prompt")), str):
            raise NoPrompt(f'line {number} has no "text"; write an object a line, such as {{"id": "1", "text": "Hello"}}')
        yield {"id": str(number), **row}


def predictions(prompts: Iterable[Mapping[str, Any]], book: RuleBook) -> Iterator[str]:
    """A line of JSON for each prompt: its id and verdict, never its text."""
    for row in prompts:
        verdict = _verdict(row, book)
        found = {"category": verdict.category, "family": verdict.family, "complexity": verdict.complexity, "risk": verdict.risk}
        hazards = {"risk_category": next(iter(verdict.hazards), None), "hazards": verdict.hazards}
        yield orjson.dumps({"id": row["id"], **found, **hazards, "confidence": verdict.confidence}).decode()


def scored(prompts: Iterable[Mapping[str, Any]], book: RuleBook) -> Iterator[str]:
    """How many of the labels `category`, `complexity` and `risk` were found, and what was taken for what."""
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    wrong: Counter[tuple[str, str, str]] = Counter()
    for row in prompts:
        verdict = _verdict(row, book)
        for label in _SCORED:
            if (gold := row.get(label)) is not None and (label != "category" or "risk" not in row):
                found = getattr(verdict, label)
                asked[label] += 1
                right[label] += gold == found
                wrong[label, str(gold), found] += gold != found
    for label in asked:
        yield f"{label}: {right[label]} of {asked[label]} right ({right[label] / asked[label]:.1%})"
    for (label, gold, found), count in wrong.most_common():
        if count:
            yield f"{label}: {gold} taken for {found}\t{count}"


def explained(text: str, book: RuleBook) -> Iterator[str]:
    """The verdict on one prompt, and which rules and words spoke for it."""
    verdict = _verdict({"text": text}, book)
    yield f"{verdict.category} ({verdict.family}), {verdict.complexity}, confidence {verdict.confidence}"
    yield f"language {verdict.language or 'unknown'}"
    yield f"{verdict.risk}: {', '.join(verdict.hazards) or 'no hazard'}"
    for span in verdict.evidence:
        yield f"rule {span.rule}\tcharacters {span.start} to {span.end}"
    for what, word, weight in precheck.reasons(_said(text), book):
        yield f"{what}\t{weight:+.2f}\t{word}"


def _verdict(row: Mapping[str, Any], book: RuleBook) -> Verdict:
    return precheck.judge(_said(row.get("text", row.get("prompt", ""))), book)


def _said(text: str) -> tuple[Mapping[str, Any], ...]:
    return ({"role": "user", "content": text},)
