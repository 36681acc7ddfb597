"""What every write of the desk leaves behind in its own transaction: an audit line, and a note for who keeps it in memory."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from proxy.domain.desk import Change


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that was done. `subject` is `kind:ID`; `before` and `after` must hold no secrets and no key hashes."""

    action: str
    subject: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


def record(connection: sqlite3.Connection, deed: Deed, change: Change, at_ms: int) -> None:
    """Appends the audit line and tells every process which object changed."""
    connection.execute(
        "INSERT INTO audit (at_ms, actor, action, subject, before, after, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (at_ms, change.actor, deed.action, deed.subject, _json(deed.before), _json(deed.after), change.reason),
    )
    kind, _, object_id = deed.subject.partition(":")
    announce(connection, [(kind, object_id)], at_ms)


def announce(connection: sqlite3.Connection, objects: Iterable[tuple[str, str]], at_ms: int) -> None:
    """Tells every process that these (kind, id) changed."""
    connection.executemany(
        "INSERT INTO changes (kind, object_id, at_ms) VALUES (?, ?, ?)",
        [(kind, object_id, at_ms) for kind, object_id in objects],
    )


def last_change(connection: sqlite3.Connection) -> int:
    """The number of the newest change; 0 when there was none."""
    (seq,) = connection.execute("SELECT max(seq) FROM changes").fetchone()
    return int(seq or 0)


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
