"""Claims about reading a Messages stream.

https://platform.claude.com/docs/en/build-with-claude/streaming,
https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
"""

from typing import Any

import orjson
import pytest

from proxy.domain.chat import Delta
from proxy.domain.errors import Fault, FaultKind
from proxy.domain.usage import Usage
from proxy.stages.provider.anthropic import Anthropic
from tests.stages.provider.anthropic.events import PING, STOP, assembled, block, deltas, end, grow, start, stop


def test_a_text_stream_is_content_an_end_and_a_bill() -> None:
    read = deltas(
        start(), block(0, "text", text=""), PING, grow(0, "text_delta", text="Hé"), stop(0), end(output_tokens=9), STOP
    )
    assert assembled(read)["content"] == "Hé"
    assert [delta.commits for delta in read] == [False, False, False, True, False, False, False]
    assert (read[3].output_bytes, read[3].raw) == (3, None)
    assert (read[5].finish_reason, read[5].usage, read[6].done) == ("stop", Usage(input=25, output=9), True)


def test_the_first_event_tells_the_input() -> None:
    (delta,) = deltas(start(cache_read_input_tokens=100, cache_creation_input_tokens=7))
    assert delta.usage == Usage(input=25, cached_input=100, cache_write=7, output=1)
    assert not delta.commits


def test_counts_that_did_not_change_hold() -> None:
    read = deltas(start(cache_read_input_tokens=100), end(input_tokens=None, output_tokens=40))
    assert read[1].usage == Usage(input=25, cached_input=100, output=40)
    read = deltas(start(), end(input_tokens=30, output_tokens=40, output_tokens_details={"thinking_tokens": 10}))
    assert read[1].usage == Usage(input=30, output=30, reasoning=10)


def test_parallel_calls_are_numbered_from_zero_whatever_their_block() -> None:
    read = deltas(
        start(),
        block(0, "text", text=""),
        grow(0, "text_delta", text="So."),
        block(1, "tool_use", id="toolu_1", name="get", input={}),
        grow(1, "input_json_delta", partial_json=""),
        grow(1, "input_json_delta", partial_json='{"a":'),
        grow(1, "input_json_delta", partial_json=" 1}"),
        stop(1),
        block(2, "tool_use", id="toolu_2", name="now", input={}),
        stop(2),
        end("tool_use"),
    )
    assert assembled(read)["tool_calls"] == {
        0: {"id": "toolu_1", "name": "get", "arguments": '{"a": 1}'},
        1: {"id": "toolu_2", "name": "now", "arguments": "{}"},
    }
    assert read[-1].finish_reason == "tool_calls"
    assert (read[3].has_tool, read[3].commits, read[3].output_bytes) == (True, True, 3)


def test_thinking_is_reasoning_and_its_signature_goes_along() -> None:
    read = deltas(
        start(),
        block(0, "thinking", thinking="", signature=""),
        grow(0, "thinking_delta", thinking="Hm."),
        grow(0, "signature_delta", signature="sig"),
        stop(0),
        block(1, "redacted_thinking", data="xyz"),
        block(2, "text", text="Hi"),
    )
    message = assembled(read)
    form = {"format": "anthropic-claude-v1"}
    assert (message["reasoning_content"], message["content"]) == ("Hm.", "Hi")
    assert message["reasoning_details"] == [
        {"type": "reasoning.text", "text": "Hm.", "index": 0, **form},
        {"type": "reasoning.text", "signature": "sig", "index": 0, **form},
        {"type": "reasoning.encrypted", "data": "xyz", "index": 1, **form},
    ]
    assert [(delta.reasoning_bytes, delta.commits) for delta in read[2:4]] == [(3, True), (0, False)]


@pytest.mark.parametrize(
    ("word", "ours"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("pause_turn", "stop"),
        (None, None),
        (7, None),
    ],
)
def test_reasons_to_stop_become_openais(word: Any, ours: str | None) -> None:
    (delta,) = deltas(end(word))
    assert delta.finish_reason == ours


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "overloaded_error", "message": "Overloaded"}, "server_error"),
        ({"type": "api_error", "message": "Internal server error"}, "server_error"),
        ({"type": "rate_limit_error", "message": "x"}, "rate_limited"),
        ({"type": "invalid_request_error", "message": "prompt is too long: 9 tokens > 8 maximum"}, "context_length"),
        ({"type": "something_new"}, "error_event"),
        ("broken", "error_event"),
        (None, "error_event"),
    ],
)
def test_an_error_event_is_a_fault(error: Any, kind: FaultKind) -> None:
    (delta,) = deltas({"type": "error", "error": error})
    assert delta.error is not None
    assert delta.error.kind == kind
    assert deltas({"error": {"type": "overloaded_error"}})[0].error is not None


@pytest.mark.parametrize(
    "event", [PING, {}, {"type": "content_block_new"}, {"type": "content_block_start", "index": 0}, stop(3)]
)
def test_what_is_new_or_says_nothing_is_read_over(event: Any) -> None:
    (delta,) = deltas(event)
    assert (delta.value.get("choices", []), delta.error, delta.done) == ([], None, False)


@pytest.mark.parametrize("data", [b"<html>", b"[1]", b'"x"', b"7", b'{"type": 7}', b'{"type":'])
def test_garbage_is_a_fault(data: bytes) -> None:
    assert Anthropic().reader().delta(data) == Delta({}, error=Fault("garbled", status=200))


def test_arguments_of_a_call_that_nobody_began_are_garbage() -> None:
    (delta,) = deltas(grow(4, "input_json_delta", partial_json="{}"))
    assert delta.error == Fault("garbled", status=200)


def test_each_stream_has_a_memory_of_its_own() -> None:
    dialect = Anthropic()
    first, second = dialect.reader(), dialect.reader()
    first.delta(orjson.dumps(start()))
    assert second.delta(orjson.dumps(end())).usage is None
