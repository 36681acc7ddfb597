"""What can go wrong, as values: a Refusal is ours to the caller, a Fault is an upstream's to us; nothing here is raised."""

from collections.abc import Mapping
from dataclasses import field
from typing import Final, Literal

from proxy.domain.value import dataclass

ErrorCode = Literal[
    "invalid_json",
    "invalid_request",
    "context_length_exceeded",
    "content_policy_violation",
    "invalid_api_key",
    "insufficient_credits",
    "budget_cap_reached",
    "assistant_budget_reached",
    "model_not_in_plan",
    "forbidden",
    "cooling_off",
    "confirmation_required",
    "model_not_found",
    "not_found",
    "method_not_allowed",
    "in_progress",
    "answer_gone",
    "conflict",
    "precondition_failed",
    "body_too_large",
    "unsupported_media_type",
    "idempotency_mismatch",
    "precondition_required",
    "rate_limit_exceeded",
    "concurrency_limit",
    "credits_on_hold",
    "internal_error",
    "upstream_error",
    "no_model_available",
    "upstream_timeout",
    "store_unavailable",
    "overloaded",
    "shutting_down",
]

# The HTTP status of each code (contract 8). SDKs choose the exception class by status alone.
STATUS: Final[Mapping[ErrorCode, int]] = {
    "invalid_json": 400,
    "invalid_request": 400,
    "context_length_exceeded": 400,
    "content_policy_violation": 400,
    "invalid_api_key": 401,
    "insufficient_credits": 402,
    "budget_cap_reached": 402,
    "assistant_budget_reached": 402,
    "model_not_in_plan": 403,
    "forbidden": 403,
    "cooling_off": 403,
    "confirmation_required": 403,
    "model_not_found": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "in_progress": 409,
    "answer_gone": 409,
    "conflict": 409,
    "precondition_failed": 412,
    "body_too_large": 413,
    "unsupported_media_type": 415,
    "idempotency_mismatch": 422,
    "precondition_required": 428,
    "rate_limit_exceeded": 429,
    "concurrency_limit": 429,
    "credits_on_hold": 429,
    "internal_error": 500,
    "upstream_error": 502,
    "no_model_available": 503,
    "store_unavailable": 503,
    "overloaded": 503,
    "shutting_down": 503,
    "upstream_timeout": 504,
}

_TYPES: Final[Mapping[int, str]] = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    429: "rate_limit_error",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer to the caller that is no answer: whose fault it is and what would fix it.

    `details` holds extra facts for the caller (what is left, when it resets, which plan unlocks): never raw cost.
    `should_retry` is sent as `x-should-retry` when not None; `retry_after_s` as `Retry-After`.
    """

    code: ErrorCode
    message: str
    param: str | None = None
    retry_after_s: int | None = None
    should_retry: bool | None = None
    details: Mapping[str, str | int | None] = field(default_factory=dict)

    @property
    def status(self) -> int:
        return STATUS[self.code]

    def body(self) -> dict[str, dict[str, str | int | None]]:
        """OpenAI's error object (contract 8), whole answers' and stream events' alike; `details` stand beside its fields."""
        error: dict[str, str | int | None] = {
            "message": self.message,
            "type": _TYPES.get(self.status, "server_error" if self.status >= 500 else "invalid_request_error"),
            "param": self.param,
            "code": self.code,
        }
        return {"error": {**self.details, **error}}


FaultKind = Literal[
    "connect",  # refused, unresolvable, TLS failure: nothing was sent
    "connect_timeout",  # neither accepted nor refused
    "first_byte_timeout",  # accepted and mute
    "idle_timeout",  # stalled in the middle
    "total_timeout",  # the attempt's time is over, the call's is not
    "deadline",  # the call's own time is over
    "reset",  # connection broke before the answer was complete
    "rate_limited",  # provider's 429 / 529
    "server_error",  # provider's 5xx
    "garbled",  # an answer that is no answer: HTML, half JSON, wrong type
    "empty",  # complete, but with nothing in it
    "truncated",  # a stream that ended without its end
    "error_event",  # an error inside a 200
    "disjoint",  # went on with an answer, but not where it had stopped, as far as anybody can tell
    "our_key",  # provider refused our credentials
    "our_credit",  # provider says our account cannot pay
    "bad_request",  # provider refused the request itself
    "context_length",  # provider says the prompt is too long
    "content_refused",  # provider's own content policy
    "unknown_model",  # provider does not serve this model
]


@dataclass(frozen=True, slots=True)
class Fault:
    """What an upstream did wrong, classified; carries no provider text, key or URL.

    `retry_after_ms` is the provider's own wish, already range-checked. `param` and `code` are white-listed words only.
    `provider_request_id` is for the record and admins.
    """

    kind: FaultKind
    status: int | None = None
    retry_after_ms: int | None = None
    param: str | None = None
    provider_code: str | None = None
    provider_request_id: str | None = None
