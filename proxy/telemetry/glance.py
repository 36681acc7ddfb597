"""Few numbers out of many: what was counted in, the totals that an operator looks at out; counts nothing itself."""

from typing import Final

from proxy.domain.glance import Totals
from proxy.telemetry.metrics import NONE, Counter, Numbers

# Calls of our own, and what was only asked about.
_NOT_CALLS: Final = frozenset({"precheck", "probe"})
_FAILED: Final = frozenset({"failed", "cut", "crashed"})


def totals(numbers: Numbers) -> Totals:
    """The sums over all labels."""
    calls = [(status, count) for (status, kind, _), count in numbers.calls.totals.items() if kind not in _NOT_CALLS]
    return Totals(
        calls=sum(count for _, count in calls),
        failed=sum(count for status, count in calls if status in _FAILED),
        refused=sum(count for status, count in calls if status == "refused"),
        attempts=_all(numbers.attempts),
        faults=sum(count for (_, _, fault), count in numbers.attempts.totals.items() if fault != NONE),
        tokens=sum(count for (_, counted), count in numbers.tokens.totals.items() if counted != "images"),
        heard=sum(sum(row[:-1]) for row in numbers.ttft_ms.rows.values()),
        ttft_ms=sum(row[-1] for row in numbers.ttft_ms.rows.values()),
        credits_milli=_all(numbers.credits_milli),
        raw_nano_usd=_all(numbers.raw_nano_usd),
    )


def _all(counter: Counter) -> int:
    return sum(counter.totals.values())
