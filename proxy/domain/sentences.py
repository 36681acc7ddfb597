"""One plain sentence for each code that a caller may meet beside those of a decision: errors, faults and remarks; words only,
which would be translated here."""

from collections.abc import Mapping
from typing import Final, Literal

from proxy.domain.errors import ErrorCode, FaultKind

# What is said of an answer beside why its model gave it: at its end, or of its price.
RemarkCode = Literal["credits_exhausted", "output_shortened", "input_charged", "crashed"]

OF_REMARKS: Final[Mapping[RemarkCode, str]] = {
    "credits_exhausted": "The credits were used up, so the answer ends before its time.",
    "output_shortened": "Credits ran low, so the answer was given less room, and it used all of it.",
    "input_charged": "The provider billed this call though it brought no answer, and the hour's free ones were used up.",
    "crashed": "The gateway that answered it ended before the call did; what was noted by then is charged.",
}

# What a second look at a sensitive prompt came to, and what that did.
OF_SECOND_WORDS: Final[Mapping[str, str]] = {
    "second_flagged": "A moderation model was asked about the prompt as well and flagged it.",
    "second_cleared": "A moderation model was asked about the prompt as well and found it harmless.",
    "second_failed": "A moderation model was to be asked as well, but gave no answer in time, so the first verdict stands.",
}

# Of a call as a whole: its message said what was wrong with it in particular.
OF_ERRORS: Final[Mapping[ErrorCode, str]] = {
    "invalid_json": "The body was not JSON that can be read in one way only.",
    "invalid_request": "The request had something that cannot be answered as it stands.",
    "context_length_exceeded": "The prompt was too long for every model that may answer.",
    "content_policy_violation": "The operator's content policy, or a provider's, refused the prompt.",
    "invalid_api_key": "The key was missing or not valid.",
    "insufficient_credits": "The credits that are left were too few for the call.",
    "budget_cap_reached": "A spending cap left too little for the call.",
    "assistant_budget_reached": "What may be spent on this assistant left too little for the call.",
    "model_not_in_plan": "The plan does not include what was asked for.",
    "forbidden": "This key may not do that.",
    "cooling_off": "The account rests after refused prompts or requests that went round in a loop.",
    "confirmation_required": "The request has to be confirmed before it is answered.",
    "model_not_found": "No model of this name is open to the caller.",
    "not_found": "There is nothing of this name that the caller may see.",
    "method_not_allowed": "This address does not take this method.",
    "in_progress": "The same request was still being answered.",
    "answer_gone": "The same request was answered before, and its answer is no longer kept.",
    "conflict": "It exists already, or somebody changed it at the same moment.",
    "precondition_failed": "Somebody had changed it since it was read.",
    "body_too_large": "The body was larger than the gateway takes.",
    "unsupported_media_type": "The body was of a type that the gateway does not read.",
    "idempotency_mismatch": "The idempotency key had been used for another request.",
    "precondition_required": "The change did not say which version it changes.",
    "rate_limit_exceeded": "There were too many requests in too short a time.",
    "concurrency_limit": "Too many calls of this account ran at once.",
    "credits_on_hold": "The credits were held by calls that still ran.",
    "internal_error": "The gateway failed.",
    "upstream_error": "No model that was tried gave an answer.",
    "no_model_available": "No model that may answer was to be reached.",
    "upstream_timeout": "No model answered in time.",
    "store_unavailable": "The gateway could not reach its store, or doubted its clock.",
    "overloaded": "More calls came than the gateway could open.",
    "shutting_down": "The gateway was being stopped.",
}

# Whose trouble with whom it was is the operator's affair: the caller hears what it meant for the call.
OF_FAULTS: Final[Mapping[FaultKind, str]] = {
    "connect": "Its provider could not be reached.",
    "connect_timeout": "Its provider could not be reached.",
    "first_byte_timeout": "It did not begin to answer in time.",
    "idle_timeout": "It fell silent in the middle of the answer.",
    "total_timeout": "It did not finish in time.",
    "deadline": "The time for the whole call was over.",
    "reset": "The connection broke before the answer was complete.",
    "rate_limited": "Its provider was too busy.",
    "server_error": "Its provider failed.",
    "garbled": "It sent something that is no answer.",
    "empty": "It sent an answer with nothing in it.",
    "truncated": "Its answer stopped before its end.",
    "error_event": "It broke the answer off with an error.",
    "disjoint": "It did not go on where the answer had stopped.",
    "our_key": "Its provider did not serve the gateway.",
    "our_credit": "Its provider did not serve the gateway.",
    "bad_request": "It did not take the request.",
    "context_length": "It found the prompt too long.",
    "content_refused": "It refused the content of the request.",
    "unknown_model": "Its provider did not serve the gateway.",
}
