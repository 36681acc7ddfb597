"""Answers to calls that were made under an idempotency key: what a caller hears in, the same bytes once more out; in this
process's memory alone, for a while, within bounds."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from proxy.domain.value import dataclass
from proxy.ports import Reply


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """An answer is kept for `kept_ms` after its end (0: none is). At most `answers_max` are, and `bytes_max` bytes of them and
    of those being spoken; the oldest is forgotten first."""

    kept_ms: int = 600_000
    answers_max: int = 1_000
    bytes_max: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """One whole answer: its headers and all its bytes."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    streamed: bool

    async def speak(self, reply: Reply) -> None:
        """Says it again, a stream as one burst."""
        if self.streamed:
            reply.open_by(0, self.headers)
        await reply.start(200, self.headers)
        await reply.end(self.body)


class Answers:
    """What was said and is being said under keys, by call id."""

    def __init__(self, limits: AnswerLimits) -> None:
        self._limits = limits
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._speaking: set[str] = set()
        self._bytes = 0

    def get(self, call_id: str) -> Kept | None:
        return self._kept.get(call_id)

    def is_speaking(self, call_id: str) -> bool:
        """Whether the call goes on in this process, be its hold resolved or not."""
        return call_id in self._speaking

    @contextmanager
    def recording(self, call_id: str, reply: Reply) -> Iterator[Reply]:
        """`reply` as it is; what it says is kept once it has said it all."""
        recording = _Recording(self, call_id, reply)
        self._speaking.add(call_id)
        try:
            yield recording
        finally:
            self._speaking.discard(call_id)
            recording.give_up()

    def reserve(self, size_bytes: int) -> bool:
        """Whether so much more may be remembered, older answers making room; it counts from now on."""
        while self._kept and self._bytes + size_bytes > self._limits.bytes_max:
            self._forget(next(iter(self._kept)))
        if not self._limits.kept_ms or self._bytes + size_bytes > self._limits.bytes_max:
            return False
        self._bytes += size_bytes
        return True

    def release(self, size_bytes: int) -> None:
        """So much was reserved and is not remembered any more."""
        self._bytes -= size_bytes

    def keep(self, call_id: str, kept: Kept) -> None:
        """Keeps what was reserved, for its time."""
        while len(self._kept) >= self._limits.answers_max:
            self._forget(next(iter(self._kept)))
        self._kept[call_id] = kept
        asyncio.get_running_loop().call_later(self._limits.kept_ms / 1_000, self._forget, call_id)

    def _forget(self, call_id: str) -> None:
        kept = self._kept.pop(call_id, None)
        if kept is not None:
            self.release(len(kept.body))


class _Recording:
    """Implements ports.Reply. An answer that finds no room is spoken all the same, and not kept."""

    def __init__(self, answers: Answers, call_id: str, reply: Reply) -> None:
        self._answers = answers
        self._call_id = call_id
        self._reply = reply
        self._headers: tuple[tuple[bytes, bytes], ...] = ()
        self._streamed = False
        self._said: list[bytes] | None = []

    @property
    def gone(self) -> bool:
        return self._reply.gone

    @property
    def started(self) -> bool:
        return self._reply.started

    async def start(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self._headers = tuple(headers)
        await self._reply.start(status, headers)

    async def write(self, data: bytes) -> None:
        self._hear(data)
        await self._reply.write(data)

    def write_now(self, data: bytes) -> bool:
        is_written = self._reply.write_now(data)
        if is_written:
            self._hear(data)
        return is_written

    async def end(self, data: bytes = b"") -> None:
        self._hear(data)
        if self._said is not None:
            # Before it is sent: who loses its connection over the last bytes may ask for them again.
            self._answers.keep(self._call_id, Kept(self._headers, b"".join(self._said), self._streamed))
            self._said = None
        await self._reply.end(data)

    def open_by(self, after_ms: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        # These lead the answer when its status has to leave before its model is known.
        self._headers, self._streamed = tuple(headers), True
        self._reply.open_by(after_ms, headers)

    def on_leave(self, callback: Callable[[], None] | None) -> None:
        self._reply.on_leave(callback)

    async def pause(self, ms: int) -> None:
        await self._reply.pause(ms)

    def give_up(self) -> None:
        """What was not said to its end is not kept."""
        if self._said is not None:
            self._answers.release(sum(map(len, self._said)))
            self._said = None

    def _hear(self, data: bytes) -> None:
        if self._said is None:
            return
        if self._answers.reserve(len(data)):
            self._said.append(data)
        else:
            self.give_up()
