"""Laws of the books over any history: entries sum to counters, no limit is passed, nothing is charged twice or left over."""

import asyncio
import tempfile
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.domain.desk import Grant
from proxy.domain.ledger import (
    ConcurrencyLimit,
    HoldTerms,
    IdempotencyKey,
    LedgerAck,
    LedgerCommand,
    RecordCall,
    Settled,
    Unpaid,
)
from proxy.domain.plan import Allowance
from proxy.domain.standing import Cap
from proxy.domain.usage import Usage
from tests import builders
from tests.builders import NOW_MS
from tests.contracts.ledger_house import LEASES, Door, House, extension, hold, settlement, sqlite_house

HALF_DAY_MS = 43_200_000
TERMS = HoldTerms(
    allowances=(Allowance("day", 300), Allowance("month", 1_000), Allowance("week", 200, family="reasoning")),
    caps=(Cap("key:k1", "day", 400), Cap("user:u1", "total", 2_000), Cap("installation", "day", 50_000, "nano_usd")),
    concurrency=(ConcurrencyLimit("user:u1", 3),),
    anchor_day=31,
)
GRANTS = (
    Grant("g1", "u1", "topup", 150, "a test", NOW_MS),
    Grant("g2", "u1", "grant", 80, "a test", NOW_MS, family="reasoning", expires_at_ms=NOW_MS + 3 * HALF_DAY_MS),
)
CALLS = 12
CALL_IDS = st.sampled_from([f"call-{n}" for n in range(CALLS)])
FAMILIES = st.sampled_from(["open", "reasoning"])
MILLI = st.integers(0, 350)
NANO = st.integers(0, 9_000)


def _hold(hold_id: str, milli: int, nano: int, family: str) -> LedgerCommand:
    return hold(hold_id, milli, raw_nano_usd=nano, family=family, terms=_at(family))


def _keyed(hold_id: str, milli: int, nano: int, family: str) -> LedgerCommand:
    idempotency = IdempotencyKey("POST /a", f"k-{milli % 3}", bytes([nano % 2]))
    return hold(hold_id, milli, raw_nano_usd=nano, family=family, terms=_at(family), idempotency=idempotency)


