"""How the books stand and how models fared, through the admin's door."""

from proxy.domain.oversight import SLOT_MS, PhaseChange, Slot
from proxy.store.chronicle import SqlChronicle
from proxy.store.oversight import SqlOversight
from tests.api.admin.office import Office
from tests.api.house import code_of


async def test_a_check_is_asked_for_with_a_reason_and_its_end_is_shown(office: Office) -> None:
    assert (await office.read("/budget"))["check"] is None
    asked = await office.post("/budget/verify", reason="month's end")
    assert (asked.status_code, asked.json()["state"]) == (202, "asked")
    assert code_of(await office.post("/budget/verify"))[0] == 409
    oversight = office.house.parts.oversight
    assert isinstance(oversight, SqlOversight)
    taken = await oversight.take_check()
    assert taken is not None
    await oversight.end_check(taken.id, "wrong", ["counter user:ada is off"])
    check = (await office.read("/budget"))["check"]
    assert (check["state"], check["wrong"], check["lines"]) == ("wrong", 1, ["counter user:ada is off"])
    assert (await office.audited(1))[0]["reason"] == "month's end"


async def test_nobody_but_admins_sees_how_the_books_stand(office: Office) -> None:
    user = await office.house.user_key("ada")
    for path in ("/budget", "/alerts", "/health/history"):
        assert [(await office.get(path, key)).status_code for key in (office.support, user)] == [403, 403], path


async def test_open_holds_and_what_was_absorbed_are_shown(office: Office) -> None:
    await office.call(await office.house.user_key("ada"))
    budget = await office.read("/budget")
    assert budget["holds"] == {"count": 0, "credits": "0", "raw_cost_nano_usd": 0, "oldest": []}
    assert budget["absorbed"] == {"today": "0", "days30": "0"}
    assert budget["ceilings"] == []
    assert await office.read("/alerts") == {"data": [], "next_before": None}


async def test_strips_and_turns_tell_of_the_last_day(office: Office) -> None:
    chronicle, now_ms = office.house.parts.chronicle, office.house.parts.clock.now_ms()
    assert isinstance(chronicle, SqlChronicle)
    slot_ms = now_ms // SLOT_MS * SLOT_MS
    turns = [PhaseChange(now_ms - number, "model", "p/cheap", "open", "server_error") for number in range(3)]
    await chronicle.add([Slot(slot_ms, "p/cheap", "p", 4, 1), Slot(slot_ms - SLOT_MS, "p/cheap", "p", 2, 0)], turns, now_ms)
    history = await office.read("/health/history?limit=2")
    (strip,) = history["strips"]
    assert (strip["model"], strip["attempts"][-2:], strip["faults"][-2:]) == ("p/cheap", [2, 4], [0, 1])
    assert len(strip["attempts"]) * history["slot_ms"] == 86_400_000
    rest = await office.read(f"/health/history?limit=2&before={history['next_before']}")
    assert [turn["at_ms"] for turn in history["turns"] + rest["turns"]] == [now_ms, now_ms - 1, now_ms - 2]
    assert rest["next_before"] is None
