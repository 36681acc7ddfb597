"""A connection without a socket: bytes in, as a provider would send them, and what becomes of its exchange out."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from proxy.domain.catalog import Timeouts
from proxy.ports import UpstreamError
from proxy.upstream.connection import Connection, RelayExchange

WAIT_S = 60.0


class Plug(asyncio.Transport):
    """Writes what was done to it into its fields; takes any write."""

    def __init__(self) -> None:
        super().__init__(extra={"socket": self})
        self.written = b""
        self.closed = False
        self.paused = False

    def fileno(self) -> int:
        return 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.Protocol)
        self.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol


class Line:
    """An exchange that has asked, on a connection of its own."""

    def __init__(self, timeouts: Timeouts | None = None) -> None:
        self.plug = Plug()
        self.kept: list[Connection] = []
        self.released = 0
        self.connection = Connection(self.kept.append, lambda _: None)
        self.plug.set_protocol(self.connection)
        self.connection.connection_made(self.plug)
        total_at = asyncio.get_running_loop().time() + 60
        self.exchange = RelayExchange(timeouts or Timeouts(), total_at, self._release)
        self.asking = asyncio.ensure_future(self.exchange.ask(self.connection, b"head", b"body"))

    async def came(self) -> tuple[bytes, str | None]:
        """The body as far as it comes, and how it fails. A hang is a TimeoutError."""
        body = b""
        async with asyncio.timeout(WAIT_S):
            try:
                answered = await self.asking
                while answered and (data := await self.exchange.next_bytes()):
                    body += data
            except UpstreamError as error:
                return body, error.fault.kind
        return body, None

    def _release(self) -> None:
        self.released += 1


@dataclass(frozen=True, slots=True)
class Came:
    """What an exchange came to: an answer as far as it was read, how it failed, and whether its connection can go on."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    fault: str | None
    kept: bool


async def came_of(parts: Iterable[bytes], clean_end: bool = True) -> Came:
    """Plays `parts` one by one, then the end of the connection. A leak is an AssertionError."""
    line = Line()
    await asyncio.sleep(0)
    for part in parts:
        if line.plug.closed or line.kept:
            break
        line.plug.protocol.data_received(part)
    kept = bool(line.kept)
    if not line.plug.closed:
        line.plug.protocol.connection_lost(None if clean_end else ConnectionResetError())
    body, fault = await line.came()
    line.exchange.end("reset")
    assert line.released == 1
    assert line.connection.exchange is None
    assert not hasattr(line.exchange, "_parser")
    return Came(line.exchange.status, tuple(line.exchange.headers.items()), body, fault, kept)