def _extend(hold_id: str, milli: int, nano: int, family: str) -> LedgerCommand:
    billed = {"metered_milli": milli // 2, "billed_nano_usd": nano // 3, "billed_milli": milli // 3}
    return extension(hold_id, milli, raw_nano_usd=nano, family=family, terms=_at(family), **billed)


def _at(family: str) -> HoldTerms:
    # Each family is served by a provider of its own, with a ceiling of its own.
    return replace(TERMS, caps=(*TERMS.caps, Cap(f"provider:{family}", "day", 30_000, "nano_usd")))


def _settle(hold_id: str, milli: int, nano: int, family: str) -> LedgerCommand:
    return settlement(hold_id, milli, raw_nano_usd=nano, terms=_at(family))


def _settle_in_vain(hold_id: str, milli: int, nano: int, family: str) -> LedgerCommand:
    lost = Unpaid(milli, input_milli=milli // 2, input=Usage(input=milli), free_hourly_max=1)
    return settlement(hold_id, 0, raw_nano_usd=nano, terms=_at(family), unpaid=lost)


def _record(hold_id: str, milli: int, nano: int, family: str) -> LedgerCommand:
    return RecordCall(builders.call(f"refused-{hold_id}", status="refused", usage=None, credits_milli=0))


COMMANDS = st.builds(
    lambda make, *facts: make(*facts),
    st.sampled_from([_hold, _keyed, _extend, _settle, _settle_in_vain, _record]),
    CALL_IDS,
    MILLI,
    NANO,
    FAMILIES,
)
# A history: batches of commands, time that passes after each (in half days), and whether the process then halts for so long
# that another resolves its holds.
History = list[tuple[list[LedgerCommand], int, bool]]
HISTORIES = st.lists(
    st.tuples(st.lists(COMMANDS, max_size=6), st.integers(0, 3), st.integers(0, 3).map(lambda n: n == 0)), max_size=12
)


def _held_now(acks: list[LedgerAck | Exception], charged: dict[str, int], buried: set[str]) -> None:
    for ack in acks:
        if isinstance(ack, Settled) and ack.late:
            # Only once, and only what somebody else had resolved.
            buried.remove(ack.hold_id)
            charged[ack.hold_id] = ack.charged_milli
        elif isinstance(ack, Settled) and ack.fresh:
            assert ack.hold_id not in charged
            charged[ack.hold_id] = ack.charged_milli
        elif isinstance(ack, Settled):
            assert charged[ack.hold_id] == ack.charged_milli


async def _no_limit_is_passed(house: House, door: Door) -> None:
    now = await door.ledger.standing("u1", TERMS)
    caps = [cap for cap in now.caps if cap.unit == "milli_credits"]
    sums = [(part.spent, part.held, part.limit) for parts in (now.windows, now.buckets, caps) for part in parts]
    assert [(spent, held, limit) for spent, held, limit in sums if min(spent, held) < 0 or spent + held > limit] == []
    assert await house.look(door, "SELECT scope FROM hold_scopes GROUP BY scope HAVING count(*) > 3") == []


async def _bury(house: House, awake: Door) -> dict[str, int]:
    """What is charged for holds that a halted process left, by hold."""
    for _ in range((LEASES.lease_ms + LEASES.grace_ms) // LEASES.beat_ms + 2):
        house.clock.at_ms += LEASES.beat_ms
        await awake.leases.beat()
    found = (await awake.leases.reconcile()).call_ids
    return dict([(await house.look(awake, "SELECT id, credits_milli FROM model_calls WHERE id = ?", id))[0] for id in found])


async def live(history: History, opened: AbstractAsyncContextManager[House]) -> None:
    """Lives through a history and holds every step of it to the laws."""
    charged: dict[str, int] = {}
    buried: set[str] = set()
    async with opened as house:
        door, awake = await house.door(), await house.door("awake")
        for grant in GRANTS:
            await house.put_grant(door, grant)
        for commands, half_days, halts in history:
            _held_now(await door.ledger.apply(commands), charged, buried)
            if halts:
                found = await _bury(house, awake)
                charged |= found
                buried |= found.keys()
            await _no_limit_is_passed(house, door)
            assert await house.wrongs(door) == []
            house.clock.at_ms += half_days * HALF_DAY_MS
        _held_now(await door.ledger.apply([settlement(f"call-{n}", 0) for n in range(CALLS)]), charged, buried)
        assert (await house.recount(door)).wrong_rows == 0
        assert await house.look(door, "SELECT * FROM counters WHERE held <> 0") == []
        spent: list[tuple[Any, ...]] = await house.look(
            door, "SELECT coalesce(sum(spent), 0) FROM counters WHERE name LIKE 'included/total%' OR scope LIKE 'grant:%'"
        )
        assert spent == [(sum(charged.values()),)]
        raw: list[tuple[Any, ...]] = await house.look(
            door,
            "SELECT (SELECT coalesce(sum(spent), 0) FROM counters WHERE scope = 'installation'),"
            " (SELECT coalesce(sum(spent), 0) FROM counters WHERE scope LIKE 'provider:%')",
        )
        # Whoever billed it, it is counted once under the installation's ceiling and once under a provider's.
        assert raw[0][0] == raw[0][1]
        assert await house.wrongs(door) == []


@settings(max_examples=50)
@given(HISTORIES)
def test_entries_sum_to_counters_and_no_history_passes_a_limit(
    history: History,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(history, sqlite_house(Path(folder))))


@settings(max_examples=15)
@given(st.lists(COMMANDS, max_size=12), st.data())
def test_cutting_a_list_of_commands_into_batches_changes_no_book(commands: list[LedgerCommand], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(commands)))

    async def books(*batches: list[LedgerCommand]) -> tuple[list[Any], list[Any]]:
        with tempfile.TemporaryDirectory() as folder:
            async with sqlite_house(Path(folder)) as house:
                door = await house.door()
                acks = [ack for batch in batches for ack in await door.ledger.apply(batch)]
                shown = [repr(ack) if isinstance(ack, Exception) else ack for ack in acks]
                keys = await house.look(door, "SELECT * FROM idempotency_keys ORDER BY route, key")
                return [*shown, *keys], await house.look(door, "SELECT * FROM entries ORDER BY id")

    whole = asyncio.run(books(commands))
    assert asyncio.run(books(commands[:cut], commands[cut:])) == whole
    assert asyncio.run(books(*([command] for command in commands))) == whole


def test_the_law_of_sums_can_fail(tmp_path: Path) -> None:
    async def tampered() -> list[str]:
        async with sqlite_house(tmp_path) as house:
            door = await house.door()
            assert isinstance(await door.ledger.apply([hold()]), list)
            await door.database.write(lambda c: c.execute("UPDATE counters SET held = held - 1 WHERE name LIKE '%day'"))
            await door.database.write(lambda c: c.execute("DELETE FROM holds"))
            return await house.wrongs(door)

    wrongs = asyncio.run(tampered())
    assert any(line.startswith("counter user:u1 included/day 2026-01-01 shows spent 0, held 99") for line in wrongs)
    assert "hold call-1 is neither live nor resolved" in wrongs
    assert "concurrency counts hold call-1, which is not live" in wrongs
