"""Responses of one streamGenerateContent in, Deltas in OpenAI's shape out; remembers how many calls each candidate made.

https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
"""

from typing import Final

from proxy.domain.chat import Delta, Json
from proxy.domain.errors import Fault
from proxy.stages.provider.gemini.candidates import failure, is_foreign, objects, spoken
from proxy.stages.provider.gemini.usage import read_usage
from proxy.stages.provider.gemini.words import finish_reason
from proxy.stages.provider.reading import read, says_nothing
from proxy.stages.provider.speech import choice, delta

_NOTHING: Final = Delta({})
_GARBLED: Final = Delta({}, error=Fault("garbled", status=200))


class StreamReader:
    """Implements Reader. There is no last event: a finish reason is the end, and the connection closes."""

    def __init__(self) -> None:
        self._calls: dict[int, int] = {}

    def delta(self, data: bytes) -> Delta:
        if says_nothing(data):
            return _NOTHING
        value = read(data)
        if not isinstance(value, dict):
            return _GARBLED
        if is_foreign(value):
            return _NOTHING
        broken = failure(value)
        if broken is not None:
            return Delta({}, error=broken)
        choices = [self._choice(candidate, i) for i, candidate in enumerate(objects(value.get("candidates")))]
        return delta({"choices": choices}, read_usage(value.get("usageMetadata")))

    def _choice(self, candidate: Json, position: int) -> Json:
        said = spoken(candidate, position)
        began = self._calls.get(said.number, 0)
        calls = [{"index": began + i, **call} for i, call in enumerate(said.calls)]
        self._calls[said.number] = began + len(calls)
        part = {
            **({"content": said.text} if said.text else {}),
            **({"reasoning_content": said.thought} if said.thought else {}),
            **({"tool_calls": calls} if calls else {}),
        }
        return choice(said.number, part, finish_reason(said.word, called=self._calls[said.number] > 0), said.logprobs)
