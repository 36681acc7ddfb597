"""Claims about group commit: who waits, who is turned away, and what happens to a caller that leaves or an outage."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from proxy.domain.ledger import (
    Held,
    HoldRequest,
    HoldTerms,
    IdempotencyKey,
    KeyUsed,
    LedgerAck,
    LedgerCommand,
    RecordCall,
    Recorded,
    Settled,
    Settlement,
)
from proxy.domain.standing import Standing
from proxy.ports import CommitUnknown, StoreUnavailable
from proxy.store.writer import GroupWriter, WriterLimits
from tests import builders
from tests.contracts.ledger_house import House, extension, hold, month, settlement, sqlite_house


class Gated:
    """A real ledger behind a gate, with outages and lost replies on request; remembers the batches it was given."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger
        self.gate = asyncio.Event()
        self.gate.set()
        self.outages = 0
        self.lost_replies = 0
        self.batches: list[list[LedgerCommand]] = []

    async def apply(self, commands: Sequence[LedgerCommand]) -> list[LedgerAck | Exception]:
        self.batches.append(list(commands))
        await self.gate.wait()
        if self.outages:
            self.outages -= 1
            raise StoreUnavailable("a test")
        acks: list[LedgerAck | Exception] = await self._ledger.apply(commands)
        if self.lost_replies:
            self.lost_replies -= 1
            raise CommitUnknown("a test")
        return acks

    async def standing(self, account_id: str, terms: HoldTerms) -> Standing:
        standing: Standing = await self._ledger.standing(account_id, terms)
        return standing

    def recalled(self, account_id: str, terms: HoldTerms) -> Standing | None:
        standing: Standing | None = self._ledger.recalled(account_id, terms)
        return standing

    async def used(self, account_id: str, asked: IdempotencyKey) -> KeyUsed | None:
        used: KeyUsed | None = await self._ledger.used(account_id, asked)
        return used


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with sqlite_house(tmp_path) as opened:
        yield opened


@pytest.fixture
async def gated(house: House) -> Gated:
    return Gated((await house.door()).ledger)


@pytest.fixture
def writer(gated: Gated) -> GroupWriter:
    return GroupWriter(gated, WriterLimits(queue_holds_max=4, batch_max=8, close_wait_ms=60_000))


@pytest.fixture
def hasty(gated: Gated) -> GroupWriter:
    """One that does not wait for a store that is away when it is closed."""
    return GroupWriter(gated, WriterLimits(close_wait_ms=100))


async def _until(true: Any) -> None:
    for _ in range(1_000):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("never became true")


async def test_what_arrives_together_shares_a_transaction(gated: Gated, writer: GroupWriter) -> None:
    acks = await asyncio.gather(*(writer.hold(hold(f"call-{n}", 10)) for n in range(4)))
    assert all(isinstance(ack, Held) for ack in acks)
    assert [len(batch) for batch in gated.batches] == [4]
    assert (await writer.standing("u1", month(1_000))).windows[0].held == 40


async def test_what_arrives_during_a_commit_waits_for_the_next_and_settlements_go_first(
    gated: Gated, writer: GroupWriter
) -> None:
    await writer.hold(hold("first", 1_000))
    gated.gate.clear()
    blocker = asyncio.create_task(writer.record(RecordCall(builders.call("other"))))
    await asyncio.sleep(0)
    later = [
        asyncio.create_task(writer.hold(hold("second", 1_000))),
        asyncio.create_task(writer.settle(settlement("first", 0))),
    ]
    await asyncio.sleep(0)
    gated.gate.set()
    assert [type(ack) for ack in await asyncio.gather(blocker, *later)] == [Recorded, Held, Settled]
    assert [type(command) for command in gated.batches[-1]] == [Settlement, HoldRequest]


async def test_a_full_queue_turns_holds_and_records_away_but_no_settlement(gated: Gated, writer: GroupWriter) -> None:
    await asyncio.gather(*(writer.hold(hold(f"call-{n}", 10)) for n in range(3)))
    gated.gate.clear()
    first = asyncio.create_task(writer.record(RecordCall(builders.call("in-flight"))))
    await _until(lambda: len(gated.batches) == 2)
    waiting = [asyncio.create_task(writer.hold(hold(f"more-{n}", 10))) for n in range(4)]
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable, match="too many"):
        await writer.hold(hold("too-much", 10))
    with pytest.raises(StoreUnavailable, match="too many"):
        await writer.record(RecordCall(builders.call("too-much")))
    settling = [asyncio.create_task(writer.settle(settlement(f"call-{n}", 10))) for n in range(3)]
    await asyncio.sleep(0)
    gated.gate.set()
    assert [ack.fresh for ack in await asyncio.gather(*settling)] == [True] * 3
    assert len(await asyncio.gather(first, *waiting)) == 5


async def test_a_batch_is_no_larger_than_its_bound(gated: Gated, writer: GroupWriter) -> None:
    await asyncio.gather(*(writer.settle(settlement(f"call-{n}")) for n in range(20)), return_exceptions=True)
    assert [len(batch) for batch in gated.batches] == [8, 8, 4]


