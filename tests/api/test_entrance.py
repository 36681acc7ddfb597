"""Claims about calls that come at once: few are opened in one turn of the loop, in the order they came, so that streams get
their chunks between them; nobody waits without an end."""

import asyncio
from itertools import groupby

import pytest

from proxy.api import entrance
from proxy.api.entrance import ADMITTED_A_TURN, ADMITTED_BESIDE_STREAMS, Entrance
from proxy.domain.errors import Refusal
from proxy.ports import Exchange, UpstreamRequest
from tests.api.house import House, Script, ScriptedExchange, code_of, stream

MANY = 3 * ADMITTED_A_TURN


def entrance_beside(streams: int, waiting_max: int = MANY) -> Entrance:
    return Entrance(lambda: streams, waiting_max)


async def _enter(door: Entrance) -> Refusal | None:
    return None if door.admits_now() else await door.queue()


@pytest.mark.parametrize(("streams", "most"), [(0, ADMITTED_A_TURN), (1, ADMITTED_BESIDE_STREAMS)])
async def test_no_more_come_in_at_each_turn_than_may_in_the_order_they_came(streams: int, most: int) -> None:
    door, turn, came = entrance_beside(streams), 0, dict[int, int]()

    async def come(number: int) -> None:
        assert await _enter(door) is None
        came[number] = turn

    coming = asyncio.gather(*(come(number) for number in range(MANY)))
    while not coming.done():
        turn += 1
        await asyncio.sleep(0)
    assert list(came) == list(range(MANY))
    in_turns = [list(came.values()).count(at) for at in sorted(set(came.values()))]
    assert in_turns[0] == ADMITTED_A_TURN
    assert set(in_turns[1:]) == {most}


async def test_a_call_that_comes_alone_waits_for_nobody() -> None:
    door = entrance_beside(1)
    for _ in range(MANY):
        assert door.admits_now()
        await asyncio.sleep(0)


async def test_whoever_finds_too_many_waiting_is_turned_away_and_told_when_to_come() -> None:
    door = entrance_beside(1, waiting_max=1)
    heard = await asyncio.gather(*(_enter(door) for _ in range(ADMITTED_A_TURN + 2)))
    assert heard[:-1] == [None] * (ADMITTED_A_TURN + 1)
    assert heard[-1] is not None
    assert (heard[-1].code, heard[-1].status, heard[-1].retry_after_s) == ("overloaded", 503, entrance.RETRY_AFTER_S)


async def test_nobody_waits_for_longer_than_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entrance, "ENTRY_WAIT_S", 0.0)
    door = entrance_beside(1)
    heard = await asyncio.gather(*(_enter(door) for _ in range(MANY)))
    assert heard[:ADMITTED_A_TURN] == [None] * ADMITTED_A_TURN
    assert {refusal and refusal.code for refusal in heard[ADMITTED_A_TURN:]} == {"overloaded"}
    assert len(door) == 0


async def test_who_leaves_while_it_waits_takes_nobodys_turn() -> None:
    door = entrance_beside(1, waiting_max=2)
    first = [asyncio.create_task(_enter(door)) for _ in range(ADMITTED_A_TURN + 2)]
    await asyncio.sleep(0)
    first[-2].cancel()
    assert await asyncio.wait_for(first[-1], 60) is None


async def test_an_open_stream_gets_its_chunks_while_many_calls_come(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    happened, begun, key = list[str](), asyncio.Event(), await house.user_key()
    pieces = stream().pieces
    long = Script([pieces[0], *(pieces[1] for _ in range(MANY)), *pieces[2:]])

    class AChunkATurn(ScriptedExchange):
        async def next_bytes(self) -> bytes:
            happened.append("chunk")
            begun.set()
            await asyncio.sleep(0)
            return await super().next_bytes()

    async def opened(request: UpstreamRequest) -> Exchange:
        return AChunkATurn(long)

    async def come() -> None:
        # The least that a call can be: one that is refused in its first step.
        assert code_of(await house.chat("wrong"))[0] in (401, 429)
        happened.append("call")

    monkeypatch.setattr(house.upstream, "open", opened)
    streaming = asyncio.create_task(house.chat(key, stream=True))
    await begun.wait()
    await asyncio.gather(*(come() for _ in range(MANY)))
    assert (await streaming).text.endswith("data: [DONE]\n\n")
    until_its_end = happened[: len(happened) - happened[::-1].index("chunk")]
    runs = [len(list(group)) for what, group in groupby(until_its_end) if what == "call"]
    # All that may come in one turn come in the first; from then on, the stream has its turns.
    assert len(runs) >= (MANY - ADMITTED_A_TURN) // ADMITTED_BESIDE_STREAMS // 2
    assert max(runs[1:]) <= 2 * ADMITTED_BESIDE_STREAMS


async def test_a_call_that_is_turned_away_hears_so_before_its_key_is_looked_at(house: House) -> None:
    house.parts.entrance.waiting_max = 0
    *answers, last = await asyncio.gather(*(house.chat("wrong") for _ in range(ADMITTED_A_TURN + 1)))
    assert {code_of(answer)[0] for answer in answers} <= {401, 429}
    assert code_of(last) == (503, "overloaded")
    assert last.headers["retry-after"] == str(entrance.RETRY_AFTER_S)
