"""The editors know every field that administrators may change, and every field that they know has its words."""

import re
from pathlib import Path
from typing import get_args

import pytest

from proxy.api.admin.schemas import NewApp
from proxy.domain.dialect import Feature
from proxy.store.catalog.layers import OPERATOR_FIELDS
from proxy.store.catalog.policy_rows import AbuseRow, PolicyRow, SecondNetRow
from proxy.store.catalog.rows import AliasRow, AssistantRow, ModelRow, PlanRow, PricesRow, TimeoutsRow

CONSOLE = Path(__file__).parents[2] / "proxy" / "console"
WORDS = (CONSOLE / "words.js").read_text()
# What other editors of a model's page have: its button, its visibility and its price.
MODEL_ELSEWHERE = {"active", "hidden", "plans", "prices", "tiers", "images"}


def said(name: str) -> str:
    """What is said of one part of the desk: the text of its table."""
    return WORDS.split(f"desk.{name} = {{")[1].split("\n};")[0]


def labels(part: str, table: str = "fields") -> set[str]:
    """The names that have a word of their own in one table of words.js."""
    text = WORDS.split(f"export const {part} = {{")[1].split("\n};")[0]
    return set(re.findall(r"(\w+): \"", re.split(rf"\n  {table}: {{", text)[1].split("}")[0]))


@pytest.mark.parametrize(
    ("page", "part", "fields", "elsewhere"),
    [
        ("modelfields", "models", ModelRow.model_fields, MODEL_ELSEWHERE),
        ("policy", "policy", PolicyRow.model_fields, set()),
    ],
)
def test_models_and_policy_have_each_field_and_a_word_for_it(
    page: str, part: str, fields: dict[str, object], elsewhere: set[str]
) -> None:
    edited = set(re.findall(r'field\("(\w+)"', (CONSOLE / f"{page}.js").read_text()))
    assert edited == set(fields) - OPERATOR_FIELDS - elsewhere
    assert labels(part) == edited


@pytest.mark.parametrize(
    ("part", "table", "fields"),
    [
        ("models", "timeouts", TimeoutsRow.model_fields),
        ("policy", "net", SecondNetRow.model_fields),
        ("policy", "abuse", AbuseRow.model_fields),
        ("apps", "fields", {name: None for name in NewApp.model_fields if name not in ("id", "reason")}),
    ],
)
def test_records_and_apps_have_each_field_and_a_word_for_it(part: str, table: str, fields: dict[str, object]) -> None:
    assert labels(part, table) == set(fields)


def test_an_alias_is_its_models_alone_and_every_feature_can_be_named() -> None:
    assert set(AliasRow.model_fields) - OPERATOR_FIELDS == {"models"}
    listed = WORDS.split("FEATURES = [")[1].split("]")[0]
    assert tuple(re.findall(r'"(\w+)"', listed)) == get_args(Feature)


@pytest.mark.parametrize(("page", "fields"), [("assistants", AssistantRow.model_fields), ("plans", PlanRow.model_fields)])
def test_an_editor_has_each_field_of_its_row_and_a_word_for_it(page: str, fields: dict[str, object]) -> None:
    edited = set(re.findall(r'field\("(\w+)"', (CONSOLE / f"{page}.js").read_text()))
    assert edited == set(fields) - OPERATOR_FIELDS
    labels = said(page).split("fields: {")[1].split("  },")[0]
    assert {name for name in edited if f"{name}: " not in labels} == set()


def test_the_editor_of_prices_has_each_class_that_a_model_can_be_billed_by() -> None:
    classes = said("models").split("classes: {")[1].split("}")[0]
    assert re.findall(r"(\w+): ", classes) == list(PricesRow.model_fields)
