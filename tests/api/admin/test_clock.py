"""Claims about a clock that jumped, as callers, operators and admins meet it: who is told what, and how it ends."""

from pathlib import Path
from typing import Any, Final

from proxy.domain.clock import ClockDoubt
from proxy.store.sqlite import SqliteDatabase
from tests.api.admin.office import Office
from tests.api.house import code_of

CLOCK: Final = "/clock"


async def _jumped(folder: Path, office: Office) -> None:
    """As if another process had seen the clock jump by an hour; this one has looked since."""
    database = await SqliteDatabase.open(str(folder / "books.db"))
    await database.write(lambda c: c.execute("UPDATE clock SET expected_ms = furthest_ms, shown_ms = furthest_ms + 3600000"))
    await database.close()
    timekeeping: Any = office.house.parts.timekeeping
    await timekeeping.state()
    assert isinstance(timekeeping.doubt, ClockDoubt)


async def test_a_clock_that_jumped_refuses_calls_until_an_admin_confirms_it(tmp_path: Path, office: Office) -> None:
    user = await office.house.user_key()
    assert (await office.call(user)).status_code == 200
    assert (await office.read(CLOCK))["in_doubt"] is False
    await _jumped(tmp_path, office)
    refused = await office.call(user)
    assert code_of(refused) == (503, "store_unavailable")
    assert "clock jumped" in refused.json()["error"]["message"]
    assert refused.headers["retry-after"] == "30"
    state = await office.read(CLOCK)
    assert (state["in_doubt"], state["jump_ms"]) == (True, 3_600_000)
    confirmed = await office.post(CLOCK, reason="the time is right")
    assert (confirmed.status_code, confirmed.json()["in_doubt"]) == (200, False)
    assert (await office.call(user)).status_code == 200
    line = (await office.audited())[0]
    assert (line["action"], line["reason"], line["before"]["jump_ms"]) == ("clock.confirm", "the time is right", 3_600_000)


async def test_readiness_and_health_say_that_nothing_is_admitted(tmp_path: Path, office: Office) -> None:
    assert (await office.house.get("/readyz")).status_code == 200
    await _jumped(tmp_path, office)
    unready = await office.house.get("/readyz")
    assert code_of(unready) == (503, "store_unavailable")
    assert "clock jumped" in unready.json()["error"]["message"]
    assert (await office.house.get("/livez")).status_code == 200
    assert (await office.read("/health"))["ready"] is False


async def test_what_people_give_by_the_clock_waits_too(tmp_path: Path, office: Office) -> None:
    await office.house.user_key()
    await _jumped(tmp_path, office)
    refused = await office.post("/users/u1/reset", window="month")
    assert code_of(refused) == (503, "store_unavailable")
    assert "clock jumped" in refused.json()["error"]["message"]


async def test_only_an_admin_confirms_and_says_why(office: Office) -> None:
    assert (await office.ask("POST", CLOCK, {"reason": "x"}, key=office.support)).status_code == 403
    assert (await office.ask("GET", CLOCK, key=office.support)).status_code == 403
    assert code_of(await office.ask("POST", CLOCK, {})) == (400, "invalid_request")


async def test_a_clock_that_is_believed_has_nothing_to_confirm(office: Office) -> None:
    assert (await office.post(CLOCK)).status_code == 200
    assert "clock.confirm" not in [line["action"] for line in await office.audited()]
