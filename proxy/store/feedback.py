"""What people say of answers, as rows: one a call, the last word standing; sums of them out; judges no call."""

from dataclasses import fields
from typing import Final

from proxy.domain.feedback import Feedback, Opinion, Traits
from proxy.store.database import Connection, Database

OPINIONS_MAX: Final = 1_000
_SAID: Final = tuple(field.name for field in fields(Feedback) if field.name != "traits")
_COLUMNS: Final = ", ".join((*_SAID, *(field.name for field in fields(Traits))))
_CHANGED: Final = ("thumb", "reason", "words", "better_model_id", "changed_at_ms")
_PUT: Final = (
    f"INSERT INTO feedback ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
    f" ON CONFLICT (call_id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _CHANGED)}"
)
_GET: Final = f"SELECT {_COLUMNS} FROM feedback WHERE call_id = ?"  # noqa: S608
_THUMBS: Final = (
    "SELECT assistant_id, model_id, sum(CASE thumb WHEN 'up' THEN 1 ELSE 0 END), sum(CASE thumb WHEN 'down' THEN 1 ELSE 0 END)"
    " FROM feedback WHERE given_at_ms >= ? AND given_at_ms < ? GROUP BY assistant_id, model_id"
    " ORDER BY count(*) DESC, assistant_id, model_id LIMIT ?"
)
_DOWNGRADES: Final = (
    "SELECT coalesce(assistant_id, '') AS assistant, model_id, count(*) FROM model_calls WHERE reason = 'stepped_down'"
    " AND at_ms >= ? AND at_ms < ? AND model_id IS NOT NULL AND kind <> 'precheck' GROUP BY assistant, model_id"
    " ORDER BY count(*) DESC, assistant, model_id LIMIT ?"
)


class SqlFeedback:
    """Implements FeedbackBox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def give(self, feedback: Feedback) -> Feedback:
        return await self._database.write(lambda connection: _put(connection, feedback))

    async def of_call(self, call_id: str) -> Feedback | None:
        return await self._database.read(lambda connection: _get(connection, call_id))

    async def opinions(self, from_ms: int, until_ms: int) -> list[Opinion]:
        asked = (from_ms, until_ms, OPINIONS_MAX)

        def read(connection: Connection) -> list[Opinion]:
            thumbs = [Opinion(name, model, ups, downs) for name, model, ups, downs in connection.execute(_THUMBS, asked)]
            lowered = [Opinion(name, model, downgrades=calls) for name, model, calls in connection.execute(_DOWNGRADES, asked)]
            return [*thumbs, *lowered]

        return await self._database.survey(read)


def _put(connection: Connection, feedback: Feedback) -> Feedback:
    traits = feedback.traits
    connection.execute(
        _PUT,
        (
            feedback.call_id,
            feedback.user_id,
            feedback.app_id,
            feedback.thumb,
            feedback.reason,
            feedback.words,
            feedback.better_model_id,
            feedback.given_at_ms,
            feedback.changed_at_ms,
            traits.model_id,
            traits.assistant_id,
            traits.family,
            traits.category,
            traits.complexity,
            traits.mode,
        ),
    )
    stored = _get(connection, feedback.call_id)
    return feedback if stored is None else stored


def _get(connection: Connection, call_id: str) -> Feedback | None:
    row = connection.execute(_GET, (call_id,)).fetchone()
    if row is None:
        return None
    said, traits = zip(_SAID, row, strict=False), Traits(*row[len(_SAID) :])
    return Feedback(**dict(said), traits=traits)
