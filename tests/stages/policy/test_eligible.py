"""Each hard rule at its border: the last value that passes and the first that does not."""

from typing import Any, get_args

import pytest

from proxy.domain.decision import DropCode, ModelHealth, Reason
from proxy.domain.policy import Veto
from proxy.stages.policy import eligible
from proxy.stages.policy.eligible import RULES, Sight, first_blindness, first_objection
from tests.builders import ask, model, plan, provider
from tests.stages.policy.cases import case


def test_rules_are_named_for_their_reasons_and_stand_in_their_order() -> None:
    assert [rule.__name__ for rule in RULES] == [code for code in get_args(DropCode) if code != "unknown"]


def test_a_model_that_breaks_no_rule_may_answer() -> None:
    assert first_objection(case()) is None


def test_of_several_objections_the_first_in_order_speaks() -> None:
    hopeless = case(model(active=False, tiers=()), ask(tools=True), provider_down_until_ms=5)
    assert first_objection(hopeless) == Reason("inactive")


def test_an_inactive_model_is_dropped() -> None:
    assert eligible.inactive(case()) is None
    assert eligible.inactive(case(model(active=False))) == Reason("inactive")


def test_a_model_of_a_disabled_provider_is_dropped() -> None:
    assert eligible.inactive(case(provider=provider(status="disabled"))) == Reason("inactive")


def test_a_hidden_model_is_there_for_whom_an_override_names_it_alone() -> None:
    secret = model(hidden=True)
    assert eligible.inactive(case(secret, plan=plan(models=()))) == Reason("inactive")
    assert eligible.inactive(case(secret, plan=plan(models=(secret.id,)))) is None


def test_a_model_without_a_price_is_dropped() -> None:
    assert eligible.unpriced(case()) is None
    assert eligible.unpriced(case(model(tiers=()))) == Reason("unpriced")


def test_a_model_that_the_plan_lacks_is_dropped() -> None:
    assert eligible.not_in_plan(case(plan=plan(models=("p/m",)))) is None
    assert eligible.not_in_plan(case(plan=plan(models=("p/other",)))) == Reason("not_in_plan", {"plan": "basic"})


@pytest.mark.parametrize("scope", [None, ("p/m",), ("q/x", "p/*"), ("tag:small",), ("*/m",)])
def test_a_key_scope_names_models_by_id_tag_or_glob(scope: tuple[str, ...] | None) -> None:
    assert eligible.not_in_key_scope(case(model(tags=("small",)), model_scope=scope)) is None


@pytest.mark.parametrize("scope", [(), ("p/M",), ("p",), ("tag:large",), ("small",), ("tag:*",)])
def test_a_model_outside_the_key_scope_is_dropped(scope: tuple[str, ...]) -> None:
    dropped = eligible.not_in_key_scope(case(model(tags=("small",)), model_scope=scope))
    assert dropped == Reason("not_in_key_scope")


def test_an_avoided_model_is_dropped() -> None:
    assert eligible.vetoed(case(ask=ask(avoid=("p/other",)))) is None
    assert eligible.vetoed(case(ask=ask(avoid=("p/*",)))) == Reason("vetoed", {"option": "avoid"})


def test_a_model_that_is_not_among_the_only_ones_is_dropped() -> None:
    assert eligible.vetoed(case(ask=ask(only=("p/m",)))) is None
    assert eligible.vetoed(case(ask=ask(only=("p/other",)))) == Reason("vetoed", {"option": "only"})


def test_avoid_wins_over_only() -> None:
    assert eligible.vetoed(case(ask=ask(avoid=("p/m",), only=("p/m",)))) == Reason("vetoed", {"option": "avoid"})


def test_a_routed_call_goes_to_models_approved_for_its_risk_alone() -> None:
    assert eligible.risk_not_allowed(case(model(risks=("safe", "sensitive")), risk="sensitive", action="route")) is None
    dropped = eligible.risk_not_allowed(case(model(risks=("safe",)), risk="sensitive", action="route"))
    assert dropped == Reason("risk_not_allowed", {"risk": "sensitive"})


