"""One TCP connection: bytes to Requests, and an Exchange to answer each, politely or not; knows no route or dialect.

Raw on purpose: an Exchange can end in the middle of anything, reset the connection or fall silent.
"""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, cast
from urllib.parse import unquote

import httptools

HEAD_BYTES_MAX: Final = 64 * 1024
BODY_BYTES_MAX: Final = 64 * 1024 * 1024
PIPELINED_MAX: Final = 16
WRITE_BUFFER_BYTES_MAX: Final = 64 * 1024

# The head is bounded slice by slice, because one read may bring a head and much of a body.
_SLICE_BYTES: Final = 16 * 1024
# A reset overtakes what the kernel has not delivered yet; on a loopback this is ample.
_DELIVERY_S: Final = 0.02
_LINGER_S: Final = 2.0
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, complete. `headers` have lower-case names; repeated ones are joined by a comma."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    keep_alive: bool
    chunked_ok: bool


Handler = Callable[[Request, "Exchange"], Awaitable[None]]


class Exchange:
    """The way back for one Request. `sent_bytes` counts all that was written, `status` is 0 until there is one.

    Methods that wait are cancelled the moment the peer leaves.
    """

    def __init__(self, connection: "Connection", request: Request) -> None:
        self.status = 0
        self.sent_bytes = 0
        self._connection = connection
        self._chunked = request.chunked_ok
        self._keep_alive = request.keep_alive

    async def send(self, status: int, content_type: str, body: bytes, headers: Mapping[str, str]) -> None:
        """A whole answer with its true length."""
        head = self._head(status, {"content-type": content_type, "content-length": str(len(body)), **headers})
        self._write(head + body)
        await self._connection.drain()
        self._finish()

    async def open(self, status: int, content_type: str, headers: Mapping[str, str], length: int | None = None) -> None:
        """The head of an answer; `write` and then an end of some kind follow. An announced length need not be true."""
        self._chunked = self._chunked and length is None
        if length is not None:
            framing = {"content-length": str(length)}
        else:
            framing = {"transfer-encoding": "chunked"} if self._chunked else {}
            self._keep_alive = self._keep_alive and self._chunked
        typed = {"content-type": content_type} if content_type else {}
        self._write(self._head(status, {**typed, **framing, **headers}))

    async def write(self, data: bytes) -> None:
        """A piece of the body; waits while the peer reads slowly."""
        self._write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
        await self._connection.drain()

    async def end(self, trailers: bytes = b"") -> None:
        """The proper end of the body; trailers go only with chunks."""
        if self._chunked:
            self._write(b"0\r\n" + trailers + b"\r\n")
        await self._connection.drain()
        self._finish()

    async def close(self) -> None:
        """The proper end of the body and of the connection."""
        self._keep_alive = False
        await self.end()

    async def reset(self) -> None:
        """Breaks the connection with a RST; what was written before has arrived."""
        await self._connection.drain()
        await asyncio.sleep(_DELIVERY_S)
        self._connection.reset()

    async def raw(self, data: bytes) -> None:
        """Bytes as they are, in no frame, and the end of the connection."""
        self._write(data)
        await self.hang_up()

    async def hang_up(self) -> None:
        """Ends the connection, whatever the body had still to come."""
        await self._connection.drain()
        self._connection.close()

    def die_on_next_call(self) -> None:
        """The connection stays, and breaks with a RST when anything more arrives on it."""
        self._connection.dies_on_next_call = True

    def _head(self, status: int, headers: Mapping[str, str]) -> bytes:
        self.status = status
        phrase = HTTPStatus(status).phrase if status in _STATUSES else "Unknown"
        kept = "keep-alive" if self._keep_alive else "close"
        lines = [f"HTTP/1.1 {status} {phrase}", f"connection: {kept}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def _write(self, data: bytes) -> None:
        self.sent_bytes += len(data)
        self._connection.write(data)

    def _finish(self) -> None:
        if not self._keep_alive:
            self._connection.close()


class Connection(asyncio.Protocol):
    """Parses requests and hands them to `handler`, one after the other. `open_connections` holds it while it lives."""

    def __init__(self, handler: Handler, open_connections: set["Connection"]) -> None:
        self._handler = handler
        self._open_connections = open_connections
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._in_head = False
        self._refused = False
        self.dies_on_next_call = False
        self.on_message_begin()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES_MAX)
        self._open_connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open_connections.discard(self)
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        if self.dies_on_next_call:
            self.reset()
            return
        view = memoryview(data)
        for start in range(0, len(view), _SLICE_BYTES):
            if self._refused:
                return
            self._feed(view[start : start + _SLICE_BYTES])

    def eof_received(self) -> None:
        # A peer that closes its side while we answer has left: no client of ours half-closes and goes on reading.
        self._transport.abort()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    async def drain(self) -> None:
        await self._writable.wait()

    def close(self) -> None:
        self._refused = True
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def reset(self) -> None:
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()

    # What httptools calls, in this order.

    def on_message_begin(self) -> None:
        self._in_head = True
        self._head_bytes = 0
        self._body_bytes = 0
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_headers_complete(self) -> None:
        self._in_head = False
        length = self._headers.get("content-length", "0")
        if self._parser.should_upgrade():
            self._refuse(400)
        elif length.isdigit() and int(length) > BODY_BYTES_MAX:
            self._refuse(413)
        elif self._headers.get("expect", "").lower() == "100-continue":
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > BODY_BYTES_MAX:
            self._refuse(413)
        elif not self._refused:
            self._body.append(body)

    def on_message_complete(self) -> None:
        path, _, query = self._url.decode("latin-1").partition("?")
        self._waiting.append(
            Request(
                method=self._parser.get_method().decode("latin-1"),
                path=unquote(path),
                query=query,
                headers=self._headers,
                body=b"".join(self._body),
                keep_alive=self._parser.should_keep_alive(),
                chunked_ok=self._parser.get_http_version() != "1.0",
            )
        )
        if len(self._waiting) > PIPELINED_MAX:
            self._refuse(503)
        elif not self._refused and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._serve())

    def _feed(self, data: memoryview) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse(400)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._refuse(431)

    def _refuse(self, status: int) -> None:
        if self._refused:
            return
        self._refused = True
        self._waiting.clear()
        if self._task is None:
            phrase = HTTPStatus(status).phrase
            self.write(f"HTTP/1.1 {status} {phrase}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".encode())
            # Closing over unread bytes would reset the connection before the peer has read why.
            self._transport.write_eof()
            asyncio.get_running_loop().call_later(_LINGER_S, self._transport.abort)
        else:
            self._transport.abort()

    async def _serve(self) -> None:
        answered = False
        try:
            while self._waiting:
                request = self._waiting.popleft()
                answered = False
                await self._handler(request, Exchange(self, request))
                answered = True
        finally:
            self._task = None
            if not answered:
                self._transport.abort()


_STATUSES: Final = frozenset(int(status) for status in HTTPStatus)
