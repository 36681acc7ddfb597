"""Windows and what is left in them: names of epochs, their ends, and the credits that a model may draw on."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.plan import Window
from proxy.domain.standing import began_at_ms, epoch, resets_at_ms
from tests.builders import bucket, cap, standing, window

DAY_MS = 86_400_000
WINDOWS: tuple[Window, ...] = ("day", "week", "month", "total")


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


# --- epochs -----------------------------------------------------------------------------------------------------------


def test_a_day_is_a_utc_day() -> None:
    assert epoch("day", ms("2026-03-01T23:59:59.999"), 1) == "2026-03-01"
    assert epoch("day", ms("2026-03-02T00:00"), 1) == "2026-03-02"
    assert resets_at_ms("day", ms("2026-03-01T00:00"), 1) == ms("2026-03-02T00:00")


def test_a_week_is_an_iso_week_and_may_belong_to_the_year_before() -> None:
    assert epoch("week", ms("2026-12-31T12:00"), 1) == "2026-W53"
    assert epoch("week", ms("2027-01-03T23:59"), 1) == "2026-W53"
    assert epoch("week", ms("2027-01-04T00:00"), 1) == "2027-W01"
    assert resets_at_ms("week", ms("2026-12-31T12:00"), 1) == ms("2027-01-04T00:00")


def test_a_monday_begins_a_whole_week() -> None:
    assert resets_at_ms("week", ms("2027-01-04T00:00"), 1) == ms("2027-01-11T00:00")


def test_a_month_begins_on_the_accounts_anchor_day() -> None:
    assert epoch("month", ms("2026-05-14T23:59"), 15) == "2026-04-15"
    assert epoch("month", ms("2026-05-15T00:00"), 15) == "2026-05-15"
    assert resets_at_ms("month", ms("2026-05-14T23:59"), 15) == ms("2026-05-15T00:00")
    assert resets_at_ms("month", ms("2026-05-15T00:00"), 15) == ms("2026-06-15T00:00")


def test_a_month_before_the_anchor_in_january_began_in_december() -> None:
    assert epoch("month", ms("2026-01-09T00:00"), 10) == "2025-12-10"
    assert resets_at_ms("month", ms("2025-12-10T00:00"), 10) == ms("2026-01-10T00:00")


@pytest.mark.parametrize(
    ("at", "began", "ends"),
    [
        ("2026-01-31T00:00", "2026-01-31", "2026-02-28T00:00"),
        ("2026-02-27T23:59", "2026-01-31", "2026-02-28T00:00"),
        ("2026-02-28T00:00", "2026-02-28", "2026-03-31T00:00"),
        ("2026-03-30T23:59", "2026-02-28", "2026-03-31T00:00"),
        ("2026-04-30T00:00", "2026-04-30", "2026-05-31T00:00"),
    ],
)
def test_an_anchor_of_31_falls_on_the_last_day_of_shorter_months(at: str, began: str, ends: str) -> None:
    assert (epoch("month", ms(at), 31), resets_at_ms("month", ms(at), 31)) == (began, ms(ends))


def test_an_anchor_of_30_falls_on_the_leap_day() -> None:
    assert epoch("month", ms("2028-02-28T23:59"), 30) == "2028-01-30"
    assert epoch("month", ms("2028-02-29T00:00"), 30) == "2028-02-29"
    assert resets_at_ms("month", ms("2028-02-29T00:00"), 30) == ms("2028-03-30T00:00")


def test_the_total_has_one_epoch_and_no_end() -> None:
    assert (epoch("total", ms("2026-01-01T00:00"), 1), resets_at_ms("total", ms("2026-01-01T00:00"), 1)) == ("total", None)


moments = st.integers(ms("1999-01-01T00:00"), ms("2101-01-01T00:00"))
anchors = st.integers(1, 31)


@given(st.sampled_from(WINDOWS), moments, anchors)
def test_an_epoch_lasts_until_its_reset_and_not_a_moment_longer(name: Window, at_ms: int, anchor_day: int) -> None:
    end_ms = resets_at_ms(name, at_ms, anchor_day)
    if end_ms is None:
        assert name == "total"
        return
    assert end_ms > at_ms
    assert epoch(name, end_ms - 1, anchor_day) == epoch(name, at_ms, anchor_day)
    assert epoch(name, end_ms, anchor_day) != epoch(name, at_ms, anchor_day)


@given(moments, anchors)
def test_a_month_has_between_28_and_31_days(at_ms: int, anchor_day: int) -> None:
    start = datetime.fromisoformat(epoch("month", at_ms, anchor_day)).replace(tzinfo=UTC)
    end_ms = resets_at_ms("month", at_ms, anchor_day)
    assert end_ms is not None
    length = datetime.fromtimestamp(end_ms / 1000, UTC) - start
    assert timedelta(days=28) <= length <= timedelta(days=31)


@given(moments, st.integers(0, 60 * DAY_MS), anchors)
def test_epochs_never_go_back(at_ms: int, later_ms: int, anchor_day: int) -> None:
    for name in WINDOWS:
        assert epoch(name, at_ms, anchor_day) <= epoch(name, at_ms + later_ms, anchor_day)


# --- what is left -----------------------------------------------------------------------------------------------------


def test_the_tightest_of_several_windows_counts() -> None:
    left = standing(window(window="day", limit=100, spent=40), window(window="month", limit=1_000, spent=10))
    assert left.spendable_milli("open") == 60


def test_a_family_draws_on_its_own_window_and_on_the_plain_one() -> None:
    left = standing(window(limit=100, spent=30), window(family="open", limit=50, spent=10))
    assert (left.spendable_milli("open"), left.spendable_milli("closed")) == (110, 70)


def test_an_overspent_window_takes_nothing_from_other_sources() -> None:
    left = standing(window(limit=100, spent=130), bucket(limit=40, spent=5))
    assert left.spendable_milli("open") == 35


def test_buckets_of_another_family_do_not_count() -> None:
    left = standing(bucket(limit=10), bucket(family="open", limit=20), bucket(family="closed", limit=40))
    assert left.spendable_milli("open") == 30


def test_caps_limit_everything() -> None:
    left = standing(window(limit=1_000), bucket(limit=500), cap(limit=300, spent=100))
    assert left.spendable_milli("open") == 200


def test_a_ceiling_on_raw_cost_is_no_cap_on_credits() -> None:
    assert standing(window(limit=1_000), cap(unit="nano_usd", limit=1)).spendable_milli("open") == 1_000


def test_an_exceeded_cap_leaves_nothing_and_not_less() -> None:
    assert standing(window(limit=1_000), cap(limit=10, spent=50)).spendable_milli("open") == 0


def test_live_holds_count_only_when_asked_for() -> None:
    left = standing(window(limit=100, spent=10, held=20), bucket(limit=50, held=5), cap(limit=500, held=490))
    assert (left.spendable_milli("open"), left.spendable_milli("open", exclude_held=True)) == (140, 10)


def test_windows_of_one_family_count_the_same_holds() -> None:
    windows = (window(held=7), window(window="day", held=5), window(family="reasoning", held=30))
    assert standing(*windows, bucket(held=100), cap(held=1_000)).held_milli == 137
    assert standing(window()).held_milli == 0


def test_nothing_at_all_is_nothing_to_spend() -> None:
    assert standing(windows=()).spendable_milli("open") == 0


def test_the_share_left_is_that_of_the_tightest_plain_window() -> None:
    left = standing(
        window(window="day", limit=200, spent=150),
        window(window="month", limit=1_000, spent=100),
        window(family="open", limit=100, spent=99),
        window(window="total", limit=0),
    )
    assert left.left_ppm == 250_000


def test_without_a_window_nothing_is_running_low() -> None:
    assert standing(bucket(limit=1, spent=1)).left_ppm == 1_000_000


def test_an_overspent_window_has_no_share_left() -> None:
    assert standing(window(limit=100, spent=140)).left_ppm == 0


# --- beginnings -------------------------------------------------------------------------------------------------------


@given(st.sampled_from(WINDOWS), st.integers(0, 4_102_444_800_000), st.integers(1, 31))
def test_a_period_begins_where_the_one_before_it_ends(window: Window, at_ms: int, anchor_day: int) -> None:
    began_ms = began_at_ms(window, at_ms, anchor_day)
    assert began_ms <= at_ms
    assert epoch(window, max(0, began_ms), anchor_day) == epoch(window, at_ms, anchor_day) or began_ms < 0
    if window != "total" and began_ms > 0:
        assert resets_at_ms(window, began_ms - 1, anchor_day) == began_ms


def test_all_time_began_with_the_clock() -> None:
    assert began_at_ms("total", ms("2026-03-01T12:00"), 1) == 0
