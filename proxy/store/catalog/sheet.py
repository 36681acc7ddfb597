"""Catalog rows as they were written, by kind and id, each with where it came from; judges no value."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Final, get_args

from proxy.domain.desk import CatalogKind
from proxy.domain.value import dataclass
from proxy.store.catalog.rows import ROWS

Json = dict[str, Any]
KINDS: Final[tuple[CatalogKind, ...]] = get_args(CatalogKind)
HASH_CHARS: Final = 12
# The table of lessons, in files and in snapshots.
LEARNED: Final = "learned"
LEARNED_FILE: Final = "learned.toml"


@dataclass(frozen=True, slots=True)
class Sheet:
    """Raw rows in the order they were written. `sources` names each row's file; `learned` are lessons, which no
    admin patches."""

    rows: Mapping[CatalogKind, Mapping[str, Json]]
    sources: Mapping[tuple[CatalogKind, str], str]
    learned: Sequence[Json] = field(default_factory=tuple)

    def row(self, kind: CatalogKind, object_id: str) -> Json | None:
        return self.rows[kind].get(object_id)


def canonical(kind: CatalogKind, row: Mapping[str, Any]) -> Json:
    """The row with every default filled in, as JSON; raises pydantic's ValidationError."""
    return ROWS[kind].model_validate(row).model_dump(mode="json")


def digest(value: object) -> str:
    """A short hash that is the same for equal JSON values, whatever the order of their keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_CHARS]
