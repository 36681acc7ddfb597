"""A provider that plays scripts on a raw asyncio socket: bytes, pauses, resets and lies, exactly as written; reads requests
just well enough to know where they end. A script is what one request is answered with."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum


class Act(Enum):
    """What a script can do besides sending bytes."""

    CLOSE = "ends the connection cleanly"
    RESET = "ends it with a TCP reset"
    MUTE = "says nothing more until the client leaves"


@dataclass(frozen=True, slots=True)
class Pause:
    """Waits before the next step."""

    seconds: float


Step = bytes | Pause | Act
Script = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """One request: its head and body, and which connection (from 0) it came on."""

    head: str
    body: bytes
    connection: int


@dataclass(slots=True)
class RawProvider:
    """`heard` are the requests so far; `sent_bytes` is what was written and taken by the kernel. `met` is set with the first
    connection, `asked` with the first request, `left` when a client goes before its script is over or between requests.
    `writers` write to each connection beside its script."""

    url: str
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0
    sent_bytes: int = 0
    met: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)


def plain(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """A whole answer with a content-length, which may lie."""
    announced = len(body) if length is None else length
    return _head(status, f"content-length: {announced}", *headers) + body


def chunked_head(*headers: str) -> bytes:
    """The head of a chunked answer."""
    return _head("200 OK", "transfer-encoding: chunked", "content-type: text/event-stream", *headers)


def chunk(data: bytes) -> bytes:
    """One chunk; an empty one is the last, without the blank line that ends the trailers."""
    return b"%x\r\n%s\r\n" % (len(data), data) if data else b"0\r\n"


def until_closed(*headers: str) -> bytes:
    """The head of an answer that ends with its connection."""
    return _head("200 OK", "connection: close", *headers)


@asynccontextmanager
async def raw_provider(
    *scripts: Script, send_buffer_bytes: int | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawProvider]:
    """Plays the n-th script for the n-th request, the last one for all that follow."""
    stage = _Stage(scripts, send_buffer_bytes)
    server = await asyncio.start_server(stage.serve, "127.0.0.1", 0, ssl=tls)
    stage.provider.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield stage.provider
    finally:
        server.close()
        for task in stage.playing:
            task.cancel()
        await asyncio.gather(*stage.playing, return_exceptions=True)


class _Stage:
    def __init__(self, scripts: tuple[Script, ...], send_buffer_bytes: int | None) -> None:
        self.provider = RawProvider("")
        self.playing: set[asyncio.Task[None]] = set()
        self._scripts = scripts
        self._send_buffer_bytes = send_buffer_bytes

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self.playing.add(task)
        task.add_done_callback(self.playing.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = self.provider.connections
        self.provider.connections += 1
        self.provider.writers.append(writer)
        self.provider.met.set()
        if self._send_buffer_bytes is not None:
            _socket(writer).setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._send_buffer_bytes)
            writer.transport.set_write_buffer_limits(0)
        try:
            await self._answer_all(reader, writer, connection)
        except (OSError, asyncio.IncompleteReadError):
            self.provider.left.set()
        finally:
            writer.close()

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            body = await reader.readexactly(_announced(head))
            script = self._scripts[min(len(self.provider.heard), len(self._scripts) - 1)]
            self.provider.heard.append(Heard(head.lower(), body, connection))
            self.provider.asked.set()
            for step in script:
                if not await self._play(step, reader, writer):
                    return

    async def _play(self, step: Step, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection goes on."""
        if isinstance(step, bytes):
            writer.write(step)
            await writer.drain()
            self.provider.sent_bytes += len(step)
            return True
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
            return True
        if step is Act.MUTE:
            await reader.readexactly(1)
        elif step is Act.RESET:
            # Lingering for no time makes the close a reset.
            _socket(writer).setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False


def _socket(writer: asyncio.StreamWriter) -> socket.socket:
    found = writer.get_extra_info("socket")
    assert found is not None
    return found  # type: ignore[no-any-return]


def _head(status: str, *headers: str) -> bytes:
    return "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", *headers, "")).encode()


def _announced(head: str) -> int:
    for line in head.lower().split("\r\n"):
        if line.startswith("content-length:"):
            return int(line.partition(":")[2])
    return 0
