"""Commercial terms at a moment: which overrides are in force, what each changes, and which multiplier wins."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.money import Tariff
from proxy.domain.plan import Allowance, NextPlan, Plan, effective, entitled_at, in_force, moved_to, tariff
from tests.builders import NOW_MS, entitlement, override, plan, prices

BASE = plan(
    models=("p/a", "p/b"),
    allowances=(Allowance("month", 1_000), Allowance("month", 50, "open")),
    multiplier_ppm=2_000_000,
    family_multipliers_ppm={"open": 3_000_000},
    credit_prices={"own": prices()},
)


def changed(**changes: Any) -> Plan:
    return effective(BASE, (override(**changes),), NOW_MS)


# --- when -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("from_ms", "until_ms", "applies"),
    [
        (0, None, True),
        (NOW_MS, None, True),
        (NOW_MS + 1, None, False),
        (0, NOW_MS + 1, True),
        (0, NOW_MS, False),
    ],
)
def test_an_override_is_in_force_from_its_start_until_just_before_its_end(
    from_ms: int, until_ms: int | None, applies: bool
) -> None:
    dated = override(from_ms=from_ms, until_ms=until_ms)
    assert in_force((dated,), NOW_MS) == ((dated,) if applies else ())


def test_a_plan_without_overrides_is_itself() -> None:
    assert effective(BASE, (), NOW_MS) == BASE
    assert effective(BASE, (override(until_ms=NOW_MS, n_max=9),), NOW_MS) == BASE


def test_an_override_that_names_nothing_changes_nothing() -> None:
    assert changed() == BASE


# --- what -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("term", ["context_tokens_max", "output_tokens_default", "concurrency_max", "n_max"])
def test_a_limit_is_replaced_upwards_and_downwards(term: str) -> None:
    assert [changed(**{term: value}) for value in (7, 10**9)] == [replace(BASE, **{term: v}) for v in (7, 10**9)]  # type: ignore[arg-type]


def test_extra_models_are_added_once() -> None:
    assert changed(extra_models=("p/b", "p/c")).models == ("p/a", "p/b", "p/c")


def test_extra_credits_raise_the_plain_allowance_of_their_window_alone() -> None:
    assert changed(extra_milli_credits={"month": 250}).allowances == (
        Allowance("month", 1_250),
        Allowance("month", 50, "open"),
    )


def test_extra_credits_of_a_window_that_the_plan_lacks_make_one() -> None:
    assert Allowance("total", 77) in changed(extra_milli_credits={"total": 77}).allowances


def test_monthly_credits_are_those_of_plain_monthly_allowances() -> None:
    assert replace(BASE, allowances=(*BASE.allowances, Allowance("day", 5))).monthly_milli_credits == 1_000


def test_a_later_override_wins_and_additions_add_up() -> None:
    both = effective(
        BASE,
        (
            override("o1", n_max=2, extra_models=("p/c",), extra_milli_credits={"month": 1}),
            override("o2", n_max=3, extra_models=("p/d",), extra_milli_credits={"month": 10}),
        ),
        NOW_MS,
    )
    assert (both.n_max, both.models, both.monthly_milli_credits) == (3, ("p/a", "p/b", "p/c", "p/d"), 1_011)


# --- at which price ---------------------------------------------------------------------------------------------------


def test_the_multiplier_of_a_family_wins_over_the_plans() -> None:
    assert tariff(BASE, "open", 5) == Tariff(3_000_000, 5)
    assert tariff(BASE, "closed", 5) == Tariff(2_000_000, 5)


def test_a_plans_own_credit_prices_come_with_the_tariff_of_their_family() -> None:
    assert tariff(BASE, "own", 5) == Tariff(2_000_000, 5, prices())


@pytest.mark.parametrize("family", ["open", "closed", "own"])
def test_the_multiplier_of_an_entitlement_wins_over_everything(family: str) -> None:
    assert tariff(changed(multiplier_ppm=500_000), family, 5) == Tariff(500_000, 5)


def test_a_multiplier_of_zero_is_one_and_not_none() -> None:
    assert tariff(changed(multiplier_ppm=0), "open", 5).multiplier_ppm == 0


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_outside_its_dates_an_override_changes_nothing(from_ms: int, length_ms: int, now_ms: int) -> None:
    dated = override(from_ms=from_ms, until_ms=from_ms + length_ms, n_max=9)
    inside = from_ms <= now_ms < from_ms + length_ms
    assert effective(BASE, (dated,), now_ms).n_max == (9 if inside else BASE.n_max)


# --- which plan -------------------------------------------------------------------------------------------------------


def test_a_plan_follows_at_its_moment_and_not_before() -> None:
    waiting = moved_to(entitlement(), "pro", NOW_MS, NOW_MS + 10)
    assert waiting == entitlement(next=NextPlan("pro", NOW_MS + 10))
    assert entitled_at(waiting, NOW_MS + 9) == waiting
    assert entitled_at(waiting, NOW_MS + 10) == entitlement(plan_id="pro")


def test_a_change_now_drops_whatever_was_to_follow() -> None:
    waiting = entitlement(next=NextPlan("pro", NOW_MS + 10))
    assert moved_to(waiting, "plus", NOW_MS) == entitlement(plan_id="plus")
    assert moved_to(waiting, "plus", NOW_MS, NOW_MS) == entitlement(plan_id="plus")


def test_a_change_that_waits_leaves_what_has_followed_by_now() -> None:
    due = entitlement(next=NextPlan("pro", NOW_MS))
    assert moved_to(due, "plus", NOW_MS, NOW_MS + 5) == entitlement(plan_id="pro", next=NextPlan("plus", NOW_MS + 5))
