"""What people say of answers, the same for every database: the last word of each call, and sums of a period."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from proxy.domain.call import Call
from proxy.domain.feedback import Feedback, Opinion, Traits
from proxy.domain.ledger import RecordCall
from proxy.store.feedback import SqlFeedback
from tests.builders import NOW_MS, call
from tests.contracts.desk_house import DESK_HOUSES, DeskDoor

DAY_MS: Final = 86_400_000
FULL: Final = Feedback(
    call_id="c1",
    user_id="u1",
    app_id="a1",
    thumb="down",
    reason="wrong",
    words="Harvests fell, they did not rise. ☂",
    better_model_id="q/two",
    given_at_ms=NOW_MS,
    changed_at_ms=NOW_MS,
    traits=Traits("p/m", "coder", "code", "coding", "hard", "best"),
)


@pytest.fixture(params=sorted(DESK_HOUSES))
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DeskDoor]:
    async with DESK_HOUSES[request.param](tmp_path) as house:
        yield await house.door()


@pytest.fixture
def box(door: DeskDoor) -> SqlFeedback:
    return SqlFeedback(door.database)


async def record(door: DeskDoor, *calls: Call) -> None:
    for ack in await door.ledger.apply([RecordCall(one) for one in calls]):
        assert not isinstance(ack, Exception)


def said(call_id: str, **changes: Any) -> Feedback:
    return replace(FULL, call_id=call_id, **changes)


async def test_what_was_said_comes_back_whole(box: SqlFeedback) -> None:
    bare = said("c2", app_id=None, reason=None, words="", better_model_id=None, traits=Traits("p/m"))
    assert [await box.give(FULL), await box.give(bare)] == [FULL, bare]
    assert [await box.of_call("c1"), await box.of_call("c2"), await box.of_call("c3")] == [FULL, bare, None]


async def test_said_again_it_replaces_all_but_when_and_of_what(box: SqlFeedback) -> None:
    await box.give(FULL)
    later = said(
        "c1", thumb="up", reason=None, words="", better_model_id=None, given_at_ms=NOW_MS + 9, changed_at_ms=NOW_MS + 9
    )
    assert await box.give(later) == replace(later, given_at_ms=NOW_MS)


async def test_opinions_are_summed_by_assistant_and_model_within_the_period(box: SqlFeedback) -> None:
    for number, thumb in enumerate(("up", "up", "down")):
        await box.give(said(f"c{number}", thumb=thumb))
    await box.give(said("old", given_at_ms=NOW_MS - DAY_MS))
    await box.give(said("other", traits=Traits("q/two")))
    assert await box.opinions(NOW_MS, NOW_MS + 1) == [Opinion("coder", "p/m", 2, 1), Opinion("", "q/two", 0, 1)]


async def test_downgrades_are_calls_that_low_credits_led_elsewhere(door: DeskDoor, box: SqlFeedback) -> None:
    await record(
        door,
        call("c1", reason="stepped_down", assistant_id="coder", model_id="p/m"),
        call("c2", reason="stepped_down", assistant_id=None, model_id="p/m"),
        call("c3", reason="ordered", assistant_id="coder", model_id="p/m"),
        call("c4", reason="stepped_down", kind="precheck", assistant_id="coder", model_id="p/m"),
    )
    found = await box.opinions(NOW_MS - DAY_MS, NOW_MS + DAY_MS)
    assert sorted(found, key=lambda one: one.assistant_id) == [
        Opinion("", "p/m", downgrades=1),
        Opinion("coder", "p/m", downgrades=1),
    ]


async def test_calls_are_tallied_by_assistant_and_model(door: DeskDoor) -> None:
    await record(door, call("c1", assistant_id="coder", model_id="p/m"), call("c2", assistant_id=None, model_id="p/m"))
    await record(door, call("c3", assistant_id="coder", model_id="p/m", user_id="u2", metadata={"team": "blue"}))
    rows = await door.register.routed(NOW_MS, NOW_MS + 1)
    assert sorted((row.group, row.tally.calls) for row in rows) == [("coder|p/m", 2), ("|p/m", 1)]
