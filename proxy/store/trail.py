"""One write of the desk: its transaction, its author and moment, and the audit line and change note it leaves behind."""

import json
from collections.abc import Mapping
from typing import Any

from proxy.domain.desk import Change
from proxy.domain.value import dataclass
from proxy.store.database import Connection


@dataclass(frozen=True, slots=True)
class Writing:
    """A write in progress. Whoever changes something calls `note` in the same transaction."""

    connection: Connection
    change: Change
    at_ms: int

    def note(self, action: str, subject: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> None:
        """Appends the audit line and announces the subject (`kind:ID`). No secrets and no key hashes in either value."""
        self.connection.execute(
            "INSERT INTO audit (at_ms, actor, action, subject, before, after, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self.at_ms, self.change.actor, action, subject, _json(before), _json(after), self.change.reason),
        )
        self.announce(subject)

    def announce(self, subject: str) -> None:
        """Tells every process that keeps `kind:ID` in memory that it is another now."""
        kind, _, object_id = subject.partition(":")
        self.connection.execute("INSERT INTO changes (kind, object_id, at_ms) VALUES (?, ?, ?)", (kind, object_id, self.at_ms))


def last_change(connection: Connection) -> int:
    """The number of the newest change; 0 when there was none."""
    (seq,) = connection.execute("SELECT max(seq) FROM changes").fetchone()
    return int(seq or 0)


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