async def test_a_settlement_waits_out_an_outage_and_a_hold_does_not(house: House, gated: Gated, writer: GroupWriter) -> None:
    await writer.hold(hold("call-1", 100))
    gated.outages = 2
    refused, settled = await asyncio.gather(
        writer.hold(hold("call-2")), writer.settle(settlement("call-1", 60)), return_exceptions=True
    )
    assert isinstance(refused, StoreUnavailable)
    assert settled == Settled("call-1", 60, 0, fresh=True)
    assert await house.wrongs(await house.door()) == []


async def test_an_outage_sends_away_who_waits_and_makes_nobody_wait_for_the_next(gated: Gated, writer: GroupWriter) -> None:
    gated.gate.clear()
    gated.outages = 1
    waiting = [asyncio.create_task(writer.hold(hold(f"w{number}", 1))) for number in range(3)]
    await _until(lambda: gated.batches)
    late = asyncio.create_task(writer.hold(hold("late", 1)))
    await asyncio.sleep(0)
    gated.gate.set()
    for task in (*waiting, late):
        with pytest.raises(StoreUnavailable):
            await task
    with pytest.raises(StoreUnavailable, match="a moment ago"):
        await writer.hold(hold("next", 1))
    assert len(gated.batches) == 1


async def test_a_settlement_whose_caller_left_still_happens(house: House, gated: Gated, writer: GroupWriter) -> None:
    await writer.hold(hold("call-1", 100))
    gated.outages = 1
    caller = asyncio.create_task(writer.settle(settlement("call-1", 60)))
    await asyncio.sleep(0)
    caller.cancel()
    door = await house.door()
    await _until(lambda: len(gated.batches) == 3)
    await writer.close()
    assert await house.look(door, "SELECT credits_milli FROM model_calls") == [(60,)]


@pytest.mark.parametrize("in_flight", [True, False])
async def test_a_hold_whose_caller_left_is_given_back(house: House, gated: Gated, writer: GroupWriter, in_flight: bool) -> None:
    gated.gate.clear()
    caller = asyncio.create_task(writer.hold(hold("call-1", 100)))
    await asyncio.sleep(0)
    if in_flight:
        await _until(lambda: gated.batches)
    caller.cancel()
    with suppress(asyncio.CancelledError):
        await caller
    gated.gate.set()
    await writer.close()
    door = await house.door()
    assert await house.look(door, "SELECT id FROM holds") == []
    assert [e.kind for e in await house.entries(door, "call-1")] == (["hold", "release"] if in_flight else [])
    assert await house.wrongs(door) == []


async def test_a_hold_of_which_nobody_knows_whether_it_stands_is_given_back(
    house: House, gated: Gated, writer: GroupWriter
) -> None:
    gated.lost_replies = 1
    with pytest.raises(StoreUnavailable):
        await writer.hold(hold("call-1", 100))
    await writer.close()
    door = await house.door()
    assert [e.kind for e in await house.entries(door, "call-1")] == ["hold", "release"]
    assert await house.look(door, "SELECT id FROM holds") == []
    assert await house.wrongs(door) == []


async def test_one_bad_command_fails_for_its_own_caller(writer: GroupWriter) -> None:
    acks = await asyncio.gather(writer.hold(hold("call-1")), writer.settle(settlement("never")), return_exceptions=True)
    assert isinstance(acks[0], Held)
    assert isinstance(acks[1], ValueError)
    with pytest.raises(ValueError, match="never taken"):
        await writer.extend(extension("never"))


async def test_closing_commits_what_waits_and_takes_no_more(house: House, gated: Gated, writer: GroupWriter) -> None:
    await writer.hold(hold("call-1", 100))
    gated.outages = 1
    settling = asyncio.create_task(writer.settle(settlement("call-1", 60)))
    await asyncio.sleep(0)
    await writer.close()
    assert (await settling).fresh
    with pytest.raises(StoreUnavailable, match="closing"):
        await writer.hold(hold("call-2"))


async def test_closing_does_not_wait_for_ever(house: House, gated: Gated, hasty: GroupWriter) -> None:
    await hasty.hold(hold("call-1", 100))
    gated.outages = 1_000_000
    settling = asyncio.create_task(hasty.settle(settlement("call-1", 60)))
    await asyncio.sleep(0)
    await hasty.close()
    assert await house.look(await house.door(), "SELECT id FROM holds") == [("call-1",)]
    with pytest.raises(StoreUnavailable, match="closed"):
        await settling


async def test_closing_in_the_middle_of_a_commit_leaves_nobody_without_an_answer(gated: Gated, hasty: GroupWriter) -> None:
    await hasty.hold(hold("call-1", 100))
    gated.gate.clear()
    settling = asyncio.create_task(hasty.settle(settlement("call-1", 60)))
    await _until(lambda: len(gated.batches) == 2)
    await hasty.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await asyncio.wait_for(settling, 60)
