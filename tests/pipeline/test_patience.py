"""Claims about a decided call whose credits others hold: it waits within its patience, and whoever leaves pays nothing."""

import asyncio

from proxy.domain.errors import Refusal
from proxy.domain.ledger import HoldRefused
from proxy.pipeline import Knobs, WaitingLimits
from tests import builders as b
from tests.pipeline.theatre import Theatre, whole

ON_HOLD = HoldRefused("credits_on_hold", "user:u1", b.standing(b.window(spent=999_000)))
PATIENT = Knobs(settle_wait_ms=10, waiting=WaitingLimits(wait_ms=10_000))


async def test_a_call_waits_for_credits_that_others_hold_and_is_then_answered() -> None:
    theatre = Theatre(whole(), knobs=PATIENT)
    theatre.books.answers = [ON_HOLD] * 2
    assert await theatre.play() is None
    assert len(theatre.books.holds) == 3
    assert theatre.settled.status == "served"
    assert len(theatre.pipeline.traffic.waiting) == 0


async def test_the_candidates_of_a_call_share_one_patience() -> None:
    theatre = Theatre(knobs=Knobs(settle_wait_ms=10, waiting=WaitingLimits(wait_ms=1)))
    theatre.books.answers = [ON_HOLD] * 4
    refusal = await theatre.play(models=["p/one", "q/two"])
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.retry_after_s, refusal.should_retry) == ("credits_on_hold", 1, True)
    assert len(theatre.books.holds) == 2


async def test_a_caller_who_leaves_while_waiting_calls_nobody_and_pays_nothing() -> None:
    theatre = Theatre(knobs=PATIENT)
    theatre.books.answers = [ON_HOLD] * 1_000
    playing = asyncio.create_task(theatre.play())
    while len(theatre.pipeline.traffic.waiting) == 0:  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0)
    theatre.reply.leave()
    await playing
    (call,) = theatre.books.records
    assert (call.status, call.credits_milli, theatre.upstream.requests) == ("left", 0, [])


async def test_a_caller_who_left_by_the_time_its_hold_stands_gets_it_back() -> None:
    theatre = Theatre()
    theatre.reply.gone = True
    await theatre.play()
    assert (theatre.settled.status, theatre.settled.credits_milli, theatre.upstream.requests) == ("left", 0, [])


def gone(spent: int) -> HoldRefused:
    return HoldRefused("insufficient_credits", "user:u1", b.standing(b.window(spent=spent)))


async def test_a_call_that_waited_is_sized_anew_each_time_for_the_books_have_moved_on() -> None:
    theatre = Theatre(whole(), knobs=PATIENT)
    theatre.books.answers = [gone(990_000), ON_HOLD, gone(995_000), ON_HOLD, gone(998_000)]
    assert await theatre.play(model="p/one") is None
    amounts = [request.amount_milli for request in theatre.books.holds]
    assert amounts[1] == amounts[2] > amounts[3] == amounts[4] > amounts[5]
    assert theatre.settled.status == "served"


async def test_a_call_that_cannot_be_made_smaller_is_refused_however_long_it_waited() -> None:
    theatre = Theatre(knobs=PATIENT)
    theatre.books.answers = [gone(999_999), ON_HOLD, gone(999_999)]
    refusal = await theatre.play(model="p/one")
    assert isinstance(refusal, Refusal)
    assert (refusal.code, len(theatre.books.holds)) == ("insufficient_credits", 3)
