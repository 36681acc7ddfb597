"""Protocols of everything that touches the world, and the exceptions they may raise; no implementation, ever."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from proxy.domain.account import App, Caller, Key, User
from proxy.domain.alert import Alert
from proxy.domain.call import Attempt, Call
from proxy.domain.catalog import Catalog, Timeouts
from proxy.domain.decision import Health
from proxy.domain.desk import (
    AuditLine,
    CallFilter,
    CatalogKind,
    CatalogPatch,
    Change,
    Conversation,
    Entry,
    Grant,
    HistoryQuery,
    PatchState,
    PlanRequest,
    PromptCheck,
    RowChange,
    UsageQuery,
    UsageRow,
)
from proxy.domain.errors import Fault
from proxy.domain.ledger import (
    Enrol,
    Enrolled,
    EnrolmentFull,
    ExtendRequest,
    Held,
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
    Settled,
    Settlement,
    Transfer,
    Transferred,
)
from proxy.domain.plan import Entitlement, Rate
from proxy.domain.rollup import TallyQuery, TallyRow
from proxy.domain.standing import Standing


class UpstreamError(Exception):
    """An exchange failed; `fault` says how, already classified and free of provider text."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


class StoreUnavailable(Exception):
    """The store cannot take or answer this now; try again after `retry_after_s`."""

    def __init__(self, why: str, retry_after_s: int = 1) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


class CommitUnknown(StoreUnavailable):
    """The store went away while it committed: what was asked may have been done, or not."""


class VersionConflict(Exception):
    """Somebody changed the object since the version that the writer saw, or it exists already."""


class Clock(Protocol):
    """Wall time for records and epochs, a monotonic clock for durations."""

    def now_ms(self) -> int: ...

    def monotonic_ns(self) -> int: ...


class Ids(Protocol):
    """Identifiers. `call_id` is time-ordered; `end_user` is the keyed hash of a user id that upstream may see."""

    def call_id(self, now_ms: int) -> str: ...

    def request_id(self) -> str: ...

    def end_user(self, user_id: str) -> str: ...

    def jitter(self) -> float:
        """A random number in [0, 1) for back-off."""


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


