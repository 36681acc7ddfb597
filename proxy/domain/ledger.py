"""What is asked of the books and what they acknowledge: holds, extensions, settlements, and what people move by hand."""

from typing import Literal

from proxy.domain.account import User
from proxy.domain.call import Call
from proxy.domain.desk import Change, Grant
from proxy.domain.plan import Allowance, Entitlement, Window
from proxy.domain.standing import Cap, Standing
from proxy.domain.usage import Usage
from proxy.domain.value import dataclass

EntryKind = Literal["hold", "extend", "settle", "release", "grant", "reset", "adjust"]
HoldRefusalCode = Literal[
    "insufficient_credits", "credits_on_hold", "budget_cap_reached", "concurrency_limit", "enrolment_limit"
]


@dataclass(frozen=True, slots=True)
class ConcurrencyLimit:
    """At most `calls_max` live leases in `scope` (`user:ID`, `key:ID`, `app:ID`)."""

    scope: str
    calls_max: int


@dataclass(frozen=True, slots=True)
class HoldTerms:
    """The limits a hold or an extension is admitted under: those in force at that moment."""

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
class FairShare:
    """While others wait for what `scope` (`app:ID`) may still spend, one account's live holds stay within `percent` of it."""

    scope: str
    percent: int


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """Reserve `amount_milli` (and `raw_nano_usd` against ceilings) for one call. `hold_id` is the call id.

    `scopes` are all scopes the call counts in, for concurrency. `lease_ms` is how long the hold may live without its call
    resolving it. `enrol` is an end user to make durable in the same transaction, on the terms of `entitlement`, if its app
    has enrolled fewer than `enrols_daily_max` on this UTC day; `idempotency` a key that stands for this call from then on,
    unless it stands for another; `share` bounds what the account may hold beside others.
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
    enrols_daily_max: int | None = None
    share: FairShare | None = None


@dataclass(frozen=True, slots=True)
class ExtendRequest:
    """Make a live hold as large as `amount_milli` in total, for a model of `family`, recording what was metered so far.

    `raw_nano_usd` is in total too; `billed_nano_usd` of it has been billed already, by attempts that failed or broke off.
    `billed_milli` is what earlier writers of the same answer come to; it is paid from where it was held. `smaller` are sizes
    that would do as well, in credits and raw cost: the first that has room is held. The largest, where there
    are others, is held only if there is room for what it adds so many `room_times` over: nobody else is to go short for it.
    """

    hold_id: str
    family: str
    amount_milli: int
    raw_nano_usd: int
    metered_milli: int
    terms: HoldTerms
    billed_nano_usd: int = 0
    billed_milli: int = 0
    smaller: tuple[tuple[int, int], ...] = ()
    room_times: int = 1


@dataclass(frozen=True, slots=True)
class Unpaid:
    """What providers billed for a call beside what it is charged: `milli`, at the call's own tariff.

    A call that is charged nothing pays `input_milli` of it, for `input`, once its account has had `free_hourly_max` such
    calls within the hour (contract 5). `input` None: it never pays, and does not count.
    """

    milli: int
    input_milli: int = 0
    input: Usage | None = None
    free_hourly_max: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """Resolve a hold: charge `credits_milli` (0 = release), give back the rest and write the call's records, at once.

    `call` carries attempts, usage and cost. A call refused before its hold has none: see `RecordCall`. `terms` and
    `idempotency` are those of the hold: when the reconciler was there first, what it did not charge is charged within these
    terms (None: nothing more is), and the key stands for the call again. What was billed for nothing is `unpaid`; the books
    decide whether its input is charged.
    """

    hold_id: str
    credits_milli: int
    raw_nano_usd: int
    call: Call
    terms: HoldTerms | None = None
    idempotency: IdempotencyKey | None = None
    unpaid: Unpaid | None = None


@dataclass(frozen=True, slots=True)
class RecordCall:
    """Write the register row of a call that never held anything (refused, blocked)."""

    call: Call


@dataclass(frozen=True, slots=True)
class Enrol:
    """Make an end user durable without a call, bounded by the same day's count as calls are."""

    user: User
    entitlement: Entitlement
    enrols_daily_max: int
    change: Change


