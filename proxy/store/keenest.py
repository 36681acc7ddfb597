"""The newest calls of a model in, who made them out; looks at no more calls than it is told."""

from typing import Final

from proxy.domain.desk import ModelUser, ModelUsers
from proxy.store.database import Connection

KEENEST_MAX: Final = 20
# However few models share what may be looked at: who calls a model most is seen from so many calls as well as from more.
CALLS_EACH_MAX: Final = 2_500
# The index of a model's calls is in the order of their ids, which is that of their moments.
_NEWEST: Final = (
    "FROM model_calls WHERE model_id = ?1"
    " AND id >= (SELECT id FROM model_calls WHERE at_ms >= ?2 ORDER BY at_ms, id LIMIT 1) ORDER BY id DESC"
)
_LOOKED_AT: Final = f"(SELECT user_id, kind, credits_milli {_NEWEST} LIMIT ?3) AS looked_at"
_USERS: Final = (
    f"SELECT user_id, count(*), sum(credits_milli), count(*) OVER () FROM {_LOOKED_AT}"  # noqa: S608  (constants of this program)
    " WHERE kind NOT IN ('probe', 'precheck')"
    f" GROUP BY user_id ORDER BY count(*) DESC, user_id LIMIT {KEENEST_MAX:d}"
)
_OLDEST: Final = f"SELECT id {_NEWEST} LIMIT 1 OFFSET ?3 - 1"


def model_users(model_id: str, from_ms: int, calls_max: int, connection: Connection) -> ModelUsers:
    """Who made the newest `calls_max` calls of a model since a moment; CALLS_EACH_MAX at most."""
    values = (model_id, from_ms, min(calls_max, CALLS_EACH_MAX))
    found = connection.execute(_USERS, values).fetchall()
    oldest = connection.execute(_OLDEST, values).fetchone()
    return ModelUsers(
        model_id=model_id,
        users=found[0][3] if found else 0,
        keenest=tuple(ModelUser(*row[:3]) for row in found),
        stopped_at_ms=None if oldest is None else _moment(oldest[0], connection),
    )


def _moment(call_id: str, connection: Connection) -> int:
    at_ms: int = connection.execute("SELECT at_ms FROM model_calls WHERE id = ?", (call_id,)).fetchone()[0]
    return at_ms
