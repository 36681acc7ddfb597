"""Claims about a call as far as its decision: what is refused is recorded, costs nothing and reaches no provider."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from proxy.domain.errors import Refusal
from proxy.domain.journey import Thread
from proxy.domain.standing import Cap
from proxy.domain.verdict import Advice
from proxy.pipeline import Judged
from proxy.stages import policy
from tests import builders as b
from tests.pipeline.theatre import Theatre, whole

APP_KEY = b.key(kind="app")
SHOP = b.app(reads_body_user=True, caps=(Cap("app:a1", "month", 1_000_000),))


def refused(refusal: Refusal | None) -> Refusal:
    assert refusal is not None
    return refusal


async def test_a_body_that_is_no_json_is_refused_recorded_and_free() -> None:
    theatre = Theatre()
    refusal = refused(await theatre.play(body=b"{"))
    assert refusal.code == "invalid_json"
    (call,) = theatre.books.records
    assert (call.status, call.code, call.credits_milli, call.ask) == ("refused", "invalid_json", 0, None)
    assert theatre.upstream.requests == []


async def test_a_decision_that_refuses_is_recorded_with_everything_it_was_made_of() -> None:
    theatre = Theatre()
    refusal = refused(await theatre.play(model="nobody/knows"))
    assert refusal.code == "model_not_found"
    (call,) = theatre.books.records
    assert call.status == "refused"
    assert call.decision is not None
    assert call.decision.dropped[0].reason.code == "unknown"
    assert [mark.stage for mark in call.timeline] == ["intake", "precheck", "decision"]
    assert theatre.fixed.finished_calls == [call]


async def test_a_user_whose_plan_is_gone_is_told_so() -> None:
    theatre = Theatre()
    caller = b.caller(entitlement=b.entitlement(plan_id="gone"))
    assert refused(await theatre.play(caller)).status == 403


async def test_too_many_refused_calls_are_counted_but_no_longer_written() -> None:
    theatre = Theatre()
    theatre.fixed.limit_reached = True
    refusal = refused(await theatre.play(model="nobody/knows"))
    assert (refusal.code, refusal.retry_after_s) == ("rate_limit_exceeded", 7)
    assert theatre.books.records == []
    assert theatre.fixed.incidents == ["refusal_unrecorded"]


async def test_a_store_that_is_away_takes_no_calls() -> None:
    theatre = Theatre()
    theatre.books.down = True
    assert refused(await theatre.play()).code == "store_unavailable"
    assert theatre.upstream.requests == []


async def test_the_body_names_the_end_user_where_the_app_turned_that_on() -> None:
    theatre = Theatre(whole())
    app_caller = b.caller(key=APP_KEY, app=SHOP)
    assert await theatre.play(app_caller, user="ann") is None
    assert theatre.settled.user_id == "eu-ann"
    assert theatre.books.holds[0].enrol is not None
    assert theatre.upstream.body()["user"] == "hash-of-eu-ann"


async def test_an_app_without_a_cap_takes_on_no_user_and_the_refusal_is_recorded() -> None:
    theatre = Theatre()
    refusal = refused(await theatre.play(b.caller(key=APP_KEY, app=replace(SHOP, caps=())), user="ann"))
    assert (refusal.code, refusal.status) == ("forbidden", 403)
    assert theatre.books.holds == []
    assert [call.code for call in theatre.books.records] == ["forbidden"]


async def test_the_bodys_user_selects_nothing_for_a_user_key() -> None:
    theatre = Theatre(whole())
    await theatre.play(b.caller(app=SHOP), user="ann")
    assert theatre.settled.user_id == "u1"


async def test_header_and_body_must_not_name_different_users() -> None:
    theatre = Theatre()
    caller = b.caller(key=APP_KEY, user=b.user(external_id="bob"), app=SHOP)
    assert refused(await theatre.play(caller, user="ann")).param == "user"


async def test_header_and_body_may_name_the_same_user() -> None:
    theatre = Theatre(whole())
    caller = b.caller(key=APP_KEY, user=b.user(external_id="ann"), app=SHOP)
    assert await theatre.play(caller, user="ann") is None


async def test_a_suspended_end_user_named_in_the_body_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    theatre = Theatre()

    async def suspended(*_: object) -> object:
        return b.caller(user=b.user(suspended=True))

    monkeypatch.setattr(theatre.fixed, "end_user_caller", suspended)
    caller = b.caller(key=APP_KEY, app=SHOP)
    assert refused(await theatre.play(caller, user="ann")).code == "forbidden"


CONFIRMING = b.policy_table(actions={"safe": "confirm"})


async def test_a_call_to_be_confirmed_passes_once_with_the_same_messages() -> None:
    theatre = Theatre(whole(), catalog=b.catalog(b.model("p/one"), policy=CONFIRMING))
    assert refused(await theatre.play()).code == "confirmation_required"
    assert await theatre.play(signalbox={"confirm": "call_1"}) is None
    assert refused(await theatre.play(signalbox={"confirm": "call_1"})).code == "confirmation_required"


@pytest.mark.parametrize("more", [{"n": 2}, {"max_tokens": 4_000}, {"stream": True}, {"top_k": 3}, {"temperature": 0}])
async def test_a_confirmation_is_worth_nothing_for_a_request_that_asks_for_more(more: dict[str, Any]) -> None:
    theatre = Theatre(catalog=b.catalog(b.model("p/one"), b.plan(n_max=4), policy=CONFIRMING))
    await theatre.play(max_tokens=10)
    asked = {"max_tokens": 10, **more, "signalbox": {"confirm": "call_1"}}
    assert refused(await theatre.play(**asked)).code == "confirmation_required"


async def test_a_confirmation_is_worth_nothing_for_other_messages_or_another_user() -> None:
    theatre = Theatre(catalog=b.catalog(b.model("p/one"), policy=CONFIRMING))
    await theatre.play()
    other = [{"role": "user", "content": "Something else."}]
    stranger = b.caller(user=b.user("u2"))
    assert refused(await theatre.play(messages=other, signalbox={"confirm": "call_1"})).code == "confirmation_required"
    assert refused(await theatre.play(stranger, signalbox={"confirm": "call_1"})).code == "confirmation_required"


async def test_nobody_is_told_to_confirm_what_could_not_be_remembered_and_none_passes_unasked() -> None:
    theatre = Theatre(catalog=b.catalog(b.model("p/one"), policy=CONFIRMING))
    theatre.confirmations.away = True
    assert refused(await theatre.play()).code == "store_unavailable"
    assert refused(await theatre.play(signalbox={"confirm": "call_1"})).code == "store_unavailable"


async def test_a_confirmation_ends_after_ten_minutes() -> None:
    theatre = Theatre(catalog=b.catalog(b.model("p/one"), policy=CONFIRMING))
    await theatre.play()
    late = replace(theatre.order(signalbox={"confirm": "call_1"}), received_ms=b.NOW_MS + 600_000)
    assert refused(await theatre.pipeline.call(late, theatre.reply)).code == "confirmation_required"


async def test_a_preview_decides_records_and_calls_nobody() -> None:
    theatre = Theatre()
    judged = await theatre.pipeline.preview(replace(theatre.order(), kind="precheck"))
    assert isinstance(judged, Judged)
    (call,) = theatre.books.records
    assert (call.kind, call.status, call.credits_milli) == ("precheck", "served", 0)
    assert judged.decision.chain
    assert theatre.upstream.requests == []
    assert theatre.books.holds == []


async def test_a_preview_of_a_refused_call_says_why_and_of_a_bad_body_refuses() -> None:
    theatre = Theatre()
    judged = await theatre.pipeline.preview(theatre.order(model="nobody/knows"))
    assert isinstance(judged, Judged)
    assert judged.decision.refusal is not None
    assert theatre.books.records[0].reason == "model_not_found"
    assert isinstance(await theatre.pipeline.preview(theatre.order(body=b"[]")), Refusal)


async def test_two_calls_at_once_do_not_share_anything() -> None:
    theatres = [Theatre(whole(f"answer {n}")) for n in range(2)]
    await asyncio.gather(*(theatre.play() for theatre in theatres))
    texts = [theatre.reply.json["choices"][0]["message"]["content"] for theatre in theatres]
    assert texts == ["answer 0", "answer 1"]


# --- conversations ------------------------------------------------------------------------------------------------------

TALKS = b.catalog(
    b.model("p/one", quality={"general": 0.9}),
    b.model("q/two", quality={"general": 0.1}),
    b.assistant("general", "p/one", "q/two", ordered=False),
    b.assistant("coder", "q/two"),
)
LAST = Thread("q/two", "general", "general", "balanced")


async def test_a_conversation_goes_on_with_who_answered_it_and_the_record_says_so() -> None:
    theatre = Theatre(whole(), catalog=TALKS)
    theatre.fixed.last = LAST
    assert await theatre.play(signalbox={"conversation_id": "talk"}) is None
    call = theatre.settled
    assert (call.model_id, call.reason, call.conversation_id) == ("q/two", "sticky", "talk")
    assert (call.ask, call.advice) == (replace(call.ask or b.ask(), sticky_model_id="q/two"), Advice("general", "continued"))


async def test_what_is_recorded_of_it_decides_the_same_again() -> None:
    theatre = Theatre(whole(), catalog=TALKS)
    theatre.fixed.last = LAST
    await theatre.play(signalbox={"conversation_id": "talk"})
    call = theatre.settled
    assert call.ask and call.verdict and call.advice and call.standing and call.health  # noqa: PT018  (for the type checker)
    assert policy.decide(call.ask, call.verdict, call.advice, call.standing, TALKS, call.health) == call.decision


@pytest.mark.parametrize("fields", [{}, {"model": "p/one", "signalbox": {"conversation_id": "talk"}}])
async def test_without_a_conversation_or_with_a_model_named_nobody_is_kept(fields: dict[str, Any]) -> None:
    theatre = Theatre(whole(), catalog=TALKS)
    theatre.fixed.last = LAST
    await theatre.play(**fields)
    assert theatre.settled.model_id == "p/one"


async def test_a_call_is_decided_by_what_is_remembered_of_the_books() -> None:
    theatre = Theatre(whole())
    theatre.books.remembered = b.standing(account_id="remembered")
    assert await theatre.play() is None
    (request,) = theatre.books.holds
    assert request.began.standing == theatre.books.remembered


@pytest.mark.parametrize("left", [0, 1])
async def test_what_is_remembered_takes_nothing_from_a_call_before_the_books_were_read(left: int) -> None:
    theatre = Theatre(whole())
    theatre.books.remembered = b.standing(b.window(limit=left))
    assert await theatre.play() is None
    (request,) = theatre.books.holds
    assert request.began.standing == theatre.books.seen
