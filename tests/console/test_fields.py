"""The editors know every field that administrators may change, and every field that they know has its words."""

import re
from pathlib import Path

import pytest

from proxy.store.catalog.layers import OPERATOR_FIELDS
from proxy.store.catalog.rows import AssistantRow, PlanRow, PricesRow

CONSOLE = Path(__file__).parents[2] / "proxy" / "console"
WORDS = (CONSOLE / "deskwords.js").read_text()


def said(name: str) -> str:
    """What is said of one part of the desk: the text of its table."""
    return WORDS.split(f"desk.{name} = {{")[1].split("\n};")[0]


@pytest.mark.parametrize(("page", "fields"), [("assistants", AssistantRow.model_fields), ("plans", PlanRow.model_fields)])
def test_an_editor_has_each_field_of_its_row_and_a_word_for_it(page: str, fields: dict[str, object]) -> None:
    edited = set(re.findall(r'field\("(\w+)"', (CONSOLE / f"{page}.js").read_text()))
    assert edited == set(fields) - OPERATOR_FIELDS
    labels = said(page).split("fields: {")[1].split("  },")[0]
    assert {name for name in edited if f"{name}: " not in labels} == set()


def test_the_editor_of_prices_has_each_class_that_a_model_can_be_billed_by() -> None:
    classes = said("models").split("classes: {")[1].split("}")[0]
    assert re.findall(r"(\w+): ", classes) == list(PricesRow.model_fields)
