"""A load generator: keep-alive connections that ask the same thing again and again, each as fast as it is answered."""

import asyncio
from dataclasses import dataclass
from typing import Final

import httptools

ANSWER_WAIT_S: Final = 30.0


class _Caller(asyncio.Protocol):
    """One connection: sends, reads to the end of the answer, sends again until the shared count is used up."""

    def __init__(self, request: bytes, left: list[int]) -> None:
        self._request = request
        self._left = left
        self._parser = httptools.HttpResponseParser(self)
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.answers = 0
        self.failures = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() == 200:
            self.answers += 1
        else:
            self.failures += 1
        self._parser = httptools.HttpResponseParser(self)
        self._ask()

    def _ask(self) -> None:
        if self._left[0] == 0:
            self._transport.close()
            return
        self._left[0] -= 1
        self._transport.write(self._request)


@dataclass(frozen=True, slots=True)
class Load:
    """The same `request` to `port`, over `connections` connections at once."""

    port: int
    request: bytes
    connections: int

    async def run(self, calls: int) -> None:
        """Makes `calls` calls. Raises when any was not answered with 200."""
        left = [calls]
        connect = asyncio.get_running_loop().create_connection
        pairs = [await connect(lambda: _Caller(self.request, left), "127.0.0.1", self.port) for _ in range(self.connections)]
        callers = [caller for _, caller in pairs]
        async with asyncio.timeout(ANSWER_WAIT_S + calls / 50):
            await asyncio.gather(*(caller.done for caller in callers))
        answers = sum(caller.answers for caller in callers)
        if answers != calls:
            raise RuntimeError(f"{answers} of {calls} calls were answered, {sum(c.failures for c in callers)} with an error")


def http_request(path: str, key: str, body: bytes) -> bytes:
    """The bytes of one call."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
