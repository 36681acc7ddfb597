"""Claims about callers who leave: upstream is ended at once where that ends its bill, else read on within bounds."""

from dataclasses import replace

import pytest

from proxy.domain.call import Call
from proxy.domain.catalog import Catalog
from proxy.domain.errors import Fault
from proxy.pipeline import DrainLimits
from tests import builders as b
from tests.pipeline.theatre import KNOBS, LEAVE, LEAVE_TALKING, Piece, Script, Theatre, chunk, error, whole

CLOSING_ENDS_THE_BILL = b.catalog(b.model("p/one", stops_billing_on_close=True), b.model("q/two"))
LATER: list[Piece] = [chunk("x" * 400), chunk(finish_reason="stop")]
BILL = chunk(usage={"prompt_tokens": 10, "completion_tokens": 777, "total_tokens": 787})
DONE = b"data: [DONE]\n\n"


async def _left(theatre: Theatre, stream: bool) -> Call:
    assert await theatre.play(stream=stream) is None
    assert theatre.upstream.exchanges[0].closed
    assert theatre.settled.status == "left"
    return theatre.settled


async def test_a_stream_whose_close_ends_the_bill_is_closed_at_once_and_pays_for_what_came() -> None:
    theatre = Theatre(Script([chunk("hello"), LEAVE_TALKING, *LATER, BILL, DONE]), catalog=CLOSING_ENDS_THE_BILL)
    call = await _left(theatre, stream=True)
    assert call.usage is not None
    assert (call.usage.source, call.usage.output) == ("estimated", 2)


async def test_an_answer_that_we_close_for_want_of_a_listener_is_no_fault_of_its_model() -> None:
    theatre = Theatre(Script([chunk("hello"), LEAVE_TALKING, *LATER, BILL, DONE]), catalog=CLOSING_ENDS_THE_BILL)
    call = await _left(theatre, stream=True)
    assert [attempt.fault for attempt in call.attempts] == [None]


async def test_any_other_stream_is_read_to_its_end_and_pays_what_the_provider_bills() -> None:
    theatre = Theatre(Script([chunk("hello"), LEAVE_TALKING, *LATER, BILL, DONE]))
    call = await _left(theatre, stream=True)
    assert call.usage is not None
    assert (call.usage.source, call.usage.output) == ("provider", 777)
    assert theatre.reply.text == "hello"


async def test_a_stream_that_is_left_before_its_first_word_is_read_on_too_and_says_nothing() -> None:
    theatre = Theatre(Script([LEAVE_TALKING, *LATER, BILL, DONE]))
    call = await _left(theatre, stream=True)
    assert call.usage is not None
    assert call.usage.output == 777
    assert not theatre.reply.started


@pytest.mark.parametrize("catalog", [None, CLOSING_ENDS_THE_BILL], ids=["goes on", "stops on close"])
async def test_a_whole_answer_is_generated_whoever_listens_so_it_is_read_to_its_end(catalog: Catalog | None) -> None:
    theatre = Theatre(Script([LEAVE_TALKING, *whole(completion_tokens=55).pieces]), catalog=catalog)
    call = await _left(theatre, stream=False)
    assert call.usage is not None
    assert (call.usage.source, call.usage.output) == ("provider", 55)
    assert not theatre.reply.started


@pytest.mark.parametrize("stream", [False, True])
async def test_past_the_bound_of_time_the_call_is_closed_and_estimated(stream: bool) -> None:
    theatre = Theatre(Script([*([chunk("hello")] if stream else []), LEAVE]))
    call = await _left(theatre, stream)
    assert call.usage is not None
    assert call.usage.source == "estimated"
    assert call.usage.output == (2 if stream else 0)


@pytest.mark.parametrize("stream", [False, True])
async def test_past_the_bound_of_bytes_the_call_is_closed_and_estimated(stream: bool) -> None:
    knobs = replace(KNOBS, drain=DrainLimits(wait_ms=60_000, bytes_max=900))
    pieces = [chunk("x" * 400), chunk("y" * 400), chunk("z" * 400), BILL, DONE]
    theatre = Theatre(Script([LEAVE_TALKING, *pieces]), knobs=knobs)
    call = await _left(theatre, stream)
    assert call.usage is not None
    assert call.usage.source == "estimated"
    assert call.usage.output < 300


async def test_no_bound_at_all_closes_at_once() -> None:
    knobs = replace(KNOBS, drain=DrainLimits(wait_ms=0))
    theatre = Theatre(Script([chunk("hello"), LEAVE_TALKING, *LATER, BILL, DONE]), knobs=knobs)
    call = await _left(theatre, stream=True)
    assert call.usage is not None
    assert call.usage.source == "estimated"


async def test_a_caller_who_leaves_while_the_provider_is_silent_pays_the_input_when_the_bound_is_past() -> None:
    theatre = Theatre(Script(opening=LEAVE))
    assert await theatre.play() is None
    usage = theatre.settled.usage
    assert usage is not None
    assert (usage.output, usage.input > 0) == (0, True)


@pytest.mark.parametrize(
    "script",
    [error(500), Script([Fault("idle_timeout")]), Script([b'{"nonsense": 1}'])],
    ids=["error", "stall", "nonsense"],
)
async def test_a_provider_that_fails_before_it_gave_anything_costs_nothing_and_is_not_replaced(script: Script) -> None:
    theatre = Theatre(replace(script, pieces=[LEAVE_TALKING, *script.pieces]), whole())
    await theatre.play()
    assert (theatre.settled.status, theatre.settled.credits_milli) == ("left", 0)
    assert len(theatre.upstream.requests) == 1


async def test_a_provider_that_breaks_off_while_it_is_read_on_is_paid_for_what_it_gave() -> None:
    theatre = Theatre(Script([chunk("hello"), LEAVE_TALKING, chunk("x" * 400), Fault("reset")]))
    call = await _left(theatre, stream=True)
    assert call.usage is not None
    assert call.usage.output > 100


async def test_the_hold_stands_until_the_answer_was_read() -> None:
    theatre = Theatre(Script([chunk("hello"), LEAVE_TALKING, *LATER, BILL, DONE]))
    await _left(theatre, stream=True)
    assert [s.call.usage.output for s in theatre.books.settlements if s.call.usage] == [777]
