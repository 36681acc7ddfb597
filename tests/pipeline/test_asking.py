"""Claims about what a stream asks the books for: how long it waits is measured by the books, not by its own process."""

import asyncio
import time
from collections.abc import Sequence

import pytest

from proxy.domain.ledger import ExtendAck, Held
from proxy.pipeline import asking
from proxy.pipeline.asking import AWAY, Asking, Granted
from proxy.pipeline.waiting import WaitingLimits, WaitingRoom
from proxy.stages.hold import HoldSize
from tests.pipeline.counting_books import CountingBooks

SIZE = HoldSize(1, 1, 1)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "ANSWER_WAIT_S", 0.1)
    monkeypatch.setattr(asking, "LOOK_EVERY_S", 0.01)


async def _begun(answer: "asyncio.Future[ExtendAck | None]") -> Asking:
    async def extend(_: Sequence[HoldSize]) -> ExtendAck | None:
        return await answer

    begun = Asking(WaitingRoom(CountingBooks(), WaitingLimits()))
    begun.begin(extend, [SIZE])
    return begun


async def test_books_that_do_not_answer_are_away() -> None:
    begun = await _begun(asyncio.get_running_loop().create_future())
    assert await begun.answer() is None
    assert begun.short is AWAY
    begun.drop()


async def test_books_that_have_answered_while_this_process_had_no_time_are_not() -> None:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[ExtendAck | None] = loop.create_future()
    begun = await _begun(answer)

    def have_no_time() -> None:
        time.sleep(2 * asking.ANSWER_WAIT_S)
        # As from the books' own thread: heard in a later turn.
        loop.call_soon(loop.call_soon, answer.set_result, Held("h", 1))

    loop.call_later(0.01, have_no_time)
    assert await begun.answer() == Granted(SIZE, Held("h", 1))
    assert begun.short is None
