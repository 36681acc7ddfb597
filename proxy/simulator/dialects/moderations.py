"""OpenAI's moderations: a parsed body in, a Prompt; a Completion in, what its texts say of themselves. No I/O.

A text is flagged for every category that it names as `flag:CATEGORY`, and for no other reason."""

import re
from collections.abc import Iterator
from typing import Final

from proxy.simulator.dialects.dialect import Completion, Event, Json, Refused
from proxy.simulator.dialects.openai import error, error_event, refused
from proxy.simulator.prompt import Prompt, Turn

__all__ = ["error", "error_event", "events", "read", "refused", "whole"]

INPUTS_MAX: Final = 64
# https://platform.openai.com/docs/guides/moderation
CATEGORIES: Final = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
_NAMED: Final = re.compile(r"\bflag:([a-z/-]{1,40})")
_LIKELY: Final = 0.97
_UNLIKELY: Final = 0.01


def read(body: object) -> Prompt | Refused:
    """A request body: a text, or a list of texts."""
    if not isinstance(body, dict) or not isinstance(body.get("model"), str) or not body["model"]:
        return Refused(400, "invalid_request_error", None, "you must provide a model parameter", "model")
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not 0 < len(texts) <= INPUTS_MAX or not all(isinstance(text, str) for text in texts):
        return Refused(400, "invalid_request_error", None, "'input' must be a text or a list of texts", "input")
    return Prompt(body["model"], tuple(Turn("user", text) for text in texts), kind="moderation")


def whole(completion: Completion) -> Json:
    """One result a text, in their order. OpenAI reports no usage of these."""
    results = [_result(turn.text) for turn in completion.prompt.turns]
    return {"id": f"modr-{completion.id}", "model": completion.prompt.model, "results": results}


def events(completion: Completion) -> Iterator[Event]:
    """Moderations are never streamed."""
    return iter(())


def _result(text: str) -> Json:
    named = set(_NAMED.findall(text))
    return {
        "flagged": not named.isdisjoint(CATEGORIES),
        "categories": {category: category in named for category in CATEGORIES},
        "category_scores": {category: _LIKELY if category in named else _UNLIKELY for category in CATEGORIES},
        "category_applied_input_types": {category: ["text"] for category in CATEGORIES},
    }
