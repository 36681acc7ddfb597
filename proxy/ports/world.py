"""What a process has of its own: time, chance, rates, vocabularies, a caller to answer, a place to record; no implementation,
ever."""

from collections.abc import Callable, Sequence
from typing import Protocol

from proxy.domain.abuse import CoolOff, Suspect
from proxy.domain.account import Caller
from proxy.domain.call import Call
from proxy.domain.catalog import Vocabulary
from proxy.domain.decision import Decision
from proxy.domain.errors import Refusal
from proxy.domain.journey import Journey
from proxy.domain.plan import Rate
from proxy.domain.value import dataclass


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


class Conduct(Protocol):
    """How callers behave: who is to be slowed, to rest or to be told of. Nothing here waits; a process knows what it saw."""

    def objection(self, caller: Caller) -> Refusal | None:
        """Why this user may not call at this moment; one that may has made a call."""
        ...

    def asked(self, journey: Journey, decision: Decision, text_bytes: int) -> None:
        """A call was decided."""
        ...

    def paid(self, call: Call) -> None:
        """A call was charged."""
        ...

    def guessed(self, address: str) -> None:
        """An address tried a key that nobody has, though it had tried too many already."""
        ...

    def suspects(self) -> list[Suspect]:
        """Everybody with a score, the highest first."""
        ...

    def suspect(self, user_id: str) -> Suspect | None:
        """One user; None when nothing is held against it here."""
        ...

    def lifted(self, user_id: str) -> None:
        """An admin has forgiven a user: its next call is its first."""
        ...

    def due(self) -> list[CoolOff]:
        """Cool-offs that the store does not know of yet."""
        ...

    def stored(self, cool_off: CoolOff) -> None:
        """The store has this one, or nobody to have it."""
        ...


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

    def write_now(self, data: bytes) -> bool:
        """Writes without a wait. False, and nothing is written, where that cannot be: whoever reads is slow, or something else
        is being written."""
        ...

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
