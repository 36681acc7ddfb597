"""Keys inside a write: added, revoked with descendants, rotated, suspended, capped, bound; shows a key's hash to nobody."""

from collections.abc import Mapping
from typing import Any, Final

from proxy.domain.account import Key, bounds_exceed, narrowed
from proxy.domain.desk import KeyFilter
from proxy.domain.policy import Wishes
from proxy.domain.standing import Cap
from proxy.domain.value import replace
from proxy.ports import VersionConflict
from proxy.store import kinship, values
from proxy.store.database import Connection
from proxy.store.kinship import KEYS
from proxy.store.trail import Writing

_INHERIT: Final = (
    "INSERT INTO key_descent SELECT ancestor_id, ?1 FROM key_descent"
    " WHERE key_id = ?2 AND ancestor_id IS DISTINCT FROM ?3 ON CONFLICT DO NOTHING"
)
_ADOPT: Final = (
    "INSERT INTO key_descent SELECT ?1, key_id FROM key_descent"
    " WHERE ancestor_id = ?2 AND key_id IS DISTINCT FROM ?3 ON CONFLICT DO NOTHING"
)


def page(connection: Connection, wanted: KeyFilter) -> list[Key]:
    """Keys, the newest first, as many as fit."""
    asked = {
        "user_id = ?": wanted.user_id,
        "app_id = ?": wanted.app_id,
        "kind = ?": wanted.kind,
        "revoked_at_ms IS NULL AND (expires_at_ms IS NULL OR expires_at_ms > ?)": wanted.live_at_ms,
    }
    given = {words: value for words, value in asked.items() if value is not None}
    return KEYS.latest(connection, given, wanted.limit, wanted.before_id)


def add(writing: Writing, key: Key) -> Key:
    """Adds a key under the parent its lineage names, if any. VersionConflict when it exists, or when its parent was stopped or
    bound since it asked: who is revoked leaves no heir, and nobody leaves more than they have."""
    _insert(writing, key)
    for parent_id in key.lineage[1:2]:
        parent = KEYS.get(writing.connection, parent_id)
        if parent is not None and (parent.suspended or not _is_live(parent, writing.at_ms)):
            raise VersionConflict(f"key {parent_id} has ended")
        if parent is not None and bounds_exceed(parent, key) is not None:
            raise VersionConflict(f"key {parent_id} has less than it had")
        writing.connection.execute(_INHERIT, (key.id, parent_id, None))
    writing.note("key.create", f"key:{key.id}", None, values.shown(key))
    return key


def revoke(writing: Writing, key_id: str) -> int:
    """Revokes the key and all that descend from it; how many were live."""
    where = "id IN (SELECT key_id FROM key_descent WHERE ancestor_id = ?) AND revoked_at_ms IS NULL ORDER BY created_at_ms, id"
    ending = KEYS.select(writing.connection, where, (key_id,))
    for key in ending:
        _change(writing, key, replace(key, revoked_at_ms=writing.at_ms), "key.revoke")
    return sum(_is_live(key, writing.at_ms) for key in ending)


def rotate(writing: Writing, old_id: str, new: Key, grace_until_ms: int) -> Key:
    """Puts `new` in the place of the old key, which ends with the grace. VersionConflict when the old one has ended.

    The new key ends with the old one's ancestors, and the old one's children with the new key; but revoking the old key,
    to cut its grace short, leaves its successor alone.
    """
    old = KEYS.get(writing.connection, old_id)
    if old is None or not _is_live(old, writing.at_ms):
        raise VersionConflict(f"key {old_id} has ended")
    ends_at_ms = min(grace_until_ms, old.expires_at_ms) if old.expires_at_ms is not None else grace_until_ms
    _change(writing, old, replace(old, expires_at_ms=ends_at_ms), "key.rotate")
    # Whoever asked may have read the old key before it was bound.
    new = narrowed(new, old)
    _insert(writing, new)
    writing.connection.execute(_INHERIT, (new.id, old_id, old_id))
    writing.connection.execute(_ADOPT, (new.id, old_id, old_id))
    writing.note("key.create", f"key:{new.id}", None, values.shown(new))
    return new


