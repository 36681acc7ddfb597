"""The words that providers' errors are made of: what each means, and which may be repeated; reads no answer itself."""

import re
from collections.abc import Mapping
from typing import Final

from proxy.domain.errors import FaultKind

# What the words say for themselves, whatever status they come with. Order matters: a 429 for an empty account is no rush.
# https://developers.openai.com/docs/guides/error-codes, https://openrouter.ai/docs/api/reference/errors-and-debugging,
# https://platform.claude.com/docs/en/api/errors, https://ai.google.dev/gemini-api/docs/troubleshooting
MEANINGS: Final[Mapping[FaultKind, frozenset[str]]] = {
    "our_credit": frozenset(
        {
            "insufficient_quota",
            "insufficient_credits",
            "insufficient_balance",
            "payment_required",
            "billing_error",
            "billing_hard_limit_reached",
            "billing_not_active",
            "billing_disabled",
            "enforced_spend_limit_reached",
            "credit_balance_exhausted",
        }
    ),
    "context_length": frozenset({"context_length_exceeded", "context_window_exceeded"}),
    "content_refused": frozenset(
        {"content_filter", "content_policy", "content_policy_violation", "responsibleaipolicyviolation"}
    ),
    "unknown_model": frozenset({"model_not_found", "model_not_available", "unknown_model", "not_found_error", "not_found"}),
    "our_key": frozenset(
        {
            "invalid_api_key",
            "authentication_error",
            "permission_error",
            "invalid_authentication",
            "api_key_invalid",
            "unauthenticated",
            "permission_denied",
            "failed_precondition",  # Gemini's word for a key that may not be used from where we are.
            "unsupported_country_region_territory",
        }
    ),
    "rate_limited": frozenset(
        {"rate_limit_exceeded", "rate_limit_error", "too_many_requests", "resource_exhausted", "slow_down"}
    ),
    "server_error": frozenset(
        {
            "server_error",
            "internal_error",
            "internal_server_error",
            "overloaded_error",
            "server_is_overloaded",
            "service_unavailable_error",
            "api_error",
            "timeout_error",
            "internal",
            "unavailable",
            "deadline_exceeded",
            "cancelled",
        }
    ),
}
# What only a sentence says.
PHRASES: Final[tuple[tuple[FaultKind, re.Pattern[str]], ...]] = (
    (
        "our_credit",
        re.compile(
            r"credit balance is too low|specified API usage limits|enable billing|credits are depleted|requires more credits"
            r"|key limit exceeded",
            re.IGNORECASE,
        ),
    ),
    (
        "context_length",
        re.compile(
            r"context length|context window|exceed context limit|prompt is too long|input is too long"
            r"|reduce the length of the (?:messages|prompt|input)|token count\b.{0,80}\bexceeds the maximum",
            re.IGNORECASE | re.DOTALL,
        ),
    ),
    ("unknown_model", re.compile(r"is not a valid model ID|no endpoints found for ", re.IGNORECASE)),
    (
        "content_refused",
        re.compile(r"content (?:management )?policy|content filter|usage polic|was flagged|requires moderation", re.IGNORECASE),
    ),
)
# What only a sentence says of where we call from, and the word that stands for it in a record. Anthropic's whole sentence is
# the last one. https://ai.google.dev/gemini-api/docs/available-regions, https://www.anthropic.com/supported-countries
REGION: Final = re.compile(
    r"country, region,? or territory|unsupported_country_region|location is not supported|^request not allowed\.?$",
    re.IGNORECASE | re.MULTILINE,
)
REGION_CODE: Final = "unsupported_country_region_territory"
CODES: Final = frozenset(word for words in MEANINGS.values() for word in words) | {
    "invalid_request_error",
    "invalid_argument",
    "request_too_large",
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
PARAMS: Final = frozenset(
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
