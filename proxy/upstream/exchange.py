"""One provider's answer through httpx2: its bytes as they arrive, within its time limits; never reads what they mean."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import httpx2

from proxy.domain.errors import Fault, FaultKind
from proxy.ports import UpstreamError
from proxy.upstream.encoding import Decoder, Garbled

# Reading stops while this much waits for a reader; one piece of 64 KB may come on top, so at most 128 KB wait.
READ_AHEAD_BYTES: Final = 64 * 1024


class Limits(NamedTuple):
    """Moments of the loop's clock, and the longest silence in between, in seconds."""

    first_byte_at: float
    total_at: float
    idle_s: float


class LibraryExchange:
    """Implements Exchange. `release` is called once, when the connection is back in its pool or closed.

    A pump task moves bytes from the connection to a bounded buffer: that way what arrived together is read together, and
    `close` can end a read that another task waits for. One timer, armed anew only when it rings too early, keeps all limits.
    """

    def __init__(self, response: httpx2.Response, decoder: Decoder, limits: Limits, release: Callable[[], None]) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = plain_headers(response)
        self._response = response
        self._decoder = decoder
        self._limits = limits
        self._release = release
        self._loop = asyncio.get_running_loop()
        self._pump: asyncio.Task[None] | None = None
        self._room = asyncio.Event()
        self._parts: list[bytes] = []
        self._size = 0
        self._began = False
        self._over = False
        self._fault: Fault | None = None
        self._reader: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = 0.0
        self._due_at = 0.0

    async def next_bytes(self) -> bytes:
        if self._pump is None and not self._over:
            self._pump = self._loop.create_task(self._run())
        while not self._parts and not self._over:
            await self._wait()
        if self._parts:
            return self._take()
        if self._fault is not None:
            raise UpstreamError(self._fault)
        return b""

    def pass_on(self, passes: Callable[[bytes], bool]) -> None:
        """Does nothing: the library's bytes come by a task of their own."""

    def finish(self) -> None:
        """Does nothing: what the library has not read, it closes with the connection."""

    async def close(self) -> None:
        if self._parts:
            # What nobody has read is lost: after this, an answer that was there to its end is no clean end either.
            self._parts.clear()
            self._fault = Fault("reset", status=self.status)
        self._end("reset")
        if self._pump is not None:
            await asyncio.wait((self._pump,))
        await self._shut()

    async def _run(self) -> None:
        try:
            async for data in self._response.aiter_raw():
                await self._keep(data)
            self._decoder.end()
            self._end(None)
        except Garbled:
            self._end("garbled")
        except (httpx2.HTTPError, OSError) as error:
            self._end(body_fault(error))
        finally:
            await self._shut()

    async def _keep(self, data: bytes) -> None:
        for piece in self._decoder.feed(data):
            self._parts.append(piece)
            self._size += len(piece)
            self._began = True
            self._wake()
            while self._size >= READ_AHEAD_BYTES:
                self._room.clear()
                await self._room.wait()

    def _take(self) -> bytes:
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        self._room.set()
        return data

    async def _wait(self) -> None:
        self._reader = self._loop.create_future()
        self._arm()
        try:
            await self._reader
        finally:
            self._reader = None

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def _end(self, kind: FaultKind | None) -> None:
        """The first end counts. One that is not the answer's own stops the pump, which then gives the connection up."""
        if self._over:
            return
        self._over = True
        self._fault = None if kind is None else Fault(kind, status=self.status)
        if self._timer is not None:
            self._timer.cancel()
        if self._pump is not None and kind is not None:
            self._pump.cancel()
        self._wake()

    async def _shut(self) -> None:
        """Idempotent, as `aclose` and `release` are."""
        try:
            await self._response.aclose()
        except (httpx2.HTTPError, OSError):
            # The connection was broken already; there is nothing left to give back.
            pass
        finally:
            self._release()

    def _arm(self) -> None:
        limits = self._limits
        silent_until = self._loop.time() + limits.idle_s if self._began else limits.first_byte_at
        self._due_at = min(silent_until, limits.total_at)
        if self._timer is not None and self._rings_at <= self._due_at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._set_timer()

    def _set_timer(self) -> None:
        self._rings_at = self._due_at
        self._timer = self._loop.call_at(self._rings_at, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._reader is None:
            return
        if self._rings_at < self._due_at:
            self._set_timer()
        elif self._due_at >= self._limits.total_at:
            self._end("deadline")
        else:
            self._end("idle_timeout" if self._began else "first_byte_timeout")


def body_fault(error: httpx2.HTTPError | OSError) -> FaultKind:
    """What broke after the headers. httpx2 has one exception for a broken connection and for broken framing alike; only
    its words, which are h11's, tell them apart."""
    if isinstance(error, httpx2.RemoteProtocolError) and "peer closed connection" not in str(error):
        return "garbled"
    return "reset"


def plain_headers(response: httpx2.Response) -> dict[str, str]:
    """Lower-case names; repeated ones joined; without what spoke of an encoding that is undone here."""
    headers = dict(response.headers.items())
    if headers.pop("content-encoding", None) is not None:
        headers.pop("content-length", None)
    return headers
