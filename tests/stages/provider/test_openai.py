"""Claims about OpenAI's own shapes, as its documentation has them: whole answers, streams with parallel calls, usage, errors.

Shapes: https://platform.openai.com/docs/api-reference/chat/object, .../chat/streaming, .../chat/create,
https://platform.openai.com/docs/guides/function-calling, .../prompt-caching, .../reasoning,
https://developers.openai.com/docs/guides/error-codes
"""

from typing import Any

import orjson
import pytest

from proxy.domain.chat import Answer, Delta
from proxy.domain.errors import FaultKind
from proxy.domain.usage import Usage
from proxy.stages.provider.openai import OpenAI
from proxy.stages.provider.sse import Decoder
from proxy.stages.stream.openai import OpenAIVoice

USAGE = {
    "prompt_tokens": 2_006,
    "completion_tokens": 300,
    "total_tokens": 2_306,
    "prompt_tokens_details": {"cached_tokens": 1_920, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 192,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}
FRAME = {"id": "chatcmpl-1", "created": 1_741_570_283, "model": "gpt-4.1-2025-04-14", "service_tier": "default"}
BILLED = Usage(input=86, cached_input=1_920, output=108, reasoning=192)


def whole(message: dict[str, Any], finish_reason: str, logprobs: Any = None) -> Answer:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "refusal": None, "annotations": [], **message},
        "logprobs": logprobs,
        "finish_reason": finish_reason,
    }
    body = {**FRAME, "object": "chat.completion", "system_fingerprint": "fp_1", "choices": [choice], "usage": USAGE}
    answer = OpenAI().answer(orjson.dumps(body))
    assert isinstance(answer, Answer)
    return answer


def streamed(*choices: list[Any], usage: Any = None) -> list[Delta]:
    """The deltas of a stream with `include_usage`: every chunk has `usage`, the last has no choices."""
    frame = {**FRAME, "object": "chat.completion.chunk", "system_fingerprint": "fp_1", "usage": None, "obfuscation": "x9"}
    chunks = [{**frame, "choices": chosen} for chosen in choices]
    if usage is not None:
        chunks.append({**frame, "choices": [], "usage": usage})
    data = b"".join(b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"
    reader = OpenAI().reader()
    return [reader.delta(event) for event in Decoder().feed(data)]


def part(finish_reason: str | None = None, logprobs: Any = None, **delta: Any) -> list[Any]:
    return [{"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}]


def test_usage_has_five_classes_of_which_two_are_details() -> None:
    assert whole({"content": "A signal box."}, "stop").usage == BILLED


def test_parallel_calls_of_a_whole_answer_are_one_message_without_content() -> None:
    calls = [
        {"id": f"call_{n}", "type": "function", "function": {"name": "delay_of", "arguments": f'{{"train":{n}}}'}}
        for n in (4, 9)
    ]
    answer = whole({"content": None, "tool_calls": calls}, "tool_calls")
    assert (answer.is_empty, answer.value["choices"][0]["message"]["tool_calls"]) == (False, calls)


def test_a_refusal_stands_beside_the_content_and_is_an_answer() -> None:
    answer = whole({"content": None, "refusal": "I cannot help with that."}, "stop")
    assert (answer.is_empty, answer.output_bytes) == (False, 24)


def test_log_probabilities_stay_as_they_are() -> None:
    said = {"token": "A", "logprob": -0.3, "bytes": [65], "top_logprobs": [{"token": "B", "logprob": -1.4, "bytes": [66]}]}
    logprobs = {"content": [said], "refusal": None}
    assert whole({"content": "A"}, "stop", logprobs).value["choices"][0]["logprobs"] == logprobs
    (delta, _) = streamed(part(content="A", logprobs=logprobs))
    assert delta.value["choices"][0]["logprobs"] == logprobs


def test_parallel_calls_of_a_stream_come_in_pieces_by_index() -> None:
    def call(index: int, arguments: str, **begun: Any) -> dict[str, Any]:
        name = {"name": "delay_of"} if begun else {}
        return {"index": index, **begun, "function": {**name, "arguments": arguments}}

    deltas = streamed(
        part(role="assistant", content=None),
        part(tool_calls=[call(0, "", id="call_4", type="function")]),
        part(tool_calls=[call(0, '{"train":4}')]),
        part(tool_calls=[call(1, "", id="call_9", type="function")]),
        part(tool_calls=[call(1, '{"train":9}')]),
        part("tool_calls"),
        usage=USAGE,
    )
    assert [delta.commits for delta in deltas] == [False, True, True, True, True, False, False, False]
    assert [delta.has_tool for delta in deltas[1:5]] == [True] * 4
    assert (deltas[5].finish_reason, deltas[6].usage, deltas[7].done) == ("tool_calls", BILLED, True)


def test_what_only_the_provider_means_by_a_chunk_stays_behind() -> None:
    voice = OpenAIVoice("call_1", 1, include_usage=False)
    voice.answering("openai/gpt-4.1", None, "named", None)
    said = b"".join(map(voice.delta, streamed(part(content="A"), part("stop"), usage=USAGE)))
    for word in (b"obfuscation", b"chatcmpl-1", b"2025-04-14", b"prompt_tokens"):
        assert word not in said


@pytest.mark.parametrize(
    ("status", "type", "code", "message", "kind"),
    [
        (401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided: sk-x.", "our_key"),
        (401, "invalid_request_error", None, "You must be a member of an organization to use the API", "our_key"),
        (403, "request_forbidden", "unsupported_country_region_territory", "Country, region, or territory", "our_key"),
        (404, "invalid_request_error", "model_not_found", "The model `x` does not exist", "unknown_model"),
        (400, "invalid_request_error", "context_length_exceeded", "This model's maximum context length is", "context_length"),
        (400, "invalid_request_error", "unsupported_parameter", "Unsupported parameter: 'max_tokens'", "bad_request"),
        (400, "invalid_request_error", "content_policy_violation", "Your request was rejected", "content_refused"),
        (429, "requests", "rate_limit_exceeded", "Rate limit reached for gpt-4.1", "rate_limited"),
        (429, "rate_limit_error", "slow_down", "Slow down", "rate_limited"),
        (429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota", "our_credit"),
        (429, "insufficient_quota", "credit_balance_exhausted", "No credits remain", "our_credit"),
        (500, "server_error", None, "The server had an error while processing your request", "server_error"),
        (503, "service_unavailable_error", "server_is_overloaded", "Overloaded", "server_error"),
    ],
)
def test_each_documented_error_means_what_it_says(
    status: int, type: str, code: str | None, message: str, kind: FaultKind
) -> None:
    body = {"error": {"message": message, "type": type, "param": None, "code": code}}
    fault = OpenAI().classify(status, {"x-request-id": "req_1"}, orjson.dumps(body))
    assert (fault.kind, fault.status, fault.provider_request_id) == (kind, status, "req_1")
    assert fault.provider_code in (code, type, None)
