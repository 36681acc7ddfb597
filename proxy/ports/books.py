"""The way to what is owed and paid: commands in, acknowledgements out, durably; no implementation, ever."""

from collections.abc import Sequence
from typing import Protocol

from proxy.domain.alert import Alert
from proxy.domain.clock import ClockDoubt, ClockState
from proxy.domain.desk import Change
from proxy.domain.ledger import (
    Enrol,
    Enrolled,
    EnrolmentFull,
    ExtendAck,
    ExtendRequest,
    HoldAck,
    HoldRefused,
    HoldRequest,
    HoldTerms,
    IdempotencyKey,
    KeyUsed,
    LedgerAck,
    LedgerCommand,
    NothingCharged,
    ReconcileReport,
    RecordCall,
    Recorded,
    Refund,
    Refunded,
    Reset,
    Settled,
    Settlement,
    Transfer,
    Transferred,
    WindowReset,
)
from proxy.domain.standing import Standing


class StoreUnavailable(Exception):
    """The store cannot take or answer this now; try again after `retry_after_s`."""

    def __init__(self, why: str, retry_after_s: int = 1) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


class CommitUnknown(StoreUnavailable):
    """The store went away while it committed: what was asked may have been done, or not."""


class ClockDoubted(StoreUnavailable):
    """The store's clock jumped, so nothing is admitted by it. What it says is fit for callers."""

    def __init__(self) -> None:
        super().__init__(
            "The gateway's clock jumped, so it takes no new calls until its operator has looked at it and confirmed the time."
            " Calls that run go on. This is no fault of yours; try again later.",
            retry_after_s=30,
        )


class Ledger(Protocol):
    """The durable books: many commands in, an acknowledgement each, one transaction for all.

    A command that cannot be carried out gets a StoreUnavailable or ValueError in its place and leaves its neighbours alone.
    Every command is idempotent under its id. Raises StoreUnavailable when nothing could be done.
    """

    async def apply(self, commands: Sequence[LedgerCommand]) -> list[LedgerAck | Exception]: ...


class Books(Protocol):
    """The ledger as one call sees it: group commit behind, durable when it returns. All raise StoreUnavailable."""

    async def hold(self, request: HoldRequest) -> HoldAck: ...

    async def extend(self, request: ExtendRequest) -> ExtendAck: ...

    async def settle(self, settlement: Settlement) -> Settled: ...

    async def record(self, record: RecordCall) -> Recorded: ...

    async def standing(self, account_id: str, terms: HoldTerms) -> Standing: ...

    def recalled(self, account_id: str, terms: HoldTerms) -> Standing | None:
        """The standing from memory, a moment old at most; None where it has to be read. Whoever would refuse or give less for
        what it says reads it first."""
        ...

    async def used(self, account_id: str, asked: IdempotencyKey) -> KeyUsed | None:
        """The call that an idempotency key stands for; None when it may be used."""
        ...


class Confirmations(Protocol):
    """Calls that wait for their caller's word, whichever process asked for it. `digest` is of the whole request. All raise
    StoreUnavailable."""

    async def expect(self, user_id: str, call_id: str, digest: bytes, at_ms: int) -> None:
        """The call was refused for want of that word."""
        ...

    async def redeem(self, user_id: str, call_id: str, digest: bytes, since_ms: int) -> bool:
        """Whether the call waits since later than that for this user and the same request; from now on it does no more."""
        ...


class ByHand(Protocol):
    """The same ledger as people see it: what they move beside calls, each with its audit line, durable when it returns. All
    raise StoreUnavailable."""

    async def enrol(self, enrol: Enrol) -> Enrolled | EnrolmentFull: ...

    async def transfer(self, transfer: Transfer) -> Transferred | HoldRefused: ...

    async def refund(self, refund: Refund) -> Refunded | NothingCharged: ...

    async def reset(self, reset: Reset) -> WindowReset: ...


class Leases(Protocol):
    """Keeps this process's holds alive and resolves those that nobody keeps."""

    async def beat(self) -> None: ...

    async def reconcile(self) -> ReconcileReport: ...


class Timekeeping(Protocol):
    """The clock that the books judge by. `state` and `confirm` raise StoreUnavailable."""

    @property
    def doubt(self) -> ClockDoubt | None:
        """Why nothing is admitted now, as far as this process knows."""
        ...

    async def state(self) -> ClockState: ...

    async def confirm(self, change: Change) -> ClockState:
        """The clock is right; nothing changes while it is not in doubt."""
        ...


class Alerts(Protocol):
    """What the books noticed and an operator is to be told of. Raises StoreUnavailable."""

    async def take(self, count_max: int, back_in_ms: int) -> list[Alert]: ...

    async def done(self, alert_id: str) -> None: ...

    async def postpone(self, alert_id: str, wait_ms: int) -> None: ...
