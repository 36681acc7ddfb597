"""Alerts of what one process sees for itself, until they are told: kept in memory, once under their id, bounded; a process that
ends forgets them, and what it forgot its successor sees again."""

from typing import Final

from proxy.domain.alert import Alert
from proxy.domain.value import dataclass, replace
from proxy.ports import Clock

ALERTS_MAX: Final = 1_000


@dataclass(slots=True)
class _Kept:
    alert: Alert
    due_at_ms: int | None


class Outbox:
    """Implements ports.Alerts, and takes in what is noted. When it is full the oldest make room, told or not."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    def note(self, alert: Alert) -> None:
        """Keeps an alert to be told, unless one of its id was noted before."""
        if alert.id in self._kept:
            return
        if len(self._kept) >= ALERTS_MAX:
            del self._kept[next(iter(self._kept))]
        self._kept[alert.id] = _Kept(alert, self._clock.now_ms())

    async def take(self, count_max: int, back_in_ms: int) -> list[Alert]:
        now_ms = self._clock.now_ms()
        due = [kept for kept in self._kept.values() if kept.due_at_ms is not None and kept.due_at_ms <= now_ms][:count_max]
        for kept in due:
            kept.alert = replace(kept.alert, tries=kept.alert.tries + 1)
            kept.due_at_ms = now_ms + back_in_ms
        return [kept.alert for kept in due]

    async def done(self, alert_id: str) -> None:
        self._due(alert_id, None)

    async def postpone(self, alert_id: str, wait_ms: int) -> None:
        self._due(alert_id, self._clock.now_ms() + wait_ms)

    def _due(self, alert_id: str, due_at_ms: int | None) -> None:
        if alert_id in self._kept:
            self._kept[alert_id].due_at_ms = due_at_ms
