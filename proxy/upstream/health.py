"""Passive health: what attempts came to in, a Health snapshot out; never calls anybody and never drops a candidate itself."""

from collections.abc import Callable
from typing import Final

from proxy.domain.decision import Health, ModelHealth
from proxy.domain.errors import Fault, FaultKind
from proxy.ports import Clock
from proxy.upstream import breaker
from proxy.upstream.breaker import HEALTHY, State, Terms

MODEL_TERMS: Final = Terms()
# A provider that refuses our key or credit refuses every call alike: once is enough, and only a person mends it.
PROVIDER_TERMS: Final = Terms(consecutive_max=1, pause_ms=30_000, pause_ms_max=600_000, trial_gap_ms=10_000)

# How often scores are worked out anew while nothing but time changes them.
SCORES_ANEW_MS: Final = 1_000
_SCORE_STEPS: Final = 20
_WELL: Final = ModelHealth()

_REFUSES_US: Final[frozenset[FaultKind]] = frozenset({"our_key", "our_credit"})
_CALLERS: Final[frozenset[FaultKind]] = frozenset({"bad_request", "context_length", "content_refused"})


class PassiveHealth:
    """Implements HealthBoard from attempts alone. `jitter` draws a number in [0, 1).

    A snapshot is shared until something changes. Once a breaker's pause is over, one snapshot shows it closed: the call
    that reads it is the trial.
    """

    def __init__(self, clock: Clock, jitter: Callable[[], float]) -> None:
        self._clock = clock
        self._jitter = jitter
        self._models = _Board(MODEL_TERMS)
        self._providers = _Board(PROVIDER_TERMS)
        self._health = Health()
        self._anew_at_ms: int | None = None

    def snapshot(self) -> Health:
        if self._anew_at_ms is None:
            return self._health
        now_ms = self._clock.now_ms()
        if now_ms >= self._anew_at_ms:
            self._rebuild(now_ms)
        return self._health

    def observe(self, model_id: str, provider_id: str, fault: Fault | None, ttft_ms: int | None) -> None:
        """What the caller did wrong was answered well. Our own limits (a full gate, the call's deadline) say nothing."""
        now_ms = self._clock.now_ms()
        if fault is None or fault.kind in _CALLERS:
            changed = (self._models.went_well(model_id, now_ms), self._providers.went_well(provider_id, now_ms))
        elif fault.kind in _REFUSES_US:
            changed = (self._providers.failed(provider_id, now_ms, self._jitter()), False)
        elif fault.kind == "deadline" or (fault.kind == "rate_limited" and fault.status is None):
            return
        else:
            changed = (self._models.failed(model_id, now_ms, self._jitter()), False)
        if any(changed):
            self._anew_at_ms = now_ms

    def _rebuild(self, now_ms: int) -> None:
        models, models_tried = self._models.read(now_ms)
        providers, providers_tried = self._providers.read(now_ms)
        self._health = Health(models, tuple(id for id, health in providers.items() if health.open))
        if models_tried or providers_tried:
            # The trial is this snapshot's reader; the next one sees it closed again.
            self._anew_at_ms = now_ms
        else:
            self._anew_at_ms = now_ms + SCORES_ANEW_MS if models or providers else None


class _Board:
    """The states of all models, or of all providers. `went_well` and `failed` say whether a reader could see it."""

    __slots__ = ("_states", "_terms")

    def __init__(self, terms: Terms) -> None:
        self._states: dict[str, State] = {}
        self._terms = terms

    def went_well(self, id: str, now_ms: int) -> bool:
        state = self._states.get(id, HEALTHY)
        self._states[id] = breaker.succeeded(state, now_ms, self._terms)
        return state.failures > breaker.NEGLIGIBLE or state.retry_at_ms is not None

    def failed(self, id: str, now_ms: int, jitter: float) -> bool:
        self._states[id] = breaker.failed(self._states.get(id, HEALTHY), now_ms, self._terms, jitter)
        return True

    def read(self, now_ms: int) -> tuple[dict[str, ModelHealth], bool]:
        """Everyone who is not wholly well, by id, and whether one of them is shown as closed for a trial."""
        trials = {id for id, state in self._states.items() if breaker.is_trial_due(state, now_ms)}
        for id in trials:
            self._states[id] = breaker.tried(self._states[id], now_ms, self._terms)
        self._states = {id: s for id, s in self._states.items() if not breaker.is_forgotten(s, now_ms, self._terms)}
        shown = {id: self._shown(state, now_ms, id in trials) for id, state in sorted(self._states.items())}
        return {id: health for id, health in shown.items() if health != _WELL}, bool(trials)

    def _shown(self, state: State, now_ms: int, is_trial: bool) -> ModelHealth:
        steps = round(breaker.score(state, now_ms, self._terms) * _SCORE_STEPS)
        is_open = state.retry_at_ms is not None and not is_trial
        return ModelHealth(steps / _SCORE_STEPS, is_open, state.retry_at_ms if is_open else None)
