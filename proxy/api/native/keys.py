"""`/api/keys`: keys that make keys, bounded by themselves; a secret is shown once, in the answer that makes it."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from proxy.api import keys
from proxy.api.bounds import NOTHING_NAMED, RateGiven, beyond_catalog, bounds_of, over_already
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.menu import sights
from proxy.api.native.account import RateTold
from proxy.api.schemas import Credits, CreditsIn, Given, MomentMs, Name, Queries, Told, credits_of, milli_of
from proxy.api.terms import plan_in_force
from proxy.domain.account import Key, child_exceeds
from proxy.domain.catalog import Model
from proxy.domain.desk import Change
from proxy.domain.errors import Refusal
from proxy.domain.plan import Window
from proxy.domain.policy import NO_WISHES, Mode, Wishes
from proxy.domain.standing import Cap
from proxy.domain.value import replace

TAG: Final = "Keys"
MINUTE_MS: Final = 60_000
# A key's caps are asked for every hold, so what descends from what stays shallow and the keys of one owner countable.
LINEAGE_MAX: Final = 16
KEYS_MAX: Final = 200
GRACE_MINUTES_MAX: Final = 7 * 24 * 60


class CapGiven(Given):
    """Most that the key and all keys made from it may spend in a window."""

    window: Window
    credits: CreditsIn


Scope = Annotated[tuple[Name, ...], Field(min_length=1, max_length=64, description="Model ids, `tag:` names or globs.")]


class WishesGiven(Given):
    """What is wished of the models of every call; a request may narrow it and never widen it."""

    mode: Annotated[Mode | None, Field(description="How models are chosen where the request names no mode.")] = None
    avoid: Annotated[tuple[Name, ...], Field(max_length=64, description="Model ids, `tag:` names or globs never called.")] = ()
    only: Annotated[tuple[Name, ...], Field(max_length=64, description="The only ones that may be called, if any.")] = ()

    @property
    def value(self) -> Wishes:
        return Wishes(self.mode, self.avoid, self.only)


class WishesTold(Told):
    mode: Mode | None
    avoid: tuple[str, ...]
    only: tuple[str, ...]

    @classmethod
    def of(cls, wishes: Wishes) -> "WishesTold":
        return cls(mode=wishes.mode, avoid=wishes.avoid, only=wishes.only)


class KeyGiven(Given):
    """A new key. What is left out is as in the key that makes it; nothing may exceed it."""

    name: Name
    model_scope: Scope | None = None
    caps: Annotated[tuple[CapGiven, ...], Field(max_length=8)] = ()
    rate: RateGiven | None = None
    expires_at_ms: MomentMs | None = None
    manage_keys: bool = False
    wishes: WishesGiven = WishesGiven()


class KeyChangeGiven(Given):
    """What is to change of a key made from this one; what is left out stays. Wishes are given all at once. A bound that is null
    is lifted as far as the keys it was made from have none; what was made from it loses what it would have beyond."""

    wishes: WishesGiven | None = None
    model_scope: Scope | None = None
    rate: RateGiven | None = None
    expires_at_ms: MomentMs | None = None


class RotationGiven(Given):
    """How long the old key goes on working beside the new one."""

    grace_minutes: Annotated[int, Field(ge=0, le=GRACE_MINUTES_MAX)] = 60


class KeyCap(Told):
    window: Window
    credits: Credits


class KeyCard(Told):
    """A key without its secret. `made_by` is the key that it descends from."""

    id: str
    name: str
    made_by: str | None
    created_at_ms: MomentMs
    expires_at_ms: MomentMs | None
    revoked_at_ms: MomentMs | None
    suspended: bool
    model_scope: tuple[str, ...] | None
    caps: tuple[KeyCap, ...]
    rate: RateTold | None
    manage_keys: bool
    wishes: WishesTold


class KeysQueries(Queries):
    before: Annotated[Name | None, Field(description="Only keys older than this one: `next_before` of the page before.")] = None
    limit: Annotated[int, Field(ge=1, le=KEYS_MAX, description="Most keys on the page.")] = KEYS_MAX


class OwnKeys(Told):
    """Newest first; `next_before` is null when there are no older ones."""

    data: list[KeyCard]
    next_before: str | None


class NewKey(KeyCard):
    key: Annotated[str, Field(description="The whole key with its secret. It is not kept and never shown again.")]


class Revoked(Told):
    revoked: Annotated[int, Field(description="How many live keys ended: the one named and all made from it.")]


async def list_keys(visit: Visit) -> Answer:
    own, asked = visit.caller.key, visit.queries_as(KeysQueries)
    if not own.manage_keys:
        return OwnKeys(data=[_card(own)], next_before=None)
    found = await visit.services.directory.keys(own.user_id, own.app_id, asked.before, asked.limit)
    full = len(found) == asked.limit
    return OwnKeys(data=[_card(key) for key in _alike(own, found)], next_before=found[-1].id if full else None)


async def make_key(visit: Visit) -> Answer:
    parent, given, now_ms = visit.caller.key, visit.body_as(KeyGiven), visit.services.clock.now_ms()
    text = keys.mint(parent.kind)
    child = _child(parent, given, text, _hash(visit, text), now_ms)
    past = over_already(child.expires_at_ms, now_ms)
    if past is not None:
        return past
    objection = child_exceeds(parent, child) or await _too_many(visit, child, now_ms)
    if objection is not None:
        return Refusal("forbidden", objection)
    unknown = beyond_catalog(given.model_scope, _known_models(visit), parent.model_scope)
    if unknown is not None:
        return unknown
    return _shown_once(await visit.services.directory.add_key(child, Change(visit.actor)), text)


async def change_key(visit: Visit) -> Answer:
    target = await _target(visit)
    if isinstance(target, Refusal):
        return target
    # What binds a key was said by whoever made it; itself it may not unsay it.
    if visit.caller.key.id not in await visit.services.directory.makers(target.id):
        return Refusal("forbidden", "Only a key that this one was made from may change it, or an administrator.")
    body = visit.body_as(KeyChangeGiven)
    bounds = bounds_of(body)
    if not bounds and body.wishes is None:
        return Refusal("invalid_request", NOTHING_NAMED.format("wishes, model_scope, rate, expires_at_ms"))
    if bounds:
        bound = await _bound(visit, target, bounds)
        if isinstance(bound, Refusal):
            return bound
        target = bound
    if body.wishes is not None:
        target = await visit.services.directory.wish_key(target.id, body.wishes.value, Change(visit.actor))
    return _card(target)


async def revoke_key(visit: Visit) -> Answer:
    target = await _target(visit)
    if isinstance(target, Refusal):
        return target
    return Revoked(revoked=await visit.services.directory.revoke_key(target.id, Change(visit.actor)))


async def rotate_key(visit: Visit) -> Answer:
    target = await _target(visit)
    if isinstance(target, Refusal):
        return target
    now_ms = visit.services.clock.now_ms()
    if _has_ended(target, now_ms):
        return Refusal("conflict", "This key has ended already. Make a new one.")
    text = keys.mint(target.kind)
    new = replace(
        target,
        id=text.id,
        secret_hash=_hash(visit, text),
        lineage=(text.id, *target.lineage),
        created_at_ms=now_ms,
    )
    grace_until_ms = now_ms + visit.body_as(RotationGiven).grace_minutes * MINUTE_MS
    rotated = await visit.services.directory.rotate_key(target.id, new, grace_until_ms, Change(visit.actor))
    return _shown_once(rotated, text)


def governs(own: Key, target: Key) -> bool:
    """Whether `own` may end or renew `target`: it descends from it, or it can do no more, spends under the same caps, and
    nothing counts or is wished for `own` alone, which a renewed sibling would not be bound by."""
    if not own.manage_keys:
        return False
    if own.id in target.lineage:
        return True
    shares_caps = all(cap.scope.removeprefix("key:") in target.lineage for cap in own.caps)
    is_plain = own.rate is None and own.wishes == NO_WISHES and not own.lineage_wishes
    return shares_caps and is_plain and child_exceeds(own, target) is None


async def _bound(visit: Visit, target: Key, bounds: Mapping[str, Any]) -> Key | Refusal:
    past = over_already(bounds.get("expires_at_ms"), visit.services.clock.now_ms())
    wrong = past or beyond_catalog(bounds.get("model_scope"), _known_models(visit), target.model_scope)
    if wrong is not None:
        return wrong
    try:
        return await visit.services.directory.bind_key(target.id, bounds, Change(visit.actor))
    except ValueError as error:
        return Refusal("forbidden", str(error))


def _known_models(visit: Visit) -> list[Model]:
    """Those that the caller may know of: what is hidden from it is as unknown as what there is not."""
    catalog = visit.services.catalog.current()
    plan = plan_in_force(visit.caller, catalog, visit.services.clock.now_ms())
    return [sight.model for sight in sights(catalog, plan, None).values()]


async def _target(visit: Visit) -> Key | Refusal:
    own = visit.caller.key
    target = await visit.services.directory.key(visit.path("id"))
    if target is None or (target.kind, target.user_id, target.app_id) != (own.kind, own.user_id, own.app_id):
        return Refusal("not_found", "You have no key of this id.")
    # A rotated key stands where the one stood that made this.
    if governs(own, target) or (own.manage_keys and own.id in await visit.services.directory.makers(target.id)):
        return target
    return Refusal("forbidden", "This key may not change that one: only keys with manage_keys, within their own bounds.")


async def _owned(visit: Visit) -> list[Key]:
    own = visit.caller.key
    return _alike(own, await visit.services.directory.keys(own.user_id, own.app_id))


def _alike(own: Key, keys: list[Key]) -> list[Key]:
    return [key for key in keys if (key.kind, key.app_id) == (own.kind, own.app_id)]


async def _too_many(visit: Visit, child: Key, now_ms: int) -> str | None:
    if len(child.lineage) > LINEAGE_MAX:
        return f"Keys may descend from keys {LINEAGE_MAX - 1} times at most."
    live = sum(not _has_ended(key, now_ms) for key in await _owned(visit))
    return f"At most {KEYS_MAX} keys may live at once. Revoke some." if live >= KEYS_MAX else None


def _child(parent: Key, given: KeyGiven, text: keys.KeyText, kept: bytes, now_ms: int) -> Key:
    return Key(
        id=text.id,
        kind=parent.kind,
        secret_hash=kept,
        user_id=parent.user_id,
        app_id=parent.app_id,
        name=given.name,
        lineage=(text.id, *parent.lineage),
        created_at_ms=now_ms,
        model_scope=parent.model_scope if given.model_scope is None else given.model_scope,
        caps=tuple(Cap(f"key:{text.id}", cap.window, milli_of(cap.credits)) for cap in given.caps),
        rate=parent.rate if given.rate is None else given.rate.value,
        expires_at_ms=parent.expires_at_ms if given.expires_at_ms is None else given.expires_at_ms,
        manage_keys=given.manage_keys,
        wishes=given.wishes.value,
    )


def _hash(visit: Visit, text: keys.KeyText) -> bytes:
    return keys.secret_hash(visit.services.knobs.key_pepper, text.text)


def _has_ended(key: Key, now_ms: int) -> bool:
    return key.revoked_at_ms is not None or (key.expires_at_ms is not None and key.expires_at_ms <= now_ms)


def _shown_once(key: Key, text: keys.KeyText) -> NewKey:
    return NewKey(**_card(key).model_dump(), key=text.text)


def _card(key: Key) -> KeyCard:
    return KeyCard(
        id=key.id,
        name=key.name,
        made_by=key.lineage[1] if len(key.lineage) > 1 else None,
        created_at_ms=key.created_at_ms,
        expires_at_ms=key.expires_at_ms,
        revoked_at_ms=key.revoked_at_ms,
        suspended=key.suspended,
        model_scope=key.model_scope,
        caps=tuple(KeyCap(window=c.window, credits=credits_of(c.limit)) for c in key.caps if c.unit == "milli_credits"),
        rate=None if key.rate is None else RateTold(requests=key.rate.requests, period_s=key.rate.period_s),
        manage_keys=key.manage_keys,
        wishes=WishesTold.of(key.wishes),
    )


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(
        "GET",
        "/api/keys",
        list_keys,
        ("user", "app"),
        "Own keys, without secrets",
        TAG,
        queries=KeysQueries,
        answer=OwnKeys,
    ),
    Endpoint("POST", "/api/keys", make_key, ("user", "app"), "Makes a key", TAG, body=KeyGiven, answer=NewKey, status=201),
    Endpoint(
        "PATCH",
        "/api/keys/{id}",
        change_key,
        ("user", "app"),
        "Changes wishes and bounds of a key made from this one",
        TAG,
        body=KeyChangeGiven,
        answer=KeyCard,
    ),
    Endpoint("DELETE", "/api/keys/{id}", revoke_key, ("user", "app"), "Ends a key and all made from it", TAG, answer=Revoked),
    Endpoint(
        "POST",
        "/api/keys/{id}/rotate",
        rotate_key,
        ("user", "app"),
        "A new key in the place of an old one",
        TAG,
        body=RotationGiven,
        answer=NewKey,
        status=201,
    ),
)
