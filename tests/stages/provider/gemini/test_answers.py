"""Claims about reading Gemini's responses, whole and streamed.

https://ai.google.dev/api/generate-content, https://ai.google.dev/gemini-api/docs/troubleshooting,
https://ai.google.dev/gemini-api/docs/thinking
"""

from typing import Any

import orjson
import pytest

from proxy.domain.chat import Answer, Delta
from proxy.domain.errors import Fault, FaultKind
from proxy.domain.usage import Usage
from proxy.stages.provider.gemini import Gemini

USAGE = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
USED = Usage(input=10, output=5)


def response(*parts: Any, finish: Any = "STOP", **top: Any) -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": list(parts)}, "index": 0, "safetyRatings": []}
    ended = {} if finish is None else {"finishReason": finish}
    frame = {"usageMetadata": USAGE, "modelVersion": "gemini-x", "responseId": "r-1"}
    return {"candidates": [{**candidate, **ended}], **frame, **top}


def answer(*parts: Any, **top: Any) -> Answer:
    found = Gemini().answer(orjson.dumps(response(*parts, **top)))
    assert isinstance(found, Answer), found
    return found


def deltas(*responses: Any) -> list[Delta]:
    reader = Gemini().reader()
    return [reader.delta(orjson.dumps(value)) for value in responses]


def call(name: str, **more: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, **more}}


# --- whole ------------------------------------------------------------------------------------------------------------


