"""Claims about rounds: who is due asks with the others, soon, and once."""

import asyncio

from proxy.pipeline import rounds
from proxy.pipeline.rounds import Rounds


class Due:
    """A stream that counts how often it asked."""

    def __init__(self) -> None:
        self.asked = 0

    def ask(self) -> None:
        self.asked += 1


async def test_all_who_are_due_ask_when_one_of_them_cannot_wait() -> None:
    round_of_all, streams = Rounds(), [Due() for _ in range(3)]
    for stream in streams:
        round_of_all.join(stream, at_once=False)
    assert [stream.asked for stream in streams] == [0, 0, 0]
    late = Due()
    round_of_all.join(late, at_once=True)
    assert [stream.asked for stream in (*streams, late)] == [1, 1, 1, 1]


async def test_a_round_ends_by_itself_and_the_next_one_too() -> None:
    assert rounds.ROUND_S <= 0.1
    round_of_all, stream = Rounds(), Due()
    for asked in (1, 2):
        round_of_all.join(stream, at_once=False)
        round_of_all.join(stream, at_once=False)
        await asyncio.sleep(rounds.ROUND_S * 1.5)
        assert stream.asked == asked


async def test_who_has_left_does_not_ask() -> None:
    round_of_all, stays, leaves = Rounds(), Due(), Due()
    for stream in (stays, leaves):
        round_of_all.join(stream, at_once=False)
    round_of_all.leave(leaves)
    round_of_all.leave(leaves)
    round_of_all.join(stays, at_once=True)
    assert (stays.asked, leaves.asked) == (1, 0)
