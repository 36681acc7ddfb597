"""The content of `precheck.toml` in, a RuleBook out, with every mistake found; tries no rule on any text."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from proxy.domain.value import replace
from proxy.domain.verdict import Risk, Rule, RuleBook, Weights
from proxy.stages import precheck
from proxy.stages.precheck.marks import pattern_of
from proxy.store.catalog.cells import Factor, Name, PlainId, Row
from proxy.store.catalog.mistakes import Mistake, mistakes_of
from proxy.store.catalog.sheet import digest
from proxy.store.catalog.weights import read_weights

RULES_FILE: Final = "precheck.toml"
PATTERN_CHARS_MAX: Final = 20_000


class RuleRow(Row):
    """One precheck rule as it is written."""

    id: PlainId
    says: Literal["category", "hazard", "complexity", "injection", "pii"]
    value: Name
    pattern: Annotated[str, Field(min_length=1, max_length=PATTERN_CHARS_MAX)]
    weight: Factor = 1.0
    validator: PlainId | None = None
    hint: bool = False


class RulesFile(Row):
    """The tables of `precheck.toml` beside its rules."""

    families: dict[PlainId, PlainId] = Field(default_factory=dict)
    risks: dict[PlainId, Risk] = Field(default_factory=dict)
    assistants: dict[PlainId, PlainId] = Field(default_factory=dict)
    category_margin: Factor = 1.0
    weights: str | None = None
    thresholds: dict[PlainId, float] = Field(default_factory=dict)


def read_rules(content: Mapping[str, Any], folder: Path) -> tuple[RuleBook, list[Mistake]]:
    """The rules that are right, and what is wrong with the others."""
    mistakes: list[Mistake] = []
    tables = _tables({key: value for key, value in content.items() if key != "rule"}, mistakes)
    rules = _rules(content.get("rule", []), mistakes)
    weights = _weights(tables, folder, mistakes)
    revision = digest(content if weights is None else {**content, "weights": weights.revision})
    book = RuleBook(
        revision=revision,
        rules=rules,
        families=tables.families,
        risks=tables.risks,
        assistants=tables.assistants,
        category_margin=float(tables.category_margin),
        weights=weights,
    )
    mistakes.extend(
        Mistake(RULES_FILE, "rule", f"{words}; mend it there or in the tables") for words in precheck.mistakes(book)
    )
    return book, mistakes


def _weights(tables: RulesFile, folder: Path, mistakes: list[Mistake]) -> Weights | None:
    """The weights that the file names, with the operator's own thresholds."""
    if tables.weights is None:
        return None
    read = read_weights(folder / tables.weights)
    if isinstance(read, Mistake):
        mistakes.append(read)
        return None
    for name in tables.thresholds.keys() - read.thresholds.keys():
        known = ", ".join(sorted(read.thresholds))
        mistakes.append(Mistake(RULES_FILE, f"thresholds.{name}", f"is not known; known are {known}"))
    return replace(read, thresholds={**read.thresholds, **tables.thresholds})


def _tables(content: Mapping[str, Any], mistakes: list[Mistake]) -> RulesFile:
    try:
        return RulesFile.model_validate(content)
    except ValidationError as error:
        mistakes.extend(mistakes_of(error, RULES_FILE, "file", ["rule", *RulesFile.model_fields]))
        return RulesFile()


def _rules(rows: Any, mistakes: list[Mistake]) -> tuple[Rule, ...]:
    if not isinstance(rows, list):
        mistakes.append(Mistake(RULES_FILE, "rule", "must be a list of tables: write [[rule]]"))
        return ()
    rules: dict[str, Rule] = {}
    for number, row in enumerate(rows):
        named = row.get("id", number) if isinstance(row, dict) else number
        rule = _rule(f"rule[{named}]", row, mistakes)
        if rule is not None and rule.id in rules:
            mistakes.append(Mistake(RULES_FILE, f"rule[{rule.id}]", "exists already; give each rule a name of its own"))
        elif rule is not None:
            rules[rule.id] = rule
    return tuple(rules.values())


def _rule(where: str, content: Any, mistakes: list[Mistake]) -> Rule | None:
    try:
        row = RuleRow.model_validate(content)
    except ValidationError as error:
        mistakes.extend(mistakes_of(error, RULES_FILE, where, RuleRow.model_fields))
        return None
    try:
        pattern = pattern_of(row.pattern)
    except re.error as error:
        mistakes.append(Mistake(RULES_FILE, f"{where}.pattern", f"is no regular expression: {error}"))
        return None
    return Rule(row.id, row.says, row.value, pattern, float(row.weight), row.validator, row.hint)
