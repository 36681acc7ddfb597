"""The way to what people keep and look up: accounts, register, directory, catalog; no implementation, ever."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from proxy.domain.account import App, Caller, Key, User, UserFilter
from proxy.domain.call import Attempt, Call
from proxy.domain.catalog import Catalog
from proxy.domain.conversation import KeptConversation, Opening, Turn, Written
from proxy.domain.desk import (
    AuditFilter,
    AuditLine,
    CallFilter,
    CallPage,
    CatalogKind,
    CatalogOutlook,
    CatalogPatch,
    CeilingPlace,
    Change,
    Conversation,
    Entry,
    Grant,
    HistoryQuery,
    KeyFilter,
    ModelUsers,
    PatchState,
    PlanRequest,
    PromptCheck,
    RowChange,
    UsageQuery,
    UsageRow,
)
from proxy.domain.feedback import Feedback, Opinion
from proxy.domain.journey import Thread
from proxy.domain.learned import Lesson
from proxy.domain.plan import Entitlement
from proxy.domain.policy import Wishes
from proxy.domain.rollup import Tallies, TallyQuery, TallyRow, UserTallyQuery
from proxy.domain.standing import Cap
from proxy.domain.value import dataclass


class VersionConflict(Exception):
    """Somebody changed the object since the version that the writer saw, or it exists already."""


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


class Threads(Protocol):
    """What conversations need to go on where they were, in whichever process and after whatever restart."""

    async def thread(self, conversation_id: str, user_id: str) -> Thread | None:
        """Who answered this user's conversation last; None when nobody has. Raises StoreUnavailable."""
        ...


class Register(Threads, Protocol):
    """Reads of what calls left behind. Raises StoreUnavailable."""

    async def call(self, call_id: str) -> Call | None: ...

    async def calls(self, wanted: CallFilter) -> CallPage:
        """Newest first; without what they were judged by, for which one asks about one call."""
        ...

    async def history(self, query: HistoryQuery) -> list[Call]:
        """Oldest first, in the order of (at_ms, id)."""
        ...

    async def entries(self, call_id: str) -> list[Entry]: ...

    async def prompt_check(self, call_id: str) -> PromptCheck | None: ...

    async def conversation(self, conversation_id: str) -> Conversation | None: ...

    async def usage(self, query: UsageQuery) -> list[UsageRow]: ...

    async def tallies(self, query: TallyQuery) -> list[TallyRow]: ...

    async def routed(self, from_ms: int, until_ms: int) -> list[TallyRow]:
        """What calls came to on every UTC day that the period touches, by assistant and model."""
        ...

    async def user_tallies(self, query: UserTallyQuery) -> Tallies: ...

    async def model_users(self, model_ids: Sequence[str], from_ms: int, calls_max: int) -> list[ModelUsers]:
        """Who made the newest calls of each model since `from_ms`; at most `calls_max` calls in all are looked at,
        and of each model a bounded number."""
        ...

    async def charged(self, user_id: str, from_ms: int, calls_max: int) -> list[tuple[Attempt, ...]]:
        """What was charged of each of a user's calls since `from_ms`, the newest first."""

    async def audit(self, before_id: int | None, limit: int, only: AuditFilter = ...) -> list[AuditLine]:
        """Newest first."""
        ...


class Teacher(Protocol):
    """Who knows how good models are at a family of tasks, beside the catalog's own word."""

    def lessons(self) -> Sequence[Lesson]:
        """All that is known now. Raises ValueError when it makes no sense."""
        ...


class FeedbackBox(Protocol):
    """What people say of answers. Raises StoreUnavailable."""

    async def give(self, feedback: Feedback) -> Feedback:
        """Keeps it, in the place of what was said of the same call before; what is kept now."""
        ...

    async def of_call(self, call_id: str) -> Feedback | None: ...

    async def opinions(self, from_ms: int, until_ms: int) -> list[Opinion]:
        """Of a period, by assistant and model: what was said, and apart from it whom low credits led to."""
        ...


class Conversations(Protocol):
    """What users said and were told, where the operator keeps it; each sees their own alone. Raises StoreUnavailable."""

    async def listed(self, user_id: str, before: tuple[int, str], limit: int) -> list[KeptConversation]:
        """Those that changed last first; only those whose (changed_at_ms, id) is less than `before`."""
        ...

    async def shown(self, user_id: str, conversation_id: str) -> tuple[KeptConversation, list[Turn]] | None:
        """With its turns in order. An answer whose call has ended and that nobody finished is `cut`."""
        ...

    async def begin(self, opening: Opening) -> int:
        """Writes the question and the place of its answer; the answer's number."""
        ...

    async def save(self, opening: Opening, number: int, written: Written) -> None:
        """Writes what there is of the answer, unless another call goes on with it by now, or it was erased."""
        ...

    async def withdraw(self, opening: Opening) -> None:
        """Takes back a question that got no answer, and the conversation with it if it was the first."""
        ...

    async def rename(self, user_id: str, conversation_id: str, title: str) -> KeptConversation | None: ...

    async def erase(self, user_id: str, conversation_id: str) -> bool:
        """Whether there was one."""
        ...

    async def erase_all(self, user_id: str, change: Change | None) -> int:
        """How many there were; with an audit line where somebody else did it, `change`."""
        ...


