"""How an answer is spoken to its caller: deltas and the receipt in, bytes of one surface out; never asks who is listening."""

from collections.abc import Mapping
from typing import Protocol

from proxy.domain.call import Receipt
from proxy.domain.chat import Answer, Delta
from proxy.domain.errors import Refusal


class Voice(Protocol):
    """One per call, for it knows what it has said. A stream is `answering`, `head`, `delta` ..., then `tail` or `error`;
    a whole answer is `whole` alone. `tells_alike`: once one delta was told that is text alone, any other that differs from it
    in that text is told in the same words but for it."""

    content_type_stream: bytes
    tells_alike: bool

    def answering(
        self, model_id: str, assistant_id: str | None, reason: str, explain: Mapping[str, object] | None = None
    ) -> None:
        """Who answers and why, told once at the commit point; the first writer's name stays on a rescued stream."""
        ...

    def head(self) -> bytes:
        """The first bytes of the stream."""
        ...

    def delta(self, delta: Delta) -> bytes:
        """What the caller hears of one delta; b"" when there is nothing to say."""
        ...

    def tail(self, receipt: Receipt) -> bytes:
        """The clean end of the stream, whatever of it the provider left out."""
        ...

    def error(self, refusal: Refusal) -> bytes:
        """The end of a stream that failed: one error event and no sign of a clean end."""
        ...

    def whole(self, answer: Answer, receipt: Receipt) -> bytes:
        """The body of a whole answer."""
        ...
