"""What an operator hears of prompts of their own: verdicts without texts, honest counts, and reasons."""

import json

import pytest

from proxy.inquiry.prompts import NoPrompt, explained, predictions, rows, scored
from tests.stages.precheck.books import book, rule, shipped

RULES = book(rule("category", "coding", r"\b(?:python)"), rule("hazard", "cyber", r"\b(?:malware)"))
FILE = """
{"id": "a", "text": "python please", "category": "coding"}
{"text": "malware", "risk": "disallowed"}
{"text": "hello", "category": "coding", "complexity": "hard"}
"""


def test_a_prediction_names_the_row_and_never_its_text() -> None:
    first, second, _ = (json.loads(line) for line in predictions(rows(FILE), RULES))
    assert (first["id"], first["category"], first["risk"]) == ("a", "coding", "safe")
    assert (second["id"], second["risk"], second["risk_category"]) == ("3", "disallowed", "cyber")
    assert "text" not in first


def test_a_score_counts_each_label_and_says_what_was_taken_for_what() -> None:
    lines = list(scored(rows(FILE), RULES))
    assert "category: 1 of 2 right (50.0%)" in lines
    assert "risk: 1 of 1 right (100.0%)" in lines
    assert "category: coding taken for qa\t1" in lines


def test_an_explanation_names_rules_and_words() -> None:
    assert "rule cyber\tcharacters 4 to 11" in list(explained("the malware", RULES))
    assert any("\tr:" in line or "\tpoem" in line for line in explained("Write a poem about rain.", shipped()))


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"text": 1}'])
def test_a_line_without_a_prompt_is_named(line: str) -> None:
    with pytest.raises(NoPrompt, match="line 1"):
        list(rows(line))
