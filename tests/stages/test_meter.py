"""Claims about the meter: a bound while an answer runs, the provider's word at its end, an estimate only without it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.chat import Answer, Delta
from proxy.domain.usage import Usage
from proxy.stages.meter import Gauge, Meter, Said, Tally, estimated_tokens, transcript


def content(size: int, usage: Usage | None = None) -> Delta:
    return Delta({}, output_bytes=size, has_content=size > 0, usage=usage)


def reasoning(size: int) -> Delta:
    return Delta({}, reasoning_bytes=size, has_content=True)


def text_delta(text: str) -> Delta:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return Delta({"choices": [choice]}, output_bytes=len(text.encode()), has_content=True)


def metered(*deltas: Delta, tokens_per_byte_max: float = 1.0) -> Meter:
    meter = Meter(Gauge(1_000, 100, tokens_per_byte_max))
    for delta in deltas:
        meter.observe(delta)
    return meter


def answer(usage: Usage | None, output_bytes: int = 40, is_empty: bool = False) -> Answer:
    return Answer({}, usage, output_bytes, 8, is_empty, "stop")


def test_four_bytes_are_estimated_as_a_token_rounded_up() -> None:
    assert [estimated_tokens(size) for size in (0, 1, 4, 5)] == [0, 1, 1, 2]


def test_nothing_seen_is_nothing_delivered() -> None:
    meter = metered(content(0))
    assert (meter.delivered, meter.output_tokens_max) == (False, 0)
    assert meter.usage() == Usage(input=100, source="estimated")


def test_content_and_tool_calls_are_delivered() -> None:
    assert metered(content(1)).delivered
    assert metered(reasoning(1)).delivered
    assert metered(Delta({}, has_tool=True)).delivered


def test_the_bound_is_by_bytes_and_never_below_one_token_a_piece() -> None:
    assert metered(content(10), reasoning(5), tokens_per_byte_max=0.5).output_tokens_max == 8
    assert metered(*[content(1)] * 10, tokens_per_byte_max=0.1).output_tokens_max == 10


def test_an_estimate_is_by_class_and_marked() -> None:
    assert metered(content(40), reasoning(20)).usage() == Usage(input=100, output=10, reasoning=5, source="estimated")


def test_an_estimate_is_never_below_one_token_a_piece_of_its_class() -> None:
    usage = metered(*[content(1)] * 7, *[reasoning(2)] * 3).usage()
    assert (usage.output, usage.reasoning) == (7, 3)


def test_an_estimate_of_input_stays_within_its_bounds() -> None:
    assert Meter(Gauge(50, 100, 1.0)).usage().input == 50
    assert Meter(Gauge(50, -1, 1.0)).usage().input == 0


def test_the_last_report_wins_and_reports_never_add_up() -> None:
    meter = metered(content(40, Usage(5, output=1)), content(40, Usage(5, output=2)), content(0, Usage(5, output=2)))
    assert meter.usage() == meter.reported == Usage(5, output=2)


def test_a_report_that_output_followed_does_not_hide_that_output() -> None:
    early = Usage(7, cached_input=3, output=1)
    assert metered(content(0, early), content(400)).usage() == Usage(7, 3, output=100, source="estimated")
    assert metered(content(0, Usage(7, output=500)), content(400)).usage() == Usage(7, output=500)


def test_a_whole_answer_is_billed_as_reported() -> None:
    meter = metered()
    assert meter.of_answer(answer(Usage(5, output=9))) == Usage(5, output=9)
    assert meter.delivered


def test_a_whole_answer_without_report_is_estimated() -> None:
    assert metered().of_answer(answer(None)) == Usage(100, output=10, reasoning=2, source="estimated")


def test_an_empty_answer_delivers_nothing() -> None:
    meter = metered()
    meter.of_answer(answer(None, output_bytes=0, is_empty=True))
    assert not meter.delivered


# --- what is counted in the model's own vocabulary -------------------------------------------------------------------


def spoken(**part: Any) -> Delta:
    """A delta with its text, as a dialect gives it."""
    choice = {"index": part.pop("index", 0), "delta": part}
    return Delta({"choices": [choice]}, output_bytes=1, has_content=True)


def keeping(*deltas: Delta) -> Meter:
    meter = Meter(Gauge(1_000, 100, 1.0, keeps_text=True))
    for delta in deltas:
        meter.observe(delta)
    return meter


def test_text_that_came_in_pieces_is_one_text_for_each_choice() -> None:
    meter = keeping(spoken(content="he"), spoken(content="so", index=1), spoken(content="llo"))
    assert meter.uncounted == Said(("hello", "so"), (), has_tool=False)


def test_refusals_are_said_and_thoughts_are_reasoning_once_under_both_names() -> None:
    thought = spoken(reasoning="hm", reasoning_content="hm")
    assert keeping(thought, spoken(refusal="no"), thought).uncounted == Said(("no",), ("hmhm",), has_tool=False)


def test_calls_are_kept_apart_by_their_number() -> None:
    def call(number: int, **function: str) -> Delta:
        return spoken(tool_calls=[{"index": number, "function": function}])

    meter = keeping(call(0, name="look", arguments=""), call(0, arguments="{"), call(1, name="see"), call(0, arguments="}"))
    assert meter.uncounted == Said(("look", "{}", "see"), (), has_tool=True)
    old = keeping(spoken(function_call={"name": "look", "arguments": "{}"}))
    assert old.uncounted == Said(("look", "{}"), (), has_tool=True)


def test_a_whole_answer_is_kept_like_its_stream() -> None:
    meter = Meter(Gauge(1_000, 100, 1.0, keeps_text=True))
    message = {"role": "assistant", "content": "hello", "refusal": None}
    meter.of_answer(Answer({"choices": [{"index": 0, "message": message}]}, None, 5, 0, False, "stop"))
    assert meter.uncounted == Said(("hello",), (), has_tool=False)


def test_what_the_provider_reported_or_nobody_can_count_is_not_kept_for_counting() -> None:
    assert metered(spoken(content="hello")).uncounted is None
    reported = keeping(spoken(content="hello"), content(0, Usage(5, output=2)))
    assert reported.uncounted is None
    reported.observe(spoken(content=" again"))
    assert reported.uncounted == Said(("hello again",), (), has_tool=False)


def test_an_answer_too_long_to_keep_is_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript, "CHARS_MAX", 10)
    meter = keeping(*[spoken(content="hello")] * 5)
    assert meter.uncounted is None
    assert meter.usage().source == "estimated"


def test_a_tally_is_the_bill_and_says_whether_it_is_exact() -> None:
    meter = keeping(spoken(content="hello"))
    assert meter.usage(Tally(40, 2, 3, is_exact=True)) == Usage(40, output=2, reasoning=3, source="counted")
    assert meter.usage(Tally(5_000, 2, 3, is_exact=False)) == Usage(1_000, output=2, reasoning=3, source="estimated")


def test_a_tally_counts_for_the_output_that_followed_a_report() -> None:
    meter = keeping(content(0, Usage(7, output=1)), spoken(content="hello"))
    assert meter.usage(Tally(40, 2, 0, is_exact=True)) == Usage(7, output=2, source="counted")
    assert meter.usage(Tally(40, 1, 0, is_exact=True)) == Usage(7, output=1)


USAGES = st.builds(Usage, *[st.integers(0, 10**6)] * 5)
CONTENTS = st.lists(
    st.builds(content, st.integers(0, 10_000), st.none() | USAGES) | st.builds(reasoning, st.integers(1, 10_000)), max_size=20
)


@given(CONTENTS, USAGES)
def test_a_report_at_the_end_always_beats_an_estimate(deltas: list[Delta], usage: Usage) -> None:
    assert metered(*deltas, content(0, usage)).usage() == usage


@given(CONTENTS, st.floats(0.01, 2.0))
def test_no_count_is_below_zero_and_no_estimate_above_the_bound(deltas: list[Delta], ratio: float) -> None:
    meter = metered(*deltas, tokens_per_byte_max=ratio)
    usage = meter.usage()
    assert min(usage.input, usage.output, usage.reasoning, meter.output_tokens_max) >= 0
    if meter.reported is None:
        assert usage.output_total <= meter.output_tokens_max


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1), st.sampled_from([0.3, 1.0, 2.5]))
def test_texts_at_once_are_metered_as_one_by_one(texts: list[str], tokens_per_byte_max: float) -> None:
    gauge = Gauge(100, 50, tokens_per_byte_max, keeps_text=True)
    at_once, one_by_one, seen = Meter(gauge), Meter(gauge), []
    for meter in (at_once, one_by_one):
        meter.observe(text_delta("before"))
    so_far = at_once.so_far
    at_once.observe_texts(texts)
    for text in texts:
        one_by_one.observe(text_delta(text))
        seen.append(one_by_one.output_tokens_max)
    assert at_once.usage() == one_by_one.usage()
    assert at_once.uncounted == one_by_one.uncounted
    assert at_once.seen_after(so_far, texts) == seen
    assert at_once.output_tokens_max == seen[-1]
