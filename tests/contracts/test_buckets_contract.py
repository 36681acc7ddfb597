"""Buckets bound to families, over the real books of every database: what pays for what, in which order, until when."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from proxy.domain.desk import Grant
from proxy.domain.ledger import Held, HoldRefused, HoldTerms
from proxy.domain.plan import Allowance
from tests.builders import NOW_MS
from tests.contracts.ledger_house import HOUSES, Door, House, extension, hold, month, settlement

DAY_MS: Final = 86_400_000
# "These 500 only for reasoning models", and 1,000 for whatever is called.
TERMS: Final = month(1_000, allowances=(Allowance("month", 500, "reasoning"), Allowance("month", 1_000)))


@pytest.fixture(params=sorted(HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with HOUSES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
async def door(house: House) -> Door:
    return await house.door()


async def _paid(door: Door, call_id: str, milli: int, family: str, terms: HoldTerms = TERMS) -> None:
    assert isinstance(await door.one(hold(call_id, milli, family=family, terms=terms)), Held)
    await door.one(settlement(call_id, milli))


async def _spent(door: Door, terms: HoldTerms = TERMS) -> dict[str, int]:
    """What is spent, of windows by the family they are bound to and of buckets by id."""
    now = await door.ledger.standing("u1", terms)
    return {str(w.family): w.spent for w in now.windows} | {b.id: b.spent for b in now.buckets}


async def test_bound_credits_pay_first_and_for_their_family_alone(house: House, door: Door) -> None:
    await _paid(door, "thought", 600, "reasoning")
    assert await _spent(door) == {"reasoning": 500, "None": 100}
    await _paid(door, "talk", 900, "open")
    assert await _spent(door) == {"reasoning": 500, "None": 1_000}
    assert isinstance(await door.one(hold("more", 1, family="reasoning", terms=TERMS)), HoldRefused)
    assert await house.wrongs(door) == []


async def test_a_family_cannot_touch_what_is_bound_to_another(house: House, door: Door) -> None:
    refused = await door.one(hold("talk", 1_001, family="open", terms=TERMS))
    assert isinstance(refused, HoldRefused)
    assert refused.code == "insufficient_credits"
    assert isinstance(await door.one(hold("thought", 1_500, family="reasoning", terms=TERMS)), Held)


async def test_every_kind_of_bucket_pays_in_its_turn(house: House, door: Door) -> None:
    for grant in (
        Grant("plain-late", "u1", "topup", 100, "paid for", NOW_MS),
        Grant("plain-soon", "u1", "grant", 100, "an apology", NOW_MS, expires_at_ms=NOW_MS + DAY_MS),
        Grant("bound-late", "u1", "topup", 100, "for study", NOW_MS, family="reasoning"),
        Grant("bound-soon", "u1", "grant", 100, "a trial", NOW_MS, family="reasoning", expires_at_ms=NOW_MS + DAY_MS),
        Grant("foreign", "u1", "grant", 100, "for pictures", NOW_MS, family="image"),
    ):
        await house.put_grant(door, grant)
    order = ["bound-soon", "reasoning", "bound-late", "None", "plain-soon", "plain-late"]
    sizes = {"reasoning": 500, "None": 1_000}
    for number, name in enumerate(order):
        await _paid(door, f"call-{number}", sizes.get(name, 100), "reasoning")
        spent = await _spent(door)
        assert {n for n, milli in spent.items() if milli} == set(order[: number + 1])
    now = await door.ledger.standing("u1", TERMS)
    in_turn = [bucket.id for bucket in now.buckets if bucket.id != "foreign"]
    assert in_turn == [name for name in order if name not in sizes]
    assert {b.reason for b in now.buckets} == {"paid for", "an apology", "for study", "a trial", "for pictures"}
    assert await house.wrongs(door) == []


async def test_a_bucket_that_expires_while_it_is_held_still_pays(house: House, door: Door) -> None:
    terms = month(0, allowances=())
    await house.put_grant(door, Grant("g", "u1", "grant", 100, "a trial", NOW_MS, family="open", expires_at_ms=NOW_MS + 10))
    assert isinstance(await door.one(hold(amount_milli=60, terms=terms)), Held)
    house.clock.at_ms += 10
    assert isinstance(await door.one(hold("late", 1, terms=terms)), HoldRefused)
    assert isinstance(await door.one(extension(amount_milli=80, terms=terms)), HoldRefused)
    await door.one(settlement(credits_milli=60))
    assert await house.look(door, "SELECT spent, held FROM counters WHERE scope = 'grant:g'") == [(60, 0)]
    assert await house.wrongs(door) == []


async def test_a_call_that_moves_to_another_family_gives_bound_credits_back(house: House, door: Door) -> None:
    await door.one(hold(amount_milli=700, family="reasoning", terms=TERMS))
    assert isinstance(await door.one(extension(amount_milli=700, family="open", terms=TERMS)), Held)
    await door.one(settlement(credits_milli=700))
    assert await _spent(door) == {"reasoning": 0, "None": 700}
    assert await house.wrongs(door) == []


async def test_what_an_earlier_writer_wrote_is_paid_from_where_it_was_held(house: House, door: Door) -> None:
    await door.one(hold(amount_milli=300, family="reasoning", terms=TERMS))
    rescue = extension(amount_milli=700, metered_milli=200, billed_milli=200, family="open", terms=TERMS)
    assert isinstance(await door.one(rescue), Held)
    await door.one(settlement(credits_milli=500))
    assert await _spent(door) == {"reasoning": 200, "None": 300}
    assert await house.wrongs(door) == []


@pytest.mark.parametrize(
    ("tamper", "wrong"),
    [
        ("INSERT INTO grants VALUES ('gift', 'u1', 'grant', 5, '', 0, NULL, NULL)", "grant gift has no entry"),
        ("UPDATE grants SET amount_milli = 50 WHERE id = 'g'", "more is spent and held of grant g"),
        ("UPDATE grants SET account_id = 'u2' WHERE id = 'g'", "grant g has no entry"),
        ("DELETE FROM grants WHERE id = 'g'", "entry g:grant is about a grant that there is not"),
    ],
)
async def test_verify_sees_a_grant_that_was_tampered_with(house: House, door: Door, tamper: str, wrong: str) -> None:
    await house.put_grant(door, Grant("g", "u1", "grant", 100, "a trial", NOW_MS))
    await _paid(door, "call-1", 80, "open", month(0, allowances=()))
    assert await house.wrongs(door) == []
    await door.database.write(lambda c: c.execute(tamper))
    assert any(line.startswith(wrong) for line in await house.wrongs(door))