@pytest.mark.parametrize("action", ["allow", "flag", "confirm"])
def test_a_call_that_is_not_routed_goes_anywhere(action: Any) -> None:
    assert eligible.risk_not_allowed(case(model(risks=()), risk="sensitive", action=action)) is None


def test_a_model_that_cannot_read_every_part_is_dropped() -> None:
    pictures = ask(modalities=("text", "image", "audio"))
    assert eligible.modality(case(model(modalities=("text", "image", "audio")), pictures)) is None
    dropped = eligible.modality(case(model(modalities=("text",)), pictures))
    assert dropped == Reason("modality", {"missing": "image, audio"})


def test_a_model_of_another_kind_is_dropped() -> None:
    assert eligible.modality(case(model(kind="embedding"))) == Reason("modality", {"missing": "chat", "kind": "embedding"})


def test_a_model_without_tools_is_dropped_when_tools_are_there() -> None:
    assert eligible.tools_unsupported(case(model(tools=False))) is None
    assert eligible.tools_unsupported(case(model(tools=True), ask(tools=True))) is None
    assert eligible.tools_unsupported(case(model(tools=False), ask(tools=True))) == Reason("tools_unsupported")


def test_a_model_without_json_schema_is_dropped_when_a_schema_is_asked_for() -> None:
    assert eligible.output_format_unsupported(case(model(), ask(format="json_object"))) is None
    assert eligible.output_format_unsupported(case(model(json_schema=True), ask(format="json_schema"))) is None
    dropped = eligible.output_format_unsupported(case(model(), ask(format="json_schema")))
    assert dropped == Reason("output_format_unsupported", {"format": "json_schema"})


def test_a_model_without_plain_json_is_dropped_when_it_is_asked_for() -> None:
    dropped = eligible.output_format_unsupported(case(model(lacks=("json_object",)), ask(format="json_object")))
    assert dropped == Reason("output_format_unsupported", {"format": "json_object"})
    assert eligible.output_format_unsupported(case(model(lacks=("json_object",)))) is None


def test_a_model_that_cannot_be_told_all_of_a_request_is_dropped() -> None:
    call = ask(features=("stop", "seed"))
    assert eligible.parameter_unsupported(case(model(lacks=("n", "logprobs")), call)) is None
    dropped = eligible.parameter_unsupported(case(model(lacks=("n", "seed")), call))
    assert dropped == Reason("parameter_unsupported", {"feature": "seed", "parameter": "seed"})


def test_reasoning_by_budget_needs_room_for_it() -> None:
    budgeted = model(lacks=("reasoning_in_short",))
    short, long = (ask(features=("reasoning_effort",), output_tokens_max=bound) for bound in (2_047, 2_048))
    assert eligible.parameter_unsupported(case(budgeted, long)) is None
    assert eligible.parameter_unsupported(case(budgeted, ask(output_tokens_max=10))) is None
    dropped = eligible.parameter_unsupported(case(budgeted, short))
    assert dropped == Reason("parameter_unsupported", {"feature": "reasoning_in_short", "parameter": "max_tokens"})


def test_a_prompt_must_leave_room_for_the_shortest_answer() -> None:
    # 9,840 bytes are 984 tokens at least; the shortest answer has 16.
    call = ask(text_bytes=9_840)
    assert eligible.context_too_small(case(model(context_tokens_max=1_000), call)) is None
    dropped = eligible.context_too_small(case(model(context_tokens_max=999), call))
    assert dropped == Reason("context_too_small", {"asked": 1_000, "limit": 999})


def test_prompt_and_the_answer_asked_for_must_fit_together() -> None:
    call = ask(text_bytes=5_000, output_tokens_max=500)
    assert eligible.context_too_small(case(model(context_tokens_max=1_000), call)) is None
    dropped = eligible.context_too_small(case(model(context_tokens_max=999), call))
    assert dropped == Reason("context_too_small", {"asked": 1_000, "limit": 999})


