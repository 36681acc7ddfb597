"""HTTP on the wire: uvicorn's protocol, but an HTTP/1.0 caller gets a close-delimited body instead of chunks it cannot read,
what is no HTTP is refused in our error shape, and the app can drop a connection, write without a wait and is told of a
departure."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from proxy.api.errors import refusal_body
from proxy.domain.errors import Refusal

# The parser has no bound of its own: a head without an end would grow for ever.
HEAD_BYTES_MAX: Final = 64 * 1024
# A write waits while more than this has not left for the kernel: the less, the sooner a slow reader is seen to read.
UNSENT_BYTES_MAX: Final = 16 * 1024
# ASGI messages of our own: status, headers with a length, and all of the body; and status, headers without one, and the first
# piece of a body that goes on.
WHOLE: Final = "signalbox.response"
OPENING: Final = "signalbox.opening"
_UNREADABLE: Final = "This is no HTTP/1.1 request that can be read in one way only."
_HEAD_TOO_LARGE: Final = f"Request line and headers are larger than {HEAD_BYTES_MAX} bytes. Send fewer or shorter headers."


class GatewayCycle(RequestResponseCycle):
    """Takes a whole answer (`WHOLE`), or the beginning of one (`OPENING`), as one message too and one write: in uvicorn's two,
    each header is searched by itself, twice."""

    def send(self, message: Any) -> Coroutine[Any, Any, None]:
        kind = message["type"]
        return self._at_once(message, kind == OPENING) if kind in (WHOLE, OPENING) else super().send(message)

    async def _at_once(self, message: Any, more: bool) -> None:
        body, head = message["body"], self._head(message["headers"])
        if head is None or (more and not body):
            await self.send({**message, "type": "http.response.start"})
            await self.send({"type": "http.response.body", "body": body, "more_body": more})
        elif not self.disconnected:
            self.response_started = True
            self.waiting_for_100_continue = False
            status_line = STATUS_LINE[message["status"]]
            if more:
                self.chunked_encoding = True
                chunked = b"transfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(body), body)
                self.transport.write(b"%b%b\r\n%b" % (status_line, head, chunked))
            else:
                self.response_complete = True
                self.transport.write(b"%b%b\r\n\r\n%b" % (status_line, head, body))
                self.message_event.set()
                self.on_response()

    def _head(self, given: Any) -> bytes | None:
        """Its header lines; None where only uvicorn's way will do."""
        headers = [*self.default_headers, *given]
        head = b"\r\n".join([name + b": " + value for name, value in headers])
        keeps_to_its_lines = head.count(b"\n") == head.count(b"\r") == len(headers) - 1 and b"\0" not in head
        is_usual = self.keep_alive and not self.flow.write_paused and self.scope["method"] != "HEAD"
        return head if is_usual and keeps_to_its_lines else None


class CloseDelimitedCycle(GatewayCycle):
    """One answer without a length: its end is the end of the connection (RFC 9112 section 6.3)."""

    def send(self, message: Any) -> Coroutine[Any, Any, None]:
        if message["type"] == "http.response.start":
            lengths = [name for name, _ in message.get("headers", ()) if name.lower() == b"content-length"]
            self.chunked_encoding = None if lengths else False
        elif self.chunked_encoding is False and not self.expected_content_length:
            self.expected_content_length = len(message.get("body", b""))
        return super().send(message)


