"""The contract of who calls which model, the same for every database: counted among the newest calls, and no more of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proxy.domain.desk import ModelUser
from proxy.domain.ledger import RecordCall
from proxy.store import keenest
from tests.builders import NOW_MS, call
from tests.contracts.desk_house import DESK_HOUSES, DeskDoor


@pytest.fixture(params=sorted(DESK_HOUSES))
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DeskDoor]:
    async with DESK_HOUSES[request.param](tmp_path) as opened:
        yield await opened.door()


async def test_who_called_a_model_is_counted_among_its_newest_calls(door: DeskDoor) -> None:
    calls = [call(f"call-{number}", user_id=f"u{number % 2}", at_ms=NOW_MS + number, credits_milli=7) for number in range(1, 6)]
    probe = call("call-6", user_id="u9", model_id="q/n", at_ms=NOW_MS + 6, kind="probe")
    await door.ledger.apply([RecordCall(one) for one in (*calls, probe)])
    whole, other, none = await door.register.model_users(["p/m", "q/n", "q/none"], NOW_MS, 30)
    assert (whole.users, whole.stopped_at_ms) == (2, None)
    assert whole.keenest == (ModelUser("u1", 3, 21), ModelUser("u0", 2, 14))
    assert (other.users, none.users, none.keenest) == (0, 0, ())
    (newest,) = await door.register.model_users(["p/m"], NOW_MS, 1)
    assert (newest.keenest, newest.stopped_at_ms) == ((ModelUser("u1", 1, 7),), NOW_MS + 5)
    assert (await door.register.model_users(["p/m"], NOW_MS + 5, 30))[0].users == 1


async def test_of_one_model_no_more_is_looked_at_however_few_there_are(door: DeskDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keenest, "CALLS_EACH_MAX", 2)
    calls = [call(f"call-{number}", user_id=f"u{number}", at_ms=NOW_MS + number) for number in range(1, 4)]
    await door.ledger.apply([RecordCall(one) for one in calls])
    (found,) = await door.register.model_users(["p/m"], NOW_MS, 30)
    assert ([user.user_id for user in found.keenest], found.users, found.stopped_at_ms) == (["u2", "u3"], 2, NOW_MS + 2)


async def test_the_keenest_are_shown_and_all_are_counted(door: DeskDoor) -> None:
    calls = [call(f"call-{number:02}", user_id=f"u{number:02}", at_ms=NOW_MS + number) for number in range(25)]
    await door.ledger.apply([RecordCall(one) for one in calls])
    (found,) = await door.register.model_users(["p/m"], NOW_MS, 30)
    assert (found.users, len(found.keenest), found.stopped_at_ms) == (25, keenest.KEENEST_MAX, None)
