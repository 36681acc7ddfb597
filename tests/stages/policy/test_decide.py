"""The whole decision: action, chain and refusal for every way a call can be asked, and what the caller is told."""

from typing import Any

import pytest

from proxy.domain.catalog import Catalog
from proxy.domain.decision import Decision, Health, ModelHealth, Reason
from proxy.domain.errors import Refusal
from proxy.domain.journey import Ask
from proxy.domain.standing import Standing
from proxy.domain.verdict import Verdict
from proxy.stages.assistant import advise
from proxy.stages.policy import REVISION, act, decide, table_for
from proxy.stages.policy.refuse import WORDINGS
from tests import builders as make
from tests.builders import NOW_MS, alias, ask, assistant, catalog, health, model, plan, policy_table, provider, verdict

BROKE = make.standing(make.window(limit=1_000_000, spent=1_000_000))


def decided(
    call: Ask,
    rows: Catalog,
    found: Verdict | None = None,
    standing: Standing | None = None,
    state: Health | None = None,
) -> Decision:
    found = found or verdict()
    advice = advise(call.asked, found, rows)
    return decide(call, found, advice, standing or make.standing(), rows, state or health())


def chain(decision: Decision) -> list[str]:
    return [candidate.model_id for candidate in decision.chain]


def refused(decision: Decision) -> Refusal:
    assert decision.chain == ()
    assert decision.refusal is not None
    return decision.refusal


# --- action -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("risk", "hazards", "action"),
    [
        ("safe", (), "allow"),
        ("sensitive", (), "flag"),
        ("disallowed", (), "block"),
        ("sensitive", ("unlisted",), "flag"),
        ("disallowed", ("pii",), "route"),
        ("safe", ("pii", "cyber"), "confirm"),
        ("safe", ("cyber", "pii"), "confirm"),
    ],
)
def test_a_hazard_wins_over_the_risk_level_and_the_strictest_hazard_over_the_others(
    risk: Any, hazards: tuple[str, ...], action: str
) -> None:
    table = policy_table(actions={"sensitive": "flag", "disallowed": "block", "pii": "route", "cyber": "confirm"})
    assert act(verdict(risk=risk, hazards=hazards), table) == action


def test_a_blocked_call_has_no_chain_and_no_candidates() -> None:
    decision = decided(ask("p/m"), catalog(model()), verdict(risk="disallowed", hazards=("weapons", "drugs")))
    refusal = refused(decision)
    assert (decision.action, refusal.status, refusal.code) == ("block", 400, "content_policy_violation")
    assert refusal.details == {"risk": "disallowed", "hazards": "weapons, drugs"}
    assert decision.dropped == ()


def test_a_call_blocked_for_its_risk_level_alone_names_no_hazard() -> None:
    assert refused(decided(ask("p/m"), catalog(model()), verdict(risk="disallowed"))).details == {"risk": "disallowed"}


@pytest.mark.parametrize("said_for", ["weapons", "disallowed", "block"])
def test_the_operators_words_are_used_for_the_hazard_the_risk_or_the_action(said_for: str) -> None:
    table = policy_table(actions={"weapons": "block"}, action_messages={said_for: "Not here.", "flag": "Never seen."})
    found = verdict(risk="disallowed", hazards=("weapons",))
    assert refused(decided(ask("p/m"), catalog(model(), policy=table), found)).message == "Not here."


def test_words_for_a_milder_hazard_do_not_speak_for_the_stricter_one() -> None:
    table = policy_table(actions={"pii": "flag", "weapons": "block"}, action_messages={"pii": "Mild.", "weapons": "Strict."})
    found = verdict(hazards=("pii", "weapons"))
    assert refused(decided(ask("p/m"), catalog(model(), policy=table), found)).message == "Strict."


def test_a_call_to_confirm_is_refused_until_it_is_confirmed() -> None:
    rows = catalog(model(), policy=policy_table(actions={"cyber": "confirm"}))
    refusal = refused(decided(ask("p/m"), rows, verdict(hazards=("cyber",))))
    assert (refusal.status, refusal.code) == (403, "confirmation_required")
    confirmed = decided(ask("p/m", confirmed=True), rows, verdict(hazards=("cyber",)))
    assert (chain(confirmed), confirmed.action) == (["p/m"], "confirm")


