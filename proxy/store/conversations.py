"""Conversations that are kept, as rows of their user: who asks in, that user's alone out; what is too old is swept away."""

import json
from typing import Any, Final

from proxy.domain.conversation import Answerer, KeptConversation, Opening, Turn, Written
from proxy.domain.desk import Change
from proxy.ports import Clock
from proxy.store.database import Connection, Database
from proxy.store.trail import Writing

# How many conversations one transaction erases, so that it holds nobody up; what is left follows in the next.
_ERASED_MAX: Final = 100
# An answer's last words are kept within moments of its call's end. Later than this nobody writes them any more.
_UNWRITTEN_MS: Final = 10_000
_DAY_MS: Final = 86_400_000
_HEADS: Final = "SELECT id, user_id, title, created_at_ms, changed_at_ms FROM kept_conversations"
_LISTED: Final = f"{_HEADS} WHERE user_id = ? AND (changed_at_ms, id) < (?, ?) ORDER BY changed_at_ms DESC, id DESC LIMIT ?"
_HEAD: Final = f"{_HEADS} WHERE user_id = ? AND id = ?"
_TURNS: Final = (
    "SELECT number, role, content, CASE WHEN state = 'running' AND EXISTS (SELECT 1 FROM model_calls"
    " WHERE model_calls.id = call_id AND model_calls.at_ms + model_calls.duration_ms < ?) THEN 'cut' ELSE state END,"
    " at_ms, call_id, model_id, assistant_id, reason, credits_milli"
    " FROM kept_turns WHERE user_id = ? AND conversation_id = ? ORDER BY number"
)
_BEGIN: Final = (
    "INSERT INTO kept_conversations (user_id, id, title, created_at_ms, changed_at_ms) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (user_id, id) DO UPDATE SET changed_at_ms = excluded.changed_at_ms"
)
_REPLACE: Final = "DELETE FROM kept_turns WHERE user_id = ? AND conversation_id = ? AND number = ?"
_NEWEST: Final = "SELECT coalesce(max(number), 0) FROM kept_turns WHERE user_id = ? AND conversation_id = ?"
_ADD: Final = (
    "INSERT INTO kept_turns (user_id, conversation_id, number, role, content, state, at_ms, call_id, credits_milli)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)"
)
_GO_ON: Final = "UPDATE kept_turns SET state = 'running', call_id = ? WHERE user_id = ? AND conversation_id = ? AND number = ?"
_SAVE: Final = (
    "UPDATE kept_turns SET content = ?, state = ?, model_id = ?, assistant_id = ?, reason = ?, credits_milli = ?"
    " WHERE user_id = ? AND conversation_id = ? AND number = ? AND call_id = ?"
)
_FORGET_TURNS: Final = "DELETE FROM kept_turns WHERE user_id = ? AND conversation_id = ? AND call_id = ?"
_RENAME: Final = "UPDATE kept_conversations SET title = ? WHERE user_id = ? AND id = ?"
_ERASE: Final = (
    "DELETE FROM kept_turns WHERE user_id = ? AND conversation_id = ?",
    "DELETE FROM kept_conversations WHERE user_id = ? AND id = ?",
)
_SOME: Final = "SELECT user_id, id FROM kept_conversations WHERE user_id = ? LIMIT ?"
_OLD: Final = "SELECT user_id, id FROM kept_conversations WHERE changed_at_ms < ? ORDER BY changed_at_ms LIMIT ?"


