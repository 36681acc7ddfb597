"""Claims about the one SQLite file: transactions, two processes, older and newer schemas, and which trouble passes."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proxy.ports import StoreUnavailable
from proxy.store.database import BadStatement, Connection
from proxy.store.migrate import SchemaTooNew, migrate, migrations
from proxy.store.sqlite import WRITING, SqliteConnection, SqliteDatabase

NOTE = "INSERT INTO changes (kind, object_id, at_ms) VALUES ('test', 'x', 1)"
COUNT = "SELECT count(*) FROM changes"


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "books.db")


@pytest.fixture
async def database(path: str) -> AsyncIterator[SqliteDatabase]:
    opened = await SqliteDatabase.open(path)
    yield opened
    await opened.close()


async def _count(database: SqliteDatabase) -> int:
    rows = await database.read(lambda c: c.execute(COUNT).fetchall())
    return int(rows[0][0])


async def test_what_write_returns_is_committed_and_read_sees_it(database: SqliteDatabase) -> None:
    assert await database.write(lambda c: c.execute(NOTE).rowcount) == 1
    assert await _count(database) == 1


async def test_an_exception_rolls_back_and_is_raised(database: SqliteDatabase) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(NOTE)
        raise LookupError("a test")

    with pytest.raises(LookupError):
        await database.write(fail)
    assert await _count(database) == 0
    await database.write(lambda c: c.execute(NOTE))


async def test_a_reader_cannot_write(database: SqliteDatabase) -> None:
    with pytest.raises(StoreUnavailable, match="READONLY"):
        await database.read(lambda c: c.execute(NOTE))


async def test_a_defect_in_a_statement_is_no_outage(database: SqliteDatabase) -> None:
    with pytest.raises(BadStatement, match="no_such_table"):
        await database.write(lambda c: c.execute("SELECT * FROM no_such_table"))
    with pytest.raises(BadStatement, match="NULL"):
        await database.write(lambda c: c.execute("INSERT INTO changes (seq, kind, object_id, at_ms) VALUES (1, 1, NULL, 1)"))


async def test_a_full_disk_is_an_outage_that_passes(database: SqliteDatabase) -> None:
    def fill(connection: Connection) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        connection.execute("INSERT INTO changes (kind, object_id, at_ms) VALUES ('test', hex(zeroblob(99999)), 1)")

    with pytest.raises(StoreUnavailable, match="FULL"):
        await database.write(fill)
    await database.write(lambda c: c.execute("PRAGMA max_page_count = 1000000"))
    await database.write(lambda c: c.execute(NOTE))
    assert await _count(database) == 1


async def test_a_lock_held_by_another_process_is_an_outage_that_passes(database: SqliteDatabase, path: str) -> None:
    await database.write(lambda c: c.execute("PRAGMA busy_timeout = 20"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="BUSY"):
        await database.write(lambda c: c.execute(NOTE))
    assert await _count(database) == 0
    other.execute("COMMIT")
    other.close()
    await database.write(lambda c: c.execute(NOTE))
    assert await _count(database) == 1


async def test_a_file_that_cannot_be_opened_is_an_outage(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="CANTOPEN"):
        await SqliteDatabase.open(str(tmp_path / "missing" / "books.db"))


async def test_a_closed_database_answers_that_it_is_away(path: str) -> None:
    database = await SqliteDatabase.open(path)
    await database.close()
    await database.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await database.write(lambda c: c.execute(NOTE))


async def test_many_processes_may_open_a_new_file_at_once_and_write_in_turn(path: str) -> None:
    databases = await asyncio.gather(*(SqliteDatabase.open(path) for _ in range(4)))
    await asyncio.gather(*(database.write(lambda c: c.execute(NOTE)) for database in databases for _ in range(5)))
    assert [await _count(database) for database in databases] == [20] * 4
    await asyncio.gather(*(database.close() for database in databases))


async def test_entries_are_append_only(database: SqliteDatabase) -> None:
    await database.write(lambda c: c.execute("INSERT INTO entries VALUES ('e', NULL, 'u1', 'grant', 1, 1, '[]')"))
    with pytest.raises(BadStatement, match="append-only"):
        await database.write(lambda c: c.execute("UPDATE entries SET amount_milli = 2"))
    with pytest.raises(BadStatement, match="append-only"):
        await database.write(lambda c: c.execute("DELETE FROM entries"))


async def test_an_older_file_moves_forward_and_keeps_its_rows(path: str) -> None:
    older = sqlite3.connect(path, isolation_level=None, factory=SqliteConnection)
    migrate(older, WRITING, migrations()[:1])
    older.execute(NOTE)
    older.execute("INSERT INTO counters VALUES ('user:u1', 'included/month', '2026-01-01', 5, 0)")
    older.close()
    database = await SqliteDatabase.open(path)
    found = await database.read(lambda c: c.execute("SELECT max(version) FROM schema_version").fetchall())
    assert found == [(len(migrations()),)]
    assert await database.read(lambda c: c.execute("SELECT spent FROM counters").fetchall()) == [(5,)]
    assert await _count(database) == 1
    await database.close()


async def test_of_open_plan_requests_about_the_same_an_older_file_keeps_the_newest(path: str) -> None:
    older = sqlite3.connect(path, isolation_level=None, factory=SqliteConnection)
    migrate(older, WRITING, [step for step in migrations() if step.version < 5])
    requests = [("a", "plan", "pro", 1), ("b", "plan", "plus", 2), ("c", "credits", "5", 2), ("d", "credits", "6", 2)]
    requests += [("e", "model", "p/a", 1), ("f", "model", "p/b", 2)]
    for request_id, subject, target, at_ms in requests:
        older.execute(
            "INSERT INTO plan_requests (id, user_id, subject, target, words, status, created_at_ms)"
            " VALUES (?, 'u1', ?, ?, '', 'open', ?)",
            (request_id, subject, target, at_ms),
        )
    migrate(older, WRITING, migrations())
    still_open = older.execute("SELECT id FROM plan_requests WHERE status = 'open' ORDER BY id").fetchall()
    assert "".join(request_id for (request_id,) in still_open) == "bdef"
    older.close()


async def test_a_file_of_a_newer_release_is_refused_and_left_alone(path: str) -> None:
    await (await SqliteDatabase.open(path)).close()
    newer = sqlite3.connect(path, isolation_level=None)
    newer.execute("INSERT INTO schema_version (version, name) VALUES (999, 'from the future')")
    newer.close()
    with pytest.raises(SchemaTooNew, match="999"):
        await SqliteDatabase.open(path)


def test_a_step_that_fails_leaves_nothing_of_itself(path: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None, factory=SqliteConnection)
    (first, *_) = migrations()
    broken = type(first)(1, "0001_broken", ("CREATE TABLE half (id TEXT)", "CREATE TABLE half (id TEXT)"))
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, WRITING, [broken])
    migrate(connection, WRITING, [first])
    assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchall() == []
    connection.close()
