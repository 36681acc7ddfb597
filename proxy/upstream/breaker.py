"""The arithmetic of passive health: a state and what an attempt came to in, the next state out; no clock, no chance."""

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Terms:
    """When a breaker opens and how long it stays so.

    It opens after `consecutive_max` failures in a row, or once `attempts_min` recent attempts failed at `failure_share`.
    What is recent halves every `half_life_ms`. The first pause is about `pause_ms`, each further one twice the last, up to
    `pause_ms_max`; then one trial may pass every `trial_gap_ms` until one has come to something.
    """

    consecutive_max: int = 5
    attempts_min: float = 10.0
    failure_share: float = 0.5
    half_life_ms: int = 30_000
    pause_ms: int = 5_000
    pause_ms_max: int = 300_000
    trial_gap_ms: int = 2_000


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered of one model or provider: decayed counts as of `at_ms`, failures in a row, and how often in a row
    it `opened`. `retry_at_ms` is set while it is open; `trial` once an attempt was let through to see."""

    successes: float = 0.0
    failures: float = 0.0
    at_ms: int = 0
    consecutive: int = 0
    opened: int = 0
    retry_at_ms: int | None = None
    trial: bool = False


HEALTHY: Final = State()

# As if this many attempts had succeeded: one failure after a silence is no verdict.
_CREDIT: Final = 2.0
# Fewer attempts than this are as good as none.
NEGLIGIBLE: Final = 0.01


def score(state: State, now_ms: int, terms: Terms) -> float:
    """The recent success rate, 0 to 1; drifts back to 1 as failures are forgotten."""
    fading = _fading(state, now_ms, terms)
    good = state.successes * fading + _CREDIT
    return good / (good + state.failures * fading)


def succeeded(state: State, now_ms: int, terms: Terms) -> State:
    """After a success. It closes an open breaker only as a trial: before that it is an attempt older than the trouble."""
    state = _faded(state, now_ms, terms)
    state = replace(state, successes=state.successes + 1)
    if state.retry_at_ms is not None and not state.trial:
        return state
    # The failures that opened it are settled by the trial: they must not open it again at the next stumble.
    failures = 0.0 if state.trial else state.failures
    return replace(state, failures=failures, consecutive=0, opened=0, retry_at_ms=None, trial=False)


def failed(state: State, now_ms: int, terms: Terms, jitter: float) -> State:
    """After a failure, with a number in [0, 1) that spreads the pauses. Failures of attempts that began before it opened
    do not prolong a pause; that of a trial begins the next, longer one."""
    state = _faded(state, now_ms, terms)
    state = replace(state, failures=state.failures + 1, consecutive=state.consecutive + 1)
    if state.retry_at_ms is not None and not state.trial:
        return state
    return _opened(state, now_ms, terms, jitter) if state.trial or _is_too_bad(state, terms) else state


def is_trial_due(state: State, now_ms: int) -> bool:
    """Whether it is open and its pause, or the gap after the last trial, is over."""
    return state.retry_at_ms is not None and now_ms >= state.retry_at_ms


def tried(state: State, now_ms: int, terms: Terms) -> State:
    """After a trial was let through: the next may follow a gap later, should nothing be heard of this one."""
    return replace(state, retry_at_ms=now_ms + terms.trial_gap_ms, trial=True)


def is_forgotten(state: State, now_ms: int, terms: Terms) -> bool:
    """Whether it is as good as healthy and nothing heard of it counts any more."""
    recent = (state.successes + state.failures) * _fading(state, now_ms, terms)
    return state.retry_at_ms is None and not state.consecutive and recent < NEGLIGIBLE


def _is_too_bad(state: State, terms: Terms) -> bool:
    attempts = state.successes + state.failures
    by_share = attempts >= terms.attempts_min and state.failures >= attempts * terms.failure_share
    return by_share or state.consecutive >= terms.consecutive_max


def _opened(state: State, now_ms: int, terms: Terms, jitter: float) -> State:
    # Doubling ends long before the shift could grow large.
    pause_ms = min(terms.pause_ms << min(state.opened, 20), terms.pause_ms_max)
    return replace(state, opened=state.opened + 1, retry_at_ms=now_ms + int(pause_ms * (0.75 + jitter / 2)), trial=False)


def _faded(state: State, now_ms: int, terms: Terms) -> State:
    fading = _fading(state, now_ms, terms)
    return replace(state, successes=state.successes * fading, failures=state.failures * fading, at_ms=now_ms)


def _fading(state: State, now_ms: int, terms: Terms) -> float:
    return float(0.5 ** (max(0, now_ms - state.at_ms) / terms.half_life_ms))
