"""Claims about a decided call: it is answered whole or says it could not, and its hold is settled exactly once."""

import asyncio
import gc
from dataclasses import replace

import pytest

from proxy.domain.errors import Fault, FaultKind, Refusal
from proxy.domain.ledger import HoldRefusalCode, HoldRefused
from proxy.domain.usage import Usage
from proxy.pipeline.run import Run
from proxy.ports import StoreUnavailable
from tests import builders as b
from tests.pipeline.theatre import WAIT, Script, Theatre, chunk, error, stillness, stream, whole

NO_RETRY = b.policy_table(retries_per_model_max=0)


def refused(refusal: Refusal | None) -> Refusal:
    assert refusal is not None
    return refusal


def says_no(code: HoldRefusalCode) -> HoldRefused:
    return HoldRefused(code, "user:u1", b.standing(b.window(spent=999_000)))


# --- answered ---------------------------------------------------------------------------------------------------------


async def test_a_whole_answer_says_who_answered_and_what_it_cost() -> None:
    theatre = Theatre(whole())
    assert await theatre.play() is None
    reply, call = theatre.reply, theatre.settled
    assert (reply.status, reply.json["id"], reply.json["model"]) == (200, "call_1", "p/one")
    assert reply.json["choices"][0]["message"]["content"] == "hello"
    assert reply.headers[b"x-signalbox-model"] == b"p/one"
    assert reply.headers[b"x-signalbox-attempts"] == b"1"
    assert reply.headers[b"x-signalbox-credits"] == b"0.03"
    assert reply.headers[b"content-length"] == str(len(reply.heard)).encode()
    assert (call.status, call.credits_milli, call.usage) == ("served", 30, Usage(input=10, output=5))
    assert theatre.fixed.finished_calls[0].timeline[-1].duration_us > 0
    assert [m.stage for m in call.timeline] == [
        "intake",
        "precheck",
        "decision",
        "hold",
        "attempt",
        "first_byte",
        "settle",
    ]


async def test_a_stream_holds_its_status_until_there_is_something_to_say() -> None:
    theatre = Theatre(Script(stream("Hel", "lo")))
    await theatre.play(stream=True, stream_options={"include_usage": True})
    events = theatre.reply.events
    assert theatre.reply.opened_by_ms == 20_000
    assert theatre.reply.headers[b"x-signalbox-model"] == b"p/one"
    assert events[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert theatre.reply.text == "Hello"
    assert events[-2]["usage"]["completion_tokens"] == 2
    assert events[-2]["signalbox"]["credits"]
    assert events[-1] == b"[DONE]"
    assert theatre.settled.ttft_ms is not None


async def test_the_request_upstream_carries_our_key_our_bound_and_the_trace_but_no_user() -> None:
    theatre = Theatre(whole())
    await theatre.play(max_tokens=77, user="ann")
    request, body = theatre.upstream.requests[0], theatre.upstream.body()
    assert request.headers["authorization"] == "Bearer secret-key-of-p"
    assert request.headers["traceparent"].startswith("00-0af7")
    assert (body["model"], body["max_tokens"], body["user"]) == ("one", 77, "hash-of-u1")


async def test_an_assistants_prompt_goes_first_and_never_comes_back() -> None:
    rows = (b.model("p/one"), b.assistant("general", "p/one", system_prompt="SECRET PROMPT"))
    theatre = Theatre(whole(), catalog=b.catalog(*rows))
    await theatre.play(signalbox={"explain": True})
    assert theatre.upstream.body()["messages"][0] == {"role": "system", "content": "SECRET PROMPT"}
    assert b"SECRET PROMPT" not in theatre.reply.heard
    assert "SECRET PROMPT" not in repr(theatre.settled)
    assert theatre.reply.json["signalbox"]["explain"]["assistant"] == "general"


async def test_an_empty_answer_that_the_callers_bound_explains_is_the_callers() -> None:
    theatre = Theatre(whole("", finish_reason="length"))
    assert await theatre.play(max_tokens=20) is None
    assert theatre.settled.credits_milli > 0


async def test_a_stream_that_ends_empty_for_a_reason_is_answered_empty() -> None:
    theatre = Theatre(Script([chunk(""), chunk(finish_reason="length"), b"data: [DONE]\n\n"]))
    assert await theatre.play(stream=True) is None
    assert theatre.reply.events[-1] == b"[DONE]"
    assert theatre.settled.status == "served"


@pytest.mark.parametrize("ends", [True, False])
async def test_a_stream_that_said_its_end_may_keep_its_connection(ends: bool) -> None:
    theatre = Theatre(Script([chunk("hi", finish_reason="stop"), b"data: [DONE]\n\n" if ends else b""]))
    assert await theatre.play(stream=True) is None
    assert theatre.upstream.exchanges[0].finished is ends


async def test_a_stream_that_gave_its_reason_needs_no_done() -> None:
    theatre = Theatre(Script([chunk("hello"), chunk(finish_reason="stop")]))
    await theatre.play(stream=True)
    assert theatre.reply.events[-1] == b"[DONE]"


# --- failover -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        Script(opening=Fault("first_byte_timeout")),
        Script([Fault("idle_timeout")]),
        Script([b"<html>no</html>"]),
        whole(""),
        error(401),
        error(402),
        error(404),
        Script([b"x" * 100]),
    ],
    ids=["mute", "stall", "html", "empty", "our key", "our credit", "unknown model", "junk"],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_every_fault_before_the_first_word_is_answered_by_the_next_model(script: Script, streamed: bool) -> None:
    theatre = Theatre(script, Script(stream("hello")) if streamed else whole())
    assert await theatre.play(stream=streamed) is None
    call = theatre.settled
    assert (call.status, call.model_id, len(call.attempts)) == ("served", "q/two", 2)
    assert call.attempts[0].charged is False
    assert call.absorbed_milli == call.attempts[0].credits_milli
    assert theatre.reply.headers[b"x-signalbox-attempts"] == b"2"
    assert b"PROVIDER SECRET" not in theatre.reply.heard