class Exchange(Protocol):
    """A provider's answer as it arrives. `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]

    async def next_bytes(self) -> bytes:
        """All that has arrived since the last call, waiting for at least one byte; b"" at the end. Raises UpstreamError."""

    async def close(self) -> None:
        """Ends the exchange at once; a waiting `next_bytes` raises UpstreamError. Idempotent, never raises."""


class Upstream(Protocol):
    """Outbound HTTP. `open` returns when status and headers are there; faults before that raise UpstreamError."""

    async def open(self, request: UpstreamRequest) -> Exchange: ...

    async def close(self) -> None: ...


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


class Ledger(Protocol):
    """The durable books: many commands in, an acknowledgement each, one transaction for all.

    A command that cannot be carried out gets a StoreUnavailable or ValueError in its place and leaves its neighbours alone.
    Every command is idempotent under its id. Raises StoreUnavailable when nothing could be done.
    """

    async def apply(self, commands: Sequence[LedgerCommand]) -> list[LedgerAck | Exception]: ...


class Books(Protocol):
    """The ledger as one call sees it: group commit behind, durable when it returns. All raise StoreUnavailable."""

    async def hold(self, request: HoldRequest) -> HoldAck: ...

    async def extend(self, request: ExtendRequest) -> Held | HoldRefused: ...

    async def settle(self, settlement: Settlement) -> Settled: ...

    async def record(self, record: RecordCall) -> Recorded: ...

    async def standing(self, account_id: str, terms: HoldTerms) -> Standing: ...

    async def used(self, account_id: str, asked: IdempotencyKey) -> KeyUsed | None:
        """The call that an idempotency key stands for; None when it may be used."""
        ...


class ByHand(Protocol):
    """The same ledger as people see it: what they move beside calls, each with its audit line, durable when it returns. All
    raise StoreUnavailable."""

    async def enrol(self, enrol: Enrol) -> Enrolled | EnrolmentFull: ...

    async def transfer(self, transfer: Transfer) -> Transferred | HoldRefused: ...

    async def refund(self, refund: Refund) -> Refunded | NothingCharged: ...


class Accounts(Protocol):
    """Who callers are; answers from memory where it can, never staler than a second. Raises StoreUnavailable."""

    async def caller(self, key_id: str) -> Caller | None:
        """The caller of a key (an app key: as the app's own user), revoked and expired ones too; None if unknown."""
        ...

    async def end_user(self, app_caller: Caller, external_id: str) -> Caller:
        """The same key, acting for an end user of its app; unknown ones come back with `enrols` set."""
        ...


class CatalogSource(Protocol):
    """The catalog in force and the ones that recorded calls refer to."""

    def current(self) -> Catalog: ...

    async def at(self, revision: str) -> Catalog | None: ...

    async def reload(self) -> str | None:
        """Reads files and patches again; the reason when the old snapshot had to stay, else None."""
        ...


class HealthBoard(Protocol):
    """What recent attempts say of each model at its provider."""

    def snapshot(self) -> Health: ...

    def observe(self, model_id: str, provider_id: str, fault: Fault | None, ttft_ms: int | None) -> None: ...


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


class Recorder(Protocol):
    """Logs and metrics, all derived from the finished record."""

    def began(self) -> None: ...

    def finished(self, call: Call) -> None: ...

    def incident(self, name: str, **facts: str | int) -> None:
        """A countable event outside a call: a failed hold or settlement, a reload, a provider marked down."""
        ...


class Register(Protocol):
    """Reads of what calls left behind. Raises StoreUnavailable."""

    async def call(self, call_id: str) -> Call | None: ...

    async def calls(self, wanted: CallFilter) -> list[Call]: ...

    async def history(self, query: HistoryQuery) -> list[Call]:
        """Oldest first, in the order of (at_ms, id)."""
        ...

    async def entries(self, call_id: str) -> list[Entry]: ...

    async def prompt_check(self, call_id: str) -> PromptCheck | None: ...

    async def conversation(self, conversation_id: str) -> Conversation | None: ...

    async def usage(self, query: UsageQuery) -> list[UsageRow]: ...

    async def tallies(self, query: TallyQuery) -> list[TallyRow]: ...

    async def charged(self, user_id: str, from_ms: int, calls_max: int) -> list[tuple[Attempt, ...]]:
        """What was charged of each of a user's calls since `from_ms`, the newest first."""

    async def audit(self, before_id: int | None, limit: int) -> list[AuditLine]: ...


class Directory(Protocol):
    """Users, apps, entitlements, keys, grants and plan requests as people manage them; each write with its audit line in
    one transaction. `expected_version` None means: must not exist yet. Raises VersionConflict, StoreUnavailable."""

    async def users(self, app_id: str | None, after_id: str | None, limit: int) -> list[User]: ...

    async def user(self, user_id: str) -> User | None: ...

    async def put_user(self, user: User, expected_version: int | None, change: Change) -> User: ...

    async def apps(self) -> list[App]: ...

    async def app(self, app_id: str) -> App | None: ...

    async def put_app(self, app: App, expected_version: int | None, change: Change) -> App: ...

    async def entitlement(self, user_id: str) -> Entitlement | None: ...

    async def put_entitlement(self, entitlement: Entitlement, expected_version: int | None, change: Change) -> Entitlement: ...

    async def keys(self, user_id: str | None, app_id: str | None) -> list[Key]: ...

    async def key(self, key_id: str) -> Key | None: ...

    async def add_key(self, key: Key, change: Change) -> Key: ...

    async def suspend_key(self, key_id: str, suspended: bool, change: Change) -> Key:
        """Stops the key at once, or lets it go on. VersionConflict when there is none."""
        ...

    async def revoke_key(self, key_id: str, change: Change) -> int:
        """Revokes the key and its descendants; how many were live."""
        ...

    async def rotate_key(self, old_id: str, new: Key, grace_until_ms: int, change: Change) -> Key:
        """Adds `new` in the old key's lineage and lets the old one expire at the end of the grace."""
        ...

    async def grant(self, grant: Grant, change: Change) -> Grant: ...

    async def plan_requests(self, user_id: str | None, status: str | None) -> list[PlanRequest]: ...

    async def plan_request(self, request_id: str) -> PlanRequest | None: ...

    async def file_plan_request(self, request: PlanRequest) -> PlanRequest:
        """Raises VersionConflict when one is open for the same."""
        ...

    async def decide_plan_request(self, decided: PlanRequest, entitlement: Entitlement | None, change: Change) -> PlanRequest:
        """Closes the request and, when approved, writes the entitlement, in one transaction. VersionConflict if closed."""
        ...


@dataclass(frozen=True, slots=True)
class CatalogObject:
    """One row as the admin sees it: merged value, the files' value (None if made by an admin) and its ETag."""

    kind: CatalogKind
    id: str
    value: Mapping[str, Any]
    file_value: Mapping[str, Any] | None
    etag: str


class CatalogDesk(Protocol):
    """The admin's layer over the files. A write is checked by building the whole snapshot first: ValueError says what is
    wrong with it and changes nothing. Raises VersionConflict (ETag), StoreUnavailable."""

    async def objects(self, kind: CatalogKind) -> list[CatalogObject]: ...

    async def object(self, kind: CatalogKind, object_id: str) -> CatalogObject | None: ...

    async def patch(
        self, kind: CatalogKind, object_id: str, fields: Mapping[str, Any], etag: str, change: Change
    ) -> CatalogObject: ...

    async def create(self, kind: CatalogKind, object_id: str, value: Mapping[str, Any], change: Change) -> CatalogObject: ...

    async def delete(self, kind: CatalogKind, object_id: str, etag: str, change: Change) -> None: ...

    async def diff(self) -> list[PatchState]: ...

    async def patches(self) -> list[CatalogPatch]: ...

    async def trial(self, changes: Sequence[RowChange], revision: str | None = None) -> Catalog | None:
        """The catalog as it would be with these changes, over what is in force or over a revision that calls refer to (its
        rows that are gone since are left out of the changes); built and never saved. None when the revision is no longer
        kept; ValueError as for a write."""
        ...


class Alerts(Protocol):
    """What the books noticed and an operator is to be told of. Raises StoreUnavailable."""

    async def take(self, count_max: int, back_in_ms: int) -> list[Alert]: ...

    async def done(self, alert_id: str) -> None: ...

    async def postpone(self, alert_id: str, wait_ms: int) -> None: ...


class Leases(Protocol):
    """Keeps this process's holds alive and resolves those that nobody keeps."""

    async def beat(self) -> None: ...

    async def reconcile(self) -> ReconcileReport: ...
