"""Claims about reading a whole Messages answer, its usage and its failures.

https://platform.claude.com/docs/en/api/messages/create, https://platform.claude.com/docs/en/api/errors
"""

from typing import Any

import orjson
import pytest

from proxy.domain.chat import Answer
from proxy.domain.errors import Fault, FaultKind
from proxy.domain.usage import Usage
from proxy.stages.provider.anthropic import Anthropic
from tests.stages.provider.anthropic.events import end


def body(*content: Any, stop_reason: Any = "end_turn", **top: Any) -> bytes:
    usage = {"input_tokens": 10, "output_tokens": 5, "cache_creation": {"ephemeral_5m_input_tokens": 0}}
    frame = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None, "usage": usage}
    return orjson.dumps({**frame, "content": list(content), "stop_reason": stop_reason, **top})


def answer(*content: Any, **top: Any) -> Answer:
    found = Anthropic().answer(body(*content, **top))
    assert isinstance(found, Answer), found
    return found


def refused(status: int, kind: str, message: str = "", **headers: str) -> Fault:
    error = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}
    return Anthropic().classify(status, headers, orjson.dumps(error))


def test_a_text_answer_has_openais_shape() -> None:
    found = answer({"type": "text", "text": "Hi "}, {"type": "text", "text": "there"})
    message = {"role": "assistant", "content": "Hi there", "refusal": None}
    assert found.value == {"choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}]}
    assert (found.usage, found.output_bytes, found.is_empty) == (Usage(input=10, output=5), 8, False)


def test_calls_have_json_for_arguments() -> None:
    found = answer(
        {"type": "tool_use", "id": "toolu_1", "name": "get", "input": {"a": 1}},
        {"type": "tool_use", "id": "toolu_2", "name": "now"},
        stop_reason="tool_use",
    )
    (choice,) = found.value["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == (None, "tool_calls")
    assert choice["message"]["tool_calls"] == [
        {"id": "toolu_1", "type": "function", "function": {"name": "get", "arguments": '{"a":1}'}},
        {"id": "toolu_2", "type": "function", "function": {"name": "now", "arguments": "{}"}},
    ]


def test_thinking_is_reasoning_that_can_be_given_back() -> None:
    found = answer(
        {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
        {"type": "redacted_thinking", "data": "xyz"},
        {"type": "text", "text": "Hi"},
    )
    message = found.value["choices"][0]["message"]
    assert (message["reasoning_content"], found.reasoning_bytes) == ("Hm.", 3)
    form = {"format": "anthropic-claude-v1"}
    assert message["reasoning_details"] == [
        {"type": "reasoning.text", "text": "Hm.", "signature": "sig", "index": 0, **form},
        {"type": "reasoning.encrypted", "data": "xyz", "index": 1, **form},
    ]


def test_an_end_by_an_error_is_no_end() -> None:
    fault = Fault("error_event", status=200)
    assert Anthropic().answer(body({"type": "text", "text": "x"}, stop_reason="error")) == fault
    assert Anthropic().reader().delta(orjson.dumps(end("error"))).error == fault


def test_a_refusal_is_filtered_content_and_no_empty_answer() -> None:
    found = answer(stop_reason="refusal", stop_details={"type": "refusal", "category": "cyber"})
    assert (found.finish_reason, found.is_empty) == ("content_filter", False)
    assert answer().is_empty


@pytest.mark.parametrize(
    ("usage", "classes"),
    [
        (
            {"input_tokens": 10, "cache_read_input_tokens": 90, "cache_creation_input_tokens": 5, "output_tokens": 7},
            Usage(input=10, cached_input=90, cache_write=5, output=7),
        ),
        ({"input_tokens": 0, "cache_read_input_tokens": 90, "output_tokens": 7}, Usage(cached_input=90, output=7)),
        (
            {"input_tokens": 1, "cache_read_input_tokens": None, "output_tokens": 7},
            Usage(input=1, output=7),
        ),
        (
            {"input_tokens": 1, "output_tokens": 7, "output_tokens_details": {"thinking_tokens": 4}},
            Usage(input=1, output=3, reasoning=4),
        ),
        (
            {"input_tokens": 1, "output_tokens": 7, "output_tokens_details": {"thinking_tokens": 8}},
            Usage(input=1, output=7),
        ),
        ({"input_tokens": 0, "output_tokens": 7}, None),
        ({"input_tokens": -1, "output_tokens": 7}, None),
        ({"input_tokens": 1, "output_tokens": "7"}, None),
        ({"input_tokens": 1, "cache_read_input_tokens": 1.5, "output_tokens": 7}, None),
        ({"input_tokens": 1}, None),
        ([1], None),
    ],
)
def test_usage_is_read_by_class_or_not_at_all(usage: Any, classes: Usage | None) -> None:
    assert answer({"type": "text", "text": "x"}, usage=usage).usage == classes


@pytest.mark.parametrize("given", [b"", b"<html>", b"[]", b"7", b'{"content":"x"}', b"{}", b'{"type":"message"'])
def test_what_is_no_answer_is_garbled(given: bytes) -> None:
    assert Anthropic().answer(given) == Fault("garbled", status=200)


def test_an_error_inside_a_200_is_a_fault() -> None:
    found = Anthropic().answer(orjson.dumps({"type": "error", "error": {"type": "overloaded_error", "message": "x"}}))
    assert found == Fault("server_error", status=200, provider_code="overloaded_error")


@pytest.mark.parametrize(
    ("status", "kind", "message", "fault"),
    [
        (400, "invalid_request_error", "messages: at least one message is required", "bad_request"),
        (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", "context_length"),
        (400, "invalid_request_error", "input length and `max_tokens` exceed context limit: 9 + 9 > 10", "context_length"),
        (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.", "our_credit"),
        (400, "invalid_request_error", "You have reached your specified API usage limits.", "our_credit"),
        (400, "invalid_request_error", "Output blocked by content filtering policy", "content_refused"),
        (401, "authentication_error", "invalid x-api-key", "our_key"),
        (402, "billing_error", "", "our_credit"),
        (403, "permission_error", "", "our_key"),
        (404, "not_found_error", "model: claude-0", "unknown_model"),
        (413, "request_too_large", "", "bad_request"),
        (429, "rate_limit_error", "", "rate_limited"),
        (500, "api_error", "", "server_error"),
        (504, "timeout_error", "", "server_error"),
        (529, "overloaded_error", "", "server_error"),
    ],
)
def test_each_documented_error_means_what_it_says(status: int, kind: str, message: str, fault: FaultKind) -> None:
    assert refused(status, kind, message).kind == fault


def test_a_spent_tier_is_no_rush() -> None:
    error = {"type": "rate_limit_error", "message": "x", "details": {"error_code": "enforced_spend_limit_reached"}}
    assert Anthropic().classify(429, {}, orjson.dumps({"type": "error", "error": error})).kind == "our_credit"


def test_its_request_id_and_wish_for_a_pause_are_kept() -> None:
    fault = refused(429, "rate_limit_error", **{"request-id": "req_1", "retry-after": "3"})
    assert (fault.provider_request_id, fault.retry_after_ms) == ("req_1", 3_000)
    assert Anthropic().request_id({"request-id": "req_1"}) == "req_1"
