"""How many exchanges a provider may have at once: callers wait their turn in a bounded queue, as long as connecting
may take."""

import asyncio
from collections import deque
from typing import Final

from proxy.domain.errors import Fault
from proxy.ports import UpstreamError, UpstreamRequest

WAITING_MAX: Final = 1_024


class GateFull(Exception):
    """Too many wait already."""


async def enter(gate: "Gate", request: UpstreamRequest) -> None:
    """Waits for a place, as long as `request` may take to connect. Raises UpstreamError: being full is our own limit, not the
    provider's failure; to the call it is as if the provider had said 429."""
    try:
        async with asyncio.timeout(request.timeouts.connect_ms / 1_000):
            await gate.enter(request.concurrency_max)
    except (TimeoutError, GateFull) as error:
        raise UpstreamError(Fault("rate_limited")) from error


class Gate:
    """One provider's places. The limit is given with each entry, so that a reload changes it without a new gate."""

    __slots__ = ("_waiting", "inside")

    def __init__(self) -> None:
        self.inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def take(self, limit: int) -> bool:
        """Takes a place if one is free."""
        if self.inside >= limit:
            return False
        self.inside += 1
        return True

    async def enter(self, limit: int) -> None:
        """Takes a place, waiting until fewer than `limit` are taken. Raises GateFull; when cancelled, takes none."""
        queue = self._waiting.append
        while not self.take(limit):
            if len(self._waiting) >= WAITING_MAX:
                raise GateFull
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            queue(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._give_up(turn)
                raise
            # Whose turn was taken by a newcomer waits at the head again.
            queue = self._waiting.appendleft

    def leave(self) -> None:
        """Gives the place back."""
        self.inside -= 1
        self._call_next()

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        """Whose turn had come already must hand it on, or the place would stay empty."""
        if turn in self._waiting:
            self._waiting.remove(turn)
        elif not turn.cancelled():
            self._call_next()

    def _call_next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            # One that was cancelled this very moment has not left the queue yet.
            if not turn.done():
                turn.set_result(None)
                return
