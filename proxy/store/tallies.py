"""Roll-ups in, what one user used and what all callers' calls came to out; never looks at a call."""

import json
from collections.abc import Mapping
from typing import Any, Final

from proxy.domain.desk import UsageGroup, UsageQuery, UsageRow
from proxy.domain.rollup import Tallies, Tally, TallyGroup, TallyQuery, TallyRow, UserTallyQuery, days_touched
from proxy.store.database import Connection
from proxy.store.rollup import MEASURES, TTFT

USAGE_ROWS_MAX: Final = 1_000
TALLY_ROWS_MAX: Final = 200
ROUTED_ROWS_MAX: Final = 2_000

# Every query names its days one by one, so that each is one look into the primary key, (user_id, day, tag, ...), in which a
# user's days lie side by side.
_ON_DAYS: Final = "FROM rollups WHERE day IN (SELECT CAST(value AS BIGINT) FROM json_each(?1))"
_USED: Final = (
    "sum(calls_used), sum(input_tokens + cached_input_tokens + cache_write_tokens), sum(output_tokens + reasoning_tokens),"
    " sum(credits_milli)"
)
_USAGE_GROUPS: Final[Mapping[UsageGroup, str]] = {
    "day": "strftime('%Y-%m-%d', day * 86400, 'unixepoch')",
    "family": "family",
    "model": "model_id",
    "assistant": "assistant_id",
    "tag": "value",
}
_TALLY_GROUPS: Final[Mapping[TallyGroup, tuple[str, str]]] = {
    "all": ("''", "user_id = '' AND tag = ''"),
    "model": ("model_id", "user_id = '' AND tag = ''"),
    "provider": ("provider_id", "user_id = '' AND tag = ''"),
    "tag": ("tag || '=' || value", "user_id = '' AND tag > ''"),
}
_SUMS: Final = ", ".join(f"sum({measure})" for measure in MEASURES)
_DEAREST: Final = "ORDER BY sum(raw_nano_usd) DESC, sum(attempts) DESC, name"
# Rows of all callers do not tell assistants apart, so this looks at every user's rows of the days.
_ROUTED: Final = (
    f"SELECT assistant_id || '|' || model_id AS name, {_SUMS} {_ON_DAYS} AND user_id > '' AND tag = '' AND kind <> 'precheck'"
    f" GROUP BY name {_DEAREST} LIMIT ?2"
)
# A page of users: who they are, and what they came to. All their rows are read, so no index is to look for days.
OF_USERS: Final = (
    f"SELECT user_id AS name, {_SUMS} FROM rollups WHERE user_id IN (SELECT value FROM json_each(?1))"  # noqa: S608
    f" AND +day >= ?2 AND +day < ?3 AND tag = '' AND kind <> 'precheck' GROUP BY user_id {_DEAREST} LIMIT ?4"
)


def usage_statement(group: UsageGroup) -> str:
    """What `usage` asks of the roll-ups."""
    return (
        f"SELECT {_USAGE_GROUPS[group]} AS name, {_USED} {_ON_DAYS} AND user_id = ?2 AND tag = ?3"
        " GROUP BY name HAVING sum(calls_used) > 0 ORDER BY name LIMIT ?4"
    )


def tally_statement(query: TallyQuery) -> str:
    """What `tallies` asks of the roll-ups."""
    name, rows = _TALLY_GROUPS[query.group]
    chosen = rows if query.tag is None else "user_id = '' AND tag = ?3"
    return f"SELECT {name} AS name, {_SUMS} {_ON_DAYS} AND {chosen} AND kind <> 'precheck' GROUP BY name {_DEAREST} LIMIT ?2"


def users_statement(rows_max: int) -> str:
    """Whose are the next `rows_max` rows and the one after them, and how many each has of these."""
    looked_at = f"SELECT user_id FROM rollups WHERE user_id > ?1 ORDER BY user_id LIMIT {rows_max + 1:d}"  # noqa: S608
    return f"SELECT user_id, count(*) FROM ({looked_at}) AS looked_at GROUP BY user_id ORDER BY user_id"  # noqa: S608


def usage(query: UsageQuery, connection: Connection) -> list[UsageRow]:
    """The user's groups by name. Calls without the tag asked for are in the group without a name."""
    days, tag = _days(query.from_ms, query.until_ms), query.tag if query.group == "tag" else None
    values = (days, query.user_id, tag or "", USAGE_ROWS_MAX)
    rows = [UsageRow(*row) for row in connection.execute(usage_statement(query.group), values)]
    return rows if tag is None else [*_untagged(connection, days, query.user_id, tag), *rows]


def tallies(query: TallyQuery, connection: Connection) -> list[TallyRow]:
    """The groups, dearest first."""
    values = (_days(query.from_ms, query.until_ms), _at_most(query.limit), *(() if query.tag is None else (query.tag,)))
    return [_tally_row(*row) for row in connection.execute(tally_statement(query), values)]


def routed(from_ms: int, until_ms: int, connection: Connection) -> list[TallyRow]:
    """What calls came to by the assistant that they were for and the model they reached, dearest first."""
    values = (_days(from_ms, until_ms), ROUTED_ROWS_MAX)
    return [_tally_row(*row) for row in connection.execute(_ROUTED, values)]


def user_tallies(query: UserTallyQuery, connection: Connection) -> Tallies:
    """A page of users. Whoever has more rows than may be looked at is a page of its own."""
    found = connection.execute(users_statement(query.rows_max), (query.after,)).fetchall()
    is_all = sum(rows for _, rows in found) <= query.rows_max
    # The last row may be one of many of its user's.
    users = [user_id for user_id, _ in found[: len(found) if is_all else max(1, len(found) - 1)]]
    days = days_touched(query.from_ms, query.until_ms)
    values = (json.dumps(users), days.start, days.stop, _at_most(query.limit))
    rows = [_tally_row(*row) for row in connection.execute(OF_USERS, values)]
    return Tallies(rows, None if is_all else users[-1])


def _untagged(connection: Connection, days: str, user_id: str, tag: str) -> list[UsageRow]:
    statement = f"SELECT {_USED} {_ON_DAYS} AND user_id = ?2 AND tag = ?3"
    every = connection.execute(statement, (days, user_id, "")).fetchone()
    tagged = connection.execute(statement, (days, user_id, tag)).fetchone()
    calls, *rest = ((one or 0) - (other or 0) for one, other in zip(every, tagged, strict=True))
    return [UsageRow("", calls, *rest)] if calls else []


def _tally_row(name: str, *sums: Any) -> TallyRow:
    # The counts of times to first token stand last, in the row and in the tally.
    plain = len(MEASURES) - len(TTFT)
    values: list[Any] = [*sums[:plain], sums[plain:]]
    return TallyRow(name, Tally(*values))


def _at_most(limit: int) -> int:
    return max(0, min(limit, TALLY_ROWS_MAX))


def _days(from_ms: int, until_ms: int) -> str:
    return json.dumps(list(days_touched(from_ms, until_ms)))
