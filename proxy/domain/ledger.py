"""What is asked of the books and what they acknowledge: holds, extensions, settlements and the entries that prove them."""

from dataclasses import dataclass
from typing import Literal

from proxy.domain.account import User
from proxy.domain.call import Call
from proxy.domain.plan import Allowance, Entitlement
from proxy.domain.standing import Cap, Standing

EntryKind = Literal["hold", "extend", "settle", "release", "grant", "reset", "adjust"]
HoldRefusalCode = Literal["insufficient_credits", "credits_on_hold", "budget_cap_reached", "concurrency_limit"]


@dataclass(frozen=True, slots=True)
class ConcurrencyLimit:
    """At most `calls_max` live leases in `scope` (`user:ID`, `key:ID`, `app:ID`)."""

    scope: str
    calls_max: int


@dataclass(frozen=True, slots=True)
class HoldTerms:
    """The limits a hold and its extensions are admitted under: those in force when the call began."""

    allowances: tuple[Allowance, ...]
    caps: tuple[Cap, ...]
    concurrency: tuple[ConcurrencyLimit, ...]
    anchor_day: int


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A caller's name for one request, under which it is made and charged once. `route` is method and path, `body_hash` a
    keyed hash of the body as it came."""

    route: str
    key: str
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """Reserve `amount_milli` (and `raw_nano_usd` against ceilings) for one call. `hold_id` is the call id.

    `scopes` are all scopes the call counts in, for concurrency. `lease_ms` is how long the hold may live without its call
    resolving it. `enrol` is an end user to make durable in the same transaction, on the terms of `entitlement`; `idempotency`
    a key that stands for this call from then on, unless it stands for another.
    """

    hold_id: str
    account_id: str
    family: str
    amount_milli: int
    raw_nano_usd: int
    terms: HoldTerms
    scopes: tuple[str, ...]
    lease_ms: int
    began: Call
    enrol: User | None = None
    entitlement: Entitlement | None = None
    idempotency: IdempotencyKey | None = None


@dataclass(frozen=True, slots=True)
class ExtendRequest:
    """Make a live hold as large as `amount_milli` in total, for a model of `family`, recording what was metered so far."""

    hold_id: str
    family: str
    amount_milli: int
    raw_nano_usd: int
    metered_milli: int
    terms: HoldTerms


@dataclass(frozen=True, slots=True)
class Settlement:
    """Resolve a hold: charge `credits_milli` (0 = release), give back the rest and write the call's records, at once.

    `call` carries attempts, usage and cost. A call refused before its hold has none: see `RecordCall`.
    """

    hold_id: str
    credits_milli: int
    raw_nano_usd: int
    call: Call


@dataclass(frozen=True, slots=True)
class RecordCall:
    """Write the register row of a call that never held anything (refused, blocked)."""

    call: Call


LedgerCommand = HoldRequest | ExtendRequest | Settlement | RecordCall


@dataclass(frozen=True, slots=True)
class Held:
    """The hold stands: `amount_milli` in all."""

    hold_id: str
    amount_milli: int
    standing: Standing


@dataclass(frozen=True, slots=True)
class HoldRefused:
    """The books said no; `scope` names what refused. `standing` is what they saw."""

    code: HoldRefusalCode
    scope: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class KeyUsed:
    """The idempotency key of a hold stands for another call of the account, so nothing was reserved. `running`: that call
    still has its hold."""

    call_id: str
    body_hash: bytes
    running: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """The hold is resolved. `charged_milli` is what the entries show; `absorbed_milli` is what exceeded the hold;
    `fresh` is False when somebody had resolved it before."""

    hold_id: str
    charged_milli: int
    absorbed_milli: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class Recorded:
    """The row is durable."""

    call_id: str


HoldAck = Held | HoldRefused | KeyUsed
LedgerAck = HoldAck | Settled | Recorded


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """What one pass of the reconciler found: holds whose process or deadline is over, by what became of them."""

    settled: int = 0
    released: int = 0
    call_ids: tuple[str, ...] = ()
