"""Claims about the catalog that ships in config/: it loads, it can be shown, and its README names every key it knows."""

import re
from typing import Final

import pytest
from pydantic import BaseModel

from proxy.domain.catalog import Catalog
from proxy.store.catalog.build import load
from proxy.store.catalog.learned_rows import LearnedRow
from proxy.store.catalog.policy_rows import SecondNetRow, WeightsRow
from proxy.store.catalog.rows import (
    ROWS,
    AllowanceRow,
    BudgetRow,
    CeilingRow,
    CreditPricesRow,
    ImageRow,
    PricesRow,
    RateRow,
    TierRow,
    TimeoutsRow,
)
from proxy.store.catalog.rules import RuleRow, RulesFile
from tests.architecture.sizes import ROOT

CONFIG: Final = ROOT / "config"
README: Final = (CONFIG / "README.md").read_text(encoding="utf-8")
# The headings of the README and what their tables explain.
EXPLAINED: Final[dict[str, type[BaseModel]]] = {
    "[[provider]]": ROWS["provider"],
    "timeouts": TimeoutsRow,
    "[[model]]": ROWS["model"],
    "prices": PricesRow,
    "[[model.tiers]]": TierRow,
    "[[model.images]]": ImageRow,
    "[[alias]]": ROWS["alias"],
    "[[assistant]]": ROWS["assistant"],
    "[[assistant.budgets]]": BudgetRow,
    "[[plan]]": ROWS["plan"],
    "[[plan.allowances]]": AllowanceRow,
    "[plan.rates]": RateRow,
    "[plan.credit_prices]": CreditPricesRow,
    "[policy]": ROWS["policy"],
    "[policy.modes]": WeightsRow,
    "[policy.second_net]": SecondNetRow,
    "[[ceiling]]": CeilingRow,
    "[[learned]]": LearnedRow,
    "precheck.toml": RulesFile,
    "[[rule]]": RuleRow,
}
# What a table need not repeat: a tier has the classes of `prices`, the policy's id is given.
UNSAID: Final = {"[[model.tiers]]": set(PricesRow.model_fields), "[policy]": {"id"}}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load(CONFIG)


@pytest.mark.parametrize("heading", EXPLAINED)
def test_the_readme_explains_exactly_the_keys_that_exist(heading: str) -> None:
    known = set(EXPLAINED[heading].model_fields) - UNSAID.get(heading, set())
    assert _keys_under(heading) == known


def test_the_readme_states_the_defaults_that_hold() -> None:
    wrong = [
        (heading, name, shown)
        for heading, row in EXPLAINED.items()
        for name, shown in _defaults_under(heading).items()
        if (default := row.model_fields[name].default) is not None
        and not row.model_fields[name].is_required()
        and isinstance(default, int | float | str)
        and shown.replace("_", "").strip('"') != str(default).lower().replace("_", "")
    ]
    assert wrong == []


def test_the_free_plan_lacks_the_dear_models_and_the_dearest_plan_has_all(catalog: Catalog) -> None:
    dear = {model.id for model in catalog.models.values() if "dear" in model.tags}
    assert dear
    assert not dear & set(catalog.plans["free"].models)
    assert set(catalog.plans["pro"].models) == set(catalog.models)


def test_every_plan_lets_every_assistant_answer(catalog: Catalog) -> None:
    stranded = [
        (plan.id, assistant.id)
        for plan in catalog.plans.values()
        for assistant in catalog.assistants.values()
        if not {preference.model_id for preference in assistant.preferences} & set(plan.models)
    ]
    assert stranded == []


def test_no_assistant_answers_real_prompts_from_the_simulator(catalog: Catalog) -> None:
    chosen = {p.model_id for assistant in catalog.assistants.values() for p in assistant.preferences}
    assert not [model_id for model_id in chosen if model_id.startswith("sim/")]


def test_one_dollar_of_the_cheapest_and_the_dearest_model_is_the_same_dollar(catalog: Catalog) -> None:
    inputs = [model.tiers[0].prices.input for model in catalog.models.values()]
    assert min(inputs) >= 10**7  # a cent per million tokens
    assert max(inputs) <= 100 * 10**9  # a hundred dollars per million tokens


def _section(heading: str) -> str:
    parts = re.split(r"^#{2,3} ", README, flags=re.MULTILINE)
    found = [part for part in parts if part.startswith(f"`{heading}`")]
    assert len(found) == 1, f"README.md needs one section that begins with `{heading}`"
    return found[0]


def _rows_under(heading: str) -> list[list[str]]:
    lines = [line for line in _section(heading).splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _keys_under(heading: str) -> set[str]:
    return {row[0].strip("`") for row in _rows_under(heading)}


def _defaults_under(heading: str) -> dict[str, str]:
    return {row[0].strip("`"): row[2].strip("`") for row in _rows_under(heading)}
