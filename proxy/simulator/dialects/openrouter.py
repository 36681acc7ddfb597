"""OpenRouter's dialect: OpenAI's with its own oddities (comments, cost, native reasons, numeric codes). No I/O.

Shapes after its public API reference: https://openrouter.ai/docs/api-reference (overview, streaming, errors).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from proxy.simulator.dialects import openai
from proxy.simulator.dialects.dialect import Cause, Completion, Event, Json, Refused
from proxy.simulator.dialects.openai import Wording
from proxy.simulator.dialects.openai_request import read

__all__ = ["error", "error_event", "events", "models", "read", "refused", "whole"]

# It keeps the connection awake with this comment until the model speaks.
PROCESSING: Final = Event("OPENROUTER PROCESSING", "comment")
_WORDING: Final = Wording("gen-", "reasoning")
_PROVIDER: Final = "SimCo"
_MODERATED: Final = {"reasons": ["violence"], "flagged_input": "...", "provider_name": _PROVIDER, "model_slug": "sim"}


def whole(completion: Completion) -> Json:
    """A whole answer; cost is always there."""
    value = openai.whole(_costly(completion), _WORDING)
    for choice in value["choices"]:
        choice["native_finish_reason"] = choice["finish_reason"]
        choice["message"] |= _details(choice["message"])
    return value


def events(completion: Completion) -> Iterator[Event]:
    """The whole stream: comments first, a role in every delta, usage always and with a choice beside it."""
    yield from (PROCESSING, PROCESSING)
    for event in openai.events(_always_counted(_costly(completion)), _WORDING):
        if isinstance(event.value, str) or event.mark == "start":
            yield event
        elif event.mark == "usage":
            empty = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
            yield event._replace(value=event.value | {"choices": [empty | {"native_finish_reason": None}]})
        else:
            yield event._replace(value=_with_native(event.value))


def refused(cause: Cause) -> Refused:
    """How this provider turns a call away."""
    return _REFUSED[cause]


def error(refused: Refused) -> Json:
    """The body of an error: the code is the status, what the model's own provider said stands in the metadata."""
    fields: Json = {"message": refused.message, "code": refused.status}
    if refused.code == "moderation":
        fields["metadata"] = dict(_MODERATED)
    elif refused.code is not None:
        fields["metadata"] = {"raw": refused.code, "provider_name": _PROVIDER}
    return {"error": fields, "user_id": "user_simulated"}


def error_event(refused: Refused) -> Event:
    """An error in a stream is a chunk whose only choice finished by it."""
    fields = error(refused)["error"]
    choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error", "native_finish_reason": "error"}
    envelope = {"id": "gen-error", "object": "chat.completion.chunk", "created": 0, "model": "sim", "provider": _PROVIDER}
    return Event(envelope | {"error": fields, "choices": [choice]})


def models(names: tuple[str, ...]) -> Json:
    """The list of models, with what they cost (dollars a token, as text) and can do."""
    return {"data": [_listed(name) for name in names]}


def _costly(completion: Completion) -> Completion:
    return replace(completion, cost=True)


def _always_counted(completion: Completion) -> Completion:
    return replace(completion, prompt=replace(completion.prompt, include_usage=True))


def _with_native(value: Json) -> Json:
    choices = [
        choice
        | {"delta": {"role": "assistant", "content": ""} | choice["delta"] | _details(choice["delta"])}
        | {"native_finish_reason": choice["finish_reason"]}
        for choice in value["choices"]
    ]
    return {key: part for key, part in value.items() if key != "usage"} | {"choices": choices}


def _details(said: Mapping[str, Any]) -> Json:
    if "reasoning" not in said:
        return {}
    return {"reasoning_details": [{"type": "reasoning.text", "text": said["reasoning"], "format": "unknown", "index": 0}]}


def _listed(name: str) -> Json:
    inputs = ["text", "image"] if "vision" in name else ["text"]
    return {
        "id": f"simco/{name}",
        "canonical_slug": f"simco/{name}",
        "name": f"SimCo: {name}",
        "created": 0,
        "description": "A simulated model.",
        "context_length": 32_000,
        "architecture": {
            "modality": "+".join(inputs) + "->text",
            "input_modalities": inputs,
            "output_modalities": ["text"],
            "tokenizer": "Other",
            "instruct_type": None,
        },
        "pricing": {
            "prompt": "0.000001",
            "completion": "0.000003",
            "request": "0",
            "image": "0",
            "input_cache_read": "0.0000001",
        },
        "top_provider": {"context_length": 32_000, "max_completion_tokens": 4_000, "is_moderated": False},
        "per_request_limits": None,
        "supported_parameters": ["max_tokens", "reasoning", "response_format", "seed", "stop", "structured_outputs", "tools"],
    }


_FAILED: Final = "Provider returned error"
_REFUSED: Final[Mapping[Cause, Refused]] = {
    "bad_request": Refused(400, "", "temperature is out of range", _FAILED),
    "context_length": Refused(
        400, "", None, "This endpoint's maximum context length is 8192 tokens. Please reduce the length of the prompt."
    ),
    "content_refused": Refused(403, "", "moderation", "The chosen model requires moderation and your input was flagged"),
    "key_invalid": Refused(401, "", None, "No auth credentials found"),
    "key_revoked": Refused(401, "", None, "User not found."),
    "key_limited": Refused(429, "", None, "Rate limit exceeded: requests per minute of this key"),
    "quota_out": Refused(403, "", None, "Key limit exceeded (total limit)"),
    "payment_required": Refused(402, "", None, "Insufficient credits. Add more to go on."),
    "wrong_region": Refused(403, "", "unsupported_country_region_territory", _FAILED),
    "forbidden": Refused(403, "", None, "This key may not use the model"),
    "model_unknown": Refused(404, "", None, "No endpoints found for this model"),
    "timeout": Refused(408, "", None, "The request timed out"),
    "conflict": Refused(409, "", None, "Another request is changing this"),
    "too_large": Refused(413, "", None, "The request body is too large"),
    "unprocessable": Refused(422, "", "the body is not understood", _FAILED),
    "all_limited": Refused(429, "", "the model is rate-limited upstream for everybody", _FAILED),
    "server_error": Refused(500, "", None, "Internal Server Error"),
    "bad_gateway": Refused(502, "", "the provider's answer was invalid", _FAILED),
    "unavailable": Refused(503, "", None, "No provider is available that meets the routing requirements"),
    "gateway_timeout": Refused(504, "", None, "The provider did not answer in time"),
    "overloaded": Refused(529, "", "overloaded", _FAILED),
}
