"""Laws of roll-ups over any history: they are what a recount of the calls finds, and their sums are the calls' own."""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.domain.call import Attempt, Call
from proxy.domain.ledger import LedgerCommand, RecordCall, Settlement
from proxy.store import folding
from tests import builders
from tests.builders import NOW_MS
from tests.contracts.ledger_house import LEASES, Door, House, extension, hold, month, sqlite_house

HALF_DAY_MS: Final = 43_200_000
AMPLE: Final = month(10**9)
SMALL = st.integers(0, 500)
NAMES = st.sampled_from(["p/a", "p/b", "q/c"])
USAGES = st.none() | st.builds(
    lambda *counts: builders.usage(
        input=counts[0], cached_input=counts[1], cache_write=counts[2], output=counts[3], reasoning=counts[4], images=counts[5]
    ),
    *[SMALL] * 6,
)


def _attempt(model_id: str, raw_nano_usd: int, failed: bool) -> Attempt:
    spot = {"model_id": model_id, "provider_id": model_id[0], "family": model_id[-1]}
    return builders.attempt(**spot, raw_nano_usd=raw_nano_usd, fault="reset" if failed else None, charged=not failed)


ATTEMPTS = st.lists(st.builds(_attempt, NAMES, SMALL, st.booleans()), max_size=3)
FACTS = st.fixed_dictionaries(
    {
        "user_id": st.sampled_from(["u1", "u2"]),
        "app_id": st.sampled_from([None, "a1"]),
        "assistant_id": st.sampled_from([None, "coder"]),
        "kind": st.sampled_from(["chat", "precheck"]),
        "status": st.sampled_from(["served", "cut", "left", "refused", "failed"]),
        "duration_ms": SMALL,
        "ttft_ms": st.none() | st.integers(0, 20_000),
        "usage": USAGES,
        "metadata": st.dictionaries(st.sampled_from(["feature", "team"]), st.sampled_from(["x", "é", 'odd"one']), max_size=2),
    }
)


def _call(call_id: str, at_ms: int, facts: dict[str, Any], model_id: str | None, attempts: list[Attempt]) -> Call:
    numbered = tuple(replace(attempt, number=number) for number, attempt in enumerate(attempts, start=1))
    spot: dict[str, Any] = {"model_id": model_id, "provider_id": model_id and model_id[0], "family": model_id and model_id[-1]}
    raw_nano_usd = sum(attempt.raw_nano_usd for attempt in numbered)
    return builders.call(call_id, at_ms=at_ms, **facts, **spot, attempts=numbered, raw_nano_usd=raw_nano_usd, credits_milli=0)


# What becomes of one call: it is held and settled (twice, when told so), held and abandoned, or recorded as refused.
STEPS = st.tuples(st.sampled_from(["settled", "twice", "abandoned", "refused"]), FACTS, st.none() | NAMES, ATTEMPTS, SMALL)
# After some calls time passes, and somebody may ask for a report.
HISTORIES = st.lists(st.tuples(st.lists(STEPS, max_size=4), st.integers(0, 2), st.booleans()), max_size=5)


def _commands(call_id: str, at_ms: int, step: tuple[Any, ...]) -> list[list[LedgerCommand]]:
    """Batches, for what is held in one is settled in the next."""
    fate, facts, model_id, attempts, credits_milli = step
    call = _call(call_id, at_ms, facts, model_id, attempts)
    if fate == "refused":
        return [[RecordCall(call), RecordCall(call)], [RecordCall(call)]]
    began = replace(call, status="running", usage=None, attempts=(), raw_nano_usd=0, ttft_ms=None)
    held: list[LedgerCommand] = [
        hold(call_id, 600, raw_nano_usd=900, account_id=call.user_id, began=began, terms=AMPLE),
        extension(call_id, 700, raw_nano_usd=950, metered_milli=credits_milli, terms=AMPLE),
    ]
    if fate == "abandoned":
        return [held]
    settled: list[LedgerCommand] = [Settlement(call_id, credits_milli * 2, call.raw_nano_usd, call)]
    return [held, settled * (2 if fate == "twice" else 1)]


async def _crash(house: House, door: Door) -> None:
    for _ in range((LEASES.lease_ms + LEASES.grace_ms) // LEASES.beat_ms + 2):
        house.clock.at_ms += LEASES.beat_ms
        await door.leases.beat()
    await door.leases.reconcile()


SUMS: Final = """
SELECT count(*), sum(status = 'served'), sum(status = 'crashed'), sum(status = 'refused'), sum(credits_milli),
       sum(raw_nano_usd), sum(absorbed_milli), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0),
       coalesce(sum(ttft_ms), 0), (SELECT count(*) FROM attempts), (SELECT count(fault) FROM attempts)
FROM model_calls
"""
ROLLED_UP: Final = """
SELECT sum(calls_served + calls_cut + calls_left + calls_refused + calls_failed + calls_crashed), sum(calls_served),
       sum(calls_crashed), sum(calls_refused), sum(credits_milli), sum(raw_nano_usd), sum(absorbed_milli), sum(input_tokens),
       sum(output_tokens), sum(ttft_ms), sum(attempts), sum(faults)
FROM rollups WHERE tag = '' AND (user_id = '') = ?
"""


async def _live(history: list[tuple[list[tuple[Any, ...]], int, bool]], folder: Path) -> None:
    async with sqlite_house(folder) as house:
        door, other = await house.door(), await house.door("boot-2")
        calls = 0
        for steps, half_days, is_read in history:
            for step in steps:
                calls += 1
                for batch in _commands(f"call-{calls:03d}", house.clock.at_ms, step):
                    await door.ledger.apply(batch)
            if any(step[0] == "abandoned" for step in steps):
                await _crash(house, other)
            house.clock.at_ms += half_days * HALF_DAY_MS
            if is_read:
                await house.fold(other)
        assert (await house.recount(door)).wrong_rows == 0
        if calls:
            (true_sums,) = await house.look(door, SUMS)
            assert true_sums[0] == calls
            for of_all in (0, 1):
                assert await house.look(door, ROLLED_UP, of_all) == [true_sums]
        assert await house.wrongs(door) == []


@settings(max_examples=40)
@given(HISTORIES, st.sampled_from([1, 3, 1_000]))
def test_roll_ups_are_what_the_calls_sum_to_after_any_history_whoever_folds_them(
    history: list[tuple[list[tuple[Any, ...]], int, bool]], folded_at: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(folding, "FOLDED_AT", folded_at)
        asyncio.run(_live(history, Path(folder)))


def test_a_call_told_twice_is_counted_once(tmp_path: Path) -> None:
    async def counted() -> list[tuple[Any, ...]]:
        async with sqlite_house(tmp_path) as house:
            door = await house.door()
            refused = RecordCall(builders.call("call-1", status="refused", at_ms=NOW_MS))
            await door.ledger.apply([refused, refused])
            await door.ledger.apply([refused])
            await house.fold(door)
            return await house.look(door, "SELECT user_id, calls_refused FROM rollups ORDER BY 1")

    assert asyncio.run(counted()) == [("", 1), ("u1", 1)]
