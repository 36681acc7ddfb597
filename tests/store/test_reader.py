"""Claims about reading for many: who waits together is told from one read, and nobody's answer depends on a neighbour."""

import asyncio
from collections.abc import Sequence

import pytest

from proxy.ports import StoreUnavailable
from proxy.store.reader import GROUP_MAX, GroupReader


class Book:
    """Doubles what it is asked; an odd question has no answer, and nothing is answered before the gate is open."""

    def __init__(self) -> None:
        self.reads: list[int] = []
        self.gate = asyncio.Event()
        self.fault: Exception | None = None

    async def read(self, asked: Sequence[int]) -> Sequence[int | Exception]:
        self.reads.append(len(asked))
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        return [ValueError(str(number)) if number % 2 else 2 * number for number in asked]


async def _asked(reader: GroupReader[int, int], numbers: Sequence[int]) -> list[asyncio.Task[int]]:
    asking = [asyncio.create_task(reader.ask(number)) for number in numbers]
    await asyncio.sleep(0)
    return asking


async def test_who_comes_while_a_read_is_under_way_shares_the_next() -> None:
    book = Book()
    reader = GroupReader(book.read)
    first = await _asked(reader, [0])
    await asyncio.sleep(0)
    others = await _asked(reader, [2, 4, 6])
    book.gate.set()
    assert await asyncio.gather(*first, *others) == [0, 4, 8, 12]
    assert book.reads == [1, 3]


async def test_a_question_without_an_answer_fails_alone() -> None:
    book = Book()
    book.gate.set()
    good, bad, other = await _asked(GroupReader(book.read), [2, 3, 4])
    assert (await good, await other) == (4, 8)
    with pytest.raises(ValueError, match="3"):
        await bad


async def test_one_who_leaves_takes_nobodys_answer_away() -> None:
    book = Book()
    leaver, other = await _asked(GroupReader(book.read), [2, 4])
    await asyncio.sleep(0)
    leaver.cancel()
    book.gate.set()
    assert await other == 8


@pytest.mark.parametrize("fault", [StoreUnavailable("away"), RuntimeError("a defect")])
async def test_a_read_that_fails_leaves_nobody_waiting_and_the_next_is_made_all_the_same(fault: Exception) -> None:
    book = Book()
    reader = GroupReader(book.read)
    book.gate.set()
    book.fault = fault
    for asking in await _asked(reader, [2, 4]):
        with pytest.raises(StoreUnavailable):
            await asking
    book.fault = None
    assert await reader.ask(6) == 12


async def test_a_group_is_bounded() -> None:
    book = Book()
    asking = await _asked(GroupReader(book.read), range(0, 2 * GROUP_MAX + 2, 2))
    book.gate.set()
    assert len(await asyncio.gather(*asking)) == GROUP_MAX + 1
    assert book.reads == [GROUP_MAX, 1]
