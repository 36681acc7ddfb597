"""A health board in memory: it shows what a test says, and remembers what it was told."""

from collections.abc import Sequence

from proxy.domain.decision import Health
from proxy.domain.health import HealthReport, Permit, Tried, Turn
from proxy.domain.oversight import Slot
from tests import builders as b


class RememberingBoard:
    """Admits everybody but `barred` models. `health_after` are shown in turn, one after each attempt; `permits` counts those
    that have not come back."""

    def __init__(self) -> None:
        self.health = Health()
        self.health_after: list[Health] = []
        self.barred: set[str] = set()
        self.permits = 0
        self.answered_in_ms: list[tuple[str, int]] = []
        self.observed: list[tuple[str, str | None]] = []
        self.accounts: list[str | None] = []

    def snapshot(self) -> Health:
        return self.health

    def report(self) -> HealthReport:
        return HealthReport({}, {})

    def admit(self, model_id: str, provider_id: str) -> Permit | None:
        if model_id in self.barred:
            return None
        self.permits += 1
        return Permit(model_id, provider_id, Turn(b.NOW_MS), Turn(b.NOW_MS))

    def answering(self, permit: Permit, ttft_ms: int) -> None:
        self.answered_in_ms.append((permit.model_id, ttft_ms))

    def ended(self, permit: Permit, tried: Tried | None) -> None:
        self.permits -= 1
        kind = "broken off" if tried is None else tried.fault.kind if tried.fault else None
        self.observed.append((permit.model_id, kind))
        self.accounts.append(None if tried is None else tried.account)
        self.health = self.health_after.pop(0) if self.health_after else self.health

    def counted(self) -> Sequence[Slot]:
        """Nobody keeps a chronicle here."""
        return ()

    def written(self, slots: Sequence[Slot]) -> None:
        """Nothing was counted."""
