"""Decisions within what key, user and plan wish beside the request: modes, lists of models, a bound of credits."""

from dataclasses import replace
from typing import Any

import pytest

from proxy.domain.policy import Veto
from tests import builders as make
from tests.builders import ask, assistant, catalog, model, plan
from tests.stages.policy.test_decide import chain, decided, refused


@pytest.mark.parametrize(
    ("asked", "of_plan", "mode"), [("fast", "best", "fast"), (None, "best", "best"), (None, None, "economy")]
)
def test_the_mode_is_the_calls_else_the_plans_else_the_operators(asked: Any, of_plan: Any, mode: str) -> None:
    rows = catalog(model(), assistant("general", "p/m"), plan("basic", models=("p/m",), mode=of_plan))
    rows = replace(rows, policy=replace(rows.policy, default_mode="economy"))
    assert decided(ask(mode=asked), rows).mode == mode


@pytest.mark.parametrize("by", ["key", "user"])
def test_a_list_that_leaves_no_model_is_named_by_its_owner(by: Any) -> None:
    refusal = refused(decided(ask("p/m", vetoes=(Veto(by, avoid=("p/m",)),)), catalog(model())))
    assert (refusal.status, refusal.code, refusal.param) == (400, "invalid_request", "model")
    assert f"This {by}'s own list of models, avoid, leaves none: it rules out p/m." in refusal.message


def test_where_all_are_too_dear_for_the_call_the_cheapest_speaks() -> None:
    dear = model("p/dear", tiers=make.tiers(input=10**12, output=10**13))
    for names in (("p/dear", "p/m"), ("p/m", "p/dear")):
        refusal = refused(decided(ask(*names, max_credits_milli=1), catalog(model(), dear)))
        assert refusal.details is not None
        assert refusal.details["model"] == "p/m"


def test_no_candidate_could_cost_more_than_the_call_allows() -> None:
    dear = model("p/dear", tiers=make.tiers(input=10**12, output=10**13))
    call = ask("p/dear", "p/m", max_credits_milli=1_000_000)
    assert chain(decided(call, catalog(model(), dear))) == ["p/m"]
