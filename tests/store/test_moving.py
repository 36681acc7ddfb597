"""Claims about counters that are moved by their numbers: shown by their names, put right by hand, kept by an upgrade."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proxy.stages.ledger.counters import CounterKey
from proxy.store import moving
from proxy.store.migrate import SQLITE, migrate, migrations
from proxy.store.seen import Cell, Readings
from proxy.store.sqlite import WRITING, SqliteConnection

BEFORE = 16
SHOWN = "SELECT scope, name, epoch, spent, held FROM counters ORDER BY scope, name, epoch"
OLD = [("user:u1", "included/day", "2026-01-01", 5, 2), ("user:u2", "included/day", "2026-01-01", 0, 1)]


def opened(path: Path, until: int) -> SqliteConnection:
    books = sqlite3.connect(path / "books.db", isolation_level=None, factory=SqliteConnection)
    migrate(books, WRITING, [step for step in migrations(SQLITE) if step.version < until])
    return books


@pytest.fixture
def books(tmp_path: Path) -> SqliteConnection:
    before = opened(tmp_path, BEFORE)
    before.executemany("INSERT INTO counters VALUES (?, ?, ?, ?, ?)", OLD)
    before.close()
    return opened(tmp_path, BEFORE + 1_000)


def write(books: SqliteConnection, cells: list[Cell]) -> None:
    for statement, rows in moving.moved(books, cells):
        books.executemany(statement, rows)


def test_an_older_file_shows_the_same_counters(books: SqliteConnection) -> None:
    assert books.execute(SHOWN).fetchall() == OLD


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200])
def test_new_and_known_counters_move_however_many_there_are(books: SqliteConnection, count: int) -> None:
    readings = Readings(books)
    cells = [readings[CounterKey(f"user:u{number}", "included/day", "2026-01-01")] for number in range(1, count + 1)]
    expected = {cell.key: [cell.spent, cell.held] for cell in cells}
    for _ in range(2):
        for cell in cells:
            cell.spent += 3
            cell.held -= 1
            expected[cell.key] = [expected[cell.key][0] + 3, expected[cell.key][1] - 1]
        write(books, cells)
    write(books, cells)
    shown = {CounterKey(*row[:3]): list(row[3:]) for row in books.execute(SHOWN)}
    assert {key: shown[key] for key in expected} == expected
    assert {key: [cell.spent, cell.held] for key, cell in Readings(books).items()} == {}
    assert [Readings(books)[cell.key].spent for cell in cells] == [cell.spent for cell in cells]


CORRECTIONS: list[tuple[str, Callable[[list[Any]], list[Any]]]] = [
    ("UPDATE counters SET spent = 9 WHERE scope = 'user:u1'", lambda old: [(*old[0][:3], 9, 2), old[1]]),
    ("UPDATE counters SET held = held - 1", lambda old: [(*row[:4], row[4] - 1) for row in old]),
    ("DELETE FROM counters WHERE scope = 'user:u1'", lambda old: old[1:]),
    ("INSERT INTO counters VALUES ('user:u3', 'n', 'e', 1, 2)", lambda old: [*old, ("user:u3", "n", "e", 1, 2)]),
]


@pytest.mark.parametrize(("statement", "expected"), CORRECTIONS)
def test_a_counter_can_be_put_right_by_hand(
    books: SqliteConnection, statement: str, expected: Callable[[list[Any]], list[Any]]
) -> None:
    books.execute(statement)
    assert books.execute(SHOWN).fetchall() == expected(OLD)


def test_a_counter_is_looked_up_by_its_name_in_one_step_each(books: SqliteConnection) -> None:
    plan = [
        row[3]
        for row in books.execute(
            f"EXPLAIN QUERY PLAN {SHOWN.split('ORDER')[0]} WHERE scope = ? AND name = ? AND epoch = ?", ("a", "b", "c")
        )
    ]
    assert len(plan) == 2
    assert all(step.startswith("SEARCH") for step in plan)
