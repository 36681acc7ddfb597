"""Claims about calls that get nothing: what the books are told, what the caller hears, and what stays held on the way."""

import asyncio
from typing import Final

import pytest

from proxy.domain.call import INPUT_CHARGED
from proxy.domain.errors import Fault, Refusal
from proxy.domain.ledger import Settled, Settlement
from proxy.domain.money import credits_text
from proxy.domain.usage import Usage
from proxy.stages.unpaid import WHY_CHARGED
from tests import builders as b
from tests.pipeline.theatre import LEAVE, WAIT, Script, Theatre, chunk, error, stillness, stream, whole

EMPTY: Final = {"prompt_tokens": 10, "completion_tokens": 5}
# Two tries of ten tokens in and five out each.
LOST_MILLI: Final = 2 * (10 + 5 * 4)


async def charging(settlement: Settlement) -> Settled:
    """Settles as books whose hour is used up: the input is charged."""
    lost = settlement.unpaid
    assert lost is not None
    return Settled(settlement.hold_id, lost.input_milli, lost.milli - lost.input_milli, fresh=True)


def empty() -> Script:
    return whole("", prompt_tokens=10, completion_tokens=5)


def begun_and_mute() -> Script:
    """A stream whose provider reports its bill and then falls silent."""
    return Script([chunk(usage=EMPTY), Fault("idle_timeout")])


def empty_stream() -> Script:
    return Script([chunk(finish_reason="stop"), chunk(usage=EMPTY), b"data: [DONE]\n\n"])


async def played(theatre: Theatre) -> Refusal:
    refusal = await theatre.play()
    assert isinstance(refusal, Refusal)
    return refusal


async def test_the_books_are_told_what_was_billed_in_vain_and_what_its_input_costs() -> None:
    theatre = Theatre(empty(), empty())
    assert (await played(theatre)).message.find(WHY_CHARGED) == -1
    (settlement,) = theatre.books.settlements
    assert settlement.credits_milli == 0
    assert settlement.unpaid is not None
    assert (settlement.unpaid.milli, settlement.unpaid.input_milli) == (LOST_MILLI, 10)
    assert settlement.unpaid.input == Usage(input=10)
    assert (settlement.call.credits_milli, settlement.call.absorbed_milli) == (0, LOST_MILLI)


@pytest.mark.parametrize("early", [False, True])
async def test_who_pays_the_input_hears_so(monkeypatch: pytest.MonkeyPatch, early: bool) -> None:
    theatre = Theatre(begun_and_mute(), empty_stream())
    monkeypatch.setattr(theatre.books, "settle", charging)
    theatre.reply.started = early
    refusal = await theatre.play(stream=True)
    if early:
        told = theatre.reply.events[-1]["error"]
        assert (refusal, told["credits_charged"]) == (None, credits_text(10))
        assert told["message"].endswith(WHY_CHARGED)
    else:
        assert refusal is not None
        assert (refusal.code, refusal.should_retry, refusal.details["credits_charged"]) == (
            "upstream_error",
            False,
            credits_text(10),
        )
    (finished,) = theatre.fixed.finished_calls
    assert (finished.reason, finished.credits_milli, finished.absorbed_milli) == (INPUT_CHARGED, 10, LOST_MILLI - 10)


async def test_an_outage_has_no_bill_and_owes_nothing() -> None:
    theatre = Theatre(Script(opening=Fault("connect")), error(500), error(500), error(500))
    await played(theatre)
    assert theatre.books.settlements[0].unpaid is None
    assert theatre.settled.absorbed_milli == 0


async def test_who_answers_in_the_end_is_paid_and_no_input_is_owed_beside_it() -> None:
    theatre = Theatre(empty(), whole("hello"))
    assert await theatre.play() is None
    lost = theatre.books.settlements[0].unpaid
    assert lost is not None
    assert (lost.milli, lost.input, lost.input_milli) == (LOST_MILLI // 2, None, 0)


async def test_a_gateway_that_stops_owes_the_input_itself() -> None:
    theatre = Theatre(Script([chunk(usage=EMPTY), WAIT]))
    playing = asyncio.create_task(theatre.play(stream=True))
    await stillness()
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    lost = theatre.books.settlements[0].unpaid
    assert lost is not None
    assert (lost.milli, lost.input) == (LOST_MILLI // 2, None)
    assert (theatre.settled.credits_milli, theatre.settled.absorbed_milli) == (0, LOST_MILLI // 2)


async def test_what_a_failed_try_was_billed_stays_held_while_the_next_runs() -> None:
    theatre = Theatre(empty(), whole("hello"))
    await theatre.play()
    (extension,) = theatre.books.extensions
    billed_nano = theatre.settled.attempts[0].raw_nano_usd
    assert extension.billed_nano_usd == billed_nano > 0
    assert extension.raw_nano_usd == theatre.books.holds[0].raw_nano_usd + billed_nano


async def test_the_same_model_again_is_covered_anew_only_when_its_last_try_was_billed() -> None:
    catalog = b.catalog(b.model("p/one"))
    billed = Theatre(Script([chunk(usage=EMPTY), Fault("reset")]), Script(stream("hi")), catalog=catalog)
    unbilled = Theatre(Script(opening=Fault("connect")), whole("hello"), catalog=catalog)
    await billed.play(stream=True)
    await unbilled.play()
    assert (len(billed.books.extensions), len(unbilled.books.extensions)) == (1, 0)


async def test_who_leaves_between_the_tries_owes_as_who_stays() -> None:
    theatre = Theatre(empty(), Script(opening=LEAVE))
    await theatre.play()
    call = theatre.settled
    assert call.status == "left"
    assert call.absorbed_milli == LOST_MILLI // 2
