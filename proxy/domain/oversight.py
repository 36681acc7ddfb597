"""What operators look after, as values: checks of the ledger, holds that are open, how models fared over a day; values only."""

from collections.abc import Sequence
from typing import Final, Literal

from proxy.domain.health import Phase, Trouble
from proxy.domain.value import dataclass

SLOT_MS: Final = 30 * 60_000

CheckState = Literal["asked", "running", "right", "wrong", "failed"]


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """One check of the whole ledger: every balance against its entries. `wrong` is how many places disagree, `lines` tell of
    the first of them; `failed`: it could not be finished, and the one line says why."""

    id: str
    asked_at_ms: int
    asked_by: str
    state: CheckState
    began_at_ms: int | None = None
    ended_at_ms: int | None = None
    wrong: int = 0
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenHold:
    """A live call's hold: milli-credits of the account, and nano-USD under the operator's ceilings."""

    id: str
    account_id: str
    family: str
    milli: int
    raw_nano_usd: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class OpenHolds:
    """All holds that are open, and the oldest of them, oldest first."""

    count: int
    milli: int
    raw_nano_usd: int
    oldest: Sequence[OpenHold]


@dataclass(frozen=True, slots=True)
class Slot:
    """How a model fared in the half hour from `slot_ms`: attempts that say something of it, and those of them that failed."""

    slot_ms: int
    model_id: str
    provider_id: str
    attempts: int
    faults: int


@dataclass(frozen=True, slots=True)
class PhaseChange:
    """A breaker went into another phase, as one process saw it; `why` is what opened it last."""

    at_ms: int
    kind: Literal["model", "provider"]
    object_id: str
    phase: Phase
    why: Trouble | None
    id: str = ""
