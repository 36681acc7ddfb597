"""What one attempt tells the health board: its first token and its end, or that it was broken off; exactly once each."""

from types import TracebackType
from typing import Final

from proxy.domain.health import Permit, Tried
from proxy.pipeline.order import Outcome, Rooms

# A shorter stream says more of its first token than of its speed.
SPEED_TOKENS_MIN: Final = 16


class Watched:
    """Around an attempt of `account` (None: of our own) that began at `began_ns`. Its permit goes back to the board however
    it ends."""

    def __init__(self, rooms: Rooms, permit: Permit, began_ns: int, account: str | None) -> None:
        self._rooms = rooms
        self._permit = permit
        self._began_ns = began_ns
        self._account = account
        self._tried: Tried | None = None

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self._rooms.health.ended(self._permit, self._tried)

    def answering(self, at_ns: int) -> None:
        """The first token of a stream came."""
        self._rooms.health.answering(self._permit, (at_ns - self._began_ns) // 1_000_000)

    def ended(self, outcome: Outcome, stream: bool) -> None:
        """It came to something; a caller who left has seen nothing that speaks of the model."""
        if outcome.ending != "left":
            self._tried = Tried(outcome.fault, self._tokens_per_s(outcome) if stream else None, self._account)

    def _tokens_per_s(self, outcome: Outcome) -> float | None:
        tokens = outcome.usage.output_total
        if outcome.first_token_ns is None or outcome.fault is not None or tokens < SPEED_TOKENS_MIN:
            return None
        lasted_ns = self._rooms.clock.monotonic_ns() - outcome.first_token_ns
        return tokens * 1e9 / lasted_ns if lasted_ns > 0 else None
