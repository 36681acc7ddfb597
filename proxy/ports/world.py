"""What a process has of its own: time, chance, rates, vocabularies, a caller to answer, a place to record; no implementation,
ever."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from proxy.domain.call import Call
from proxy.domain.catalog import Vocabulary
from proxy.domain.plan import Rate


class Clock(Protocol):
    """Wall time for records and epochs, a monotonic clock for durations, and one that goes on while the machine sleeps."""

    def now_ms(self) -> int: ...

    def monotonic_ns(self) -> int: ...

    def elapsed_ns(self) -> int: ...


class Ids(Protocol):
    """Identifiers. `call_id` is time-ordered; `end_user` is the keyed hash of a user id that upstream may see."""

    def call_id(self, now_ms: int) -> str: ...

    def request_id(self) -> str: ...

    def end_user(self, user_id: str) -> str: ...

    def jitter(self) -> float:
        """A random number in [0, 1) for back-off."""


@dataclass(frozen=True, slots=True)
class Quota:
    """The answer of a rate limit: whether this request may pass and what to say in `x-ratelimit-*`."""

    allowed: bool
    limit: int
    remaining: int
    reset_s: int


class Limiter(Protocol):
    """Request rates. Keys are made of ids by the caller; a refused request is not counted."""

    async def take(self, key: str, rate: Rate) -> Quota: ...


class TokenCounter(Protocol):
    """Exact counts, for the vocabularies that are here."""

    async def count(self, vocabulary: Vocabulary, texts: Sequence[str]) -> int | None:
        """The tokens of all texts together, each read by itself; None when it cannot be said, or not in a bounded time."""
        ...


class Recorder(Protocol):
    """Logs and metrics, all derived from the finished record."""

    def began(self) -> None: ...

    def finished(self, call: Call) -> None: ...

    def incident(self, name: str, **facts: str | int) -> None:
        """A countable event outside a call: a failed hold or settlement, a reload, a provider marked down."""
        ...


class Reply(Protocol):
    """The way back to one caller. `start` once, then `write`; `end` closes. `gone` turns true when the caller leaves."""

    @property
    def gone(self) -> bool: ...

    @property
    def started(self) -> bool: ...

    async def start(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None: ...

    async def write(self, data: bytes) -> None: ...

    async def end(self, data: bytes = b"") -> None: ...

    def open_by(self, after_ms: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Promises a stream's 200 no later than `after_ms` from now, with comments while nothing else is to say."""
        ...

    def on_leave(self, callback: Callable[[], None] | None) -> None:
        """What to do the moment the caller leaves (at once if it has left); None forgets it."""
        ...

    async def pause(self, ms: int) -> None:
        """Waits `ms`, less when the caller leaves."""
        ...
