"""Claims about OpenAI's surface: one identity for all chunks, right bytes left alone, wrong ones made right, a clean end."""

from typing import Any

import orjson
import pytest

from proxy.domain.chat import Answer
from proxy.domain.errors import Refusal
from proxy.stages.provider.completions.chunk import read_chunk
from proxy.stages.stream import Voice
from proxy.stages.stream.openai import OpenAIVoice
from tests.stages.stream.speech import CALL_ID, CREATED_S, choice, chunk, heard, receipt, spoken, tool

USAGE = {
    "prompt_tokens": 15,
    "completion_tokens": 10,
    "total_tokens": 25,
    "prompt_tokens_details": {"cached_tokens": 5},
    "completion_tokens_details": {"reasoning_tokens": 3},
}
SIGNALBOX = {
    "call": CALL_ID,
    "model": "p/m",
    "assistant": "general",
    "reason": "best_score",
    "attempts": 2,
    "credits": "1.5",
    "usage_source": "provider",
}


def voice(include_usage: bool = False, n: int = 1) -> OpenAIVoice:
    spoken_by = OpenAIVoice(CALL_ID, CREATED_S, include_usage, n)
    spoken_by.answering("p/m", "general", "best_score")
    return spoken_by


def ours(*choices: Any, **top: Any) -> dict[str, Any]:
    return {
        "id": CALL_ID,
        "object": "chat.completion.chunk",
        "created": CREATED_S,
        "model": "p/m",
        "choices": list(choices),
        **top,
    }


def test_it_is_a_voice() -> None:
    speaks: Voice = voice()
    assert speaks.content_type_stream.startswith(b"text/event-stream")


def test_the_head_says_the_role_once() -> None:
    assert heard(voice().head()) == [ours(choice(role="assistant", content=""))]
    assert heard(voice(True).head()) == [ours(choice(role="assistant", content=""), usage=None)]


# --- right chunks -----------------------------------------------------------------------------------------------------


def test_a_right_chunk_leaves_as_it_came_but_for_id_model_and_time() -> None:
    data = b'{"id":"x","object":"chat.completion.chunk","created":12,"model":"m","choices":[%b]}'
    kept = b'{"index":0,"delta":{"content":"\\u00e9 1.0e1","x":1.50},"logprobs":null,"finish_reason":null}'
    said = spoken(voice(), data % kept)
    assert said == (
        b'data: {"id":"call_ours","object":"chat.completion.chunk","created":1767225600,"model":"p/m","choices":[%b]}\n\n'
        % kept
    )


def test_spaces_and_order_of_a_right_chunk_stay() -> None:
    kept = b'[ {"index": 0, "delta": {"content": "x"}, "logprobs": null, "finish_reason": null} ]'
    data = b'{"choices": %b, "created": 12, "model" : "m", "object": "chat.completion.chunk", "id": "x" }' % kept
    ours = data.replace(b"12", b"1767225600").replace(b'"m"', b'"p/m"').replace(b'"x" }', b'"call_ours" }')
    assert spoken(voice(), data) == b"data: " + ours + b"\n\n"


def test_usage_that_is_null_is_left_out_for_who_did_not_ask() -> None:
    assert heard(spoken(voice(), chunk(choice(content="x"), usage=None))) == [ours(choice(content="x"))]


def test_usage_that_is_null_comes_first_too() -> None:
    data = b'{"usage":null,' + chunk(choice(content="x"))[1:]
    assert heard(spoken(voice(), data)) == [ours(choice(content="x"))]


def test_usage_is_null_for_who_asked() -> None:
    assert heard(spoken(voice(True), chunk(choice(content="x"), usage=None))) == [ours(choice(content="x"), usage=None)]
    assert heard(spoken(voice(True), chunk(choice(content="x")))) == [ours(choice(content="x"), usage=None)]


def test_official_fields_of_the_top_level_pass() -> None:
    data = chunk(choice(content="x"), system_fingerprint="fp", service_tier="default")
    assert heard(spoken(voice(), data)) == [ours(choice(content="x"), system_fingerprint="fp", service_tier="default")]


def test_unknown_fields_inside_a_delta_pass() -> None:
    assert heard(spoken(voice(), chunk(choice(content="x", annotations=[1])))) == [ours(choice(content="x", annotations=[1]))]
    assert heard(spoken(voice(), chunk(choice(audio={"id": "a"})))) == [ours(choice(audio={"id": "a"}))]


def test_text_that_looks_like_the_frame_is_left_alone() -> None:
    text = '"choices":[{"id":"chatcmpl-theirs","model":"gpt-theirs","created":12,"usage":null}]}'
    assert heard(spoken(voice(), chunk(choice(content=text), usage=None))) == [ours(choice(content=text))]


