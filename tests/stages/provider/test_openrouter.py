"""Claims about OpenRouter's dialect: what only we may set, and its own shapes of reasoning, cost and failure.

Shapes: https://openrouter.ai/docs/api/reference/overview, .../errors-and-debugging, .../streaming,
https://openrouter.ai/docs/guides/best-practices/reasoning-tokens, https://openrouter.ai/docs/guides/routing/provider-selection
"""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from proxy.domain.chat import Answer, Chat, Terms
from proxy.domain.errors import FaultKind
from proxy.domain.usage import Usage
from proxy.stages.provider.openrouter import OpenRouter
from proxy.stages.provider.sse import Decoder
from tests import builders as some

TERMS = Terms(upstream_name="meta-llama/llama", output_tokens_max=500, stream=False)
ROUTING = {"data_collection": "deny", "allow_fallbacks": False}


def body(chat: Chat, **changes: Any) -> dict[str, Any]:
    value: dict[str, Any] = orjson.loads(OpenRouter().encode(chat, replace(TERMS, **changes)).body)
    return value


def test_a_plain_chat_is_openais() -> None:
    assert OpenRouter().encode(some.chat(), TERMS).path == "/chat/completions"
    assert OpenRouter().authorization("k") == {"authorization": "Bearer k"}
    assert body(some.chat()) == {
        "model": "meta-llama/llama",
        "messages": [{"role": "user", "content": "Hello."}],
        "max_tokens": 500,
    }


def test_routing_is_the_operators() -> None:
    assert body(some.chat(), routing=ROUTING)["provider"] == ROUTING
    assert "provider" not in body(some.chat())


def test_no_field_of_a_caller_chooses_route_model_or_extras() -> None:
    theirs = {"models": ["x"], "provider": {"order": ["y"]}, "route": "fallback", "plugins": [], "transforms": [], "usage": {}}
    sent = body(some.chat(unknown={**theirs, "reasoning": {"max_tokens": 10**9}, "preset": "p"}), passes_unknown=True)
    assert sent == body(some.chat())
    assert body(some.chat(unknown=theirs), passes_unknown=True, routing=ROUTING)["provider"] == ROUTING


def test_effort_is_asked_for_in_its_own_words() -> None:
    sent = body(some.chat(fields={"reasoning_effort": "high"}))
    assert (sent["reasoning"], "reasoning_effort" in sent) == ({"effort": "high"}, False)


def test_a_comment_says_nothing_and_reasoning_is_read() -> None:
    events = Decoder().feed(
        b": OPENROUTER PROCESSING\n\n"
        b'data: {"id":"gen-1","provider":"Anthropic","model":"anthropic/x","object":"chat.completion.chunk","created":1,'
        b'"choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning":"Hm","reasoning_details":[{"type":'
        b'"reasoning.text","text":"Hm","format":"anthropic-claude-v1","index":0}]},"finish_reason":null,'
        b'"native_finish_reason":null,"logprobs":null}]}\n\n'
    )
    (delta,) = map(OpenRouter().reader().delta, events)
    assert (delta.reasoning_bytes, delta.commits, delta.error) == (2, True, None)


def test_usage_is_read_by_class_and_its_cost_by_nobody() -> None:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "total_tokens": 150,
        "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10},
        "completion_tokens_details": {"reasoning_tokens": 20},
        "cost": 0.0421,
        "cost_details": {"upstream_inference_cost": 0.04},
        "is_byok": False,
    }
    message = {"role": "assistant", "content": "Hi", "reasoning": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "native_finish_reason": "end_turn"}
    answer = OpenRouter().answer(orjson.dumps({"id": "gen-1", "provider": "X", "choices": [choice], "usage": usage}))
    assert isinstance(answer, Answer)
    assert answer.usage == Usage(input=30, cached_input=60, cache_write=10, output=30, reasoning=20)


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        ({"code": 402, "message": "Insufficient credits"}, "our_credit", 402),
        ({"code": 403, "message": "Key limit exceeded (total limit)"}, "our_credit", 403),
        ({"code": 429, "message": "Provider returned error", "metadata": {"raw": "slow down"}}, "rate_limited", 429),
        ({"code": 502, "message": "Provider returned error"}, "server_error", 502),
        ({"code": "server_error", "message": "Provider disconnected"}, "server_error", 200),
        (
            {"code": 403, "message": "Flagged", "metadata": {"reasons": ["violence"], "flagged_input": "…"}},
            "content_refused",
            403,
        ),
        (
            {"code": 400, "message": "Provider returned error", "metadata": {"raw": '{"message":"prompt is too long: 9 > 8"}'}},
            "context_length",
            400,
        ),
    ],
)
def test_an_error_is_found_in_a_200_and_in_a_stream(error: dict[str, Any], kind: FaultKind, status: int) -> None:
    whole = OpenRouter().answer(orjson.dumps({"error": error}))
    ended = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
    event = OpenRouter().reader().delta(orjson.dumps({"id": "gen-1", "provider": "X", "error": error, "choices": [ended]}))
    for fault in (whole, event.error):
        assert not isinstance(fault, Answer)
        assert fault is not None
        assert (fault.kind, fault.status) == (kind, status)


def test_a_flagged_prompt_is_not_our_keys_fault() -> None:
    error = {"code": 403, "message": "m", "metadata": {"reasons": ["x"], "flagged_input": "y", "provider_name": "z"}}
    assert OpenRouter().classify(403, {}, orjson.dumps({"error": error})).kind == "content_refused"
    assert OpenRouter().classify(403, {}, orjson.dumps({"error": {"code": 403, "message": "m"}})).kind == "our_key"


def test_its_generation_is_kept_for_the_record() -> None:
    assert OpenRouter().request_id({"x-generation-id": "gen-1"}) == "gen-1"
