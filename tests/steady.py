"""A loop for tests whose clock stands still while the machine does: what a busy host takes from the process is no time that a
provider was silent or a caller waited."""

import asyncio
import selectors
import time
from typing import Any, Final

# How often a waiting loop looks at its clock, and the furthest that the clock goes on from one look to the next.
LOOK_S: Final = 0.01
STEP_S: Final = 2 * LOOK_S


class SteadyClock:
    """Seconds that this process lived through, from any beginning. However late it is looked at, it has moved one step."""

    def __init__(self) -> None:
        self._seen_s = self._now_s = time.monotonic()

    def now_s(self) -> float:
        seen_s = time.monotonic()
        self._now_s += min(seen_s - self._seen_s, STEP_S)
        self._seen_s = seen_s
        return self._now_s


class _Selector(selectors.DefaultSelector):
    """Waits a step at a time, so that a long wait is told from a long absence."""

    def __init__(self, clock: SteadyClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[Any]:
        until_s = float("inf") if timeout is None else self._clock.now_s() + timeout
        while True:
            left_s = until_s - self._clock.now_s()
            events = super().select(max(0.0, min(left_s, LOOK_S)))
            if events or left_s <= LOOK_S:
                return events


class SteadyLoop(asyncio.SelectorEventLoop):
    """Python's own loop on a steady clock. Nothing that happens is lost or reordered; timers come later, never earlier."""

    def __init__(self) -> None:
        self._steady = SteadyClock()
        super().__init__(_Selector(self._steady))

    def time(self) -> float:
        return self._steady.now_s()