class SqlConversations:
    """Implements Conversations."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def listed(self, user_id: str, before: tuple[int, str], limit: int) -> list[KeptConversation]:
        def read(connection: Connection) -> list[KeptConversation]:
            return [KeptConversation(*row) for row in connection.execute(_LISTED, (user_id, *before, limit))]

        return await self._database.survey(read)

    async def shown(self, user_id: str, conversation_id: str) -> tuple[KeptConversation, list[Turn]] | None:
        def read(connection: Connection) -> tuple[KeptConversation, list[Turn]] | None:
            head = connection.execute(_HEAD, (user_id, conversation_id)).fetchone()
            if head is None:
                return None
            written_by = connection.now_ms(self._clock) - _UNWRITTEN_MS
            rows = connection.execute(_TURNS, (written_by, user_id, conversation_id))
            return KeptConversation(*head), [_turn(row) for row in rows]

        return await self._database.survey(read)

    async def begin(self, opening: Opening) -> int:
        return await self._database.write(lambda connection: _begin(connection, opening))

    async def save(self, opening: Opening, number: int, written: Written) -> None:
        by = written.by
        content = json.dumps(written.text)
        told = (content, written.state, by.model_id, by.assistant_id, by.reason, by.credits_milli)
        place = (opening.user_id, opening.conversation_id, number, opening.call_id)
        await self._database.write(lambda connection: connection.execute(_SAVE, (*told, *place)).rowcount)

    async def withdraw(self, opening: Opening) -> None:
        await self._database.write(lambda connection: _withdraw(connection, opening))

    async def rename(self, user_id: str, conversation_id: str, title: str) -> KeptConversation | None:
        def write(connection: Connection) -> KeptConversation | None:
            connection.execute(_RENAME, (title, user_id, conversation_id))
            head = connection.execute(_HEAD, (user_id, conversation_id)).fetchone()
            return None if head is None else KeptConversation(*head)

        return await self._database.write(write)

    async def erase(self, user_id: str, conversation_id: str) -> bool:
        return bool(await self._database.write(lambda connection: _erase(connection, [(user_id, conversation_id)])))

    async def erase_all(self, user_id: str, change: Change | None) -> int:
        erased = 0
        while some := await self._database.write(lambda connection: _erase_some(connection, _SOME, user_id)):
            erased += some
        if change is not None:
            await self._database.write(lambda connection: _note(connection, change, self._clock, user_id, erased))
        return erased


async def sweep(database: Database, clock: Clock, kept_days: int) -> int:
    """Erases some of what nobody has gone on with for so long; how many conversations. Raises StoreUnavailable."""

    def work(connection: Connection) -> int:
        return _erase_some(connection, _OLD, connection.now_ms(clock) - kept_days * _DAY_MS)

    return await database.write(work)


def _begin(connection: Connection, opening: Opening) -> int:
    place = (opening.user_id, opening.conversation_id)
    connection.execute(_BEGIN, (*place, opening.title, opening.at_ms, opening.at_ms))
    if opening.question is None:
        return _go_on(connection, opening, place)
    if opening.instead:
        connection.executemany(_REPLACE, [(*place, number) for number in opening.instead])
    (newest,) = connection.execute(_NEWEST, place).fetchone()
    for step, role, content, state in ((1, "user", opening.question, "whole"), (2, "assistant", '""', "running")):
        connection.execute(_ADD, (*place, newest + step, role, content, state, opening.at_ms, opening.call_id))
    return int(newest) + 2


def _go_on(connection: Connection, opening: Opening, place: tuple[str, str]) -> int:
    number = opening.continues or 0
    connection.execute(_GO_ON, (opening.call_id, *place, number))
    return number


def _withdraw(connection: Connection, opening: Opening) -> None:
    place = (opening.user_id, opening.conversation_id)
    connection.execute(_FORGET_TURNS, (*place, opening.call_id))
    (newest,) = connection.execute(_NEWEST, place).fetchone()
    if newest == 0:
        _erase(connection, [place])


def _erase(connection: Connection, places: list[tuple[str, str]]) -> int:
    """Turns go first, so that none is ever without its conversation."""
    turns, heads = _ERASE
    connection.executemany(turns, places)
    return sum(connection.execute(heads, place).rowcount for place in places)


def _erase_some(connection: Connection, which: str, value: str | int) -> int:
    return _erase(connection, [(user_id, id) for user_id, id in connection.execute(which, (value, _ERASED_MAX))])


def _note(connection: Connection, change: Change, clock: Clock, user_id: str, erased: int) -> None:
    writing = Writing(connection, change, connection.now_ms(clock))
    writing.note("erase_conversations", f"user:{user_id}", None, {"conversations": erased})


def _turn(row: tuple[Any, ...]) -> Turn:
    number, role, content, state, at_ms, *by = row
    return Turn(number, role, json.loads(content), len(content), state, at_ms, Answerer(*by))
