"""What operators look after, over every database: checks asked for and kept, ceilings, open holds, alerts, the chronicle."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from proxy.domain.desk import Change
from proxy.domain.oversight import SLOT_MS, PhaseChange, Slot
from proxy.domain.standing import Cap
from proxy.ports import VersionConflict
from proxy.store.chronicle import CHANGES_KEPT_MS, SLOTS_KEPT_MS, SqlChronicle
from proxy.store.oversight import CHECK_S_MAX, LINES_MAX, SqlOversight
from tests.builders import NOW_MS
from tests.contracts.desk_house import DESK_HOUSES, DeskDoor
from tests.contracts.ledger_house import hold, settlement

WHY = Change("key:admin", "a test")


@pytest.fixture(params=sorted(DESK_HOUSES))
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DeskDoor]:
    async with DESK_HOUSES[request.param](tmp_path) as house:
        yield await house.door()


@pytest.fixture
def oversight(door: DeskDoor) -> SqlOversight:
    return SqlOversight(door.database, door.clock)


async def test_a_check_is_asked_for_once_taken_once_and_its_end_is_kept(door: DeskDoor, oversight: SqlOversight) -> None:
    assert (await oversight.last_check(), await oversight.take_check()) == (None, None)
    asked = await oversight.ask_check(WHY)
    with pytest.raises(VersionConflict):
        await oversight.ask_check(WHY)
    taken = await oversight.take_check()
    assert taken == replace(asked, state="running", began_at_ms=door.clock.at_ms)
    assert await oversight.take_check() is None
    door.clock.at_ms += 5
    lines = [f"line {number}" for number in range(LINES_MAX + 3)]
    await oversight.end_check(asked.id, "wrong", lines)
    ended = await oversight.last_check()
    assert ended is not None
    assert (ended.state, ended.wrong, ended.lines) == ("wrong", LINES_MAX + 3, tuple(lines[:LINES_MAX]))
    assert ended.ended_at_ms == door.clock.at_ms
    again = await oversight.ask_check(WHY)
    assert await oversight.last_check() == again
    (line, *_) = await door.register.audit(None, 1)
    assert (line.action, line.actor, line.reason) == ("ledger.check", "key:admin", "a test")


async def test_a_check_that_nobody_finished_has_failed_and_another_may_be_asked_for(
    door: DeskDoor, oversight: SqlOversight
) -> None:
    await oversight.ask_check(WHY)
    await oversight.take_check()
    door.clock.at_ms += CHECK_S_MAX * 1_000 + 1
    lost = await oversight.last_check()
    assert lost is not None
    assert lost.state == "failed"
    assert (await oversight.ask_check(WHY)).state == "asked"


async def test_open_holds_are_summed_and_the_oldest_shown(door: DeskDoor, oversight: SqlOversight) -> None:
    await door.ledger.apply([hold("call-1", 300), hold("call-2", 200), hold("call-3", 100)])
    await door.ledger.apply([settlement("call-2", 50)])
    found = await oversight.holds(1)
    assert (found.count, found.milli, [one.id for one in found.oldest]) == (2, 400, ["call-1"])
    assert found.raw_nano_usd == sum(one.raw_nano_usd for one in (await oversight.holds(9)).oldest)


async def test_a_ceiling_shows_what_is_spent_and_held_under_it(door: DeskDoor, oversight: SqlOversight) -> None:
    ceiling = Cap("installation", "day", 10**9, "nano_usd")
    asked = hold("call-1", 300)
    await door.ledger.apply([replace(asked, terms=replace(asked.terms, caps=(*asked.terms.caps, ceiling)), raw_nano_usd=77)])
    (standing,) = await oversight.ceilings([ceiling])
    assert (standing.scope, standing.limit, standing.spent, standing.held) == ("installation", 10**9, 0, 77)
    (untouched,) = await oversight.ceilings([replace(ceiling, scope="provider:p")])
    assert (untouched.spent, untouched.held) == (0, 0)


async def test_alerts_are_listed_newest_first(door: DeskDoor, oversight: SqlOversight) -> None:
    for number in range(3):
        row = f"'a{number}', 'absorbed', {NOW_MS + number // 2}, '{{\"n\": {number}}}', 0"
        statement = f"INSERT INTO alerts (id, kind, at_ms, facts, tries) VALUES ({row}) RETURNING id"  # noqa: S608 - our own
        await door.look(statement, write=True)
    first = await oversight.alerts(None, 2)
    assert [alert.id for alert in first] == ["a2", "a1"]
    assert [dict(alert.facts) for alert in await oversight.alerts(first[-1].id, 2)] == [{"n": 0}]


async def test_the_chronicle_adds_up_what_processes_saw_and_forgets_what_is_old(door: DeskDoor) -> None:
    one, other = SqlChronicle(door.database, "boot-1"), SqlChronicle(door.database, "boot-2")
    slot_ms = NOW_MS // SLOT_MS * SLOT_MS
    old = Slot(slot_ms - SLOTS_KEPT_MS - SLOT_MS, "p/m", "p", 9, 9)
    turn = PhaseChange(NOW_MS, "model", "p/m", "open", "server_error")
    await one.add([Slot(slot_ms, "p/m", "p", 3, 1), old], [turn], NOW_MS)
    await other.add(
        [Slot(slot_ms, "p/m", "p", 2, 0)], [turn, replace(turn, at_ms=NOW_MS + 1, phase="closed", why=None)], NOW_MS
    )
    assert await one.slots(0) == [Slot(slot_ms, "p/m", "p", 5, 1)]
    assert await one.slots(NOW_MS + SLOT_MS) == []
    turns = await one.changes(None, 2)
    assert [(found.at_ms - NOW_MS, found.phase, found.why) for found in turns] == [
        (1, "closed", None),
        (0, "open", "server_error"),
    ]
    assert [found.at_ms for found in await one.changes(turns[-1].id, 2)] == [NOW_MS]
    await one.add([], [], NOW_MS + CHANGES_KEPT_MS + 2)
    assert (await one.slots(0), await one.changes(None, 9)) == ([], [])
