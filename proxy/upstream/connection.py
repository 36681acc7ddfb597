"""One connection to a provider and the exchange it carries: bytes of HTTP in, an answer out as it arrives, within its
bounds and time limits; never looks up an address or reads what an answer means."""

import asyncio
import select
from collections.abc import Callable, Mapping
from typing import Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from proxy.domain.catalog import Timeouts
from proxy.domain.errors import Fault, FaultKind
from proxy.ports import UpstreamError

HEADERS_MAX: Final = 128
HEADER_BYTES_MAX: Final = 32 * 1024
# Reading stops while more than this waits for a reader; the reader is given no more at once. Streams of readers who stand still
# keep this much each, and what the loop reads in one go besides.
UNREAD_BYTES_MAX: Final = 64 * 1024
# So much may arrive without a byte of body among it: a head, trailers, what a chunk says of itself.
BARREN_BYTES_MAX: Final = 64 * 1024
# How long the framing of an answer that is over is waited for, so that its connection can be used again.
FINISH_S: Final = 0.25
# What is smaller is sent in one piece with its head.
_JOINED_BYTES_MAX: Final = 16 * 1024


class _Garbled(Exception):
    """The parser is told to go no further."""


class Connection(asyncio.Protocol):
    """Carries one exchange at a time, which hears its transport itself once it passes on. `keep` takes a connection back
    that can carry another, `forget` hears of its end."""

    __slots__ = ("_forget", "_keep", "_poll", "exchange", "kept_at", "transport")

    def __init__(self, keep: "Callable[[Connection], None]", forget: "Callable[[Connection], None]") -> None:
        self._keep = keep
        self._forget = forget
        self._poll: select.poll | None = None
        self.exchange: RelayExchange | None = None
        self.kept_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # One loop's transports are no asyncio.Transport, though they do all that one does.
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """What is said between two answers is nobody's answer."""
        if self.exchange is None:
            self.transport.abort()
        else:
            self.exchange.data_received(data)

    def step_aside(self) -> None:
        """From now on the exchange hears the transport itself: one step less for each chunk, and four system calls for
        whoever becomes another's protocol, there and back."""
        if self.exchange is not None:
            self.transport.set_protocol(self.exchange)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget(self)
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.lost(cleanly=exc is None)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing waits to be read. Between two exchanges that could only be its end, or bytes that nobody asked for
        and that the next exchange would take for its answer."""
        return not self.transport.is_closing() and not (self._poll or self._polling()).poll(0)

    def _polling(self) -> select.poll:
        # Made when it is first used again: a stream never is, and would carry it along.
        self._poll = select.poll()
        self._poll.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        return self._poll

    def done(self, reusable: bool) -> None:
        """Its exchange is over; unless `reusable`, the socket is closed at once."""
        self.exchange = None
        if self.transport.get_protocol() is not self:
            self.transport.set_protocol(self)
        if reusable and not self.transport.is_closing() and not self.transport.get_write_buffer_size():
            self._keep(self)
        else:
            self.transport.abort()


class RelayExchange(asyncio.Protocol):
    """Implements Exchange. `ask` it of a connection, and once more of a fresh one if the first was dead already. `release` is
    called once, when the connection is back in its pool or closed.

    The parser calls the `on_` methods; bytes of the body go from it into `_parts` without a step of ours in between. One timer
    keeps all limits: it never rings later than the nearest of them could be due, and is set anew when it rang too early.
    """

    __slots__ = (
        "_barren_bytes", "_began", "_connection", "_fault", "_fields", "_finishing", "_first_byte_at", "_header_bytes",
        "_heard", "_loop", "_over", "_parser", "_parts", "_passes", "_paused", "_release", "_reusable", "_since", "_timeouts",
        "_timer", "_total_at", "_unread_bytes", "_until_closed", "_waiter", "_whole", "encoding", "headers", "on_body",
        "status",
    )  # fmt: skip

    def __init__(self, timeouts: Timeouts, total_at: float, release: Callable[[], None]) -> None:
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.encoding: str | None = None
        self._fields: dict[str, str] = {}
        self._loop = asyncio.get_running_loop()
        self._timeouts = timeouts
        self._first_byte_at = self._total_at = total_at
        self._release = release
        self._connection: Connection | None = None
        self._parts: list[bytes] = []
        self.on_body = self._parts.append
        self._parser = HttpResponseParser(self)
        self._passes: Callable[[bytes], bool] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._fault: Fault | None = None
        self._since = 0.0
        self._unread_bytes = self._barren_bytes = self._header_bytes = 0
        self._heard = self._began = self._finishing = self._whole = self._over = False
        self._paused = self._reusable = self._until_closed = False

    async def ask(self, connection: Connection, head: bytes, body: bytes) -> bool:
        """Sends the request and waits for the head of its answer; False when the connection died before it answered a byte:
        nothing is lost, and a fresh one may take the request. Raises UpstreamError."""
        if connection.transport.is_closing():
            return False
        self._connection = connection
        connection.exchange = self
        if len(body) <= _JOINED_BYTES_MAX:
            connection.transport.write(head + body)
        else:
            connection.transport.writelines((head, body))
        now = self._loop.time()
        self._first_byte_at = min(now + self._timeouts.first_byte_ms / 1_000, self._total_at)
        self._arm(now, self._first_byte_at)
        while not self.status:
            if self._fault is not None:
                raise UpstreamError(self._fault)
            if self._connection is None:
                return False
            await self._arrival()
        return True

    async def next_bytes(self) -> bytes:
        while not self._parts:
            if self._fault is not None:
                raise UpstreamError(self._fault)
            if self._over:
                return b""
            self._since = self._loop.time()
            await self._arrival()
        return self._take()

    def pass_on(self, passes: Callable[[bytes], bool]) -> None:
        if self._passes is None and self._connection is not None:
            self._connection.step_aside()
        self._passes = passes

    def finish(self) -> None:
        if self._connection is not None and not self._parts and not self._until_closed:
            self._finishing = True
            self._disarm()
            self._timer = self._loop.call_later(FINISH_S, self._end, "reset")

    async def close(self) -> None:
        if not self._finishing:
            self.end("reset")

    def end(self, kind: FaultKind) -> None:
        """Ends it at once. What nobody has read is lost: after this, an answer that was there to its end is no clean end."""
        if self._parts and self._over:
            self._fault = Fault(kind, status=self.status)
        self._parts.clear()
        self._end(kind)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._connection.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes from the connection."""
        self._heard = True
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            if not self._whole:
                self._end("garbled")
                return
            self._reusable = False
        parts, passes, waiter = self._parts, self._passes, self._waiter
        if self._whole or self._finishing or not parts:
            self._fed_at_an_end(len(data))
        # Whether all of it was taken before anybody had to be woken for it.
        elif (
            passes is not None
            and waiter is not None
            and not (self._unread_bytes or waiter.done())
            and passes(parts[0] if len(parts) == 1 else b"".join(parts))
        ):
            parts.clear()
            self._began, self._barren_bytes = True, 0
            self._since = self._loop.time()
        else:
            self._keep(len(data))

    def lost(self, cleanly: bool) -> None:
        """The connection is gone."""
        self._connection = None
        if not self._heard:
            self._disarm()
            self._wake()
        elif cleanly and self.status and self._until_closed:
            self._end(None)
        else:
            self._end("reset")

    def on_message_begin(self) -> None:
        if self._whole:
            # Bytes beyond the announced end are nobody's answer.
            raise _Garbled

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.status:
            # A trailer.
            return
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > HEADER_BYTES_MAX or len(self._fields) >= HEADERS_MAX:
            raise _Garbled
        key, text = name.decode("latin-1").lower(), value.decode("latin-1").rstrip()
        known = self._fields.get(key)
        self._fields[key] = text if known is None else f"{known}, {text}"

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            if status < 100 or status == 101:
                raise _Garbled
            self._fields.clear()
            return
        headers = self.headers = self._fields
        coding = headers.get("transfer-encoding")
        if coding is not None and coding.lower() != "chunked":
            raise _Garbled
        self._until_closed = coding is None and "content-length" not in headers
        self.encoding = headers.pop("content-encoding", None)
        if self.encoding is not None:
            headers.pop("content-length", None)
        self.status = status
        self._wake()

    def on_message_complete(self) -> None:
        # What comes before the answer is complete as well, and has no status here.
        if self.status:
            self._whole = True
            self._reusable = self._parser.should_keep_alive()

    def _take(self) -> bytes:
        parts = self._parts
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        if len(data) > UNREAD_BYTES_MAX:
            parts.append(data[UNREAD_BYTES_MAX:])
            data = data[:UNREAD_BYTES_MAX]
        self._unread_bytes = len(parts[0]) if parts else 0
        if self._paused and self._connection is not None:
            self._paused = False
            self._connection.transport.resume_reading()
        return data

    def _fed_at_an_end(self, size_bytes: int) -> None:
        if self._whole:
            self._end(None)
        elif self._parts:
            # It is not over, whatever it said.
            self.end("reset")
        else:
            self._barren_bytes += size_bytes
            if self._barren_bytes > BARREN_BYTES_MAX:
                self._end("garbled")

    def _keep(self, size_bytes: int) -> None:
        """What has just arrived waits for its reader."""
        self._began = True
        self._barren_bytes = 0
        self._unread_bytes += size_bytes
        if self._unread_bytes > UNREAD_BYTES_MAX and not self._paused and self._connection is not None:
            self._paused = True
            self._connection.transport.pause_reading()
        self._wake()

    def _arrival(self) -> "asyncio.Future[None]":
        self._waiter = self._loop.create_future()
        return self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _end(self, kind: FaultKind | None) -> None:
        """The first end counts; one without a kind is the answer's own. What arrived before it can still be read."""
        if self._over:
            return
        self._over = True
        self._fault = None if kind is None else Fault(kind, status=self.status or None)
        self._disarm()
        # The parser knows this exchange, as may who passes on: without this, each would keep the other in memory.
        del self._parser
        self._passes = None
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.done(self._reusable and kind is None)
        self._release()
        self._wake()

    def _arm(self, now: float, due_at: float) -> None:
        """Whatever happens after this, nothing is due before a whole silence has passed."""
        silence_s = min(self._timeouts.first_byte_ms, self._timeouts.idle_ms) / 1_000
        self._timer = self._loop.call_at(min(due_at, self._total_at, now + silence_s), self._ring)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        """Silence counts only while somebody waits to read."""
        now, idle_s = self._loop.time(), self._timeouts.idle_ms / 1_000
        due_at = self._since + idle_s if self._began else self._first_byte_at
        if self._waiter is None or self._waiter.done():
            due_at = now + idle_s
        if now >= self._total_at:
            self._end("deadline")
        elif now >= due_at:
            self._end("idle_timeout" if self._began else "first_byte_timeout")
        else:
            self._arm(now, due_at)
