"""One answer on its way to its caller and into a conversation that is kept: what the pipeline says in, the same to the caller
and rows of the store out; an outage of the store changes no answer."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from proxy.domain.chat import Json
from proxy.domain.conversation import Opening, Turn, Written
from proxy.domain.value import dataclass
from proxy.ports import Clock, Conversations, Recorder, Reply, StoreUnavailable
from proxy.stages.stream import Voice
from proxy.stages.stream.remembered import Remembered

# What a crash may lose of an answer that was read as it came.
SAVED_EVERY_NS: Final = 2_000_000_000
GO_ON: Final = "Go on exactly where your last answer stopped. Repeat nothing of it and say nothing about this."


@dataclass(frozen=True, slots=True)
class KeepingRooms:
    """What a keeper asks."""

    conversations: Conversations
    recorder: Recorder
    clock: Clock


class Keeper:
    """Implements Reply over another. Nothing is written before the answer begins: what was refused is not kept. `speaking`
    gives the call its voice, `close` is called when the call is over, whatever came of it. `going_on` is the answer that the
    call goes on with."""

    def __init__(self, rooms: KeepingRooms, opening: Opening, going_on: Turn | None) -> None:
        self._conversations = rooms.conversations
        self._recorder = rooms.recorder
        self._clock = rooms.clock
        self._opening = opening
        self._going_on = going_on
        self._reply: Reply | None = None
        self._voice: Remembered | None = None
        self._begun: asyncio.Task[int | None] | None = None
        self._saves: set[asyncio.Task[None]] = set()
        self._saved_ns = 0
        self._kept = False

    def over(self, reply: Reply) -> "Keeper":
        self._reply = reply
        return self

    def speaking(self, voice: Voice) -> Voice:
        turn, call_id = self._going_on, self._opening.call_id
        if turn is None:
            self._voice = Remembered(voice, call_id)
        else:
            self._voice = Remembered(voice, call_id, str(turn.content), turn.by.credits_milli)
        return self._voice

    @property
    def gone(self) -> bool:
        return self._to.gone

    @property
    def started(self) -> bool:
        return self._to.started

    async def start(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self._open()
        await self._to.start(status, headers)

    async def write(self, data: bytes) -> None:
        # Where the status had to leave early, these are the first words.
        self._open()
        await self._to.write(data)
        now_ns = self._clock.monotonic_ns()
        if self._begun is not None and now_ns - self._saved_ns > SAVED_EVERY_NS:
            self._saved_ns = now_ns
            self._save_beside()

    def write_now(self, data: bytes) -> bool:
        # It may have to be saved.
        return False

    async def end(self, data: bytes = b"") -> None:
        # Before its end is told, so that whoever heard it can go on at once.
        await self._keep()
        await self._to.end(data)

    def open_by(self, after_ms: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self._to.open_by(after_ms, headers)

    def on_leave(self, callback: Callable[[], None] | None) -> None:
        if callback is None:
            self._to.on_leave(None)
            return

        def left() -> None:
            # Its bill may take a while; its words are there for whoever comes back at once.
            self._save_beside(left=True)
            callback()

        self._to.on_leave(left)

    async def pause(self, ms: int) -> None:
        await self._to.pause(ms)

    async def close(self) -> None:
        """Keeps what has not been kept."""
        await self._keep()

    @property
    def _to(self) -> Reply:
        if self._reply is None:
            raise RuntimeError("a keeper stands over a reply")
        return self._reply

    def _open(self) -> None:
        # An answer that is repeated for its idempotency key has no voice: it was kept when it was made.
        if self._voice is not None and self._begun is None:
            self._begun = asyncio.ensure_future(self._begin())
            self._saved_ns = self._clock.monotonic_ns()

    async def _keep(self) -> None:
        if self._begun is None or self._voice is None or self._kept:
            return
        self._kept = True
        await self._save(_ended(self._voice.written()))

    def _save_beside(self, left: bool = False) -> None:
        if self._voice is None or self._begun is None:
            return
        written = self._voice.written()
        task = asyncio.ensure_future(self._save(_ended(written) if left else written))
        self._saves.add(task)
        task.add_done_callback(self._saves.discard)

    async def _begin(self) -> int | None:
        try:
            return await self._conversations.begin(self._opening)
        except StoreUnavailable:
            self._recorder.incident("conversation_not_kept")
            return None

    async def _save(self, written: Written) -> None:
        number = None if self._begun is None else await self._begun
        if number is None:
            return
        try:
            if written.text or written.state == "running" or self._opening.question is None:
                await self._conversations.save(self._opening, number, written)
            else:
                await self._conversations.withdraw(self._opening)
        except StoreUnavailable:
            self._recorder.incident("conversation_not_kept")


def said(turns: Sequence[Turn]) -> list[Json]:
    """The turns as messages; what was never answered with a word is left out."""
    return [{"role": turn.role, "content": turn.content} for turn in turns if turn.content]


def _ended(written: Written) -> Written:
    """As it stands when nothing more will come."""
    return Written(written.text, "cut", written.by) if written.state == "running" else written
