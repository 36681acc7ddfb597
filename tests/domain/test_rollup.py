"""Claims about sums over calls: what is counted where, and what can be read off the counts."""

from dataclasses import fields, replace
from typing import Any

import pytest

from proxy.domain.rollup import DAY_MS, TTFT_BOUNDS_MS, Tally, days_touched, ttft_place

ZEROS: dict[str, Any] = {field.name: 0 for field in fields(Tally)}
NOTHING = Tally(**ZEROS | {"ttft_calls": (0,) * (len(TTFT_BOUNDS_MS) + 1)})


def tally(**changes: Any) -> Tally:
    return replace(NOTHING, **changes)


def test_calls_are_those_of_every_ending() -> None:
    counted = tally(calls_served=1, calls_cut=2, calls_left=4, calls_refused=8, calls_failed=16, calls_crashed=32)
    assert (counted.calls, counted.calls_answered) == (63, 7)


def test_means_are_over_the_calls_that_have_such_a_time() -> None:
    counted = tally(
        calls_served=3, calls_cut=1, calls_refused=9, duration_ms=400, ttft_ms=90, ttft_calls=(2, 1, 0, 0, 0, 0, 0, 0)
    )
    assert (counted.duration_mean_ms, counted.ttft_mean_ms) == (100, 30)


def test_there_is_no_time_where_nothing_was_timed() -> None:
    assert (NOTHING.duration_mean_ms, NOTHING.ttft_mean_ms, NOTHING.ttft_at_most_ms(50)) == (None, None, None)


@pytest.mark.parametrize(
    ("percent", "at_most"), [(1, 100), (50, 100), (51, 250), (90, 250), (91, 10_000), (95, 10_000), (96, None)]
)
def test_a_share_of_calls_is_answered_within_the_bound_that_reaches_it(percent: int, at_most: int | None) -> None:
    counted = tally(ttft_calls=(50, 40, 0, 0, 0, 0, 5, 5))
    assert counted.ttft_at_most_ms(percent) == at_most


@pytest.mark.parametrize(("ttft_ms", "place"), [(0, 0), (100, 0), (101, 1), (250, 1), (10_000, 6), (10_001, 7)])
def test_a_time_counts_at_the_first_bound_it_does_not_exceed(ttft_ms: int, place: int) -> None:
    assert ttft_place(ttft_ms) == place


@pytest.mark.parametrize(
    ("from_ms", "until_ms", "days"),
    [
        (0, DAY_MS, [0]),
        (0, DAY_MS + 1, [0, 1]),
        (DAY_MS - 1, DAY_MS, [0]),
        (DAY_MS - 1, DAY_MS + 1, [0, 1]),
        (DAY_MS, DAY_MS, []),
        (5, 5, []),
        (7, 5, []),
    ],
)
def test_a_period_touches_every_day_that_it_has_a_part_of(from_ms: int, until_ms: int, days: list[int]) -> None:
    assert list(days_touched(from_ms, until_ms)) == days
