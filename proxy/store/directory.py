"""Users, apps, entitlements, grants and plan requests as people manage them; each write with its audit line at once."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

from proxy.domain.account import App, Key, User, UserFilter
from proxy.domain.desk import Change, Grant, KeyFilter, PlanRequest
from proxy.domain.plan import Entitlement
from proxy.domain.policy import Wishes
from proxy.domain.standing import Cap
from proxy.domain.value import replace
from proxy.ports import Clock, VersionConflict
from proxy.store import keyring, kinship, values
from proxy.store.database import Connection, Database
from proxy.store.grants import give
from proxy.store.table import Table
from proxy.store.trail import Writing

T = TypeVar("T")
V = TypeVar("V", User, App, Entitlement)

ROWS_MAX: Final = 1_000
EVERYBODY: Final = UserFilter()
# Written out: a server that learns of a rare state with each question would plan each anew.
_IN_STATE: Final = {status: f"status = '{status}'" for status in ("open", "approved", "denied")}
# No sign sorts behind it.
_LAST_SIGN: Final = "\U0010ffff"

USERS: Final = Table("users", values.USER_COLUMNS, values.user_of, values.user_row)
APPS: Final = Table("apps", values.APP_COLUMNS, values.app_of, values.app_row)
ENTITLEMENTS: Final = Table(
    "entitlements", values.ENTITLEMENT_COLUMNS, values.entitlement_of, values.entitlement_row, key="user_id"
)
PLAN_REQUESTS: Final = Table("plan_requests", values.PLAN_REQUEST_COLUMNS, values.plan_request_of, values.plan_request_row)


async def nobody_waits() -> None:
    """What to do after a write where nobody keeps anything in memory (the command line)."""


class SqlDirectory:
    """Implements Directory. `changed` runs after every write, so that this process sees it before the call returns."""

    def __init__(self, database: Database, clock: Clock, changed: Callable[[], Awaitable[None]] = nobody_waits) -> None:
        self._database = database
        self._clock = clock
        self._changed = changed

    async def users(self, app_id: str | None, after_id: str | None, limit: int, only: UserFilter = EVERYBODY) -> list[User]:
        page = f"LIMIT {min(limit, ROWS_MAX):d}"
        # Written out, for an index of few rows is read for no value that comes later.
        asked: dict[str, tuple[str, ...]] = {"suspended = 1": ()} if only.suspended else {}
        if app_id is not None:
            asked["app_id = ?"] = (app_id,)
        if only.named is not None:
            named = _folded(only.named)
            return await self._database.read(lambda connection: _named(connection, named, after_id, asked, page))
        last = None if only.begins is None else f"{only.begins}{_LAST_SIGN}"
        edges = {"id > ?": after_id, "id >= ?": only.begins, "id < ?": last}
        asked |= {condition: (value,) for condition, value in edges.items() if value is not None}
        return await self._database.read(lambda connection: _users(connection, asked, f"ORDER BY id {page}"))

    async def user(self, user_id: str) -> User | None:
        return await self._database.read(lambda connection: USERS.get(connection, user_id))

    async def cooling(self, now_ms: int, limit: int, after: tuple[int, str] | None = None) -> list[User]:
        follows, last = ("", ()) if after is None else (" AND (cooling_until_ms, id) < (?, ?)", after)
        tail = f"cooling_until_ms > ?{follows} ORDER BY cooling_until_ms DESC, id DESC LIMIT {min(limit, ROWS_MAX):d}"
        return await self._database.read(lambda connection: USERS.select(connection, tail, (now_ms, *last)))

    async def put_user(self, user: User, expected_version: int | None, change: Change) -> User:
        return await self._write(change, lambda writing: _put(writing, USERS, user, expected_version))

    async def apps(self, after_id: str | None = None, limit: int = ROWS_MAX) -> list[App]:
        return await self._database.read(lambda connection: APPS.find(connection, {}, "id", min(limit, ROWS_MAX), after_id))

    async def app(self, app_id: str) -> App | None:
        return await self._database.read(lambda connection: APPS.get(connection, app_id))

    async def put_app(self, app: App, expected_version: int | None, change: Change) -> App:
        return await self._write(change, lambda writing: _put(writing, APPS, app, expected_version))

    async def entitlement(self, user_id: str) -> Entitlement | None:
        return await self._database.read(lambda connection: ENTITLEMENTS.get(connection, user_id))

    async def put_entitlement(self, entitlement: Entitlement, expected_version: int | None, change: Change) -> Entitlement:
        return await self._write(change, lambda writing: _put(writing, ENTITLEMENTS, entitlement, expected_version))

    async def keys(
        self, user_id: str | None, app_id: str | None, before_id: str | None = None, limit: int = ROWS_MAX
    ) -> list[Key]:
        asked = {"user_id = ?": user_id, "app_id = ?": app_id}
        given = {words: value for words, value in asked.items() if value is not None}
        return await self._database.read(lambda c: kinship.KEYS.latest(c, given, min(limit, ROWS_MAX), before_id))

    async def keys_page(self, wanted: KeyFilter) -> list[Key]:
        page = replace(wanted, limit=min(wanted.limit, ROWS_MAX))
        return await self._database.read(lambda connection: keyring.page(connection, page))

    async def key(self, key_id: str) -> Key | None:
        return await self._database.read(lambda connection: kinship.KEYS.get(connection, key_id))

    async def add_key(self, key: Key, change: Change) -> Key:
        return await self._write(change, lambda writing: keyring.add(writing, key))

    async def suspend_key(self, key_id: str, suspended: bool, change: Change) -> Key:
        return await self._write(change, lambda writing: keyring.suspend(writing, key_id, suspended))

    async def wish_key(self, key_id: str, wishes: Wishes, change: Change) -> Key:
        return await self._write(change, lambda writing: keyring.wish(writing, key_id, wishes))

    async def cap_key(self, key_id: str, caps: tuple[Cap, ...], change: Change) -> Key:
        return await self._write(change, lambda writing: keyring.cap(writing, key_id, caps))

    async def makers(self, key_id: str) -> frozenset[str]:
        return await self._database.read(lambda connection: kinship.makers(connection, key_id))

    async def bind_key(self, key_id: str, bounds: Mapping[str, Any], change: Change) -> Key:
        return await self._write(change, lambda writing: keyring.bind(writing, key_id, bounds))

    async def revoke_key(self, key_id: str, change: Change) -> int:
        return await self._write(change, lambda writing: keyring.revoke(writing, key_id))

    async def rotate_key(self, old_id: str, new: Key, grace_until_ms: int, change: Change) -> Key:
        return await self._write(change, lambda writing: keyring.rotate(writing, old_id, new, grace_until_ms))

    async def grant(self, grant: Grant, change: Change) -> Grant:
        return await self._write(change, lambda writing: give(writing, grant))

    async def plan_requests(
        self, user_id: str | None, status: str | None, before_id: str | None = None, limit: int = ROWS_MAX
    ) -> list[PlanRequest]:
        given = {} if user_id is None else {"user_id = ?": user_id}
        asked = given if status is None else {**given, _IN_STATE.get(status, "false"): None}
        return await self._database.read(lambda c: PLAN_REQUESTS.latest(c, asked, min(limit, ROWS_MAX), before_id))

    async def plan_request(self, request_id: str) -> PlanRequest | None:
        return await self._database.read(lambda connection: PLAN_REQUESTS.get(connection, request_id))

    async def file_plan_request(self, request: PlanRequest) -> PlanRequest:
        return await self._write(Change(f"user:{request.user_id}"), lambda writing: _file(writing, request))

    async def decide_plan_request(self, decided: PlanRequest, entitlement: Entitlement | None, change: Change) -> PlanRequest:
        return await self._write(change, lambda writing: _decide(writing, decided, entitlement))

    async def _write(self, change: Change, work: Callable[[Writing], T]) -> T:
        at_ms = self._clock.now_ms()
        result = await self._database.write(lambda connection: work(Writing(connection, change, at_ms)))
        await self._changed()
        return result


def _put(writing: Writing, table: Table[V], value: V, expected_version: int | None) -> V:
    subject = _subject(value)
    before = table.get(writing.connection, subject.partition(":")[2])
    if expected_version is None:
        new = replace(value, version=1)
        table.insert(writing.connection, new)
    elif before is None or before.version != expected_version:
        raise VersionConflict(f"{subject} is not what it was; read it again")
    else:
        new = replace(value, version=expected_version + 1)
        table.update(writing.connection, new)
    shown_before = None if before is None else values.shown(before)
    writing.note(f"{subject.partition(':')[0]}.put", subject, shown_before, values.shown(new))
    return new


def _subject(value: User | App | Entitlement) -> str:
    match value:
        case User():
            return f"user:{value.id}"
        case App():
            return f"app:{value.id}"
        case Entitlement():
            # Whoever keeps callers in memory knows them by user.
            return f"entitlement:{value.user_id}"


def _file(writing: Writing, request: PlanRequest) -> PlanRequest:
    PLAN_REQUESTS.insert(writing.connection, request)
    writing.note("plan_request.file", f"plan_request:{request.id}", None, values.shown(request))
    return request


def _decide(writing: Writing, decided: PlanRequest, entitlement: Entitlement | None) -> PlanRequest:
    asked = PLAN_REQUESTS.get(writing.connection, decided.id)
    if asked is None or asked.status != "open":
        raise VersionConflict(f"plan request {decided.id} is not open")
    PLAN_REQUESTS.update(writing.connection, decided)
    writing.note(f"plan_request.{decided.status}", f"plan_request:{decided.id}", values.shown(asked), values.shown(decided))
    if entitlement is not None:
        exists = ENTITLEMENTS.get(writing.connection, entitlement.user_id) is not None
        _put(writing, ENTITLEMENTS, entitlement, entitlement.version if exists else None)
    return decided


def _named(
    connection: Connection, begins: str, after_id: str | None, asked: Mapping[str, tuple[str, ...]], page: str
) -> list[User]:
    after = None if after_id is None else USERS.get(connection, after_id)
    name = "" if after is None else _folded(after.name)
    # Where an index begins is said by itself: of a pair with an expression SQLite's indexes heed nothing.
    within = {**asked, "lower(name) >= ?": (max(name, begins),), "lower(name) < ?": (f"{begins}{_LAST_SIGN}",)}
    if after is not None:
        within["(lower(name), id) > (?, ?)"] = (name, after.id)
    return _users(connection, within, f"ORDER BY lower(name), id {page}")


def _users(connection: Connection, asked: Mapping[str, tuple[str, ...]], tail: str) -> list[User]:
    values = tuple(value for values in asked.values() for value in values)
    return USERS.select(connection, f"{' AND '.join(asked) or 'true'} {tail}", values)


def _folded(text: str) -> str:
    """As both databases lower a name: ASCII letters alone."""
    return "".join(sign.lower() if sign.isascii() else sign for sign in text)
