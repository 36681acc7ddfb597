"""A key's public id in, its Caller out, from memory where nothing has changed since; writes nothing, judges nobody."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Literal

from proxy.domain.account import App, Caller, Key, User
from proxy.domain.plan import Entitlement, entitled_at
from proxy.domain.value import dataclass, replace
from proxy.ports import Clock
from proxy.store import kinship
from proxy.store.database import Connection, Database
from proxy.store.directory import APPS, ENTITLEMENTS, USERS
from proxy.store.memory import Memory, Part
from proxy.store.trail import last_change

KEPT_MAX: Final = 20_000
UNKNOWN_KEPT_MAX: Final = 2_000
# How long memory may be trusted without having looked for changes (contract 1: a change is seen within a second).
FRESH_NS: Final = 900_000_000
CHANGES_READ_MAX: Final = 5_000
END_USER_HASH_CHARS: Final = 24
NO_PLAN: Final = ""

Place = tuple[Literal["key", "end_user"], str]


@dataclass(frozen=True, slots=True)
class _Found:
    """What was read, everything it was made of, and the newest change that it had seen."""

    caller: Caller | None
    parts: tuple[Part, ...]
    seq: int


class SqlAccounts:
    """Implements Accounts. `refresh` is cheap and meant to be called twice a second; nobody waits for it unless it is late."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: Memory[Place, Caller] = Memory(KEPT_MAX)
        # Apart, so that nobody who invents names can push out callers that exist.
        self._unknown: Memory[Place, Caller | Literal["nobody"]] = Memory(UNKNOWN_KEPT_MAX)
        self._one_look_at_a_time = asyncio.Lock()
        self._seen: int | None = None
        self._looked_ns: int | None = None

    async def caller(self, key_id: str) -> Caller | None:
        place: Place = ("key", key_id)
        found = self._known.get(place) if self._is_fresh() else None
        if found is None:
            found = await self._caller(place, lambda connection: _read_caller(connection, key_id))
        return None if found is None else self._as_entitled_now(found)

    async def end_user(self, app_caller: Caller, external_id: str) -> Caller:
        app = app_caller.app
        if app is None:
            raise ValueError("only a caller of an app acts for end users")
        user_id = end_user_id(app.id, external_id)
        now_ms = self._clock.now_ms()
        found = await self._caller(
            ("end_user", user_id), lambda connection: _read_end_user(connection, app, user_id, app_caller.key)
        )
        if found is None:
            user = _new_user(user_id, app, external_id, now_ms)
            return replace(app_caller, user=user, entitlement=_default(user_id, app), enrols=True)
        return self._as_entitled_now(replace(app_caller, user=found.user, entitlement=found.entitlement, enrols=False))

    async def refresh(self) -> None:
        """Forgets what has changed since the last look, by whomever. Raises StoreUnavailable."""
        async with self._one_look_at_a_time:
            await self._look()

    async def _caller(self, place: Place, read: Callable[[Connection], _Found]) -> Caller | None:
        if not self._is_fresh():
            await self._freshen()
        known = self._known.get(place)
        if known is not None:
            return known
        if self._unknown.get(place) is not None:
            return None
        found = await self._database.read(read)
        # A read that began before the last look may have missed what that look forgot.
        if found.seq >= (self._seen or 0):
            self._keep(place, found)
        return found.caller

    def _keep(self, place: Place, found: _Found) -> None:
        if found.caller is None:
            self._unknown.keep(place, "nobody", found.parts)
        else:
            self._known.keep(place, found.caller, found.parts)

    def _as_entitled_now(self, caller: Caller) -> Caller:
        if caller.entitlement.next is None:
            return caller
        return replace(caller, entitlement=entitled_at(caller.entitlement, self._clock.now_ms()))

    async def _freshen(self) -> None:
        async with self._one_look_at_a_time:
            if not self._is_fresh():
                await self._look()

    def _is_fresh(self) -> bool:
        return self._looked_ns is not None and self._clock.monotonic_ns() - self._looked_ns < FRESH_NS

    async def _look(self) -> None:
        looked_ns, seen = self._clock.monotonic_ns(), self._seen
        newest, changed = await self._database.read(lambda connection: _news(connection, seen))
        if changed is None:
            self._known.clear()
            self._unknown.clear()
        for part in changed or ():
            self._known.changed(part)
            self._unknown.changed(part)
        self._seen, self._looked_ns = newest, looked_ns


def end_user_id(app_id: str, external_id: str) -> str:
    """The account id of an app's end user: the same for the same pair, and no way back to the app's own name for them."""
    digest = hashlib.sha256(f"{app_id}\0{external_id}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"eu_{digest[:END_USER_HASH_CHARS]}"


def _news(connection: Connection, seen: int | None) -> tuple[int, list[Part] | None]:
    """The newest change, and what changed since `seen`; None for more than is worth telling apart."""
    if seen is None:
        return last_change(connection), []
    rows = connection.execute(
        "SELECT seq, kind, object_id FROM changes WHERE seq > ? ORDER BY seq LIMIT ?", (seen, CHANGES_READ_MAX + 1)
    ).fetchall()
    if len(rows) > CHANGES_READ_MAX:
        return last_change(connection), None
    newest = rows[-1][0] if rows else seen
    return newest, [(kind, object_id) for _, kind, object_id in rows]


def _read_caller(connection: Connection, key_id: str) -> _Found:
    seq = last_change(connection)
    key = kinship.KEYS.get(connection, key_id)
    if key is None:
        return _Found(None, (("key", key_id),), seq)
    app = None if key.app_id is None else APPS.get(connection, key.app_id)
    parts = (*(("key", id) for id in kinship.ancestors(connection, key)), ("app", key.app_id or ""))
    owner_id = app.user_id if app is not None and key.kind == "app" else key.user_id
    if owner_id is None:
        return _Found(_staff(key), parts, seq)
    parts += (("user", owner_id), ("entitlement", owner_id))
    user = USERS.get(connection, owner_id)
    if user is None:
        return _Found(None, parts, seq)
    entitlement = ENTITLEMENTS.get(connection, owner_id) or _default(owner_id, app)
    return _Found(Caller(kinship.with_lineage(connection, key), user, entitlement, app), parts, seq)


def _read_end_user(connection: Connection, app: App, user_id: str, key: Key) -> _Found:
    seq = last_change(connection)
    parts = (("user", user_id), ("entitlement", user_id), ("app", app.id))
    user = USERS.get(connection, user_id)
    if user is None:
        return _Found(None, parts, seq)
    entitlement = ENTITLEMENTS.get(connection, user_id) or _default(user_id, app)
    return _Found(Caller(key, user, entitlement, app), parts, seq)


def _staff(key: Key) -> Caller | None:
    # Support and admin keys have no account: whoever holds one is named after it and entitled to nothing.
    if key.kind not in ("support", "admin"):
        return None
    user = User(f"key:{key.id}", key.name, key.created_at_ms)
    return Caller(key, user, _default(user.id, None))


def _default(user_id: str, app: App | None) -> Entitlement:
    return Entitlement(f"ent_{user_id}", user_id, NO_PLAN if app is None else app.default_plan_id)


def _new_user(user_id: str, app: App, external_id: str, now_ms: int) -> User:
    day = datetime.fromtimestamp(now_ms / 1_000, UTC).day
    return User(user_id, external_id, now_ms, anchor_day=day, app_id=app.id, external_id=external_id)
