"""The breaker's arithmetic: when it opens, how long, who is let through meanwhile, and what closes it."""

from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.health import Turn
from proxy.stages.health import breaker
from proxy.stages.health.breaker import HEALTHY, Blow, State, Terms

TERMS = Terms()
LONG_MS = TERMS.half_life_ms * 20


def after(outcomes: str, state: State = HEALTHY, now_ms: int = 1_000, jitter: float = 0.5) -> State:
    """The state after tries that succeed (`+`) or fail (`-`), all begun and ended at `now_ms`."""
    for outcome in outcomes:
        if outcome == "+":
            state = breaker.succeeded(state, Turn(now_ms), now_ms, TERMS)
        else:
            state = breaker.failed(state, Turn(now_ms), now_ms, TERMS, Blow("server_error", jitter))
    return state


def due(state: State) -> int:
    """The moment of the next trial."""
    assert state.retry_at_ms is not None
    return state.retry_at_ms


def tried(outcome: str, state: State) -> State:
    """After the next trial, begun the moment it may and ended at once."""
    at_ms = due(state)
    state, turn = breaker.enter(state, at_ms)
    assert turn.trial
    if outcome == "+":
        return breaker.succeeded(state, turn, at_ms, TERMS)
    return breaker.failed(state, turn, at_ms, TERMS, Blow("server_error", 0.5))


# --- opening ----------------------------------------------------------------------------------------------------------


def test_failures_in_a_row_open_it_for_a_pause() -> None:
    assert after("----").retry_at_ms is None
    opened = after("-----")
    assert (opened.retry_at_ms, opened.since_ms, opened.why) == (1_000 + TERMS.pause_ms, 1_000, "server_error")


def test_a_success_between_starts_the_row_anew() -> None:
    assert after("++++++++++----+----").retry_at_ms is None


def test_half_failures_open_it_once_there_are_enough_attempts() -> None:
    assert after("+-+-+-+-+").retry_at_ms is None
    assert after("+-+-+-+-+-").retry_at_ms is not None


def test_few_failures_among_many_successes_do_not_open_it() -> None:
    assert after("+++-" * 50).retry_at_ms is None


def test_old_failures_do_not_count_with_new_ones() -> None:
    assert after("+-+-", after("+-+-+-+-+"), LONG_MS).retry_at_ms is None


def test_a_provider_that_wants_to_be_left_alone_for_longer_is() -> None:
    state = after("----")
    wish = Blow("rate_limited", 0.5, wish_ms=60_000)
    assert due(breaker.failed(state, Turn(1_000), 1_000, TERMS, wish)) == 61_000
    for_ever = Blow("rate_limited", 0.5, wish_ms=10**9)
    assert due(breaker.failed(state, Turn(1_000), 1_000, TERMS, for_ever)) == 1_000 + TERMS.pause_ms_max


@given(st.floats(0, 1, exclude_max=True))
def test_pauses_are_spread_around_their_length(jitter: float) -> None:
    assert 0.75 * TERMS.pause_ms <= due(after("-----", jitter=jitter)) - 1_000 <= 1.25 * TERMS.pause_ms


# --- open and half open -----------------------------------------------------------------------------------------------


def test_an_open_breaker_lets_nobody_through_and_a_half_open_one_lets_one() -> None:
    opened = after("-----")
    assert not breaker.admits(opened, due(opened) - 1)
    assert breaker.admits(opened, due(opened))
    trying, turn = breaker.enter(opened, due(opened))
    assert turn.trial == 1
    assert not breaker.admits(trying, due(opened) + 3_600_000)


def test_phases_follow_each_other() -> None:
    opened = after("-----")
    assert breaker.phase(HEALTHY, 0) == "closed"
    assert breaker.phase(opened, due(opened) - 1) == "open"
    assert breaker.phase(opened, due(opened)) == "half_open"


def test_older_tries_neither_close_nor_prolong_a_pause() -> None:
    opened = after("-----")
    assert breaker.succeeded(opened, Turn(500), 2_000, TERMS).retry_at_ms == opened.retry_at_ms
    late = breaker.failed(opened, Turn(500), 2_000, TERMS, Blow("reset", 0.5))
    assert (late.retry_at_ms, late.opened, late.consecutive) == (opened.retry_at_ms, 1, 5)


def test_a_trial_that_succeeds_closes_it_and_forgets_what_opened_it() -> None:
    closed = tried("+", after("-" * 30))
    assert (closed.retry_at_ms, closed.opened, closed.failures, closed.why) == (None, 0, 0.0, None)


def test_each_trial_that_fails_doubles_the_pause_up_to_its_bound() -> None:
    state, pauses = after("-----"), []
    for _ in range(12):
        at_ms = due(state)
        state = tried("-", state)
        pauses.append(due(state) - at_ms)
    assert pauses[:4] == [10_000, 20_000, 40_000, 80_000]
    assert pauses[-1] == TERMS.pause_ms_max


