"""Claims about books of an earlier release: what calls left in tables of their own is found in their rows."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import psycopg

from proxy.domain.call import Attempt, Call
from proxy.store.migrate import POSTGRES, SQLITE, migrate, migrations
from proxy.store.recorded import SELECT_CALL, call_read
from proxy.store.rows import CALL_COLUMNS, whole_row
from proxy.store.sqlite import WRITING, SqliteConnection
from tests import builders
from tests.postgres_server import server

BEFORE: Final = 9
USED: Final = builders.usage(input=7, cached_input=2, output=3, reasoning=1)
TRIED: Final = (
    builders.attempt(fault="reset", usage=None, raw_nano_usd=0, credits_milli=0, charged=False),
    builders.attempt(number=2, usage=USED, raw_nano_usd=900, credits_milli=40),
)
CALLS: Final = (
    builders.call("crashed", status="crashed", usage=None, credits_milli=70, raw_nano_usd=1_400, verdict=None),
    builders.call("refused", status="refused", usage=None, credits_milli=0, raw_nano_usd=0, verdict=None),
    builders.call("served", usage=USED, credits_milli=40, raw_nano_usd=900, attempts=TRIED, verdict=builders.verdict()),
)
RECORDS: Final[dict[str, list[tuple[Any, ...]]]] = {
    "usage_records": [
        ("crashed:usage", "crashed", "u1", "chat", 0, 70, CALLS[0].at_ms),
        ("served:usage", "served", "u1", "chat", 13, 40, CALLS[2].at_ms),
    ],
    "cost_records": [("crashed:cost:0", "crashed", 1_400, 70, 0), ("served:cost:2", "served", 900, 40, 1_000_000)],
    "prompt_checks": [("served:check", "served", None, "general", "safe", None, "[]", CALLS[2].at_ms)],
}


def attempt_row(call: Call, one: Attempt) -> tuple[Any, ...]:
    used: tuple[Any, ...] = (None,) * 8
    if one.usage is not None:
        u = one.usage
        used = (u.input, u.cached_input, u.cache_write, u.output, u.reasoning, u.images, u.requests, u.source)
    spot = (call.id, one.number, one.model_id, one.provider_id, one.family)
    times = (one.started_ms, one.first_byte_ms, one.ended_ms)
    said = (one.fault, one.provider_status, one.provider_code, one.provider_request_id)
    return (*spot, *times, *said, *used, one.raw_nano_usd, one.credits_milli, one.multiplier_ppm, int(one.charged))


def earlier_rows() -> dict[str, Sequence[tuple[Any, ...]]]:
    """What an earlier release left of CALLS, by its tables."""
    calls = [tuple(int(v) if isinstance(v, bool) else v for v in whole_row(one)[: len(CALL_COLUMNS)]) for one in CALLS]
    attempts = [attempt_row(one, tried) for one in CALLS for tried in one.attempts]
    return {f"model_calls ({', '.join(CALL_COLUMNS)})": calls, "attempts": attempts, **RECORDS}


def claim(run: Callable[[str], list[tuple[Any, ...]]]) -> None:
    assert [call_read(row) for row in run(f"{SELECT_CALL} ORDER BY id")] == list(CALLS)
    assert run("SELECT * FROM attempts ORDER BY call_id, number") == [attempt_row(CALLS[2], one) for one in TRIED]
    for view, rows in RECORDS.items():
        assert run(f"SELECT * FROM {view} ORDER BY id") == rows  # noqa: S608  (names of this test)


def test_an_older_file_keeps_what_its_calls_left(tmp_path: Path) -> None:
    books = sqlite3.connect(tmp_path / "old.db", isolation_level=None, factory=SqliteConnection)
    migrate(books, WRITING, [step for step in migrations(SQLITE) if step.version < BEFORE])
    for table, rows in earlier_rows().items():
        for row in rows:
            books.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
    migrate(books, WRITING, migrations(SQLITE))
    claim(lambda query: books.execute(query).fetchall())
    books.close()


def test_an_older_postgres_keeps_what_its_calls_left() -> None:
    with server().fresh("template1") as url, psycopg.connect(url, autocommit=True) as books:
        steps = migrations(POSTGRES)
        for step in steps[: BEFORE - 1]:
            books.execute(step.statements[0].encode())
        for table, rows in earlier_rows().items():
            for row in rows:
                books.execute(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(row))})".encode(), row)  # noqa: S608
        books.execute(steps[BEFORE - 1].statements[0].encode())
        claim(lambda query: books.execute(query.encode()).fetchall())
