"""Roll-ups in, what one user used and what all callers' calls came to out; never looks at a call."""

import json
from collections.abc import Mapping
from typing import Any, Final

from proxy.domain.desk import UsageGroup, UsageQuery, UsageRow
from proxy.domain.rollup import Tally, TallyGroup, TallyQuery, TallyRow, days_touched
from proxy.store.database import Connection
from proxy.store.rollup import MEASURES, TTFT

USAGE_ROWS_MAX: Final = 1_000
TALLY_ROWS_MAX: Final = 200

# Every query names its days one by one, so that each is one look into the primary key, (user_id, day, tag, ...), in which a
# user's days lie side by side; those of all users are found by the index of days.
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
    "user": ("user_id", "user_id > '' AND tag = ''"),
    "model": ("model_id", "user_id = '' AND tag = ''"),
    "provider": ("provider_id", "user_id = '' AND tag = ''"),
    "tag": ("tag || '=' || value", "user_id = '' AND tag > ''"),
}


def usage_statement(group: UsageGroup) -> str:
    """What `usage` asks of the roll-ups."""
    return (
        f"SELECT {_USAGE_GROUPS[group]} AS name, {_USED} {_ON_DAYS} AND user_id = ?2 AND tag = ?3"
        " GROUP BY name HAVING sum(calls_used) > 0 ORDER BY name LIMIT ?4"
    )


def tally_statement(query: TallyQuery) -> str:
    """What `tallies` asks of the roll-ups: first which groups, by the few columns that say so, then all their sums. Among many
    users that is a third of the work."""
    name, rows = _TALLY_GROUPS[query.group]
    chosen = rows if query.tag is None else "user_id = '' AND tag = ?3"
    among = f"{_ON_DAYS} AND {chosen} AND kind <> 'precheck'"
    dearest = "ORDER BY sum(raw_nano_usd) DESC, sum(attempts) DESC, name"
    sums = ", ".join(f"sum({measure})" for measure in MEASURES)
    return (
        f"SELECT {name} AS name, {sums} {among} AND {name} IN"  # noqa: S608  (constants of this program)
        f" (SELECT name FROM (SELECT {name} AS name {among} GROUP BY name {dearest} LIMIT ?2) AS first) GROUP BY name {dearest}"
    )


def usage(query: UsageQuery, connection: Connection) -> list[UsageRow]:
    """The user's groups by name. Calls without the tag asked for are in the group without a name."""
    days, tag = _days(query.from_ms, query.until_ms), query.tag if query.group == "tag" else None
    values = (days, query.user_id, tag or "", USAGE_ROWS_MAX)
    rows = [UsageRow(*row) for row in connection.execute(usage_statement(query.group), values)]
    return rows if tag is None else [*_untagged(connection, days, query.user_id, tag), *rows]


def tallies(query: TallyQuery, connection: Connection) -> list[TallyRow]:
    """The groups, dearest first."""
    limit = max(0, min(query.limit, TALLY_ROWS_MAX))
    values = (_days(query.from_ms, query.until_ms), limit, *(() if query.tag is None else (query.tag,)))
    return [_tally_row(*row) for row in connection.execute(tally_statement(query), values)]


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


def _days(from_ms: int, until_ms: int) -> str:
    return json.dumps(list(days_touched(from_ms, until_ms)))
