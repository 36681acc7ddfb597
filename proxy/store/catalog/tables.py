"""The two tables of the catalog, read and written on a connection: an admin's patches, and snapshots by revision."""

import json
from collections.abc import Sequence
from typing import get_args

from proxy.domain.desk import CatalogKind, CatalogPatch
from proxy.store.catalog.sheet import Json
from proxy.store.database import Connection


def read_patches(connection: Connection) -> list[CatalogPatch]:
    """Every patch, oldest first."""
    rows = connection.execute(
        "SELECT kind, object_id, name, base, value, author, reason, at_ms FROM catalog_patches"
        " ORDER BY at_ms, kind, object_id, name"
    )
    return [
        CatalogPatch(_kind(kind), object_id, name, json.loads(base), json.loads(value), author, reason, at_ms)
        for kind, object_id, name, base, value, author, reason, at_ms in rows
    ]


def replace_patches(connection: Connection, kind: CatalogKind, object_id: str, now: Sequence[CatalogPatch]) -> None:
    """Makes the patches of one object those that `now` (the patches of the whole catalog) has of it."""
    connection.execute("DELETE FROM catalog_patches WHERE kind = ? AND object_id = ?", (kind, object_id))
    connection.executemany(
        "INSERT INTO catalog_patches (kind, object_id, name, base, value, author, reason, at_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (p.kind, p.object_id, p.name, json.dumps(p.base), json.dumps(p.value), p.author, p.reason, p.at_ms)
            for p in now
            if (p.kind, p.object_id) == (kind, object_id)
        ],
    )


def save_snapshot(connection: Connection, revision: str, content: Json, at_ms: int) -> None:
    """Keeps what a revision is the hash of; known ones stay as they are."""
    connection.execute(
        "INSERT INTO catalog_snapshots (revision, body, at_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (revision, json.dumps(content, ensure_ascii=False, separators=(",", ":")), at_ms),
    )


def read_snapshot(connection: Connection, revision: str) -> Json | None:
    """The content of a revision; None if it was never in force here, or was dropped."""
    row = connection.execute("SELECT body FROM catalog_snapshots WHERE revision = ?", (revision,)).fetchone()
    if row is None:
        return None
    content: Json = json.loads(row[0])
    return content


def drop_unused_snapshots(connection: Connection, current: str, before_ms: int) -> int:
    """Drops revisions saved before a moment that no call refers to; how many. Live calls keep theirs by being younger."""
    return connection.execute(
        "DELETE FROM catalog_snapshots WHERE revision <> ? AND at_ms < ?"
        " AND NOT EXISTS (SELECT 1 FROM model_calls WHERE catalog_revision = catalog_snapshots.revision)",
        (current, before_ms),
    ).rowcount


def _kind(text: str) -> CatalogKind:
    return next(kind for kind in get_args(CatalogKind) if kind == text)
