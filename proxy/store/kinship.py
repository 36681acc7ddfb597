"""Which key was made from which, and which took the place of which: a key in, its family out; writes nothing."""

import json
from collections.abc import Iterable
from typing import Final

from proxy.domain.account import Key
from proxy.domain.policy import NO_WISHES
from proxy.domain.value import replace
from proxy.store import values
from proxy.store.database import Connection
from proxy.store.table import Table

KEYS: Final = Table("keys", values.KEY_COLUMNS, values.key_of, values.key_row)

# What descends from some keys, and from what all of that was made.
_FAMILY: Final = """
    SELECT key_id, ancestor_id FROM key_descent WHERE key_id IN (
        SELECT ancestor_id FROM key_descent WHERE key_id IN (
            SELECT key_id FROM key_descent WHERE ancestor_id IN (SELECT value FROM json_each(?))))
"""


class Kin:
    """What some keys were made from, and what was made from them, as it is now; `put` tells it of a change."""

    def __init__(self, connection: Connection, keys: Iterable[Key]) -> None:
        self._roots = {key.id for key in keys}
        self._above: dict[str, set[str]] = {}
        for key_id, ancestor_id in connection.execute(_FAMILY, (json.dumps(sorted(self._roots)),)):
            self._above.setdefault(key_id, set()).add(ancestor_id)
        found = KEYS.select(connection, "id IN (SELECT value FROM json_each(?)) ORDER BY id", (json.dumps([*self._above]),))
        self._keys = {each.id: each for each in found}

    def put(self, key: Key) -> None:
        self._keys[key.id] = key

    def makers(self, key: Key) -> list[Key]:
        """The keys that this one was made from, the first of them last; in the place of one that was rotated its successor."""
        above = self._made_from(key)
        gone = {name for each in above for name in self._replaced(each)}
        return [each for each in above if each.id not in gone]

    def heirs(self) -> list[Key]:
        """What was made from any of the keys and is not revoked, each after all that it was made from."""
        found = [key for key in self._keys.values() if key.id not in self._roots and self._roots & self._above[key.id]]
        living = [key for key in found if key.revoked_at_ms is None]
        return sorted(living, key=lambda key: (len(self._above[key.id]), key.id))

    def _made_from(self, key: Key) -> list[Key]:
        above = [self._keys[name] for name in self._above[key.id] if name != key.id and name in self._keys]
        return sorted(above, key=lambda each: (-len(self._above[each.id]), each.id))

    def _replaced(self, key: Key) -> set[str]:
        others = {name for maker in self._made_from(key) for name in maker.lineage}
        return {name for name in key.lineage[1:] if name not in others}


def makers(connection: Connection, key_id: str) -> frozenset[str]:
    """What the key was made from, and what took the place of those."""
    return frozenset(_descent(connection, key_id)) - {key_id}


def ancestors(connection: Connection, key: Key) -> tuple[str, ...]:
    """Every key that has a say in this one: its lineage, and what it descends from, itself included."""
    return tuple(dict.fromkeys((*key.lineage, *_descent(connection, key.id))))


def with_lineage(connection: Connection, key: Key) -> Key:
    """The key as its whole lineage makes it (contract 1): caps and rates belong to the lineage and not to one key, and with a
    key that is suspended stops what was made from it."""
    others = KEYS.select(
        connection, "id IN (SELECT value FROM json_each(?)) AND id <> ? ORDER BY id", (json.dumps(key.lineage), key.id)
    )
    caps = (*key.caps, *(cap for ancestor in others for cap in ancestor.caps))
    near = sorted(others, key=lambda ancestor: key.lineage.index(ancestor.id))
    rates = tuple((ancestor.id, ancestor.rate) for ancestor in others if ancestor.rate is not None)
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


def replaced(connection: Connection, key: Key) -> list[Key]:
    """The keys that were rotated into this one, the latest first: of its lineage, what no key that it was made from has."""
    made_from = KEYS.select(
        connection, "id IN (SELECT ancestor_id FROM key_descent WHERE key_id = ?) AND id <> ? ORDER BY id", (key.id, key.id)
    )
    others = {name for ancestor in made_from for name in ancestor.lineage}
    found = (KEYS.get(connection, name) for name in key.lineage[1:] if name not in others)
    return [old for old in found if old is not None]


def _descent(connection: Connection, key_id: str) -> list[str]:
    return [
        ancestor_id for (ancestor_id,) in connection.execute("SELECT ancestor_id FROM key_descent WHERE key_id = ?", (key_id,))
    ]
