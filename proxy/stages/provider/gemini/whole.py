"""The body of a whole generateContent answer in, an Answer in OpenAI's shape out, or the Fault that it is; never raises."""

import re
from typing import Final

from proxy.domain.chat import Answer, Json
from proxy.domain.errors import Fault
from proxy.stages.provider.gemini.candidates import Spoken, failure, objects, spoken
from proxy.stages.provider.gemini.usage import read_usage
from proxy.stages.provider.gemini.words import finish_reason
from proxy.stages.provider.reading import read
from proxy.stages.provider.speech import answer

_NO_ID: Final = re.compile("[^A-Za-z0-9_-]")
_ID_CHARS_MAX: Final = 64


def read_answer(body: bytes) -> Answer | Fault:
    """An answer with status 200. An error inside, a blocked prompt and what is no answer at all are Faults."""
    value = read(body)
    if isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, dict):
        return Fault("garbled", status=200)
    broken = failure(value)
    if broken is not None:
        return broken
    candidates = objects(value.get("candidates"))
    if not candidates:
        return Fault("empty", status=200)
    choices = [_choice(spoken(candidate, i), value.get("responseId")) for i, candidate in enumerate(candidates)]
    return answer(choices, read_usage(value.get("usageMetadata")))


def _choice(said: Spoken, response_id: object) -> Json:
    calls = [{**call, "id": call.get("id") or _id(response_id, said.number, i)} for i, call in enumerate(said.calls)]
    message = {
        "role": "assistant",
        "content": said.text or None,
        "refusal": None,
        **({"reasoning_content": said.thought} if said.thought else {}),
        **({"tool_calls": [{**call, "type": "function"} for call in calls]} if calls else {}),
    }
    ended = finish_reason(said.word, called=bool(calls)) or ("tool_calls" if calls else "stop")
    return {"index": said.number, "message": message, "logprobs": said.logprobs, "finish_reason": ended}


def _id(response_id: object, index: int, position: int) -> str:
    """Older models give calls no id. Theirs is that of the response and a number, so that no two turns of a conversation have
    calls of one id."""
    plain = _NO_ID.sub("", response_id)[:_ID_CHARS_MAX] if isinstance(response_id, str) else ""
    return f"call_{plain}_{index}_{position}"
