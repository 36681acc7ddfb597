"""Claims about what a provider's refusal means, and that nothing of its words gets through."""

from dataclasses import astuple
from typing import Any

import orjson
import pytest

from proxy.domain.errors import Fault, FaultKind
from proxy.stages.provider.openai import OpenAI

MARKER = "sk-live-planted-marker"


def refused(status: int, headers: dict[str, str] | None = None, /, **error: Any) -> Fault:
    return OpenAI().classify(status, headers or {}, orjson.dumps({"error": error}))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, "garbled"),
        (307, "garbled"),
        (204, "garbled"),
        (400, "bad_request"),
        (401, "our_key"),
        (402, "our_credit"),
        (403, "our_key"),
        (404, "unknown_model"),
        (408, "server_error"),
        (409, "server_error"),
        (422, "bad_request"),
        (425, "server_error"),
        (429, "rate_limited"),
        (500, "server_error"),
        (503, "server_error"),
        (529, "server_error"),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b'{"error":', b"null", b"[]", b'"down"', b"{}"])
def test_a_bare_status_says_what_it_means(status: int, kind: FaultKind, body: bytes) -> None:
    assert OpenAI().classify(status, {}, body) == Fault(kind, status=status)


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (429, {"code": "insufficient_quota"}, "our_credit"),
        (403, {"type": "billing_not_active"}, "our_credit"),
        (400, {"code": "context_length_exceeded"}, "context_length"),
        (400, {"message": "This model's maximum context length is 8192 tokens."}, "context_length"),
        (400, {"message": "The input token count (9000) exceeds the maximum number of tokens"}, "context_length"),
        (400, {"message": "Please reduce the length of the messages or completion."}, "context_length"),
        (500, {"message": "prompt is too long: 210000 tokens > 200000 maximum"}, "context_length"),
        (400, {"code": "content_filter"}, "content_refused"),
        (400, {"message": "The response was filtered by our content management policy."}, "content_refused"),
        (403, {"message": "Your input was flagged."}, "content_refused"),
        (400, {"code": "model_not_found"}, "unknown_model"),
        (400, {"type": "authentication_error"}, "our_key"),
        (400, {"status": "RESOURCE_EXHAUSTED"}, "rate_limited"),
        (400, {"message": 7, "code": ["x"]}, "bad_request"),
    ],
)
def test_the_words_speak_before_the_status(status: int, error: dict[str, Any], kind: FaultKind) -> None:
    assert refused(status, **error).kind == kind


def test_an_error_is_found_in_a_list_a_text_and_bare() -> None:
    code = {"code": "context_length_exceeded"}
    assert OpenAI().classify(400, {}, orjson.dumps([{"error": code}])).kind == "context_length"
    assert OpenAI().classify(400, {}, orjson.dumps({"error": "context window exceeded"})).kind == "context_length"
    assert OpenAI().classify(400, {}, orjson.dumps(code)).kind == "context_length"
    assert OpenAI().classify(400, {}, orjson.dumps({"detail": "context window"})).kind == "context_length"


def test_param_and_code_pass_only_from_the_white_list() -> None:
    fault = refused(400, param="messages[3].content", code="invalid_value", message=MARKER)
    assert (fault.param, fault.provider_code) == ("messages", "invalid_value")
    fault = refused(400, param=MARKER, code=MARKER, type=MARKER, message=MARKER)
    assert fault == Fault("bad_request", status=400)


def test_no_word_of_a_provider_gets_into_a_fault() -> None:
    fault = refused(400, {"x-request-id": f"<{MARKER}>"}, param=f"messages {MARKER}", message=MARKER, code=MARKER)
    assert MARKER not in repr(astuple(fault))


@pytest.mark.parametrize(
    ("headers", "ms"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3_000),
        ({"retry-after": " 0 "}, 0),
        ({"retry-after": "1.5"}, 1_500),
        ({"retry-after": "3", "retry-after-ms": "250"}, 250),
        ({"retry-after": "3600"}, 3_600_000),
        ({"retry-after": "31536000"}, None),
        ({"retry-after": "99999999999999999999"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "١٢"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Thu, 01 Jan 2026 00:00:10 GMT", "date": "Thu, 01 Jan 2026 00:00:00 GMT"}, 10_000),
        ({"retry-after": "Thu, 01 Jan 2026 00:00:00 GMT", "date": "Thu, 01 Jan 2026 00:00:10 GMT"}, 0),
        ({"retry-after": "Fri, 01 Jan 2027 00:00:00 GMT", "date": "Thu, 01 Jan 2026 00:00:00 GMT"}, None),
        ({"retry-after": "Thu, 01 Jan 2026 00:00:10 GMT"}, None),
        ({"retry-after": "Thu, 01 Jan 2026 00:00:10 GMT", "date": "today"}, None),
    ],
)
def test_a_wish_for_a_pause_is_heard_if_it_makes_sense(headers: dict[str, str], ms: int | None) -> None:
    assert refused(429, headers).retry_after_ms == ms


@pytest.mark.parametrize(
    ("headers", "request_id"),
    [
        ({"x-request-id": "req_1-a"}, "req_1-a"),
        ({"request-id": "req_2"}, "req_2"),
        ({"x-request-id": "", "request-id": "req_3"}, "req_3"),
        ({"x-request-id": "a\r\nb"}, None),
        ({"x-request-id": "x" * 129}, None),
    ],
)
def test_a_providers_request_id_is_kept_if_it_is_a_plain_word(headers: dict[str, str], request_id: str | None) -> None:
    assert refused(500, headers).provider_request_id == request_id


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (403, {"code": "unsupported_country_region_territory", "message": "Country, region, or territory not supported"}),
        (403, {"type": "forbidden", "message": "Request not allowed"}),
        (400, {"status": "FAILED_PRECONDITION", "message": "User location is not supported for the API use."}),
        (403, {"code": 403, "message": "Provider returned error", "metadata": {"raw": "unsupported_country_region_territory"}}),
    ],
)
def test_a_place_that_is_not_served_has_one_word_for_all_providers(status: int, error: dict[str, Any]) -> None:
    fault = refused(status, **error)
    assert (fault.kind, fault.provider_code) == ("our_key", "unsupported_country_region_territory")


@pytest.mark.parametrize("message", ["maker/x is not a valid model ID", "No endpoints found for maker/x."])
def test_openrouter_says_in_a_sentence_that_it_has_no_such_model(message: str) -> None:
    assert refused(400, code=400, message=message).kind == "unknown_model"
