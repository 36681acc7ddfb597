"""What has just arrived of a stream in, the same told to its caller before anybody is woken for it; what is not as usual, or
would have to wait, is left untouched to the task that reads the stream.

At a model's pace nearly all of a stream goes this way, with everything cold between two events, so that each function entered
costs more than what it does: hence one long method, and none for what is a comparison.
"""

from proxy.pipeline.cover import Cover
from proxy.pipeline.hearing import Hearing
from proxy.pipeline.patience import Patience
from proxy.pipeline.pieces import PIECE_BYTES_MAX, Turnstile
from proxy.ports import Reply
from proxy.stages.meter import utf8_bytes
from proxy.stages.provider.sse import Decoder
from proxy.stages.stream.express import Express


class Passing:
    """Of one attempt whose events may be alike; `express` knows which are."""

    __slots__ = ("_cover", "_decoder", "_express", "_hearing", "_meter", "_patience", "_reply", "_spoken", "_turnstile")

    def __init__(self, hearing: Hearing, express: Express, decoder: Decoder, cover: Cover, reply: Reply) -> None:
        self._hearing = hearing
        self._express = express
        self._decoder = decoder
        self._cover = cover
        self._reply = reply
        self._meter = hearing.meter
        self._spoken = hearing.part.spoken

    def through(self, turnstile: Turnstile, patience: Patience) -> "Passing":
        """Beside other streams, and as `patience` is to hear of it."""
        self._turnstile = turnstile
        self._patience = patience
        return self

    def passes(self, data: bytes) -> bool:
        """Passes on what has just arrived, if it is as usual and nothing has to be waited for."""
        size_bytes, cover, meter = len(data), self._cover, self._meter
        if size_bytes > PIECE_BYTES_MAX or not self._decoder.is_between:
            return False
        one = self._express.one(data)
        if one is None:
            return self._several_pass(data)
        text, told = one
        text_bytes = len(text) if text.isascii() else utf8_bytes(text)
        seen_tokens = meter.tokens_with(text_bytes)
        is_free = seen_tokens <= cover.free_tokens
        if not is_free and not cover.leads(seen_tokens):
            return False
        if not self._turnstile.admits_now(size_bytes) or not self._reply.write_now(told):
            return False
        meter.observe_text(text, text_bytes)
        if self._spoken is not None:
            self._spoken.add_texts((text,))
        self._patience.spoken()
        if not is_free:
            cover.go_on(meter, seen_tokens)
        return True

    def _several_pass(self, data: bytes) -> bool:
        events = self._decoder.whole(data)
        alike = self._express.stretch(events)
        if not events or len(alike.texts) != len(events):
            return False
        seen_tokens = self._meter.tokens_with(sum(map(utf8_bytes, alike.texts)), len(events))
        if not self._cover.leads(seen_tokens) or not self._turnstile.admits_now(len(data)):
            return False
        if not self._reply.write_now(self._express.told(alike.strings)):
            return False
        self._hearing.passed(alike)
        self._patience.spoken()
        self._cover.go_on(self._meter, seen_tokens)
        return True
