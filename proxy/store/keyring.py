"""Keys inside a write: adding, revoking with descendants, rotating, suspending, capping; shows a key's hash to nobody."""

import json
from typing import Final

from proxy.domain.account import Key
from proxy.domain.desk import KeyFilter
from proxy.domain.policy import NO_WISHES, Wishes
from proxy.domain.standing import Cap
from proxy.domain.value import replace
from proxy.ports import VersionConflict
from proxy.store import values
from proxy.store.database import Connection
from proxy.store.table import Table
from proxy.store.trail import Writing

KEYS: Final = Table("keys", values.KEY_COLUMNS, values.key_of, values.key_row)

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
    """Adds a key under the parent its lineage names, if any. VersionConflict when it exists, or when its parent was stopped
    since it asked: who is revoked leaves no heir."""
    _insert(writing, key)
    for parent_id in key.lineage[1:2]:
        parent = KEYS.get(writing.connection, parent_id)
        if parent is not None and (parent.suspended or not _is_live(parent, writing.at_ms)):
            raise VersionConflict(f"key {parent_id} has ended")
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
    before = _replaced(writing.connection, key)
    scope = f"key:{[key.id, *(old.id for old in before)][-1]}"
    own = tuple(replace(cap, scope=scope) for cap in caps)
    for old in (*before, key):
        _change(writing, old, replace(old, caps=_with_credits(old.caps, own)), "key.cap")
    return replace(key, caps=_with_credits(key.caps, own))


def ancestors(connection: Connection, key: Key) -> tuple[str, ...]:
    """Every key that has a say in this one: its lineage, and what it descends from, itself included."""
    rows = connection.execute("SELECT ancestor_id FROM key_descent WHERE key_id = ?", (key.id,))
    return tuple(dict.fromkeys((*key.lineage, *(ancestor_id for (ancestor_id,) in rows))))


def with_lineage(connection: Connection, key: Key) -> Key:
    """The key as its whole lineage makes it (contract 1): caps and rates belong to the lineage and not to one key, and with a
    key that is suspended stops what was made from it."""
    ancestors = KEYS.select(
        connection, "id IN (SELECT value FROM json_each(?)) AND id <> ? ORDER BY id", (json.dumps(key.lineage), key.id)
    )
    caps = (*key.caps, *(cap for ancestor in ancestors for cap in ancestor.caps))
    near = sorted(ancestors, key=lambda ancestor: key.lineage.index(ancestor.id))
    rates = tuple((ancestor.id, ancestor.rate) for ancestor in ancestors if ancestor.rate is not None)
    stopped = connection.execute(
        "SELECT suspended FROM key_descent JOIN keys ON keys.id = ancestor_id WHERE key_id = ?", (key.id,)
    )
    return replace(
        key,
        caps=tuple(dict.fromkeys(caps)),
        lineage_rates=rates,
        lineage_wishes=tuple(ancestor.wishes for ancestor in near if ancestor.wishes != NO_WISHES),
        suspended=any(suspended for (suspended,) in stopped),
    )


def _replaced(connection: Connection, key: Key) -> list[Key]:
    """The keys that were rotated into this one, the latest first: of its lineage, what no key that it was made from has."""
    made_from = KEYS.select(
        connection, "id IN (SELECT ancestor_id FROM key_descent WHERE key_id = ?) AND id <> ? ORDER BY id", (key.id, key.id)
    )
    others = {name for ancestor in made_from for name in ancestor.lineage}
    found = (KEYS.get(connection, name) for name in key.lineage[1:] if name not in others)
    return [old for old in found if old is not None]


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
