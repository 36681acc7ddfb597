"""A bounded memory whose entries know what they were made of, so that a change takes exactly those that it made stale."""

from collections import OrderedDict, defaultdict
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

# What an entry was made of: (kind, id), as the `changes` table names it.
Part = tuple[str, str]


class Memory(Generic[K, V]):
    """Keeps the `size_max` entries used last."""

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._entries: OrderedDict[K, tuple[V, frozenset[Part]]] = OrderedDict()
        self._made_of: defaultdict[Part, set[K]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """The value kept under `key`, which is then the newest."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def keep(self, key: K, value: V, parts: Iterable[Part]) -> None:
        """Keeps a value until one of its parts changes or newer ones take its place."""
        self.drop(key)
        self._entries[key] = (value, frozenset(parts))
        for part in self._entries[key][1]:
            self._made_of[part].add(key)
        while len(self._entries) > self._size_max:
            self.drop(next(iter(self._entries)))

    def drop(self, key: K) -> None:
        """Forgets one entry, if it is there."""
        entry = self._entries.pop(key, None)
        for part in entry[1] if entry is not None else ():
            keys = self._made_of[part]
            keys.discard(key)
            if not keys:
                del self._made_of[part]

    def changed(self, part: Part) -> None:
        """Forgets every entry made of `part`."""
        for key in tuple(self._made_of.get(part, ())):
            self.drop(key)

    def clear(self) -> None:
        """Forgets everything."""
        self._entries.clear()
        self._made_of.clear()