def test_a_text_answer_has_openais_shape() -> None:
    found = answer({"text": "Hi "}, {"text": "there"})
    message = {"role": "assistant", "content": "Hi there", "refusal": None}
    assert found.value == {"choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}]}
    assert (found.usage, found.output_bytes, found.is_empty) == (USED, 8, False)


def test_thoughts_are_reasoning() -> None:
    found = answer({"text": "Hm.", "thought": True}, {"text": "Hi", "thoughtSignature": "s"})
    message = found.value["choices"][0]["message"]
    assert (message["reasoning_content"], message["content"], found.reasoning_bytes) == ("Hm.", "Hi", 3)


def test_calls_get_ids_arguments_and_their_signature() -> None:
    found = answer(call("get", args={"a": 1}, id="f1") | {"thoughtSignature": "s"}, call("now"))
    (choice,) = found.value["choices"]
    first, second = choice["message"]["tool_calls"]
    assert first == {
        "id": "f1",
        "type": "function",
        "function": {"name": "get", "arguments": '{"a":1}'},
        "extra_content": {"google": {"thought_signature": "s"}},
    }
    assert second == {"id": "call_r-1_0_1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
    assert (choice["message"]["content"], choice["finish_reason"]) == (None, "tool_calls")


def test_several_candidates_are_several_choices() -> None:
    both = [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"} for text in ("a", "b")]
    found = Gemini().answer(orjson.dumps({"candidates": both}))
    assert isinstance(found, Answer)
    assert [(choice["index"], choice["message"]["content"]) for choice in found.value["choices"]] == [(0, "a"), (1, "b")]


def test_log_probabilities_have_openais_shape() -> None:
    chosen = {"token": "Hé", "tokenId": 7, "logProbability": -0.1}
    result = {"chosenCandidates": [chosen], "topCandidates": [{"candidates": [chosen, {"token": "Ho", "logProbability": -2}]}]}
    candidate = {**response({"text": "Hé"})["candidates"][0], "logprobsResult": result}
    found = Gemini().answer(orjson.dumps({"candidates": [candidate]}))
    assert isinstance(found, Answer)
    first = {"token": "Hé", "logprob": -0.1, "bytes": [72, 195, 169]}
    second = {"token": "Ho", "logprob": -2, "bytes": [72, 111]}
    assert found.value["choices"][0]["logprobs"] == {"content": [{**first, "top_logprobs": [first, second]}], "refusal": None}


@pytest.mark.parametrize(
    ("usage", "classes"),
    [
        (
            {**USAGE, "cachedContentTokenCount": 6, "thoughtsTokenCount": 20, "toolUsePromptTokenCount": 3},
            Usage(input=7, cached_input=6, output=5, reasoning=20),
        ),
        ({"promptTokenCount": 10, "thoughtsTokenCount": 20}, Usage(input=10, reasoning=20)),
        ({**USAGE, "cachedContentTokenCount": 11}, USED),
        ({**USAGE, "promptTokenCount": 0}, None),
        ({**USAGE, "candidatesTokenCount": -1}, None),
        ({**USAGE, "thoughtsTokenCount": "2"}, None),
        ({"candidatesTokenCount": 5}, None),
        ([], None),
        (None, None),
    ],
)
def test_usage_is_read_by_class_or_not_at_all(usage: Any, classes: Usage | None) -> None:
    assert answer({"text": "x"}, usageMetadata=usage).usage == classes
    assert deltas(response({"text": "x"}, usageMetadata=usage))[0].usage == classes


@pytest.mark.parametrize(
    ("word", "ours"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("BLOCKLIST", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"),
        ("SPII", "content_filter"),
        ("LANGUAGE", "content_filter"),
        ("SOMETHING_NEW", "stop"),
        ("FINISH_REASON_UNSPECIFIED", None),
        (None, None),
        (7, None),
    ],
)
def test_reasons_to_finish_become_openais(word: Any, ours: str | None) -> None:
    (delta,) = deltas(response({"text": "x"}, finish=word))
    assert delta.finish_reason == ours
    assert answer({"text": "x"}, finish=word).finish_reason == (ours or "stop")


@pytest.mark.parametrize("word", ["MALFORMED_FUNCTION_CALL", "OTHER", "UNEXPECTED_TOOL_CALL", "error"])
def test_an_end_that_is_none_is_a_fault(word: str) -> None:
    fault = Fault("error_event", status=200)
    assert Gemini().answer(orjson.dumps(response(finish=word))) == fault
    assert deltas(response({"text": "x"}, finish=word))[0].error == fault


def test_a_blocked_prompt_is_a_refusal_and_a_blocked_answer_is_filtered() -> None:
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 4}}
    assert Gemini().answer(orjson.dumps(blocked)) == Fault("content_refused", status=200)
    assert deltas(blocked)[0].error == Fault("content_refused", status=200)
    found = Gemini().answer(orjson.dumps({"candidates": [{"finishReason": "SAFETY", "index": 0}]}))
    assert isinstance(found, Answer)
    assert (found.finish_reason, found.is_empty) == ("content_filter", False)


@pytest.mark.parametrize("given", [b"", b"<html>", b"[]", b"7", b'"x"', b'{"candidates":', b'{"candidates": "x"}', b'{"x": 1}'])
def test_what_is_no_response_is_garbled(given: bytes) -> None:
    assert Gemini().answer(given) == Fault("garbled", status=200)
    # Between the events of a stream what says nothing is read over.
    if given not in (b"", b"[]", b'{"x": 1}'):
        assert Gemini().reader().delta(given).error == Fault("garbled", status=200)


def test_no_candidate_and_no_reason_is_an_empty_answer() -> None:
    assert Gemini().answer(orjson.dumps({"usageMetadata": USAGE})) == Fault("empty", status=200)


# --- streamed ---------------------------------------------------------------------------------------------------------


def test_a_text_stream_is_content_an_end_and_a_bill() -> None:
    early = {"promptTokenCount": 10, "totalTokenCount": 10}
    read = deltas(response({"text": "Hé"}, finish=None, usageMetadata=early), response({"text": "!"}))
    assert [delta.value["choices"][0]["delta"] for delta in read] == [{"content": "Hé"}, {"content": "!"}]
    assert [(delta.output_bytes, delta.finish_reason, delta.usage) for delta in read] == [
        (3, None, Usage(input=10)),
        (1, "stop", USED),
    ]


def test_calls_are_numbered_across_responses_and_end_as_calls() -> None:
    read = deltas(
        response(call("get", args={}), call("now", id="f2"), finish=None),
        response(call("late"), finish=None),
        response({"text": ""}),
    )
    calls = [made for delta in read for made in delta.value["choices"][0]["delta"].get("tool_calls", ())]
    assert [(made["index"], made.get("id"), made["function"]["name"]) for made in calls] == [
        (0, None, "get"),
        (1, "f2", "now"),
        (2, None, "late"),
    ]
    assert (read[0].has_tool, read[2].finish_reason) == (True, "tool_calls")


def test_an_event_without_candidates_may_tell_the_bill() -> None:
    (delta,) = deltas({"usageMetadata": USAGE})
    assert (delta.usage, delta.commits, delta.error) == (USED, False, None)


# --- failures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "word", "message", "kind"),
    [
        (400, "INVALID_ARGUMENT", "Invalid value at 'contents'", "bad_request"),
        (
            400,
            "INVALID_ARGUMENT",
            "The input token count (9) exceeds the maximum number of tokens allowed (8).",
            "context_length",
        ),
        (400, "FAILED_PRECONDITION", "User location is not supported for the API use.", "our_key"),
        (400, "FAILED_PRECONDITION", "Please enable billing on your project in Google AI Studio.", "our_credit"),
        (401, "UNAUTHENTICATED", "", "our_key"),
        (403, "PERMISSION_DENIED", "", "our_key"),
        (404, "NOT_FOUND", "models/x is not found", "unknown_model"),
        (429, "RESOURCE_EXHAUSTED", "", "rate_limited"),
        (499, "CANCELLED", "", "server_error"),
        (500, "INTERNAL", "", "server_error"),
        (503, "UNAVAILABLE", "", "server_error"),
        (504, "DEADLINE_EXCEEDED", "", "server_error"),
    ],
)
def test_each_documented_error_means_what_it_says(status: int, word: str, message: str, kind: FaultKind) -> None:
    error = {"error": {"code": status, "message": message, "status": word}}
    for body in (error, [error]):
        assert Gemini().classify(status, {}, orjson.dumps(body)).kind == kind
    assert deltas(error)[0].error == Gemini().answer(orjson.dumps([error]))


def test_a_bad_key_is_told_by_its_reason() -> None:
    detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    error = {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT", "details": [detail]}
    assert Gemini().classify(400, {}, orjson.dumps({"error": error})).kind == "our_key"


@pytest.mark.parametrize(("delay", "ms"), [("8s", 8_000), ("0.5s", 500), ("9999999s", None), ("soon", None), (8, None)])
def test_its_wish_for_a_pause_stands_in_the_body(delay: Any, ms: int | None) -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}, "x"]
    error = {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED", "details": details}
    assert Gemini().classify(429, {}, orjson.dumps({"error": error})).retry_after_ms == ms