@dataclass(frozen=True, slots=True)
class Transfer:
    """Move `amount_milli` from one account's buckets to a top-up of another's: from those bound to `family` alone (None: from
    those bound to none). What is moved keeps its family and never lives longer than where it came from, nor than
    `expires_at_ms`. `terms` are those of the giver. Caps count what calls spend, so a transfer moves none."""

    id: str
    giver_id: str
    taker_id: str
    terms: HoldTerms
    amount_milli: int
    family: str | None
    expires_at_ms: int | None
    change: Change


@dataclass(frozen=True, slots=True)
class Refund:
    """Give back all that a finished call was charged, to where it was taken from; raw cost stays spent."""

    call_id: str
    change: Change


@dataclass(frozen=True, slots=True)
class Reset:
    """Let an account's included credits of `window` (of `family`; None: of those bound to none) begin anew before their time:
    what is spent of them in the period that runs now is forgiven, what live holds hold stays held. Grants, caps and ceilings
    are left as they are."""

    id: str
    account_id: str
    window: Window
    family: str | None
    anchor_day: int
    change: Change


LedgerCommand = HoldRequest | ExtendRequest | Settlement | RecordCall | Enrol | Transfer | Refund | Reset


@dataclass(frozen=True, slots=True)
class Held:
    """The hold stands: `amount_milli` in all. `place` is that of the size among those that were asked for."""

    hold_id: str
    amount_milli: int
    place: int = 0


@dataclass(frozen=True, slots=True)
class HoldRefused:
    """The books said no; `scope` names what refused. `standing` is what they saw. `over_share`: there may be room, but others
    wait for it."""

    code: HoldRefusalCode
    scope: str
    standing: Standing
    over_share: bool = False


@dataclass(frozen=True, slots=True)
class HoldLost:
    """The hold was resolved without its call: its process was taken for dead, or its deadline was over. Nothing covers the
    call any more."""

    hold_id: str


@dataclass(frozen=True, slots=True)
class KeyUsed:
    """The idempotency key of a hold stands for another call of the account, so nothing was reserved. `running`: that call
    still has its hold."""

    call_id: str
    body_hash: bytes
    running: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """The hold is resolved. `charged_milli` is what the entries show; `absorbed_milli` what was billed and nobody pays;
    `fresh` is False when somebody had resolved it before. `late`: that was the reconciler, and what the call came to in truth
    is now one `adjust`."""

    hold_id: str
    charged_milli: int
    absorbed_milli: int
    fresh: bool
    late: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """The row is durable."""

    call_id: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The end user is durable; `fresh` is False when it was before."""

    user_id: str
    fresh: bool


@dataclass(frozen=True, slots=True)
class EnrolmentFull:
    """The app has enrolled as many users on this UTC day as it may; the day ends at `resets_at_ms`."""

    resets_at_ms: int


@dataclass(frozen=True, slots=True)
class Transferred:
    """The taker's top-ups, one for each bucket that gave."""

    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Refunded:
    """What was given back; `fresh` is False when somebody had done it before."""

    call_id: str
    credits_milli: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class NothingCharged:
    """No call of this id has been charged anything (yet)."""

    call_id: str


@dataclass(frozen=True, slots=True)
class WindowReset:
    """What was forgiven of the period `epoch`; `fresh` is False when the same command had done it before."""

    account_id: str
    epoch: str
    credits_milli: int
    fresh: bool


HoldAck = Held | HoldRefused | KeyUsed
ExtendAck = Held | HoldRefused | HoldLost
ByHandAck = Enrolled | EnrolmentFull | Transferred | Refunded | NothingCharged | WindowReset
LedgerAck = HoldAck | HoldLost | Settled | Recorded | ByHandAck


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """What one pass of the reconciler found: holds whose process or deadline is over, by what became of them."""

    settled: int = 0
    released: int = 0
    call_ids: tuple[str, ...] = ()
