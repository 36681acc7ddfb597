"""One upstream's events in, metered; deltas and bytes for its caller out. Knows what of a stream is alike; asks nobody and
writes nothing."""

from typing import Final

from proxy.domain.chat import Delta
from proxy.domain.errors import Fault
from proxy.domain.value import dataclass
from proxy.pipeline.writers import Part
from proxy.stages.meter import Meter
from proxy.stages.provider.adapter import Reader
from proxy.stages.stream import Voice
from proxy.stages.stream.express import NOTHING, Express, Stretch

_NOTHING: Final[tuple[bytes, Delta | None]] = b"", None


@dataclass(frozen=True, slots=True)
class Heard:
    """What some events came to, after `so_far`: first those that were `alike`, then deltas, each with the most tokens seen by
    its end; and whether the answer ends with them."""

    so_far: tuple[int, int]
    alike: Stretch
    deltas: list[tuple[Delta, int]]
    ended: bool | Fault

    def first(self, count: int) -> "Heard":
        """No more than so many of them."""
        return Heard(self.so_far, self.alike.first(count), self.deltas[: max(0, count - len(self.alike.texts))], self.ended)


class Hearing:
    """Of one attempt, which writes `part` of the answer. `express` knows which of its events are alike, where any may be;
    `finish_reason` is the last that was given."""

    __slots__ = ("_last", "_lesson", "_voice", "express", "finish_reason", "meter", "part")

    def __init__(self, meter: Meter, part: Part, voice: Voice) -> None:
        self.meter = meter
        self.part = part
        self._voice = voice
        # What goes on with another's answer is joined to it delta by delta.
        self.express = Express() if voice.tells_alike and part.plan is None else None
        self._last = _NOTHING
        self._lesson: tuple[bytes, Delta, bytes] | None = None
        self.finish_reason: str | None = None

    def hear(self, reader: Reader, events: list[bytes]) -> Heard:
        """Reads and meters events."""
        so_far, alike = self.meter.so_far, self.alike(events)
        self.meter.observe_texts(alike.texts)
        deltas: list[tuple[Delta, int]] = []
        ended: bool | Fault = False
        for event in events[len(alike.texts) :]:
            delta = reader.delta(event)
            if delta.error is not None:
                ended = delta.error
                break
            self.meter.observe(delta)
            self.finish_reason = delta.finish_reason or self.finish_reason
            if delta.done:
                ended = True
                break
            new = self.part.new(delta)
            if isinstance(new, Fault):
                ended = new
                break
            deltas.append((new, self.meter.output_tokens_max))
            self._last = event, new
        return Heard(so_far, alike, deltas, ended)

    def alike(self, events: list[bytes]) -> Stretch:
        """The events, from the first on, that differ from one that was told in their text alone."""
        return NOTHING if self.express is None else self.express.stretch(events)

    def seen(self, heard: Heard) -> list[int]:
        """The most tokens seen by the end of each event."""
        return [*self.meter.seen_after(heard.so_far, heard.alike.texts), *(seen for _, seen in heard.deltas)]

    def told(self, delta: Delta) -> bytes:
        """What the caller is told of one delta, and is told now."""
        self.part.told(delta)
        told = self._voice.delta(delta)
        if self.express is not None and self._last[1] is delta:
            self._lesson = self._last[0], delta, told
        return told

    def learn(self) -> None:
        """From what was told last, once it has left."""
        if self._lesson is not None and self.express is not None:
            self.express.learn(*self._lesson)
            # A stream that waits for its next event need not carry this one.
            self._last, self._lesson = _NOTHING, None

    def words(self, alike: Stretch) -> bytes:
        """What the caller is to be told of events that are alike."""
        return b"" if self.express is None else self.express.told(alike.strings)

    def passed(self, alike: Stretch) -> None:
        """Events that are alike came and were told, both at once."""
        self.meter.observe_texts(alike.texts)
        self.part.told_texts(alike.texts)

    def told_alike(self, alike: Stretch) -> bytes:
        """The same of events that are alike."""
        self.part.told_texts(alike.texts)
        return self.words(alike)
