"""Targets in, what each adds to the time of a call at half of what it can do out: short windows of all of them in turns, each
with direct calls beside it; starts nothing and judges nothing."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from statistics import median
from typing import Final

from tests.bench import load
from tests.bench.cases import CONNECTIONS, CONNECTIONS_MANY, Bench, Figures
from tests.bench.load import LoadFailed, Seen, sound
from tests.bench.models import MODELS
from tests.bench.targets import Target

WINDOWS: Final = 5
WINDOW_S: Final = 6
# Of so many, two are slower than the 99th in a hundred: a window in which a target makes fewer lasts longer.
CALLS_MIN: Final = 200
# Direct calls show what the machine itself does in these seconds; more would take the core that load and provider share.
DIRECT_A_SECOND_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Window:
    """Some seconds of one target, and of direct calls in the very same."""

    calls: int
    p50_us: float
    p99_us: float
    direct_p50_us: float
    direct_p99_us: float

    @property
    def added_p50_us(self) -> float:
        return self.p50_us - self.direct_p50_us

    @property
    def added_p99_us(self) -> float:
        return self.p99_us - self.direct_p99_us


@dataclass(frozen=True, slots=True)
class Half:
    """What one target came to."""

    rate: int
    windows: list[Window]

    def figures(self) -> Figures:
        """Medians over the windows: what stops the machine for a moment is in few of them. `half_worst_us` is of the worst."""
        added_us = [window.added_p99_us for window in self.windows]
        return {
            "half_rate": self.rate,
            "half_calls": min(window.calls for window in self.windows),
            "half_p50_us": median(window.added_p50_us for window in self.windows),
            "half_p99_us": median(added_us),
            "half_worst_us": max(added_us),
            "half_direct_p99_us": median(window.direct_p99_us for window in self.windows),
        }

    def rows(self) -> list[dict[str, float]]:
        """The windows as they are kept."""
        return [asdict(window) for window in self.windows]


def half(bench: Bench, targets: Sequence[Target], failed: Callable[[Target, LoadFailed], None]) -> dict[str, Half]:
    """By the target's name. One that fails is measured no further."""
    seen: dict[str, Half] = {}
    left = list(targets)
    for number in range(WINDOWS + 1):
        for target in list(left):
            try:
                if number == 0:
                    seen[target.name] = Half(_half_rate(bench, target), [])
                else:
                    seen[target.name].windows.append(_window(bench, target, seen[target.name].rate))
            except LoadFailed as failure:
                failed(target, failure)
                left.remove(target)
    return {target.name: seen[target.name] for target in left}


def _half_rate(bench: Bench, target: Target) -> int:
    able = sound(bench.run(target, target.request("whole"), 1, 3, connections=CONNECTIONS))
    return max(1, round(able.calls_per_s / 2))


def _window(bench: Bench, target: Target, rate: int) -> Window:
    seconds = max(WINDOW_S, math.ceil(CALLS_MIN / rate / bench.longer))
    options = {"connections": CONNECTIONS_MANY}
    with ThreadPoolExecutor(1) as beside:
        at_once = beside.submit(_direct, bench, seconds, min(rate, DIRECT_A_SECOND_MAX))
        seen = sound(bench.run(target, target.request("whole"), 1, seconds, rate=rate, **options))
        direct = at_once.result()
    percentiles_us = [of.percentile_us(which) for of in (seen, direct) for which in ("p50", "p99")]
    return Window(seen.calls, *percentiles_us)


def _direct(bench: Bench, seconds: int, rate: int) -> Seen:
    return bench.direct(load.request(MODELS["whole"]), 1, seconds, connections=CONNECTIONS, rate=rate)
