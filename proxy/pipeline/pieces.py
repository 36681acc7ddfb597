"""What has arrived of streams in, pieces of it out, in turns that leave room for everybody else; never reads what they mean."""

import asyncio
from collections import deque
from typing import Final

from proxy.ports import Exchange

# About forty events: two milliseconds of reading at most.
PIECE_BYTES_MAX: Final = 8 * 1024
# What all streams together read in one turn of the loop: events of 140 that come one by one, which take ten milliseconds.
TURN_BYTES_MAX: Final = 32 * 1024


class Turnstile:
    """One for all streams of a process. However much arrives at once, and at however many of them, a small call beside them
    waits for a few pieces at each of its steps, not for all."""

    def __init__(self) -> None:
        self._read_bytes = 0
        self._turn_is_set = False
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    def admits_now(self, size_bytes: int) -> bool:
        """Whether so much may be read at once; it counts as read then. Half of each turn is left to those who wait, and no
        more: to wait costs twice as much as to be read at once, so a crowd that waits after one late turn must not make
        everybody wait."""
        if self._read_bytes >= TURN_BYTES_MAX:
            return False
        # As `_count` does, without being entered for every event.
        self._read_bytes += size_bytes
        if self._read_bytes >= PIECE_BYTES_MAX:
            self._set_turn()
        return True

    async def admit(self, size_bytes: int) -> None:
        """Returns when so much may be read: at once, or in a later turn and behind those who wait already."""
        if self._waiting or self._read_bytes >= TURN_BYTES_MAX:
            ticket: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((size_bytes, ticket))
            await ticket
        else:
            self._count(size_bytes)

    def _count(self, size_bytes: int) -> None:
        self._read_bytes += size_bytes
        # Turns are not worth counting while hardly anything is read.
        if self._read_bytes >= PIECE_BYTES_MAX:
            self._set_turn()

    def _set_turn(self) -> None:
        if not self._turn_is_set:
            self._turn_is_set = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._turn_is_set = False
        self._read_bytes = 0
        while self._waiting and self._read_bytes < TURN_BYTES_MAX // 2:
            size_bytes, ticket = self._waiting.popleft()
            if not ticket.done():
                ticket.set_result(None)
                self._read_bytes += size_bytes
        if self._waiting:
            self._set_turn()


class Pieces:
    """An exchange, read piece by piece."""

    def __init__(self, exchange: Exchange, turnstile: Turnstile) -> None:
        self._exchange = exchange
        self._turnstile = turnstile
        self._arrived = b""

    @property
    def has_more(self) -> bool:
        """Whether something has arrived that was not read yet: what `next` returns without asking the exchange."""
        return bool(self._arrived)

    async def next(self) -> bytes:
        """Empty at the end of the answer. Raises UpstreamError."""
        arrived = self._arrived or await self._exchange.next_bytes()
        piece, self._arrived = arrived[:PIECE_BYTES_MAX], arrived[PIECE_BYTES_MAX:]
        await self._turnstile.admit(len(piece))
        return piece
