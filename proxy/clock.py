"""The machine's clocks behind the Clock port; nothing else asks what time it is."""

import time
from typing import Final

# Elsewhere than on Linux the monotonic clock is the nearest there is.
_SLEEPLESS: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock:
    """Wall time in milliseconds since 1970 (UTC), a monotonic clock in nanoseconds for durations, and a slower one that
    nobody sets either and that counts the time the machine was asleep."""

    # Asked twenty times a call: the system's own function, with none of ours around it.
    monotonic_ns = staticmethod(time.monotonic_ns)

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def elapsed_ns(self) -> int:
        return time.clock_gettime_ns(_SLEEPLESS)
