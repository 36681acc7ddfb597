"""Who misuses the gateway, as admins and supporters see it, and how an admin forgives it."""

from dataclasses import replace

from proxy.domain.desk import Change
from tests import builders as b
from tests.api.admin.office import Office


def guess(office: Office, times: int) -> None:
    for _ in range(times):
        office.house.parts.conduct.guessed("203.0.113.9")


async def test_nobody_is_suspected_at_first(office: Office) -> None:
    assert await office.read("/abuse") == {"suspects": [], "cooling": [], "next_after": None}


async def test_supporters_see_it_too_and_callers_do_not(office: Office) -> None:
    assert (await office.get("/abuse", office.support)).status_code == 200
    assert (await office.get("/abuse", await office.house.user_key("ada"))).status_code == 403


async def test_suspects_and_those_who_rest_stand_side_by_side(office: Office) -> None:
    guess(office, 4)
    await office.house.user("ada", cooling_until_ms=b.NOW_MS * 2)
    seen = await office.read("/abuse")
    assert [(found["scope"], found["id"], found["conduct"]["offences"]) for found in seen["suspects"]] == [
        ("address", "203.0.113.9", {"guessed": 4})
    ]
    assert seen["cooling"] == [{"user_id": "ada", "until_ms": b.NOW_MS * 2}]


async def test_a_rest_is_heeded_by_a_gateway_that_saw_nothing_of_it(office: Office) -> None:
    key = await office.house.user_key("ada")
    stored = await office.house.parts.directory.user("ada")
    assert stored is not None
    resting = replace(stored, cooling_until_ms=b.NOW_MS * 2)
    await office.house.parts.directory.put_user(resting, stored.version, Change("abuse"))
    answer = await office.call(key)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "cooling_off")
    await office.patch("/users/ada", cooling_until_ms=None)
    assert (await office.call(key)).status_code == 200


async def test_a_lift_is_a_change_of_the_user_with_its_audit_line(office: Office) -> None:
    await office.house.user("ada", cooling_until_ms=b.NOW_MS * 2)
    before = await office.read("/users/ada")
    assert (before["lifted_at_ms"], before["conduct"]) == (None, None)
    lifted = (await office.patch("/users/ada", cooling_until_ms=None, reason="she asked")).json()
    assert (lifted["cooling_until_ms"], lifted["lifted_at_ms"] is None) == (None, False)
    assert (await office.read("/abuse"))["cooling"] == []
    line = (await office.audited())[0]
    assert (line["action"], line["subject"], line["reason"]) == ("user.put", "user:ada", "she asked")
    assert (line["before"]["cooling_until_ms"], line["after"]["cooling_until_ms"]) == (b.NOW_MS * 2, None)