def test_a_routed_call_goes_to_approved_models_alone() -> None:
    rows = catalog(
        model("p/plain"),
        model("p/vetted", risks=("safe", "sensitive")),
        policy=policy_table(actions={"sensitive": "route"}),
    )
    decision = decided(ask("p/plain", "p/vetted"), rows, verdict(risk="sensitive"))
    assert chain(decision) == ["p/vetted"]
    refusal = refused(decided(ask("p/plain"), rows, verdict(risk="sensitive")))
    assert (refusal.status, refusal.code) == (403, "forbidden")


# --- who is tried -----------------------------------------------------------------------------------------------------


def test_a_named_model_answers_because_it_was_named() -> None:
    decision = decided(ask("p/m"), catalog(model()))
    assert [candidate.reason for candidate in decision.chain] == [Reason("named")]
    assert (decision.refusal, decision.revision, decision.catalog_revision) == (None, REVISION, "catalog-1")


def test_a_chain_keeps_its_order_and_says_who_was_left_out() -> None:
    rows = catalog(model("p/a", active=False), model("p/b"), model("p/c"), alias("c", "p/c"))
    decision = decided(ask("nobody", "c", "p/a", "p/b"), rows)
    assert chain(decision) == ["p/c", "p/b"]
    assert [(d.model_id, d.reason.code) for d in decision.dropped] == [("nobody", "unknown"), ("p/a", "inactive")]


def test_an_ordered_assistant_keeps_its_order_and_auto_ranks_the_same_models() -> None:
    rows = catalog(
        model("p/slow", latency_tier="slow"),
        model("p/fast", latency_tier="fast"),
        assistant("general", "p/slow", "p/fast"),
    )
    assert chain(decided(ask("general"), rows)) == ["p/slow", "p/fast"]
    assert chain(decided(ask("auto"), rows)) == ["p/fast", "p/slow"]
    assert decided(ask("auto"), rows).assistant_id == "general"


def test_a_mode_chooses_the_weights() -> None:
    cheap = model("p/cheap", quality={"general": 0.4}, tiers=make.tiers(input=10**8, output=10**8))
    good = model("p/good", quality={"general": 0.9}, tiers=make.tiers(input=10**10, output=10**10))
    rows = catalog(cheap, good)
    assert chain(decided(ask("auto", mode="economy"), rows))[0] == "p/cheap"
    assert chain(decided(ask("auto", mode="best"), rows))[0] == "p/good"
    assert decided(ask("auto"), rows).mode == "balanced"


def test_a_mode_without_weights_looks_at_everything_alike() -> None:
    rows = catalog(model(), policy=policy_table(modes={}))
    assert chain(decided(ask("auto", mode="fast"), rows)) == ["p/m"]


def test_complexity_decides_how_much_quality_counts() -> None:
    cheap = model("p/cheap", quality={"general": 0.5}, tiers=make.tiers(input=10**8, output=10**8))
    good = model("p/good", quality={"general": 0.9}, tiers=make.tiers(input=3 * 10**9, output=3 * 10**9))
    rows = catalog(cheap, good)
    assert chain(decided(ask("auto"), rows, verdict(complexity="simple")))[0] == "p/cheap"
    assert chain(decided(ask("auto"), rows, verdict(complexity="hard")))[0] == "p/good"


def test_the_assistants_prompt_is_part_of_the_call() -> None:
    plain, prompted = assistant("plain", "p/m"), assistant("prompted", "p/m", system_prompt="x" * 500)
    rows = catalog(model(), plain, prompted)
    sizes = [decided(ask(name), rows).chain[0].input_tokens_max for name in ("plain", "prompted")]
    assert sizes[1] - sizes[0] >= 500


