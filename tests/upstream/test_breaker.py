"""The breaker's arithmetic: when it opens, how long, and what closes it."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from proxy.upstream import breaker
from proxy.upstream.breaker import HEALTHY, State, Terms

TERMS = Terms()


def after(outcomes: str, state: State = HEALTHY, now_ms: int = 0, jitter: float = 0.5) -> State:
    """The state after `+` and `-`, all at `now_ms`."""
    for outcome in outcomes:
        ok = outcome == "+"
        state = breaker.succeeded(state, now_ms, TERMS) if ok else breaker.failed(state, now_ms, TERMS, jitter)
    return state


def test_failures_in_a_row_open_it_for_a_pause() -> None:
    assert after("----").retry_at_ms is None
    assert after("-----", now_ms=1_000).retry_at_ms == 1_000 + TERMS.pause_ms


def test_a_success_between_starts_the_row_anew() -> None:
    assert after("++++++++++----+----").retry_at_ms is None


def test_half_failures_open_it_once_there_are_enough_attempts() -> None:
    assert after("+-+-+-+-+").retry_at_ms is None
    assert after("+-+-+-+-+-").retry_at_ms is not None


def test_few_failures_among_many_successes_do_not_open_it() -> None:
    assert after("+++-" * 50).retry_at_ms is None


def test_old_failures_do_not_count_with_new_ones() -> None:
    later = TERMS.half_life_ms * 10
    assert after("+-+-", after("+-+-+-+-+"), later).retry_at_ms is None


def test_results_of_older_attempts_neither_close_nor_prolong_a_pause() -> None:
    opened = after("-----")
    assert after("+", opened, 100).retry_at_ms == opened.retry_at_ms
    assert after("---", opened, 100).retry_at_ms == opened.retry_at_ms


def test_a_trial_that_succeeds_closes_it_and_forgets_what_opened_it() -> None:
    closed = after("+", breaker.tried(after("-" * 30), 6_000, TERMS), 6_100)
    assert (closed.retry_at_ms, closed.opened, closed.failures) == (None, 0, 0.0)


def test_each_trial_that_fails_doubles_the_pause_up_to_its_bound() -> None:
    state, pauses = after("-----"), []
    for now_ms in range(0, 12_000_000, 1_000_000):
        state = after("-", breaker.tried(state, now_ms, TERMS), now_ms)
        assert state.retry_at_ms is not None
        pauses.append(state.retry_at_ms - now_ms)
    assert pauses[:4] == [10_000, 20_000, 40_000, 80_000]
    assert pauses[-1] == TERMS.pause_ms_max


def test_a_trial_nobody_heard_of_is_followed_by_another() -> None:
    state = breaker.tried(after("-----"), 6_000, TERMS)
    assert not breaker.is_trial_due(state, 6_000)
    assert breaker.is_trial_due(state, 6_000 + TERMS.trial_gap_ms)


@given(st.floats(0, 1, exclude_max=True))
def test_pauses_are_spread_around_their_length(jitter: float) -> None:
    retry_at_ms = after("-----", jitter=jitter).retry_at_ms
    assert retry_at_ms is not None
    assert 0.75 * TERMS.pause_ms <= retry_at_ms <= 1.25 * TERMS.pause_ms


@given(st.text("+-", max_size=60))
def test_the_score_is_a_share_and_a_success_never_lowers_it(outcomes: str) -> None:
    state = after(outcomes)
    now = breaker.score(state, 0, TERMS)
    assert 0 < now <= 1
    assert breaker.score(after("+", state), 0, TERMS) >= now > breaker.score(after("-", state), 0, TERMS)


def test_the_score_drifts_back_to_one() -> None:
    state = after("-" * 20)
    assert breaker.score(state, 0, TERMS) < 0.2
    assert breaker.score(state, TERMS.half_life_ms * 20, TERMS) > 0.99


def test_a_closed_state_is_forgotten_once_its_counts_are_gone_and_an_open_one_never() -> None:
    later = TERMS.half_life_ms * 20
    assert breaker.is_forgotten(after("-+"), later, TERMS)
    assert not breaker.is_forgotten(after("-+"), 1_000, TERMS)
    assert not breaker.is_forgotten(after("-----"), later, TERMS)


def test_a_clock_that_goes_back_changes_no_count() -> None:
    state = replace(after("-"), at_ms=5_000)
    assert breaker.failed(state, 0, TERMS, 0.5).failures == 2.0
