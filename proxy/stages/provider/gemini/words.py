"""Gemini's reasons to finish in, OpenAI's out, and which of them say that no answer came about."""

from collections.abc import Mapping
from typing import Final

# https://ai.google.dev/api/generate-content#FinishReason
_FINISH_REASONS: Final[Mapping[str, str]] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
}
BROKEN: Final = frozenset(
    {
        "MALFORMED_FUNCTION_CALL",
        "MALFORMED_RESPONSE",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "MISSING_THOUGHT_SIGNATURE",
        "IMAGE_OTHER",
        "NO_IMAGE",
        "OTHER",
        "ERROR",  # Gemini has no such word; servers that speak its dialect do.
    }
)
_UNSAID: Final = "FINISH_REASON_UNSPECIFIED"


def finish_reason(word: object, called: bool) -> str | None:
    """None while nothing is said; a word that nobody knows is an ordinary end. An ordinary end after calls is a wait for
    their results, for which there is no word here."""
    if not isinstance(word, str) or word in ("", _UNSAID):
        return None
    reason = _FINISH_REASONS.get(word, "stop")
    return "tool_calls" if called and reason == "stop" else reason
