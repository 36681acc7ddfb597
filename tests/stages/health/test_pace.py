"""Pace: what a model's own past says of how fast it answers now."""

from hypothesis import given
from hypothesis import strategies as st

from proxy.stages.health import pace
from proxy.stages.health.pace import SLOW_MS_MIN, UNKNOWN, Pace

NOW_MS = 1_000_000
QUICK_MS = 1_000


def used_to(ttft_ms: int, times: int = 100, at_ms: int = NOW_MS) -> Pace:
    """A model whose streams began after `ttft_ms` for an hour, and which rested for a while."""
    known = UNKNOWN
    for _ in range(times):
        known = pace.began(known, ttft_ms, at_ms - 600_000)
    return pace.faded(known, at_ms)


def then(known: Pace, *ttfts_ms: int) -> Pace:
    for ttft_ms in ttfts_ms:
        known = pace.began(known, ttft_ms, known.at_ms)
    return known


def test_five_first_tokens_far_later_than_usual_make_it_slow_and_four_do_not() -> None:
    late = [QUICK_MS * 8] * 5
    assert not pace.is_slow(then(used_to(QUICK_MS), *late[:4]))
    assert pace.is_slow(then(used_to(QUICK_MS), *late))


def test_one_long_wait_among_short_ones_is_no_verdict() -> None:
    assert not pace.is_slow(then(used_to(QUICK_MS), *[QUICK_MS] * 5, 120_000))


def test_three_times_as_long_as_usual_is_not_slow_yet() -> None:
    assert not pace.is_slow(then(used_to(QUICK_MS), *[QUICK_MS * 3] * 50))


def test_what_is_soon_enough_is_never_slow_however_quick_it_was() -> None:
    assert not pace.is_slow(then(used_to(50), *[SLOW_MS_MIN] * 20))


def test_who_always_took_long_is_not_slow() -> None:
    assert not pace.is_slow(then(used_to(30_000), *[30_000] * 50))


def test_who_has_no_past_is_not_slow() -> None:
    assert not pace.is_slow(then(UNKNOWN, *[60_000] * 19))
    assert not pace.is_late(UNKNOWN, 600_000)


def test_the_score_falls_with_slowness_and_drifts_back() -> None:
    known = used_to(QUICK_MS)
    assert pace.score(known, NOW_MS) == 1.0
    slower = then(known, *[QUICK_MS * 8] * 5)
    assert 0.2 < pace.score(slower, NOW_MS) < 0.6
    assert pace.score(then(known, *[QUICK_MS * 2] * 5), NOW_MS) > 0.95
    assert pace.score(slower, NOW_MS + 600_000) > 0.99


def test_what_was_forgiven_is_not_held_against_it_again() -> None:
    slow = then(used_to(QUICK_MS), *[QUICK_MS * 8] * 5)
    assert not pace.is_slow(pace.forgiven(slow))
    assert pace.is_late(pace.forgiven(slow), QUICK_MS * 20)


def test_figures_are_of_what_is_recent_and_nothing_is_said_when_nothing_is() -> None:
    known = pace.ran(then(UNKNOWN, 100, 400), 50.0, 0)
    assert (pace.ttft_ms(known), pace.tokens_per_s(known)) == (200, 50.0)
    assert (pace.ttft_ms(pace.faded(known, 10**9)), pace.tokens_per_s(pace.faded(known, 10**9))) == (None, None)
    assert pace.score(pace.faded(known, 10**12), 10**12) == 1.0


@given(st.lists(st.tuples(st.integers(0, 600_000), st.integers(0, 100_000)), max_size=60))
def test_a_score_is_a_share_and_recent_times_lie_among_those_seen(seen: list[tuple[int, int]]) -> None:
    known, now_ms = UNKNOWN, 0
    for ttft_ms, later_ms in seen:
        now_ms += later_ms
        known = pace.began(known, ttft_ms, now_ms)
    assert 0 <= pace.score(known, now_ms) <= 1
    recent_ms = pace.ttft_ms(known)
    assert recent_ms is None or min(max(1, t) for t, _ in seen) - 1 <= recent_ms <= max(max(1, t) for t, _ in seen) + 1
