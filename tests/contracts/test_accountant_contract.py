"""What README tells an accountant to ask of the books, the same for every database: what users were charged by their entries is
what their calls show."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from proxy.domain.desk import Change
from proxy.domain.ledger import Held, Refund, Refunded, Settled
from tests.architecture.sizes import ROOT
from tests.builders import call
from tests.contracts.ledger_house import HOUSES, LEASES, Door, House, extension, hold, month, settlement

QUERIES: Final = re.findall(r"^    (SELECT .+);$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(params=sorted(HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with HOUSES[request.param](tmp_path) as opened:
        yield opened


async def _served(door: Door, name: str, user_id: str, credits_milli: int) -> None:
    assert isinstance(await door.one(hold(name, 200, account_id=user_id)), Held)
    ended = call(name, user_id=user_id, credits_milli=credits_milli, raw_nano_usd=0)
    assert isinstance(await door.one(settlement(name, credits_milli, call=ended)), Settled)


async def _buried_and_late(house: House) -> None:
    """A call that the reconciler charged 70 for, and whose own end says 150."""
    asleep, awake = await house.door("asleep"), await house.door("awake")
    await asleep.leases.beat()
    await asleep.one(hold("late"))
    await asleep.one(extension("late", metered_milli=70))
    for _ in range((LEASES.lease_ms + LEASES.grace_ms) // LEASES.beat_ms + 2):
        house.clock.at_ms += LEASES.beat_ms
        await awake.leases.beat()
    assert (await awake.leases.reconcile()).call_ids == ("late",)
    late = settlement("late", 150, terms=month(1_000))
    assert await asleep.one(late) == Settled("late", 150, 0, fresh=False, late=True)


async def test_the_sql_of_the_readme_finds_the_same_sums_in_entries_and_in_calls(house: House) -> None:
    door = await house.door()
    await _served(door, "plain", "u1", 30)
    await _served(door, "free", "u1", 0)
    await _served(door, "refunded", "u1", 100)
    await _served(door, "never-paid", "u2", 0)
    await _served(door, "of-another", "u3", 7)
    assert isinstance(await door.one(Refund("refunded", Change("cli", "a test"))), Refunded)
    await _buried_and_late(house)
    by_entries, by_calls = [dict(await house.look(door, query)) for query in QUERIES]
    assert by_entries == by_calls == {"u1": 180, "u3": 7}
