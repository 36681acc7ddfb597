"""Gemini's generateContent dialect: a Completion in, a whole answer or the chunks of a stream out; errors in its shape. No I/O.

Shapes after its public API reference: https://ai.google.dev/api/generate-content and /gemini-api/docs/troubleshooting.
"""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Final

import orjson

from proxy.simulator.answers import Answer, FinishReason, ToolCall, Usage
from proxy.simulator.dialects.dialect import Cause, Completion, Event, Json, Refused
from proxy.simulator.dialects.gemini_request import read

__all__ = ["error", "error_event", "events", "models", "read", "refused", "whole"]

_FINISH_REASONS: Final[Mapping[FinishReason, str]] = {
    "stop": "STOP",
    "length": "MAX_TOKENS",
    "tool_calls": "STOP",
    "content_filter": "SAFETY",
}
_ERROR_INFO: Final = "type.googleapis.com/google.rpc.ErrorInfo"
_RETRY_INFO: Final = "type.googleapis.com/google.rpc.RetryInfo"


def whole(completion: Completion) -> Json:
    """A whole answer."""
    candidates = [
        _candidate(index, _joined(answer)) | {"finishReason": _FINISH_REASONS[answer.finish_reason]}
        for index, answer in enumerate(completion.answers)
    ]
    return _chunk(completion, candidates)


def events(completion: Completion) -> Iterator[Event]:
    """The whole stream. It has no end mark: the chunk with a finish reason is the last one, and usage stands there."""
    for side_by_side in zip_longest(*(list(_parts(answer)) for answer in completion.answers)):
        candidates = [_candidate(index, [part]) for index, part in enumerate(side_by_side) if part is not None]
        yield Event(_chunk(completion, candidates, with_usage=False), "delta")
    finished = [
        _candidate(index, [{"text": ""}]) | {"finishReason": _FINISH_REASONS[answer.finish_reason]}
        for index, answer in enumerate(completion.answers)
    ]
    yield Event(_chunk(completion, finished), "finish")


def refused(cause: Cause) -> Refused:
    """How this provider turns a call away."""
    return _REFUSED[cause]


def error(refused: Refused) -> Json:
    """The body of an error: `kind` is the status in words, `code` the reason among the details."""
    fields: Json = {"code": refused.status, "message": refused.message, "status": refused.kind}
    if refused.code is not None:
        fields["details"] = [{"@type": _ERROR_INFO, "reason": refused.code, "domain": "googleapis.com"}]
    if refused.status == 429:
        fields["details"] = [*fields.get("details", []), {"@type": _RETRY_INFO, "retryDelay": "1s"}]
    return {"error": fields}


def error_event(refused: Refused) -> Event:
    """The same as an event in a stream."""
    return Event(error(refused))


def models(names: tuple[str, ...], after: str | None, limit: int) -> Json:
    """A page of the list of models; the token of the next page is the name it follows."""
    start = names.index(after) + 1 if after in names else 0
    page = names[start : start + limit]
    rows = [
        {
            "name": f"models/{name}",
            "version": "001",
            "displayName": name,
            "inputTokenLimit": 32_000,
            "outputTokenLimit": 4_000,
            "supportedGenerationMethods": ["generateContent", "countTokens"],
        }
        for name in page
    ]
    return {"models": rows} | ({"nextPageToken": page[-1]} if start + limit < len(names) else {})


def _chunk(completion: Completion, candidates: list[Json], with_usage: bool = True) -> Json:
    value: Json = {
        "candidates": candidates,
        "modelVersion": completion.prompt.model,
        "responseId": completion.id,
    }
    if with_usage and completion.usage is not None:
        value["usageMetadata"] = _usage(completion.usage)
    return value


def _candidate(index: int, parts: list[Json]) -> Json:
    return {"content": {"parts": parts, "role": "model"}, "index": index}


