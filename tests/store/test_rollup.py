"""Claims about roll-ups on SQLite: their columns, the fill of older books, what a recount mends, and that no report ever looks
at a call."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, get_args

import pytest

from proxy.domain.call import Call
from proxy.domain.desk import UsageGroup
from proxy.domain.ledger import RecordCall
from proxy.domain.rollup import TTFT_BOUNDS_MS, TallyGroup, TallyQuery
from proxy.store import rows
from proxy.store.migrate import migrate, migrations
from proxy.store.recount import Recounted
from proxy.store.rollup import ADD, KEYS, MEASURES, TTFT, Rollup
from proxy.store.sqlite import WRITING, SqliteConnection
from proxy.store.tallies import OF_USERS, tally_statement, usage_statement, users_statement
from tests.builders import NOW_MS, attempt, call
from tests.contracts.ledger_house import Door, House, sqlite_house

DAY_MS = 86_400_000
FAILED = attempt(model_id="q/n", provider_id="q", fault="server_error", usage=None, raw_nano_usd=11, charged=False)
CALLS = (
    call("call-1", attempts=(FAILED, attempt(number=2)), raw_nano_usd=300_011, metadata={"feature": "search", "team": "é"}),
    call("call-2", at_ms=NOW_MS + DAY_MS, user_id="u2", app_id="a1", assistant_id="coder", ttft_ms=99_999),
    call("call-3", status="crashed", usage=None, ttft_ms=None, credits_milli=7, raw_nano_usd=9),
    call("call-4", status="refused", usage=None, ttft_ms=None, model_id=None, provider_id=None, family=None, credits_milli=0),
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with sqlite_house(tmp_path) as opened:
        yield opened


@pytest.fixture
async def door(house: House) -> Door:
    door = await house.door()
    await door.ledger.apply([RecordCall(one) for one in CALLS])
    await house.fold(door)
    return door


def opened(path: Path) -> SqliteConnection:
    return sqlite3.connect(path, isolation_level=None, factory=SqliteConnection)


def rolled_up(calls: Sequence[Call]) -> list[tuple[Any, ...]]:
    rollup = Rollup()
    for one in calls:
        rollup.add(one)
    return sorted(rollup.rows())


def test_the_columns_are_those_that_are_added_to(tmp_path: Path) -> None:
    connection = opened(tmp_path / "new.db")
    migrate(connection, WRITING, migrations())
    columns = tuple(row[1] for row in connection.execute("PRAGMA table_info(rollups)"))
    assert columns == KEYS + MEASURES
    assert [name.removeprefix("ttft_") for name in TTFT[:-1]] == [str(bound) for bound in TTFT_BOUNDS_MS]
    assert ADD.count("?") == len(columns)


def test_books_of_an_earlier_release_are_rolled_up_as_if_they_were_written_today(tmp_path: Path) -> None:
    connection = opened(tmp_path / "old.db")
    migrate(connection, WRITING, migrations())
    connection.executemany(rows.INSERT_CALL, [rows.whole_row(one) for one in CALLS])
    (step,) = [step for step in migrations() if step.name.endswith("_rollups")]
    (fill,) = [statement for statement in step.statements if "INSERT INTO rollups" in statement]
    connection.execute(fill)
    assert sorted(connection.execute("SELECT * FROM rollups")) == rolled_up(CALLS)


async def test_what_was_added_is_what_a_recount_finds(house: House, door: Door) -> None:
    assert sorted(await house.look(door, "SELECT * FROM rollups")) == rolled_up(CALLS)
    assert await house.recount(door) == Recounted(days=2, wrong_rows=0)


@pytest.mark.parametrize(
    ("harm", "wrong_rows"),
    [
        ("UPDATE rollups SET credits_milli = credits_milli + 1 WHERE user_id = 'u2'", 2),
        ("DELETE FROM rollups WHERE user_id = 'u2'", 1),
        ("UPDATE rollups SET day = day + 400 WHERE user_id = 'u2'", 2),
        ("DELETE FROM rollups", 16),
    ],
)
async def test_a_recount_mends_what_does_not_add_up_and_says_how_much(
    house: House, door: Door, harm: str, wrong_rows: int
) -> None:
    await door.database.write(lambda connection: connection.execute(harm))
    assert (await house.recount(door)).wrong_rows == wrong_rows
    assert sorted(await house.look(door, "SELECT * FROM rollups")) == rolled_up(CALLS)
    assert (await house.recount(door)).wrong_rows == 0


async def test_empty_books_have_nothing_to_recount(house: House) -> None:
    assert await house.recount(await house.door()) == Recounted(0, 0)


async def plan(house: House, door: Door, statement: str, *values: str | int) -> str:
    found = await house.look(door, f"EXPLAIN QUERY PLAN {statement}", *values)
    return "\n".join(row[3] for row in found)


@pytest.mark.parametrize("group", get_args(UsageGroup))
async def test_usage_looks_into_its_own_rows_of_each_day_and_nowhere_else(house: House, door: Door, group: UsageGroup) -> None:
    found = await plan(house, door, usage_statement(group), "[20454]", "u1", "feature", 9)
    assert "SEARCH rollups USING PRIMARY KEY (user_id=? AND day=? AND tag=?)" in found
    assert "model_calls" not in found


@pytest.mark.parametrize(
    ("group", "tag", "key"),
    [
        ("all", None, "PRIMARY KEY (user_id=? AND day=? AND tag=?)"),
        ("model", None, "PRIMARY KEY (user_id=? AND day=? AND tag=?)"),
        ("provider", None, "PRIMARY KEY (user_id=? AND day=? AND tag=?)"),
        ("tag", "feature", "PRIMARY KEY (user_id=? AND day=? AND tag=?)"),
        ("tag", None, "PRIMARY KEY (user_id=? AND day=? AND tag>?)"),
    ],
)
async def test_analytics_look_into_the_rows_of_their_group_and_nowhere_else(
    house: House, door: Door, group: TallyGroup, tag: str | None, key: str
) -> None:
    found = await plan(house, door, tally_statement(TallyQuery(0, 0, group, tag)), "[20454]", 9, *([tag] if tag else []))
    assert f"SEARCH rollups USING {key}" in found
    assert "model_calls" not in found


async def test_a_page_of_users_walks_the_primary_key_from_where_the_page_before_stopped(house: House, door: Door) -> None:
    who = await plan(house, door, users_statement(9), "u1")
    assert "SEARCH rollups USING PRIMARY KEY (user_id>?)" in who
    assert "ORDER BY" not in who
    assert "SEARCH rollups USING PRIMARY KEY (user_id=?)" in await plan(house, door, OF_USERS, '["u1"]', 1, 2, 3)


async def test_a_recount_reads_only_the_calls_of_its_day(house: House, door: Door) -> None:
    found = await plan(house, door, "SELECT * FROM model_calls WHERE at_ms >= 5 AND at_ms < 9")
    assert "SEARCH model_calls USING INDEX model_calls_in_time (at_ms>? AND at_ms<?)" in found
