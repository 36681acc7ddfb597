"""The register's calls and attempts in, the roll-ups they must come to out; mends the days that show anything else."""

from functools import partial
from typing import Final

from proxy.domain.rollup import DAY_MS
from proxy.domain.value import dataclass
from proxy.store.counting import counting
from proxy.store.database import Connection, Database
from proxy.store.folding import fold

_RECOUNT: Final = counting("recounted", "at_ms >= ?1 AND at_ms < ?2")
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
    fold(connection)
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS recounted AS SELECT * FROM rollups LIMIT 0")
    connection.execute("DELETE FROM recounted")
    connection.execute(_RECOUNT, (day * DAY_MS, (day + 1) * DAY_MS))
    (wrong,) = connection.execute(_WRONG, (day,)).fetchone()
    if wrong:
        connection.execute("DELETE FROM rollups WHERE day = ?", (day,))
        connection.execute("INSERT INTO rollups SELECT * FROM recounted")
    return int(wrong)
