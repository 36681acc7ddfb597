"""The arithmetic of a circuit breaker: a state and what a try came to in, the next state out; no clock, no chance.

A breaker is closed, open, or half open: then one trial at a time is let through. The first sign of life of a trial closes
it on probation, and a trial that failed opens it anew for longer. Tries that began before its present phase say nothing.
"""

from typing import Final, NamedTuple

from proxy.domain.health import Phase, Trouble, Turn
from proxy.domain.value import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """When a breaker opens and how long it stays so.

    It opens after `consecutive_max` failures in a row, or once `attempts_min` recent attempts failed at `failure_share`.
    What is recent halves every `half_life_ms`. The first pause is about `pause_ms`, each further one twice the last, up to
    `pause_ms_max`.
    """

    consecutive_max: int = 5
    attempts_min: float = 10.0
    failure_share: float = 0.5
    half_life_ms: int = 30_000
    pause_ms: int = 5_000
    pause_ms_max: int = 300_000


class State(NamedTuple):
    """What is remembered of one model or provider: decayed counts as of `at_ms`, failures in a row, how often in a row it
    `opened` (0: wholly well), in which phase it is since when, and why.

    `retry_at_ms` is set while it is not closed. `trials` counts those let through, `trying` says that the last of them has
    not come to anything yet. A NamedTuple because several are made per attempt.
    """

    successes: float = 0.0
    failures: float = 0.0
    at_ms: int = 0
    consecutive: int = 0
    opened: int = 0
    since_ms: int = 0
    why: Trouble | None = None
    retry_at_ms: int | None = None
    trials: int = 0
    trying: bool = False


class Blow(NamedTuple):
    """What went wrong: its name, how long the provider itself wants to be left alone, and a number in [0, 1) that spreads the
    pauses of those who meet it together."""

    why: Trouble
    jitter: float
    wish_ms: int = 0


HEALTHY: Final = State()

# As if this many attempts had succeeded: one failure after a silence is no verdict.
_CREDIT: Final = 2.0
# Fewer failures than this are as good as none.
NEGLIGIBLE: Final = 0.01


def phase(state: State, now_ms: int) -> Phase:
    """In which of its three phases it is."""
    if state.retry_at_ms is None:
        return "closed"
    return "open" if now_ms < state.retry_at_ms else "half_open"


def admits(state: State, now_ms: int) -> bool:
    """Whether one more may be tried now. Slowness refuses nobody: whom decisions spare must be able to pass."""
    return state.retry_at_ms is None or state.why == "slow" or _has_room(state, now_ms)


def enter(state: State, now_ms: int) -> tuple[State, Turn]:
    """Lets one through that `admits` has a place for; half open, that one is the trial."""
    if state.retry_at_ms is None or not _has_room(state, now_ms):
        return state, Turn(now_ms)
    state = state._replace(trials=state.trials + 1, trying=True)
    return state, Turn(now_ms, state.trials)


def left(state: State, turn: Turn) -> State:
    """After a try that taught nothing: where it was the trial, another may follow."""
    return state._replace(trying=False) if _is_trial(state, turn) else state


def answering(state: State, turn: Turn) -> State:
    """After the first sign of life: a trial has shown what it was for. Whether it holds, its end will tell."""
    return _closed(state, turn) if _is_trial(state, turn) else state


def quick(state: State, turn: Turn) -> State:
    """After a first token in good time: who was only slow is well again."""
    if state.why != "slow" or _is_stale(state, turn):
        return state
    if _is_trial(state, turn):
        state = _closed(state, turn)
    return _well(state) if state.retry_at_ms is None else state


def slow(state: State, turn: Turn, now_ms: int, terms: Terms, jitter: float) -> State:
    """After a first token that came far too late, or the last of several."""
    if _is_trial(state, turn):
        return _opened(state, now_ms, terms, Blow("slow", jitter)) if state.why == "slow" else _closed(state, turn)
    if _is_stale(state, turn) or state.retry_at_ms is not None:
        return state
    return _opened(state, now_ms, terms, Blow("slow", jitter))