async def test_a_passing_fault_is_tried_again_on_the_same_model_after_a_pause() -> None:
    theatre = Theatre(Script(opening=Fault("reset")), whole())
    await theatre.play()
    assert [a.model_id for a in theatre.settled.attempts] == ["p/one", "p/one"]
    assert theatre.reply.paused_ms == [100]


async def test_when_all_fail_the_caller_hears_one_error_and_pays_nothing() -> None:
    theatre = Theatre(error(500), error(500), catalog=b.catalog(b.model("p/one"), b.model("q/two"), policy=NO_RETRY))
    refusal = refused(await theatre.play())
    assert (refusal.code, refusal.status) == ("upstream_error", 502)
    assert (theatre.settled.status, theatre.settled.credits_milli) == ("failed", 0)
    assert len(theatre.settled.attempts) == 2


@pytest.mark.parametrize("kind", ["our_key", "our_credit"])
async def test_our_trouble_with_a_provider_is_never_the_callers_401_or_402(kind: FaultKind) -> None:
    theatre = Theatre(Script(opening=Fault(kind)), catalog=b.catalog(b.model("p/one")))
    assert refused(await theatre.play()).status == 503


async def test_what_a_provider_billed_for_a_failed_try_is_the_operators_cost() -> None:
    theatre = Theatre(whole("", prompt_tokens=1_000), whole())
    await theatre.play()
    lost, paid = theatre.settled.attempts
    assert (lost.raw_nano_usd > 0, lost.charged) == (True, False)
    assert theatre.settled.raw_nano_usd == lost.raw_nano_usd + paid.raw_nano_usd
    assert (theatre.settled.credits_milli, theatre.settled.absorbed_milli) == (paid.credits_milli, lost.credits_milli)


async def test_an_answer_larger_than_its_bound_is_no_answer() -> None:
    theatre = Theatre(whole("x" * 200), whole("short"))
    theatre.pipeline._rooms = replace(  # a bound that only this test needs
        theatre.pipeline._rooms, knobs=replace(theatre.pipeline._rooms.knobs, answer_bytes_max=250)
    )
    await theatre.play()
    assert theatre.settled.attempts[0].fault == "garbled"