def test_a_trial_that_was_broken_off_makes_room_for_another() -> None:
    opened = after("-----")
    trying, turn = breaker.enter(opened, due(opened))
    free = breaker.left(trying, turn)
    assert breaker.admits(free, due(opened))
    assert breaker.enter(free, due(opened))[1].trial == 2


def test_the_end_of_an_earlier_trial_is_not_taken_for_that_of_the_present_one() -> None:
    opened = after("-----")
    trying, first = breaker.enter(opened, due(opened))
    again, second = breaker.enter(breaker.left(trying, first), due(opened))
    assert breaker.left(again, first).trying
    assert not breaker.left(again, second).trying


# --- probation --------------------------------------------------------------------------------------------------------


def answering() -> tuple[State, Turn]:
    """A trial whose first token has come, and its turn."""
    opened = after("-----")
    trying, turn = breaker.enter(opened, due(opened))
    return breaker.answering(trying, turn), turn


def test_the_first_sign_of_life_of_a_trial_lets_everybody_through() -> None:
    state, _ = answering()
    assert breaker.phase(state, state.since_ms) == "closed"
    assert breaker.admits(state, state.since_ms)


def test_on_probation_one_failure_opens_it_anew_for_longer() -> None:
    state, turn = answering()
    again = breaker.failed(state, turn, turn.began_ms + 50, TERMS, Blow("truncated", 0.5))
    assert (due(again), again.opened) == (turn.began_ms + 50 + 2 * TERMS.pause_ms, 2)


def test_probation_ends_with_the_first_whole_answer() -> None:
    state, turn = answering()
    well = breaker.succeeded(state, turn, turn.began_ms + 50, TERMS)
    assert (well.opened, well.why) == (0, None)
    assert breaker.failed(well, turn, turn.began_ms + 60, TERMS, Blow("reset", 0.5)).retry_at_ms is None


def test_tries_older_than_the_trial_do_not_end_a_probation() -> None:
    state, turn = answering()
    older = Turn(turn.began_ms - 1)
    assert breaker.failed(state, older, turn.began_ms + 50, TERMS, Blow("reset", 0.5)).retry_at_ms is None
    assert breaker.succeeded(state, older, turn.began_ms + 50, TERMS).opened == 1


# --- slowness ---------------------------------------------------------------------------------------------------------


def slowed() -> State:
    return breaker.slow(after("+++"), Turn(1_000), 1_000, TERMS, 0.5)


def test_slowness_opens_it_and_still_refuses_nobody() -> None:
    state = slowed()
    assert (breaker.phase(state, 1_001), state.why) == ("open", "slow")
    assert breaker.admits(state, 1_001)
    assert breaker.enter(state, 1_001)[1].trial == 0


def test_of_those_who_pass_a_slow_one_only_the_trial_closes_it() -> None:
    state = slowed()
    spared = Turn(1_100)
    assert breaker.quick(breaker.succeeded(state, spared, 1_200, TERMS), spared).retry_at_ms is not None
    trying, turn = breaker.enter(state, due(state))
    assert breaker.enter(trying, due(state))[1].trial == 0
    well = breaker.quick(trying, turn)
    assert (well.retry_at_ms, well.opened, well.why) == (None, 0, None)


def test_a_trial_that_is_slow_again_begins_a_longer_pause() -> None:
    state = slowed()
    trying, turn = breaker.enter(state, due(state))
    again = breaker.slow(trying, turn, due(state), TERMS, 0.5)
    assert due(again) == due(state) + 2 * TERMS.pause_ms


def test_a_slow_one_that_fails_too_is_spared_no_longer() -> None:
    failing = after("-----", slowed(), 1_100)
    assert failing.why == "server_error"
    assert not breaker.admits(failing, 1_101)


# --- score ------------------------------------------------------------------------------------------------------------


@given(st.text("+-", max_size=60))
def test_the_score_is_a_share_and_a_success_never_lowers_it(outcomes: str) -> None:
    state = after(outcomes)._replace(retry_at_ms=None, since_ms=0)
    now = breaker.score(state, 1_000, TERMS)
    assert 0 < now <= 1
    assert breaker.score(after("+", state), 1_000, TERMS) >= now > breaker.score(after("-", state), 1_000, TERMS)


def test_the_score_drifts_back_to_one() -> None:
    state = after("-" * 20)
    assert breaker.score(state, 1_000, TERMS) < 0.2
    assert breaker.score(state, LONG_MS, TERMS) > 0.99


def test_a_clock_that_goes_back_changes_no_count() -> None:
    state = after("-")._replace(at_ms=5_000)
    assert breaker.failed(state, Turn(0), 0, TERMS, Blow("reset", 0.5)).failures == 2.0
