"""Which statements a question sends to a database, and how the database would answer each: by an index, or by looking at all
of a table that grows with calls and users."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, TypeVar

from proxy.ports import Clock
from proxy.store.database import Connection, Database, Found, Moment, Values, Work
from tests.proofs.scale.template import CALL_TABLES, SUMS, USER_TABLES

T = TypeVar("T")
Sent = dict[str, Values]

GROWN_ROWS: Final = 10_000
BIG: Final = (
    USER_TABLES
    | CALL_TABLES
    | SUMS
    | {"kept_conversations", "kept_turns", "alerts", "health_changes", "counter_names", "counter_amounts", "scopes"}
)
# SQLite's words, and PostgreSQL's.
_SCAN: Final = re.compile(r"(^SCAN|Seq Scan on) (\w+)")


class Watched:
    """A database that keeps what is sent to it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.sent: Sent = {}

    async def write(self, work: Work[T]) -> T:
        return await self._database.write(self._watched(work))

    async def write_locked(self, work: Work[T]) -> T:
        return await self._database.write_locked(self._watched(work))

    async def read(self, work: Work[T]) -> T:
        return await self._database.read(self._watched(work))

    async def survey(self, work: Work[T]) -> T:
        return await self._database.survey(self._watched(work))

    async def close(self) -> None:
        await self._database.close()

    def _watched(self, work: Work[T]) -> Work[T]:
        return lambda connection: work(_Watching(connection, self.sent))


class _Watching:
    def __init__(self, connection: Connection, sent: Sent) -> None:
        self._connection = connection
        self._sent = sent

    @property
    def is_near(self) -> bool:
        return self._connection.is_near

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def moment(self) -> Moment | None:
        return self._connection.moment()

    def commit(self) -> None:
        self._connection.commit()

    def rollback(self) -> None:
        self._connection.rollback()

    def execute(self, statement: str, parameters: Values = (), /) -> Found:
        self._sent[statement] = parameters
        return self._connection.execute(statement, parameters)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> object:
        kept = list(rows)
        self._sent[statement] = kept[0]
        return self._connection.executemany(statement, kept)

    def now_ms(self, clock: Clock, /) -> int:
        return self._connection.now_ms(clock)


async def big_tables(database: Database) -> frozenset[str]:
    """Those that grow with calls and users; of a server that plans by size those that have grown, for it looks through small
    ones wherever that is cheaper."""

    def grown(connection: Connection) -> frozenset[str]:
        if connection.is_near:
            return BIG
        found = connection.execute("SELECT relname FROM pg_class WHERE reltuples > ?", (GROWN_ROWS,))
        return BIG & {name for (name,) in found}

    return await database.read(grown)


async def plans(database: Database, sent: Sent) -> dict[str, list[str]]:
    """How the database would answer each statement, in its own words."""

    def explain(connection: Connection) -> dict[str, list[str]]:
        return {statement: _explained(connection, statement, values) for statement, values in sent.items()}

    return await database.read(explain)


def scans(statement: str, plan: Sequence[str], big: Collection[str]) -> list[str]:
    """The lines of a plan that look through a table of `big`. A walk in the order asked for that a LIMIT ends is none:
    what it costs when the rows it looks for are rare is measured."""
    ends = "LIMIT" in statement and not any("FOR ORDER BY" in line for line in plan)
    found = [(line, _SCAN.search(line)) for line in plan]
    return [line.strip() for line, scan in found if scan and scan[2] in big and not (ends and scan[1] == "SCAN")]


def _explained(connection: Connection, statement: str, values: Values) -> list[str]:
    if connection.is_near:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    return [row[0] for row in connection.execute(f"EXPLAIN (COSTS OFF) {statement}", values)]
