"""Claims about the one PostgreSQL database: what is refused at the start, what passes, and what a lost connection costs."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from proxy.ports import CommitUnknown, StoreUnavailable
from proxy.store.database import BadStatement, Connection, UnfitDatabase
from proxy.store.migrate import POSTGRES, SQLITE, SchemaTooNew, migrations
from proxy.store.postgres import PostgresDatabase
from proxy.store.sqlite import SqliteDatabase
from tests.postgres_server import PASSWORD, server
from tests.store.wire import BREAKS, Break, wired

NOTE = "INSERT INTO changes (kind, object_id, at_ms) VALUES ('test', 'x', 1)"
COUNT = "SELECT count(*) FROM changes"
END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
)


@pytest.fixture
def url() -> Iterator[str]:
    with server().fresh() as made:
        yield made


@pytest.fixture
async def database(url: str) -> AsyncIterator[PostgresDatabase]:
    opened = await PostgresDatabase.open(url)
    yield opened
    await opened.close()


def _do(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(statement.encode())


async def _count(database: PostgresDatabase) -> int:
    rows = await database.read(lambda c: c.execute(COUNT).fetchall())
    return int(rows[0][0])


async def test_what_write_returns_is_committed_and_read_sees_it(database: PostgresDatabase) -> None:
    assert await database.write(lambda c: c.execute(NOTE).rowcount) == 1
    assert await database.write_locked(lambda c: c.execute(NOTE).rowcount) == 1
    assert await _count(database) == 2


async def test_an_exception_rolls_back_and_is_raised(database: PostgresDatabase) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(NOTE)
        raise LookupError("a test")

    with pytest.raises(LookupError):
        await database.write(fail)
    assert await _count(database) == 0
    await database.write(lambda c: c.execute(NOTE))


async def test_a_reader_cannot_write(database: PostgresDatabase) -> None:
    with pytest.raises(StoreUnavailable, match="read-only"):
        await database.read(lambda c: c.execute(NOTE))
    assert await _count(database) == 0


async def test_a_defect_or_a_bad_row_is_no_outage(database: PostgresDatabase) -> None:
    for statement in (
        "SELECT * FROM no_such_table",
        "INSERT INTO changes (kind, object_id, at_ms) VALUES ('test', NULL, 1)",
        "INSERT INTO users (id, name, anchor_day, created_at_ms) VALUES ('u', 'u', 32, 0)",
    ):
        with pytest.raises(BadStatement):
            await _write(database, statement)
    with pytest.raises(BadStatement, match="out of range"):
        await database.write(lambda c: c.execute("SELECT ?", (1 << 70,)))
    with pytest.raises(BadStatement, match="NUL"):
        await database.write(lambda c: c.execute("SELECT ?", ("a\0b",)))


async def test_a_failure_that_work_hides_is_no_commit(database: PostgresDatabase) -> None:
    def hide(connection: Connection) -> None:
        connection.execute(NOTE)
        with pytest.raises(psycopg.Error):
            connection.execute("SELECT * FROM no_such_table")

    with pytest.raises(BadStatement, match="nothing was committed"):
        await database.write(hide)
    assert await _count(database) == 0


async def test_a_connection_that_the_server_ended_is_made_anew(database: PostgresDatabase, url: str) -> None:
    await database.write(lambda c: c.execute(NOTE))
    _do(url, END_OTHERS)
    await database.write(lambda c: c.execute(NOTE))
    assert await _count(database) == 2


async def test_work_that_lost_its_connection_is_done_once_more(database: PostgresDatabase, url: str) -> None:
    attempts: list[int] = []

    def work(connection: Connection) -> None:
        attempts.append(1)
        connection.execute(NOTE)
        if len(attempts) == 1:
            _do(url, END_OTHERS)
        connection.execute(NOTE)

    await database.write(work)
    assert (len(attempts), await _count(database)) == (2, 2)


@pytest.mark.parametrize("where", BREAKS)
async def test_a_commit_without_a_reply_is_said_to_be_unknown(url: str, where: Break) -> None:
    with wired(url) as (wire, address):
        database = await PostgresDatabase.open(address)
        wire.break_next = where
        with pytest.raises(CommitUnknown):
            await database.write(lambda c: c.execute(NOTE))
        assert await _count(database) == (1 if where == "before its reply comes back" else 0)
        await database.close()


async def test_an_outage_is_said_and_passes(url: str) -> None:
    with wired(url) as (wire, address):
        database = await PostgresDatabase.open(address)
        wire.is_down = True
        _do(url, END_OTHERS)
        with pytest.raises(StoreUnavailable):
            await database.write(lambda c: c.execute(NOTE))
        with pytest.raises(StoreUnavailable):
            await _count(database)
        wire.is_down = False
        await database.write(lambda c: c.execute(NOTE))
        assert await _count(database) == 1
        await database.close()


async def test_of_two_that_wait_for_each_other_both_get_through(database: PostgresDatabase, url: str) -> None:
    other = await PostgresDatabase.open(url)
    both_hold_one, one_is_through = threading.Barrier(2, timeout=60), threading.Event()

    async def lock(through: PostgresDatabase, *names: str) -> int:
        attempts: list[int] = []

        def work(connection: Connection) -> int:
            attempts.append(1)
            # Or the two would meet again, where the other is slow to go on.
            assert len(attempts) == 1 or one_is_through.wait(60)
            connection.execute("SELECT name FROM scopes WHERE name = ? FOR UPDATE", names[:1])
            if len(attempts) == 1:
                both_hold_one.wait()
            connection.execute("SELECT name FROM scopes WHERE name = ? FOR UPDATE", names[1:])
            return len(attempts)

        tried = await through.write_locked(work)
        one_is_through.set()
        return tried

    await database.write(lambda c: c.execute("INSERT INTO scopes VALUES ('a'), ('b')"))
    attempts = await asyncio.gather(lock(database, "a", "b"), lock(other, "b", "a"))
    assert sorted(attempts) == [1, 2]
    await other.close()


async def test_writers_that_lock_nothing_themselves_take_turns(database: PostgresDatabase, url: str) -> None:
    other = await PostgresDatabase.open(url)

    def count_up(connection: Connection) -> None:
        (found,) = connection.execute("SELECT coalesce(max(up_ms), 0) FROM processes").fetchone()
        time.sleep(0.01)
        connection.execute("INSERT INTO processes VALUES (?, 0, 0, ?)", (f"boot-{found}", found + 1))

    await asyncio.gather(*(through.write(count_up) for through in (database, other) for _ in range(10)))
    assert await database.read(lambda c: c.execute("SELECT max(up_ms) FROM processes").fetchone()) == (20,)
    await other.close()


async def test_a_process_halted_inside_its_transaction_gives_up_its_turn(database: PostgresDatabase, url: str) -> None:
    other = await PostgresDatabase.open(url)
    begun, woken = threading.Event(), threading.Event()
    attempts: list[int] = []

    def halt(connection: Connection) -> None:
        attempts.append(1)
        if len(attempts) == 1:
            connection.execute("SET idle_in_transaction_session_timeout = '50ms'")
            connection.execute(NOTE)
            begun.set()
            woken.wait(60)
        connection.execute(NOTE)

    halted = asyncio.create_task(database.write(halt))
    await asyncio.to_thread(begun.wait, 60)
    await other.write(lambda c: c.execute(NOTE))
    woken.set()
    await halted
    assert (len(attempts), await _count(database)) == (2, 2)
    await other.close()


async def test_changes_become_visible_in_the_order_of_their_numbers(database: PostgresDatabase, url: str) -> None:
    other = await PostgresDatabase.open(url)
    drawn, may_commit = threading.Event(), threading.Event()

    def first(connection: Connection) -> None:
        connection.execute(NOTE)
        drawn.set()
        may_commit.wait(60)

    slow = asyncio.create_task(database.write_locked(first))
    await asyncio.to_thread(drawn.wait, 60)
    fast = asyncio.create_task(other.write_locked(lambda c: c.execute(NOTE)))
    await asyncio.wait({fast}, timeout=0.3)
    assert not fast.done()
    may_commit.set()
    await asyncio.gather(slow, fast)
    await other.close()


async def test_a_server_whose_commits_are_not_durable_is_refused(url: str) -> None:
    _do(url, f"ALTER DATABASE {url.rpartition('/')[2]} SET synchronous_commit = off")
    with pytest.raises(UnfitDatabase, match="synchronous_commit"):
        await PostgresDatabase.open(url)


async def test_no_word_of_an_address_that_fails_is_repeated(url: str) -> None:
    wrong = (
        f"postgresql://signalbox:{PASSWORD}@127.0.0.1:1/books",
        f"postgresql://signalbox:{PASSWORD}@[::1/books",
        f"postgresql://signalbox:{PASSWORD}@127.0.0.1/books?no_such_option=1",
        url.replace(PASSWORD, f"{PASSWORD}-wrong"),
        url.replace("/test_", "/missing_"),
    )
    for address in wrong:
        with pytest.raises(StoreUnavailable) as caught:
            await PostgresDatabase.open(address)
        assert PASSWORD not in repr(caught.value)


async def test_many_processes_may_open_an_empty_database_at_once() -> None:
    with server().fresh("template1") as empty:
        databases = await asyncio.gather(*(PostgresDatabase.open(empty) for _ in range(4)))
        await asyncio.gather(*(database.write(lambda c: c.execute(NOTE)) for database in databases for _ in range(5)))
        assert [await _count(database) for database in databases] == [20] * 4
        await asyncio.gather(*(database.close() for database in databases))


async def test_a_database_of_a_newer_release_is_refused(url: str) -> None:
    _do(url, "INSERT INTO schema_version (version, name) VALUES (999, 'from the future')")
    with pytest.raises(SchemaTooNew, match="999"):
        await PostgresDatabase.open(url)


async def test_a_closed_database_answers_that_it_is_away(url: str) -> None:
    database = await PostgresDatabase.open(url)
    await database.close()
    await database.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await _write(database, NOTE)


async def test_entries_and_audit_are_append_only(database: PostgresDatabase) -> None:
    for statement in (
        "UPDATE entries SET amount_milli = 2",
        "DELETE FROM entries",
        "TRUNCATE entries",
        "DELETE FROM audit",
        "TRUNCATE audit",
    ):
        with pytest.raises(BadStatement, match="append-only"):
            await _write(database, statement)


def test_both_databases_have_the_same_steps() -> None:
    assert [step.name for step in migrations(POSTGRES)] == [step.name for step in migrations(SQLITE)]


async def test_both_databases_have_the_same_columns_in_the_same_order(database: PostgresDatabase, tmp_path: Path) -> None:
    other = await SqliteDatabase.open(str(tmp_path / "books.db"))
    ours = await other.read(
        lambda c: c.execute(
            "SELECT sheet.name, part.name FROM sqlite_master AS sheet, pragma_table_info(sheet.name) AS part"
            " WHERE sheet.type IN ('table', 'view') AND sheet.name NOT LIKE 'sqlite_%'"
            # Of these two the view `counters` is made, which is a table there.
            " AND sheet.name NOT IN ('counter_names', 'counter_amounts') ORDER BY sheet.name, part.cid"
        ).fetchall()
    )
    theirs = await database.read(
        lambda c: c.execute(
            "SELECT table_name::TEXT, column_name::TEXT FROM information_schema.columns WHERE table_schema = 'public'"
            " AND table_name <> 'scopes' ORDER BY table_name COLLATE \"C\", ordinal_position"
        ).fetchall()
    )
    assert theirs == ours
    await other.close()


async def test_text_sorts_by_its_bytes_whatever_the_server_was_made_with(database: PostgresDatabase) -> None:
    found = await database.read(
        lambda c: c.execute(
            "SELECT table_name::TEXT, column_name::TEXT FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C' AND table_name <> 'schema_version'"
        ).fetchall()
    )
    assert found == []


async def test_the_words_of_sqlite_mean_the_same(database: PostgresDatabase, tmp_path: Path) -> None:
    other = await SqliteDatabase.open(str(tmp_path / "books.db"))
    for query in (
        """SELECT value FROM json_each('["b", "a,\\"x", "ü"]')""",
        """SELECT key, value FROM json_each('{"feature": "chat", "team": "a?b"}') ORDER BY key""",
        """SELECT json_extract('["s", ["x", 7]]', '$[1][0]'), json_extract('{"a": {"b": "c"}}', '$.a.b')""",
        "SELECT strftime('%Y-%m-%d', 1767225599999 / 1000, 'unixepoch')",
        "SELECT strftime('%Y-%m-%d %H:%M:%S', 1767225600000 / 1000, 'unixepoch')",
        "SELECT sum(amount) FROM (SELECT 9007199254740993 AS amount UNION ALL SELECT -1) AS figures",
    ):
        found = [await _found(opened, query) for opened in (database, other)]
        assert found[0] == found[1]
    await other.close()


async def test_a_word_that_would_mean_something_else_is_refused(database: PostgresDatabase) -> None:
    with pytest.raises(BadStatement, match="no translation"):
        await _found(database, "SELECT strftime('%W', 0, 'unixepoch')")
    with pytest.raises(ValueError, match=r"1\.5"):
        await _found(database, "SELECT avg(n) FROM (VALUES (1), (2)) AS figures (n)")


async def test_places_for_values_are_those_of_sqlite(database: PostgresDatabase) -> None:
    found = await database.read(
        lambda c: (
            c.execute("SELECT ? || '?' || ?", ("a", "b")).fetchone(),
            c.execute("SELECT ?2 || ?1 || ?2", ("a", "b")).fetchone(),
            c.execute("SELECT ? + 1, ? + 1", (True, 1 << 40)).fetchone(),
            c.execute("SELECT :a || ':b' || :b || :a, :n::TEXT", {"b": "B", "a": "A", "n": 1}).fetchone(),
        )
    )
    assert found == (("a?b",), ("bab",), (2, (1 << 40) + 1), ("A:bBA", "1"))


def test_the_driver_is_not_loaded_where_it_is_not_configured() -> None:
    program = "import sys, proxy.app; sys.exit('psycopg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


async def _write(database: PostgresDatabase, statement: str) -> None:
    await database.write(lambda c: c.execute(statement).rowcount)


async def _found(database: PostgresDatabase | SqliteDatabase, query: str) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = await database.read(lambda c: c.execute(query).fetchall())
    return found