def test_terms_in_force_at_the_moment_decide() -> None:
    rows = catalog(model("p/m"), model("p/extra"), plan(models=("p/m",)))
    extra = make.override(extra_models=("p/extra",), from_ms=NOW_MS, until_ms=NOW_MS + 1)
    assert chain(decided(ask("p/extra", overrides=(extra,)), rows)) == ["p/extra"]
    late = decided(ask("p/extra", overrides=(extra,), at_ms=NOW_MS + 1), rows)
    assert refused(late).code == "model_not_in_plan"


# --- credits ----------------------------------------------------------------------------------------------------------

DEAR_AND_CHEAP = catalog(
    model("p/dear", tiers=make.tiers(input=10**10, output=10**10)),
    model("p/cheap"),
    alias("both", "p/dear", "p/cheap"),
    assistant("general", "p/dear", "p/cheap"),
)


def nearly_spent(left_ppm: int) -> Standing:
    return make.standing(make.window(limit=1_000_000_000, spent=(1_000_000 - left_ppm) * 1_000))


def test_low_credits_step_down_to_cheaper_models_and_say_so() -> None:
    low = decided(ask("general"), DEAR_AND_CHEAP, standing=nearly_spent(99_999))
    assert (chain(low), low.stepped_down) == (["p/cheap", "p/dear"], True)
    assert low.chain[0].reason.code == "stepped_down"


def test_credits_at_the_threshold_do_not_step_down() -> None:
    enough = decided(ask("general"), DEAR_AND_CHEAP, standing=nearly_spent(100_000))
    assert (chain(enough), enough.stepped_down) == (["p/dear", "p/cheap"], False)


def test_a_caller_who_allows_no_downgrade_gets_none() -> None:
    decision = decided(ask("general", allow_downgrade=False), DEAR_AND_CHEAP, standing=nearly_spent(1_000))
    assert (chain(decision), decision.stepped_down) == (["p/dear", "p/cheap"], False)


@pytest.mark.parametrize("asked", [("both",), ("p/dear", "p/cheap")])
def test_models_that_the_caller_put_in_order_are_never_stepped_down(asked: tuple[str, ...]) -> None:
    decision = decided(ask(*asked), DEAR_AND_CHEAP, standing=nearly_spent(1_000))
    assert (chain(decision), decision.stepped_down) == (["p/dear", "p/cheap"], False)


def test_what_credits_afford_shortens_the_answer_and_says_so() -> None:
    decision = decided(ask("p/m"), catalog(model()), standing=make.standing(make.window(limit=3_000)))
    assert (chain(decision), decision.shortened) == (["p/m"], True)
    assert decision.chain[0].worst_milli_credits <= 3_000


def test_live_holds_shorten_no_answer() -> None:
    held = make.standing(make.window(held=999_999))
    decision = decided(ask("p/m"), catalog(model()), standing=held)
    assert (chain(decision), decision.shortened) == (["p/m"], False)


def test_an_affordable_model_goes_on_without_the_unaffordable_one() -> None:
    decision = decided(ask("both"), DEAR_AND_CHEAP, standing=make.standing(make.window(limit=2_000)))
    assert (chain(decision), decision.dropped[0].reason.code) == (["p/cheap"], "unaffordable")


def test_a_chain_emptied_by_credits_goes_to_admission_with_its_cheapest_candidate() -> None:
    rows = catalog(model("p/dear", tiers=make.tiers(input=10**10)), model("p/cheap"), model("p/off", active=False))
    decision = decided(ask("p/off", "p/dear", "p/cheap"), rows, standing=BROKE)
    assert (chain(decision), decision.refusal) == (["p/cheap"], None)
    assert [(d.model_id, d.reason.code) for d in decision.dropped] == [
        ("p/off", "inactive"),
        ("p/dear", "unaffordable"),
    ]


def test_a_free_model_answers_without_any_credits() -> None:
    free = model("p/free", tiers=make.tiers(input=0, output=0), free=True)
    decision = decided(ask("p/free"), catalog(free), standing=BROKE)
    assert (chain(decision), decision.shortened) == (["p/free"], False)


# --- nobody left ------------------------------------------------------------------------------------------------------


