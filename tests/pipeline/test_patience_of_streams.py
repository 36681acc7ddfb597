"""A provider that sends signs of life and no answer: comments and empty events keep nobody waiting beyond a model's limits."""

from dataclasses import replace

import pytest

from proxy.domain.catalog import Timeouts
from proxy.domain.errors import Fault
from tests import builders as b
from tests.pipeline.theatre import Piece, Script, Theatre, chunk, stream, whole

# The clock of the theatre goes on by a millisecond whenever somebody looks.
SHORT = Timeouts(first_byte_ms=200, idle_ms=100)
CATALOG = b.catalog(b.model("p/one", timeouts=SHORT), b.model("q/two"))
COMMENT = b": OPENROUTER PROCESSING\n\n"
FOR_LONG = 2_000


@pytest.mark.parametrize("murmur", [COMMENT, chunk(""), b"event: ping\ndata: {}\n\n"], ids=["comments", "empty", "pings"])
async def test_a_first_token_is_not_waited_for_longer_than_its_limit_whatever_else_comes(murmur: bytes) -> None:
    theatre = Theatre(Script([murmur] * FOR_LONG), Script(stream("well")), catalog=CATALOG)
    await theatre.play(stream=True, models=["p/one", "q/two"])
    assert theatre.reply.text == "well"
    assert [(a.model_id, a.fault) for a in theatre.settled.attempts] == [("p/one", "first_byte_timeout"), ("q/two", None)]
    assert theatre.upstream.exchanges[0].closed


async def test_comments_in_the_middle_of_an_answer_do_not_make_it_go_on() -> None:
    theatre = Theatre(Script([chunk("half"), *[COMMENT] * FOR_LONG]), catalog=CATALOG)
    await theatre.play(stream=True, model="p/one")
    assert theatre.reply.events[-1]["error"]["code"] == "upstream_timeout"
    assert [a.fault for a in theatre.settled.attempts] == ["idle_timeout"]
    assert theatre.settled.code == "upstream_timeout"


@pytest.mark.parametrize("between", [chunk(""), chunk("a")])
async def test_comments_between_events_of_a_slow_answer_end_nothing(between: bytes) -> None:
    pieces: list[Piece] = [piece for _ in range(100) for piece in (between, *[COMMENT] * 10)]
    theatre = Theatre(Script([chunk("so"), *pieces, *stream("on")]), catalog=CATALOG)
    await theatre.play(stream=True, model="p/one")
    assert theatre.reply.events[-1] == b"[DONE]"
    assert theatre.settled.status == "served"


@pytest.mark.parametrize(("streamed", "limit_ms"), [(True, 200), (False, 7_000)])
async def test_a_whole_answer_has_a_limit_of_its_own_for_its_first_byte(streamed: bool, limit_ms: int) -> None:
    catalog = b.catalog(b.model("p/one", timeouts=replace(SHORT, whole_ms=7_000)))
    theatre = Theatre(Script(stream("well")) if streamed else whole(), catalog=catalog)
    await theatre.play(stream=streamed, model="p/one")
    assert theatre.upstream.requests[0].timeouts.first_byte_ms == limit_ms


@pytest.mark.parametrize(("total_ms", "fault"), [(60_000, "total_timeout"), (900_000, "deadline")])
async def test_an_attempt_that_takes_too_long_is_not_the_end_of_its_call_unless_that_has_no_time_left(
    total_ms: int, fault: str
) -> None:
    catalog = b.catalog(b.model("p/one", timeouts=Timeouts(total_ms=total_ms)), b.model("q/two"))
    theatre = Theatre(Script(opening=Fault("deadline")), whole("well"), catalog=catalog)
    refusal = await theatre.play(models=["p/one", "q/two"])
    assert theatre.settled.attempts[0].fault == fault
    assert (refusal.code if refusal else theatre.reply.json["model"]) == (
        "upstream_timeout" if fault == "deadline" else "q/two"
    )


@pytest.mark.parametrize(
    ("pieces", "fault"),
    [([b"<html><body>Well</body></html>"], "garbled"), ([COMMENT], "garbled"), ([], "garbled"), ([chunk("")], "truncated")],
    ids=["page", "comments", "nothing", "begun"],
)
async def test_a_stream_in_which_no_event_came_was_none(pieces: list[Piece], fault: str) -> None:
    theatre = Theatre(Script(pieces), Script(stream("well")), catalog=CATALOG)
    await theatre.play(stream=True, models=["p/one", "q/two"])
    assert (theatre.settled.attempts[0].fault, theatre.reply.text) == (fault, "well")
