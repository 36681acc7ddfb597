"""This process's heart: beats in, a word to end its calls out when it has not been able to beat for too long; resolves nothing
in the books itself."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from proxy.domain.errors import Refusal
from proxy.ports import Recorder

WATCH_EVERY_S: Final = 0.5
SILENT: Final = Refusal(
    "store_unavailable",
    "The gateway could not reach its books for too long, so it had to stop this answer. What you have is incomplete.",
    retry_after_s=5,
)


class Pulse:
    """`beat` and `watch` run on schedules of their own, for a beat may hang. After `silent_s_max` without one, `stop` ends all
    calls: others may soon take this process for dead and give its credits to somebody else (contract 5)."""

    def __init__(
        self,
        beat: Callable[[], Awaitable[None]],
        stop: Callable[[Refusal], int],
        silent_s_max: float,
        recorder: Recorder,
        now_s: Callable[[], float] = lambda: asyncio.get_running_loop().time(),
    ) -> None:
        self._beat = beat
        self._stop = stop
        self._silent_s_max = silent_s_max
        self._recorder = recorder
        self._now_s = now_s
        self._silent_s = 0.0
        self._watched_s: float | None = None

    async def beat(self) -> None:
        """Says in the books that this process lives. Raises StoreUnavailable."""
        await self._beat()
        self._silent_s = 0.0

    async def watch(self) -> None:
        """Looks how long ago that was. A halt of this process counts as one look, as it does in the books: what became of its
        holds meanwhile they tell whoever asks, and perhaps nothing did."""
        now_s = self._now_s()
        if self._watched_s is not None:
            self._silent_s += min(now_s - self._watched_s, 2 * WATCH_EVERY_S)
        self._watched_s = now_s
        if self._silent_s >= self._silent_s_max:
            stopped = self._stop(SILENT)
            if stopped:
                self._recorder.incident("out_of_touch", calls=stopped)
