"""The statements that anybody would write first, kept to be seen: how they overspend where two processes meet, and beside
them the ledger that does not."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
import pytest

from proxy.domain.ledger import Held
from proxy.domain.standing import Cap
from proxy.store.sqlite import SqliteDatabase
from tests.contracts.ledger_house import HOUSES, House, hold, month
from tests.postgres_server import server

LIMIT: Final = 100
BLOCKED_WAIT_S: Final = 20.0

# One statement, no lock, no loop: the user's row moves if the app, which many users share, has room. Who has waited for the
# user's row looks at that row again, and at the app's as it was before.
ADMIT: Final = """
UPDATE counters SET held = held + 100
WHERE scope = 'user:u1' AND (SELECT sum(held) FROM counters WHERE scope IN ('user:u1', 'user:u2')) + 100 <= 100
"""
# A check whose rows nobody locks: every caller inserts a row of its own.
INSERT: Final = """
INSERT INTO hold_scopes (scope, hold_id)
SELECT 'user:u1', %s WHERE (SELECT count(*) FROM hold_scopes WHERE scope = 'user:u1') < 1
"""
WAITS: Final = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = %s"
# Two holds of one batch on one row: a statement over a set touches each row once.
BOTH: Final = """
UPDATE counters SET held = held + asked.milli
FROM (VALUES ('user:u1', 60), ('user:u1', 60)) AS asked (scope, milli)
WHERE counters.scope = asked.scope AND counters.held + asked.milli <= 100
"""


@pytest.fixture
def pair() -> Iterator[tuple[psycopg.Connection[Any], psycopg.Connection[Any]]]:
    """Two processes' connections to one database with two empty counters, each inside a transaction as it begins."""
    with server().fresh() as url, psycopg.connect(url) as one, psycopg.connect(url) as other:
        for user in ("u1", "u2"):
            one.execute("INSERT INTO counters VALUES (%s, 'included/month', 'now', 0, 0)", (f"user:{user}",))
        one.commit()
        yield one, other


def _held(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT sum(held) FROM counters").fetchone()
    assert row is not None
    return int(row[0])


def _meanwhile(connection: psycopg.Connection[Any], statement: LiteralString, first: psycopg.Connection[Any]) -> int:
    """Runs a statement that waits for `first`, which then commits; how many rows it wrote."""
    wrote: list[int] = []
    waiting = threading.Thread(target=lambda: wrote.append(connection.execute(statement).rowcount))
    waiting.start()
    for _ in range(int(BLOCKED_WAIT_S / 0.02)):
        if first.execute(WAITS, (connection.info.backend_pid,)).fetchone() != (0,):
            break
        waiting.join(0.02)
    first.commit()
    waiting.join(BLOCKED_WAIT_S)
    connection.commit()
    return wrote[0]


def test_a_condition_over_other_rows_is_not_looked_at_again_after_a_wait(
    pair: tuple[psycopg.Connection[Any], psycopg.Connection[Any]],
) -> None:
    one, other = pair
    one.execute("UPDATE counters SET held = 0 WHERE scope = 'user:u1'")
    one.execute("UPDATE counters SET held = 100 WHERE scope = 'user:u2'")
    assert _meanwhile(other, ADMIT, one) == 1
    assert _held(other) == 2 * LIMIT


def test_a_check_before_an_insert_sees_nobody_who_has_not_committed(
    pair: tuple[psycopg.Connection[Any], psycopg.Connection[Any]],
) -> None:
    one, other = pair
    assert [one.execute(INSERT, ("a",)).rowcount, other.execute(INSERT, ("b",)).rowcount] == [1, 1]
    one.commit()
    other.commit()
    assert one.execute("SELECT count(*) FROM hold_scopes WHERE scope = 'user:u1'").fetchone() == (2,)


def test_a_statement_over_a_batch_counts_two_holds_on_one_row_as_one(
    pair: tuple[psycopg.Connection[Any], psycopg.Connection[Any]],
) -> None:
    one, _ = pair
    assert one.execute(BOTH).rowcount == 1
    assert _held(one) == 60


@pytest.fixture
async def counted(tmp_path: Path) -> AsyncIterator[Path]:
    """An SQLite file with one empty counter."""
    database = await SqliteDatabase.open(str(tmp_path / "books.db"))
    await database.write(lambda c: c.execute("INSERT INTO counters VALUES ('user:u1', 'included/month', 'now', 0, 0)"))
    yield tmp_path / "books.db"
    await database.close()


def _room(connection: sqlite3.Connection) -> bool:
    (held,) = connection.execute("SELECT held FROM counters").fetchone()
    return bool(held + LIMIT <= LIMIT)


def test_on_sqlite_reading_in_one_transaction_and_writing_in_the_next_overspends(counted: Path) -> None:
    with closing(sqlite3.connect(counted, isolation_level=None)) as one, closing(sqlite3.connect(counted)) as other:
        admitted = [connection for connection in (one, other) if _room(connection)]
        for connection in admitted:
            connection.execute("UPDATE counters SET held = held + 100")
            connection.commit()
        assert one.execute("SELECT held FROM counters").fetchone() == (2 * LIMIT,)


def test_on_sqlite_a_transaction_that_begins_by_reading_cannot_write_after_another_has(counted: Path) -> None:
    """It does not overspend; it fails at once, however long it was willing to wait. So every write begins IMMEDIATE."""
    with (
        closing(sqlite3.connect(counted, isolation_level=None)) as one,
        closing(sqlite3.connect(counted, isolation_level=None, timeout=60)) as other,
    ):
        other.execute("BEGIN")
        assert _room(other)
        one.execute("UPDATE counters SET held = held + 100")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("UPDATE counters SET held = held + 100")


@pytest.mark.parametrize("name", sorted(HOUSES))
async def test_the_ledger_admits_what_there_is_over_two_users_of_one_app(name: str, tmp_path: Path) -> None:
    async with HOUSES[name](tmp_path) as house:
        assert await _admitted(house) == 10
        assert await house.wrongs(await house.door()) == []


async def _admitted(house: House) -> int:
    """How many of 40 calls of two users through two processes are held, one batch each, where their app can pay ten."""
    doors = [await house.door(f"boot-{n}") for n in range(2)]
    terms = month(10_000, caps=(Cap("app:a1", "month", 10 * LIMIT),))
    calls = [
        [hold(f"{door}-{user}-{n}", LIMIT, account_id=user, terms=terms) for user in ("u1", "u2") for n in range(10)]
        for door in range(2)
    ]
    acks = await asyncio.gather(*(door.ledger.apply(calls[n]) for n, door in enumerate(doors)))
    return sum(isinstance(ack, Held) for ack in chain(*acks))
