"""The way to what operators look after: checks of the ledger, ceilings, open holds, alerts, how models fared; no
implementation, ever."""

from collections.abc import Sequence
from typing import Protocol

from proxy.domain.alert import Alert
from proxy.domain.desk import Change
from proxy.domain.oversight import LedgerCheck, OpenHolds, PhaseChange, Slot
from proxy.domain.standing import Cap, CapStanding


class Oversight(Protocol):
    """How the books stand, for whoever answers for them. Raises StoreUnavailable."""

    async def last_check(self) -> LedgerCheck | None:
        """The newest check that was asked for; one that runs for too long has failed."""
        ...

    async def ask_check(self, change: Change) -> LedgerCheck:
        """Asks for a check, which some process of the gateway will make soon. VersionConflict while one runs."""
        ...

    async def ceilings(self, caps: Sequence[Cap]) -> list[CapStanding]:
        """What the operator's ceilings on raw cost have come to in their present periods."""
        ...

    async def holds(self, limit: int) -> OpenHolds: ...

    async def alerts(self, before_id: str | None, limit: int) -> list[Alert]:
        """Newest first; older ones than `before_id`."""
        ...


class Chronicle(Protocol):
    """How models and providers fared. Raises StoreUnavailable."""

    async def slots(self, since_ms: int) -> list[Slot]:
        """Newest first."""
        ...

    async def changes(self, before_id: str | None, limit: int) -> list[PhaseChange]:
        """Newest first; older ones than `before_id`."""
        ...
