"""Claims about reading one event of a provider's stream: what it says, how much, and what is wrong with it."""

from typing import Any

import orjson
import pytest

from proxy.domain.chat import Delta
from proxy.domain.errors import Fault, FaultKind
from proxy.domain.usage import Usage
from proxy.stages.provider.completions.chunk import read_chunk
from proxy.stages.provider.openai import OpenAI


def choice(finish_reason: str | None = None, /, index: Any = 0, **delta: Any) -> dict[str, Any]:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def chunk(*choices: Any, **top: Any) -> bytes:
    frame = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return orjson.dumps({**frame, "choices": list(choices), **top})


def read(*choices: Any, **top: Any) -> Delta:
    return read_chunk(chunk(*choices, **top))


def test_a_right_chunk_keeps_its_bytes() -> None:
    data = chunk(choice(content="Hé"))
    delta = read_chunk(data)
    assert delta.raw is data
    assert (delta.output_bytes, delta.reasoning_bytes, delta.has_content, delta.has_tool) == (3, 0, True, False)
    assert delta.commits


def test_done_is_done() -> None:
    assert read_chunk(b"[DONE]").done
    assert read_chunk(b" [DONE] ").done


def test_an_event_with_no_data_says_nothing() -> None:
    assert read_chunk(b"") == Delta({})


def test_refusal_and_content_count_as_output() -> None:
    delta = read(choice(content="abc", refusal="de"))
    assert (delta.output_bytes, delta.has_content) == (5, True)


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_reasoning_counts_apart_and_commits(name: str) -> None:
    delta = read(choice(**{name: "hmm"}))
    assert (delta.output_bytes, delta.reasoning_bytes, delta.has_content) == (0, 3, True)


def test_reasoning_under_both_names_counts_once() -> None:
    assert read(choice(reasoning="hmm", reasoning_content="hmm")).reasoning_bytes == 3


def test_reasoning_under_the_rarer_name_is_told_under_the_commoner_one_too() -> None:
    delta = read(choice(reasoning="hmm"))
    assert (delta.raw, delta.value["choices"][0]["delta"]) == (None, {"reasoning": "hmm", "reasoning_content": "hmm"})
    assert read(choice(content="a", reasoning=None)).raw is not None


def test_a_tool_call_counts_its_name_and_arguments() -> None:
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "get", "arguments": "{}"}}
    delta = read(choice(tool_calls=[call]))
    assert (delta.output_bytes, delta.has_content, delta.has_tool, delta.commits) == (5, False, True, True)
    assert delta.raw is not None


def test_an_old_function_call_is_a_tool_call() -> None:
    delta = read(choice(function_call={"name": "get", "arguments": "{}"}))
    assert (delta.output_bytes, delta.has_tool) == (5, True)


@pytest.mark.parametrize("silent", [choice(role="assistant", content=""), choice(), choice(content=None, tool_calls=[])])
def test_an_empty_delta_commits_nothing(silent: dict[str, Any]) -> None:
    delta = read(silent)
    assert not delta.commits
    assert delta.error is None


def test_choices_are_counted_together() -> None:
    delta = read(choice(content="ab"), choice("stop", index=1, content="c"))
    assert (delta.output_bytes, delta.finish_reason) == (3, "stop")


def test_usage_is_read_wherever_it_comes() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 2}
    assert read(usage=usage).usage == Usage(input=5, output=2)
    assert read(choice("stop"), usage=usage).usage == Usage(input=5, output=2)
    assert read(choice("stop"), usage={"prompt_tokens": -5}).usage is None


@pytest.mark.parametrize(
    ("word", "ours"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("STOP", "stop"),
        ("end_turn", "stop"),
        ("eos", "stop"),
        ("max_tokens", "length"),
        ("MAX_TOKENS", "length"),
        ("tool_use", "tool_calls"),
        ("SAFETY", "content_filter"),
        ("no_such_word", "stop"),
        ("", None),
        ("null", None),
        (7, None),
    ],
)
def test_words_for_the_end_become_openais(word: Any, ours: str | None) -> None:
    delta = read(choice(word, content="x"))
    assert delta.finish_reason == ours
    assert delta.value["choices"][0]["finish_reason"] == ours


@pytest.mark.parametrize(
    ("given", "mended"),
    [
        ({"delta": {"content": "x"}}, choice(content="x")),
        ({"index": None, "delta": {"content": "x"}, "logprobs": "none", "finish_reason": None}, choice(content="x")),
        ({"message": {"content": "x"}}, {**choice(content="x"), "message": {"content": "x"}}),
        ({"text": "x"}, {**choice(content="x"), "text": "x"}),
        (choice(content=["a", {"type": "text", "text": "b"}, 7]), choice(content="ab")),
        (choice(content=7, role=7), choice(content=None)),
        (choice(tool_calls="none"), choice(tool_calls=[])),
        (choice(function_call={"name": 5, "arguments": ""}), choice(function_call={"arguments": ""})),
        (choice(tool_calls=[{"index": False, "function": None}]), choice(tool_calls=[{"function": {"arguments": ""}}])),
        (
            choice(tool_calls=[{"index": 1, "function": {"name": None, "arguments": {"a": 1}}}, "x"]),
            choice(tool_calls=[{"index": 1, "function": {"arguments": '{"a":1}'}}]),
        ),
        (choice(function_call="x"), choice(function_call=None)),
        (
            choice(content=7, function_call={"name": "f"}),
            choice(content=None, function_call={"name": "f", "arguments": ""}),
        ),
        ("junk", choice(content=None)),
    ],
)
def test_what_is_only_unusual_is_mended_and_loses_its_bytes(given: Any, mended: dict[str, Any]) -> None:
    delta = read(given)
    assert delta.error is None
    assert delta.raw is None
    assert delta.value["choices"] == [mended]


