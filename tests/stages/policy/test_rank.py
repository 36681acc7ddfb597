"""In which order candidates are tried: who keeps an order, what a score is made of, what low credits and habit change."""

from dataclasses import replace
from typing import Any

import pytest

from proxy.domain.catalog import Model
from proxy.domain.decision import ModelHealth, Reason
from proxy.domain.policy import Weights
from proxy.stages.policy.rank import QUALITY_UNKNOWN, Ranked, Standpoint, cheapest, rank
from tests.builders import ask, model, tiers
from tests.stages.policy.cases import MILLI_CREDITS_PER_DOLLAR, case

NOTHING = Weights(quality=0.0, cost=0.0, latency=0.0, health=0.0)


def view(**changes: Any) -> Standpoint:
    base = Standpoint(
        order="score",
        family="code",
        mode="balanced",
        weights=Weights(quality=1.0, cost=1.0, latency=1.0, health=1.0),
        quality_factor=1.0,
        milli_credits_per_dollar=MILLI_CREDITS_PER_DOLLAR,
    )
    return replace(base, **changes)


def ranked(models: list[Model], preferences: dict[str, float] | None = None, **changes: Any) -> Ranked:
    return rank([case(m) for m in models], preferences or {}, view(**changes))


def order(models: list[Model], preferences: dict[str, float] | None = None, **changes: Any) -> list[str]:
    return [candidate.model_id for candidate in ranked(models, preferences, **changes).chain]


def codes(result: Ranked) -> list[str]:
    return [candidate.reason.code for candidate in result.chain]


DEAR = model("p/dear", tiers=tiers(input=10**10, output=4 * 10**10), quality={"code": 0.9})
CHEAP = model("p/cheap", tiers=tiers(input=10**8, output=4 * 10**8), quality={"code": 0.2})


@pytest.mark.parametrize("given", ["named", "ordered"])
def test_a_given_order_stands_without_scores(given: Any) -> None:
    result = ranked([DEAR, CHEAP], order=given)
    assert [(c.model_id, c.reason.code, c.score) for c in result.chain] == [
        ("p/dear", given, 0.0),
        ("p/cheap", given, 0.0),
    ]


def test_quality_for_the_task_family_counts() -> None:
    assert order([CHEAP, DEAR], weights=replace(NOTHING, quality=1.0)) == ["p/dear", "p/cheap"]


def test_a_model_of_unknown_quality_stands_between_good_and_bad() -> None:
    assert CHEAP.quality["code"] < QUALITY_UNKNOWN < DEAR.quality["code"]
    assert order([CHEAP, model("p/new"), DEAR], weights=replace(NOTHING, quality=1.0)) == ["p/dear", "p/new", "p/cheap"]


def test_cost_counts() -> None:
    assert order([DEAR, CHEAP], weights=replace(NOTHING, cost=1.0)) == ["p/cheap", "p/dear"]


@pytest.mark.parametrize(("price", "score"), [(10**12, 0.0), (10**5, 1.0)])
def test_beyond_both_ends_of_the_scale_price_no_longer_counts(price: int, score: float) -> None:
    odd = model(tiers=tiers(input=price, output=price))
    assert ranked([odd], weights=replace(NOTHING, cost=1.0)).chain[0].score == score


def test_a_free_model_is_as_cheap_as_can_be() -> None:
    free = model("p/free", tiers=tiers(input=0, cached_input=0, output=0, reasoning=0), free=True)
    assert ranked([free], weights=replace(NOTHING, cost=1.0)).chain[0].score == 1.0


def test_latency_counts() -> None:
    tempers = [model("p/1", latency_tier="slow"), model("p/2", latency_tier="medium"), model("p/3", latency_tier="fast")]
    assert order(tempers, weights=replace(NOTHING, latency=1.0)) == ["p/3", "p/2", "p/1"]


def test_health_counts() -> None:
    sick, sound = case(model("p/1"), health=ModelHealth(score=0.4)), case(model("p/2"), health=ModelHealth(score=0.9))
    result = rank([sick, sound], {}, view(weights=replace(NOTHING, health=1.0)))
    assert [(c.model_id, c.score) for c in result.chain] == [("p/2", 0.9), ("p/1", 0.4)]


def test_a_preference_is_a_factor_of_the_score() -> None:
    plain, favoured = ranked([DEAR]).chain[0].score, ranked([DEAR], {"p/dear": 2.0}).chain[0].score
    assert favoured == pytest.approx(2 * plain)


def test_a_hard_task_makes_quality_count_more() -> None:
    weights = Weights(quality=0.8, cost=1.0, latency=0.0, health=0.0)
    assert order([DEAR, CHEAP], weights=weights, quality_factor=1.0) == ["p/dear", "p/cheap"]
    assert order([DEAR, CHEAP], weights=weights, quality_factor=0.5) == ["p/cheap", "p/dear"]


def test_ties_break_by_id() -> None:
    assert order([model("p/b"), model("p/c"), model("p/a")]) == ["p/a", "p/b", "p/c"]


def test_the_best_score_is_told_from_the_others() -> None:
    assert codes(ranked([model("p/a"), model("p/b")])) == ["best_score", "ranked"]


def test_a_conversation_stays_with_its_model() -> None:
    result = ranked([CHEAP, DEAR, model("p/new")], sticky_model_id="p/new")
    assert (result.chain[0].model_id, codes(result)) == ("p/new", ["sticky", "ranked", "ranked"])


def test_a_sticky_model_does_not_disturb_a_given_order() -> None:
    assert order([DEAR, CHEAP], order="ordered", sticky_model_id="p/cheap") == ["p/dear", "p/cheap"]


