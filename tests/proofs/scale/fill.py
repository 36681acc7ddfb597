"""A sample's rows in, books of any size out: every row copied in SQL with other ids and moments, in either database."""

import re
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

import psycopg

from proxy.domain.plan import Window
from proxy.domain.rollup import DAY_MS
from proxy.domain.standing import epoch
from tests.proofs.scale.template import CALL, KEY, KIND, MOMENT_MS, WHO, Sample
from tests.proofs.stores import SqliteStore, Store

DAYS: Final = 50
STRIDE: Final = 5  # A user calls every so many days ...
CALLS_A_DAY: Final = 5  # ... so often.
KINDS: Final = 2
_EPOCHS: Final[tuple[Window, ...]] = ("day", "week", "month")
_USERS_AT_ONCE: Final = 20_000

# One row for each thing that is about to be copied. Ids of calls sort by their number and before any real one.
_WAVE: Final = "CREATE TEMP TABLE wave (call TEXT, who TEXT, key TEXT, n TEXT, at_ms BIGINT)"
_NUMBERS: Final = "WITH RECURSIVE numbers (j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM numbers WHERE j < :last)"
_USERS: Final = f"""
INSERT INTO wave {_NUMBERS}
SELECT '', 'u' || substr(CAST(10000000 + :first + j AS TEXT), 2), 'k' || substr(CAST(100000000000 + :first + j AS TEXT), 2),
       '0', :at_ms
FROM numbers
"""  # noqa: S608  (constants of this program)
_CALLS: Final = f"""
INSERT INTO wave {_NUMBERS}, made AS (
    SELECT j, (j % :active) * {STRIDE} + :turn AS u, (j % :active + :round) % {KINDS} AS n FROM numbers
)
SELECT 'call_0000000' || CAST(1000000000000000000 + :first + j AS TEXT),
       'u' || substr(CAST(10000000 + u AS TEXT), 2), 'k' || substr(CAST(100000000000 + u AS TEXT), 2),
       CAST(n AS TEXT), :at_ms + j * :step_ms
FROM made
"""  # noqa: S608  (constants of this program)


@dataclass(frozen=True, slots=True)
class Size:
    """How large the books are. Users call in turns, all alike: each has 50 calls on 10 of 50 days, unless it says otherwise,
    or none in `idle` ones."""

    users: int
    idle: bool = False
    days: int = DAYS
    calls_a_day: int = CALLS_A_DAY

    @property
    def calls(self) -> int:
        return 0 if self.idle else self.active_daily * self.calls_a_day * self.days

    @property
    def active_daily(self) -> int:
        return self.users // STRIDE

    def __str__(self) -> str:
        return f"{self.calls:,} calls of {self.users:,} users"


class _Writer(Protocol):
    @property
    def numbers_counters(self) -> bool: ...

    def run(self, statement: str, **values: Any) -> None: ...

    def rows(self, statement: str) -> list[tuple[Any, ...]]: ...


class _SqliteWriter:
    numbers_counters = True

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, statement: str, **values: Any) -> None:
        self._connection.execute(statement, values)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement).fetchall()


class _PostgresWriter:
    numbers_counters = False

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def run(self, statement: str, **values: Any) -> None:
        named = re.sub(r"(?<!:):([a-z_0-9]+)", r"%(\1)s", statement.replace("%", "%%"))
        self._connection.execute(named.encode(), values)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement.encode()).fetchall()


def fill(store: Store, sample: Iterable[Sample], size: Size, until_ms: int) -> None:
    """Fills books that have the schema and nothing else with the calls of the 50 days before the UTC day of `until_ms`."""
    rows = list(sample)
    with _writer(store) as writer, _without_indexes(writer, store):
        writer.run(_WAVE)
        for first in range(0, size.users, _USERS_AT_ONCE):
            _wave(writer, _USERS, first=first, last=min(_USERS_AT_ONCE, size.users - first) - 1, at_ms=until_ms - DAYS * DAY_MS)
            _copy(writer, [row for row in rows if row.of == "user"], until_ms - DAYS * DAY_MS)
        began_s = time.monotonic()
        for number in range(0 if size.idle else size.days):
            _fill_day(writer, rows, size, number, until_ms)
            if size.calls > 100_000 and number % 5 == 4:
                done = f"{(number + 1) * size.calls // size.days:,} of {size.calls:,} calls"
                print(f"    {done}, {time.monotonic() - began_s:.0f} s", flush=True)
        writer.run("DROP TABLE wave")


