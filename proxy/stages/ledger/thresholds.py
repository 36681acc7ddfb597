"""Which parts of a limit are used up: counters and limits in, per cents out; tells nobody."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from proxy.domain.plan import Window
from proxy.domain.standing import Unit
from proxy.stages.ledger.counters import CounterKey, Reading, Readings
from proxy.stages.ledger.sources import Chart

PERCENTS: Final = (50, 80, 100)


class Limit(NamedTuple):
    """What a counter may reach in its window: an allowance (of a family, or of all), or a cap."""

    amount: int
    window: Window
    family: str | None
    unit: Unit


class Near(NamedTuple):
    """A limit that live holds could bring to a threshold, and the thresholds of it that were told already, lowest first."""

    limit: Limit
    told: tuple[int, ...]


def nearing(chart: Chart, readings: Readings) -> Iterator[tuple[CounterKey, Limit]]:
    """Every limit of an account on one day that what is spent and held of it would bring to its first threshold."""
    for allowance, key, _ in chart.windows:
        if _is_near(readings[key], allowance.limit_milli_credits):
            yield key, Limit(allowance.limit_milli_credits, allowance.window, allowance.family, "milli_credits")
    for cap, key in chart.caps:
        if _is_near(readings[key], cap.limit):
            yield key, Limit(cap.limit, cap.window, None, cap.unit)


def reached(spent: int, limit: Limit) -> tuple[int, ...]:
    """The thresholds at or below which `spent` stands; none of a limit of nothing."""
    if limit.amount <= 0:
        return ()
    return tuple(percent for percent in PERCENTS if 100 * spent >= percent * limit.amount)


def _is_near(reading: Reading, amount: int) -> bool:
    return 0 < PERCENTS[0] * amount <= 100 * (reading[0] + reading[1])
