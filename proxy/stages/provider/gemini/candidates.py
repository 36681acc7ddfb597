"""A candidate of a response in, what it says in OpenAI's shape out: text, thoughts, calls, log probabilities."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import orjson

from proxy.domain.chat import Json
from proxy.domain.errors import Fault
from proxy.stages.provider.faults import fault_inside
from proxy.stages.provider.gemini.contents import signed_extra
from proxy.stages.provider.gemini.words import BROKEN
from proxy.stages.provider.speech import tool_call

_FIELDS: Final = frozenset({"candidates", "promptFeedback", "usageMetadata", "modelVersion", "responseId"})


class Spoken(NamedTuple):
    """What one candidate says. `calls` have no index yet; `word` is the provider's own reason to finish, if it gave one."""

    number: int
    text: str
    thought: str
    calls: list[Json]
    logprobs: Json | None
    word: object


def failure(value: Json) -> Fault | None:
    """The failure that a response reports instead of an answer: an error, a prompt that was blocked, an end that is none, or
    nothing that a response consists of.

    https://ai.google.dev/api/generate-content#PromptFeedback
    """
    if value.get("error"):
        return fault_inside(value["error"])
    if is_foreign(value) or not isinstance(value.get("candidates", []), list):
        return Fault("garbled", status=200)
    candidates = objects(value.get("candidates"))
    feedback = value.get("promptFeedback")
    if not candidates and isinstance(feedback, dict) and feedback.get("blockReason"):
        return Fault("content_refused", status=200)
    ends = (candidate.get("finishReason") for candidate in candidates)
    return Fault("error_event", status=200) if any(isinstance(word, str) and word.upper() in BROKEN for word in ends) else None


def is_foreign(value: Json) -> bool:
    """Whether it is neither a response nor an error, nor any part of one."""
    return not value.keys() & _FIELDS and not value.get("error")


def spoken(candidate: Json, position: int) -> Spoken:
    """All that a candidate says in this response."""
    content, index = candidate.get("content"), candidate.get("index")
    parts = objects(content.get("parts")) if isinstance(content, dict) else []
    return Spoken(
        number=index if type(index) is int else position,
        text="".join(_texts(parts, thought=False)),
        thought="".join(_texts(parts, thought=True)),
        calls=[_call(part, part["functionCall"]) for part in parts if isinstance(part.get("functionCall"), dict)],
        logprobs=_logprobs(candidate.get("logprobsResult")),
        word=candidate.get("finishReason"),
    )


def objects(value: object) -> list[Json]:
    """The objects of a list; nothing else in it can be read."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _texts(parts: list[Json], thought: bool) -> Iterator[str]:
    for part in parts:
        if (part.get("thought") is True) == thought and isinstance(part.get("text"), str):
            yield part["text"]


def _call(part: Json, call: Json) -> Json:
    call_id, name, args = call.get("id"), call.get("name"), call.get("args")
    given_id = call_id if isinstance(call_id, str) and call_id else None
    arguments = orjson.dumps(args if isinstance(args, dict) else {}).decode()
    return tool_call(
        None, given_id, name if isinstance(name, str) else "", arguments, **signed_extra(part.get("thoughtSignature"))
    )


def _logprobs(result: object) -> Json | None:
    """https://ai.google.dev/api/generate-content#LogprobsResult: chosen tokens, and the best of each step."""
    if not isinstance(result, dict):
        return None
    steps = [objects(step.get("candidates")) for step in objects(result.get("topCandidates"))]
    chosen = [token for token in map(_token, objects(result.get("chosenCandidates"))) if token is not None]
    for position, token in enumerate(chosen):
        best = map(_token, steps[position]) if position < len(steps) else ()
        token["top_logprobs"] = [other for other in best if other is not None]
    return {"content": chosen, "refusal": None} if chosen else None


def _token(candidate: Json) -> Json | None:
    text, logprob = candidate.get("token"), candidate.get("logProbability")
    if not isinstance(text, str) or type(logprob) not in (int, float):
        return None
    return {"token": text, "logprob": logprob, "bytes": list(text.encode())}