class _Flow(FlowControl):
    """Uvicorn's, but that it makes what is waited for when somebody waits: each connection would carry the 740 bytes of an
    event."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.read_paused = self.write_paused = False
        self._waiting: list[asyncio.Future[None]] = []

    async def drain(self) -> None:
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        await waiting

    def pause_writing(self) -> None:
        self.write_paused = True

    def resume_writing(self) -> None:
        self.write_paused = False
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if not each.done():
                each.set_result(None)


class _Signal:
    """What a cycle waits for, as an asyncio.Event is, and as light as `_Flow`."""

    __slots__ = ("_is_set", "_waiting")

    def __init__(self, is_set: bool) -> None:
        self._is_set = is_set
        self._waiting: list[asyncio.Future[None]] | None = None

    def set(self) -> None:
        self._is_set = True
        waiting, self._waiting = self._waiting or (), None
        for each in waiting:
            if not each.done():
                each.set_result(None)

    def clear(self) -> None:
        self._is_set = False

    async def wait(self) -> None:
        if not self._is_set:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting = [*(self._waiting or ()), waiting]
            await waiting


class _Pipelined(list[Any]):
    """Requests that wait for the one before them: next to none ever does, and each connection would carry the 620 bytes of a
    deque."""

    __slots__ = ()

    def appendleft(self, request: Any) -> None:
        self.insert(0, request)


class GatewayProtocol(HttpToolsProtocol):
    """What `uvicorn.Config(http=...)` is given."""

    # With more names beside uvicorn's own, each connection would carry a dictionary of 1.5 KB.
    __slots__ = ("_answering", "_has_left", "_head_bytes", "_on_leave")

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._has_left = True
        if self._on_leave is not None:
            self._on_leave()

    def connection_made(self, transport: Any) -> None:
        self._head_bytes: int | None = None
        self._on_leave: Callable[[], None] | None = None
        self._has_left = False
        # As uvicorn does, but that the system is not asked for our own address, which nobody reads, nor for a socket to keep.
        self.connections.add(self)
        self.transport = transport
        self.flow = _Flow(transport)
        self.client = _peer(transport)
        self.scheme = "https" if transport.get_extra_info("sslcontext") else "http"
        self.pipeline: Any = _Pipelined()
        transport.set_write_buffer_limits(UNSENT_BYTES_MAX)

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        unread = data
        while unread:
            unread = self._parsed(unread)
        cycle = self.cycle
        if cycle is not None and cycle.more_body and len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        if self._head_bytes is not None and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self.send_400_response(_HEAD_TOO_LARGE)

    def on_message_begin(self) -> None:
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_bytes = None
        if not self._is_offered_upgrade():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self._is_offered_upgrade():
            super().on_message_complete()

    def _is_offered_upgrade(self) -> bool:
        return bool(self.parser.should_upgrade()) and self.parser.get_method() != b"CONNECT"

    def _parsed(self, data: bytes) -> bytes:
        """What is to be parsed once more: nothing, but where another protocol is offered."""
        try:
            self.parser.feed_data(data)
        except HttpParserError:
            self.logger.warning("Invalid HTTP request received.")
            self.send_400_response(_UNREADABLE)
        except HttpParserUpgrade as ended:
            return self._without_offer(data[ended.args[0] :])
        return b""

    def _without_offer(self, rest: bytes) -> bytes:
        """A server may ignore that another protocol is offered (RFC 9110 section 7.8), and JDK's client offers h2c with every
        first request to http. The parser cannot: it ends at the head. So it is given a head without the offer, and `rest`."""
        if not self._is_offered_upgrade():
            self.send_400_response(_UNREADABLE)
            return b""
        head = [b"%b %b HTTP/1.1" % (self.parser.get_method(), self.url)]
        for name, value in self.headers:
            if name == b"connection":
                value = b", ".join(word for word in map(bytes.strip, value.split(b",")) if word.lower() != b"upgrade")
            if name != b"upgrade" and value:
                head.append(b"%b: %b" % (name, value))
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return b"\r\n".join(head) + b"\r\n\r\n" + rest

    def on_body(self, body: bytes) -> None:
        """A body that arrives at once is handed on as it is, and reading goes on: uvicorn would copy it twice, and pause."""
        cycle: Any = self.cycle
        if not cycle.response_complete:
            if not cycle.body:
                cycle.body = body
            else:
                # A body may come in very many small pieces, so that what is there must not be copied for each.
                cycle.body = cycle.body if isinstance(cycle.body, bytearray) else bytearray(cycle.body)
                cycle.body += body
            cycle.message_event.set()

    def send_400_response(self, msg: str) -> None:
        """Refuses and closes; an answer that has begun is cut, for nothing else may be written into it."""
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            body = refusal_body(Refusal("invalid_request", msg if msg == _HEAD_TOO_LARGE else _UNREADABLE))
            head = f"content-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
            self.transport.write(b"HTTP/1.1 400 Bad Request\r\n" + head.encode() + body)
        self.transport.close()

    def _tell_leaving(self, callback: Callable[[], None] | None) -> None:
        """Calls back once the caller has left; None: nobody wants to know any more."""
        self._on_leave = callback
        if callback is not None and self._has_left:
            callback()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # The cycle is built inside uvicorn, from a name it does not let us choose.
        cycle.__class__ = CloseDelimitedCycle if cycle.scope["http_version"] == "1.0" else GatewayCycle
        message_event: Any = _Signal(cycle.message_event.is_set())
        cycle.message_event = message_event
        # Nothing that a cycle leads to leads back to it: each call would be left to the collector, which then stops everybody.
        self._answering = cycle
        connection: dict[object, object] = {
            "abort": self.transport.abort,
            "on_leave": self._tell_leaving,
            "send_now": self._send_now,
            "whole": WHOLE,
            "opening": OPENING,
        }
        cycle.scope["extensions"] = {"signalbox.connection": connection}
        super()._start_asgi_task(cycle, app)

    def _send_now(self, data: bytes) -> bool:
        """A piece of a body in chunks, as `send` would write it; False, and nothing is written, where that would wait. Whoever
        asks has not ended its answer: what the connection carries by then may be another's."""
        cycle = self._answering
        if not cycle.chunked_encoding or cycle.response_complete or cycle.disconnected or cycle.flow.write_paused:
            return False
        cycle.transport.write(b"%x\r\n%b\r\n" % (len(data), data))
        return True


def _peer(transport: asyncio.Transport) -> tuple[str, int] | None:
    """Who calls; None where that has no address."""
    peer = transport.get_extra_info("peername")
    return (peer[0], peer[1]) if isinstance(peer, tuple) else None
