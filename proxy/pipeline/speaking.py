"""What one attempt tells its caller of a stream: deltas in, held back until there is something to commit to, bytes out; asks
nobody and reads nothing."""

from collections.abc import Iterable

from proxy.domain.chat import Delta
from proxy.pipeline.headers import answer_headers
from proxy.pipeline.hearing import Heard, Hearing
from proxy.pipeline.watched import Watched
from proxy.pipeline.writers import Part
from proxy.ports import Clock, Reply
from proxy.stages.explain import explain
from proxy.stages.stream import Voice

BLANKS_MAX = 64


class Speaking:
    """`committed` from the moment on that this model's answer is the answer, or the rest of it; `first_token_ns` is when that
    was."""

    def __init__(self, clock: Clock, part: Part, voice: Voice, reply: Reply, watched: Watched, hearing: Hearing) -> None:
        self._clock = clock
        self._part = part
        self._voice = voice
        self._reply = reply
        self._watched = watched
        self._hearing = hearing
        # White space before the first word: a model may say nothing else, and that is an empty answer.
        self._blanks: list[Delta] = []
        self._is_news = False
        self.committed = False
        self.first_token_ns: int | None = None

    async def heard(self, heard: Heard, number: int) -> bytes:
        """What is to be told of what attempt `number` heard."""
        alike = self._hearing.told_alike(heard.alike)
        return alike + await self.rest([delta for delta, _ in heard.deltas], number)

    async def rest(self, deltas: Iterable[Delta], number: int) -> bytes:
        """What is to be told of some deltas."""
        spoken: list[bytes] = []
        for delta in deltas:
            if not self.committed and delta.commits:
                self._blanks.append(delta)
                if delta.is_blank and len(self._blanks) < BLANKS_MAX:
                    continue
                spoken += [await self._commit(number), *map(self._hearing.told, self._blanks)]
                self._blanks.clear()
            elif self.committed:
                spoken.append(self._hearing.told(delta))
        return b"".join(spoken)

    async def blanks(self, number: int) -> bytes:
        """What is to be told of an answer that has no more than white space."""
        return b"".join([await self._commit(number), *map(self._hearing.told, self._blanks)])

    async def write(self, spoken: bytes) -> None:
        """Tells it. What is to be noted of the first words, and learned from the last, can wait until they have left."""
        try:
            if spoken:
                await self._reply.write(spoken)
        finally:
            if self._is_news and self.first_token_ns is not None:
                self._is_news = False
                self._watched.answering(self.first_token_ns)
        self._hearing.learn()

    async def _commit(self, number: int) -> bytes:
        self.committed = self._is_news = True
        self.first_token_ns = self._clock.monotonic_ns()
        if self._part.plan is not None:
            return b""
        judged, candidate = self._part.judged, self._part.candidate
        assistant_id, reason = judged.decision.assistant_id, candidate.reason.code
        told = explain(judged.decision) if judged.journey.request.options.explain else None
        self._voice.answering(candidate.model_id, assistant_id, reason, told)
        if not self._reply.started:
            headers = answer_headers(judged.journey, assistant_id, candidate.model_id, reason, number)
            await self._reply.start(200, [(b"content-type", self._voice.content_type_stream), *headers])
        return self._voice.head()
