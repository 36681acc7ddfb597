"""Claims about streams that break off behind the commit point: another model goes on with the very same answer, or the caller
hears that it is incomplete; one id, one model's name, input charged once."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from proxy.domain.catalog import Catalog
from proxy.domain.errors import Fault
from proxy.domain.ledger import HoldRefused
from proxy.domain.money import Charge, Tab
from proxy.domain.plan import tariff
from proxy.domain.policy import Rescue
from proxy.domain.usage import Usage
from proxy.simulator.behaviour import Continuing
from proxy.simulator.prompt import pieces
from proxy.simulator.resume import continued
from proxy.simulator.tale import tale
from tests import builders as b
from tests.pipeline.theatre import LEAVE, WAIT, Piece, Script, Theatre, chunk, error, stillness, stream, whole

TALE = pieces(tale("Tell me a tale.", 60))
TEXT = "".join(TALE)
CUT = b""
NO_RETRY = {"retries_per_model_max": 0}


def rows(rescue: Rescue = "prefill", prefill: bool = True, **two: Any) -> Catalog:
    models = (b.model("p/one"), b.model("q/two", prefill=prefill, **two))
    return b.catalog(*models, policy=b.policy_table(rescue=rescue, **NO_RETRY))


def cut(words: Sequence[str], *ending: Piece) -> Script:
    """A stream of some words that then breaks off, without a word unless `ending` says how."""
    return Script([chunk(""), *(chunk(word) for word in words), *(ending or [CUT])])


def rest(text: str) -> Script:
    """The stream of a model that goes on with `text`."""
    return Script(stream(*pieces(text)))


async def played(*scripts: Script, catalog: Catalog | None = None, **fields: Any) -> Theatre:
    theatre = Theatre(*scripts, catalog=catalog or rows())
    assert await theatre.play(stream=True, stream_options={"include_usage": True}, **fields) is None
    return theatre


def assert_whole(theatre: Theatre, text: str = TEXT) -> None:
    events = theatre.reply.events
    assert theatre.reply.text == text
    assert events[-1] == b"[DONE]"
    assert not any("error" in event for event in events[:-1])
    chunks = events[:-1]
    assert {(event["id"], event["created"], event["model"]) for event in chunks} == {("call_1", b.NOW_MS // 1_000, "p/one")}
    roles = [c["delta"]["role"] for event in chunks for c in event["choices"] if "role" in c["delta"]]
    reasons = [c["finish_reason"] for event in chunks for c in event["choices"] if c["finish_reason"]]
    assert (roles, reasons) == (["assistant"], ["stop"])
    assert chunks[-1]["signalbox"]["rescued_by"] == ["q/two"]
    assert (theatre.settled.status, theatre.settled.rescued_by) == ("served", ("q/two",))


def assert_told(theatre: Theatre, said: str) -> None:
    """The caller hears that what it has is not all."""
    assert theatre.reply.text == said
    assert theatre.reply.events[-1]["error"]["code"] in ("upstream_error", "upstream_timeout")
    assert b"[DONE]" not in theatre.reply.heard
    assert (theatre.settled.status, theatre.settled.credits_milli > 0) == ("cut", True)


# --- wherever it is cut -----------------------------------------------------------------------------------------------


async def test_a_stream_cut_at_any_token_is_whole_with_a_model_that_takes_prefill() -> None:
    for at in range(1, len(TALE) + 1):
        said = "".join(TALE[:at])
        theatre = await played(cut(TALE[:at]), rest(TEXT[len(said) :]))
        assert_whole(theatre)
        assert theatre.upstream.body(1)["messages"][-1] == {"role": "assistant", "content": said}


@pytest.mark.parametrize("how", ["exact", "overlap", "paraphrase", "start_over", "repeat_line"])
async def test_a_stream_cut_at_any_token_is_whole_or_told_with_a_model_that_is_asked(how: Continuing) -> None:
    joined = 0
    for at in range(1, len(TALE) + 1):
        said = "".join(TALE[:at])
        theatre = await played(cut(TALE[:at]), rest(continued(TEXT, said, how)), catalog=rows("ask", prefill=False))
        if theatre.reply.text == TEXT and theatre.reply.events[-1] == b"[DONE]":
            assert_whole(theatre)
            joined += 1
        else:
            assert_told(theatre, said)
    assert (joined > 40) is (how in ("overlap", "start_over", "repeat_line")), joined


async def test_a_cut_between_white_space_loses_and_doubles_none() -> None:
    text = "First.\n\n- one\n- two  \n\nLast."
    for at in range(1, len(text)):
        said = text[:at]
        theatre = await played(cut(list(said)), rest(text[len(said.rstrip()) :]))
        assert_whole(theatre, text)
        assert theatre.upstream.body(1)["messages"][-1]["content"] == said.rstrip()


@pytest.mark.parametrize(
    "ending",
    [
        [Fault("reset")],
        [Fault("idle_timeout")],
        [Fault("garbled")],
        [b"data: {half\n\n"],
        [b'data: {"error": {"message": "no", "type": "server_error"}}\n\n'],
        [b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "error"}]}\n\n'],
    ],
    ids=["reset", "stall", "garbled", "half an event", "error event", "error as a finish"],
)
async def test_however_it_breaks_off_it_is_gone_on_with(ending: list[Piece]) -> None:
    assert_whole(await played(cut(TALE[:7], *ending), rest("".join(TALE[7:]))))


async def test_a_model_that_finds_the_answer_complete_ends_it() -> None:
    assert_whole(await played(cut(TALE), Script([chunk(finish_reason="stop"), b"data: [DONE]\n\n"])))


async def test_a_stream_that_went_on_and_breaks_off_too_is_gone_on_with_by_the_third() -> None:
    models = (b.model("p/one"), b.model("q/two", prefill=True), b.model("r/three", prefill=True))
    theatre = await played(cut(TALE[:5]), cut(TALE[5:9]), rest("".join(TALE[9:])), catalog=b.catalog(*models))
    assert theatre.reply.text == TEXT
    assert theatre.settled.rescued_by == ("q/two", "r/three")
    assert theatre.upstream.body(2)["messages"][-1]["content"] == "".join(TALE[:9])


async def test_a_model_that_fails_before_it_adds_a_word_is_passed_over_and_costs_nothing() -> None:
    models = (b.model("p/one"), *(b.model(id, prefill=True) for id in ("q/two", "r/three")))
    for failing in (error(500), error(400), error(401), Script([Fault("first_byte_timeout")])):
        theatre = await played(cut(TALE[:5]), failing, rest("".join(TALE[5:])), catalog=b.catalog(*models))
        assert theatre.reply.text == TEXT
        assert [attempt.charged for attempt in theatre.settled.attempts] == [True, False, True]
        assert theatre.reply.paused_ms == [], "an answer in the middle is not waited for"


async def test_an_answer_of_which_only_thoughts_were_shown_begins_anew() -> None:
    thought = b'data: {"choices": [{"index": 0, "delta": {"reasoning_content": "Hm."}, "finish_reason": null}]}\n\n'
    theatre = await played(Script([thought, CUT]), rest(TEXT), catalog=rows(prefill=False))
    assert_whole(theatre)
    assert theatre.upstream.body(1)["messages"] == theatre.upstream.body(0)["messages"]


# --- where nobody goes on ---------------------------------------------------------------------------------------------

TOOL = (
    b'data: {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "look"}}]}}]}\n\n'
)
TOOLS = [{"type": "function", "function": {"name": "look", "parameters": {}}}]
JSON: dict[str, Any] = {"response_format": {"type": "json_object"}}


async def test_a_tool_call_that_has_begun_is_not_gone_on_with() -> None:
    two = b.model("q/two", prefill=True, tools=True)
    catalog = b.catalog(b.model("p/one", tools=True), two)
    theatre = await played(Script([chunk("Let me see"), TOOL, CUT]), catalog=catalog, tools=TOOLS)
    assert_told(theatre, "Let me see")
    assert len(theatre.upstream.requests) == 1
    assert [mark.detail for mark in theatre.settled.timeline if mark.stage == "rescue"] == ["q/two not: tools"]


async def test_broken_json_is_not_gone_on_with() -> None:
    assert_told(await played(cut(['{"city": ', '"Ber']), **JSON), '{"city": "Ber')


async def test_one_of_several_answers_is_not_gone_on_with() -> None:
    catalog = b.catalog(b.model("p/one"), b.model("q/two", prefill=True), b.plan(n_max=2))
    assert_told(await played(cut(TALE[:5]), catalog=catalog, n=2), "".join(TALE[:5]))


@pytest.mark.parametrize(
    "catalog",
    [
        rows("off"),
        rows("prefill", prefill=False),
        rows("prefill", lacks=("prefill",)),
        b.catalog(b.model("p/one"), b.model("q/two", prefill=True), b.plan(rescue=False)),
        b.catalog(b.model("p/one"), b.model("q/two", prefill=True), b.assistant("general", "p/one", "q/two", rescue=False)),
        b.catalog(b.model("p/one", prefill=True)),
    ],
    ids=["policy", "model", "dialect", "plan", "assistant", "nobody else"],
)
async def test_only_where_policy_plan_and_assistant_allow_it_and_a_model_can(catalog: Catalog) -> None:
    theatre = await played(cut(TALE[:5]), catalog=catalog)
    assert_told(theatre, "".join(TALE[:5]))
    assert len(theatre.upstream.requests) == 1


async def test_a_content_refusal_is_never_gone_round() -> None:
    refusal = b'data: {"error": {"message": "no", "code": "content_policy_violation"}}\n\n'
    for scripts in ([cut(TALE[:5], refusal)], [cut(TALE[:5]), error(400, "content_policy_violation")]):
        models = (b.model("p/one"), *(b.model(id, prefill=True) for id in ("q/two", "r/three")))
        theatre = await played(*scripts, catalog=b.catalog(*models))
        assert theatre.reply.text == "".join(TALE[:5])
        assert theatre.reply.events[-1]["error"]["code"] == "content_policy_violation"
        assert len(theatre.upstream.requests) == len(scripts)


async def test_a_refusal_that_has_begun_is_not_gone_on_with() -> None:
    refusing = b'data: {"choices": [{"index": 0, "delta": {"refusal": "I can"}, "finish_reason": null}]}\n\n'
    theatre = await played(Script([refusing, CUT]))
    assert theatre.reply.events[-1]["error"]["code"] == "upstream_error"


async def test_rescues_are_bounded_by_the_attempts_of_a_call() -> None:
    ids = ("q/two", "r/three", "s/four", "t/five")
    models = (b.model("p/one"), *(b.model(id, prefill=True) for id in ids))
    catalog = b.catalog(*models, policy=b.policy_table(attempts_max=3))
    theatre = await played(cut(TALE[:2]), cut(TALE[2:4]), cut(TALE[4:6]), catalog=catalog)
    assert_told(theatre, "".join(TALE[:6]))


async def test_a_call_whose_time_is_over_is_not_rescued() -> None:
    # The clock of the theatre moves a millisecond a look.
    models = (b.model("p/one"), b.model("q/two", prefill=True))
    catalog = b.catalog(*models, policy=b.policy_table(deadline_ms=10))
    theatre = await played(cut(TALE[:5]), catalog=catalog)
    assert_told(theatre, "".join(TALE[:5]))


async def test_the_caller_that_leaves_meanwhile_pays_what_was_written() -> None:
    theatre = await played(cut(TALE[:5]), Script([chunk(TALE[5]), LEAVE]))
    assert (theatre.settled.status, theatre.settled.rescued_by) == ("left", ("q/two",))
    assert [attempt.charged for attempt in theatre.settled.attempts] == [True, True]


async def test_a_call_that_is_stopped_while_another_goes_on_charges_all_writers() -> None:
    theatre = Theatre(cut(TALE[:5]), Script([chunk(TALE[5]), WAIT]), catalog=rows())
    playing = asyncio.create_task(theatre.play(stream=True))
    await stillness()
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    assert theatre.settled.credits_milli == sum(attempt.credits_milli for attempt in theatre.settled.attempts) > 0
    assert theatre.settled.model_id == "p/one"
    assert theatre.reply.events[-1]["error"]["code"] == "shutting_down"


async def test_a_call_that_is_stopped_before_another_says_a_word_charges_the_first() -> None:
    theatre = Theatre(cut(TALE[:5]), Script([WAIT]), catalog=rows())
    playing = asyncio.create_task(theatre.play(stream=True))
    await stillness()
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    assert (theatre.settled.status, theatre.settled.credits_milli > 0) == ("cut", True)
    assert [attempt.charged for attempt in theatre.settled.attempts] == [True, False]


# --- what it costs ----------------------------------------------------------------------------------------------------

DEAR: dict[str, Any] = {"tiers": b.tiers(input=7 * 10**9, output=40 * 10**9), "family": "dear"}


async def test_input_is_charged_once_and_output_at_each_writers_price() -> None:
    catalog = rows(**DEAR)
    plan = b.plan(family_multipliers_ppm={"dear": 3_000_000})
    catalog = b.catalog(*catalog.models.values(), plan, policy=catalog.policy)
    theatre = await played(cut(TALE[:20]), rest("".join(TALE[20:])), catalog=catalog)
    call = theatre.settled
    first, second = (attempt.usage for attempt in call.attempts)
    assert first is not None
    assert second == Usage(input=10, output=40)
    terms = [tariff(plan, family, catalog.milli_credits_per_dollar) for family in ("open", "dear")]
    tab = Tab().and_then(Charge(catalog.models["p/one"].tiers, terms[0], first))
    tab = tab.and_then(Charge(catalog.models["q/two"].tiers, terms[1], second))
    assert call.credits_milli == tab.milli == sum(attempt.credits_milli for attempt in call.attempts)
    assert call.attempts[1].credits_milli == 40 * 40 * 3, "40 tokens at 40 dollars a million, tripled, and no input"
    assert call.attempts[1].raw_nano_usd == 10 * 7_000 + 40 * 40_000, "which the operator pays all the same"
    assert call.usage is not None
    assert (call.usage.input, call.usage.output) == (first.input, first.output + 40)
    assert theatre.reply.events[-2]["usage"]["completion_tokens"] == first.output + 40


async def test_the_hold_covers_what_was_written_and_what_the_next_may_write_before_it_is_called() -> None:
    theatre = await played(cut(TALE[:20]), rest("".join(TALE[20:])), catalog=rows(**DEAR), max_tokens=500)
    resize = next(request for request in theatre.books.extensions if request.billed_milli)
    first = theatre.settled.attempts[0]
    assert first.usage is not None
    assert resize.family == "dear"
    assert (resize.billed_milli, resize.billed_nano_usd) == (first.credits_milli, first.raw_nano_usd)
    assert resize.metered_milli == first.credits_milli
    assert resize.amount_milli == first.credits_milli + (500 - first.usage.output) * 40
    assert theatre.upstream.body(1)["max_tokens"] == 500 - first.usage.output


async def test_a_candidate_whose_hold_is_refused_is_passed_over() -> None:
    models = (b.model("p/one"), b.model("q/two", prefill=True, **DEAR), b.model("r/three", prefill=True))
    theatre = Theatre(cut(TALE[:20]), rest("".join(TALE[20:])), catalog=b.catalog(*models))
    theatre.books.answers = [None, HoldRefused("insufficient_credits", "user:u1", b.standing(b.window(spent=999_000)))]
    assert await theatre.play(stream=True, models=[model.id for model in models]) is None
    assert (theatre.reply.text, theatre.settled.rescued_by) == (TEXT, ("r/three",))


async def test_what_could_cost_more_than_its_caller_allows_is_not_gone_on_with() -> None:
    # Each alone would stay below; the prompt of the one and the words of the other would not.
    models = (b.model("p/one", tiers=b.tiers(input=30 * 10**9, output=10**9)), b.model("q/two", prefill=True, **DEAR))
    asked: dict[str, Any] = {"models": [model.id for model in models], "max_tokens": 100}
    asked["messages"] = [{"role": "user", "content": "x" * 400}]
    reported = chunk(usage={"prompt_tokens": 400, "completion_tokens": 5, "total_tokens": 405})
    theatre = Theatre(cut(TALE[:5], reported, CUT), catalog=b.catalog(*models))
    await theatre.play(stream=True, signalbox={"max_credits": 13}, **asked)
    assert_told(theatre, "".join(TALE[:5]))
    assert [mark.detail for mark in theatre.settled.timeline if mark.stage == "rescue"] == ["q/two not: max_credits"]


async def test_a_stream_that_nobody_can_pay_for_says_so_and_charges_what_was_written() -> None:
    theatre = Theatre(cut(TALE[:20]), catalog=rows())
    theatre.books.answers = [None, HoldRefused("insufficient_credits", "user:u1", b.standing(b.window(spent=999_000)))]
    assert await theatre.play(stream=True) is None
    assert_told(theatre, "".join(TALE[:20]))


async def test_a_bound_that_is_used_up_leaves_nothing_to_write() -> None:
    theatre = await played(cut(TALE[:20]), max_tokens=20)
    assert_told(theatre, "".join(TALE[:20]))


async def test_a_stream_that_is_held_in_steps_goes_on_in_steps() -> None:
    stepped = {"stops_billing_on_close": True}
    models = (b.model("p/one", **stepped), b.model("q/two", prefill=True, **stepped, **DEAR))
    catalog = b.catalog(*models, policy=b.policy_table(hold_lead_tokens=16, **NO_RETRY))
    words = [f" word{number}" for number in range(200)]
    theatre = await played(cut(words[:90]), Script(stream(*words[90:])), catalog=catalog)
    assert theatre.reply.text == "".join(words)
    held = [(request.family, request.amount_milli) for request in theatre.books.extensions]
    assert {family for family, _ in held} == {"open", "dear"}
    assert held[-1][1] >= theatre.settled.credits_milli


# --- what is left of it -----------------------------------------------------------------------------------------------


async def test_the_record_says_who_went_on_and_how() -> None:
    theatre = await played(cut(TALE[:5]), rest("".join(TALE[5:])))
    call = theatre.settled
    assert (call.model_id, call.provider_id, call.ttft_ms is not None) == ("p/one", "p", True)
    assert [(a.model_id, a.fault, a.charged) for a in call.attempts] == [("p/one", "truncated", True), ("q/two", None, True)]
    assert [mark.detail for mark in call.timeline if mark.stage == "rescue"] == ["q/two prefill"]
    assert TALE[0] not in repr(call), "a record holds no text"


async def test_a_joint_in_doubt_is_the_fault_of_the_attempt_and_not_of_the_model() -> None:
    theatre = await played(cut(TALE[:9]), rest("In other words: no."), catalog=rows("ask", prefill=False))
    assert theatre.settled.attempts[1].fault == "disjoint"
    assert theatre.board.observed[1] == ("q/two", "disjoint")
    assert theatre.upstream.exchanges[1].closed


async def test_a_whole_answer_needs_no_rescue() -> None:
    theatre = Theatre(whole(), catalog=rows())
    await theatre.play()
    assert theatre.settled.rescued_by == ()
    assert "rescued_by" not in json.loads(theatre.reply.heard)["signalbox"]
