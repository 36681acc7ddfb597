"""Claims about the hold of a running stream: it keeps ahead of what is delivered, holds nothing up that it covers, and a stream
that it cannot cover ends and says why."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from proxy.domain.errors import Fault, Refusal
from proxy.domain.ledger import ExtendAck, ExtendRequest, Held, HoldLost, HoldRefusalCode, HoldRefused, HoldTerms
from proxy.pipeline.rounds import ROUND_S
from proxy.ports import StoreUnavailable
from proxy.stages.hold import AMPLE_TIMES, reserve_tokens
from tests import builders as b
from tests.pipeline.counting_books import CountingBooks
from tests.pipeline.theatre import WAIT, Piece, Script, Theatre, chunk, stream


def says_no(code: HoldRefusalCode) -> HoldRefused:
    return HoldRefused(code, "user:u1", b.standing(b.window(spent=999_000)))


STEADY = b.catalog(b.model("p/one", stops_billing_on_close=True))
_SAID = stream(*["word " * 30] * 20, usage=False)
_BILL = chunk(usage={"prompt_tokens": 10, "completion_tokens": 600, "total_tokens": 610})
# Six hundred words, their bill and their end, all of which is read in one turn.
BREATH = b"".join(piece for piece in (*_SAID[:-1], _BILL, _SAID[-1]) if isinstance(piece, bytes))


def _said(letter: str) -> bytes:
    return chunk(letter * 100)


_END = (
    chunk(finish_reason="stop"),
    chunk(usage={"prompt_tokens": 10, "completion_tokens": 1_000, "total_tokens": 1_010}),
    b"data: [DONE]\n\n",
)


async def test_a_stepped_stream_extends_its_hold_as_it_is_delivered() -> None:
    theatre = Theatre(Script(stream(*["x" * 300] * 8)), catalog=STEADY)
    await theatre.play(stream=True)
    amounts = [theatre.books.holds[0].amount_milli, *(e.amount_milli for e in theatre.books.extensions)]
    assert len(amounts) > 2
    assert amounts == sorted(amounts)
    assert theatre.books.extensions[-1].metered_milli > 0
    assert theatre.settled.status == "served"


async def test_a_stream_that_ends_in_the_breath_it_came_in_is_covered_before_it_is_settled() -> None:
    theatre = Theatre(Script([BREATH]), catalog=STEADY)
    await theatre.play(stream=True)
    (caught_up,) = theatre.books.extensions
    assert caught_up.amount_milli > theatre.books.holds[0].amount_milli
    assert theatre.settled.absorbed_milli == 0


@pytest.mark.parametrize("answer", [says_no("insufficient_credits"), StoreUnavailable("away")])
async def test_a_burst_that_the_books_do_not_cover_is_cut_where_the_cover_ends(answer: HoldRefused | StoreUnavailable) -> None:
    theatre = Theatre(Script([BREATH]), catalog=STEADY)
    theatre.books.answers = [None, answer]
    await theatre.play(stream=True)
    # Two leads are held: 512 bytes at most a token each, and the delta that goes beyond them.
    assert len(theatre.reply.text) == 600
    assert theatre.settled.status == "cut"
    assert theatre.settled.absorbed_milli > 0
    assert theatre.settled.credits_milli == theatre.books.holds[0].amount_milli


@pytest.mark.parametrize("answer", [says_no("insufficient_credits"), StoreUnavailable("away")])
async def test_a_burst_is_cut_there_too_when_its_events_are_like_those_before_it(
    answer: HoldRefused | StoreUnavailable,
) -> None:
    theatre = Theatre(Script([_said("a"), _said("b"), b"".join([*map(_said, "cdefghij"), *_END])]), catalog=STEADY)
    theatre.books.answers = [None, answer]
    await theatre.play(stream=True)
    assert theatre.reply.text == "".join(letter * 100 for letter in "abcdef")
    assert theatre.settled.status == "cut"
    assert theatre.settled.credits_milli == theatre.books.holds[0].amount_milli


async def test_and_told_whole_where_it_is_covered() -> None:
    theatre = Theatre(Script([_said("a"), _said("b"), b"".join([*map(_said, "cdefghij"), *_END])]), catalog=STEADY)
    await theatre.play(stream=True)
    assert theatre.reply.text == "".join(letter * 100 for letter in "abcdefghij")
    assert theatre.settled.status == "served"


# A model of the tests counts a token a byte at most, and 256 of them are a lead.
LEAD = 256
# What one of them costs where credits are counted: a thousandth of a dollar.
_TOKEN_NANO, _TOKEN_MILLI = 1_000_000, 1_000
LONG: list[Piece] = [*(chunk("x" * 20) for _ in range(40)), WAIT]


def _finish(theatre: Theatre) -> list[str]:
    choices = [c for e in theatre.reply.events if isinstance(e, dict) for c in e.get("choices", [])]
    return [c["finish_reason"] for c in choices if c["finish_reason"]]


class SlowBooks(CountingBooks):
    """Books whose extensions are answered from `acks`, the last of them for ever, and only when the `gate` is open."""

    def __init__(self, acks: Sequence[ExtendAck | StoreUnavailable | None]) -> None:
        super().__init__()
        self.acks = list(acks)
        self.gate = asyncio.Event()
        self.gate.set()

    async def extend(self, request: ExtendRequest) -> ExtendAck:
        self.extensions.append(request)
        await self.gate.wait()
        ack = self.acks.pop(0) if len(self.acks) > 1 else self.acks[0]
        if isinstance(ack, StoreUnavailable):
            raise ack
        return Held(request.hold_id, request.amount_milli) if ack is None else ack


class PoorBooks(CountingBooks):
    """Books with room for so much beside the first hold."""

    def __init__(self, room_milli: int) -> None:
        super().__init__()
        self._room_milli = room_milli

    async def extend(self, request: ExtendRequest) -> ExtendAck:
        held_milli = self.holds[0].amount_milli
        for place, milli in enumerate((request.amount_milli, *(milli for milli, _ in request.smaller))):
            if milli <= held_milli + self._room_milli:
                return Held(request.hold_id, milli, place)
        return says_no("insufficient_credits")


def _theatre(books: CountingBooks, pieces: Sequence[Piece], **model: Any) -> Theatre:
    catalog = b.catalog(b.model("p/one", **({"stops_billing_on_close": True} | model)))
    return Theatre(Script(pieces), catalog=catalog, books=books)


@pytest.mark.parametrize("code", ["insufficient_credits", "credits_on_hold", "budget_cap_reached"])
async def test_a_refused_extension_ends_upstream_and_stream_and_says_why(code: HoldRefusalCode) -> None:
    theatre = _theatre(SlowBooks([says_no(code)]), LONG)
    await theatre.play(stream=True, stream_options={"include_usage": True})
    assert _finish(theatre) == ["length"]
    assert theatre.reply.events[-2]["signalbox"]["note"] == "credits_exhausted"
    assert theatre.upstream.exchanges[0].closed
    assert (theatre.settled.status, theatre.settled.code, theatre.settled.absorbed_milli) == ("cut", None, 0)


async def test_credits_that_are_gone_end_a_stream_only_when_what_it_holds_is_used() -> None:
    books = SlowBooks([says_no("insufficient_credits")])
    theatre = _theatre(books, LONG)
    await theatre.play(stream=True)
    assert len(theatre.reply.text) == 500


async def test_a_stream_that_is_cut_is_closed_before_anything_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    books = SlowBooks([says_no("insufficient_credits")])
    model = b.model("p/one", stops_billing_on_close=True, vocabulary="o200k_base")
    theatre = Theatre(Script(LONG), catalog=b.catalog(model), books=books, counts=True)
    closed: list[bool] = []

    async def count(*_: object) -> int:
        closed.append(theatre.upstream.exchanges[0].closed)
        return 1

    monkeypatch.setattr(theatre.counter, "count", count)
    await theatre.play(stream=True)
    assert theatre.settled.status == "cut"
    assert set(closed) == {True}


@pytest.mark.parametrize("room_tokens", [10, 32, 40, 100, 300])
async def test_whatever_there_is_room_for_is_used_up_but_for_what_a_cut_holds_back(room_tokens: int) -> None:
    books = PoorBooks(room_tokens * _TOKEN_MILLI)
    tiers = b.tiers(input=0, output=1_000_000 * _TOKEN_NANO)
    theatre = _theatre(books, [*(chunk("x") for _ in range(1_200)), WAIT], tiers=tiers)
    async with asyncio.timeout(60):
        await theatre.play(stream=True)
    assert theatre.settled.status == "cut"
    # A first hold of two leads, and of what there was beside it less than an eighth of one is left.
    has_tokens = 2 * LEAD + room_tokens
    assert has_tokens - 2 * reserve_tokens(LEAD) < len(theatre.reply.text) <= has_tokens


async def test_credits_that_others_give_back_in_time_go_on_with_the_stream() -> None:
    books = SlowBooks([*[says_no("credits_on_hold")] * 4, None])
    theatre = _theatre(books, stream(*["x" * 10] * 60))
    playing = asyncio.create_task(theatre.play(stream=True))
    for _ in range(200):
        await asyncio.sleep(0)
        theatre.pipeline.traffic.waiting.freed("somebody", HoldTerms((), (), (), 1))
    await playing
    assert theatre.settled.status == "served"


async def test_a_stream_of_ordinary_length_asks_a_few_times_where_there_is_ample_room() -> None:
    books = SlowBooks([None])
    theatre = _theatre(books, stream(*["x" * 20] * 100))
    await theatre.play(stream=True)
    assert theatre.settled.status == "served"
    # Two thousand bytes, a token each at most: two leads at a time it would ask seven times.
    assert len(books.extensions) == 2
    for extension in books.extensions:
        assert extension.room_times == AMPLE_TIMES
        assert extension.amount_milli > extension.smaller[0][0] > extension.smaller[1][0]


async def test_a_refusal_is_not_asked_about_again_with_every_chunk() -> None:
    books = SlowBooks([says_no("credits_on_hold")])
    theatre = _theatre(books, [*(chunk("x") for _ in range(600)), WAIT])
    await theatre.play(stream=True)
    assert len(books.extensions) < 10


async def test_what_is_covered_is_not_held_up_by_slow_books() -> None:
    books = SlowBooks([None])
    books.gate.clear()
    theatre = _theatre(books, [*(chunk("x" * 10) for _ in range(40)), WAIT])
    playing = asyncio.create_task(theatre.play(stream=True))
    async with asyncio.timeout(60):
        while not books.extensions or len(theatre.reply.text) < 400:  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.001)
    assert len(books.extensions) == 1
    assert len(theatre.reply.text) == 400
    books.gate.set()
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing


@pytest.mark.parametrize(("told_bytes", "asks_at_once"), [(380, False), (390, True)])
async def test_a_stream_that_has_half_a_lead_left_asks_in_its_round_and_one_that_has_less_at_once(
    told_bytes: int, asks_at_once: bool
) -> None:
    books = SlowBooks([None])
    theatre = _theatre(books, [*(chunk("x" * 10) for _ in range(told_bytes // 10)), WAIT])
    playing = asyncio.create_task(theatre.play(stream=True))
    for _ in range(200):
        await asyncio.sleep(0)
    assert len(theatre.reply.text) == told_bytes
    assert len(books.extensions) == asks_at_once
    await asyncio.sleep(2 * ROUND_S)
    assert len(books.extensions) == 1
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing


@pytest.mark.parametrize("answer", [StoreUnavailable("away"), HoldLost("call_1")], ids=["away", "lost"])
async def test_a_stream_without_its_books_ends_with_an_error_and_is_charged_what_came(
    answer: HoldLost | StoreUnavailable,
) -> None:
    theatre = _theatre(SlowBooks([answer]), LONG)
    await theatre.play(stream=True)
    assert theatre.reply.events[-1]["error"]["code"] == "store_unavailable"
    assert _finish(theatre) == []
    assert b"[DONE]" not in theatre.reply.heard
    assert theatre.upstream.exchanges[0].closed
    assert (theatre.settled.status, theatre.settled.code) == ("cut", "store_unavailable")
    assert theatre.settled.credits_milli > 0


async def test_a_stream_that_holds_its_worst_case_tells_the_books_what_came_and_minds_no_answer() -> None:
    books = SlowBooks([None, StoreUnavailable("away"), HoldLost("call_1"), says_no("budget_cap_reached"), None])
    theatre = _theatre(books, stream(*["x" * 700] * 8), stops_billing_on_close=False)
    await theatre.play(stream=True)
    assert theatre.settled.status == "served"
    assert len(books.extensions) > 1
    assert {e.amount_milli for e in books.extensions} == {books.holds[0].amount_milli}
    metered = [e.metered_milli for e in books.extensions]
    assert metered == sorted(set(metered))


async def test_a_call_that_fails_over_and_finds_its_hold_gone_calls_nobody_else() -> None:
    theatre = Theatre(Script(opening=Fault("first_byte_timeout")), books=SlowBooks([HoldLost("call_1")]))
    refusal = await theatre.play()
    assert isinstance(refusal, Refusal)
    assert refusal.code == "upstream_timeout"
    assert len(theatre.upstream.requests) == 1
