"""The newest calls of a model in, who made them out; looks at no more calls than it is told."""

from typing import Final

from proxy.domain.desk import ModelUser, ModelUsers
from proxy.store.database import Connection

KEENEST_MAX: Final = 20
# The index of a model's calls is in the order of their ids, which is that of their moments.
_LOOKED_AT: Final = (
    "SELECT id, user_id, kind, credits_milli FROM model_calls WHERE model_id = ?1"
    " AND id >= (SELECT id FROM model_calls WHERE at_ms >= ?2 ORDER BY at_ms, id LIMIT 1) ORDER BY id DESC LIMIT ?3"
)
_USERS: Final = (
    f"SELECT user_id, count(*), sum(credits_milli) FROM ({_LOOKED_AT}) AS looked_at"  # noqa: S608
    " WHERE kind NOT IN ('probe', 'precheck') GROUP BY user_id ORDER BY count(*) DESC, user_id"
)
_OLDEST: Final = f"SELECT min(id), count(*) FROM ({_LOOKED_AT}) AS looked_at"  # noqa: S608


def model_users(model_id: str, from_ms: int, calls_max: int, connection: Connection) -> ModelUsers:
    """Who made the newest `calls_max` calls of a model since a moment."""
    values = (model_id, from_ms, calls_max)
    found = connection.execute(_USERS, values).fetchall()
    oldest, calls = connection.execute(_OLDEST, values).fetchone()
    return ModelUsers(
        model_id=model_id,
        users=len(found),
        keenest=tuple(ModelUser(*row) for row in found[:KEENEST_MAX]),
        stopped_at_ms=_moment(oldest, connection) if calls == calls_max else None,
    )


def _moment(call_id: str, connection: Connection) -> int:
    at_ms: int = connection.execute("SELECT at_ms FROM model_calls WHERE id = ?", (call_id,)).fetchone()[0]
    return at_ms
