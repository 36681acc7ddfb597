"""Claims about calls that are sized by an exact count: where bytes are too rough and nowhere else, and always on the record."""

import asyncio
from typing import Any

import pytest

from proxy.domain.call import Call
from proxy.domain.catalog import Catalog, Model
from proxy.domain.errors import Fault, Refusal
from proxy.domain.ledger import HoldRefusalCode, HoldRefused
from proxy.domain.standing import Standing
from proxy.domain.usage import Usage
from proxy.pipeline import Knobs, WaitingLimits
from proxy.stages import policy
from tests import builders as b
from tests.pipeline.theatre import LEAVE, WAIT, LetterCounter, Script, Theatre, chunk, stillness, stream, whole

# 4,000 bytes that are 1,000 tokens, and then the framing of one message.
LONG = [{"role": "user", "content": "x" * 4_000}]
EXACT_TOKENS = 1_000 + 3 + 4
# Fits the exact size and 1,000 tokens of answer, at 1 and 4 milli-credits a token; not the size by bytes.
ENOUGH_MILLI = EXACT_TOKENS + 4 * 1_000
PATIENT = Knobs(settle_wait_ms=10, waiting=WaitingLimits(wait_ms=10_000))


def spoken(id: str = "p/one", **changes: Any) -> Model:
    return b.model(id, vocabulary="o200k_base", **changes)


def left(milli: int) -> Standing:
    return b.standing(b.window(limit=milli))


def says_no(code: HoldRefusalCode, milli: int = 10**6) -> HoldRefused:
    return HoldRefused(code, "user:u1", left(milli))


def theatre(*scripts: Script, catalog: Catalog | None = None, counts: bool = True, knobs: Knobs | None = None) -> Theatre:
    return Theatre(*scripts, catalog=catalog or b.catalog(spoken()), counts=counts, knobs=knobs)


def counts_of(played: Theatre) -> int:
    assert isinstance(played.counter, LetterCounter)
    return len(played.counter.asked)


def redecided(call: Call, catalog: Catalog) -> Any:
    facts: Any = (call.ask, call.verdict, call.advice, call.standing, catalog, call.health)
    return policy.decide(*facts)


async def test_a_call_that_fits_by_bytes_is_not_counted() -> None:
    played = theatre(whole())
    assert await played.play(model="p/one", messages=LONG, max_tokens=1_000) is None
    assert counts_of(played) == 0
    assert played.settled.ask is not None
    assert played.settled.ask.counted == ()


async def test_credits_for_exactly_the_exact_size_are_enough() -> None:
    played = theatre(whole())
    played.books.seen = left(ENOUGH_MILLI)
    assert await played.play(model="p/one", messages=LONG, max_tokens=1_000) is None
    (held,) = played.books.holds
    assert held.amount_milli == ENOUGH_MILLI
    assert redecided(played.settled, played.fixed.catalog) == played.settled.decision


async def test_an_answer_is_not_shortened_by_a_rough_size_of_its_prompt() -> None:
    by_bytes, exactly = theatre(whole(), counts=False), theatre(whole())
    for played in (by_bytes, exactly):
        played.books.seen = left(EXACT_TOKENS + 4 * 2_000)
        await played.play(model="p/one", messages=LONG, max_tokens=2_000)
    assert by_bytes.upstream.body()["max_tokens"] < exactly.upstream.body()["max_tokens"] == 2_000


async def test_the_model_asked_for_first_is_not_passed_over_by_a_rough_size_of_the_prompt() -> None:
    cheap = b.model("q/two", tiers=b.tiers(input=1, output=1))
    played = theatre(whole(), catalog=b.catalog(spoken(output_tokens_min=1_000), cheap))
    played.books.seen = left(ENOUGH_MILLI)
    assert await played.play(models=["p/one", "q/two"], messages=LONG, max_tokens=1_000) is None
    assert played.settled.model_id == "p/one"


@pytest.mark.parametrize("code", ["insufficient_credits", "budget_cap_reached", "credits_on_hold"])
async def test_a_hold_by_bytes_that_the_books_refuse_is_tried_by_its_exact_size_and_nobody_waits(code: HoldRefusalCode) -> None:
    played = theatre(whole(), knobs=PATIENT)
    played.books.answers = [says_no(code)]
    assert await played.play(model="p/one", messages=LONG, max_tokens=1_000) is None
    by_bytes, exactly = played.books.holds
    assert by_bytes.amount_milli > exactly.amount_milli == ENOUGH_MILLI
    assert redecided(played.settled, played.fixed.catalog) == played.settled.decision
    assert played.settled.ask is not None
    assert [count.tokens_max for count in played.settled.ask.counted] == [EXACT_TOKENS]


async def test_a_call_whose_exact_size_does_not_fit_either_waits_with_it() -> None:
    played = theatre(whole(), knobs=PATIENT)
    played.books.answers = [says_no("credits_on_hold")] * 3
    assert await played.play(model="p/one", messages=LONG, max_tokens=1_000) is None
    assert [hold.amount_milli for hold in played.books.holds[1:]] == [ENOUGH_MILLI] * 3