def _joined(answer: Answer) -> list[Json]:
    parts: list[Json] = []
    if answer.reasoning:
        parts.append({"text": "".join(answer.reasoning), "thought": True})
    if answer.content or answer.refusal:
        parts.append({"text": "".join(answer.content or answer.refusal)})
    return parts + [_function_call(call) for call in _complete(answer)]


def _parts(answer: Answer) -> Iterator[Json]:
    """A function call comes in one piece, never in deltas."""
    yield from ({"text": piece, "thought": True} for piece in answer.reasoning)
    yield from ({"text": piece} for piece in answer.content or answer.refusal)
    yield from (_function_call(call) for call in _complete(answer))


def _complete(answer: Answer) -> tuple[ToolCall, ...]:
    """A call whose arguments the bound cut short is left out, for half an object is none."""
    cut_short = answer.finish_reason == "length" and bool(answer.tool_calls)
    return answer.tool_calls[:-1] if cut_short else answer.tool_calls


def _function_call(call: ToolCall) -> Json:
    return {"functionCall": {"name": call.name, "args": orjson.loads("".join(call.arguments) or "{}")}}


def _usage(used: Usage) -> Json:
    """Thoughts are counted beside the candidates here, not within them."""
    return {
        "promptTokenCount": used.input,
        "cachedContentTokenCount": used.cached,
        "candidatesTokenCount": used.output - used.reasoning,
        "thoughtsTokenCount": used.reasoning,
        "totalTokenCount": used.input + used.output,
    }


_ARGUMENT: Final = "INVALID_ARGUMENT"
_REFUSED: Final[Mapping[Cause, Refused]] = {
    "bad_request": Refused(400, _ARGUMENT, None, "Invalid value at 'generation_config.temperature'"),
    "context_length": Refused(
        400, _ARGUMENT, None, "The input token count (40000) exceeds the maximum number of tokens allowed (32000)."
    ),
    "content_refused": Refused(400, _ARGUMENT, None, "The prompt was blocked by the content policy"),
    "key_invalid": Refused(400, _ARGUMENT, "API_KEY_INVALID", "API key not valid. Please pass a valid API key."),
    "key_revoked": Refused(403, "PERMISSION_DENIED", "CONSUMER_SUSPENDED", "The consumer of this key is suspended"),
    "key_limited": Refused(
        429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", "Requests per minute are used up for this project"
    ),
    "quota_out": Refused(429, "RESOURCE_EXHAUSTED", None, "You exceeded your current quota, please check your billing details"),
    "payment_required": Refused(403, "PERMISSION_DENIED", "BILLING_DISABLED", "Billing is not enabled for this project"),
    "wrong_region": Refused(400, "FAILED_PRECONDITION", None, "User location is not supported for the API use."),
    "forbidden": Refused(403, "PERMISSION_DENIED", None, "This key may not use the model"),
    "model_unknown": Refused(404, "NOT_FOUND", None, "The model is not found for this API version"),
    "timeout": Refused(408, "DEADLINE_EXCEEDED", None, "The request timed out"),
    "conflict": Refused(409, "ABORTED", None, "Another request is changing this"),
    "too_large": Refused(413, _ARGUMENT, None, "Request payload size exceeds the limit"),
    "unprocessable": Refused(422, _ARGUMENT, None, "The request could not be processed as it stands"),
    "all_limited": Refused(429, "RESOURCE_EXHAUSTED", None, "Resource exhausted for everybody. Please try again later."),
    "server_error": Refused(500, "INTERNAL", None, "An internal error has occurred"),
    "bad_gateway": Refused(502, "UNAVAILABLE", None, "Bad gateway"),
    "unavailable": Refused(503, "UNAVAILABLE", None, "The model is overloaded. Please try again later."),
    "gateway_timeout": Refused(504, "DEADLINE_EXCEEDED", None, "The request took longer than its deadline"),
    "overloaded": Refused(529, "UNAVAILABLE", None, "Overloaded"),
}
