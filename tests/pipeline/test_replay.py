"""Claims about replays: the same terms give the same decisions and bills, other terms change what depends on them and nothing
else."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.call import Attempt, Call
from proxy.domain.catalog import Catalog
from proxy.domain.decision import Reason
from proxy.domain.desk import Grant
from proxy.domain.ledger import HoldTerms
from proxy.domain.money import Charge, credits_milli, raw_cost_nano_usd
from proxy.domain.plan import Allowance, tariff
from proxy.domain.standing import Cap, Standing
from proxy.pipeline.replay import Bill, Replay, Replayed, Terms
from proxy.stages import policy
from proxy.stages.ledger.counters import CounterKey, Reading
from proxy.stages.ledger.sources import case_of, standing
from tests import builders as b

ALLOWANCES = (Allowance("month", 40_000), Allowance("day", 30_000), Allowance("week", 5_000, family="frontier"))


def shop(**changes: Any) -> Catalog:
    """`p/strong` costs ten times what `p/cheap` does; `basic` has both, `small` the cheap one."""
    return b.catalog(
        b.model("p/cheap", stops_billing_on_close=True),
        b.model("p/strong", family="frontier", tiers=b.tiers(input=10**10, output=4 * 10**10)),
        b.plan("basic", allowances=ALLOWANCES, models=("p/cheap", "p/strong")),
        b.plan("small", allowances=(Allowance("day", 900_000),), models=("p/cheap",)),
        **changes,
    )


def charged(catalog: Catalog, model_id: str, plan_id: str = "basic", **tokens: Any) -> Attempt:
    """The attempt that wrote, priced as live calls price it."""
    model, used = catalog.models[model_id], b.usage(**tokens)
    terms = tariff(catalog.plans[plan_id], model.family, catalog.milli_credits_per_dollar)
    return b.attempt(
        model_id=model_id,
        family=model.family,
        usage=used,
        raw_nano_usd=raw_cost_nano_usd(model.tiers, used),
        credits_milli=credits_milli([Charge(model.tiers, terms, used)]),
    )


def billed_in_vain(catalog: Catalog, model_id: str, **tokens: Any) -> Attempt:
    """An attempt that failed and was billed all the same."""
    return replace(charged(catalog, model_id, **tokens), fault="empty", charged=False)


def answered(
    catalog: Catalog, *asked: str, wrote: Attempt | None = None, lost: tuple[Attempt, ...] = (), **changes: Any
) -> Call:
    """A served call of `asked`, decided under `catalog`, as the register would have it."""
    ask = replace(b.ask(*asked), **changes.pop("ask", {}))
    seen = changes.pop("standing", None) or seen_by_books()
    decision = policy.decide(ask, b.verdict(), b.advice(), seen, catalog, b.health())
    wrote = wrote or charged(catalog, decision.chain[0].model_id)
    base = b.call(
        changes.pop("id", "call-1"),
        asked=asked,
        ask=ask,
        standing=seen,
        decision=decision,
        usage=wrote.usage,
        model_id=wrote.model_id,
        family=wrote.family,
        credits_milli=wrote.credits_milli,
        raw_nano_usd=wrote.raw_nano_usd + sum(attempt.raw_nano_usd for attempt in lost),
        attempts=(*lost, wrote),
    )
    return replace(base, **changes)


def seen_by_books(spent: int = 0, grants: tuple[Grant, ...] = (), caps: tuple[Cap, ...] = (), **changes: Any) -> Standing:
    """What the books would show of ALLOWANCES, with the same amount spent everywhere."""
    terms = HoldTerms(changes.get("allowances", ALLOWANCES), caps, (), changes.get("anchor_day", 1))
    return standing(case_of("u1", terms, grants, changes.get("at_ms", b.NOW_MS)), _Same(Reading(spent, changes.get("held", 0))))


class _Same(dict[CounterKey, Reading]):
    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def __missing__(self, key: CounterKey) -> Reading:
        return self._reading


def replayed(call: Call, catalog: Catalog, terms: Terms = Terms()) -> Replayed:  # noqa: B008  (a frozen value)
    found = Replay(terms).take(call, catalog)
    assert found is not None
    return found


# --- the same terms ---------------------------------------------------------------------------------------------------

MILLI = st.integers(0, 50_000)
ASKED = st.sampled_from([("auto",), ("general",), ("p/cheap",), ("p/strong",), ("p/strong", "p/cheap"), ("p/none",)])
STANDINGS = st.builds(
    seen_by_books,
    spent=MILLI,
    held=MILLI,
    anchor_day=st.integers(1, 31),
    at_ms=st.integers(0, 800).map(lambda days: b.NOW_MS + days * 86_400_000 + 5),
    grants=st.sampled_from(
        [(), (Grant("g1", "u1", "topup", 9_000, "", 0), Grant("g2", "u1", "grant", 700, "", 0, "frontier"))]
    ),
    caps=st.sampled_from([(), (Cap("user:u1", "month", 60_000), Cap("key:k1", "day", 20_000))]),
)
HISTORY = st.lists(st.tuples(ASKED, STANDINGS, st.booleans(), st.integers(0, 2_000), st.integers(0, 5), MILLI), max_size=6)
FAILED = b.attempt(model_id="p/strong", family="frontier", fault="reset", charged=False, credits_milli=0)


def _recorded(catalog: Catalog, number: int, drawn: tuple[Any, ...]) -> Call:
    asked, seen, stream, output, ending, lost_milli = drawn
    ask = replace(b.ask(*asked), stream=stream)
    advice = b.advice("general") if asked[0] in ("auto", "general") else b.advice()
    decision = policy.decide(ask, b.verdict(), advice, seen, catalog, b.health())
    base = b.call(f"call-{number}", asked=asked, ask=ask, advice=advice, standing=seen, decision=decision)
    refused: dict[str, Any] = {"model_id": None, "family": None, "usage": None, "credits_milli": 0, "raw_nano_usd": 0}
    if not decision.chain:
        code = decision.refusal.code if decision.refusal is not None else None
        return replace(base, status="refused", code=code, **refused)
    if ending == 0:
        return replace(base, status="refused", code="insufficient_credits", **refused)
    if ending == 1:
        lost = (FAILED,) if any(c.model_id == "p/strong" for c in decision.chain) else ()
        return replace(base, status="failed", code="upstream_error", attempts=lost, **refused | {"raw_nano_usd": sum_raw(lost)})
    in_vain = billed_in_vain(catalog, decision.chain[0].model_id, output=output)
    if ending == 2:
        paid = min(lost_milli, in_vain.credits_milli)
        lost_milli, raw = in_vain.credits_milli - paid, in_vain.raw_nano_usd
        ended = refused | {"credits_milli": paid, "absorbed_milli": lost_milli, "raw_nano_usd": raw}
        return replace(base, status="failed", code="upstream_error", attempts=(in_vain,), **ended)
    wrote = charged(catalog, decision.chain[-1].model_id, output=output)
    absorbed = min(lost_milli, wrote.credits_milli)
    before = (in_vain,) if ending == 3 and len(decision.chain) > 1 else ()
    return replace(
        base,
        status="served" if ending < 5 else "left",
        usage=wrote.usage,
        model_id=wrote.model_id,
        family=wrote.family,
        credits_milli=wrote.credits_milli - absorbed,
        absorbed_milli=absorbed + sum(attempt.credits_milli for attempt in before),
        raw_nano_usd=wrote.raw_nano_usd + sum(attempt.raw_nano_usd for attempt in before),
        attempts=(*before, wrote),
    )


def sum_raw(attempts: tuple[Attempt, ...]) -> int:
    priced = [raw_cost_nano_usd(shop().models[a.model_id].tiers, a.usage) for a in attempts if a.usage is not None]
    return sum(priced)


@given(HISTORY)
def test_the_same_terms_give_the_same_decisions_and_bills_whatever_happened(history: list[tuple[Any, ...]]) -> None:
    catalog, replay = shop(), Replay(Terms())
    for number, drawn in enumerate(history):
        call = _recorded(catalog, number, drawn)
        found = replay.take(call, catalog)
        assert found is not None
        assert found.decision == call.decision
        assert (found.would, found.fate) == (found.was, "same")
        assert found.was.raw_nano_usd == call.raw_nano_usd


def test_a_call_that_was_never_decided_is_not_replayed() -> None:
    assert Replay(Terms()).take(b.call(decision=None, ask=None), shop()) is None


def test_what_the_moment_refused_stays_refused() -> None:
    refused = answered(
        shop(), "p/cheap", status="refused", code="concurrency_limit", model_id=None, credits_milli=0, attempts=()
    )
    found = replayed(refused, shop(), Terms(multiplier_ppm=2_000_000))
    assert (found.would.code, found.fate) == ("concurrency_limit", "same")


def test_a_crash_costs_what_it_cost() -> None:
    crashed = answered(shop(), "p/cheap", status="crashed", usage=None, attempts=(), credits_milli=77, raw_nano_usd=9)
    found = replayed(crashed, shop(), Terms(multiplier_ppm=2_000_000))
    assert (found.would.credits_milli, found.would.raw_nano_usd, found.cost_is_known) == (77, 9, True)


# --- other terms ------------------------------------------------------------------------------------------------------


def test_a_multiplier_scales_credits_and_leaves_raw_cost() -> None:
    call = answered(shop(), "p/cheap")
    found = replayed(call, shop(), Terms(multiplier_ppm=3_000_000))
    assert found.would == Bill("p/cheap", None, 3 * call.credits_milli, 0, call.raw_nano_usd)


def test_what_the_operator_lost_it_loses_in_the_same_share() -> None:
    half = charged(shop(), "p/cheap").credits_milli // 2
    call = answered(shop(), "p/cheap", credits_milli=half, absorbed_milli=half)
    found = replayed(call, shop(), Terms(multiplier_ppm=3_000_000))
    assert (found.would.credits_milli, found.would.absorbed_milli) == (3 * half, 3 * half)


def test_what_was_billed_in_vain_scales_and_is_paid_in_the_same_share() -> None:
    lost = billed_in_vain(shop(), "p/cheap")
    third = lost.credits_milli // 3
    failed = answered(shop(), "p/cheap", wrote=lost, status="failed", code="upstream_error", model_id=None)
    failed = replace(failed, credits_milli=third, absorbed_milli=lost.credits_milli - third)
    found = replayed(failed, shop(), Terms(multiplier_ppm=3_000_000))
    assert (found.would.credits_milli, found.would.absorbed_milli) == (3 * third, 3 * (lost.credits_milli - third))
    assert (found.would.model_id, found.fate) == (None, "same")


def test_a_failed_try_that_would_be_made_again_is_lost_again_beside_the_answer() -> None:
    lost, wrote = billed_in_vain(shop(), "p/strong"), charged(shop(), "p/cheap")
    call = answered(shop(), "p/strong", "p/cheap", wrote=wrote, lost=(lost,), absorbed_milli=lost.credits_milli)
    found = replayed(call, shop(), Terms(multiplier_ppm=2_000_000))
    assert found.would.credits_milli == 2 * wrote.credits_milli
    assert found.would.absorbed_milli == 2 * lost.credits_milli


def test_a_plan_without_the_model_refuses_and_costs_nothing() -> None:
    found = replayed(answered(shop(), "p/strong"), shop(), Terms(plan_id="small"))
    assert (found.would, found.fate) == (Bill(None, "model_not_in_plan"), "refused")


def test_a_chain_without_its_head_is_answered_by_the_next() -> None:
    call = answered(shop(), "p/strong", "p/cheap")
    found = replayed(call, shop(), Terms(plan_id="small"))
    assert (found.would.model_id, found.fate) == ("p/cheap", "downgraded")
    assert found.would.raw_nano_usd * 10 == call.raw_nano_usd


def test_who_failed_fails_again_and_its_cost_comes_with_it() -> None:
    call = answered(shop(), "p/strong", "p/cheap", wrote=charged(shop(), "p/cheap"), lost=(FAILED,))
    found = replayed(call, shop(), Terms(multiplier_ppm=2_000_000))
    assert (found.would.model_id, found.fate) == ("p/cheap", "same")
    lost_nano = raw_cost_nano_usd(shop().models["p/strong"].tiers, b.usage())
    assert found.would.raw_nano_usd == charged(shop(), "p/cheap").raw_nano_usd + lost_nano


def test_a_failed_attempt_that_would_not_be_made_costs_nothing() -> None:
    call = answered(shop(), "p/strong", "p/cheap", wrote=charged(shop(), "p/cheap"), lost=(FAILED,))
    found = replayed(call, shop(), Terms(plan_id="small"))
    assert found.would.raw_nano_usd == charged(shop(), "p/cheap").raw_nano_usd


def test_a_lower_output_bound_shortens_the_answer() -> None:
    call = answered(shop(), "p/cheap", wrote=charged(shop(), "p/cheap", output=3_000))
    stingy = shop()
    stingy = replace(stingy, plans={"basic": replace(stingy.plans["basic"], output_tokens_default=1_000)})
    found = replayed(call, stingy)
    assert (found.fate, found.would.code) == ("shortened", "output_shortened")
    assert found.would.raw_nano_usd == charged(shop(), "p/cheap", output=1_000).raw_nano_usd


def test_what_credits_do_not_cover_shortens_the_answer_too() -> None:
    call = answered(shop(), "p/cheap", wrote=charged(shop(), "p/cheap", output=4_000))
    poor = shop()
    poor = replace(poor, plans={"basic": replace(poor.plans["basic"], allowances=(Allowance("month", 7_000),))})
    found = replayed(call, poor)
    assert found.fate == "shortened"
    assert 0 < found.would.credits_milli <= 7_000
    assert 0 < found.would.raw_nano_usd < call.raw_nano_usd


def test_what_a_provider_bills_beyond_all_credits_is_the_operators() -> None:
    wrote = charged(shop(), "p/cheap", input=90_000, output=10)
    call = answered(shop(), "p/cheap", wrote=wrote, ask={"output_tokens_max": 20})
    poor = shop()
    poor = replace(poor, plans={"basic": replace(poor.plans["basic"], allowances=(Allowance("month", 7_000),))})
    found = replayed(call, poor)
    assert (found.would.credits_milli, found.would.absorbed_milli) == (7_000, wrote.credits_milli - 7_000)


def test_what_was_too_dear_is_admitted_where_it_is_not_at_a_cost_nobody_knows() -> None:
    seen = seen_by_books(spent=40_000)
    poor = answered(shop(), "p/cheap", standing=seen)
    refused = replace(
        poor, status="refused", code="insufficient_credits", model_id=None, usage=None, credits_milli=0, attempts=()
    )
    rich = shop()
    rich = replace(rich, plans={"basic": replace(rich.plans["basic"], allowances=(Allowance("month", 900_000),))})
    found = replayed(refused, rich)
    assert (found.fate, found.would.model_id, found.cost_is_known) == ("admitted", "p/cheap", False)


def test_what_earlier_calls_would_have_spent_is_missing_later() -> None:
    catalog = shop()
    cost = charged(catalog, "p/cheap", output=2_000).credits_milli
    tight = replace(catalog, plans={"basic": replace(catalog.plans["basic"], allowances=(Allowance("month", 5 * cost),))})
    replay, fates = Replay(Terms(multiplier_ppm=2_000_000)), []
    for number in range(4):
        seen = seen_by_books(spent=number * cost, allowances=(Allowance("month", 5 * cost),))
        wrote = charged(catalog, "p/cheap", output=2_000)
        call = answered(tight, "p/cheap", wrote=wrote, standing=seen, id=f"call-{number}", ask={"output_tokens_max": 2_000})
        found = replay.take(call, tight)
        assert found is not None
        fates.append(found.fate)
    assert fates == ["same", "same", "shortened", "refused"]


def test_a_call_of_an_earlier_revision_is_billed_as_it_was_though_reasons_are_told_otherwise_now() -> None:
    catalog = shop()
    call = answered(catalog, "p/strong", "p/cheap")
    assert call.decision is not None
    chain = tuple(replace(kept, reason=Reason("ranked", {"older": "words"})) for kept in call.decision.chain)
    older = replace(call, decision=replace(call.decision, revision="3", chain=chain))
    now, then = (Replay(Terms()).take(taken, catalog) for taken in (call, older))
    assert now is not None
    assert then is not None
    assert (then.would, then.fate) == (now.would, "same")
