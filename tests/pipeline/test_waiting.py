"""Claims about calls whose credits others hold, over real books: who can be paid is served, in turns, and nobody waits for
ever."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proxy.domain.ledger import Held, HoldAck, HoldRefused, HoldRequest
from proxy.domain.standing import Cap
from proxy.pipeline import waiting as waiting_room
from proxy.pipeline.waiting import WaitingLimits, WaitingRoom
from proxy.ports import StoreUnavailable
from proxy.store.writer import GroupWriter, WriterLimits
from tests.contracts.ledger_house import Door, House, hold, month, settlement, sqlite_house
from tests.pipeline.theatre import RememberingReply

PATIENT_MS = 60_000
SHORT_MS = 50
APP = month(10_000, caps=(Cap("app:a1", "month", 1_000),))


class Hall:
    """A waiting room before the books of one process, and the order in which calls were admitted."""

    def __init__(self, door: Door, limits: WaitingLimits) -> None:
        self.books = GroupWriter(door.ledger, WriterLimits())
        self.room = WaitingRoom(self.books, limits)
        self.admitted: list[str] = []

    async def hold(self, request: HoldRequest, wait_ms: int = PATIENT_MS) -> HoldAck:
        ack, _ = await self.room.hold(request, wait_ms, RememberingReply())
        if isinstance(ack, Held):
            self.admitted.append(request.hold_id)
        return ack

    def waits(self, request: HoldRequest, wait_ms: int = PATIENT_MS) -> "asyncio.Task[HoldAck]":
        return asyncio.ensure_future(self.hold(request, wait_ms))

    async def settle(self, request: HoldRequest, credits_milli: int) -> None:
        await self.books.settle(settlement(request.hold_id, credits_milli))
        self.room.freed(request.account_id, request.terms)

    async def call(self, request: HoldRequest, credits_milli: int) -> HoldAck:
        """A whole call: held, run for a moment, settled."""
        ack = await self.hold(request)
        if isinstance(ack, Held):
            await asyncio.sleep(0)
            await self.settle(request, credits_milli)
        return ack

    async def until_waiting(self, number: int) -> None:
        for _ in range(5_000):
            if len(self.room) == number:
                return
            await asyncio.sleep(0.002)
        raise AssertionError(f"{len(self.room)} wait, not {number}")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with sqlite_house(tmp_path) as opened:
        yield opened


@pytest.fixture
async def hall(house: House) -> Hall:
    return Hall(await house.door(), WaitingLimits())


def of(account: str, number: int = 0, amount_milli: int = 1_000, **changes: Any) -> HoldRequest:
    """A call of an end user of app `a1`, whose 1,000 milli-credits a month they all share."""
    changes = {"account_id": account, "terms": APP, "scopes": (f"user:{account}", "app:a1"), **changes}
    return hold(f"{account}-{number}", amount_milli, **changes)


async def test_all_calls_are_served_that_credit_can_pay_though_only_ten_fit_at_a_time(house: House, hall: Hall) -> None:
    acks = await asyncio.gather(*(hall.call(hold(f"call-{n:03d}", 100), credits_milli=10) for n in range(200)))
    assert len(hall.admitted) == 91
    assert {ack.code for ack in acks if isinstance(ack, HoldRefused)} == {"insufficient_credits"}
    door = await house.door()
    assert (await door.ledger.standing("u1", month(1_000))).windows[0].spent == 910
    assert await house.wrongs(door) == []


async def test_accounts_take_turns_however_many_calls_each_sends(hall: Hall) -> None:
    first = of("zoe")
    await hall.hold(first)
    tasks = [hall.waits(of("ann", n)) for n in range(3)]
    await hall.until_waiting(3)
    tasks += [hall.waits(of("bob")), hall.waits(of("cid"))]
    await hall.until_waiting(5)
    await hall.settle(first, 0)
    for account, number in (("ann", 0), ("bob", 0), ("cid", 0), ("ann", 1), ("ann", 2)):
        assert isinstance(await _next(tasks), Held)
        assert hall.admitted[-1] == f"{account}-{number}"
        await hall.settle(of(account, number), 0)


async def test_a_newcomer_does_not_pass_those_who_wait_for_the_same_credits(hall: Hall) -> None:
    first = of("zoe", amount_milli=600)
    await hall.hold(first)
    large = hall.waits(of("ann", amount_milli=900))
    await hall.until_waiting(1)
    small = hall.waits(of("bob", amount_milli=100))
    await hall.until_waiting(2)
    elsewhere = await hall.hold(hold("elsewhere", 100, account_id="u9"))
    assert isinstance(elsewhere, Held)
    await hall.settle(first, 0)
    assert isinstance(await large, Held)
    assert isinstance(await small, Held)
    assert hall.admitted == ["zoe-0", "elsewhere", "ann-0", "bob-0"]


async def test_a_wait_ends_with_429_and_what_the_books_show_now(hall: Hall) -> None:
    await hall.hold(hold("first", 1_000))
    ack = await hall.hold(hold("second", 1), SHORT_MS)
    assert isinstance(ack, HoldRefused)
    assert (ack.code, ack.scope, ack.standing.held_milli) == ("credits_on_hold", "user:u1", 1_000)
    assert len(hall.room) == 0


async def test_nobody_waits_where_waiting_is_off(hall: Hall) -> None:
    await hall.hold(hold("first", 1_000))
    ack = await hall.hold(hold("second", 1), wait_ms=0)
    assert isinstance(ack, HoldRefused)
    assert ack.code == "credits_on_hold"


async def test_what_another_process_gives_back_is_found(house: House, hall: Hall) -> None:
    other = await house.door("boot-2")
    await other.one(hold("first", 1_000))
    waiting = hall.waits(hold("second", 1_000))
    await hall.until_waiting(1)
    await other.one(settlement("first", 0))
    assert isinstance(await waiting, Held)


async def test_what_this_process_gives_back_is_heard_without_looking(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_room, "LOOK_EVERY_S", 3_600)
    first = hold("first", 1_000)
    await hall.hold(first)
    waiting = [hall.waits(hold(f"call-{n}", 500)) for n in range(2)]
    await hall.until_waiting(2)
    await hall.settle(first, 0)
    assert [type(ack) for ack in await asyncio.gather(*waiting)] == [Held, Held]


async def test_credits_that_go_for_good_while_one_waits_are_402_at_once(hall: Hall) -> None:
    first = hold("first", 1_000)
    await hall.hold(first)
    waiting = [hall.waits(hold(f"call-{n}", 1)) for n in range(3)]
    await hall.until_waiting(3)
    await hall.settle(first, 1_000)
    acks = await asyncio.gather(*waiting)
    assert [ack.code for ack in acks if isinstance(ack, HoldRefused)] == ["insufficient_credits"] * 3


async def test_the_places_are_bounded_and_a_crowd_gives_its_newest_up(house: House) -> None:
    hall = Hall(await house.door(), WaitingLimits(waiters_max=2))
    await hall.hold(of("zoe"))
    crowd = [hall.waits(of("ann", n)) for n in range(3)]
    turned_away = await _next(crowd)
    assert isinstance(turned_away, HoldRefused)
    assert (turned_away.code, len(hall.room)) == ("credits_on_hold", 2)
    other = hall.waits(of("bob"))
    assert isinstance(await _next(crowd), HoldRefused)
    assert (other.done(), len(hall.room)) == (False, 2)
    for task in (*crowd, other):
        task.cancel()


async def test_while_others_wait_one_end_user_holds_its_share_of_the_app_at_most(hall: Hall) -> None:
    running = [of("ann", n, amount_milli=250) for n in range(4)]
    await asyncio.gather(*(hall.hold(request) for request in running))
    more = hall.waits(of("ann", 9, amount_milli=250))
    await hall.until_waiting(1)
    waiting = [hall.waits(of("bob", n, amount_milli=250)) for n in range(2)]
    await hall.until_waiting(3)
    await hall.settle(running[0], 0)
    await hall.settle(running[1], 0)
    await asyncio.gather(*waiting)
    assert (hall.admitted[4:], more.done()) == (["bob-0", "bob-1"], False)
    await hall.settle(running[2], 0)
    assert isinstance(await more, Held)


async def test_a_caller_who_leaves_waits_no_longer(hall: Hall) -> None:
    await hall.hold(hold("first", 1_000))
    reply = RememberingReply()
    waiting = asyncio.ensure_future(hall.room.hold(hold("second", 1), PATIENT_MS, reply))
    await hall.until_waiting(1)
    reply.leave()
    ack, waited = await waiting
    assert (isinstance(ack, HoldRefused), waited, len(hall.room)) == (True, True, 0)


async def test_a_call_that_is_stopped_while_it_waits_leaves_nothing_held(house: House, hall: Hall) -> None:
    first = hold("first", 1_000)
    await hall.hold(first)
    waiting = hall.waits(hold("second", 1))
    await hall.until_waiting(1)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await hall.settle(first, 0)
    await hall.books.close()
    assert await house.look(await house.door(), "SELECT id FROM holds") == []


async def test_a_call_that_is_stopped_at_its_turn_leaves_nothing_held(house: House, hall: Hall) -> None:
    first = hold("first", 1_000)
    await hall.hold(first)
    waiting = hall.waits(hold("second", 1))
    await hall.until_waiting(1)
    await hall.books.settle(settlement("first", 0))
    asking = asyncio.Event()
    books_hold = hall.books.hold

    async def slowly(request: HoldRequest) -> HoldAck:
        asking.set()
        return await books_hold(request)

    hall.books.hold = slowly  # type: ignore[method-assign]  # the moment of the stop
    await asking.wait()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.sleep(0)
    await hall.books.close()
    assert await house.look(await house.door(), "SELECT id FROM holds") == []


async def test_an_outage_of_the_books_reaches_who_waits(hall: Hall) -> None:
    first = hold("first", 1_000)
    await hall.hold(first)
    waiting = hall.waits(hold("second", 1))
    await hall.until_waiting(1)
    await hall.books.close()
    with pytest.raises(StoreUnavailable):
        await waiting


async def _next(tasks: "list[asyncio.Task[HoldAck]]") -> HoldAck:
    """What the next of `tasks` comes to, which leaves the list."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    (task,) = done
    tasks.remove(task)
    return task.result()