def test_more_answers_than_the_plan_allows_are_refused_by_name() -> None:
    rows = catalog(model(), plan(n_max=2))
    assert chain(decided(ask("p/m", n=2), rows)) == ["p/m"]
    refusal = refused(decided(ask("p/m", n=3), rows))
    assert (refusal.status, refusal.param, refusal.details) == (400, "n", {"asked": 3, "limit": 2})


def test_unknown_inactive_and_unpriced_models_get_the_same_answer() -> None:
    unknown = refused(decided(ask("p/x"), catalog(model())))
    inactive = refused(decided(ask("p/x"), catalog(model("p/x", active=False))))
    unpriced = refused(decided(ask("p/x"), catalog(model("p/x", tiers=()))))
    assert unknown == inactive == unpriced
    assert (unknown.status, unknown.code, unknown.param) == (404, "model_not_found", "model")


def test_a_chain_without_any_model_in_sight_does_not_say_which_of_them_exist() -> None:
    rows = catalog(model("p/off", active=False))
    assert "'p/off' or 'p/x'" in refused(decided(ask("p/off", "p/x"), rows)).message


@pytest.mark.parametrize("asked", ["auto", "general", "nobody", "retired", "empty"])
def test_a_name_with_nothing_behind_it_is_not_found(asked: str) -> None:
    rows = catalog(
        model(),
        assistant("general", enabled=False),
        assistant("retired", "p/m", enabled=False),
        alias("empty"),
    )
    assert refused(decided(ask(asked), rows)).code == "model_not_found"


def test_a_model_outside_the_plan_names_the_plan_that_has_it() -> None:
    rows = catalog(model("p/m"), model("p/big"), plan(models=("p/m",)), plan("pro", models=("p/big",), rank=1))
    refusal = refused(decided(ask("p/big"), rows))
    assert (refusal.status, refusal.code, refusal.param) == (403, "model_not_in_plan", "model")
    assert (refusal.details["unlocked_by"], refusal.message) == (
        "pro",
        "Your plan does not include p/big. Plan pro does.",
    )


def test_a_model_that_no_plan_has_names_none() -> None:
    rows = catalog(model("p/m"), model("p/big"), plan(models=("p/m",)))
    refusal = refused(decided(ask("p/big"), rows))
    assert ("unlocked_by" in refusal.details, refusal.message) == (False, "Your plan does not include p/big.")


def test_a_plan_that_is_gone_allows_nothing() -> None:
    assert refused(decided(ask("p/m", plan_id="gone"), catalog(model()))).code == "model_not_in_plan"


def test_a_prompt_over_the_plans_context_is_refused_with_both_numbers_and_the_plan_that_reads_it() -> None:
    rows = catalog(model(), plan(context_tokens_max=50), plan("pro", context_tokens_max=100, rank=1))
    refusal = refused(decided(ask("p/m", text_bytes=1_000), rows))
    assert (refusal.status, refusal.code) == (400, "context_length_exceeded")
    assert [refusal.details[name] for name in ("asked", "limit", "unlocked_by")] == [100, 50, "pro"]


@pytest.mark.parametrize(
    ("changes", "status", "code", "param"),
    [
        ({"model_scope": ("q/*",)}, 403, "forbidden", "model"),
        ({"avoid": ("p/m",)}, 400, "invalid_request", "signalbox.avoid"),
        ({"only": ("q/*",)}, 400, "invalid_request", "signalbox.only"),
        ({"modalities": ("text", "image")}, 400, "invalid_request", "messages"),
        ({"tools": True}, 400, "invalid_request", "tools"),
        ({"format": "json_schema"}, 400, "invalid_request", "response_format"),
        ({"text_bytes": 10_000_000}, 400, "context_length_exceeded", "messages"),
        ({"output_tokens_max": 8_001}, 400, "invalid_request", "max_tokens"),
        ({"max_credits_milli": 1}, 400, "invalid_request", "signalbox.max_credits"),
    ],
)
def test_each_objection_has_its_status_and_names_the_field(changes: dict[str, Any], status: int, code: str, param: str) -> None:
    decision = decided(ask("p/m", **changes), catalog(model()))
    refusal = refused(decision)
    assert (refusal.status, refusal.code, refusal.param) == (status, code, param)
    assert refusal.details["reason"] == decision.dropped[0].reason.code


