"""OpenAI's chat dialect: a Completion in, a whole answer or the events of a stream out; errors in its shape. No I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from proxy.simulator.answers import Answer, ToolCall, Usage
from proxy.simulator.dialects.dialect import Cause, Completion, Event, Json, Mark, Refused
from proxy.simulator.dialects.openai_request import read

__all__ = ["OPENAI", "Wording", "error", "error_event", "events", "models", "read", "refused", "whole"]

# What a token costs us here, only so that there is something for the gateway to take away.
_COST_USD_PER_TOKEN: Final = 0.000002
_PROVIDER: Final = "SimCo"


@dataclass(frozen=True, slots=True)
class Wording:
    """Where providers that speak this dialect differ: the prefix of ids and the field that thoughts stand in."""

    id_prefix: str
    reasoning_field: str


OPENAI: Final = Wording("chatcmpl-", "reasoning_content")


def whole(completion: Completion, wording: Wording = OPENAI) -> Json:
    """A whole answer."""
    choices = [
        {
            "index": index,
            "message": _message(answer, wording),
            "logprobs": None,
            "finish_reason": answer.finish_reason,
        }
        for index, answer in enumerate(completion.answers)
    ]
    value = _envelope(completion, "chat.completion", wording) | {"choices": choices}
    if completion.usage is not None:
        value["usage"] = _usage(completion.usage, completion.cost)
    return value


def events(completion: Completion, wording: Wording = OPENAI) -> Iterator[Event]:
    """The whole stream, event by event, choices side by side, `[DONE]` included."""
    for index in range(len(completion.answers)):
        yield _chunk(completion, wording, index, {"role": "assistant", "content": "", "refusal": None}, "start")
    for side_by_side in zip_longest(*(_deltas(answer, wording) for answer in completion.answers)):
        for index, delta in enumerate(side_by_side):
            if delta is not None:
                yield _chunk(completion, wording, index, delta, "delta")
    for index, answer in enumerate(completion.answers):
        yield _chunk(completion, wording, index, {}, "finish", answer.finish_reason)
    if completion.prompt.include_usage and completion.usage is not None:
        usage = _usage(completion.usage, completion.cost)
        envelope = _envelope(completion, "chat.completion.chunk", wording)
        yield Event(envelope | {"choices": [], "usage": usage}, "usage")
    yield Event("[DONE]", "end")


def refused(cause: Cause) -> Refused:
    """How this provider turns a call away."""
    return _REFUSED[cause]


def error(refused: Refused) -> Json:
    """The body of an error."""
    fields = {"message": refused.message, "type": refused.kind, "param": refused.param, "code": refused.code}
    return {"error": fields}


def error_event(refused: Refused) -> Event:
    """The same as an event in a stream."""
    return Event(error(refused))


def models(names: tuple[str, ...]) -> Json:
    """The list of models."""
    rows = [{"id": name, "object": "model", "created": 0, "owned_by": "simulator"} for name in names]
    return {"object": "list", "data": rows}


def _message(answer: Answer, wording: Wording) -> Json:
    message: Json = {"role": "assistant", "content": "".join(answer.content), "refusal": None}
    if answer.reasoning:
        message[wording.reasoning_field] = "".join(answer.reasoning)
    if answer.tool_calls:
        message["content"] = None
        message["tool_calls"] = [_tool_call(call, "".join(call.arguments)) for call in answer.tool_calls]
    if answer.refusal:
        message |= {"content": None, "refusal": "".join(answer.refusal)}
    return message


def _tool_call(call: ToolCall, arguments: str) -> Json:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _deltas(answer: Answer, wording: Wording) -> Iterator[Json]:
    for piece in answer.reasoning:
        yield {wording.reasoning_field: piece}
    for piece in answer.content:
        yield {"content": piece}
    for piece in answer.refusal:
        yield {"refusal": piece}
    for index, call in enumerate(answer.tool_calls):
        # The name comes with the first piece, so that each delta is one token and the count holds.
        first, *rest = call.arguments or ("",)
        yield {"tool_calls": [{"index": index} | _tool_call(call, first)]}
        for piece in rest:
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _chunk(
    completion: Completion, wording: Wording, index: int, delta: Json, mark: Mark, finish_reason: str | None = None
) -> Event:
    choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    value = _envelope(completion, "chat.completion.chunk", wording) | {"choices": [choice]}
    if completion.prompt.include_usage:
        value["usage"] = None
    return Event(value, mark)


def _envelope(completion: Completion, kind: str, wording: Wording) -> Json:
    value: Json = {
        "id": f"{wording.id_prefix}{completion.id}",
        "object": kind,
        "created": completion.created_s,
        "model": completion.prompt.model,
        "system_fingerprint": "fp_simulator",
    }
    if completion.cost:
        value["provider"] = _PROVIDER
    return value


def _usage(used: Usage, cost: bool) -> Json:
    value: Json = {
        "prompt_tokens": used.input,
        "completion_tokens": used.output,
        "total_tokens": used.input + used.output,
        "prompt_tokens_details": {"cached_tokens": used.cached},
        "completion_tokens_details": {"reasoning_tokens": used.reasoning},
    }
    if cost:
        spent_usd = round((used.input + used.output) * _COST_USD_PER_TOKEN, 9)
        value |= {"cost": spent_usd, "cost_details": {"upstream_inference_cost": spent_usd}, "is_byok": False}
    return value


_INVALID: Final = "invalid_request_error"
_REFUSED: Final[Mapping[Cause, Refused]] = {
    "bad_request": Refused(400, _INVALID, "invalid_value", "Invalid value for 'temperature'", "temperature"),
    "context_length": Refused(
        400,
        _INVALID,
        "context_length_exceeded",
        "This model's maximum context length is 8192 tokens. Please reduce the length of the messages.",
        "messages",
    ),
    "content_refused": Refused(400, _INVALID, "content_filter", "The prompt was refused by the content policy", "prompt"),
    "key_invalid": Refused(401, _INVALID, "invalid_api_key", "Incorrect API key provided"),
    "key_revoked": Refused(401, _INVALID, "account_deactivated", "The account of this API key has been deactivated"),
    "key_limited": Refused(429, "requests", "rate_limit_exceeded", "Rate limit reached, please try again later"),
    "quota_out": Refused(
        429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota, please check your billing"
    ),
    "payment_required": Refused(
        402, "insufficient_quota", "insufficient_quota", "You exceeded your current quota, please check your billing"
    ),
    "wrong_region": Refused(
        403, "request_forbidden", "unsupported_country_region_territory", "Country, region, or territory not supported"
    ),
    "forbidden": Refused(403, _INVALID, "permission_denied", "This project has no access to the model"),
    "model_unknown": Refused(
        404, _INVALID, "model_not_found", "The model does not exist or you do not have access to it", "model"
    ),
    "timeout": Refused(408, "timeout_error", None, "The request timed out"),
    "conflict": Refused(409, "conflict_error", None, "The resource is being changed by another request"),
    "too_large": Refused(413, _INVALID, "request_too_large", "The request body is too large"),
    "unprocessable": Refused(422, _INVALID, None, "The request could not be processed as it stands"),
    "all_limited": Refused(429, "server_error", "engine_busy", "That model is at capacity for everybody right now"),
    "server_error": Refused(500, "server_error", "server_error", "The server had an error while answering"),
    "bad_gateway": Refused(502, "server_error", None, "The model server gave no valid answer"),
    "unavailable": Refused(503, "server_error", None, "The engine is out of service right now"),
    "gateway_timeout": Refused(504, "timeout_error", None, "The model server did not answer in time"),
    "overloaded": Refused(529, "overloaded_error", None, "The engine is overloaded"),
}
