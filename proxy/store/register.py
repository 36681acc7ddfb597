"""What calls left behind, read back as the values they were: calls, entries, usage, checks, audit; writes nothing."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from proxy.domain.call import Attempt, Call
from proxy.domain.desk import (
    AuditFilter,
    AuditLine,
    CallFilter,
    CallPage,
    Conversation,
    Entry,
    HistoryQuery,
    ModelUsers,
    PromptCheck,
    UsageQuery,
    UsageRow,
)
from proxy.domain.journey import Thread
from proxy.domain.rollup import Tallies, TallyQuery, TallyRow, UserTallyQuery
from proxy.store import begun
from proxy.store.database import Connection, Database
from proxy.store.folding import fold_for_reader
from proxy.store.holds import entry
from proxy.store.keenest import model_users
from proxy.store.pages import BEFORE, CALLS_MAX, SINCE, page_of
from proxy.store.recorded import SELECT_CALL, attempts_of, call_of, call_read
from proxy.store.tallies import routed, tallies, usage, user_tallies

ENTRIES_MAX: Final = 10_000
AUDIT_MAX: Final = 200

_THREAD: Final = (
    f"{SELECT_CALL} WHERE conversation_id = ? AND user_id = ?"
    " AND kind = 'chat' AND status IN ('served', 'cut', 'left') ORDER BY id DESC LIMIT 1"
)
_CHARGED: Final = (
    f"SELECT attempts FROM model_calls WHERE user_id = ? AND {SINCE} AND credits_milli > 0 ORDER BY id DESC LIMIT ?"  # noqa: S608
)
_AUDIT: Final = "SELECT id, at_ms, actor, action, subject, before, after, reason FROM audit"
# Lines are numbered as they are written: the edges of a period are numbers then.
_LINE_SINCE: Final = "SELECT id FROM audit WHERE at_ms >= ? ORDER BY at_ms, id LIMIT 1"
_OF_AUDIT: Final[Mapping[str, str]] = {
    "subject": "subject = ?",
    "actor": "actor = ?",
    "from_ms": f"id >= ({_LINE_SINCE})",
    "until_ms": f"id < coalesce(({_LINE_SINCE}), {2**62:d})",
}
EVERY_LINE: Final = AuditFilter()


class SqlRegister:
    """Implements Register. Lists are newest first and bounded, whatever is asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def call(self, call_id: str) -> Call | None:
        def read(connection: Connection) -> Call | None:
            found = _calls(f"{SELECT_CALL} WHERE id = ?", (call_id,), connection)
            return found[0] if found else _running(connection, call_id)

        return await self._database.read(read)

    async def calls(self, wanted: CallFilter) -> CallPage:
        page = page_of(wanted)

        def read(connection: Connection) -> CallPage:
            found = _calls(*page.statement, connection)
            if not page.sifts or len(found) >= page.limit:
                return CallPage(found)
            end = connection.execute(*page.end).fetchone()
            return CallPage(found, None if end is None else end[0])

        return await self._database.survey(read) if page.sifts else await self._database.read(read)

    async def history(self, query: HistoryQuery) -> list[Call]:
        limit = max(0, min(query.limit, CALLS_MAX))
        asked: list[tuple[str, str | int | None]] = [
            ("id > ?", query.after[1]) if query.after else (SINCE, query.from_ms),
            (BEFORE, query.until_ms),
            ("kind = ?", "chat"),
            ("user_id = ?", query.user_id),
        ]
        given = {words: value for words, value in asked if value is not None}
        statement = f"{SELECT_CALL} WHERE {' AND '.join(given)} ORDER BY id LIMIT ?"
        return await self._database.survey(partial(_calls, statement, (*given.values(), limit)))

    async def entries(self, call_id: str) -> list[Entry]:
        # Ids of a hold's entries begin with the hold's, which is the call's, and a colon; a semicolon is the next sign.
        return await self._database.read(
            lambda connection: [
                entry(row)
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

    async def thread(self, conversation_id: str, user_id: str) -> Thread | None:
        def read(connection: Connection) -> Call | None:
            row = connection.execute(_THREAD, (conversation_id, user_id)).fetchone()
            return None if row is None else call_read(row)

        call = await self._database.read(read)
        if call is None or call.model_id is None or call.verdict is None or call.decision is None:
            return None
        return Thread(call.model_id, call.assistant_id, call.verdict.family, call.decision.mode)

    async def usage(self, query: UsageQuery) -> list[UsageRow]:
        await fold_for_reader(self._database)
        return await self._database.read(partial(usage, query))

    async def tallies(self, query: TallyQuery) -> list[TallyRow]:
        await fold_for_reader(self._database)
        return await self._database.survey(partial(tallies, query))

    async def routed(self, from_ms: int, until_ms: int) -> list[TallyRow]:
        await fold_for_reader(self._database)
        return await self._database.survey(partial(routed, from_ms, until_ms))

    async def user_tallies(self, query: UserTallyQuery) -> Tallies:
        await fold_for_reader(self._database)
        return await self._database.survey(partial(user_tallies, query))

    async def model_users(self, model_ids: Sequence[str], from_ms: int, calls_max: int) -> list[ModelUsers]:
        return await self._database.survey(partial(model_users, model_ids, from_ms, calls_max))

    async def charged(self, user_id: str, from_ms: int, calls_max: int) -> list[tuple[Attempt, ...]]:
        def read(connection: Connection) -> list[tuple[Attempt, ...]]:
            found = connection.execute(_CHARGED, (user_id, from_ms, calls_max))
            charged = [tuple(one for one in attempts_of(attempts) if one.charged and one.usage) for (attempts,) in found]
            return [attempts for attempts in charged if attempts]

        return await self._database.read(read)

    async def audit(self, before_id: int | None, limit: int, only: AuditFilter = EVERY_LINE) -> list[AuditLine]:
        asked = {condition: getattr(only, name) for name, condition in _OF_AUDIT.items()} | {"id < ?": before_id}
        given = {condition: value for condition, value in asked.items() if value is not None}
        where = " AND ".join(given) or "true"
        statement = f"{_AUDIT} WHERE {where} ORDER BY id DESC LIMIT {max(0, min(limit, AUDIT_MAX)):d}"
        values = tuple(given.values())
        return await self._database.read(lambda connection: [_audit_line(row) for row in connection.execute(statement, values)])

    async def _row(self, statement: str, value: str) -> tuple[Any, ...] | None:
        def read(connection: Connection) -> tuple[Any, ...] | None:
            row: tuple[Any, ...] | None = connection.execute(statement, (value,)).fetchone()
            return row

        return await self._database.read(read)


def _calls(statement: str, values: Sequence[Any], connection: Connection) -> list[Call]:
    return [call_read(row) for row in connection.execute(statement, values)]


def _running(connection: Connection, call_id: str) -> Call | None:
    """A call that still holds credits, as it was when it was admitted."""
    row = connection.execute("SELECT began FROM holds WHERE id = ?", (call_id,)).fetchone()
    return None if row is None else call_of(begun.find(connection, row[0]))


def _audit_line(row: tuple[Any, ...]) -> AuditLine:
    id, at_ms, actor, action, subject, before, after, reason = row
    return AuditLine(id, at_ms, actor, action, subject, _loaded(before), _loaded(after), reason)


def _loaded(text: str | None) -> Any:
    return None if text is None else json.loads(text)
