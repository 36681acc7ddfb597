"""The way back to one caller over ASGI: what the pipeline says in, messages out; notices departure and stalled readers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, Final

from proxy.domain.value import dataclass

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
Headers = Sequence[tuple[bytes, bytes]]

_PLAIN: Final[Mapping[str, Any]] = {}
_STREAM_HEADERS = [(b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no")]


@dataclass(frozen=True, slots=True)
class ReplyLimits:
    """`comment_every_ms` keeps a silent stream open; a reader that takes nothing for `stall_ms` is dropped."""

    comment_every_ms: int = 15_000
    stall_ms: int = 60_000


class AsgiReply:
    """Implements ports.Reply. `connection` is what the server can do beyond ASGI. Somebody calls `left` when the caller leaves,
    and `dispose` when the call is over."""

    def __init__(
        self,
        send: Send,
        headers: Headers,
        limits: ReplyLimits,
        connection: Mapping[str, Any] = _PLAIN,
    ) -> None:
        self._send = send
        self._send_now: Callable[[bytes], bool] | None = connection.get("send_now")
        self._abort: Callable[[], None] | None = connection.get("abort")
        self._whole: str | None = connection.get("whole")
        self._first: str | None = connection.get("opening")
        self._head: Message | None = None
        self._headers = list(headers)
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._paused: asyncio.Event | None = None
        self._on_leave: Callable[[], None] | None = None
        self._opening: asyncio.TimerHandle | None = None
        self._ticking: asyncio.TimerHandle | None = None
        self._tasks: frozenset[asyncio.Task[None]] = frozenset()
        self._last_write_s = self._loop.time()
        self._writing_since_s: float | None = None
        self._ended = False
        self.gone = False
        self.started = False

    def left(self) -> None:
        """The caller has left; after the end of the answer that means nothing."""
        if not self._ended:
            self._leave()

    async def start(self, status: int, headers: Headers) -> None:
        self.started = True
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        head = {"type": "http.response.start", "status": status, "headers": [*headers, *self._headers]}
        has_length = bool(headers) and headers[-1][0] == b"content-length"
        if (self._whole if has_length else self._first) is None:
            await self._send(head)
        else:
            # A head leaves with its body, or with the first piece of it, which always comes in the same breath.
            self._head = {**head, "type": self._whole if has_length else self._first}

    async def write(self, data: bytes) -> None:
        self._writing_since_s = self._last_write_s = self._loop.time()
        head, self._head = self._head, None
        if head is None:
            await self._send({"type": "http.response.body", "body": data, "more_body": True})
        else:
            await self._send_first(head, data, more=True)
        self._writing_since_s = None

    def write_now(self, data: bytes) -> bool:
        if self._send_now is None or self._writing_since_s is not None or self.gone or not self._send_now(data):
            return False
        self._last_write_s = self._loop.time()
        return True

    async def end(self, data: bytes = b"") -> None:
        # The timers outlive the last write, for its reader may stall as well.
        self._writing_since_s = self._loop.time()
        if self.gone:
            pass
        elif self._head is not None:
            await self._send_first(self._head, data, more=False)
        else:
            await self._send({"type": "http.response.body", "body": data, "more_body": False})
        self.dispose()

    def open_by(self, after_ms: int, headers: Headers) -> None:
        self._headers += _STREAM_HEADERS
        self._opening = self._loop.call_later(after_ms / 1_000, self._spawn, self._open_early, headers)
        self._ticking = self._loop.call_later(self._limits.comment_every_ms / 1_000, self._tick)

    def on_leave(self, callback: Callable[[], None] | None) -> None:
        self._on_leave = callback
        if self.gone and callback is not None:
            callback()

    async def pause(self, ms: int) -> None:
        if self.gone:
            return
        # Few calls pause, and each open stream would carry the 740 bytes of an event.
        self._paused = asyncio.Event()
        try:
            async with asyncio.timeout(ms / 1_000):
                await self._paused.wait()
        except TimeoutError:
            return

    def dispose(self) -> None:
        """Ends every timer; nothing is said on its own after this."""
        self._ended = True
        for timer in (self._opening, self._ticking):
            if timer is not None:
                timer.cancel()
        self._opening = self._ticking = None

    async def _send_first(self, head: Message, data: bytes, more: bool) -> None:
        if more == (head["type"] == self._first):
            await self._send({**head, "body": data})
        else:
            await self._send({**head, "type": "http.response.start"})
            await self._send({"type": "http.response.body", "body": data, "more_body": more})

    async def _open_early(self, headers: Headers) -> None:
        if not self.started and not self._ended:
            await self.start(200, headers)
            await self.write(b": waiting for the model\n\n")

    async def _comment(self) -> None:
        if self.started and not self._ended and self._writing_since_s is None:
            await self.write(b": still here\n\n")

    def _tick(self) -> None:
        now_s = self._loop.time()
        stalled_s = now_s - self._writing_since_s if self._writing_since_s is not None else 0.0
        if stalled_s * 1_000 >= self._limits.stall_ms:
            self._leave()
            if self._abort is not None:
                self._abort()
            return
        if (now_s - self._last_write_s) * 1_000 >= self._limits.comment_every_ms:
            self._spawn(self._comment)
        self._ticking = self._loop.call_later(self._limits.comment_every_ms / 1_000, self._tick)

    def _leave(self) -> None:
        self.gone = True
        if self._paused is not None:
            self._paused.set()
        if self._on_leave is not None:
            self._on_leave()

    def _spawn(self, work: Callable[..., Any], *arguments: Any) -> None:
        task: asyncio.Task[None] = self._loop.create_task(work(*arguments))
        self._tasks |= {task}
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks -= {task}
