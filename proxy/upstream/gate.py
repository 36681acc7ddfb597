"""How many exchanges a provider may have at once: callers wait their turn in a bounded queue; never times anything."""

import asyncio
from collections import deque
from typing import Final

WAITING_MAX: Final = 1_024


class GateFull(Exception):
    """Too many wait already."""


class Gate:
    """One provider's places. The limit is given with each entry, so that a reload changes it without a new gate."""

    __slots__ = ("_waiting", "inside")

    def __init__(self) -> None:
        self.inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self, limit: int) -> None:
        """Takes a place, waiting until fewer than `limit` are taken. Raises GateFull; when cancelled, takes none."""
        queue = self._waiting.append
        while self.inside >= limit:
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
        self.inside += 1

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
