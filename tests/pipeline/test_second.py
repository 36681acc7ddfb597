"""A second look at sensitive prompts: who waits for it, what its word does, what its silence does, and what it costs whom."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from proxy.domain.call import NOBODY, Call
from proxy.domain.catalog import Catalog
from proxy.domain.decision import Decision
from proxy.domain.errors import Fault, Refusal
from proxy.domain.ledger import HoldRefused
from proxy.domain.pattern import Pattern
from proxy.domain.policy import SecondNet
from proxy.domain.standing import Cap
from proxy.domain.verdict import Rule, SecondWord
from proxy.stages import policy
from tests import builders as b
from tests.pipeline.theatre import WAIT, Script, Theatre, stillness, stream, whole

GUARD = b.model("q/guard", kind="moderation", tiers=b.tiers(input=10**9))
DELICATE = [{"role": "user", "content": "One"}, {"role": "user", "content": "a delicate thing"}]


def shop(**changes: Any) -> Catalog:
    net = replace(SecondNet("q/guard", waits=True, limit_ms=5_000, flagged="block", cleared=None), **changes)
    rule = Rule("delicate", "hazard", "delicate", Pattern("delicate"))
    book = b.rule_book(rules=(rule,), risks={"delicate": "sensitive"})
    table = b.policy_table(actions={"sensitive": "confirm", "disallowed": "block"}, second_net=net)
    return b.catalog(
        b.model("p/one", stops_billing_on_close=True), GUARD, b.assistant("general", "p/one"), rules=book, policy=table
    )


def said(*flagged: bool, **more: Any) -> Script:
    results = [{"flagged": is_so, "categories": {"violence": is_so, "hate": False}} for is_so in flagged]
    return Script([orjson.dumps({"id": "modr-1", "results": results, **more})])


def word(call: Call) -> SecondWord:
    assert call.verdict is not None
    assert call.verdict.second is not None
    return call.verdict.second


def decided_again(theatre: Theatre, call: Call) -> Decision:
    found = (call.ask, call.verdict, call.advice, call.standing, call.health)
    ask, verdict, advice, standing, health = found
    assert None not in found
    return policy.decide(ask, verdict, advice, standing, theatre.fixed.catalog, health)  # type: ignore[arg-type]


def refused(refusal: Refusal | None) -> str:
    assert refusal is not None
    return refusal.code


async def test_only_sensitive_prompts_are_looked_at_twice() -> None:
    theatre = Theatre(whole(), catalog=shop())
    assert await theatre.play() is None
    assert [request.url.rpartition("/")[2] for request in theatre.upstream.requests] == ["completions"]


async def test_what_it_flags_is_blocked_before_any_model_is_called() -> None:
    theatre = Theatre(said(False, True), catalog=shop())
    assert refused(await theatre.play(messages=DELICATE)) == "content_policy_violation"
    (request,) = theatre.upstream.requests
    assert request.url.endswith("/moderations")
    assert theatre.upstream.body() == {"model": "guard", "input": ["One", "a delicate thing"]}
    (call,) = theatre.books.records
    assert (word(call).said, word(call).categories, word(call).in_time) == ("flagged", ("violence",), True)
    assert call.decision is not None
    assert call.decision.action == "block"


@pytest.mark.parametrize(("cleared", "code"), [("allow", None), (None, "confirmation_required")])
async def test_what_it_clears_is_done_as_the_operator_says_and_else_as_at_first(cleared: Any, code: str | None) -> None:
    theatre = Theatre(said(False, False), whole(), catalog=shop(cleared=cleared))
    refusal = await theatre.play(messages=DELICATE)
    assert (None if refusal is None else refusal.code) == code


@pytest.mark.parametrize(
    "script",
    [
        Script(opening=Fault("connect")),
        Script([Fault("reset")]),
        Script([b"{}"], status=503),
        Script([b'{"results": []}']),
        Script([b"no json"]),
        said(True),
        Script([WAIT]),
    ],
)
async def test_when_it_fails_the_first_verdict_stands_and_the_record_says_so(script: Script) -> None:
    theatre = Theatre(script, catalog=shop(limit_ms=20))
    assert refused(await theatre.play(messages=DELICATE)) == "confirmation_required"
    (call,) = theatre.books.records
    assert (word(call).said, word(call).call_id) == ("failed", "call_1")
    assert "second_net_failed" in theatre.fixed.incidents


async def test_without_room_under_the_ceilings_it_is_not_asked() -> None:
    theatre = Theatre(catalog=replace(shop(), ceilings=(Cap("installation", "day", 1, "nano_usd"),)))
    theatre.books.answers = [HoldRefused("budget_cap_reached", "installation", b.standing())]
    assert refused(await theatre.play(messages=DELICATE)) == "confirmation_required"
    assert theatre.upstream.requests == []
    (asked,) = theatre.books.holds
    assert (asked.amount_milli, [cap.scope for cap in asked.terms.caps]) == (0, ["installation"])
    assert asked.raw_nano_usd >= len(b"One" + b"a delicate thing") * 10**9 // 10**6
    assert word(theatre.books.records[0]).said == "failed"


async def test_nobody_is_charged_for_it_and_its_cost_is_the_operators() -> None:
    theatre = Theatre(said(False, True, usage={"prompt_tokens": 40}), catalog=shop())
    await theatre.play(messages=DELICATE)
    await stillness()
    (settlement,) = theatre.books.settlements
    call = settlement.call
    assert (settlement.credits_milli, settlement.raw_nano_usd) == (0, 40 * 10**9 // 10**6)
    assert (call.kind, call.user_id, call.key_id, call.status) == ("moderation", NOBODY, NOBODY, "served")
    assert (call.raw_nano_usd, call.credits_milli, call.absorbed_milli, call.metadata) == (40_000, 0, 0, {"for": "call_1"})
    (asked,) = theatre.books.holds
    assert (asked.began.status, asked.account_id) == ("running", NOBODY)


async def test_the_record_decides_the_same_way_again() -> None:
    theatre = Theatre(said(False, True), catalog=shop())
    await theatre.play(messages=DELICATE)
    (call,) = theatre.books.records
    assert decided_again(theatre, call) == call.decision


def beside(**changes: Any) -> Catalog:
    made = shop(waits=False, **changes)
    return replace(made, policy=replace(made.policy, actions={"sensitive": "flag"}))


class Beside(Theatre):
    """The call asks its model first, and the second look is answered while that speaks."""

    async def speak(self) -> Refusal | None:
        return await self.play(messages=DELICATE, stream=True)

    @property
    def spoken(self) -> Call:
        return next(settlement.call for settlement in self.books.settlements if settlement.call.kind == "chat")


WORDS = [f"word{number} " for number in range(30)]


async def test_a_call_goes_on_beside_it_and_the_record_has_its_word() -> None:
    theatre = Beside(Script(stream(*WORDS)), said(False, False), catalog=beside())
    assert await theatre.speak() is None
    assert theatre.reply.text == "".join(WORDS)
    assert (word(theatre.spoken).said, word(theatre.spoken).in_time) == ("cleared", False)
    assert theatre.spoken.decision is not None
    assert theatre.spoken.decision.second is None


async def test_a_call_that_it_flags_meanwhile_is_ended_and_what_was_delivered_is_charged() -> None:
    theatre = Beside(Script([*stream(*WORDS)[:9], WAIT]), said(False, True), catalog=beside())
    await theatre.speak()
    call = theatre.spoken
    assert (call.code, call.status, word(call).said, word(call).in_time) == (
        "content_policy_violation",
        "cut",
        "flagged",
        False,
    )
    assert call.credits_milli > 0
    assert theatre.reply.events[-1]["error"]["code"] == "content_policy_violation"
    assert decided_again(theatre, call) == call.decision, "the decision did not know of it, and so decides as it did"


async def test_beside_a_call_only_a_word_that_blocks_ends_it() -> None:
    theatre = Beside(Script(stream(*WORDS)), said(False, True), catalog=beside(flagged="flag"))
    assert await theatre.speak() is None
    assert theatre.reply.text == "".join(WORDS)