@pytest.mark.parametrize("given", ["ordered", "score"])
def test_low_credits_put_cheaper_models_first(given: Any) -> None:
    result = ranked([DEAR, CHEAP], order=given, weights=replace(NOTHING, quality=1.0), cheap_first=True)
    assert [c.model_id for c in result.chain] == ["p/cheap", "p/dear"]
    assert (codes(result), result.stepped_down) == (["stepped_down", "stepped_down"], True)


def test_cheaper_is_the_price_and_not_a_shorter_answer() -> None:
    brief = model("p/brief", tiers=DEAR.tiers, output_tokens_max=10)
    assert case(brief).size.worst_milli_credits < case(model("p/long")).size.worst_milli_credits
    assert order([brief, model("p/long")], order="ordered", cheap_first=True) == ["p/long", "p/brief"]


def test_low_credits_win_over_habit() -> None:
    assert order([DEAR, CHEAP], sticky_model_id="p/dear", cheap_first=True) == ["p/cheap", "p/dear"]


def test_nobody_steps_down_where_the_cheaper_was_first_anyway() -> None:
    result = ranked([CHEAP, DEAR], order="ordered", cheap_first=True)
    assert (codes(result), result.stepped_down) == (["ordered", "ordered"], False)


def test_a_shortened_answer_says_what_was_wanted() -> None:
    poor = case(ask=ask(output_tokens_max=100), spendable_milli=1_300)
    result = rank([poor], {}, view(order="named"))
    assert result.shortened
    assert result.chain[0].reason == Reason("named", {"output_tokens_wanted": 100})


def test_a_candidate_carries_its_bounds_and_its_worst_case() -> None:
    found = case(DEAR)
    candidate = rank([found], {}, view()).chain[0]
    assert (candidate.provider_id, candidate.input_tokens_max) == ("p", found.size.input_tokens_max)
    assert candidate.output_tokens_max == found.size.output_tokens_max
    assert candidate.worst_milli_credits == found.size.worst_milli_credits


def test_the_cheapest_is_the_one_whose_worst_case_is_least() -> None:
    assert cheapest([case(DEAR), case(CHEAP)]).model.id == "p/cheap"
    assert cheapest([case(model("p/b")), case(model("p/a"))]).model.id == "p/a"


# --- a tool exchange ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["ordered", "score"])
@pytest.mark.parametrize("cheap_first", [False, True])
def test_a_tool_exchange_goes_on_with_its_model_whatever_the_order_and_the_credits(given: Any, cheap_first: bool) -> None:
    result = ranked([CHEAP, DEAR], order=given, sticky_model_id="p/dear", in_exchange=True, cheap_first=cheap_first)
    assert [c.model_id for c in result.chain] == ["p/dear", "p/cheap"]
    assert codes(result) == ["sticky", "switched"]
    assert result.chain[1].reason.detail == {"from": "p/dear"}


def test_where_the_model_of_an_exchange_may_not_answer_the_next_says_so() -> None:
    result = ranked([CHEAP, DEAR], sticky_model_id="p/gone", in_exchange=True)
    assert codes(result) == ["switched", "switched"]


def test_an_exchange_of_which_nobody_knows_the_model_is_ranked_like_any_call() -> None:
    assert codes(ranked([CHEAP, DEAR], in_exchange=True)) == ["best_score", "ranked"]


def test_a_score_names_the_mode_that_it_was_made_in() -> None:
    best, other = ranked([CHEAP, DEAR], mode="fast").chain
    assert (best.reason.detail, other.reason.detail) == ({"mode": "fast"}, {"mode": "fast"})


def test_the_first_of_a_changed_task_says_what_changed() -> None:
    best, other = ranked([CHEAP, DEAR], left_family="writing").chain
    assert best.reason == Reason("best_score", {"mode": "balanced", "left": "writing", "family": "code"})
    assert other.reason == Reason("ranked", {"mode": "balanced"})


# --- room for the answer ------------------------------------------------------------------------------------------------

# A request of 1,000 bytes is 100 tokens at least.
TIGHT = model("p/tight", context_tokens_max=150, output_tokens_max=100, quality={"code": 1.0})


def test_a_model_without_room_for_the_answer_stands_behind_those_with_room() -> None:
    result = ranked([TIGHT, CHEAP])
    assert [(c.model_id, c.reason.code) for c in result.chain] == [("p/cheap", "best_score"), ("p/tight", "cramped")]


def test_a_conversation_that_outgrows_its_model_leaves_it_but_for_a_tool_exchange() -> None:
    assert order([TIGHT, CHEAP], sticky_model_id="p/tight") == ["p/cheap", "p/tight"]
    assert order([TIGHT, CHEAP], sticky_model_id="p/tight", in_exchange=True) == ["p/tight", "p/cheap"]


def test_a_given_order_asks_for_no_room() -> None:
    assert order([TIGHT, CHEAP], order="ordered") == ["p/tight", "p/cheap"]


def test_learned_quality_counts_where_there_is_one_and_the_models_row_elsewhere() -> None:
    by_quality = replace(NOTHING, quality=1.0)
    assert order([CHEAP, DEAR], weights=by_quality, learned={"p/cheap": 0.95}) == ["p/cheap", "p/dear"]
    assert order([CHEAP, DEAR], weights=by_quality, learned={"p/dear": 0.1}) == ["p/cheap", "p/dear"]
    assert order([CHEAP, DEAR], weights=by_quality, learned={"p/other": 1.0}) == ["p/dear", "p/cheap"]
