"""The register's calls and attempts in, the roll-ups they must come to out; mends the days that show anything else."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from proxy.domain.rollup import DAY_MS, TTFT_BOUNDS_MS
from proxy.store.database import Connection, Database
from proxy.store.rollup import KEYS, MEASURES

_STATUSES: Final = ", ".join(
    f"CASE WHEN status = '{name.removeprefix('calls_')}' THEN 1 ELSE 0 END"
    for name in MEASURES
    if name.startswith("calls_") and name != "calls_used"
)
_BUCKETS: Final = ", ".join(
    f"CASE WHEN ttft_ms > {low} AND ttft_ms <= {high} THEN 1 ELSE 0 END"
    for low, high in zip((-1, *TTFT_BOUNDS_MS), (*TTFT_BOUNDS_MS, 1 << 62), strict=True)
)
# Says in SQL what `rollup` says in code, so that a test can hold each against the other.
RECOUNT: Final = f"""
WITH counted AS (
    SELECT * FROM model_calls WHERE at_ms >= ?1 AND at_ms < ?2
), tagged AS (
    SELECT id, '' AS tag, '' AS value FROM counted
    UNION ALL SELECT counted.id, tag.key, tag.value FROM counted, json_each(metadata) AS tag
), seen AS (
    SELECT id, at_ms / {DAY_MS} AS day, kind, user_id, coalesce(app_id, '') AS app_id,
           coalesce(assistant_id, '') AS assistant_id FROM counted
    UNION ALL SELECT id, at_ms / {DAY_MS}, kind, '', '', '' FROM counted
), parts (id, family, model_id, provider_id, {", ".join(MEASURES)}) AS (
    SELECT id, coalesce(family, ''), coalesce(model_id, ''), coalesce(provider_id, ''), 0, 0,
           raw_nano_usd - coalesce((SELECT sum(raw_nano_usd) FROM attempts WHERE call_id = id), 0),
           {_STATUSES}, CASE WHEN input_tokens IS NOT NULL OR credits_milli > 0 THEN 1 ELSE 0 END,
           coalesce(input_tokens, 0), coalesce(cached_input_tokens, 0), coalesce(cache_write_tokens, 0),
           coalesce(output_tokens, 0), coalesce(reasoning_tokens, 0), coalesce(images, 0), credits_milli - refunded_milli,
           absorbed_milli,
           CASE WHEN status IN ('served', 'cut', 'left') THEN duration_ms ELSE 0 END, coalesce(ttft_ms, 0), {_BUCKETS}
    FROM counted
    UNION ALL
    SELECT id, attempts.family, attempts.model_id, attempts.provider_id,
           1, CASE WHEN fault IS NULL THEN 0 ELSE 1 END, attempts.raw_nano_usd,
           {", ".join("0" * (len(MEASURES) - 3))}
    FROM counted JOIN attempts ON call_id = id
)
INSERT INTO recounted
SELECT {", ".join(KEYS)}, {", ".join(f"sum({name})" for name in MEASURES)}
FROM seen JOIN tagged USING (id) JOIN parts USING (id) GROUP BY {", ".join(KEYS)}
"""  # noqa: S608  (constants of this program)
_WRONG: Final = """
SELECT (SELECT count(*) FROM (SELECT * FROM rollups WHERE day = ?1 EXCEPT SELECT * FROM recounted) AS wrong)
     + (SELECT count(*) FROM (SELECT * FROM recounted EXCEPT SELECT * FROM rollups WHERE day = ?1) AS missing)
"""
_NEXT_DAY: Final = f"""
SELECT min(day) FROM (
    SELECT min(at_ms) / {DAY_MS} AS day FROM model_calls WHERE at_ms >= ?1 * {DAY_MS}
    UNION ALL SELECT min(day) FROM rollups WHERE day >= ?1
) AS days
"""  # noqa: S608  (constants of this program)


@dataclass(frozen=True, slots=True)
class Recounted:
    """How many days were looked at, and how many of their rows were wrong, missing or too many."""

    days: int
    wrong_rows: int


async def recount(database: Database) -> Recounted:
    """Makes every day's roll-ups what its calls sum to, a transaction a day; calls wait while a day is counted. Raises
    StoreUnavailable."""
    days = wrong_rows = 0
    day = await database.read(partial(_next_day, 0))
    while day is not None:
        days, wrong_rows = days + 1, wrong_rows + await database.write(partial(_recount_day, day))
        day = await database.read(partial(_next_day, day + 1))
    return Recounted(days, wrong_rows)


def _next_day(day: int, connection: Connection) -> int | None:
    row: tuple[int | None] = connection.execute(_NEXT_DAY, (day,)).fetchone()
    return row[0]


def _recount_day(day: int, connection: Connection) -> int:
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS recounted AS SELECT * FROM rollups LIMIT 0")
    connection.execute("DELETE FROM recounted")
    connection.execute(RECOUNT, (day * DAY_MS, (day + 1) * DAY_MS))
    (wrong,) = connection.execute(_WRONG, (day,)).fetchone()
    if wrong:
        connection.execute("DELETE FROM rollups WHERE day = ?", (day,))
        connection.execute("INSERT INTO rollups SELECT * FROM recounted")
    return int(wrong)
