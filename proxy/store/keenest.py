"""The newest calls of a model in, who made them out; looks at no more calls than it is told."""

from collections.abc import Sequence
from typing import Final

from proxy.domain.desk import ModelUser, ModelUsers
from proxy.store.database import Connection

KEENEST_MAX: Final = 20
# However few models share what may be looked at: who calls a model most is seen from so many calls as well as from more.
CALLS_EACH_MAX: Final = 2_500
# The index of a model's calls is in the order of their ids, which is that of their moments. They are asked for as pairs: so
# a server walks that index and not all calls, of which most may be other models'.
_SINCE: Final = "SELECT id FROM model_calls WHERE at_ms >= ? ORDER BY at_ms, id LIMIT 1"
_NEWEST: Final = "FROM model_calls WHERE (model_id, id) >= (?1, ?2) AND model_id <= ?1 ORDER BY model_id DESC, id DESC"
_LOOKED_AT: Final = f"(SELECT user_id, kind, credits_milli {_NEWEST} LIMIT ?3) AS looked_at"
_USERS: Final = (
    f"SELECT user_id, count(*), sum(credits_milli), count(*) OVER () FROM {_LOOKED_AT}"  # noqa: S608  (constants of this program)
    " WHERE kind NOT IN ('probe', 'precheck')"
    f" GROUP BY user_id ORDER BY count(*) DESC, user_id LIMIT {KEENEST_MAX:d}"
)
_OLDEST: Final = f"SELECT id {_NEWEST} LIMIT 1 OFFSET ?3 - 1"


def model_users(model_ids: Sequence[str], from_ms: int, calls_max: int, connection: Connection) -> list[ModelUsers]:
    """Who made the newest calls of each model since a moment. Of `calls_max` calls each model has its share, which is
    CALLS_EACH_MAX at most."""
    first = connection.execute(_SINCE, (from_ms,)).fetchone()
    if first is None:
        return [ModelUsers(model_id, 0, (), None) for model_id in model_ids]
    each = min(CALLS_EACH_MAX, max(1, calls_max // max(1, len(model_ids))))
    return [_users(model_id, (model_id, first[0], each), connection) for model_id in model_ids]


def _users(model_id: str, values: tuple[str | int, ...], connection: Connection) -> ModelUsers:
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