async def test_a_stream_whose_200_left_early_hears_its_refusal_as_an_event() -> None:
    theatre = Theatre(error(400), catalog=b.catalog(b.model("p/one")))
    theatre.reply.started = True
    assert await theatre.play(stream=True) is None
    assert theatre.reply.events == [refused(Refusal("invalid_request", "x")).body() | theatre.reply.events[0]]
    assert b"[DONE]" not in theatre.reply.heard


# --- broken after the first word ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ending",
    [Fault("reset"), Fault("idle_timeout"), b'data: {"error": {"message": "PROVIDER SECRET"}}\n\n', b""],
    ids=["reset", "stall", "error event", "quiet end"],
)
async def test_a_stream_that_breaks_ends_in_an_error_and_never_quietly(ending: bytes | Fault) -> None:
    theatre = Theatre(Script([chunk("hel"), chunk("lo"), ending]))
    assert await theatre.play(stream=True) is None
    last = theatre.reply.events[-1]
    assert last["error"]["code"] in ("upstream_error", "upstream_timeout")
    assert b"[DONE]" not in theatre.reply.heard
    assert b"PROVIDER SECRET" not in theatre.reply.heard
    assert (theatre.settled.status, theatre.settled.code) == ("cut", last["error"]["code"])
    assert theatre.settled.credits_milli > 0


@pytest.mark.parametrize("ending", [Fault("reset"), Fault("idle_timeout"), Fault("garbled")])
async def test_what_breaks_after_the_reason_to_finish_takes_nothing_from_the_answer(ending: Fault) -> None:
    theatre = Theatre(Script([chunk("hel"), chunk("lo"), chunk(finish_reason="stop"), ending]))
    assert await theatre.play(stream=True) is None
    assert theatre.reply.text == "hello"
    assert theatre.reply.heard.endswith(b"data: [DONE]\n\n")
    assert theatre.settled.status == "served"


async def test_an_answer_under_another_status_of_success_is_an_answer() -> None:
    theatre = Theatre(replace(whole(), status=201))
    assert await theatre.play() is None
    assert theatre.reply.json["choices"][0]["message"]["content"] == "hello"


@pytest.mark.parametrize("is_stream", [True, False])
async def test_an_answer_of_white_space_is_empty_and_the_next_model_answers(is_stream: bool) -> None:
    blank = Script(stream(" ", "\n\n")) if is_stream else whole(" \n\n")
    theatre = Theatre(blank, Script(stream("hello")) if is_stream else whole())
    assert await theatre.play(stream=is_stream) is None
    assert [attempt.fault for attempt in theatre.settled.attempts] == ["empty", None]
    assert "hello" in theatre.reply.heard.decode()


async def test_white_space_before_the_first_word_is_said_with_it() -> None:
    theatre = Theatre(Script(stream("\n", " ", "hel", "lo")))
    await theatre.play(stream=True)
    assert theatre.reply.text == "\n hello"


async def test_a_caller_whose_stop_explains_it_hears_white_space_alone() -> None:
    theatre = Theatre(Script(stream("\n", " ")))
    await theatre.play(stream=True, stop=["x"])
    assert theatre.reply.text == "\n "


async def test_an_event_without_an_end_is_bounded() -> None:
    theatre = Theatre(Script([chunk("hello"), b"data: " + b"x" * (5 * 1024 * 1024)]))
    await theatre.play(stream=True)
    assert theatre.reply.events[-1]["error"]["code"] == "upstream_error"


# --- holds ----------------------------------------------------------------------------------------------------------


async def test_books_that_know_better_are_believed_and_policy_decides_once_more() -> None:
    theatre = Theatre(whole())
    theatre.books.answers = [says_no("insufficient_credits")]
    assert await theatre.play() is None
    too_much, enough = theatre.books.holds
    assert enough.amount_milli < too_much.amount_milli
    assert theatre.settled.standing == says_no("insufficient_credits").standing


async def test_policy_decides_once_more_and_not_again_whatever_the_books_see() -> None:
    theatre = Theatre()
    theatre.books.answers = [
        HoldRefused("insufficient_credits", "user:u1", b.standing(b.window(spent=spent))) for spent in range(900_000, 900_009)
    ]
    assert refused(await theatre.play(model="p/one")).status == 402
    assert len(theatre.books.holds) == 2


