"""The way to providers: requests and what comes of them; no implementation, ever."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from proxy.domain.catalog import Timeouts, Transport
from proxy.domain.decision import Health
from proxy.domain.errors import Fault
from proxy.domain.health import HealthReport, Permit, Tried
from proxy.domain.oversight import Slot
from proxy.domain.value import dataclass


class UpstreamError(Exception):
    """An exchange failed; `fault` says how, already classified and free of provider text."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """One HTTP request to a provider. `headers` are ours, complete but for length and host. Unless `private_network`, an
    address that is not public is refused before a byte is sent."""

    provider_id: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    timeouts: Timeouts
    concurrency_max: int = 512
    private_network: bool = False
    transport: Transport = "relay"


class Exchange(Protocol):
    """A provider's answer as it arrives. `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]

    async def next_bytes(self) -> bytes:
        """All that has arrived since the last call, waiting for at least one byte; b"" at the end. Raises UpstreamError."""

    def pass_on(self, passes: Callable[[bytes], bool]) -> None:
        """From now on what arrives while `next_bytes` is waited for may be given to `passes` at once: what it takes (True) is
        never given again, and for what it leaves (False) the wait is over. An exchange may leave this out."""

    def finish(self) -> None:
        """The reader has all it wants of an answer that said it is over. If only its framing is still to come, and comes
        soon, the connection can be used again: a `close` after this need not cut it off. Never raises."""

    async def close(self) -> None:
        """Ends the exchange at once; a waiting `next_bytes` raises UpstreamError. Idempotent, never raises."""


class Upstream(Protocol):
    """Outbound HTTP. `open` returns when status and headers are there; faults before that raise UpstreamError."""

    async def open(self, request: UpstreamRequest) -> Exchange: ...

    async def close(self) -> None: ...


class HealthBoard(Protocol):
    """What recent attempts say of each model at its provider. Every Permit that `admit` gives comes back once by `ended`,
    whatever became of its attempt."""

    def snapshot(self) -> Health:
        """As a decision needs it."""
        ...

    def report(self) -> HealthReport:
        """As an operator needs it."""
        ...

    def admit(self, model_id: str, provider_id: str) -> Permit | None:
        """Leave to try the model now; None when its breaker or its provider's has shut since the decision, or another's
        trial is under way."""
        ...

    def answering(self, permit: Permit, ttft_ms: int) -> None:
        """The first token of a stream is there, `ttft_ms` after the attempt began."""
        ...

    def ended(self, permit: Permit, tried: Tried | None) -> None:
        """What the attempt came to; None when it was broken off and teaches nothing."""
        ...

    def counted(self) -> Sequence[Slot]:
        """Attempts by half hour, as far as they are not `written` down yet."""
        ...

    def written(self, slots: Sequence[Slot]) -> None:
        """These counts stand elsewhere now; what was counted since stays."""
        ...
