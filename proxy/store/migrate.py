"""Numbered SQL files in, a database of this code's schema out; forward only, each file in one transaction."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from proxy.domain.value import dataclass
from proxy.store.database import Connection, transaction

SQLITE: Final = Path(__file__).parent / "migrations"
POSTGRES: Final = SQLITE / "postgres"


class SchemaTooNew(Exception):
    """The database was written by a newer release than this one, which must not touch it."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step forward. `version` is the number its file name begins with."""

    version: int
    name: str
    statements: tuple[str, ...]


@cache
def migrations(folder: Path = SQLITE) -> tuple[Migration, ...]:
    """All steps this release knows for one database, in order; their numbers run from 1 without a gap (ValueError
    otherwise)."""
    # PostgreSQL takes a whole file at once, and its functions have semicolons of their own.
    split = _statements if folder == SQLITE else _whole
    found = tuple(_read(path, split) for path in sorted(folder.glob("*.sql")))
    if [step.version for step in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations must be numbered 0001, 0002, ...: {[step.name for step in found]}")
    return found


def migrate(connection: Connection, begin: Sequence[str], steps: Sequence[Migration]) -> None:
    """Brings an autocommit connection's database forward through `steps`. Safe while other processes do the same: every
    step looks again inside its own transaction, which `begin` lets no other be in. Raises SchemaTooNew and leaves the
    database as it was."""
    newest = steps[-1].version
    current = transaction(connection, begin, _version)
    if current > newest:
        raise SchemaTooNew(
            f"The database has schema {current}, this release of Signalbox knows schemas up to {newest}. "
            "Start the newer release, or restore a backup made before the upgrade."
        )
    for step in steps[current:]:
        transaction(connection, begin, lambda c, step=step: _apply(c, step))  # type: ignore[misc]


def _apply(connection: Connection, step: Migration) -> None:
    if _version(connection) >= step.version:
        return
    for statement in step.statements:
        connection.execute(statement)
    connection.execute("INSERT INTO schema_version (version, name) VALUES (?, ?)", (step.version, step.name))


def _version(connection: Connection) -> int:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL,"
        " applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)"
    )
    row: tuple[int | None] = connection.execute("SELECT max(version) FROM schema_version").fetchone()
    return row[0] or 0


def _read(path: Path, split: Callable[[str], Iterable[str]]) -> Migration:
    number, _, _ = path.stem.partition("_")
    return Migration(int(number), path.stem, tuple(split(path.read_text(encoding="utf-8"))))


def _whole(script: str) -> tuple[str]:
    return (script,)


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
