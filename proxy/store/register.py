"""What calls left behind, read back as the values they were: calls, entries, usage, checks, audit; writes nothing."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from proxy.domain.call import Call
from proxy.domain.desk import (
    AuditLine,
    CallFilter,
    Conversation,
    Entry,
    LedgerLine,
    PromptCheck,
    UsageGroup,
    UsageRow,
)
from proxy.ports import UsageQuery
from proxy.store.database import Connection, Database
from proxy.store.recorded import ATTEMPT_COLUMNS, attempt_of, call_of
from proxy.store.rows import CALL_COLUMNS

CALLS_MAX: Final = 200
ENTRIES_MAX: Final = 10_000
USAGE_ROWS_MAX: Final = 1_000
AUDIT_MAX: Final = 200

_CALLS: Final = f"SELECT {', '.join(CALL_COLUMNS)} FROM model_calls"  # noqa: S608  (constants of this program)
_ATTEMPTS: Final = (
    f"SELECT call_id, {ATTEMPT_COLUMNS} FROM attempts"  # noqa: S608  (constants of this program)
    " WHERE call_id IN (SELECT value FROM json_each(?)) ORDER BY call_id, number"
)
_CONDITIONS: Final[Mapping[str, str]] = {
    "user_id": "user_id = ?",
    "app_id": "app_id = ?",
    "key_id": "key_id = ?",
    "model_id": "model_id = ?",
    "status": "status = ?",
    "from_ms": "at_ms >= ?",
    "until_ms": "at_ms < ?",
    "before_id": "id < ?",
}
# What a group is called; a call that has none of it is in the group without a name.
_GROUPS: Final[Mapping[UsageGroup, str]] = {
    "day": "strftime('%Y-%m-%d', at_ms / 1000, 'unixepoch')",
    "family": "coalesce(family, '')",
    "model": "coalesce(model_id, '')",
    "assistant": "coalesce(assistant_id, '')",
    "tag": "coalesce((SELECT value FROM json_each(metadata) WHERE key = ?4), '')",
}


class SqliteRegister:
    """Implements Register. Lists are newest first and bounded, whatever is asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def call(self, call_id: str) -> Call | None:
        def read(connection: Connection) -> Call | None:
            found = _calls(connection, " WHERE id = ?", (call_id,))
            return found[0] if found else _running(connection, call_id)

        return await self._database.read(read)

    async def calls(self, wanted: CallFilter) -> list[Call]:
        given = {name: getattr(wanted, name) for name in _CONDITIONS if getattr(wanted, name) is not None}
        where = " AND ".join(_CONDITIONS[name] for name in given) or "true"
        values = (*given.values(), max(0, min(wanted.limit, CALLS_MAX)))
        return await self._database.read(lambda c: _calls(c, f" WHERE {where} ORDER BY id DESC LIMIT ?", values))

    async def entries(self, call_id: str) -> list[Entry]:
        # Ids of a hold's entries begin with the hold's, which is the call's, and a colon; a semicolon is the next sign.
        return await self._database.read(
            lambda connection: [
                _entry(row)
                for row in connection.execute(
                    "SELECT id, hold_id, account_id, kind, amount_milli, at_ms, lines FROM entries"
                    " WHERE id >= ? || ':' AND id < ? || ';' ORDER BY id LIMIT ?",
                    (call_id, call_id, ENTRIES_MAX),
                )
            ]
        )

    async def prompt_check(self, call_id: str) -> PromptCheck | None:
        row = await self._row(
            "SELECT id, call_id, conversation_id, category, risk, recommended_assistant, created_at_ms FROM prompt_checks"
            " WHERE id = ? || ':check'",
            call_id,
        )
        return None if row is None else PromptCheck(*row)

    async def conversation(self, conversation_id: str) -> Conversation | None:
        row = await self._row(
            "SELECT id, user_id, assistant_id, title, created_at_ms FROM conversations WHERE id = ?", conversation_id
        )
        return None if row is None else Conversation(*row)

    async def usage(self, query: UsageQuery) -> list[UsageRow]:
        statement = (
            f"SELECT {_GROUPS[query.group]} AS name, count(*),"  # noqa: S608  (a constant of this program)
            " coalesce(sum(input_tokens + cached_input_tokens + cache_write_tokens), 0),"
            " coalesce(sum(output_tokens + reasoning_tokens), 0), sum(credits_milli) FROM model_calls"
            " WHERE user_id = ?1 AND at_ms >= ?2 AND at_ms < ?3 AND (input_tokens IS NOT NULL OR credits_milli > 0)"
            " GROUP BY name ORDER BY name LIMIT ?5"
        )
        values = (query.user_id, query.from_ms, query.until_ms, query.tag or "", USAGE_ROWS_MAX)
        return await self._database.read(lambda c: [UsageRow(*row) for row in c.execute(statement, values)])

    async def audit(self, before_id: int | None, limit: int) -> list[AuditLine]:
        return await self._database.read(
            lambda connection: [
                _audit_line(row)
                for row in connection.execute(
                    "SELECT id, at_ms, actor, action, subject, before, after, reason FROM audit"
                    " WHERE id < ?1 OR ?1 IS NULL ORDER BY id DESC LIMIT ?2",
                    (before_id, max(0, min(limit, AUDIT_MAX))),
                )
            ]
        )

    async def _row(self, statement: str, value: str) -> tuple[Any, ...] | None:
        def read(connection: Connection) -> tuple[Any, ...] | None:
            row: tuple[Any, ...] | None = connection.execute(statement, (value,)).fetchone()
            return row

        return await self._database.read(read)


def _calls(connection: Connection, tail: str, values: Sequence[Any]) -> list[Call]:
    rows = [dict(zip(CALL_COLUMNS, row, strict=True)) for row in connection.execute(_CALLS + tail, values)]
    attempts: dict[str, list[tuple[Any, ...]]] = {row["id"]: [] for row in rows}
    for call_id, *attempt in connection.execute(_ATTEMPTS, (json.dumps(list(attempts)),)):
        attempts[call_id].append(tuple(attempt))
    return [call_of(row, tuple(attempt_of(attempt) for attempt in attempts[row["id"]])) for row in rows]


def _running(connection: Connection, call_id: str) -> Call | None:
    """A call that still holds credits, as it was when it was admitted."""
    row = connection.execute("SELECT began FROM holds WHERE id = ?", (call_id,)).fetchone()
    return None if row is None else call_of(json.loads(row[0]), ())


def _entry(row: tuple[Any, ...]) -> Entry:
    id, hold_id, account_id, kind, amount_milli, at_ms, lines = row
    moved = tuple(LedgerLine(*line) for line in json.loads(lines))
    return Entry(id, hold_id, account_id, kind, amount_milli, at_ms, moved)


def _audit_line(row: tuple[Any, ...]) -> AuditLine:
    id, at_ms, actor, action, subject, before, after, reason = row
    return AuditLine(id, at_ms, actor, action, subject, _loaded(before), _loaded(after), reason)


def _loaded(text: str | None) -> Any:
    return None if text is None else json.loads(text)
