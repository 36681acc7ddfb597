"""Places at a provider: never more inside than the limit, first come first served, none lost to a cancelled wait."""

import asyncio

import pytest

from proxy.upstream import gate
from proxy.upstream.gate import Gate, GateFull


async def waiting(place: Gate, limit: int = 1) -> "asyncio.Task[None]":
    """A task that stands in the queue."""
    task = asyncio.ensure_future(place.enter(limit))
    await asyncio.sleep(0)
    return task


async def test_those_who_wait_enter_in_order() -> None:
    place = Gate()
    await place.enter(1)
    first, second = await waiting(place), await waiting(place)
    place.leave()
    await asyncio.sleep(0)
    assert (first.done(), second.done(), place.inside) == (True, False, 1)
    place.leave()
    await second
    assert place.inside == 1


async def test_a_cancelled_wait_takes_no_place() -> None:
    place = Gate()
    await place.enter(1)
    first, second = await waiting(place), await waiting(place)
    first.cancel()
    place.leave()
    await second
    assert (first.cancelled(), place.inside) == (True, 1)


async def test_a_turn_that_came_too_late_goes_to_the_next() -> None:
    place = Gate()
    await place.enter(1)
    first, second = await waiting(place), await waiting(place)
    place.leave()
    first.cancel()
    await second
    assert (first.cancelled(), place.inside) == (True, 1)


async def test_a_raised_limit_lets_the_next_caller_in() -> None:
    place = Gate()
    await place.enter(1)
    await place.enter(2)
    assert place.inside == 2


async def test_the_queue_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "WAITING_MAX", 1)
    place = Gate()
    await place.enter(1)
    patient = await waiting(place)
    with pytest.raises(GateFull):
        await place.enter(1)
    place.leave()
    await patient
