"""Rule books for precheck tests: the one we ship, read as an operator's would be, and small ones made on the spot."""

import tomllib
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from proxy.domain.chat import Chat
from proxy.domain.verdict import Rule, RuleBook, Weights
from proxy.stages.precheck.marks import pattern_of
from proxy.store.catalog.weights import read_weights
from tests import builders

SHIPPED: Final = Path(__file__).resolve().parents[3] / "config" / "precheck.toml"


@lru_cache
def shipped() -> RuleBook:
    """The rules in config/precheck.toml with their weights."""
    read = read_weights(SHIPPED.parent / "precheck_weights.json")
    assert isinstance(read, Weights)
    return replace(shipped_rules(), weights=read)


@lru_cache
def shipped_rules() -> RuleBook:
    """The rules in config/precheck.toml alone."""
    table = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    return RuleBook(
        revision="shipped",
        rules=tuple(_rule(row) for row in table["rule"]),
        families=table["families"],
        risks=table["risks"],
        assistants=table["assistants"],
        category_margin=table["category_margin"],
    )


def rule(says: Any, value: str, pattern: str, **changes: Any) -> Rule:
    """A rule whose id is its value."""
    return _rule({"id": value, "says": says, "value": value, "pattern": pattern, **changes})


def book(*rules: Rule, **changes: Any) -> RuleBook:
    """A book of these rules over a few families and risks."""
    families = {"coding": "code", "summarization": "text", "extraction": "text", "qa": "general"}
    risks = {"cyber": "disallowed", "pii": "sensitive", "harmless": "safe", "prompt_injection": "disallowed"}
    assistants = {"code": "coder", "general": "general"}
    return builders.rule_book(rules=rules, families=families, risks=risks, assistants=assistants, **changes)


def said(*texts: str) -> Chat:
    """A conversation in which a human says these texts, each answered but the last."""
    turns = [message for text in texts for message in (_message("user", text), _message("assistant", "Yes."))]
    return builders.chat(messages=tuple(turns[:-1]))


def _message(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": text}


def _rule(row: dict[str, Any]) -> Rule:
    pattern = pattern_of(row["pattern"])
    return Rule(**{**row, "pattern": pattern})
