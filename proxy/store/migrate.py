"""Numbered SQL files in, a database of this code's schema out; forward only, each file in one transaction."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent / "migrations"


class SchemaTooNew(Exception):
    """The database was written by a newer release than this one, which must not touch it."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step forward. `version` is the number its file name begins with."""

    version: int
    name: str
    statements: tuple[str, ...]


@cache
def migrations() -> tuple[Migration, ...]:
    """All steps this release knows, in order; their numbers run from 1 without a gap (ValueError otherwise)."""
    found = tuple(_read(path) for path in sorted(_FOLDER.glob("*.sql")))
    if [step.version for step in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations must be numbered 0001, 0002, ...: {[step.name for step in found]}")
    return found


def migrate(connection: sqlite3.Connection, steps: Sequence[Migration]) -> None:
    """Brings an autocommit connection's database forward through `steps`. Safe while other processes do the same: every
    step looks again inside its own transaction. Raises SchemaTooNew and leaves the file as it was."""
    newest = steps[-1].version
    current = _version(connection)
    if current > newest:
        raise SchemaTooNew(
            f"The database has schema {current}, this release of Signalbox knows schemas up to {newest}. "
            "Start the newer release, or restore a backup made before the upgrade."
        )
    for step in steps[current:]:
        _apply(connection, step)


def _apply(connection: sqlite3.Connection, step: Migration) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(connection) < step.version:
            for statement in step.statements:
                connection.execute(statement)
            connection.execute("INSERT INTO schema_version (version, name) VALUES (?, ?)", (step.version, step.name))
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _version(connection: sqlite3.Connection) -> int:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL,"
        " applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)"
    )
    row: tuple[int | None] = connection.execute("SELECT max(version) FROM schema_version").fetchone()
    return row[0] or 0


def _read(path: Path) -> Migration:
    number, _, _ = path.stem.partition("_")
    return Migration(int(number), path.stem, tuple(_statements(path.read_text(encoding="utf-8"))))


def _statements(script: str) -> Iterator[str]:
    # Not executescript: it commits what is open, and a step must be one transaction.
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending.strip()
            pending = ""
    if any(line.strip() and not line.lstrip().startswith("--") for line in pending.splitlines()):
        raise ValueError(f"unfinished statement in a migration: {pending.strip()[:80]}")