@pytest.mark.parametrize("top", [{}, {"choices": None}, {"choices": {}}, {"choices": "x"}, {"usage": None}])
def test_a_chunk_without_choices_says_nothing(top: dict[str, Any]) -> None:
    delta = read_chunk(orjson.dumps({"id": "x", **top}))
    assert (delta.error, delta.commits, delta.value["choices"]) == (None, False, [])


@pytest.mark.parametrize(
    "data",
    [
        b'\xef\xbb\xbf{"choices":[{"delta":{"content":"x"}}]}',
        b'{"choices":[{"delta":{"content":"x"},"logprobs":{"p":NaN}}]}',
        b'{"choices":[{"delta":{"content":"x"},"logprobs":{"p":-Infinity,"q":1e999,"r":1.5}}]}',
    ],
)
def test_byte_order_marks_and_numbers_that_are_none_are_forgiven(data: bytes) -> None:
    delta = read_chunk(data)
    assert (delta.error, delta.raw, delta.output_bytes) == (None, None, 1)
    assert orjson.dumps(delta.value)


@pytest.mark.parametrize("text", [b'"\\ud83d"', b'"\xf0\x9f"'])
def test_half_a_character_becomes_one_that_can_be_sent(text: bytes) -> None:
    delta = read_chunk(b'{"choices":[{"delta":{"content":' + text + b"}}]}")
    assert delta.error is None
    assert delta.has_content
    assert orjson.dumps(delta.value)


@pytest.mark.parametrize("nothing", [b"", b"null", b"[]", b"{}", b' {"object":"keepalive"}'])
def test_an_event_that_says_nothing_is_read_over(nothing: bytes) -> None:
    delta = read_chunk(nothing)
    assert (delta.error, delta.commits, delta.done) == (None, False, False)


@pytest.mark.parametrize("mark", [b"[DONE]", b" [DONE] ", b'"[DONE]"'])
def test_the_end_mark_is_known_in_quotes_too(mark: bytes) -> None:
    assert read_chunk(mark).done


@pytest.mark.parametrize("first", [{"index": 0, "id": "a"}, {"index": 0}, {"id": "a"}, {}])
def test_a_tool_call_begins_with_its_name_and_goes_on_without(first: dict[str, Any]) -> None:
    nameless = orjson.dumps({"choices": [choice(tool_calls=[{**first, "function": {"arguments": "{}"}}])]})
    named = orjson.dumps({"choices": [choice(tool_calls=[{**first, "function": {"name": "f", "arguments": ""}}])]})
    assert OpenAI().reader().delta(nameless).error == Fault("garbled", status=200)
    reader = OpenAI().reader()
    assert [reader.delta(data).error for data in (named, nameless)] == [None, None]


@pytest.mark.parametrize("junk", [b"<html>", b"{", b"[1]", b"7", b'"x"', b"[DONE", b"[" * 100_000])
def test_junk_is_garbled(junk: bytes) -> None:
    error = read_chunk(junk).error
    assert error is not None
    assert error.kind == "garbled"


@pytest.mark.parametrize(
    ("top", "kind"),
    [
        ({"error": {"message": "boom"}}, "error_event"),
        ({"error": "boom"}, "error_event"),
        ({"error": ["boom"]}, "error_event"),
        ({"error": {"code": 429, "message": "slow down"}}, "rate_limited"),
        ({"error": {"code": "503"}}, "server_error"),
        ({"error": {"code": 402}}, "our_credit"),
        ({"error": {"code": "context_length_exceeded"}}, "context_length"),
        ({"object": "error", "message": "boom", "code": 400}, "bad_request"),
        ({"choices": [{"finish_reason": "error", "delta": {}}]}, "error_event"),
        ({"choices": [{**choice(content=""), "error": {"code": 500}}]}, "server_error"),
    ],
)
def test_an_error_inside_a_stream_is_a_fault(top: dict[str, Any], kind: FaultKind) -> None:
    error = read_chunk(orjson.dumps({"id": "x", **top})).error
    assert error is not None
    assert error.kind == kind


def test_an_error_that_is_null_is_none() -> None:
    delta = read(choice(content="x"), error=None)
    assert (delta.error, delta.raw, delta.output_bytes) == (None, None, 1)
