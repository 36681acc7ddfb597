"""Keeps the chronicle: what the health board counted and how breakers stand in, sums and turns of phase to the store out;
changes no breaker."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Final, Literal

from proxy.domain.health import Phase, Vitals
from proxy.domain.oversight import PhaseChange, Slot
from proxy.ports import Clock, HealthBoard

WRITE_EVERY_MS: Final = 10_000
# While the store is away: turns that nobody could write down, the oldest go first.
CHANGES_MAX: Final = 1_000

Write = Callable[[Sequence[Slot], Sequence[PhaseChange], int], Awaitable[None]]
Known = dict[tuple[Literal["model", "provider"], str], Phase]


class Chronicler:
    """`look` runs on a schedule, more often than the shortest pause of a breaker lasts; a turn is written down at once, counts
    every ten seconds."""

    def __init__(self, board: HealthBoard, write: Write, clock: Clock) -> None:
        self._board = board
        self._write = write
        self._clock = clock
        self._known: Known = {}
        self._changes: list[PhaseChange] = []
        self._written_at_ms = clock.now_ms()

    async def look(self) -> None:
        """One round. What could not be written is written with the next."""
        now_ms, report = self._clock.now_ms(), self._board.report()
        self._changes += [*self._turned("model", report.models, now_ms), *self._turned("provider", report.providers, now_ms)]
        del self._changes[:-CHANGES_MAX]
        slots = self._board.counted() if self._changes or now_ms - self._written_at_ms >= WRITE_EVERY_MS else []
        if not slots and not self._changes:
            return
        changes = list(self._changes)
        await self._write(slots, changes, now_ms)
        self._board.written(slots)
        del self._changes[: len(changes)]
        self._written_at_ms = now_ms

    def _turned(self, kind: Literal["model", "provider"], vitals: Mapping[str, Vitals], now_ms: int) -> Iterator[PhaseChange]:
        for id, seen in vitals.items():
            if self._known.get((kind, id), "closed") != seen.phase:
                yield PhaseChange(seen.since_ms or now_ms, kind, id, seen.phase, seen.why)
            self._known[kind, id] = seen.phase