async def test_credits_really_gone_are_402_and_no_provider_hears_of_it() -> None:
    theatre = Theatre()
    theatre.books.answers = [says_no("insufficient_credits")] * 4
    refusal = refused(await theatre.play())
    assert (refusal.status, refusal.should_retry) == (402, False)
    assert theatre.upstream.requests == []
    (call,) = theatre.books.records
    assert (call.status, call.code) == ("refused", "insufficient_credits")


@pytest.mark.parametrize("code", ["concurrency_limit", "credits_on_hold"])
async def test_what_running_calls_hold_is_429(code: HoldRefusalCode) -> None:
    theatre = Theatre()
    theatre.books.answers = [says_no(code)] * 4
    assert refused(await theatre.play()).status == 429


async def test_a_store_that_fails_at_the_hold_is_503() -> None:
    theatre = Theatre()
    theatre.books.answers = [StoreUnavailable("away", retry_after_s=3)]
    refusal = refused(await theatre.play())
    assert (refusal.code, refusal.retry_after_s) == ("store_unavailable", 3)


async def test_failover_resizes_the_hold_for_the_next_model() -> None:
    dear = b.model("q/two", tiers=b.tiers(output=40 * 10**9))
    theatre = Theatre(Script(opening=Fault("first_byte_timeout")), whole(), catalog=b.catalog(b.model("p/one"), dear))
    await theatre.play(models=["p/one", "q/two"])
    assert theatre.books.extensions[0].amount_milli > theatre.books.holds[0].amount_milli


async def test_a_candidate_whose_resize_is_refused_is_skipped_and_the_fault_is_told() -> None:
    theatre = Theatre(Script(opening=Fault("first_byte_timeout")))
    theatre.books.answers = [None, says_no("insufficient_credits")]
    assert refused(await theatre.play()).code == "upstream_timeout"
    assert len(theatre.upstream.requests) == 1


async def test_a_provider_that_bills_more_than_was_held_is_the_operators_loss() -> None:
    theatre = Theatre(whole(completion_tokens=1_000_000))
    await theatre.play()
    call = theatre.settled
    assert call.credits_milli == theatre.books.holds[0].amount_milli
    assert call.absorbed_milli > 0


# --- the end ----------------------------------------------------------------------------------------------------------


async def test_an_answer_does_not_wait_for_an_outage_of_the_books() -> None:
    theatre = Theatre(whole())
    theatre.books.slow_settle = True
    assert await theatre.play() is None
    assert theatre.reply.status == 200
    assert "settle_late" in theatre.fixed.incidents


async def test_a_call_that_is_stopped_from_outside_settles_what_was_delivered_and_says_so() -> None:
    theatre = Theatre(Script([chunk("hello"), WAIT]))
    playing = asyncio.create_task(theatre.play(stream=True))
    await stillness()
    assert (theatre.pipeline.traffic.live, theatre.pipeline.traffic.streams) == (1, 1)
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    assert (theatre.pipeline.traffic.live, theatre.pipeline.traffic.streams) == (0, 0)
    assert theatre.settled.credits_milli > 0
    assert theatre.reply.events[-1]["error"]["code"] == "shutting_down"


async def test_a_call_that_is_stopped_before_any_attempt_gives_its_hold_back() -> None:
    theatre = Theatre(Script(opening=Fault("reset")))

    async def stopped(ms: int) -> None:
        raise asyncio.CancelledError

    theatre.reply.pause = stopped  # type: ignore[method-assign]  # the moment of the stop
    with pytest.raises(asyncio.CancelledError):
        await theatre.play()
    assert theatre.settled.credits_milli == 0


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_call_that_is_over_leaves_nothing_to_the_collector(streamed: bool) -> None:
    theatre = Theatre(Script(stream("hello")) if streamed else whole())
    gc.collect()
    gc.disable()
    try:
        await theatre.play(stream=streamed)
        left = [thing for thing in gc.get_objects() if type(thing) is Run]
    finally:
        gc.enable()
    assert left == []
