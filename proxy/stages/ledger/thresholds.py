"""Which parts of a limit are used up: counters and limits in, per cents out; tells nobody."""

from typing import Final, NamedTuple

from proxy.stages.ledger.counters import CounterKey, Readings
from proxy.stages.ledger.sources import Chart, Limit

PERCENTS: Final = (50, 80, 100)


class Near(NamedTuple):
    """A limit that live holds could bring to a threshold, and the thresholds of it that were told already, lowest first."""

    limit: Limit
    told: tuple[int, ...]


def nearing(chart: Chart, readings: Readings) -> list[tuple[CounterKey, Limit]]:
    """Every limit of an account on one day that what is spent and held of it would bring to its first threshold."""
    found = []
    for key, limit in chart.limits:
        shown = readings[key]
        # Nothing is near a limit of nothing.
        if 0 < PERCENTS[0] * limit.amount <= 100 * (shown.spent + shown.held):
            found.append((key, limit))
    return found


def reached(spent: int, limit: Limit) -> tuple[int, ...]:
    """The thresholds at or below which `spent` stands; none of a limit of nothing."""
    if limit.amount <= 0:
        return ()
    return tuple(percent for percent in PERCENTS if 100 * spent >= percent * limit.amount)