def test_an_event_that_came_in_several_lines_leaves_in_one() -> None:
    data = chunk(choice(content="x")).replace(b'"delta"', b'\n"delta"')
    assert heard(spoken(voice(), data)) == [ours(choice(content="x"))]
    assert b"\n" not in spoken(voice(), data).removesuffix(b"\n\n")


# --- wrong chunks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "top",
    [
        {"id": ...},
        {"created": ...},
        {"model": None},
        {"object": ...},
        {"created": 12.5},
        {"created": "12"},
        {"id": ["x"]},
        {"provider": "SimCo"},
        {"cost": 0.1},
        {"x_groq": {"id": "x"}},
        {"usage": {"prompt_tokens": 5, "completion_tokens": 1, "cost": 0.1}},
        {"system_fingerprint": {"choices": []}},
        {"system_fingerprint": {"cost": 0.1}},
        {"service_tier": ["x"]},
        {"system_fingerprint": {"choices": [1]}},
        {"error": None},
    ],
)
@pytest.mark.parametrize("include_usage", [True, False])
def test_a_wrong_top_level_is_written_anew(top: dict[str, Any], include_usage: bool) -> None:
    usage = {"usage": None} if include_usage else {}
    assert heard(spoken(voice(include_usage), chunk(choice(content="x"), **top))) == [ours(choice(content="x"), **usage)]


def test_ids_that_change_become_one() -> None:
    said = spoken(voice(), chunk(choice(content="a"), id="one"), chunk(choice(content="b"), id="two", model="m2"))
    assert heard(said) == [ours(choice(content="a")), ours(choice(content="b"))]


def test_fields_that_are_not_openais_leave_the_choice() -> None:
    assert heard(spoken(voice(), chunk({**choice(content="x"), "cost": 0.1}))) == [ours(choice(content="x"))]


def test_missing_fields_of_a_choice_are_added() -> None:
    assert heard(spoken(voice(), chunk({"delta": {"content": "x"}}))) == [ours(choice(content="x"))]


def test_the_role_is_not_said_again_for_clients_append_it() -> None:
    said = spoken(voice(), chunk(choice(role="assistant", content="a")), chunk(choice(role="assistant", content="b")))
    assert heard(said) == [ours(choice(content="a")), ours(choice(content="b"))]


def test_other_choices_get_their_role_with_their_first_words() -> None:
    said = spoken(
        voice(),
        chunk(choice(index=1, role="assistant", content="")),
        chunk(choice(index=1, content="a")),
        chunk(choice(index=1, content="b")),
        chunk(choice(index=2, role="assistant", content="c")),
        chunk(choice(index=2, content="d")),
    )
    assert heard(said) == [
        ours(choice(index=1, role="assistant", content="a")),
        ours(choice(index=1, content="b")),
        ours(choice(index=2, role="assistant", content="c")),
        ours(choice(index=2, content="d")),
    ]


def test_a_choice_that_says_nothing_is_left_out_beside_one_that_does() -> None:
    said = spoken(voice(), chunk(choice(content="x"), choice(index=1, content="")))
    assert heard(said) == [ours(choice(content="x"))]


# --- nothing to say ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "silent",
    [
        chunk(choice(role="assistant", content="")),
        chunk(choice()),
        chunk(choice(content=None, tool_calls=[])),
        chunk(),
        chunk(usage={"prompt_tokens": 5, "completion_tokens": 1}),
        b"{}",
        b"[DONE]",
        b"",
    ],
)
def test_events_that_say_nothing_are_not_passed(silent: bytes) -> None:
    assert spoken(voice(), silent) == b""


def test_ten_thousand_empty_deltas_are_nothing() -> None:
    speaks, empty = voice(), read_chunk(chunk(choice(content="")))
    assert b"".join(speaks.delta(empty) for _ in range(10_000)) == b""


# --- tool calls -------------------------------------------------------------------------------------------------------


def test_right_tool_calls_leave_as_they_came() -> None:
    first = tool(index=0, id="c1", type="function", function={"name": "f", "arguments": ""})
    rest = tool(index=0, function={"arguments": '{"a":1}'})
    assert heard(spoken(voice(), chunk(first), chunk(rest))) == [ours(first), ours(rest)]


def test_tool_calls_without_an_index_are_told_apart_by_id() -> None:
    calls = [("c1", '{"a"'), ("c1", ":1}"), ("c2", "{}"), (None, "")]
    given = [tool(**({"id": i} if i else {}), function={"name": "f", "arguments": text}) for i, text in calls]
    events = heard(spoken(voice(), *map(chunk, given)))
    assert [event["choices"][0]["delta"]["tool_calls"][0]["index"] for event in events] == [0, 0, 1, 1]


def test_the_first_piece_of_a_call_gets_an_id_and_a_type() -> None:
    (event,) = heard(spoken(voice(), chunk(tool(id="", function={"name": "f", "arguments": "{}"}))))
    (call,) = event["choices"][0]["delta"]["tool_calls"]
    assert (call["index"], call["type"], call["id"]) == (0, "function", "call_call_ours_0_0")


def test_an_id_and_name_said_again_are_dropped_for_clients_append_them() -> None:
    piece = tool(index=0, id="c1", type="function", function={"name": "f", "arguments": "x"})
    _, event = heard(spoken(voice(), chunk(piece), chunk(piece)))
    assert event["choices"] == [tool(index=0, function={"arguments": "x"})]


def test_choices_number_their_calls_apart() -> None:
    call = {"id": "c", "function": {"name": "f", "arguments": "{}"}}
    both = chunk(choice(tool_calls=[call]), choice(index=1, tool_calls=[call]))
    (event,) = heard(spoken(voice(n=2), both))
    assert [c["delta"]["tool_calls"][0]["index"] for c in event["choices"]] == [0, 0]


def test_a_choice_that_nobody_asked_for_is_left_out() -> None:
    both = chunk(choice(content="x"), choice(index=1, content="x"))
    (event,) = heard(spoken(voice(), both))
    assert [(one["index"], one["delta"]["content"]) for one in event["choices"]] == [(0, "x")]


# --- the end ----------------------------------------------------------------------------------------------------------


def test_a_finish_that_came_is_not_said_again() -> None:
    speaks = voice()
    said = spoken(speaks, chunk(choice("length")), chunk(choice("length"))) + speaks.tail(receipt())
    assert heard(said) == [ours(choice("length")), "[DONE]"]


def test_words_after_the_finish_pass_without_a_second_one() -> None:
    said = spoken(voice(), chunk(choice("stop", content="a")), chunk(choice("stop", content="b")))
    assert heard(said) == [ours(choice("stop", content="a")), ours(choice(None, content="b"))]


def test_a_finish_that_never_came_is_the_receipts() -> None:
    speaks = voice()
    spoken(speaks, chunk(choice(content="x")), chunk(choice("stop", index=1, content="y")), chunk(choice(index=2, content="z")))
    assert heard(speaks.tail(receipt(finish_reason="length"))) == [
        ours(choice("length")),
        ours(choice("length", index=2)),
        "[DONE]",
    ]
    assert heard(voice().tail(receipt(finish_reason=None)))[0] == ours(choice("stop"))


def test_usage_comes_last_for_who_asked_with_the_price_in_credits() -> None:
    speaks = voice(True)
    spoken(speaks, chunk(choice("stop", content="x")))
    assert heard(speaks.tail(receipt())) == [ours(usage=USAGE, signalbox=SIGNALBOX), "[DONE]"]


def test_remarks_and_explanations_come_with_the_last_chunk() -> None:
    speaks = voice(True)
    spoken(speaks, chunk(choice("stop", content="x")))
    last, _ = heard(speaks.tail(receipt(note="stepped_down", explain={"why": ["cheaper"]})))
    assert last["signalbox"] == {**SIGNALBOX, "note": "stepped_down", "explain": {"why": ["cheaper"]}}


def test_an_explanation_is_told_even_if_usage_was_not_asked_for() -> None:
    last = heard(voice().tail(receipt(explain={"why": []})))[-2]
    assert last == ours(signalbox={**SIGNALBOX, "explain": {"why": []}})


def test_an_error_is_one_event_and_no_clean_end() -> None:
    refusal = Refusal("upstream_error", "It broke off.")
    assert heard(voice().error(refusal)) == [refusal.body()]


# --- whole answers ----------------------------------------------------------------------------------------------------


def whole(**changes: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": "x", "refusal": None, "annotations": [1]}
    given = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop", "cost": 0.1}
    value = {"id": "theirs", "model": "theirs", "created": 1.5, "provider": "SimCo", "cost": 1, "choices": [given], **changes}
    body: dict[str, Any] = orjson.loads(voice().whole(Answer(value, None, 1, 0, False, "stop"), receipt()))
    return body


def test_a_whole_answer_is_ours_but_for_what_was_said() -> None:
    assert whole(system_fingerprint="fp", service_tier=7) == {
        "id": CALL_ID,
        "object": "chat.completion",
        "created": CREATED_S,
        "model": "p/m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "x", "refusal": None, "annotations": [1]},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": USAGE,
        "system_fingerprint": "fp",
        "signalbox": SIGNALBOX,
    }
