"""What a ledger says from memory is what it would read, or nothing: each claim runs over every house."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proxy.domain.desk import Grant
from proxy.domain.plan import Allowance
from proxy.store.recall import FRESH_NS
from tests.builders import NOW_MS
from tests.contracts.ledger_house import HOUSES, House, hold, month, settlement

FRESH_MS = FRESH_NS // 1_000_000


@pytest.fixture(params=sorted(HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with HOUSES[request.param](tmp_path) as opened:
        yield opened


async def test_what_a_batch_saw_is_recalled_as_it_would_be_read(house: House) -> None:
    door = await house.door()
    await house.put_grant(door, Grant("g1", "u1", "topup", 500, "a gift", NOW_MS))
    for command in (hold(amount_milli=300), settlement(credits_milli=120), hold("call-2", amount_milli=50)):
        await door.one(command)
        recalled = door.ledger.recalled("u1", month(1_000))
        # Where many processes write at once, a batch looks at those alone whom it admits.
        assert recalled in (None, await door.ledger.standing("u1", month(1_000)))
    assert recalled is not None


async def test_an_account_or_a_limit_that_no_batch_looked_at_is_not_known(house: House) -> None:
    door = await house.door()
    assert door.ledger.recalled("u1", month(1_000)) is None
    await door.one(hold())
    assert door.ledger.recalled("u1", month(1_000)) is not None
    assert door.ledger.recalled("u2", month(1_000)) is None
    assert door.ledger.recalled("u1", month(1_000, allowances=(Allowance("month", 5, "other"),))) is None


async def test_what_was_seen_a_while_ago_is_not_known_any_more(house: House) -> None:
    door = await house.door()
    await door.one(hold())
    house.clock.at_ms += FRESH_MS - 1
    assert door.ledger.recalled("u1", month(1_000)) is not None
    house.clock.at_ms += 1
    assert door.ledger.recalled("u1", month(1_000)) is None


async def test_what_another_process_spent_is_known_with_the_next_batch(house: House) -> None:
    door, other = await house.door(), await house.door("boot-2")
    await door.one(hold())
    await other.one(hold("call-2", amount_milli=700))
    await other.one(settlement("call-2", credits_milli=700))
    await door.one(hold("call-3", amount_milli=10))
    recalled = door.ledger.recalled("u1", month(1_000))
    assert recalled == await door.ledger.standing("u1", month(1_000))
    assert recalled is not None
    assert recalled.windows[0].spent == 700


async def test_a_batch_that_failed_leaves_nothing_to_recall(house: House) -> None:
    door = await house.door()
    await door.one(hold())
    assert isinstance(await door.one(settlement("nobody", credits_milli=1)), ValueError)
    await door.ledger.apply([hold("call-9", began=None)])
    assert door.ledger.recalled("u1", month(1_000)) is None
