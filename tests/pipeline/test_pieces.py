"""Claims about streams that are read in turns: nothing is lost, nobody is passed over, and little is read in one turn."""

import asyncio
from dataclasses import dataclass, field

from proxy.pipeline.pieces import PIECE_BYTES_MAX, TURN_BYTES_MAX, Pieces, Turnstile
from tests.pipeline.theatre import RememberingReply, Script, ScriptedExchange

PLENTY = bytes(range(256)) * (10 * PIECE_BYTES_MAX // 256) + b"tail"


@dataclass(slots=True)
class Reader:
    """Reads all of an exchange, and notes in which turn of the loop it read how much."""

    turns: "Turns"
    read: bytes = b""
    at: list[int] = field(default_factory=list)

    async def run(self, turnstile: Turnstile) -> None:
        pieces = Pieces(ScriptedExchange(Script([PLENTY]), RememberingReply()), turnstile)
        while piece := await pieces.next():
            assert len(piece) <= PIECE_BYTES_MAX
            self.read += piece
            self.at.append(self.turns.now)
            self.turns.bytes[self.turns.now] = self.turns.bytes.get(self.turns.now, 0) + len(piece)


@dataclass(slots=True)
class Turns:
    """Counts the turns of the loop."""

    now: int = 0
    bytes: dict[int, int] = field(default_factory=dict)

    async def count(self) -> None:
        while True:
            self.now += 1
            await asyncio.sleep(0)


async def _read_by(readers: int) -> tuple[Turns, list[Reader]]:
    turns, turnstile = Turns(), Turnstile()
    counting = asyncio.create_task(turns.count())
    made = [Reader(turns) for _ in range(readers)]
    await asyncio.gather(*(reader.run(turnstile) for reader in made))
    counting.cancel()
    return turns, made


async def test_what_is_read_in_pieces_is_all_there_is_in_its_order() -> None:
    _, (reader,) = await _read_by(1)
    assert reader.read == PLENTY


async def test_however_many_streams_have_arrived_little_is_read_in_one_turn() -> None:
    turns, readers = await _read_by(20)
    assert all(reader.read == PLENTY for reader in readers)
    # Two turns of the turnstile may fall into one that is counted.
    assert max(turns.bytes.values()) <= 2 * TURN_BYTES_MAX


async def test_nobody_who_came_first_is_passed_over() -> None:
    _, readers = await _read_by(20)
    firsts = [reader.at[0] for reader in readers]
    assert firsts == sorted(firsts)
    assert max(firsts) < min(reader.at[-1] for reader in readers)


async def test_what_need_not_wait_counts_as_well() -> None:
    turnstile = Turnstile()
    assert turnstile.admits_now(TURN_BYTES_MAX)
    assert not turnstile.admits_now(1)
    waiting = asyncio.create_task(turnstile.admit(1))
    await asyncio.wait_for(waiting, 60)
    assert turnstile.admits_now(1)


async def test_small_pieces_that_wait_are_counted_by_their_size() -> None:
    turnstile, small_bytes, turns = Turnstile(), 256, 0
    await turnstile.admit(TURN_BYTES_MAX)
    waiting = asyncio.gather(*(turnstile.admit(small_bytes) for _ in range(2 * TURN_BYTES_MAX // small_bytes)))
    while not waiting.done():
        turns += 1
        await asyncio.sleep(0)
    # Half a turn's bytes at each, and a few until everybody has heard of it.
    assert 4 <= turns <= 8


async def test_those_who_wait_and_what_need_not_share_each_turn() -> None:
    turnstile = Turnstile()
    await turnstile.admit(TURN_BYTES_MAX)
    waiting, passed = [asyncio.create_task(turnstile.admit(PIECE_BYTES_MAX)) for _ in range(40)], list[bool]()
    while not all(task.done() for task in waiting):
        await asyncio.sleep(0)
        passed.append(turnstile.admits_now(PIECE_BYTES_MAX))
        while turnstile.admits_now(PIECE_BYTES_MAX):
            pass
    assert sum(passed) >= len(waiting) // 4


async def test_one_that_leaves_while_it_waits_holds_up_nobody() -> None:
    turnstile = Turnstile()
    await turnstile.admit(TURN_BYTES_MAX)
    leaving, staying = (asyncio.create_task(turnstile.admit(1)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait_for(staying, 60)