class Directory(Protocol):
    """Users, apps, entitlements, keys, grants and plan requests as people manage them; each write with its audit line in
    one transaction. `expected_version` None means: must not exist yet. Raises VersionConflict, StoreUnavailable."""

    async def users(self, app_id: str | None, after_id: str | None, limit: int, only: UserFilter = ...) -> list[User]:
        """In the order of their ids or, where they are found by them, of their names."""
        ...

    async def user(self, user_id: str) -> User | None: ...

    async def cooling(self, now_ms: int, limit: int, after: tuple[int, str] | None = None) -> list[User]:
        """Users who cool off now, those longest to go first; those who follow a moment and an id."""
        ...

    async def put_user(self, user: User, expected_version: int | None, change: Change) -> User: ...

    async def apps(self, after_id: str | None = None, limit: int = ...) -> list[App]:
        """In the order of their ids."""
        ...

    async def app(self, app_id: str) -> App | None: ...

    async def put_app(self, app: App, expected_version: int | None, change: Change) -> App: ...

    async def entitlement(self, user_id: str) -> Entitlement | None: ...

    async def put_entitlement(self, entitlement: Entitlement, expected_version: int | None, change: Change) -> Entitlement: ...

    async def keys(self, user_id: str | None, app_id: str | None, before_id: str | None = None, limit: int = ...) -> list[Key]:
        """Newest first; older ones than `before_id`."""
        ...

    async def keys_page(self, wanted: KeyFilter) -> list[Key]:
        """Newest first."""
        ...

    async def key(self, key_id: str) -> Key | None: ...

    async def add_key(self, key: Key, change: Change) -> Key: ...

    async def suspend_key(self, key_id: str, suspended: bool, change: Change) -> Key:
        """Stops the key at once, or lets it go on. VersionConflict when there is none."""
        ...

    async def wish_key(self, key_id: str, wishes: Wishes, change: Change) -> Key:
        """Changes what the key wishes of its calls. VersionConflict when there is none."""
        ...

    async def cap_key(self, key_id: str, caps: tuple[Cap, ...], change: Change) -> Key:
        """Changes what the key, and those whose place it took, may spend in credits; what was spent counts on. VersionConflict
        when there is none."""
        ...

    async def makers(self, key_id: str) -> frozenset[str]:
        """The keys that it was made from, and those that took the place of one of them."""
        ...

    async def bind_key(self, key_id: str, bounds: Mapping[str, Any], change: Change) -> Key:
        """Changes those of the key's BOUNDS that are named; None lifts one as far as the keys it was made from have none. With
        it go the keys whose place it took, and what was made from it loses what it would have beyond. VersionConflict when
        there is none or it has ended, ValueError in words when it would have more than a key it was made from."""
        ...

    async def revoke_key(self, key_id: str, change: Change) -> int:
        """Revokes the key and its descendants; how many were live."""
        ...

    async def rotate_key(self, old_id: str, new: Key, grace_until_ms: int, change: Change) -> Key:
        """Adds `new` in the old key's lineage and lets the old one expire at the end of the grace."""
        ...

    async def grant(self, grant: Grant, change: Change) -> Grant: ...

    async def plan_requests(
        self, user_id: str | None, status: str | None, before_id: str | None = None, limit: int = ...
    ) -> list[PlanRequest]:
        """Newest first; older ones than `before_id`."""
        ...

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

    async def restore(self, kind: CatalogKind, object_id: str, change: Change) -> None:
        """Takes a deletion back, so that the files' row is in force again."""
        ...

    async def reload(self, change: Change) -> str | None:
        """Has every process read the files again, this one before it returns; why the old catalog stays in force, or None."""
        ...

    async def diff(self) -> list[PatchState]: ...

    async def patches(self) -> list[CatalogPatch]: ...

    def ceilings(self) -> tuple[CeilingPlace, ...]:
        """The ceilings in force, each with its file: the operator's word alone, never a patch."""
        ...

    async def trial(self, changes: Sequence[RowChange], revision: str | None = None) -> Catalog | None:
        """The catalog as it would be with these changes, over what is in force or over a revision that calls refer to (its
        rows that are gone since are left out of the changes); built and never saved. None when the revision is no longer
        kept, or could not be without a row that goes; ValueError as for a write."""
        ...

    async def outlook(self, proposal: str | None = None) -> CatalogOutlook:
        """What would change if the files were read again now or, with a text in TOML, if they held its rows too (in the place
        of those of the same names). Nothing is changed."""
        ...