def test_an_absurd_max_tokens_is_told_as_such_and_not_as_a_long_prompt() -> None:
    dropped = first_objection(case(ask=ask(output_tokens_max=10**9)))
    assert dropped == Reason("max_output_too_small", {"asked": 10**9, "limit": 8_000})


def test_a_model_that_cannot_write_what_is_asked_for_is_dropped() -> None:
    assert eligible.max_output_too_small(case(model(output_tokens_max=500), ask(output_tokens_max=500))) is None
    dropped = eligible.max_output_too_small(case(model(output_tokens_max=500), ask(output_tokens_max=501)))
    assert dropped == Reason("max_output_too_small", {"asked": 501, "limit": 500})


def test_a_prompt_longer_than_the_plan_allows_drops_with_both_numbers() -> None:
    terms = plan(models=("p/m",), context_tokens_max=900)
    assert eligible.over_plan_context(case(ask=ask(text_bytes=9_009), plan=terms)) is None
    dropped = eligible.over_plan_context(case(ask=ask(text_bytes=9_010), plan=terms))
    assert dropped == Reason("over_plan_context", {"asked": 901, "limit": 900})


def test_a_model_whose_provider_is_down_is_dropped() -> None:
    assert eligible.provider_down(case()) is None
    assert eligible.provider_down(case(provider_down_until_ms=5)) == Reason("provider_down", {"retry_at_ms": 5})


def test_a_model_with_an_open_breaker_is_dropped() -> None:
    assert eligible.cooling_down(case(health=ModelHealth(score=0.0, retry_at_ms=5))) is None
    assert eligible.cooling_down(case(health=ModelHealth(open=True))) == Reason("cooling_down")
    dropped = eligible.cooling_down(case(health=ModelHealth(open=True, retry_at_ms=5)))
    assert dropped == Reason("cooling_down", {"retry_at_ms": 5})


def test_a_call_that_could_cost_more_than_its_max_credits_is_dropped() -> None:
    worst = case().size.worst_milli_credits
    assert eligible.over_max_credits(case()) is None
    assert eligible.over_max_credits(case(ask=ask(max_credits_milli=worst))) is None
    dropped = eligible.over_max_credits(case(ask=ask(max_credits_milli=worst - 1)))
    assert dropped == Reason("over_max_credits", {"asked_milli_credits": worst, "limit_milli_credits": worst - 1})


def test_a_model_is_dropped_when_not_even_the_shortest_answer_is_affordable() -> None:
    shortest = case(spendable_milli=0).size.worst_milli_credits
    assert eligible.unaffordable(case(spendable_milli=shortest)) is None
    dropped = eligible.unaffordable(case(spendable_milli=shortest - 1))
    assert dropped == Reason("unaffordable", {"asked_milli_credits": shortest, "limit_milli_credits": shortest - 1})


def test_sight_looks_at_no_more_than_a_catalog_row_a_plan_and_a_scope() -> None:
    seen = Sight(model(), provider(), plan(models=("p/m",)), None)
    unseen = Sight(model(), provider(), plan(models=("p/m",)), ("q/*",))
    assert [first_blindness(seen), first_blindness(unseen)] == [None, Reason("not_in_key_scope")]


def test_what_a_key_or_user_rules_out_is_dropped_under_its_name() -> None:
    key, user = Veto("key", avoid=("p/*",)), Veto("user", only=("q/*",))
    assert eligible.vetoed(case(ask=ask(vetoes=(key, user)))) == Reason("vetoed", {"option": "avoid", "by": "key"})
    assert eligible.vetoed(case(ask=ask(vetoes=(user,)))) == Reason("vetoed", {"option": "only", "by": "user"})
    assert eligible.vetoed(case(ask=ask(vetoes=(Veto("user", only=("p/m",)),)))) is None


def test_a_request_narrows_what_its_key_allows_and_never_widens_it() -> None:
    assert eligible.vetoed(case(ask=ask(only=("p/m",), vetoes=(Veto("key", only=("q/*",)),)))) is not None