async def test_a_call_is_counted_once_however_often_it_is_refused() -> None:
    played = theatre()
    played.books.answers = [says_no("insufficient_credits", 10)] * 9
    refusal = await played.play(model="p/one", messages=LONG, max_tokens=1_000)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, counts_of(played)) == ("insufficient_credits", 2)


async def test_where_nothing_can_be_counted_a_call_waits_and_is_refused_by_its_bytes() -> None:
    waits = theatre(whole(), counts=False, knobs=PATIENT)
    waits.books.answers = [says_no("credits_on_hold")] * 3
    assert await waits.play(model="p/one", messages=LONG, max_tokens=1_000) is None
    poor = theatre(counts=False)
    poor.books.answers = [says_no("insufficient_credits", 10)] * 9
    refusal = await poor.play(model="p/one", messages=LONG, max_tokens=1_000)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "insufficient_credits"


async def test_what_no_smaller_size_could_change_is_not_counted() -> None:
    played = theatre()
    played.books.answers = [says_no("concurrency_limit")] * 3
    assert await played.play(model="p/one", messages=LONG, max_tokens=1_000) is not None
    assert counts_of(played) == 0


async def test_failover_is_not_stopped_by_a_rough_size_either() -> None:
    silent = Script(opening=Fault("first_byte_timeout"))
    played = theatre(silent, whole(), catalog=b.catalog(spoken(), spoken("q/two", tiers=b.tiers(input=3 * 10**9))))
    played.books.answers = [None, says_no("insufficient_credits")]
    assert await played.play(models=["p/one", "q/two"], messages=LONG, max_tokens=1_000) is None
    by_bytes, exactly = played.books.extensions
    assert by_bytes.amount_milli > exactly.amount_milli == 3 * EXACT_TOKENS + 4 * 1_000
    assert played.settled.model_id == "q/two"
    assert redecided(played.settled, played.fixed.catalog) == played.settled.decision


async def test_the_assistants_prompt_is_counted_with_the_callers_words() -> None:
    brief = b.assistant("general", "p/one", system_prompt="y" * 400)
    played = theatre(whole(), catalog=b.catalog(spoken(), brief))
    played.books.seen = left(ENOUGH_MILLI + 100 + 4)
    assert await played.play(model="general", messages=LONG, max_tokens=1_000) is None
    assert played.books.holds[0].amount_milli == ENOUGH_MILLI + 100 + 4


async def test_a_prompt_that_may_exceed_a_context_is_counted_before_anybody_is_called() -> None:
    played = theatre(catalog=b.catalog(spoken(context_tokens_max=1_900)))
    refusal = await played.play(model="p/one", messages=LONG, max_tokens=1_000)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, played.upstream.requests) == ("context_length_exceeded", [])


async def test_what_is_told_before_a_call_is_its_exact_size() -> None:
    played = theatre()
    judged = await played.pipeline.preview(played.order(model="p/one", messages=LONG, max_tokens=1_000))
    assert not isinstance(judged, Refusal)
    assert judged.decision.chain[0].input_tokens_max == EXACT_TOKENS


# --- what is charged when the provider does not say ------------------------------------------------------------------


def used(played: Theatre) -> Usage:
    assert played.settled.usage is not None
    return played.settled.usage


@pytest.mark.parametrize("vocabulary", ["o200k_base", None])
async def test_an_answer_without_usage_is_counted_where_there_is_a_vocabulary(vocabulary: Any) -> None:
    catalog = b.catalog(b.model("p/one", vocabulary=vocabulary))
    played = theatre(Script(stream("one two", " three", usage=False)), catalog=catalog)
    await played.play(model="p/one", messages=LONG, stream=True)
    counted = Usage(EXACT_TOKENS, output=4, source="counted")
    assert used(played) == (counted if vocabulary else Usage(1_000, output=4, source="estimated"))


async def test_a_stream_that_is_left_is_charged_what_was_delivered_to_the_token() -> None:
    played = theatre(Script([chunk("a" * 17), chunk("b" * 4), LEAVE]))
    await played.play(model="p/one", messages=LONG, stream=True)
    assert used(played) == Usage(EXACT_TOKENS, output=6, source="counted")


async def test_a_provider_that_says_is_never_counted_after() -> None:
    played = theatre(Script(stream("one", "two")))
    await played.play(model="p/one", messages=LONG, stream=True)
    assert (used(played).source, counts_of(played)) == ("provider", 0)


async def test_a_count_that_cannot_be_the_bill_is_an_estimate() -> None:
    hidden = theatre(Script(stream("one", usage=False)), catalog=b.catalog(spoken(hidden_output=True)))
    await hidden.play(model="p/one", messages=LONG, stream=True)
    assert (used(hidden).input, used(hidden).source) == (EXACT_TOKENS, "estimated")


async def test_a_failed_attempt_is_not_counted() -> None:
    played = theatre(Script([chunk("")]), Script([chunk("")]))
    assert await played.play(model="p/one", messages=LONG, stream=True) is not None
    assert counts_of(played) == 0


async def test_a_call_stopped_from_outside_is_charged_what_was_delivered() -> None:
    played = theatre(Script([chunk("a" * 16), WAIT]))
    playing = asyncio.create_task(played.play(model="p/one", messages=LONG, stream=True))
    await stillness()
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    assert used(played) == Usage(EXACT_TOKENS, output=4, source="counted")
