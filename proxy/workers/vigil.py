"""Watches over breakers: what the health board knows in, a log line and a count for each change out, and an alert when a
provider is lost with all its models; changes no breaker."""

from collections.abc import Callable, Mapping
from typing import Final

from proxy.domain.alert import Alert
from proxy.domain.health import HealthReport, Trouble, Vitals
from proxy.ports import Clock, Recorder

HOUR_MS: Final = 3_600_000

Ill = dict[str, Trouble]


class Vigil:
    """`look` runs on a schedule, more often than the shortest pause of a breaker lasts. An alert is noted under the name of the
    hour: a provider that comes and goes is told of once in it, and gateways that lose one together give it one name."""

    def __init__(
        self, report: Callable[[], HealthReport], note: Callable[[Alert], None], recorder: Recorder, clock: Clock
    ) -> None:
        self._report = report
        self._note = note
        self._recorder = recorder
        self._clock = clock
        self._models: Ill = {}
        self._providers: Ill = {}

    async def look(self) -> None:
        """One round."""
        report = self._report()
        self._tell_of_models(_ill(report.models))
        self._tell_of_providers(_ill(report.providers))

    def _tell_of_models(self, ill: Ill) -> None:
        for id in ill.keys() - self._models.keys():
            self._recorder.incident("breaker_opened", code=ill[id], model=id)
        for id in self._models.keys() - ill.keys():
            self._recorder.incident("breaker_closed", model=id)
        self._models = ill

    def _tell_of_providers(self, ill: Ill) -> None:
        for id in ill:
            if self._providers.get(id) != ill[id]:
                self._note(self._alert(id, ill[id]))
        for id in self._providers.keys() - ill.keys():
            self._recorder.incident("provider_up", provider=id)
        self._providers = ill

    def _alert(self, id: str, why: Trouble) -> Alert:
        now_ms = self._clock.now_ms()
        return Alert(f"provider|{id}|{why}|{now_ms // HOUR_MS}", "provider_down", now_ms, {"provider": id, "why": why})


def _ill(vitals: Mapping[str, Vitals]) -> Ill:
    # On probation it is not wholly well yet, but calls pass: that is news enough.
    return {id: seen.why for id, seen in vitals.items() if seen.phase != "closed" and seen.why is not None}
