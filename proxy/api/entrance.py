"""Calls that have just come in; as many are let in at each turn of the loop as leave room for the streams that are open, the
rest in later turns, in the order they came, or never, where too many wait; knows nothing of who calls and what."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from proxy.domain.errors import Refusal

# Calls that are opened together share their commits: fewer in a turn would make each of them dearer.
ADMITTED_A_TURN: Final = 64
# Opening a call takes the processor for as long as ten chunks of a stream do: so many keep each chunk waiting for 5 ms. They
# are as few as that only while calls wait, for then more come than can be opened, and streams would starve.
ADMITTED_BESIDE_STREAMS: Final = 4
# Who hears nothing for longer may be gone, or ask again, which would make it worse.
ENTRY_WAIT_S: Final = 30.0
RETRY_AFTER_S: Final = 5
_CROWDED: Final = "More calls come than this gateway can open. Try again shortly."


class _Ticket(NamedTuple):
    came_s: float
    admitted: asyncio.Future[bool]


class Entrance:
    """One for all calls of a process. However many come at once, streams that are open get their chunks between two turns.
    `streams` says how many are open; `waiting_max` calls may wait."""

    def __init__(self, streams: Callable[[], int], waiting_max: int) -> None:
        self._streams = streams
        self.waiting_max = waiting_max
        self._admitted = 0
        self._turn_is_set = False
        self._waiting: deque[_Ticket] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def admits_now(self) -> bool:
        """Whether a call may come in at once; it counts as admitted then."""
        if self._admitted >= ADMITTED_A_TURN or self._waiting:
            return False
        self._admitted += 1
        # Turns are not worth counting while hardly anybody comes.
        if self._admitted > ADMITTED_A_TURN // 2:
            self._set_turn()
        return True

    async def queue(self) -> Refusal | None:
        """Returns when its turn has come; the refusal when that takes too long, or would."""
        if len(self._waiting) >= self.waiting_max:
            return _crowded()
        loop = asyncio.get_running_loop()
        ticket = _Ticket(loop.time(), loop.create_future())
        self._waiting.append(ticket)
        self._set_turn()
        return None if await ticket.admitted else _crowded()

    def _set_turn(self) -> None:
        if not self._turn_is_set:
            self._turn_is_set = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._turn_is_set = False
        self._admitted = 0
        too_old_s = asyncio.get_running_loop().time() - ENTRY_WAIT_S
        most = ADMITTED_BESIDE_STREAMS if self._streams() else ADMITTED_A_TURN
        while self._waiting and self._admitted < most:
            ticket = self._waiting.popleft()
            # Who was cancelled takes nobody's turn; nor does who is turned away.
            if not ticket.admitted.done():
                ticket.admitted.set_result(ticket.came_s > too_old_s)
                self._admitted += ticket.came_s > too_old_s
        if self._waiting:
            self._set_turn()


def _crowded() -> Refusal:
    return Refusal("overloaded", _CROWDED, retry_after_s=RETRY_AFTER_S)
