"""The health board: who may be tried, what a snapshot shows, and what an operator is told."""

import pytest

from proxy.domain.decision import Health, ModelHealth
from proxy.domain.errors import Fault, FaultKind
from proxy.domain.health import Permit, Tried
from proxy.stages.health import DEAD_TERMS, MODEL_TERMS, REFUSAL_TERMS
from proxy.upstream.health import SCORES_ANEW_MS, PassiveHealth

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


def admitted(board: PassiveHealth, model_id: str = "p/m") -> Permit:
    permit = board.admit(model_id, model_id.split("/")[0])
    assert permit is not None
    return permit


def fail(
    board: PassiveHealth, times: int, kind: FaultKind = "server_error", status: int | None = 500, model_id: str = "p/m"
) -> None:
    permits = [admitted(board, model_id) for _ in range(times)]
    for permit in permits:
        board.ended(permit, Tried(Fault(kind, status=status)))


def succeed(board: PassiveHealth, times: int = 1) -> None:
    for _ in range(times):
        board.ended(admitted(board), Tried())


def opened(board: PassiveHealth, clock: HandClock) -> None:
    """One whose pause is just over."""
    fail(board, MODEL_TERMS.consecutive_max)
    clock.ms += MODEL_TERMS.pause_ms


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
    assert board.admit("p/m", "p") is None
    assert board.snapshot().shuts("p/m", "p")
    assert not board.snapshot().shuts("p/other", "p")


def test_looking_at_a_half_open_breaker_uses_up_nothing(board: PassiveHealth, clock: HandClock) -> None:
    opened(board, clock)
    assert [board.snapshot().models["p/m"].open for _ in range(4)] == [False] * 4
    board.report()
    admitted(board)


def test_while_half_open_one_is_admitted_and_others_see_it_shut(board: PassiveHealth, clock: HandClock) -> None:
    opened(board, clock)
    trial = admitted(board)
    clock.ms += 60_000
    assert board.admit("p/m", "p") is None
    assert board.snapshot().models["p/m"].open
    board.ended(trial, None)
    assert not board.snapshot().models["p/m"].open
    admitted(board)


def test_a_trial_that_succeeds_makes_it_well(board: PassiveHealth, clock: HandClock) -> None:
    opened(board, clock)
    succeed(board)
    assert board.snapshot() == NOBODY_ILL


def test_the_first_token_of_a_trial_lets_others_through(board: PassiveHealth, clock: HandClock) -> None:
    opened(board, clock)
    trial = admitted(board)
    board.answering(trial, 200)
    assert not board.snapshot().models.get("p/m", ModelHealth()).open
    admitted(board)


def test_a_trial_that_fails_begins_a_longer_pause(board: PassiveHealth, clock: HandClock) -> None:
    opened(board, clock)
    fail(board, 1)
    shown = board.snapshot().models["p/m"]
    assert (shown.open, shown.retry_at_ms) == (True, clock.ms + 2 * MODEL_TERMS.pause_ms)


@pytest.mark.parametrize("kind", ["our_key", "our_credit"])
def test_a_provider_that_refuses_us_is_down_and_its_model_is_not_blamed(
    board: PassiveHealth, clock: HandClock, kind: FaultKind
) -> None:
    fail(board, 1, kind, 401)
    assert board.snapshot() == Health(down_until_ms={"p": clock.ms + REFUSAL_TERMS.pause_ms})
    assert board.admit("p/other", "p") is None
    admitted(board, "q/m")


def test_a_provider_that_was_down_is_tried_by_one_of_its_models_and_comes_back(board: PassiveHealth, clock: HandClock) -> None:
    fail(board, 1, "our_key", 401)
    clock.ms += REFUSAL_TERMS.pause_ms
    assert board.snapshot() == NOBODY_ILL
    trial = admitted(board)
    assert board.admit("p/other", "p") is None
    assert list(board.snapshot().down_until_ms) == ["p"]
    board.ended(trial, Tried())
    assert board.snapshot() == NOBODY_ILL


def test_a_dead_address_takes_all_models_behind_it_out_together(board: PassiveHealth, clock: HandClock) -> None:
    fail(board, 2, "connect", None, "p/m")
    assert board.snapshot().down_until_ms == {}
    fail(board, 1, "connect", None, "p/other")
    assert board.snapshot().down_until_ms == {"p": clock.ms + DEAD_TERMS.pause_ms}


def test_a_model_that_fails_does_not_condemn_its_provider(board: PassiveHealth) -> None:
    fail(board, 100)
    assert board.snapshot().down_until_ms == {}
    admitted(board, "p/other")


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


def test_a_pause_ends_at_its_moment_and_not_at_the_next_look(board: PassiveHealth, clock: HandClock) -> None:
    fail(board, MODEL_TERMS.consecutive_max)
    clock.ms += MODEL_TERMS.pause_ms - 1
    assert board.snapshot().models["p/m"].open
    clock.ms += 1
    assert not board.snapshot().models["p/m"].open


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


def test_an_operator_is_told_of_all_that_was_tried(board: PassiveHealth, clock: HandClock) -> None:
    fail(board, MODEL_TERMS.consecutive_max)
    report = board.report()
    assert (report.models["p/m"].phase, report.models["p/m"].why) == ("open", "server_error")
    assert (report.providers["p"].phase, report.providers["p"].success_share) == ("closed", 1.0)
    clock.ms += MODEL_TERMS.pause_ms
    assert board.report().models["p/m"].phase == "half_open"
