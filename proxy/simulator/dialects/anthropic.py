"""Anthropic's Messages dialect: a Completion in, a whole message or its typed events out; errors in its shape. No I/O.

Shapes after its public API reference: https://docs.anthropic.com/en/api/messages, /en/docs/build-with-claude/streaming and
/en/api/errors.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import orjson

from proxy.simulator.answers import Answer, FinishReason, ToolCall, Usage
from proxy.simulator.dialects.anthropic_request import read
from proxy.simulator.dialects.dialect import Cause, Completion, Event, Json, Mark, Refused

__all__ = ["error", "error_event", "events", "models", "read", "refused", "whole"]

_STOP_REASONS: Final[Mapping[FinishReason, str]] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}
_SIGNATURE: Final = "c2lnbmVkIGJ5IHRoZSBzaW11bGF0b3I="


def whole(completion: Completion) -> Json:
    """A whole message; there is one choice, whatever was asked."""
    answer = completion.answers[0]
    content: list[Json] = []
    if answer.reasoning:
        content.append({"type": "thinking", "thinking": "".join(answer.reasoning), "signature": _SIGNATURE})
    if answer.content or answer.refusal:
        content.append({"type": "text", "text": "".join(answer.content or answer.refusal)})
    content += [_tool_use(call) | {"input": orjson.loads("".join(call.arguments) or "{}")} for call in _complete(answer)]
    value = _message(completion) | {"content": content} | _stopped(answer)
    if completion.usage is not None:
        value["usage"] = _usage(completion.usage, completion.usage.output)
    return value


def events(completion: Completion) -> Iterator[Event]:
    """The whole stream: one block after the other, each with its beginning and its end, a ping among them."""
    answer = completion.answers[0]
    start = _message(completion) | {"content": [], "stop_reason": None, "stop_sequence": None}
    if completion.usage is not None:
        start["usage"] = _usage(completion.usage, 1)
    yield _event("message_start", {"message": start}, "start")
    yield _event("ping", {})
    for index, block in enumerate(_blocks(answer)):
        begin, deltas = block
        yield _event("content_block_start", {"index": index, "content_block": begin})
        for delta in deltas:
            mark: Mark = "other" if delta["type"] == "signature_delta" else "delta"
            yield _event("content_block_delta", {"index": index, "delta": delta}, mark)
        yield _event("content_block_stop", {"index": index})
    last: Json = {"delta": _stopped(answer)}
    if completion.usage is not None:
        last["usage"] = {"output_tokens": completion.usage.output}
    yield _event("message_delta", last, "finish")
    yield _event("message_stop", {}, "end")


def refused(cause: Cause) -> Refused:
    """How this provider turns a call away."""
    return _REFUSED[cause]


def error(refused: Refused) -> Json:
    """The body of an error."""
    fields = {"type": refused.kind, "message": refused.message}
    return {"type": "error", "error": fields, "request_id": "req_simulated"}


def error_event(refused: Refused) -> Event:
    """The same as an event in a stream."""
    return Event({"type": "error", "error": error(refused)["error"]}, name="error")


def models(names: tuple[str, ...], after: str | None, limit: int) -> Json:
    """A page of the list of models."""
    start = names.index(after) + 1 if after in names else 0
    page = names[start : start + limit]
    rows = [_listed(name) for name in page]
    ends = {"first_id": page[0] if page else None, "last_id": page[-1] if page else None}
    return {"data": rows, "has_more": start + limit < len(names)} | ends


def _listed(name: str) -> Json:
    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": "2025-01-01T00:00:00Z",
        "max_input_tokens": 32_000,
        "max_tokens": 4_000,
        "capabilities": {
            "effort": {"supported": False},
            "image_input": {"supported": "vision" in name},
            "structured_outputs": {"supported": True},
            "thinking": {"supported": True, "types": {"adaptive": {"supported": False}, "enabled": {"supported": True}}},
        },
    }


def _event(name: str, fields: Json, mark: Mark = "other") -> Event:
    return Event({"type": name} | fields, mark, name)


def _message(completion: Completion) -> Json:
    return {"id": f"msg_{completion.id}", "type": "message", "role": "assistant", "model": completion.prompt.model}


def _stopped(answer: Answer) -> Json:
    if answer.stopped_by is not None:
        return {"stop_reason": "stop_sequence", "stop_sequence": answer.stopped_by}
    return {"stop_reason": _STOP_REASONS[answer.finish_reason], "stop_sequence": None}


def _blocks(answer: Answer) -> Iterator[tuple[Json, list[Json]]]:
    if answer.reasoning:
        thoughts = [{"type": "thinking_delta", "thinking": piece} for piece in answer.reasoning]
        signed = {"type": "signature_delta", "signature": _SIGNATURE}
        yield {"type": "thinking", "thinking": "", "signature": ""}, [*thoughts, signed]
    said = answer.content or answer.refusal
    if said:
        yield {"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in said]
    for call in answer.tool_calls:
        parts = [{"type": "input_json_delta", "partial_json": piece} for piece in call.arguments or ("",)]
        yield _tool_use(call) | {"input": {}}, parts


def _complete(answer: Answer) -> tuple[ToolCall, ...]:
    """A call whose arguments the bound cut short is left out of a whole answer, for half an object is none."""
    cut_short = answer.finish_reason == "length" and bool(answer.tool_calls)
    return answer.tool_calls[:-1] if cut_short else answer.tool_calls


def _tool_use(call: ToolCall) -> Json:
    return {"type": "tool_use", "id": call.id.replace("call_", "toolu_"), "name": call.name}


def _usage(used: Usage, output: int) -> Json:
    """Cached input is counted beside the rest here, not within it."""
    return {
        "input_tokens": used.input - used.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": used.cached,
        "output_tokens": output,
        "service_tier": "standard",
    }


_INVALID: Final = "invalid_request_error"
_REFUSED: Final[Mapping[Cause, Refused]] = {
    "bad_request": Refused(400, _INVALID, None, "temperature: range is 0 to 1"),
    "context_length": Refused(400, _INVALID, None, "prompt is too long: 210000 tokens > 200000 maximum"),
    "content_refused": Refused(400, _INVALID, None, "Output blocked by content filtering policy"),
    "key_invalid": Refused(401, "authentication_error", None, "invalid x-api-key"),
    "key_revoked": Refused(403, "permission_error", None, "This API key has been disabled"),
    "key_limited": Refused(429, "rate_limit_error", None, "This organization's rate limit of tokens per minute is exceeded"),
    "quota_out": Refused(400, _INVALID, None, "Your credit balance is too low to access the API. Please buy credits."),
    "payment_required": Refused(402, "billing_error", None, "There is a problem with the billing of this account"),
    "wrong_region": Refused(403, "forbidden", None, "Request not allowed"),
    "forbidden": Refused(403, "permission_error", None, "This API key may not use the model"),
    "model_unknown": Refused(404, "not_found_error", None, "model: no model of this name"),
    "timeout": Refused(408, "timeout_error", None, "The request timed out"),
    "conflict": Refused(409, _INVALID, None, "Another request is changing this"),
    "too_large": Refused(413, "request_too_large", None, "Request exceeds the maximum size"),
    "unprocessable": Refused(422, _INVALID, None, "The request could not be processed as it stands"),
    "all_limited": Refused(429, "rate_limit_error", None, "This model is at capacity for everybody right now"),
    "server_error": Refused(500, "api_error", None, "Internal server error"),
    "bad_gateway": Refused(502, "api_error", None, "Bad gateway"),
    "unavailable": Refused(503, "api_error", None, "Service unavailable"),
    "gateway_timeout": Refused(504, "timeout_error", None, "The request took too long"),
    "overloaded": Refused(529, "overloaded_error", None, "Overloaded"),
}
