"""Claims about the audit of the books: whatever way a counter is wrong is named, and it takes time by the entries, not by their
square."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proxy.store import verify
from tests.contracts.ledger_house import HOUSES, House, hold, settlement


@pytest.fixture(params=HOUSES)
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with HOUSES[request.param](tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("harm", "seen"),
    [
        ("UPDATE counters SET spent = 7 WHERE name = 'included/day'", "shows spent 7, held 0; its entries sum to 100, 0"),
        ("DELETE FROM counters WHERE name = 'included/day'", "shows spent None, held None; its entries sum to 100, 0"),
        (
            "INSERT INTO counters VALUES ('user:u1', 'included/day', '1999', 1, 0)",
            "shows spent 1, held 0; its entries sum to None, None",
        ),
    ],
)
async def test_a_counter_that_is_wrong_missing_or_too_many_is_named(
    house: House, harm: str, seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "_PAGE_ROWS", 2)
    door = await house.door()
    await door.ledger.apply([hold("call-1"), hold("call-2"), settlement("call-1", 60), settlement("call-2", 40)])
    assert await house.wrongs(door) == []
    await door.database.write(lambda c: c.execute(harm).rowcount)
    (wrong,) = await house.wrongs(door)
    assert wrong.startswith("counter user:u1 included/day ")
    assert wrong.endswith(seen)


async def test_nothing_is_looked_through_once_for_each_row_of_another(tmp_path: Path) -> None:
    async with HOUSES["sqlite"](tmp_path) as house:
        door = await house.door()
        for _, statement in verify._IDS:
            plan = await house.look(door, f"EXPLAIN QUERY PLAN {statement}")
            assert sum("SCAN" in row[3] and "SCALAR" not in row[3] for row in plan) == 1, statement
