"""What a running call tells the health board, and what the board may forbid it between decision and attempt."""

import asyncio

from proxy.domain.decision import Health, ModelHealth
from proxy.domain.errors import Fault
from tests.pipeline.theatre import WAIT, Script, Theatre, chunk, stillness, stream, whole


async def test_health_hears_of_every_attempt() -> None:
    theatre = Theatre(Script(opening=Fault("first_byte_timeout")), whole())
    await theatre.play()
    assert theatre.board.observed == [("p/one", "first_byte_timeout"), ("q/two", None)]
    assert theatre.board.accounts == [theatre.settled.user_id] * 2


async def test_health_hears_of_a_streams_first_token_and_of_a_whole_answers_end_alone() -> None:
    streamed, at_once = Theatre(Script(stream("hello"))), Theatre(whole())
    await streamed.play(stream=True)
    await at_once.play()
    assert [model_id for model_id, _ in streamed.board.answered_in_ms] == ["p/one"]
    assert at_once.board.answered_in_ms == []
    assert streamed.board.observed == at_once.board.observed == [("p/one", None)]


async def test_a_permit_goes_back_when_the_process_stops_the_call() -> None:
    theatre = Theatre(Script([chunk("hel"), WAIT]))
    call = asyncio.create_task(theatre.play(stream=True))
    await stillness()
    assert theatre.board.permits == 1
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    assert (theatre.board.permits, theatre.board.observed) == (0, [("p/one", "broken off")])


async def test_a_candidate_whose_breaker_shut_since_the_decision_is_passed_over_uncalled() -> None:
    theatre = Theatre(whole())
    theatre.board.barred = {"p/one"}
    assert await theatre.play() is None
    assert [a.model_id for a in theatre.settled.attempts] == ["q/two"]


async def test_when_all_breakers_shut_since_the_decision_nobody_is_called_and_nothing_is_charged() -> None:
    theatre = Theatre()
    theatre.board.barred = {"p/one", "q/two"}
    refusal = await theatre.play()
    assert refusal is not None
    assert (refusal.status, refusal.retry_after_s) == (503, 1)
    assert theatre.upstream.requests == []
    assert (theatre.settled.status, theatre.settled.credits_milli) == ("refused", 0)


async def test_a_model_whose_breaker_opened_meanwhile_is_not_tried_again() -> None:
    theatre = Theatre(Script(opening=Fault("connect")), whole())
    theatre.board.health_after = [Health(models={"p/one": ModelHealth(open=True)})]
    await theatre.play()
    assert [a.model_id for a in theatre.settled.attempts] == ["p/one", "q/two"]
    assert theatre.reply.paused_ms == []
