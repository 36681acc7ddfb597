"""The machine's clocks behind the Clock port; nothing else asks what time it is."""

import time


class SystemClock:
    """Wall time in milliseconds since 1970 (UTC), and a monotonic clock in nanoseconds for durations."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()
