"""Claims about the size of holds: what a provider may bill unseen is held at its worst, what we see is held in steps."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.assistant import Budget
from proxy.domain.catalog import Model
from proxy.domain.ledger import ConcurrencyLimit, HoldRefusalCode, HoldRefused
from proxy.domain.money import Prices
from proxy.domain.plan import tariff
from proxy.domain.standing import Cap, resets_at_ms
from proxy.stages import hold
from proxy.stages.policy.size import measure
from tests import builders as b

LEAD = 256


def steady(**changes: Any) -> Model:
    return b.model(stops_billing_on_close=True, **changes)


def sized(model: Model, stream: bool = True, n: int = 1, output_tokens_max: int = 4_000) -> hold.Sizing:
    candidate = b.candidate(model.id, output_tokens_max=output_tokens_max)
    return hold.sizing(candidate, b.catalog(model), b.plan(), b.ask(stream=stream, n=n))


def test_a_stream_on_a_model_that_stops_billing_is_held_in_steps() -> None:
    assert hold.first(sized(steady()), LEAD).output_tokens == 2 * LEAD


@pytest.mark.parametrize(
    ("model", "stream"),
    [
        (steady(), False),
        (b.model(), True),
        (steady(hidden_output=True), True),
    ],
    ids=["whole answer", "bills after a close", "hidden output"],
)
def test_what_may_be_billed_unseen_is_held_at_its_worst(model: Model, stream: bool) -> None:
    assert hold.first(sized(model, stream), LEAD).output_tokens == 4_000


def test_every_choice_of_an_answer_is_held() -> None:
    assert hold.first(sized(b.model(), n=3), LEAD).output_tokens == 12_000


def test_the_hold_for_a_whole_answer_is_what_policy_says_it_could_cost_images_too() -> None:
    model = b.model(tiers=b.tiers(image=5 * 10**12, request=10**12), image_tokens=700)
    for ask in (b.ask(image_count=3, n=2, output_tokens_max=50), b.ask(output_tokens_max=1)):
        plan, rows = b.plan(models=(model.id,)), b.catalog(model)
        size = measure(model, ask, plan, None, tariff(plan, model.family, rows.milli_credits_per_dollar), 10**12)
        candidate = b.candidate(model.id, input_tokens_max=size.input_tokens_max, output_tokens_max=size.output_tokens_max)
        held = hold.first(hold.sizing(candidate, rows, plan, ask), LEAD)
        assert held.amount_milli == size.worst_milli_credits
        assert held.raw_nano_usd >= ask.image_count * 5 * 10**6


def test_input_is_held_at_its_dearest_class() -> None:
    dear = b.model(tiers=b.tiers(input=10**9, cache_write=5 * 10**9, output=0, reasoning=0))
    assert hold.first(sized(dear), LEAD).raw_nano_usd == 1_000 * 5_000


def test_a_plans_own_credit_prices_say_which_class_is_dearest() -> None:
    plan = b.plan(credit_prices={"open": Prices(input=1_000_000, cached_input=2_000_000)})
    sizing = hold.sizing(b.candidate(), b.catalog(b.model()), plan, b.ask())
    assert hold.first(sizing, LEAD).amount_milli == 2_000


def test_a_hold_is_to_grow_when_less_than_a_lead_is_left_and_at_once_when_half_of_one_is() -> None:
    lead = hold.lead(sized(steady()), covered_tokens=512, seen_tokens=0, lead_tokens=LEAD)
    assert lead == (512 - LEAD, 512 - LEAD // 2, 512 - hold.reserve_tokens(LEAD))


def test_a_hold_grows_by_two_leads_and_never_past_the_bound_written_upstream() -> None:
    assert hold.following(sized(steady()), delivered_tokens=257, lead_tokens=LEAD).output_tokens == 257 + 2 * LEAD
    short = sized(steady(), output_tokens_max=600)
    assert hold.following(short, delivered_tokens=300, lead_tokens=LEAD).output_tokens == 600
    assert hold.lead(short, covered_tokens=600, seen_tokens=600, lead_tokens=LEAD) == hold.NO_END


def test_what_is_held_at_its_worst_waits_for_nothing_and_is_told_of_once_a_lead() -> None:
    worst = replace(sized(steady()), stepped=False)
    lead = hold.lead(worst, covered_tokens=10, seen_tokens=1_000, lead_tokens=LEAD)
    assert lead.due_tokens == 1_000 + LEAD - 1
    assert lead.due_tokens < lead.late_tokens < 1_000 + 2 * LEAD
    assert lead.short_tokens == hold.NEVER


def test_what_is_asked_for_when_that_is_too_much_leads_by_little_more_than_it_must() -> None:
    size = hold.least(sized(steady()), delivered_tokens=300, lead_tokens=LEAD)
    assert size.output_tokens == 300 + LEAD + hold.reserve_tokens(LEAD)
    assert hold.lead(sized(steady()), size.output_tokens, 300, LEAD).due_tokens == 300 + hold.reserve_tokens(LEAD)


def test_what_would_do_as_well_is_asked_for_in_one_breath_the_most_first() -> None:
    early, late, beyond = [
        [size.output_tokens for size in hold.wanted(sized(steady()), 512, delivered, LEAD)] for delivered in (300, 400, 600)
    ]
    # Four leads are what it is given where there is ample room.
    assert early == [300 + 4 * LEAD, 300 + 2 * LEAD, 300 + LEAD + hold.reserve_tokens(LEAD)]
    # On its last half lead an eighth more than it has will do too; beyond it, more than it has delivered.
    assert late == [400 + 4 * LEAD, 400 + 2 * LEAD, 400 + LEAD + hold.reserve_tokens(LEAD), 512 + hold.reserve_tokens(LEAD)]
    assert beyond[-1] == 600 + hold.reserve_tokens(LEAD)


@given(covered=st.integers(0, 5_000), ahead=st.integers(-300, 300), lead_tokens=st.integers(16, 4_096))
def test_whatever_is_granted_of_it_goes_on_with_the_stream(covered: int, ahead: int, lead_tokens: int) -> None:
    delivered = max(0, covered + ahead)
    sizes = [size.output_tokens for size in hold.wanted(sized(steady()), covered, delivered, lead_tokens)]
    assert sizes == sorted(sizes, reverse=True)
    least = hold.lead(sized(steady()), sizes[-1], delivered, lead_tokens)
    assert delivered <= least.short_tokens


@given(lead=st.integers(16, 65_536))
def test_less_than_a_quarter_of_a_lead_stays_unused_when_credits_end(lead: int) -> None:
    assert 0 < 2 * hold.reserve_tokens(lead) <= lead // 4


@given(delivered=st.integers(0, 5_000), covered=st.integers(0, 5_000), output_max=st.integers(1, 4_500))
def test_after_every_step_a_lead_or_the_whole_bound_is_covered(delivered: int, covered: int, output_max: int) -> None:
    sizing = replace(sized(steady()), output_tokens_max=output_max)
    is_due = delivered > hold.lead(sizing, covered, delivered, LEAD).due_tokens
    now_covered = hold.following(sizing, delivered, LEAD).output_tokens if is_due else covered
    assert now_covered >= min(delivered + LEAD, output_max)


@given(covered=st.integers(0, 5_000), output_max=st.integers(1, 4_500), lead_tokens=st.integers(1, 65_536))
def test_a_stream_asks_with_others_before_it_asks_at_once_before_it_waits(
    covered: int, output_max: int, lead_tokens: int
) -> None:
    sizing = replace(sized(steady()), output_tokens_max=output_max)
    lead = hold.lead(sizing, covered, 0, lead_tokens)
    assert lead.due_tokens <= lead.late_tokens <= lead.short_tokens


def test_terms_gather_the_caps_of_key_user_and_app() -> None:
    caps = [Cap(f"{kind}:x", "day", 10) for kind in ("key", "user", "app")]
    caller = b.caller(key=b.key(caps=(caps[0],)), user=b.user(caps=(caps[1],)), app=b.app(caps=(caps[2],)))
    terms = hold.terms(caller, b.plan(concurrency_max=3))
    assert terms.caps == tuple(caps)
    assert terms.concurrency == (ConcurrencyLimit("user:u1", 3),)


def test_a_call_stands_under_the_ceilings_of_its_provider_its_app_and_the_installation() -> None:
    scopes = ("installation", "provider:p1", "provider:p2", "app:a1", "app:a2")
    ceilings = [Cap(scope, "day", 10, "nano_usd") for scope in scopes]
    terms = hold.terms(b.caller(), b.plan())
    mine = hold.under_ceilings(terms, ceilings, "p1", b.app(id="a1"))
    assert [cap.scope for cap in mine.caps] == ["installation", "provider:p1", "app:a1"]
    assert [cap.scope for cap in hold.under_ceilings(terms, ceilings, "p2", None).caps] == ["installation", "provider:p2"]


@pytest.mark.parametrize("scope", ["installation", "provider:p"])
def test_the_operators_empty_purse_is_no_fault_of_the_caller(scope: str) -> None:
    refusal = hold.refusal(HoldRefused("budget_cap_reached", scope, b.standing()), b.plan(), "open")
    assert (refusal.status, refusal.retry_after_s) == (503, 3_600)


def test_a_ceiling_that_live_holds_fill_is_free_again_in_a_moment() -> None:
    refusal = hold.refusal(HoldRefused("credits_on_hold", "provider:p", b.standing()), b.plan("basic"), "open")
    assert (refusal.code, refusal.retry_after_s) == ("no_model_available", 1)


def test_an_account_draws_on_itself_and_on_every_scope_that_caps_it() -> None:
    terms = hold.terms(b.caller(key=b.key(caps=(Cap("key:k1", "day", 1),))), b.plan("basic"))
    assert hold.draws_on("u1", terms) == {"user:u1", "key:k1"}


@pytest.mark.parametrize(
    ("code", "status", "retry_after_s", "should_retry"),
    [
        ("insufficient_credits", 402, None, False),
        ("budget_cap_reached", 402, None, False),
        ("credits_on_hold", 429, 1, True),
        ("concurrency_limit", 429, 1, True),
    ],
)
def test_only_credits_really_gone_are_402(
    code: HoldRefusalCode, status: int, retry_after_s: int | None, should_retry: bool
) -> None:
    standing = b.standing(b.window(limit=1_000, spent=400, resets_at_ms=99))
    refusal = hold.refusal(HoldRefused(code, "user:u1", standing), b.plan(), "open")
    assert (refusal.status, refusal.retry_after_s, refusal.should_retry) == (status, retry_after_s, should_retry)
    assert refusal.details == {"credits_left": "0.6", "resets_at_ms": 99, "plan": "basic"}


def test_a_refusal_without_any_window_names_no_reset() -> None:
    standing = replace(b.standing(), windows=())
    assert (
        hold.refusal(HoldRefused("insufficient_credits", "user:u1", standing), b.plan(), "open").details["resets_at_ms"] is None
    )


def test_what_is_left_is_told_for_the_family_that_was_asked_for() -> None:
    standing = b.standing(b.window(limit=500, family="reasoning", resets_at_ms=99), b.bucket(limit=200, family="reasoning"))
    refused = HoldRefused("insufficient_credits", "user:u1", standing)
    assert hold.refusal(refused, b.plan(), "reasoning").details["credits_left"] == "0.7"
    assert hold.refusal(refused, b.plan(), "reasoning").details["resets_at_ms"] == 99
    assert hold.refusal(refused, b.plan(), "open").details["credits_left"] == "0"


BUDGETED = b.assistant("coder", "p/m", budgets=(Budget("day", 500), Budget("month", 2_000)))


def test_what_may_be_spent_on_an_assistant_stands_over_its_calls_alone() -> None:
    plain = hold.account_terms(b.user(), None, b.plan())
    caps = hold.on_budget(plain, "u1", BUDGETED).caps
    assert caps == (Cap("user:u1/coder", "day", 500), Cap("user:u1/coder", "month", 2_000))
    assert hold.on_budget(plain, "u1", None, b.assistant("general", "p/m")) is plain


def test_a_spent_budget_names_its_assistant_and_when_it_begins_anew() -> None:
    seen = b.standing(
        b.window(),
        b.cap(scope="user:u1/coder", window="total", limit=9_000, spent=1_000),
        b.cap(scope="user:u1/coder", window="day", limit=500, spent=450),
    )
    said = hold.refusal(HoldRefused("budget_cap_reached", "user:u1/coder", seen), b.plan(), "open")
    assert (said.code, said.status, said.should_retry) == ("assistant_budget_reached", 402, False)
    assert "spend on coder in this day" in said.message
    assert (said.details["assistant"], said.details["credits_left"]) == ("coder", "0.05")
    assert said.details["resets_at_ms"] == resets_at_ms("day", seen.at_ms, 1)


def test_another_cap_is_refused_as_ever() -> None:
    seen = b.standing(b.window(), b.cap(scope="key:k1", spent=1_000))
    assert hold.refusal(HoldRefused("budget_cap_reached", "key:k1", seen), b.plan(), "open").code == "budget_cap_reached"
