"""Claims about the vigil: each change of a breaker is told once, and a lost provider is an alert."""

from collections.abc import Mapping
from typing import Final

from proxy.domain.alert import Alert
from proxy.domain.call import Call
from proxy.domain.health import HealthReport, Phase, Trouble, Vitals
from proxy.workers.vigil import HOUR_MS, Vigil
from tests.builders import NOW_MS
from tests.contracts.set_clock import SetClock

WELL: Final = Vitals()


class Heard:
    def __init__(self) -> None:
        self.incidents: list[tuple[str, Mapping[str, str | int]]] = []

    def began(self) -> None:
        raise AssertionError("a breaker is no call")

    def finished(self, call: Call) -> None:
        raise AssertionError("a breaker is no call")

    def incident(self, name: str, **facts: str | int) -> None:
        self.incidents.append((name, facts))


class Tower:
    """A vigil, what it sees and what it said."""

    def __init__(self) -> None:
        self.models: dict[str, Vitals] = {"p/m": WELL}
        self.providers: dict[str, Vitals] = {"p": WELL}
        self.noted: list[Alert] = []
        self.heard = Heard()
        self.vigil = Vigil(self._report, self.noted.append, self.heard, SetClock())

    def _report(self) -> HealthReport:
        return HealthReport(dict(self.models), dict(self.providers))


def shut(why: Trouble, phase: Phase = "open") -> Vitals:
    return Vitals(phase=phase, since_ms=NOW_MS, why=why, retry_at_ms=NOW_MS + 5_000)


async def test_who_is_well_is_no_news() -> None:
    tower = Tower()
    await tower.vigil.look()
    assert (tower.heard.incidents, tower.noted) == ([], [])


async def test_a_breaker_that_opens_and_closes_is_told_once_each() -> None:
    tower = Tower()
    for seen in (shut("server_error"), shut("server_error", "half_open"), shut("first_byte_timeout"), WELL, WELL):
        tower.models["p/m"] = seen
        await tower.vigil.look()
    assert tower.heard.incidents == [
        ("breaker_opened", {"code": "server_error", "model": "p/m"}),
        ("breaker_closed", {"model": "p/m"}),
    ]
    assert tower.noted == []


async def test_a_lost_provider_is_one_alert_until_it_is_back_or_lost_for_another_cause() -> None:
    tower = Tower()
    for seen in (shut("connect"), shut("connect", "half_open"), shut("our_key"), WELL):
        tower.providers["p"] = seen
        await tower.vigil.look()
    assert [(alert.kind, alert.facts) for alert in tower.noted] == [
        ("provider_down", {"provider": "p", "why": "connect"}),
        ("provider_down", {"provider": "p", "why": "our_key"}),
    ]
    assert tower.heard.incidents == [("provider_up", {"provider": "p"})]


async def test_gateways_that_lose_a_provider_in_the_same_hour_name_one_alert() -> None:
    one, other = Tower(), Tower()
    for tower in (one, other):
        tower.providers["p"] = shut("our_credit")
        await tower.vigil.look()
    assert one.noted[0].id == other.noted[0].id
    assert one.noted[0].id.endswith(f"|{NOW_MS // HOUR_MS}")