def _fill_day(writer: _Writer, rows: list[Sample], size: Size, number: int, until_ms: int) -> None:
    daily = size.active_daily * size.calls_a_day
    at_ms = (until_ms // DAY_MS - size.days + number) * DAY_MS
    turn, round_ = number % STRIDE, number // STRIDE
    step_ms = DAY_MS // daily
    _wave(
        writer,
        _CALLS,
        first=number * daily,
        last=daily - 1,
        active=size.active_daily,
        turn=turn,
        round=round_,
        at_ms=at_ms,
        step_ms=step_ms,
    )
    is_last = number == size.days - 1
    _copy(writer, [row for row in rows if row.of == "call" and (is_last or row.table != "idempotency_keys")], at_ms)
    for row in rows:
        if row.of == "sum":
            _add(writer, row, at_ms)


def _wave(writer: _Writer, statement: str, **values: int) -> None:
    writer.run("DELETE FROM wave")
    writer.run(statement, **values)


def _copy(writer: _Writer, rows: Iterable[Sample], at_ms: int) -> None:
    for sample in rows:
        cells = _Cells(at_ms)
        made = ", ".join(cells.of(value) for value in sample.row.values())
        writer.run(f"INSERT INTO {sample.table} ({', '.join(sample.row)}) SELECT {made} FROM wave", **cells.values)  # noqa: S608


_SUM_KEYS: Final = {
    "counters": ("scope", "name", "epoch"),
    "rollups": (
        "day", "user_id", "tag", "value", "kind", "app_id", "assistant_id", "family", "model_id", "provider_id",
    ),
}  # fmt: skip


# Where `counters` is a view, by what it is made of.
_NUMBERED_SUMS: Final = (
    "INSERT INTO counter_names (scope, name, epoch) SELECT scope, name, epoch FROM ADDED WHERE true ON CONFLICT DO NOTHING",
    "INSERT INTO counter_amounts SELECT number, spent, held FROM ADDED JOIN counter_names USING (scope, name, epoch) WHERE true"
    " ON CONFLICT (number) DO UPDATE"
    " SET spent = counter_amounts.spent + excluded.spent, held = counter_amounts.held + excluded.held",
)


def _add(writer: _Writer, sample: Sample, at_ms: int) -> None:
    """Adds what all calls of the wave add to one kind of sum."""
    keys = _SUM_KEYS[sample.table]
    cells = _Cells(at_ms)
    row = sample.row | ({"day": at_ms // DAY_MS} if "day" in sample.row else {})
    made = [cells.of(value) if name in keys else f"count(*) * {value}" for name, value in row.items()]
    sums = ", ".join(f"{name} = {sample.table}.{name} + excluded.{name}" for name in row if name not in keys)
    groups = ", ".join(str(place) for place in range(1, len(keys) + 1))
    if sample.table == "counters" and writer.numbers_counters:
        added = ", ".join(f"{value} AS {name}" for value, name in zip(made, row, strict=True))
        for statement in _NUMBERED_SUMS:
            writer.run(statement.replace("ADDED", f"(SELECT {added} FROM wave GROUP BY {groups})"), **cells.values)  # noqa: S608
        return
    writer.run(
        f"INSERT INTO {sample.table} ({', '.join(row)}) SELECT {', '.join(made)} FROM wave WHERE true GROUP BY {groups}"  # noqa: S608
        f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sums}",
        **cells.values,
    )


class _Cells:
    """Values of a sample as SQL over `wave`: marks become its columns, moments the wave's, epochs those of its day."""

    def __init__(self, at_ms: int) -> None:
        self.values: dict[str, Any] = {}
        self._epochs = {epoch(window, MOMENT_MS, 1): epoch(window, at_ms, 1) for window in _EPOCHS}

    def of(self, value: Any) -> str:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int) and MOMENT_MS <= value < MOMENT_MS + DAY_MS:
            return f"at_ms + {value - MOMENT_MS}"
        return self._value(value)

    def _text(self, value: str) -> str:
        for before, after in self._epochs.items():
            value = value.replace(before, after)
        made = self._value(value)
        for mark, column in ((CALL, "call"), (WHO, "who"), (KEY, "key"), (KIND, "n")):
            if mark in value:
                made = f"replace({made}, '{mark}', {column})"
        return made

    def _value(self, value: Any) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"


@contextmanager
def _writer(store: Store) -> Iterator[_Writer]:
    """All that is written counts once this ends; nobody else may use the books meanwhile."""
    if isinstance(store, SqliteStore):
        with closing(sqlite3.connect(store.path, isolation_level=None)) as connection:
            for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -500000", "locking_mode = EXCLUSIVE"):
                connection.execute(f"PRAGMA {pragma}")
            yield _SqliteWriter(connection)
            connection.execute("PRAGMA locking_mode = NORMAL")
            connection.execute("PRAGMA journal_mode = WAL")
        return
    with psycopg.connect(store.url, autocommit=True, cursor_factory=psycopg.ClientCursor) as postgres:
        postgres.execute("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'")
        yield _PostgresWriter(postgres)
        postgres.execute("VACUUM ANALYZE")
        postgres.execute("CHECKPOINT")


@contextmanager
def _without_indexes(writer: _Writer, store: Store) -> Iterator[None]:
    """Indexes are made when the rows are there: that is far faster than row by row."""
    indexes = _indexes(writer, store)
    for name in indexes:
        writer.run(f"DROP INDEX {name}")
    yield
    for statement in indexes.values():
        writer.run(statement)


def _indexes(writer: _Writer, store: Store) -> Mapping[str, str]:
    if isinstance(store, SqliteStore):
        return dict(writer.rows("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
    return dict(
        writer.rows(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = indexname)"
        )
    )
