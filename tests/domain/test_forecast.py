"""Claims about forecasts: a straight line from what was spent, and silence while it is too early to draw one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.forecast import Forecast, forecast
from proxy.domain.standing import resets_at_ms
from tests.builders import window

DAY_MS = 86_400_000


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


NOON = ms("2026-03-01T12:00")


def test_half_a_day_and_half_the_allowance_just_lasts() -> None:
    assert forecast(window(window="day", limit=1_000, spent=500), NOON, 1) == Forecast("lasts", 1_000)


def test_a_pace_above_the_allowance_names_the_moment_it_runs_out() -> None:
    found = forecast(window(window="day", limit=1_000, spent=800), NOON, 1)
    assert found == Forecast("runs_out", 1_600, ms("2026-03-01T15:00"))


def test_what_is_spent_has_run_out_now() -> None:
    assert forecast(window(window="day", limit=1_000, spent=1_000), NOON, 1) == Forecast("runs_out", 2_000, NOON)


def test_what_is_spent_early_has_run_out_all_the_same() -> None:
    at_ms = ms("2026-03-01T00:10")
    assert forecast(window(window="day", limit=1_000, spent=1_200), at_ms, 1) == Forecast("runs_out", None, at_ms)


@pytest.mark.parametrize(
    ("period", "early", "late"),
    [
        ("day", "2026-03-01T00:59:59", "2026-03-01T01:00"),
        ("week", "2026-03-02T06:59:59", "2026-03-02T07:00"),
        ("month", "2026-03-02T06:59:59", "2026-03-02T07:00"),
    ],
)
def test_a_twenty_fourth_of_the_period_must_have_passed(period: str, early: str, late: str) -> None:
    standing = window(window=period, limit=10**9, spent=10)
    assert forecast(standing, ms(early), 1) == Forecast("too_early")
    assert forecast(standing, ms(late), 1) == Forecast("lasts", 240)


def test_a_month_is_counted_from_its_anchor() -> None:
    standing = window(window="month", limit=1_000, spent=100)
    assert forecast(standing, ms("2026-02-20T00:00"), 10) == Forecast("lasts", 280)


def test_nothing_spent_lasts() -> None:
    assert forecast(window(window="day", spent=0), NOON, 1) == Forecast("lasts", 0)


def test_what_never_resets_has_no_forecast() -> None:
    assert forecast(window(window="total", spent=5), NOON, 1) is None


@given(st.integers(0, 10**9), st.integers(1, 10**9), st.integers(0, 400 * DAY_MS), st.integers(1, 31))
def test_a_forecast_never_lies_in_the_past_nor_beyond_the_reset(spent: int, limit: int, after_ms: int, anchor: int) -> None:
    at_ms = NOON + after_ms
    found = forecast(window(window="month", limit=limit, spent=spent), at_ms, anchor)
    ends_ms = resets_at_ms("month", at_ms, anchor)
    assert found is not None
    assert ends_ms is not None
    if found.runs_out_at_ms is not None:
        assert at_ms <= found.runs_out_at_ms <= ends_ms
    if found.spent_at_reset_milli is not None:
        assert found.spent_at_reset_milli >= spent
        assert (found.state == "lasts") == (found.spent_at_reset_milli <= limit and spent < limit)