def succeeded(state: State, turn: Turn, now_ms: int, terms: Terms) -> State:
    """After a success."""
    if _is_stale(state, turn):
        return faded(state, now_ms, terms)
    state = _weighed(state, now_ms, terms, 1.0, 0.0, 0)
    if not (state.trying or state.opened):
        return state
    state = answering(state, turn)
    is_over = state.retry_at_ms is None and state.why != "slow"
    return _well(state) if is_over and state.opened else state


def failed(state: State, turn: Turn, now_ms: int, terms: Terms, blow: Blow) -> State:
    """After a failure. On probation one is enough."""
    if _is_stale(state, turn):
        return faded(state, now_ms, terms)
    state = _weighed(state, now_ms, terms, 0.0, 1.0, state.consecutive + 1)
    return _opened(state, now_ms, terms, blow) if _is_to_open(state, turn, terms) else state


def score(state: State, now_ms: int, terms: Terms) -> float:
    """The recent success rate, 0 to 1; drifts back to 1 as failures are forgotten."""
    state = faded(state, now_ms, terms)
    good = state.successes + _CREDIT
    return good / (good + state.failures)


def is_well(state: State) -> bool:
    """Whether its score is 1 in any step that could be shown, now and as time passes, and it is closed."""
    return state.failures < NEGLIGIBLE and state.retry_at_ms is None


def faded(state: State, now_ms: int, terms: Terms) -> State:
    """The same with its counts as they weigh at `now_ms`."""
    if now_ms == state.at_ms:
        return state
    return _weighed(state, now_ms, terms, 0.0, 0.0, state.consecutive)


def _weighed(state: State, now_ms: int, terms: Terms, succeeded: float, failed: float, consecutive: int) -> State:
    fading = float(0.5 ** (max(0, now_ms - state.at_ms) / terms.half_life_ms))
    return State(state.successes * fading + succeeded, state.failures * fading + failed, now_ms, consecutive, *state[4:])


def _has_room(state: State, now_ms: int) -> bool:
    return state.retry_at_ms is None or (now_ms >= state.retry_at_ms and not state.trying)


def _is_trial(state: State, turn: Turn) -> bool:
    return state.trying and turn.trial == state.trials


def _is_stale(state: State, turn: Turn) -> bool:
    return turn.began_ms < state.since_ms and not _is_trial(state, turn)


def _is_to_open(state: State, turn: Turn, terms: Terms) -> bool:
    if _is_trial(state, turn):
        return True
    if state.retry_at_ms is not None:
        # Whoever passes an open breaker was spared for slowness; if it fails as well, nobody is to be spared for it. A trial
        # that is under way tells more.
        return state.why == "slow" and not state.trying and _is_too_bad(state, terms)
    on_probation = state.opened > 0 and state.why != "slow"
    return on_probation or _is_too_bad(state, terms)


def _is_too_bad(state: State, terms: Terms) -> bool:
    attempts = state.successes + state.failures
    by_share = attempts >= terms.attempts_min and state.failures >= attempts * terms.failure_share
    return by_share or state.consecutive >= terms.consecutive_max


def _opened(state: State, now_ms: int, terms: Terms, blow: Blow) -> State:
    # Doubling ends long before the shift could grow large.
    pause_ms = min(terms.pause_ms << min(state.opened, 20), terms.pause_ms_max)
    pause_ms = max(int(pause_ms * (0.75 + blow.jitter / 2)), min(blow.wish_ms, terms.pause_ms_max))
    return state._replace(
        opened=state.opened + 1,
        since_ms=now_ms,
        why=blow.why,
        retry_at_ms=now_ms + pause_ms,
        trying=False,
    )


def _closed(state: State, turn: Turn) -> State:
    # The failures that opened it are settled: they must not open it again at the next stumble. It counts as closed from
    # the trial's beginning on, so that the trial's own end is heard and that of older tries is not.
    return state._replace(failures=0.0, consecutive=0, since_ms=turn.began_ms, retry_at_ms=None, trying=False)


def _well(state: State) -> State:
    return state._replace(opened=0, why=None)
