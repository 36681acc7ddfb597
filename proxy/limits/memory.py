"""Request rates in this process: a key and its Rate in, a Quota out; keeps the counts of a bounded number of keys."""

from collections import deque
from typing import Final

from proxy.domain.plan import Rate
from proxy.ports import Clock, Quota

SLOTS: Final = 32


class MemoryLimiter:
    """Implements Limiter with a sliding window of slots.

    Requests are counted in slots of a 32nd of the period. A slot counts until its end is a whole period ago, so that no
    window of `period_s` ever holds more than `requests`; the price is that a request may wait a slot longer than it must.
    Of more than `keys_max` keys the least recently used is forgotten, which lets its next requests pass.
    """

    def __init__(self, clock: Clock, keys_max: int) -> None:
        self._clock = clock
        self._keys_max = keys_max
        self._windows: dict[str, _Window] = {}

    async def take(self, key: str, rate: Rate) -> Quota:
        return self.take_now(key, rate)

    def take_now(self, key: str, rate: Rate) -> Quota:
        """The same without waiting, for a caller that cannot."""
        now_us = self._clock.monotonic_ns() // 1_000
        window = self._windows.pop(key, None) or _Window()
        self._windows[key] = window
        if len(self._windows) > self._keys_max:
            del self._windows[next(iter(self._windows))]
        return window.take(now_us, rate)


class _Window:
    """One key's requests: `slots` are [end, requests] pairs, oldest first, `count` is their sum."""

    __slots__ = ("count", "slots")

    def __init__(self) -> None:
        self.slots: deque[list[int]] = deque()
        self.count = 0

    def take(self, now_us: int, rate: Rate) -> Quota:
        period_us = rate.period_s * 1_000_000
        slots = self.slots
        while slots and slots[0][0] + period_us <= now_us:
            self.count -= slots.popleft()[1]
        allowed = self.count < rate.requests
        if allowed:
            self._add(now_us, max(1, period_us // SLOTS))
        frees_at_us = slots[0][0] + period_us if slots else now_us + period_us
        reset_s = -(-(frees_at_us - now_us) // 1_000_000)
        return Quota(allowed, rate.requests, max(0, rate.requests - self.count), reset_s)

    def _add(self, now_us: int, slot_us: int) -> None:
        self.count += 1
        if self.slots and now_us < self.slots[-1][0]:
            self.slots[-1][1] += 1
        else:
            self.slots.append([now_us - now_us % slot_us + slot_us, 1])
