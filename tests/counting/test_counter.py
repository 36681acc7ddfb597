"""Claims about the counter: it loads late and once, holds up no event loop, and rather counts nothing than lets
calls wait long."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from proxy.counting import counter as counting
from proxy.counting.counter import BoundedCounter, Count, NoCounter
from proxy.domain.catalog import Vocabulary

LONG = "x" * (counting.INLINE_CHARS_MAX + 1)


class Bench:
    """A counter of letters that remembers what was loaded and in which threads it worked. Long texts wait for `gate`."""

    def __init__(self) -> None:
        self.loaded: list[str] = []
        self.threads: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.counter = BoundedCounter(self._load)

    def _load(self, vocabulary: Vocabulary) -> Count:
        self.loaded.append(vocabulary)
        return self._count

    def _count(self, text: str) -> int:
        self.threads.append(threading.current_thread().name)
        if len(text) > counting.INLINE_CHARS_MAX:
            self.gate.wait(timeout=60)
        return len(text)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    made.gate.set()
    made.counter.close()


async def test_a_vocabulary_is_loaded_when_it_is_first_asked_for_and_once(bench: Bench) -> None:
    assert bench.loaded == []
    counts = await asyncio.gather(*(bench.counter.count("o200k_base", ["a", "bc"]) for _ in range(5)))
    assert (counts, bench.loaded) == ([3] * 5, ["o200k_base"])
    await bench.counter.count("cl100k_base", ["a"])
    assert bench.loaded == ["o200k_base", "cl100k_base"]


async def test_short_texts_are_counted_at_once_and_long_ones_beside_the_loop(bench: Bench) -> None:
    await bench.counter.count("o200k_base", [])
    await bench.counter.count("o200k_base", ["short"])
    await bench.counter.count("o200k_base", [LONG])
    here, beside = bench.threads
    assert here == threading.current_thread().name
    assert beside.startswith("counter")


async def test_what_no_model_reads_is_not_counted(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "TEXT_CHARS_MAX", 10)
    assert await bench.counter.count("o200k_base", ["x" * 6, "x" * 5]) is None
    assert await bench.counter.count("o200k_base", ["x" * 5, "x" * 5]) == 10


async def test_a_call_that_would_wait_long_is_not_counted(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "QUEUED_CHARS_MAX", 2 * len(LONG))
    bench.gate.clear()
    counting_two = [asyncio.ensure_future(bench.counter.count("o200k_base", [LONG])) for _ in range(2)]
    await asyncio.sleep(0)
    assert await bench.counter.count("o200k_base", [LONG]) is None
    bench.gate.set()
    assert await asyncio.gather(*counting_two) == [len(LONG)] * 2
    assert await bench.counter.count("o200k_base", [LONG]) == len(LONG)


async def test_who_leaves_makes_no_room_until_the_thread_has_done_its_text(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "QUEUED_CHARS_MAX", len(LONG))
    bench.gate.clear()
    left = asyncio.ensure_future(bench.counter.count("o200k_base", [LONG]))
    await asyncio.sleep(0)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    assert await bench.counter.count("o200k_base", [LONG]) is None
    bench.gate.set()
    while await bench.counter.count("o200k_base", [LONG]) is None:  # noqa: ASYNC110 - the thread tells nobody
        await asyncio.sleep(0.001)


async def test_nothing_new_is_counted_beside_the_loop_after_the_end(bench: Bench) -> None:
    bench.counter.close()
    assert await bench.counter.count("o200k_base", [LONG]) is None


async def test_where_there_is_no_vocabulary_nothing_is_said() -> None:
    assert await NoCounter().count("o200k_base", ["text"]) is None
