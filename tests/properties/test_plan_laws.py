"""Laws of changing plans: whatever an account is moved to, and back, and whenever, no period grants it twice."""

import asyncio
import tempfile
from pathlib import Path
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.domain.ledger import Held, HoldTerms
from proxy.domain.plan import Allowance, Plan, entitled_at, moved_to
from proxy.domain.standing import resets_at_ms
from proxy.stages.hold import account_terms
from tests.builders import entitlement, plan, user
from tests.contracts.ledger_house import Door, hold, settlement, sqlite_house

HALF_DAY_MS: Final = 43_200_000
PLANS: Final[dict[str, Plan]] = {
    p.id: p
    for p in (
        plan("small", allowances=(Allowance("month", 300),)),
        plan("daily", allowances=(Allowance("month", 1_000), Allowance("day", 200))),
        plan("bound", allowances=(Allowance("month", 500), Allowance("month", 100, "reasoning"))),
        plan("weekly", allowances=(Allowance("month", 600), Allowance("week", 250), Allowance("week", 60, "reasoning"))),
    )
}
ACCOUNT: Final = user(anchor_day=31)
# One step: the plan asked for, whether it waits for the month's edge, a call's family and size, and the time that passes.
STEPS: Final = st.lists(
    st.tuples(
        st.sampled_from(sorted(PLANS)),
        st.booleans(),
        st.sampled_from(["open", "reasoning"]),
        st.integers(1, 400),
        st.integers(0, 20),
    ),
    max_size=25,
)


MONTH_MAX: Final = max(
    a.limit_milli_credits for p in PLANS.values() for a in p.allowances if (a.window, a.family) == ("month", None)
)


async def _called(door: Door, call_id: str, family: str, milli: int, terms: HoldTerms) -> None:
    """Holds and settles; whatever window it drew on has counted what every plan before let be spent in it."""
    before = await door.ledger.standing(ACCOUNT.id, terms)
    ack = await door.one(hold(call_id, milli, family=family, terms=terms))
    if isinstance(ack, Held):
        after = await door.ledger.standing(ACCOUNT.id, terms)
        windows = zip(before.windows, after.windows, strict=True)
        drawn = [now for was, now in windows if now.held > was.held]
        assert drawn
        assert [now for now in drawn if now.spent + now.held > now.limit] == []
        await door.one(settlement(call_id, milli))


async def _live(steps: list[tuple[str, bool, str, int, int]], folder: Path) -> None:
    async with sqlite_house(folder) as house:
        door = await house.door()
        entitled = entitlement(plan_id="small")
        for number, (plan_id, at_edge, family, milli, half_days) in enumerate(steps):
            now_ms = house.clock.at_ms
            edge_ms = resets_at_ms("month", now_ms, ACCOUNT.anchor_day) if at_edge else None
            entitled = moved_to(entitled, plan_id, now_ms, edge_ms)
            in_force = PLANS[entitled_at(entitled, now_ms).plan_id]
            await _called(door, f"call-{number}", family, milli, account_terms(ACCOUNT, None, in_force))
            house.clock.at_ms += half_days * HALF_DAY_MS
        months = await house.look(door, "SELECT spent FROM counters WHERE name = 'included/month'")
        assert [spent for (spent,) in months if spent > MONTH_MAX] == []
        assert await house.wrongs(door) == []


@settings(max_examples=60)
@given(STEPS)
def test_no_change_of_plan_grants_twice_in_a_period(steps: list[tuple[str, bool, str, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_live(steps, Path(folder)))


def test_there_and_back_leaves_what_one_plan_would_have_left(tmp_path: Path) -> None:
    async def left(*plan_ids: str) -> int:
        async with sqlite_house(tmp_path / "-".join(plan_ids)) as house:
            door = await house.door()
            for number, plan_id in enumerate(plan_ids):
                terms = account_terms(ACCOUNT, None, PLANS[plan_id])
                await _called(door, f"call-{number}", "open", 90, terms)
            now = await door.ledger.standing(ACCOUNT.id, account_terms(ACCOUNT, None, PLANS["small"]))
            return now.windows[0].limit - now.windows[0].spent

    for name in ("small-small-small", "small-bound-small", "small-daily-small"):
        (tmp_path / name).mkdir()
    assert asyncio.run(left("small", "bound", "small")) == 30
    assert asyncio.run(left("small", "daily", "small")) == asyncio.run(left("small", "small", "small")) == 30