def suspend(writing: Writing, key_id: str, suspended: bool) -> Key:
    """Stops a key for now, or lets it go on. VersionConflict when there is none."""
    key = KEYS.get(writing.connection, key_id)
    if key is None:
        raise VersionConflict(f"there is no key {key_id}")
    changed = replace(key, suspended=suspended)
    _change(writing, key, changed, "key.suspend" if suspended else "key.resume")
    return changed


def wish(writing: Writing, key_id: str, wishes: Wishes) -> Key:
    """Changes what a key wishes of its calls, and of those of all keys made from it. VersionConflict when there is none."""
    key = KEYS.get(writing.connection, key_id)
    if key is None:
        raise VersionConflict(f"there is no key {key_id}")
    changed = replace(key, wishes=wishes)
    _change(writing, key, changed, "key.wish")
    return changed


def cap(writing: Writing, key_id: str, caps: tuple[Cap, ...]) -> Key:
    """Changes what a key may spend in credits, and with it those whose place it took: caps and spend are the lineage's, and the
    oldest of them names the counters. VersionConflict when there is none."""
    key = KEYS.get(writing.connection, key_id)
    if key is None:
        raise VersionConflict(f"there is no key {key_id}")
    before = kinship.replaced(writing.connection, key)
    scope = f"key:{[key.id, *(old.id for old in before)][-1]}"
    own = tuple(replace(cap, scope=scope) for cap in caps)
    for old in (*before, key):
        _change(writing, old, replace(old, caps=_with_credits(old.caps, own)), "key.cap")
    return replace(key, caps=_with_credits(key.caps, own))


def bind(writing: Writing, key_id: str, bounds: Mapping[str, Any]) -> Key:
    """Changes some of a key's BOUNDS, and with it those of the keys whose place it took; what was made from it loses what it
    would have beyond them, and gets nothing back. None stands for no bound but those of the keys that this one was made from.

    VersionConflict when there is none or it has ended; ValueError, in words, when it would have more than one of those.
    """
    key = KEYS.get(writing.connection, key_id)
    if key is None or not _is_live(key, writing.at_ms):
        raise VersionConflict(f"key {key_id} is not there, or has ended")
    before = kinship.replaced(writing.connection, key)
    kin = kinship.Kin(writing.connection, (key, *before))
    bound = _within(replace(key, **bounds), bounds, kin.makers(key))
    kin.put(bound)
    _change(writing, key, bound, "key.bind")
    for old in before:
        # Its time is its grace: it may end sooner with the key, and never later.
        ends_at_ms = narrowed(old, bound).expires_at_ms
        _narrow(writing, kin, old, replace(old, model_scope=bound.model_scope, rate=bound.rate, expires_at_ms=ends_at_ms))
    for heir in kin.heirs():
        after = heir
        for maker in kin.makers(heir):
            after = narrowed(after, maker)
        _narrow(writing, kin, heir, after)
    return bound


def _within(bound: Key, bounds: Mapping[str, Any], makers: list[Key]) -> Key:
    named = {name: value for name, value in bounds.items() if value is not None}
    for maker in makers:
        # Only what is named is held against the maker: the rest is as it was.
        objection = bounds_exceed(maker, replace(maker, **named))
        if objection is not None:
            raise ValueError(objection)
        bound = narrowed(bound, maker)
    return bound


def _narrow(writing: Writing, kin: kinship.Kin, before: Key, after: Key) -> None:
    if after != before:
        kin.put(after)
        _change(writing, before, after, "key.bind")


def _with_credits(had: tuple[Cap, ...], credits: tuple[Cap, ...]) -> tuple[Cap, ...]:
    return (*(cap for cap in had if cap.unit != "milli_credits"), *credits)


def _insert(writing: Writing, key: Key) -> None:
    KEYS.insert(writing.connection, key)
    writing.connection.execute("INSERT INTO key_descent VALUES (?, ?)", (key.id, key.id))


def _change(writing: Writing, before: Key, after: Key, action: str) -> None:
    KEYS.update(writing.connection, after)
    writing.note(action, f"key:{after.id}", values.shown(before), values.shown(after))


def _is_live(key: Key, now_ms: int) -> bool:
    return key.revoked_at_ms is None and (key.expires_at_ms is None or key.expires_at_ms > now_ms)
