"""What one batch leaves to the next is taken only while nobody else wrote to the books."""

import sqlite3
from pathlib import Path

import pytest

from proxy.domain.desk import Grant
from proxy.domain.ledger import Held, HoldRefused
from proxy.store.sqlite import WRITING, SqliteConnection
from tests.builders import NOW_MS
from tests.contracts.ledger_house import Door, House, extension, hold, settlement, sqlite_house


async def _spent(house: House, door: Door) -> int:
    ((spent,),) = await house.look(door, "SELECT spent FROM counters WHERE name = 'included/month'")
    return int(spent)


async def test_what_another_process_spent_is_seen(tmp_path: Path) -> None:
    async with sqlite_house(tmp_path) as house:
        one, other = await house.door("boot-1"), await house.door("boot-2")
        await one.one(hold("call-1", 600))
        await other.one(settlement("call-1", 600))
        assert isinstance(await one.one(hold("call-2", 600)), HoldRefused)
        assert isinstance(await one.one(hold("call-3", 400)), Held)
        await one.one(settlement("call-3", 400))
        assert await _spent(house, other) == 1_000
        assert await house.wrongs(one) == []


async def test_what_another_process_resolved_is_not_settled_again(tmp_path: Path) -> None:
    async with sqlite_house(tmp_path) as house:
        one, other = await house.door("boot-1"), await house.door("boot-2")
        await one.one(hold("call-1", 600))
        await other.one(settlement("call-1", 600))
        await one.one(settlement("call-1", 100))
        assert await _spent(house, one) == 600
        assert await house.wrongs(one) == []


async def test_what_the_desk_of_this_process_gave_is_seen(tmp_path: Path) -> None:
    async with sqlite_house(tmp_path) as house:
        door = await house.door()
        assert isinstance(await door.one(hold("call-1", 1_200)), HoldRefused)
        await house.put_grant(door, Grant("g1", "u1", "topup", 500, "a test", NOW_MS))
        assert isinstance(await door.one(hold("call-2", 1_200)), Held)


async def test_who_was_suspended_by_this_process_gets_no_more(tmp_path: Path) -> None:
    async with sqlite_house(tmp_path) as house:
        door = await house.door()
        await door.one(hold("call-1", 100))
        assert isinstance(await door.one(extension("call-1", 200)), Held)
        await house.suspend(door, "u1")
        assert isinstance(await door.one(extension("call-1", 300)), HoldRefused)


async def test_a_batch_that_was_rolled_back_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with sqlite_house(tmp_path) as house:
        door = await house.door()
        await door.one(hold("call-1", 100))
        commit = SqliteConnection.commit

        def fails(connection: SqliteConnection) -> None:
            monkeypatch.setattr(SqliteConnection, "commit", commit)
            raise sqlite3.OperationalError("disk I/O error")

        monkeypatch.setattr(SqliteConnection, "commit", fails)
        assert isinstance(await door.one(hold("call-2", 900)), ValueError)
        assert isinstance(await door.one(hold("call-3", 900)), Held)
        assert isinstance(await door.one(settlement("call-2", 900)), ValueError)
        assert isinstance(await door.one(hold("call-4", 1)), HoldRefused)
        assert await house.wrongs(door) == []


def test_a_commit_that_failed_makes_no_moment_that_was_foretold(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "books.db", isolation_level=None, factory=SqliteConnection)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY)")
    connection.execute("CREATE TABLE children (parent INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED)")
    connection.execute(*WRITING)
    foretold = connection.moment().next
    connection.execute("INSERT INTO children VALUES (1)")
    with pytest.raises(sqlite3.IntegrityError):
        connection.commit()
    connection.rollback()
    for number in range(3):
        connection.execute(*WRITING)
        assert connection.moment() != foretold
        connection.execute("INSERT INTO parents VALUES (?)", (number,))
        connection.commit()
    connection.close()


def test_a_moment_is_foretold_until_somebody_else_writes(tmp_path: Path) -> None:
    mine, theirs = (sqlite3.connect(tmp_path / "books.db", isolation_level=None, factory=SqliteConnection) for _ in range(2))
    mine.execute("PRAGMA journal_mode = WAL")
    mine.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY)")
    seen = []
    for writer in (mine, mine, theirs, mine):
        writer.execute(*WRITING)
        seen.append((writer.moment(), writer.moment().next))
        writer.execute("INSERT INTO notes DEFAULT VALUES")
        writer.commit()
    assert seen[1][0] == seen[0][1]
    assert seen[3][0] != seen[1][1]
    mine.close()
    theirs.close()


async def test_a_counter_that_came_back_in_the_same_batch_is_one_that_entries_name(tmp_path: Path) -> None:
    async with sqlite_house(tmp_path) as house:
        door = await house.door()
        await door.ledger.apply([hold("call-1", 100), settlement("call-1", 0)])
        assert await house.look(door, "SELECT spent, held FROM counters WHERE name = 'included/month'") == [(0, 0)]
        assert await house.wrongs(door) == []
