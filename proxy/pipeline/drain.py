"""What becomes of an upstream call whose caller leaves: ended at once where that ends its bill, else read on within bounds to
learn it."""

import asyncio
from collections.abc import Callable

from proxy.domain.value import dataclass
from proxy.ports import Exchange, Reply


@dataclass(frozen=True, slots=True)
class DrainLimits:
    """For how long, and for how many bytes, an answer is read that nobody hears any more (0: not at all)."""

    wait_ms: int = 30_000
    bytes_max: int = 4 * 1024 * 1024


class Drain:
    """Follows one upstream call. `is_over` turns true when it was ended because the caller had left."""

    def __init__(self, reply: Reply, limits: DrainLimits, closing_stops_the_bill: bool) -> None:
        self._reply = reply
        self._wait_s = 0.0 if closing_stops_the_bill else limits.wait_ms / 1_000
        self._bytes_left = limits.bytes_max
        self._end: Callable[[], object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.is_over = False

    def follow(self, end: Callable[[], object]) -> None:
        """`end` is what ends the call at its present stage; it is done at once when its time has come."""
        self._end = end
        if self.is_over:
            end()
        else:
            self._reply.on_leave(self._left)

    async def whole(self, exchange: Exchange, bytes_max: int) -> bytes:
        """The whole body, or its first `bytes_max` bytes. Raises UpstreamError."""
        parts: list[bytes] = []
        size_bytes = 0
        while size_bytes < bytes_max and (data := await exchange.next_bytes()):
            self.read(len(data))
            # Cut before it is joined: a large answer is in memory twice as it is.
            data = data[: bytes_max - size_bytes]
            parts.append(data)
            size_bytes += len(data)
        return b"".join(parts)

    def read(self, size_bytes: int) -> None:
        """So much has arrived."""
        if self._reply.gone and not self.is_over:
            self._bytes_left -= size_bytes
            if self._bytes_left < 0:
                self._finish()

    def forget(self) -> None:
        """The call has ended by itself."""
        self._reply.on_leave(None)
        if self._timer is not None:
            self._timer.cancel()

    def _left(self) -> None:
        if not self._wait_s:
            self._finish()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._wait_s, self._finish)

    def _finish(self) -> None:
        self.is_over = True
        if self._end is not None:
            self._end()
