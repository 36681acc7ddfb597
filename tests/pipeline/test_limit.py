"""Waits of one length: each ends in its own time, and only by what it was bounded by."""

import asyncio

import pytest

from proxy.pipeline.limit import Limit


async def test_what_is_quick_enough_goes_on_and_is_forgotten() -> None:
    limit = Limit(1_000)
    for _ in range(100):
        with limit():
            await asyncio.sleep(0)
    assert len(limit.waits) == 1


async def test_what_takes_longer_is_a_timeout_and_no_cancellation() -> None:
    limit = Limit(10)
    for _ in range(2):
        with pytest.raises(TimeoutError), limit():
            await asyncio.Event().wait()
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0


async def test_many_at_once_end_each_by_itself() -> None:
    limit, gate = Limit(50), asyncio.Event()

    async def wait(quick: bool) -> str:
        try:
            with limit():
                await (asyncio.sleep(0) if quick else gate.wait())
        except TimeoutError:
            return "late"
        return "in time"

    assert await asyncio.gather(*(wait(place % 2 == 0) for place in range(6))) == ["in time", "late"] * 3


async def test_a_cancellation_from_outside_stays_one() -> None:
    limit = Limit(60_000)

    async def wait() -> None:
        with limit():
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_in_the_moment_of_the_timeout_stays_one() -> None:
    limit = Limit(0)

    async def wait() -> None:
        with limit():
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    limit.waits[0].end()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
