"""The health board: which attempts count against whom, and what a snapshot shows."""

import pytest

from proxy.domain.decision import Health, ModelHealth
from proxy.domain.errors import Fault, FaultKind
from proxy.upstream.health import MODEL_TERMS, PROVIDER_TERMS, SCORES_ANEW_MS, PassiveHealth

NOBODY_ILL = Health()


class HandClock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def now_ms(self) -> int:
        return self.ms

    def monotonic_ns(self) -> int:
        return self.ms * 1_000_000

    def elapsed_ns(self) -> int:
        return self.ms * 1_000_000


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def board(clock: HandClock) -> PassiveHealth:
    return PassiveHealth(clock, lambda: 0.5)


def fail(board: PassiveHealth, times: int, kind: FaultKind = "server_error", status: int | None = 500) -> None:
    for _ in range(times):
        board.observe("p/m", "p", Fault(kind, status=status), None)


def succeed(board: PassiveHealth, times: int = 1) -> None:
    for _ in range(times):
        board.observe("p/m", "p", None, 100)


def test_nobody_is_ill_at_first_nor_after_success(board: PassiveHealth) -> None:
    assert board.snapshot() == NOBODY_ILL
    succeed(board, 100)
    assert board.snapshot() == NOBODY_ILL


def test_a_failure_lowers_the_score_of_its_model_alone(board: PassiveHealth) -> None:
    fail(board, 1)
    assert board.snapshot() == Health({"p/m": ModelHealth(0.65)})


def test_failures_in_a_row_open_the_breaker_until_a_moment(board: PassiveHealth, clock: HandClock) -> None:
    fail(board, MODEL_TERMS.consecutive_max)
    shown = board.snapshot().models["p/m"]
    assert (shown.open, shown.retry_at_ms) == (True, clock.ms + MODEL_TERMS.pause_ms)


def test_after_its_pause_one_reader_sees_it_closed_and_the_next_does_not(board: PassiveHealth, clock: HandClock) -> None:
    fail(board, MODEL_TERMS.consecutive_max)
    board.snapshot()
    clock.ms += MODEL_TERMS.pause_ms
    assert [board.snapshot().models["p/m"].open for _ in range(4)] == [False, True, True, True]
    clock.ms += MODEL_TERMS.trial_gap_ms
    assert [board.snapshot().models["p/m"].open for _ in range(4)] == [False, True, True, True]


def test_a_trial_that_succeeds_makes_it_well(board: PassiveHealth, clock: HandClock) -> None:
    fail(board, MODEL_TERMS.consecutive_max)
    clock.ms += MODEL_TERMS.pause_ms
    board.snapshot()
    succeed(board)
    assert board.snapshot() == NOBODY_ILL


def test_a_trial_that_fails_begins_a_longer_pause(board: PassiveHealth, clock: HandClock) -> None:
    fail(board, MODEL_TERMS.consecutive_max)
    clock.ms += MODEL_TERMS.pause_ms
    board.snapshot()
    fail(board, 1)
    shown = board.snapshot().models["p/m"]
    assert (shown.open, shown.retry_at_ms) == (True, clock.ms + 2 * MODEL_TERMS.pause_ms)


@pytest.mark.parametrize("kind", ["our_key", "our_credit"])
def test_a_provider_that_refuses_us_is_down_and_its_model_is_not_blamed(board: PassiveHealth, kind: FaultKind) -> None:
    fail(board, 1, kind, 401)
    assert board.snapshot() == Health(down=("p",))


def test_a_provider_that_was_down_is_tried_again_and_comes_back(board: PassiveHealth, clock: HandClock) -> None:
    fail(board, 1, "our_key", 401)
    clock.ms += PROVIDER_TERMS.pause_ms
    assert [board.snapshot().down for _ in range(3)] == [(), ("p",), ("p",)]
    succeed(board)
    assert board.snapshot() == NOBODY_ILL


@pytest.mark.parametrize("kind", ["bad_request", "context_length", "content_refused"])
def test_what_the_caller_did_wrong_was_answered_well(board: PassiveHealth, kind: FaultKind) -> None:
    fail(board, 4)
    fail(board, 1, kind, 400)
    fail(board, 4)
    assert not board.snapshot().models["p/m"].open


@pytest.mark.parametrize("kind", ["deadline", "rate_limited"])
def test_our_own_limits_say_nothing_of_a_model(board: PassiveHealth, kind: FaultKind) -> None:
    fail(board, 20, kind, None)
    assert board.snapshot() == NOBODY_ILL


def test_a_provider_that_sends_us_away_is_cooled(board: PassiveHealth) -> None:
    fail(board, MODEL_TERMS.consecutive_max, "rate_limited", 429)
    assert board.snapshot().models["p/m"].open


def test_a_snapshot_is_shared_until_something_changes(board: PassiveHealth, clock: HandClock) -> None:
    fail(board, 1)
    first = board.snapshot()
    assert board.snapshot() is first
    clock.ms += SCORES_ANEW_MS - 1
    assert board.snapshot() is first
    fail(board, 1)
    assert board.snapshot() is not first


def test_success_upon_success_makes_no_new_snapshot(board: PassiveHealth, clock: HandClock) -> None:
    first = board.snapshot()
    succeed(board)
    clock.ms += 60_000
    assert board.snapshot() is first


def test_a_model_nobody_calls_any_more_becomes_well_by_itself(board: PassiveHealth, clock: HandClock) -> None:
    fail(board, 4)
    assert board.snapshot() != NOBODY_ILL
    clock.ms += MODEL_TERMS.half_life_ms * 20
    assert board.snapshot() == NOBODY_ILL
