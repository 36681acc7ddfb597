"""Keys of everybody: listed, made, bounded, ended, rotated and suspended by admins; a key leaves once, its hash never."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import Response

from proxy.api import keys
from proxy.api.admin.queries import KeyQuery
from proxy.api.admin.schemas import KeyBounds, KeyChange, NewKey, Reasoned, Rotation, Suspension
from proxy.api.admin.users import caps_of
from proxy.api.admin.views import caps_shown
from proxy.api.admin.visiting import ADMINS, TAG, change_of, missing
from proxy.api.bounds import NOTHING_NAMED, beyond_catalog, bounds_of, over_already
from proxy.api.endpoint import Answer, Endpoint, Visit, json_response
from proxy.api.native.account import RateTold
from proxy.api.native.keys import MINUTE_MS, KeyCap, Revoked, WishesGiven, WishesTold
from proxy.api.schemas import MomentMs, Told
from proxy.domain.account import Key
from proxy.domain.desk import KeyFilter
from proxy.domain.errors import Refusal
from proxy.domain.plan import Rate
from proxy.domain.value import replace

_ENDED: Final = ("revoked", "expired")


class KeyView(Told):
    """A key as it may be shown: its public part. `state` is live, suspended, expired or revoked."""

    id: str
    kind: str
    name: str
    state: str
    user_id: str | None
    app_id: str | None
    lineage: list[str]
    model_scope: list[str] | None
    caps: list[KeyCap]
    rate: RateTold | None
    manage_keys: bool
    wishes: WishesTold
    created_at_ms: MomentMs
    expires_at_ms: MomentMs | None
    revoked_at_ms: MomentMs | None

    @classmethod
    def of(cls, key: Key, now_ms: int) -> "KeyView":
        return cls(**key_fields(key, now_ms))


class NewKeyView(KeyView):
    """The only answer that holds a key itself, once."""

    key: str


class NewWishes(Reasoned):
    """What a key wishes from now on, all of it."""

    wishes: WishesGiven


class KeyList(Told):
    """Newest first; `next_before` is null when the page is not full."""

    data: list[KeyView]
    next_before: str | None


async def _list(visit: Visit) -> Answer:
    query, now_ms = visit.queries_as(KeyQuery), visit.services.clock.now_ms()
    live_at_ms = now_ms if query.live else None
    wanted = KeyFilter(query.user, query.app, query.kind, live_at_ms, query.before, query.limit)
    found = await visit.services.directory.keys_page(wanted)
    full = len(found) == query.limit
    return KeyList(data=[KeyView.of(key, now_ms) for key in found], next_before=found[-1].id if full else None)


async def _read(visit: Visit) -> Answer:
    key = await _found(visit)
    return key if isinstance(key, Refusal) else KeyView.of(key, visit.services.clock.now_ms())


async def _create(visit: Visit) -> Answer:
    body, services = visit.body_as(NewKey), visit.services
    now_ms = services.clock.now_ms()
    wrong = over_already(body.expires_at_ms, now_ms) or _beyond_catalog(visit, body.model_scope)
    if wrong is not None:
        return wrong
    user_id = await _holder(visit, body)
    if isinstance(user_id, Refusal):
        return user_id
    text = keys.mint(body.kind)
    key = Key(
        id=text.id,
        kind=body.kind,
        secret_hash=keys.secret_hash(services.knobs.key_pepper, text.text),
        user_id=user_id,
        app_id=body.app_id,
        name=body.name,
        lineage=(text.id,),
        created_at_ms=now_ms,
        model_scope=None if body.model_scope is None else tuple(body.model_scope),
        caps=caps_of(f"key:{text.id}", body.caps),
        rate=None if body.rate is None else body.rate.value,
        expires_at_ms=body.expires_at_ms,
        manage_keys=body.manage_keys,
        wishes=body.wishes.value,
    )
    return _shown_once(await services.directory.add_key(key, change_of(visit, body)), text, now_ms)


async def _revoke(visit: Visit) -> Answer:
    key = await _found(visit)
    if isinstance(key, Refusal):
        return key
    revoked = await visit.services.directory.revoke_key(key.id, change_of(visit, visit.body_as(Reasoned)))
    return Revoked(revoked=revoked)


async def _suspend(visit: Visit) -> Answer:
    body, key = visit.body_as(Suspension), await _found(visit)
    if isinstance(key, Refusal):
        return key
    changed = await visit.services.directory.suspend_key(key.id, body.suspended, change_of(visit, body))
    return KeyView.of(changed, visit.services.clock.now_ms())


async def _wish(visit: Visit) -> Answer:
    body, key = visit.body_as(NewWishes), await _found(visit)
    if isinstance(key, Refusal):
        return key
    changed = await visit.services.directory.wish_key(key.id, body.wishes.value, change_of(visit, body))
    return KeyView.of(changed, visit.services.clock.now_ms())


async def _cap(visit: Visit) -> Answer:
    """Spend belongs to the lineage, so the caps stand on the first key of those whose place this one took."""
    body, key = visit.body_as(KeyBounds), await _found(visit)
    if isinstance(key, Refusal):
        return key
    changed = await visit.services.directory.cap_key(key.id, caps_of(f"key:{key.id}", body.caps), change_of(visit, body))
    return KeyView.of(changed, visit.services.clock.now_ms())


async def _bind(visit: Visit) -> Answer:
    body, key, now_ms = visit.body_as(KeyChange), await _found(visit), visit.services.clock.now_ms()
    if isinstance(key, Refusal):
        return key
    bounds = bounds_of(body)
    if not bounds:
        return Refusal("invalid_request", NOTHING_NAMED.format("model_scope, rate, expires_at_ms"))
    if KeyView.of(key, now_ms).state in _ENDED:
        return Refusal("conflict", f"Key {key.id} has ended; make a new one.")
    wrong = over_already(body.expires_at_ms, now_ms) or _beyond_catalog(visit, body.model_scope, key.model_scope)
    if wrong is not None:
        return wrong
    try:
        return KeyView.of(await visit.services.directory.bind_key(key.id, bounds, change_of(visit, body)), now_ms)
    except ValueError as error:
        return Refusal("invalid_request", str(error))


async def _rotate(visit: Visit) -> Answer:
    """The new key is the old one under another secret, in its lineage: caps and what was spent of them stay."""
    body, services, old = visit.body_as(Rotation), visit.services, await _found(visit)
    if isinstance(old, Refusal):
        return old
    now_ms = services.clock.now_ms()
    if KeyView.of(old, now_ms).state in _ENDED:
        return Refusal("conflict", f"Key {old.id} has ended; make a new one.")
    text = keys.mint(old.kind)
    new = replace(
        old,
        id=text.id,
        secret_hash=keys.secret_hash(services.knobs.key_pepper, text.text),
        lineage=(text.id, *old.lineage),
        created_at_ms=now_ms,
    )
    grace_until_ms = now_ms + body.grace_minutes * MINUTE_MS
    return _shown_once(await services.directory.rotate_key(old.id, new, grace_until_ms, change_of(visit, body)), text, now_ms)


def _beyond_catalog(visit: Visit, scope: list[str] | None, had: Sequence[str] | None = None) -> Refusal | None:
    return beyond_catalog(scope, visit.services.catalog.current().models.values(), had)


async def _found(visit: Visit) -> Key | Refusal:
    key_id = visit.path("id")
    return await visit.services.directory.key(key_id) or missing("key", key_id)


async def _holder(visit: Visit, body: NewKey) -> str | Refusal | None:
    """The user that the key acts for; an app's key acts for the app's own."""
    directory = visit.services.directory
    if body.app_id is not None:
        app = await directory.app(body.app_id)
        return missing("app", body.app_id) if app is None else app.user_id
    if body.user_id is not None and await directory.user(body.user_id) is None:
        return missing("user", body.user_id)
    return body.user_id


def _shown_once(key: Key, text: keys.KeyText, now_ms: int) -> Response:
    view = NewKeyView(key=text.text, **key_fields(key, now_ms))
    return json_response(view, 201, {"cache-control": "no-store"})


def key_fields(key: Key, now_ms: int) -> dict[str, Any]:
    """All of a key but what must never leave: its hash."""
    return {
        "id": key.id,
        "kind": key.kind,
        "name": key.name,
        "state": _state(key, now_ms),
        "user_id": key.user_id,
        "app_id": key.app_id,
        "lineage": list(key.lineage),
        "model_scope": None if key.model_scope is None else list(key.model_scope),
        "caps": caps_shown(key.caps),
        "rate": _rate(key.rate),
        "manage_keys": key.manage_keys,
        "wishes": WishesTold.of(key.wishes),
        "created_at_ms": key.created_at_ms,
        "expires_at_ms": key.expires_at_ms,
        "revoked_at_ms": key.revoked_at_ms,
    }


def _rate(rate: Rate | None) -> RateTold | None:
    return None if rate is None else RateTold(requests=rate.requests, period_s=rate.period_s)


def _state(key: Key, now_ms: int) -> str:
    if key.revoked_at_ms is not None:
        return "revoked"
    if key.expires_at_ms is not None and key.expires_at_ms <= now_ms:
        return "expired"
    return "suspended" if key.suspended else "live"


_KEYS: Final = "/api/admin/keys"
_KEY: Final = "/api/admin/keys/{id}"

ENDPOINTS: Final = (
    Endpoint("GET", _KEYS, _list, ADMINS, "Keys of a user, an app, a kind, or all", TAG, answer=KeyList, queries=KeyQuery),
    Endpoint("POST", _KEYS, _create, ADMINS, "Make a key; shown once", TAG, body=NewKey, answer=NewKeyView, status=201),
    Endpoint("GET", _KEY, _read, ADMINS, "One key, without its secret", TAG, answer=KeyView),
    Endpoint(
        "POST", f"{_KEY}/bounds", _bind, ADMINS, "Change a key's scope, rate or expiry", TAG, body=KeyChange, answer=KeyView
    ),
    Endpoint("POST", f"{_KEY}/wishes", _wish, ADMINS, "Change what a key wishes", TAG, body=NewWishes, answer=KeyView),
    Endpoint("POST", f"{_KEY}/caps", _cap, ADMINS, "Change a key's caps", TAG, body=KeyBounds, answer=KeyView),
    Endpoint("POST", f"{_KEY}/revoke", _revoke, ADMINS, "End a key and all made from it", TAG, body=Reasoned, answer=Revoked),
    Endpoint("POST", f"{_KEY}/suspend", _suspend, ADMINS, "Stop a key, or let it go on", TAG, body=Suspension, answer=KeyView),
    Endpoint(
        "POST",
        f"{_KEY}/rotate",
        _rotate,
        ADMINS,
        "A new secret",
        TAG,
        body=Rotation,
        answer=NewKeyView,
        status=201,
    ),
)