def test_max_credits_are_told_in_credits() -> None:
    call = ask("p/m", max_credits_milli=1_500, output_tokens_max=1_000)
    assert "could cost 5.016 credits on p/m, the cheapest" in refused(decided(call, catalog(model()))).message


def test_the_candidate_that_failed_at_the_latest_rule_speaks() -> None:
    rows = catalog(model("p/off", active=False), model("p/short", context_tokens_max=10), model("p/plain"))
    refusal = refused(decided(ask("p/off", "p/short", "p/plain", tools=True, output_tokens_max=9_000), rows))
    assert refusal.details["reason"] == "tools_unsupported"
    refusal = refused(decided(ask("p/off", "p/short", "p/plain", output_tokens_max=9_000), rows))
    assert (refusal.details["reason"], refusal.details["model"]) == ("max_output_too_small", "p/plain")


def test_of_several_at_the_same_rule_the_first_in_the_chain_speaks() -> None:
    rows = catalog(model("p/b"), model("p/a"))
    assert refused(decided(ask("p/b", "p/a", tools=True), rows)).details["model"] == "p/b"


def test_a_provider_that_is_down_is_a_503() -> None:
    down = health(down_until_ms={"p": NOW_MS + 30_000})
    refusal = refused(decided(ask("p/m"), catalog(model()), state=down))
    assert (refusal.status, refusal.code, refusal.retry_after_s) == (503, "no_model_available", 30)


def test_open_breakers_tell_when_the_earliest_is_tried_again() -> None:
    rows = catalog(model("p/a"), model("q/b"), model("r/c"), provider("r"))
    cooling = {
        "p/a": ModelHealth(open=True, retry_at_ms=NOW_MS + 9_000),
        "q/b": ModelHealth(open=True, retry_at_ms=NOW_MS + 2_001),
    }
    state = health(models=cooling, down_until_ms={"r": NOW_MS + 60_000})
    refusal = refused(decided(ask("p/a", "q/b", "r/c"), rows, state=state))
    assert (refusal.status, refusal.retry_after_s) == (503, 3)


def test_a_breaker_about_to_be_tried_asks_for_a_second_of_patience() -> None:
    cooling = health(models={"p/m": ModelHealth(open=True, retry_at_ms=NOW_MS - 5)})
    assert refused(decided(ask("p/m"), catalog(model()), state=cooling)).retry_after_s == 1


def test_no_refusal_message_names_money_behind_the_credits() -> None:
    told = " ".join(wording.text for wording in WORDINGS.values())
    assert not any(word in told for word in ("multiplier", "usd", "USD", "$", "cost_"))


def test_a_plan_and_an_assistant_have_lines_of_their_own_and_the_stricter_counts() -> None:
    table = policy_table(
        actions={"sensitive": "route", "pii": "flag"},
        plan_actions={"kids": {"sensitive": "block", "pii": "confirm"}},
        assistant_actions={"nurse": {"sensitive": "allow", "pii": "allow"}, "clerk": {"pii": "block"}},
    )
    assert table_for(table, "basic", None) is table
    assert table_for(table, "kids", None).actions == {"sensitive": "block", "pii": "confirm"}
    assert table_for(table, "basic", "nurse").actions == {"sensitive": "allow", "pii": "allow"}
    assert table_for(table, "kids", "nurse").actions == {"sensitive": "block", "pii": "confirm"}
    assert table_for(table, "kids", "clerk").actions == {"sensitive": "block", "pii": "block"}


def test_a_plans_own_action_refuses_with_its_message() -> None:
    table = policy_table(
        actions={"sensitive": "allow"},
        plan_actions={"basic": {"sensitive": "block"}},
        action_messages={"sensitive": "Not here."},
    )
    decision = decided(ask("p/m"), catalog(model(), policy=table), verdict(risk="sensitive"))
    assert (decision.action, refused(decision).message) == ("block", "Not here.")
