"""Anthropic's reasons to stop in, OpenAI's out, and whether one says that no answer came about."""

from collections.abc import Mapping
from typing import Final

# https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
_FINISH_REASONS: Final[Mapping[str, str]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


def is_broken(word: object) -> bool:
    """Whether it says that no answer came about. Anthropic has no such word; servers that speak its dialect do."""
    return isinstance(word, str) and word.lower() == "error"


def finish_reason(word: object) -> str | None:
    """None while nothing is said; a word that nobody knows is an ordinary end."""
    return _FINISH_REASONS.get(word, "stop") if isinstance(word, str) and word else None
