"""A voice that also remembers: what another voice is told in, its bytes out, and what was written by whom; keeps no row."""

from collections.abc import Mapping
from typing import Final

from proxy.domain.call import Receipt
from proxy.domain.chat import Answer, Delta
from proxy.domain.conversation import Answerer, TurnState, Written
from proxy.domain.errors import Refusal
from proxy.domain.value import replace
from proxy.stages.stream import Voice

# Far beyond what a model writes in one answer; what comes after is told and not remembered, and the answer counts as cut.
REMEMBERED_CHARS_MAX: Final = 4 * 1024 * 1024


class Remembered:
    """Implements Voice. `before` is what was written of this answer by an earlier call, at whose cost."""

    # It must hear every delta.
    tells_alike = False

    def __init__(self, voice: Voice, call_id: str, before: str = "", paid_milli: int = 0) -> None:
        self.content_type_stream = voice.content_type_stream
        self._voice = voice
        self._parts = [before]
        self._chars = len(before)
        self._paid_milli = paid_milli
        self._state: TurnState = "running"
        self._by = Answerer(call_id, credits_milli=paid_milli)

    def written(self) -> Written:
        """All of it until now; `running` until its end was told."""
        return Written("".join(self._parts), self._state, self._by)

    def answering(
        self, model_id: str, assistant_id: str | None, reason: str, explain: Mapping[str, object] | None = None
    ) -> None:
        self._by = replace(self._by, model_id=model_id, assistant_id=assistant_id, reason=reason)
        self._voice.answering(model_id, assistant_id, reason, explain)

    def head(self) -> bytes:
        return self._voice.head()

    def delta(self, delta: Delta) -> bytes:
        for choice in delta.value.get("choices") or ():
            self._hear(choice["delta"].get("content") or choice["delta"].get("refusal") or "")
        return self._voice.delta(delta)

    def tail(self, receipt: Receipt) -> bytes:
        self._end(receipt)
        return self._voice.tail(receipt)

    def error(self, refusal: Refusal) -> bytes:
        self._state = "cut"
        return self._voice.error(refusal)

    def whole(self, answer: Answer, receipt: Receipt) -> bytes:
        message = answer.value["choices"][0]["message"]
        self._hear(message.get("content") or message.get("refusal") or "")
        self._end(receipt)
        return self._voice.whole(answer, receipt)

    def _hear(self, text: str) -> None:
        room = max(0, REMEMBERED_CHARS_MAX - self._chars)
        self._parts.append(text[:room])
        self._chars += len(text)

    def _end(self, receipt: Receipt) -> None:
        ended: TurnState = "short" if receipt.finish_reason == "length" else "whole"
        self._state = "cut" if self._chars > REMEMBERED_CHARS_MAX else ended
        paid = self._paid_milli + receipt.credits_milli
        self._by = Answerer(receipt.call_id, receipt.model_id, receipt.assistant_id, receipt.reason, paid)
