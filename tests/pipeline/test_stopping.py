"""Claims about calls that the gateway itself has to end: each is settled once, and its caller hears why."""

import asyncio
from collections.abc import Awaitable, Callable

from proxy.domain.errors import Refusal
from proxy.domain.ledger import Settled, Settlement
from proxy.workers.pulse import SILENT
from tests.pipeline.counting_books import CountingBooks
from tests.pipeline.theatre import WAIT, Script, Theatre, chunk, whole

SOON_S = 0.01


class WatchedBooks(CountingBooks):
    """Books that take their time to settle, and say when they have begun."""

    def __init__(self) -> None:
        super().__init__()
        self.settling = asyncio.Event()

    async def settle(self, settlement: Settlement) -> Settled:
        self.slow_settle = True
        self.settling.set()
        return await super().settle(settlement)


async def _stopped(theatre: Theatre, playing: Callable[[], Awaitable[Refusal | None]]) -> tuple[int, Refusal | None]:
    """How many calls were stopped in the middle, and what the one returned."""
    task = asyncio.ensure_future(playing())
    await asyncio.sleep(SOON_S)
    count = theatre.pipeline.traffic.stop(SILENT)
    return count, await task


async def test_a_stream_ends_with_an_error_event_and_is_charged_what_came() -> None:
    theatre = Theatre(Script([chunk("hello"), WAIT]))
    assert await _stopped(theatre, lambda: theatre.play(stream=True)) == (1, None)
    assert theatre.reply.events[-1]["error"]["code"] == "store_unavailable"
    assert theatre.reply.ended
    assert theatre.upstream.exchanges[0].closed
    assert (theatre.settled.status, theatre.settled.code) == ("cut", "store_unavailable")
    assert theatre.settled.credits_milli > 0
    assert theatre.pipeline.traffic.live == 0


async def test_a_whole_answer_becomes_a_503_and_costs_nothing() -> None:
    theatre = Theatre(Script([WAIT]))
    assert await _stopped(theatre, theatre.play) == (1, SILENT)
    assert not theatre.reply.started
    assert (theatre.settled.status, theatre.settled.code, theatre.settled.http_status) == ("failed", "store_unavailable", 503)
    assert theatre.settled.credits_milli == 0


async def test_a_call_is_stopped_once_however_often_it_is_told() -> None:
    theatre = Theatre(Script([chunk("hello"), WAIT]))
    playing = asyncio.ensure_future(theatre.play(stream=True))
    await asyncio.sleep(SOON_S)
    assert [theatre.pipeline.traffic.stop(SILENT) for _ in range(3)] == [1, 0, 0]
    await playing
    assert len(theatre.books.settlements) == 1


async def test_a_call_that_is_settling_ends_as_it_would_have() -> None:
    books = WatchedBooks()
    theatre = Theatre(whole(), books=books)
    playing = asyncio.ensure_future(theatre.play())
    await books.settling.wait()
    assert theatre.pipeline.traffic.stop(SILENT) == 0
    assert await playing is None
    assert theatre.reply.json["choices"][0]["message"]["content"] == "hello"


async def test_an_outage_holds_up_neither_the_stop_nor_the_word_of_it() -> None:
    books = CountingBooks()
    books.slow_settle = True
    theatre = Theatre(Script([chunk("hello"), WAIT]), books=books)
    await _stopped(theatre, lambda: theatre.play(stream=True))
    assert theatre.reply.events[-1]["error"]["code"] == "store_unavailable"
    assert "settle_late" in theatre.fixed.incidents


async def test_a_stop_from_outside_is_still_a_stop_from_outside() -> None:
    theatre = Theatre(Script([chunk("hello"), WAIT]))
    playing = asyncio.ensure_future(theatre.play(stream=True))
    await asyncio.sleep(SOON_S)
    playing.cancel()
    assert isinstance((await asyncio.gather(playing, return_exceptions=True))[0], asyncio.CancelledError)
    assert theatre.settled.code == "shutting_down"
