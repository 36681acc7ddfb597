"""The chronicle of health: turns are written at once, counts in time; while the store is away nothing is lost or told twice."""

from collections.abc import Sequence

import pytest

from proxy.domain.errors import Fault
from proxy.domain.health import Tried
from proxy.domain.oversight import SLOT_MS, PhaseChange, Slot
from proxy.ports import StoreUnavailable
from proxy.upstream.health import COUNTS_MAX, PassiveHealth
from proxy.workers.chronicler import WRITE_EVERY_MS, Chronicler
from tests.builders import NOW_MS
from tests.contracts.set_clock import SetClock

BROKEN = Fault("server_error", status=500)


class Book:
    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.changes: list[PhaseChange] = []
        self.is_away = False

    async def add(self, slots: Sequence[Slot], changes: Sequence[PhaseChange], now_ms: int) -> None:
        if self.is_away:
            raise StoreUnavailable("a test")
        self.slots += slots
        self.changes += changes


def tried(board: PassiveHealth, fault: Fault | None, times: int = 1, model: str = "p/m") -> None:
    for _ in range(times):
        permit = board.admit(model, "p")
        assert permit is not None
        board.ended(permit, Tried(fault))


async def test_counts_are_written_every_ten_seconds() -> None:
    clock, book = SetClock(), Book()
    board = PassiveHealth(clock, lambda: 0.5)
    chronicler = Chronicler(board, book.add, clock)
    tried(board, None, 2)
    tried(board, BROKEN)
    await chronicler.look()
    assert book.slots == []
    clock.at_ms += WRITE_EVERY_MS
    await chronicler.look()
    await chronicler.look()
    assert book.slots == [Slot(NOW_MS // SLOT_MS * SLOT_MS, "p/m", "p", 3, 1)]
    assert board.counted() == []


async def test_a_turn_is_written_at_once_and_once() -> None:
    clock, book = SetClock(), Book()
    board = PassiveHealth(clock, lambda: 0.5)
    chronicler = Chronicler(board, book.add, clock)
    tried(board, BROKEN, 5)
    await chronicler.look()
    await chronicler.look()
    assert [(turn.kind, turn.object_id, turn.phase, turn.why) for turn in book.changes] == [
        ("model", "p/m", "open", "server_error")
    ]


async def test_what_a_store_that_was_away_did_not_take_is_written_later() -> None:
    clock, book = SetClock(), Book()
    board = PassiveHealth(clock, lambda: 0.5)
    chronicler = Chronicler(board, book.add, clock)
    tried(board, BROKEN, 5)
    book.is_away = True
    with pytest.raises(StoreUnavailable):
        await chronicler.look()
    book.is_away = False
    await chronicler.look()
    assert (len(book.changes), [(slot.attempts, slot.faults) for slot in book.slots]) == (1, [(5, 5)])


async def test_what_is_counted_while_counts_are_written_stays() -> None:
    board = PassiveHealth(SetClock(), lambda: 0.5)
    tried(board, None, 2)
    seen = board.counted()
    tried(board, None)
    board.written(seen)
    assert [slot.attempts for slot in board.counted()] == [1]


async def test_what_callers_did_wrong_is_no_fault_and_an_attempt_that_taught_nothing_no_attempt() -> None:
    board = PassiveHealth(SetClock(), lambda: 0.5)
    tried(board, Fault("bad_request", status=400))
    permit = board.admit("p/m", "p")
    assert permit is not None
    board.ended(permit, None)
    assert [(slot.attempts, slot.faults) for slot in board.counted()] == [(1, 0)]


async def test_counts_are_bounded() -> None:
    board = PassiveHealth(SetClock(), lambda: 0.5)
    for number in range(COUNTS_MAX + 5):
        tried(board, None, model=f"p/{number}")
    assert len(board.counted()) == COUNTS_MAX
