"""A measuring instrument and no part of the product: an exchange with a provider in, the same told to a caller out, read event
by event and held for, or passed on unread; it mends and rescues nothing."""

import asyncio
from typing import Final

import orjson

from proxy.domain.catalog import Timeouts
from proxy.ports import Exchange, UpstreamRequest
from proxy.upstream.relay import RelayUpstream
from tests.bench.least_books import EXTEND, LeastBooks, Live
from tests.bench.least_door import Answer, Door

LEAD_TOKENS: Final = 256
NANO_PER_MILLI: Final = 1_000
_NEVER: Final = 1 << 62
_DONE: Final = b"data: [DONE]"
PROVIDER_CALLS_MAX: Final = 20_000
_TIMEOUTS: Final = Timeouts()
_JSON: Final = {"content-type": "application/json"}


class LeastStream:
    """Of one call, which is held for two leads of tokens; `head` is what its answer begins with. A byte counts as a token until
    the provider says what it counted."""

    __slots__ = (
        "_books", "_call", "_covered", "_door", "_due", "_end", "_exchange", "_extension", "_head", "_price_nano", "_rest",
        "_wanted",
    )  # fmt: skip

    def __init__(self, books: LeastBooks, door: Door, call: Live, exchange: Exchange, head: bytes, price_nano: int) -> None:
        self._books = books
        self._door = door
        self._call = call
        self._exchange = exchange
        self._head = head + b"content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        self._price_nano = price_nano
        self._covered, self._due, self._wanted = 2 * LEAD_TOKENS, LEAD_TOKENS, 0
        self._extension: asyncio.Future[bool] | None = None
        self._rest = self._end = b""

    async def told(self) -> tuple[int, int, str]:
        """Tells all but the end; then what was used of input and output, and who says so."""
        call, exchange, used = self._call, self._exchange, None
        try:
            while data := await exchange.next_bytes():
                data = self._rest + data
                cut = data.rfind(b"\n\n") + 2
                seen_tokens, told = call.seen_tokens, []
                for event in data[: cut - 2].split(b"\n\n") if cut > 1 else ():
                    if event == _DONE:
                        self._end = _DONE + b"\n\n"
                        break
                    value = orjson.loads(event[6:])
                    if value.get("usage"):
                        used = value["usage"]
                        continue
                    told.append(event)
                    for choice in value["choices"]:
                        text = choice["delta"].get("content")
                        if text:
                            seen_tokens += len(text) if text.isascii() else len(text.encode())
                self._rest = data[cut:]
                if seen_tokens > self._covered and not await self._is_covered(seen_tokens):
                    return 0, call.seen_tokens, "estimated"
                call.seen_tokens = seen_tokens
                self._write(b"\n\n".join([*told, b""]))
                if self._end:
                    exchange.finish()
                    break
                if self._door.is_full:
                    await self._door.drained()
                exchange.pass_on(self._passes)
        finally:
            await exchange.close()
        return (used["prompt_tokens"], used["completion_tokens"], "provider") if used else (0, call.seen_tokens, "estimated")

    def end(self) -> None:
        """The last words, once all is booked."""
        end = self._end or _DONE + b"\n\n"
        self._door.transport.write(b"%b%x\r\n%b\r\n0\r\n\r\n" % (self._head, len(end), end))

    def _passes(self, data: bytes) -> bool:
        """Tells what has just arrived before anybody is woken for it, if it is text alone and held for."""
        data = self._rest + data
        cut = data.rfind(b"\n\n") + 2
        if cut < 2 or self._door.is_full or self._head:
            return False
        seen_tokens = self._call.seen_tokens
        for event in data[: cut - 2].split(b"\n\n"):
            if event == _DONE:
                return False
            value = orjson.loads(event[6:])
            if "usage" in value:
                return False
            for choice in value["choices"]:
                text = choice["delta"].get("content")
                if text:
                    seen_tokens += len(text) if text.isascii() else len(text.encode())
        if seen_tokens > self._covered:
            return False
        self._rest = data[cut:]
        self._call.seen_tokens = seen_tokens
        self._door.transport.write(b"%x\r\n%b\r\n" % (cut, data[:cut]))
        if seen_tokens > self._due:
            self._wanted, self._due = seen_tokens + 2 * LEAD_TOKENS - self._covered, _NEVER
            nano = self._wanted * self._price_nano
            self._extension = self._books.ask_in_a_round(self._call, nano // NANO_PER_MILLI, nano)
            self._extension.add_done_callback(self._extended)
        return True

    def _write(self, events: bytes) -> None:
        if events:
            self._door.transport.write(b"%b%x\r\n%b\r\n" % (self._head, len(events), events))
            self._head = b""

    def _extended(self, answer: "asyncio.Future[bool]") -> None:
        self._extension = None
        if not answer.cancelled() and answer.result():
            self._covered += self._wanted
            self._due = self._covered - LEAD_TOKENS

    async def _is_covered(self, seen_tokens: int) -> bool:
        """Asks at once for as many tokens and two leads more, after what was asked for already."""
        if self._extension is not None:
            self._books.hurry()
            await asyncio.wait([self._extension])
        if seen_tokens > self._covered:
            self._wanted, self._due = seen_tokens + 2 * LEAD_TOKENS - self._covered, _NEVER
            nano = self._wanted * self._price_nano
            if not await self._books.ask(EXTEND, self._call, nano // NANO_PER_MILLI, nano):
                return False
            self._covered += self._wanted
            self._due = self._covered - LEAD_TOKENS
        return True


def relayed(url: str) -> Answer:
    """Bytes through the same door and the same client, and nothing else done."""
    upstream = RelayUpstream()

    async def answer(door: Door) -> None:
        request = UpstreamRequest("bare", "POST", url, _JSON, door.body, _TIMEOUTS, PROVIDER_CALLS_MAX, private_network=True)
        exchange = await upstream.open(request)
        write, is_stream = door.transport.write, exchange.headers["content-type"] == "text/event-stream"
        data = await exchange.next_bytes()
        if not is_stream:
            while more := await exchange.next_bytes():
                data += more
            write(b"HTTP/1.1 %d OK\r\ncontent-length: %d\r\n\r\n%b" % (exchange.status, len(data), data))
            return

        def passes(data: bytes) -> bool:
            if door.is_full:
                return False
            write(b"%x\r\n%b\r\n" % (len(data), data))
            return True

        exchange.pass_on(passes)
        write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        try:
            while data:
                write(b"%x\r\n%b\r\n" % (len(data), data))
                if door.is_full:
                    await door.drained()
                data = await exchange.next_bytes()
        finally:
            await exchange.close()
        write(b"0\r\n\r\n")

    return answer
