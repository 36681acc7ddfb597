"""A provider's refusal in, a classified Fault out; keeps white-listed words only and lets no text of the provider through."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from proxy.domain.chat import Json
from proxy.domain.errors import Fault, FaultKind
from proxy.stages.provider.openai.reading import read
from proxy.stages.provider.openai.retry import request_id, retry_after_ms
from proxy.stages.provider.openai.shape import is_broken

_MESSAGE_CHARS_READ: Final = 2_000

# What the words say for themselves, whatever status they come with. Order matters: a 429 for an empty account is no rush.
_KINDS: Final[tuple[tuple[FaultKind, frozenset[str]], ...]] = (
    (
        "our_credit",
        frozenset(
            {
                "insufficient_quota",
                "insufficient_credits",
                "insufficient_balance",
                "payment_required",
                "billing_error",
                "billing_hard_limit_reached",
                "billing_not_active",
            }
        ),
    ),
    ("context_length", frozenset({"context_length_exceeded", "context_window_exceeded"})),
    (
        "content_refused",
        frozenset({"content_filter", "content_policy", "content_policy_violation", "responsibleaipolicyviolation"}),
    ),
    ("unknown_model", frozenset({"model_not_found", "model_not_available", "unknown_model"})),
    ("our_key", frozenset({"invalid_api_key", "authentication_error", "permission_error", "invalid_authentication"})),
    ("rate_limited", frozenset({"rate_limit_exceeded", "rate_limit_error", "too_many_requests", "resource_exhausted"})),
    (
        "server_error",
        frozenset({"server_error", "internal_error", "internal_server_error", "overloaded_error", "api_error"}),
    ),
)
_TOO_LONG: Final = re.compile(
    r"context length|context window|prompt is too long|input is too long|reduce the length of the (?:messages|prompt|input)"
    r"|token count\b.{0,80}\bexceeds the maximum",
    re.IGNORECASE | re.DOTALL,
)
_AGAINST_POLICY: Final = re.compile(
    r"content (?:management )?policy|content filter|usage polic|was flagged|requires moderation", re.IGNORECASE
)

_CODES: Final = frozenset(word for _, words in _KINDS for word in words) | {
    "invalid_request_error",
    "invalid_value",
    "invalid_type",
    "invalid_prompt",
    "invalid_image_url",
    "invalid_image_format",
    "invalid_function_parameters",
    "invalid_json_schema",
    "unsupported_parameter",
    "unsupported_value",
    "unknown_parameter",
    "missing_required_parameter",
    "integer_below_min_value",
    "integer_above_max_value",
    "decimal_below_min_value",
    "decimal_above_max_value",
    "array_above_max_length",
    "string_above_max_length",
    "timeout",
}
_PARAMS: Final = frozenset(
    {
        "messages",
        "temperature",
        "top_p",
        "n",
        "stop",
        "max_tokens",
        "max_completion_tokens",
        "presence_penalty",
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "top_logprobs",
        "seed",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "functions",
        "function_call",
        "response_format",
        "reasoning_effort",
        "reasoning",
        "modalities",
        "audio",
        "prediction",
        "verbosity",
        "stream_options",
        "prompt",
        "input",
    }
)


def classify(status: int, headers: Mapping[str, str], body: bytes) -> Fault:
    """What an answer with a status other than 200 means; `headers` have lower-case names."""
    said = _said(_error_in(read(body)))
    return Fault(
        kind=_kind(status, said),
        status=status,
        retry_after_ms=retry_after_ms(headers),
        param=said.param,
        provider_code=said.code,
        provider_request_id=request_id(headers),
    )


def failure_inside(value: Json) -> Fault | None:
    """The failure that a chunk or whole answer with status 200 reports, as a whole or in one of its choices."""
    error = value.get("error") or (value if value.get("object") == "error" else None)
    if error:
        return _error_inside(error)
    choices = value.get("choices")
    broken = next(filter(is_broken, choices), None) if isinstance(choices, list) else None
    return None if broken is None else _error_inside(broken.get("error"))


class _Said(NamedTuple):
    """What a provider's error says. `code` and `param` are white-listed; `words` and `message` serve to classify only."""

    words: frozenset[str] = frozenset()
    message: str = ""
    status: int | None = None
    code: str | None = None
    param: str | None = None


def _error_inside(error: object) -> Fault:
    said = _said(error)
    kind = _kind_said(said) if said.status is None else _kind(said.status, said)
    return Fault(kind=kind or "error_event", status=said.status or 200, param=said.param, provider_code=said.code)


def _error_in(value: object) -> object:
    """The error in a body: OpenAI's object, a list around it, a bare text, or an object that is the error itself."""
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        return value.get("error") or value
    return value


def _said(error: object) -> _Said:
    if isinstance(error, str):
        return _Said(message=error[:_MESSAGE_CHARS_READ])
    if not isinstance(error, dict):
        return _Said()
    words = [error[name].lower() for name in ("code", "type", "status") if isinstance(error.get(name), str)]
    message = error.get("message") or error.get("detail")
    return _Said(
        words=frozenset(words),
        message=message[:_MESSAGE_CHARS_READ] if isinstance(message, str) else "",
        status=_status_in(error.get("code")),
        code=next((word for word in words if word in _CODES), None),
        param=_param(error.get("param")),
    )


def _status_in(code: object) -> int | None:
    text = str(code)
    return int(text) if re.fullmatch("[45][0-9]{2}", text) else None


def _param(param: object) -> str | None:
    """The request's own field that a path such as `messages[0].content` begins with."""
    field = re.match("[a-z_]*", param) if isinstance(param, str) else None
    return field.group() if field is not None and field.group() in _PARAMS else None


def _kind(status: int, said: _Said) -> FaultKind:
    if status < 400:
        return "garbled"
    # The status speaks after the words: providers send an empty account as 429 and a refused prompt as 403.
    return "our_credit" if status == 402 else _kind_said(said) or _kind_of_status(status)


def _kind_said(said: _Said) -> FaultKind | None:
    for kind, words in _KINDS:
        if words & said.words:
            return kind
    if _TOO_LONG.search(said.message):
        return "context_length"
    return "content_refused" if _AGAINST_POLICY.search(said.message) else None


def _kind_of_status(status: int) -> FaultKind:
    match status:
        case 401 | 403 | 407:
            return "our_key"
        case 404:
            return "unknown_model"
        case 429:
            return "rate_limited"
        case 408 | 425:
            return "server_error"
    return "bad_request" if status < 500 else "server_error"
