"""Passive health: what attempts came to in, a Health snapshot and permits to try out; never calls anybody, and all arithmetic
is that of the stage. Each gateway has a board of its own."""

from collections.abc import Callable, Sequence
from typing import Final

from proxy.domain.decision import Health, ModelHealth
from proxy.domain.health import HealthReport, Permit, Tried
from proxy.domain.oversight import SLOT_MS, Slot
from proxy.ports import Clock
from proxy.stages import health
from proxy.stages.health import Condition, breaker
from proxy.stages.health.breaker import HEALTHY, State

# How often scores are worked out anew while nothing but time changes them.
SCORES_ANEW_MS: Final = 1_000
# While the store is away: more half hours and models than that are not counted.
COUNTS_MAX: Final = 10_000
_WELL: Final = ModelHealth()


class PassiveHealth:
    """Implements HealthBoard from attempts alone. `jitter` draws a number in [0, 1). A snapshot is shared until something
    in it changes. What is remembered is bounded by the models and providers of the catalog."""

    def __init__(self, clock: Clock, jitter: Callable[[], float]) -> None:
        self._clock = clock
        self._jitter = jitter
        self._models: dict[str, Condition] = {}
        self._providers: dict[str, State] = {}
        self._health = Health()
        self._anew_at_ms: int | None = None
        # By half hour, model and provider: attempts that said something of the model, and those that failed.
        self._counts: dict[tuple[int, str, str], tuple[int, int]] = {}

    def snapshot(self) -> Health:
        if self._anew_at_ms is None:
            return self._health
        now_ms = self._clock.now_ms()
        if now_ms >= self._anew_at_ms:
            self._rebuild(now_ms)
        return self._health

    def report(self) -> HealthReport:
        now_ms = self._clock.now_ms()
        return HealthReport(
            {id: health.vitals(condition, now_ms) for id, condition in sorted(self._models.items())},
            {id: health.provider_vitals(state, now_ms) for id, state in sorted(self._providers.items())},
        )

    def admit(self, model_id: str, provider_id: str) -> Permit | None:
        now_ms = self._clock.now_ms()
        condition, state = self._models.get(model_id, health.NEW), self._providers.get(provider_id, HEALTHY)
        if not (breaker.admits(condition.breaker, now_ms) and breaker.admits(state, now_ms)):
            return None
        condition, at_model = health.entered(condition, now_ms)
        state, at_provider = breaker.enter(state, now_ms)
        if at_model.trial or at_provider.trial:
            self._keep(model_id, condition, now_ms)
            self._keep_provider(provider_id, state, now_ms)
        return Permit(model_id, provider_id, at_model, at_provider)

    def answering(self, permit: Permit, ttft_ms: int) -> None:
        now_ms, id = self._clock.now_ms(), permit.provider_id
        condition = self._models.get(permit.model_id, health.NEW)
        condition = health.answering(condition, permit.at_model, ttft_ms, now_ms, self._jitter())
        self._keep(permit.model_id, condition, now_ms)
        self._keep_provider(id, breaker.answering(self._providers.get(id, HEALTHY), permit.at_provider), now_ms)

    def ended(self, permit: Permit, tried: Tried | None) -> None:
        now_ms, id, jitter = self._clock.now_ms(), permit.provider_id, self._jitter()
        condition = self._models.get(permit.model_id, health.NEW)
        self._keep(permit.model_id, health.ended(condition, permit.at_model, tried, now_ms, jitter), now_ms)
        state = self._providers.get(id, HEALTHY)
        self._keep_provider(id, health.provider_ended(state, permit.at_provider, tried, now_ms, jitter), now_ms)
        if tried is not None:
            self._count((now_ms // SLOT_MS * SLOT_MS, permit.model_id, id), tried)

    def counted(self) -> list[Slot]:
        """What was counted since it was last `written` down."""
        return [Slot(*of, *counts) for of, counts in self._counts.items()]

    def written(self, slots: Sequence[Slot]) -> None:
        """These counts stand elsewhere now; what was counted since stays."""
        for slot in slots:
            of = (slot.slot_ms, slot.model_id, slot.provider_id)
            attempts, faults = self._counts.pop(of, (0, 0))
            if attempts > slot.attempts:
                self._counts[of] = (attempts - slot.attempts, faults - slot.faults)

    def _count(self, of: tuple[int, str, str], tried: Tried) -> None:
        # Our own key or credit refused is no fault of a model's, but it was not there for anybody.
        lost = "failed" in (health.of_model(tried.fault), health.of_provider(tried.fault))
        if of not in self._counts and len(self._counts) >= COUNTS_MAX:
            return
        attempts, faults = self._counts.get(of, (0, 0))
        self._counts[of] = (attempts + 1, faults + int(lost))

    def _keep(self, id: str, condition: Condition, now_ms: int) -> None:
        self._models[id] = condition
        if id in self._health.models or not health.is_well(condition):
            self._anew_at_ms = now_ms

    def _keep_provider(self, id: str, state: State, now_ms: int) -> None:
        self._providers[id] = state
        if health.is_shut(state, now_ms) != (id in self._health.down_until_ms):
            self._anew_at_ms = now_ms

    def _rebuild(self, now_ms: int) -> None:
        shown = {id: health.shown(condition, now_ms) for id, condition in sorted(self._models.items())}
        ill = {id: seen for id, seen in shown.items() if seen != _WELL}
        down = {
            id: state.retry_at_ms or now_ms for id, state in sorted(self._providers.items()) if health.is_shut(state, now_ms)
        }
        self._health = Health(ill, down)
        # A pause ends at its moment, not at the next look.
        ends = [at_ms for at_ms in (*down.values(), *(seen.retry_at_ms or 0 for seen in ill.values())) if at_ms > now_ms]
        self._anew_at_ms = min([now_ms + SCORES_ANEW_MS, *ends]) if ill or down else None
