"""A measuring instrument and no part of the product: a caller's connection in, its requests one after the other to whoever
answers them; the least that HTTP/1.1 can be read with here, which refuses nothing that the parser takes."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, cast

from httptools import HttpRequestParser

UNSENT_BYTES_MAX: Final = 16 * 1024

Answer = Callable[["Door"], Coroutine[Any, Any, None]]


class Door(asyncio.Protocol):
    """One connection. While `answer` runs, `url`, `authorization` and `body` are those of the request it was begun for."""

    __slots__ = ("_answer", "_drained", "_parser", "_parts", "_task", "authorization", "body", "is_full", "transport", "url")

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._parser = HttpRequestParser(self)
        self._parts: list[bytes] = []
        self._task: asyncio.Task[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self.url = self.authorization = self.body = b""
        self.is_full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(UNSENT_BYTES_MAX)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.url, self.authorization = url, b""

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(name) == 13 and name.lower() == b"authorization":
            self.authorization = value

    def on_body(self, part: bytes) -> None:
        self._parts.append(part)

    def on_message_complete(self) -> None:
        parts = self._parts
        self.body = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        self._task = asyncio.get_running_loop().create_task(self._answer(self))

    def pause_writing(self) -> None:
        self.is_full = True

    def resume_writing(self) -> None:
        self.is_full = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    async def drained(self) -> None:
        """Waits until the caller has read most of what was written."""
        while self.is_full:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained
