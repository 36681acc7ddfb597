"""Claims about reading a whole answer: everything required is in it afterwards, and what is no answer is a fault."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.chat import Answer
from proxy.domain.errors import Fault, FaultKind
from proxy.domain.usage import Usage
from proxy.stages.provider.completions import whole
from proxy.stages.provider.completions.shape import mended
from proxy.stages.provider.openai import OpenAI


def body(*choices: Any, **top: Any) -> bytes:
    frame = {"id": "x", "object": "chat.completion", "created": 1, "model": "m"}
    return orjson.dumps({**frame, "choices": list(choices), **top})


def said(finish_reason: Any = "stop", /, **message: Any) -> dict[str, Any]:
    return {"index": 0, "message": {"role": "assistant", **message}, "logprobs": None, "finish_reason": finish_reason}


def read(*choices: Any, **top: Any) -> Answer:
    answer = OpenAI().answer(body(*choices, **top))
    assert isinstance(answer, Answer)
    return answer


def only(answer: Answer) -> dict[str, Any]:
    (choice,) = answer.value["choices"]
    assert isinstance(choice, dict)
    return choice


def test_an_answer_is_read_with_its_sizes_and_usage() -> None:
    answer = read(said(content="Héllo", reasoning="hm"), usage={"prompt_tokens": 5, "completion_tokens": 2})
    assert (answer.output_bytes, answer.reasoning_bytes, answer.finish_reason) == (6, 2, "stop")
    assert answer.usage == Usage(input=5, output=2)
    assert not answer.is_empty


_TEXTS = st.sampled_from(["", "x", "Héllo"])
_WORDS = st.sampled_from(["stop", "length", "STOP", "eos", "", None, 1, ["stop"]])
_SAID: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["assistant", "model", None, 1]),
        "content": _TEXTS | st.none() | st.just([{"text": "x"}]),
        "refusal": _TEXTS | st.none(),
        "reasoning": _TEXTS,
        "tool_calls": st.just([{"function": {"name": "f", "arguments": "{}"}}]) | st.none(),
    },
)
_CHOICES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"message": _SAID | st.none()},
    optional={
        "index": st.sampled_from([0, 1, True, "0", None]),
        "logprobs": st.none() | st.just({"content": []}) | st.just("x"),
        "finish_reason": _WORDS,
        "extra": st.just(1),
    },
)


@given(_CHOICES)
def test_what_is_as_usual_is_read_as_it_would_be_if_it_were_not(choice: dict[str, Any]) -> None:
    known = whole._as_usual(choice)
    assert known is None or known == whole._completed(mended(choice, 0, "message"), 0)


def test_text_with_what_openai_sends_beside_it_is_as_usual() -> None:
    assert whole._as_usual(said(content="x")) == said(content="x", refusal=None)
    assert whole._as_usual(said("length", content="", refusal=None)) is not None
    assert whole._as_usual(said(content="x", annotations=[])) is None


def test_unknown_fields_of_a_message_stay() -> None:
    assert only(read(said(content="x", annotations=[1])))["message"]["annotations"] == [1]


def test_everything_required_is_there_afterwards() -> None:
    choice = only(read({"message": {"content": "x"}}))
    assert choice == {
        "index": 0,
        "message": {"role": "assistant", "content": "x", "refusal": None},
        "logprobs": None,
        "finish_reason": "stop",
    }


def test_choices_without_an_index_are_numbered() -> None:
    answer = read({"message": {"content": "a"}}, {"message": {"content": "b"}})
    assert [choice["index"] for choice in answer.value["choices"]] == [0, 1]


def test_tool_calls_are_completed() -> None:
    choice = only(read(said(None, content=None, tool_calls=[{"function": {"name": "f", "arguments": {"a": 1}}}])))
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"] == [
        {"id": "call_0_0", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    ]


def test_arguments_of_a_call_that_needs_none_are_still_json() -> None:
    calls = [{"id": "c1", "function": {"name": "f", "arguments": ""}}, {"id": "c2", "function": {"name": "g"}}]
    message = only(read(said("tool_calls", tool_calls=calls)))["message"]
    assert [call["function"]["arguments"] for call in message["tool_calls"]] == ["{}", "{}"]
    assert [call["id"] for call in message["tool_calls"]] == ["c1", "c2"]


@pytest.mark.parametrize("function", [{"arguments": "{}"}, {"name": "", "arguments": "{}"}, {"name": 7}])
def test_a_call_of_nothing_is_no_answer(function: Any) -> None:
    body = orjson.dumps({"choices": [said("tool_calls", tool_calls=[{"id": "c", "function": function}])]})
    assert OpenAI().answer(body) == Fault("garbled", status=200)


def test_bytes_of_tool_calls_are_output() -> None:
    answer = read(said("tool_calls", tool_calls=[{"id": "c", "function": {"name": "get", "arguments": "{}"}}]))
    assert (answer.output_bytes, answer.is_empty) == (5, False)


def test_no_tool_calls_are_no_field() -> None:
    assert "tool_calls" not in only(read(said(content="x", tool_calls=[])))["message"]
    assert "tool_calls" not in only(read(said(content="x", tool_calls=None)))["message"]


def test_other_shapes_of_an_answer_are_understood() -> None:
    assert only(read({"text": "old"}))["message"]["content"] == "old"
    assert only(read({"delta": {"content": "part"}}))["message"]["content"] == "part"
    assert (
        only(read(said(content=[{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])))["message"]["content"] == "ab"
    )


@pytest.mark.parametrize(
    ("message", "finish_reason", "is_empty"),
    [
        ({"content": ""}, "stop", True),
        ({"content": None}, "stop", True),
        ({}, None, True),
        ({"content": None, "tool_calls": []}, "tool_calls", True),
        ({"content": ""}, "length", False),
        ({"content": ""}, "content_filter", False),
        ({"content": "", "reasoning_content": "hm"}, "stop", False),
        ({"content": None, "refusal": "No."}, "stop", False),
        ({"content": None, "function_call": {"name": "f", "arguments": ""}}, "function_call", False),
        ({"content": None, "audio": {"id": "a"}}, "stop", False),
        ({"content": " \n"}, "stop", True),
    ],
)
def test_an_answer_is_empty_if_nothing_is_in_it_and_nothing_says_why(
    message: dict[str, Any], finish_reason: str | None, is_empty: bool
) -> None:
    assert read(said(finish_reason, **message)).is_empty is is_empty


def test_reasoning_that_was_only_billed_explains_an_empty_answer() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 9}}
    assert not read(said(content=""), usage=usage).is_empty


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"<!doctype html><h1>It works!</h1>", "garbled"),
        (b'{"id":"x","choices":[{"mess', "garbled"),
        (b"", "garbled"),
        (b"[]", "garbled"),
        (b"null", "garbled"),
        (b'data: {"choices":[]}\n\n', "garbled"),
        (b'{"id":"x"}', "garbled"),
        (b'{"choices":null}', "empty"),
        (b'{"choices":[]}', "empty"),
        (b'{"choices":"x"}', "empty"),
        (b'{"error":{"message":"boom"}}', "error_event"),
        (b'{"error":"boom","choices":[]}', "error_event"),
        (b'{"error":{"code":"insufficient_quota"}}', "our_credit"),
        (b'{"object":"error","message":"boom","code":404}', "unknown_model"),
        (b'{"choices":[{"finish_reason":"error","message":{"content":"half"}}]}', "error_event"),
        (b'{"choices":[{"finish_reason":"stop","error":{"code":"content_filter"}}]}', "content_refused"),
    ],
)
def test_what_is_no_answer_is_a_fault(data: bytes, kind: FaultKind) -> None:
    fault = OpenAI().answer(data)
    assert isinstance(fault, Fault)
    assert fault.kind == kind


def test_a_byte_order_mark_and_nan_are_forgiven() -> None:
    answer = OpenAI().answer(b'\xef\xbb\xbf{"choices":[{"message":{"content":"x","score":NaN}}]}')
    assert isinstance(answer, Answer)
    assert only(answer)["message"]["score"] is None
