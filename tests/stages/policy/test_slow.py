"""Slow models: ejected where others can stand in, spared where nobody is left (contract 6)."""

from dataclasses import replace
from typing import Final

from proxy.domain.catalog import Catalog
from proxy.domain.decision import Decision, Health, ModelHealth
from proxy.domain.errors import Refusal
from proxy.domain.journey import Ask
from proxy.domain.standing import Standing
from proxy.stages.policy import decide
from tests import builders as make
from tests.builders import NOW_MS, ask, catalog, health, model

BROKE: Final = make.standing(make.window(limit=1_000_000, spent=1_000_000))
SLOW: Final = ModelHealth(score=0.3, open=True, retry_at_ms=NOW_MS + 9_000, slow=True)
FAILING: Final = ModelHealth(score=0.1, open=True, retry_at_ms=NOW_MS + 9_000)


def decided(call: Ask, rows: Catalog, state: Health, standing: Standing | None = None) -> Decision:
    return decide(call, make.verdict(), make.advice(), standing or make.standing(), rows, state)


def refused(decision: Decision) -> Refusal:
    assert decision.refusal is not None
    return decision.refusal


def test_a_slow_model_stands_by_behind_the_others() -> None:
    rows = catalog(model("p/a"), model("q/b"), model("r/c"))
    decision = decided(ask("p/a", "q/b", "r/c"), rows, state=health(models={"p/a": SLOW}))
    assert [(c.model_id, c.reason.code) for c in decision.chain] == [("q/b", "named"), ("r/c", "named"), ("p/a", "spared")]


def test_of_several_slow_models_the_one_that_fares_best_is_spared_and_the_others_cool_down() -> None:
    rows = catalog(model("p/a"), model("q/b"), model("r/c"))
    slow = {"p/a": SLOW, "q/b": replace(SLOW, score=0.5), "r/c": SLOW}
    decision = decided(ask("p/a", "q/b", "r/c"), rows, state=health(models=slow))
    assert [(c.model_id, c.reason.code) for c in decision.chain] == [("q/b", "spared")]
    assert [(d.model_id, d.reason.code, d.reason.detail["why"]) for d in decision.dropped] == [
        ("p/a", "cooling_down", "slow"),
        ("r/c", "cooling_down", "slow"),
    ]


def test_failing_models_are_not_spared_so_open_breakers_may_cover_all() -> None:
    rows = catalog(model("p/a"), model("q/b"))
    refusal = refused(decided(ask("p/a", "q/b"), rows, state=health(models={"p/a": FAILING, "q/b": FAILING})))
    assert (refusal.status, refusal.retry_after_s) == (503, 9)


def test_a_slow_model_of_a_provider_that_is_down_is_not_spared() -> None:
    state = health(models={"p/m": SLOW}, down_until_ms={"p": NOW_MS + 1_000})
    assert refused(decided(ask("p/m"), catalog(model()), state=state)).status == 503


def test_a_slow_model_that_a_later_rule_drops_is_not_spared_and_the_caller_hears_of_that_rule() -> None:
    decision = decided(ask("p/m", max_credits_milli=0), catalog(model()), state=health(models={"p/m": SLOW}))
    assert refused(decision).details["reason"] == "over_max_credits"


def test_a_poor_caller_of_a_slow_model_is_left_to_admission() -> None:
    decision = decided(ask("p/m"), catalog(model()), standing=BROKE, state=health(models={"p/m": SLOW}))
    assert [candidate.model_id for candidate in decision.chain] == ["p/m"]
