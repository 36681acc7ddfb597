"""Raw cost and credits: tiers, classes, rounding once and upward, and that rounding neither loses nor makes money."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.money import (
    Charge,
    Prices,
    PriceTier,
    Tab,
    Tariff,
    ceil_div,
    credits_milli,
    credits_text,
    least_charge,
    least_usage,
    prices_at,
    raw_cost_nano_usd,
    worst_charge,
    worst_credits_milli,
    worst_raw_nano_usd,
    worst_tiers,
    worst_usage,
    worth_nano_usd,
)
from proxy.domain.usage import Usage
from tests.builders import prices, tiers

PER_MILLION = 10**6
TARIFF = Tariff(multiplier_ppm=1_500_000, milli_credits_per_dollar=1_000_000)

price = st.integers(0, 10**11)
tokens = st.integers(0, 2 * 10**6)
any_prices = st.builds(
    Prices,
    input=price,
    cached_input=price,
    cache_write=price,
    output=price,
    reasoning=price,
    image=price,
    request=price,
)
any_usage = st.builds(
    Usage, input=tokens, cached_input=tokens, cache_write=tokens, output=tokens, reasoning=tokens, images=tokens
)
any_tariff = st.builds(
    Tariff,
    multiplier_ppm=st.integers(0, 10**8),
    milli_credits_per_dollar=st.integers(1, 10**8),
    credit_prices=st.none() | any_prices,
)
any_tiers = st.lists(any_prices, min_size=1, max_size=3).map(
    lambda rows: tuple(PriceTier(place * 500_000, row) for place, row in enumerate(rows))
)
any_charge = st.builds(Charge, tiers=any_prices.map(lambda p: (PriceTier(0, p),)), tariff=any_tariff, usage=any_usage)


def test_a_million_tokens_of_each_class_cost_their_price() -> None:
    row = Prices(input=1, cached_input=20, cache_write=300, output=4_000, reasoning=50_000, image=600_000, request=7 * 10**6)
    million = PER_MILLION
    usage = Usage(million, million, million, million, million, million)
    assert raw_cost_nano_usd((PriceTier(0, row),), usage) == 654_321 + 7


def test_raw_cost_is_rounded_up_once() -> None:
    row = (PriceTier(0, Prices(input=1, output=1)),)
    assert raw_cost_nano_usd(row, Usage(input=1, output=1)) == 1
    assert raw_cost_nano_usd(row, Usage(input=PER_MILLION, output=1)) == 2
    assert raw_cost_nano_usd(row, Usage()) == 0


@pytest.mark.parametrize(("input_tokens", "expected"), [(0, 1), (999, 1), (1_000, 2), (4_999, 2), (5_000, 3)])
def test_the_highest_tier_that_the_input_reaches_prices_the_whole_call(input_tokens: int, expected: int) -> None:
    row = (PriceTier(0, Prices(input=1)), PriceTier(1_000, Prices(input=2)), PriceTier(5_000, Prices(input=3)))
    assert prices_at(row, input_tokens) == Prices(input=expected)


def test_cached_and_written_input_counts_for_the_tier() -> None:
    row = (PriceTier(0, Prices()), PriceTier(30, Prices(output=PER_MILLION)))
    assert raw_cost_nano_usd(row, Usage(input=9, cached_input=10, cache_write=10, output=1)) == 0
    assert raw_cost_nano_usd(row, Usage(input=10, cached_input=10, cache_write=10, output=1)) == 1


def test_credits_are_raw_cost_times_multiplier_times_credits_per_dollar() -> None:
    # 2,000,000 input tokens cost 2 dollars, 3 with the multiplier, 3,000 credits.
    assert credits_milli([Charge(tiers(), TARIFF, Usage(input=2_000_000))]) == 3_000_000


def test_a_plans_own_credit_prices_replace_raw_cost_and_multiplier() -> None:
    own = Tariff(multiplier_ppm=9_000_000, milli_credits_per_dollar=7, credit_prices=Prices(input=5 * PER_MILLION))
    assert credits_milli([Charge(tiers(), own, Usage(input=3, output=1_000))]) == 15


def test_a_call_of_several_writers_is_rounded_up_once() -> None:
    third = Charge((PriceTier(0, Prices(input=1)),), Tariff(PER_MILLION, 333_333_334), Usage(input=1_000_000))
    assert [credits_milli([third]), credits_milli([third, third]), credits_milli([third] * 3)] == [1, 1, 2]


def test_input_is_charged_to_the_first_writer_alone_and_prices_the_output_of_each() -> None:
    row = (
        PriceTier(0, Prices(input=1, output=1)),
        PriceTier(1_000, Prices(input=2, output=5, reasoning=7, request=9, image=9)),
    )
    first = Charge(row, Tariff(PER_MILLION, 10**9), Usage(input=999, output=3 * PER_MILLION))
    later = Charge(row, Tariff(2 * PER_MILLION, 10**9), Usage(input=1_000, output=PER_MILLION, reasoning=PER_MILLION, images=4))
    tab = Tab().and_then(first)
    assert tab.milli == credits_milli([first])
    assert tab.and_then(later).milli == credits_milli([first]) + 2 * (5 + 7)


def test_a_usage_that_goes_on_adds_its_output_and_is_as_certain_as_the_less_certain() -> None:
    first = Usage(input=10, cached_input=5, output=3, reasoning=1, images=2)
    both = first.followed_by(Usage(input=99, output=4, reasoning=2, source="counted"))
    assert both == Usage(input=10, cached_input=5, output=7, reasoning=3, images=2, source="counted")
    assert both.followed_by(Usage(source="estimated")).source == "estimated"


def test_nothing_used_costs_nothing() -> None:
    assert credits_milli([]) == 0


def test_the_worst_reading_takes_the_dearest_class_of_each_side() -> None:
    cached = worst_usage(tiers(cached_input=5 * 10**9, reasoning=9 * 10**9), 10, 20, images=2)
    assert (cached.cached_input, cached.input, cached.reasoning, cached.output, cached.images) == (10, 0, 20, 0, 2)
    written = worst_usage(tiers(cache_write=5 * 10**9), 10, 20)
    assert (written.cache_write, written.input_total, written.output, written.reasoning) == (10, 10, 20, 0)
    plain = worst_usage(tiers(), 10, 20)
    assert (plain.input, plain.output, plain.source, plain.requests) == (10, 20, "estimated", 1)


def test_the_dearest_prices_of_a_row() -> None:
    row = prices(cache_write=2 * 10**9, reasoning=9 * 10**9)
    assert (row.dearest_input, row.dearest_output) == (2 * 10**9, 9 * 10**9)


def test_only_a_row_of_zeros_is_free() -> None:
    assert Prices().is_zero
    assert not Prices(request=1).is_zero


@pytest.mark.parametrize(("milli", "text"), [(0, "0"), (1, "0.001"), (1_500, "1.5"), (2_000, "2"), (10_000, "10")])
def test_milli_credits_read_as_credits(milli: int, text: str) -> None:
    assert credits_text(milli) == text


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**12))
def test_rounding_up_is_exact_to_the_last_unit(numerator: int, denominator: int) -> None:
    assert 0 <= ceil_div(numerator, denominator) * denominator - numerator < denominator


@given(any_charge)
def test_credits_never_fall_short_of_the_exact_sum_and_exceed_it_by_less_than_one(charge: Charge) -> None:
    assert 0 <= credits_milli([charge]) - _exact(charge) < 1


@given(st.lists(any_charge, max_size=4))
def test_splitting_a_call_over_writers_neither_loses_nor_makes_money(charges: list[Charge]) -> None:
    together, exact = credits_milli(charges), sum((_exact(c) for c in charges), Fraction(0))
    assert 0 <= together - exact < 1
    assert together <= sum(credits_milli([charge]) for charge in charges) < together + max(1, len(charges))


@given(any_prices, any_usage)
def test_raw_cost_never_falls_short_and_exceeds_by_less_than_a_nano(row: Prices, usage: Usage) -> None:
    assert 0 <= raw_cost_nano_usd((PriceTier(0, row),), usage) - _weighed(row, usage) < 1


@given(any_charge)
def test_no_bill_for_a_size_is_dearer_than_the_worst(charge: Charge) -> None:
    usage = charge.usage
    worst = worst_charge(charge.tiers, charge.tariff, usage.input_total, usage.output_total, usage.images)
    assert credits_milli([charge]) <= credits_milli([worst])


@given(any_tiers, any_tariff, tokens, tokens, st.integers(0, 10))
def test_the_worst_of_a_size_is_the_same_with_and_without_its_bill(
    table: tuple[PriceTier, ...], terms: Tariff, read: int, written: int, images: int
) -> None:
    size = (read, written, images)
    assert worst_credits_milli(table, terms, *size) == credits_milli([worst_charge(table, terms, *size)])
    worst = worst_tiers(table, read)
    assert worst_raw_nano_usd(table, *size) == raw_cost_nano_usd(worst, worst_usage(worst, *size))


@given(any_prices, any_usage)
def test_no_reading_of_a_size_is_dearer_than_the_worst(row: Prices, usage: Usage) -> None:
    table = (PriceTier(0, row),)
    worst = worst_usage(table, usage.input_total, usage.output_total, usage.images)
    assert raw_cost_nano_usd(table, usage) <= raw_cost_nano_usd(table, worst)


def _exact(charge: Charge) -> Fraction:
    own = charge.tariff.credit_prices
    if own is not None:
        return _weighed(own, charge.usage)
    dollars = _weighed(charge.tiers[0].prices, charge.usage) / 10**9
    return dollars * Fraction(charge.tariff.multiplier_ppm, 10**6) * charge.tariff.milli_credits_per_dollar


def _weighed(row: Prices, usage: Usage) -> Fraction:
    classes = ("input", "cached_input", "cache_write", "output", "reasoning")
    weight = sum(getattr(row, name) * getattr(usage, name) for name in classes)
    return Fraction(weight + row.image * usage.images + row.request * usage.requests, PER_MILLION)


def test_the_least_reading_takes_the_cheapest_class_of_each_side() -> None:
    cached = least_usage(tiers(cache_write=2 * 10**9, reasoning=3 * 10**9), 10, 20)
    assert (cached.cached_input, cached.reasoning, cached.input_total, cached.output_total) == (10, 20, 10, 20)
    plain = least_usage(tiers(cached_input=10**9, cache_write=10**9), 10, 20)
    assert (plain.input, plain.output) == (10, 20)


@given(any_charge)
def test_no_bill_for_a_size_is_cheaper_than_the_least(charge: Charge) -> None:
    usage = charge.usage
    least = least_charge(charge.tiers, charge.tariff, usage.input_total, usage.output_total)
    assert credits_milli([least]) <= credits_milli([charge])


def test_credits_are_worth_what_they_are_sold_for() -> None:
    assert worth_nano_usd(1_000, 1_000_000) == 1_000_000
    assert worth_nano_usd(1, 3_000_000_000) == 0
