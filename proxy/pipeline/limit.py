"""Waits of one length: what is awaited inside a `with` in, a TimeoutError where it takes longer out; one timer for all."""

import asyncio
from collections import deque
from types import TracebackType
from typing import cast


class Limit:
    """`with limit():` bounds what is awaited in it to `wait_ms`, as `asyncio.timeout` does. Waits of one length are due in the
    order they began in, so the timer is the oldest one's; nearly all are over before it rings."""

    def __init__(self, wait_ms: int) -> None:
        self.wait_s = wait_ms / 1_000
        self.waits: deque[_Wait] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def __call__(self) -> "_Wait":
        return _Wait(self)

    def begin(self, wait: "_Wait", loop: asyncio.AbstractEventLoop) -> None:
        """From now on `wait` is bounded."""
        while self.waits and self.waits[0].is_done:
            self.waits.popleft()
        self.waits.append(wait)
        if self._timer is None:
            self._timer = loop.call_at(wait.due_s, self._ring, loop)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        now_s = loop.time()
        while self.waits and (self.waits[0].is_done or self.waits[0].due_s <= now_s):
            self.waits.popleft().end()
        self._timer = loop.call_at(self.waits[0].due_s, self._ring, loop) if self.waits else None


class _Wait:
    __slots__ = ("_cancels", "_is_over", "_limit", "_task", "due_s", "is_done")

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._is_over = self.is_done = False

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        self._task = cast("asyncio.Task[object]", asyncio.current_task(loop))
        self._cancels = self._task.cancelling()
        self.due_s = loop.time() + self._limit.wait_s
        self._limit.begin(self, loop)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.is_done = True
        # Somebody else may have cancelled the task as well, and that still stands.
        if self._is_over and self._task.uncancel() <= self._cancels and kind is asyncio.CancelledError:
            raise TimeoutError from error
        # It waits in its queue for a while, and is not to keep a call alive.
        del self._task

    def end(self) -> None:
        """Its time is over."""
        if not self.is_done:
            self._is_over = True
            self._task.cancel()
