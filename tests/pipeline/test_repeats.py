"""Claims about requests under an idempotency key on their way through the pipeline: made once, answered as often as asked."""

from dataclasses import replace
from typing import Any

from proxy.domain.errors import Refusal
from proxy.domain.ledger import IdempotencyKey, KeyUsed
from proxy.domain.standing import Cap
from proxy.ports import StoreUnavailable
from tests import builders as b
from tests.pipeline.theatre import LEAVE, RememberingReply, Script, Theatre, chunk, stream, whole

KEY = IdempotencyKey("POST /v1/chat/completions", "k-1", b"a hash")
OURS = KeyUsed("call_1", KEY.body_hash, running=False)


async def asked(theatre: Theatre, **fields: Any) -> Refusal | RememberingReply:
    """One more request under the key: what it hears, or its refusal."""
    reply = RememberingReply()
    order = replace(theatre.order(**fields), idempotency=KEY, call_id="call_2")
    return await theatre.pipeline.call(order, reply) or reply


async def made(theatre: Theatre, **fields: Any) -> None:
    """The first request under the key; from then on the books say whose it is."""
    await theatre.pipeline.call(replace(theatre.order(**fields), idempotency=KEY), theatre.reply)
    theatre.books.used_by = OURS


async def test_the_key_goes_with_the_hold() -> None:
    theatre = Theatre(whole())
    await made(theatre)
    assert theatre.books.holds[0].idempotency == KEY


async def test_a_repeated_request_hears_the_same_bytes_and_calls_and_costs_nothing() -> None:
    theatre = Theatre(whole())
    await made(theatre)
    again = await asked(theatre)
    assert isinstance(again, RememberingReply)
    assert (again.heard, again.headers) == (theatre.reply.heard, theatre.reply.headers)
    assert (len(theatre.upstream.requests), len(theatre.books.holds), len(theatre.books.settlements)) == (1, 1, 1)
    assert (theatre.books.records, theatre.fixed.incidents) == ([], ["answer_repeated"])


async def test_a_repeated_stream_comes_as_one_burst_broken_ones_too() -> None:
    for script in (stream("Hel", "lo"), [chunk("hel"), b""]):
        theatre = Theatre(Script(script))
        await made(theatre, stream=True)
        again = await asked(theatre, stream=True)
        assert isinstance(again, RememberingReply)
        assert again.heard == theatre.reply.heard


async def test_a_repeated_request_is_answered_though_it_could_not_be_made_today() -> None:
    theatre = Theatre(whole())
    await made(theatre)
    theatre.fixed.catalog = b.catalog()
    assert isinstance(await asked(theatre), RememberingReply)


async def test_a_call_that_its_caller_left_has_no_answer_any_more() -> None:
    theatre = Theatre(Script([chunk("hello"), LEAVE]))
    await made(theatre, stream=True)
    refusal = await asked(theatre, stream=True)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.details) == ("answer_gone", {"call": "call_1"})
    (call,) = theatre.books.records
    assert (call.id, call.status, call.code) == ("call_2", "refused", "answer_gone")


async def test_a_call_that_runs_elsewhere_is_in_progress() -> None:
    theatre = Theatre()
    theatre.books.used_by = replace(OURS, running=True)
    refusal = await asked(theatre)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "in_progress"
    assert theatre.upstream.requests == []


async def test_a_call_whose_hold_is_resolved_but_whose_answer_is_still_being_said_is_in_progress() -> None:
    theatre = Theatre(whole())
    heard: list[Refusal | RememberingReply] = []
    speak = theatre.reply.start

    async def slowly(status: int, headers: Any) -> None:
        theatre.books.used_by = OURS
        heard.append(await asked(theatre))
        await speak(status, headers)

    theatre.reply.start = slowly  # type: ignore[method-assign]  # the moment between settlement and end
    await made(theatre)
    (refusal,) = heard
    assert isinstance(refusal, Refusal)
    assert refusal.code == "in_progress"


async def test_another_body_is_refused_though_the_answer_is_kept() -> None:
    theatre = Theatre(whole())
    await made(theatre)
    theatre.books.used_by = replace(OURS, body_hash=b"of another body")
    refusal = await asked(theatre)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "idempotency_mismatch"


async def test_of_two_requests_at_once_the_books_choose_one() -> None:
    for used, code in ((OURS, "in_progress"), (replace(OURS, body_hash=b"other"), "idempotency_mismatch")):
        theatre = Theatre()
        theatre.books.taken = used
        refusal = await asked(theatre)
        assert isinstance(refusal, Refusal)
        assert refusal.code == code
        assert (theatre.upstream.requests, theatre.books.settlements) == ([], [])
        assert [call.code for call in theatre.books.records] == [code]


async def test_a_key_that_cannot_be_looked_up_makes_no_call() -> None:
    theatre = Theatre()

    async def away(account_id: str, asked: IdempotencyKey) -> KeyUsed | None:
        raise StoreUnavailable("away", retry_after_s=3)

    theatre.books.used = away  # type: ignore[method-assign]
    refusal = await asked(theatre)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.retry_after_s) == ("store_unavailable", 3)


SHOP = b.app(reads_body_user=True, caps=(Cap("app:a1", "month", 1_000_000),))


async def test_the_body_names_whose_key_it_is_where_the_app_turned_that_on() -> None:
    theatre = Theatre(whole())
    caller = b.caller(key=b.key(kind="app"), app=SHOP)
    await theatre.pipeline.call(replace(theatre.order(caller, user="ann"), idempotency=KEY), theatre.reply)
    assert theatre.books.looked_up == ["eu-ann"]
