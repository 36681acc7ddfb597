"""Claims about a window that an admin lets begin anew: what is forgiven, what is not, and that the books prove it."""

from pathlib import Path

from proxy.store.sqlite import SqliteDatabase
from proxy.store.verify import verify
from tests.api.admin.office import Office
from tests.api.house import Json, code_of

RESET = "/users/u1/reset"


async def _month(office: Office) -> Json:
    (month,) = (await office.read("/users/u1/standing"))["windows"]
    return dict(month)


async def test_a_reset_forgives_what_is_spent_of_the_window(tmp_path: Path, office: Office) -> None:
    assert (await office.call(await office.house.user_key())).status_code == 200
    spent = (await _month(office))["spent"]
    answer = await office.post(RESET, window="month", reason="our outage cost them")
    assert (answer.status_code, answer.json()["forgiven"]) == (200, spent)
    assert float(spent) > 0
    assert float((await _month(office))["spent"]) == 0
    line = (await office.audited())[0]
    assert (line["action"], line["subject"], line["reason"]) == ("window.reset", "user:u1", "our outage cost them")
    database = await SqliteDatabase.open(str(tmp_path / "books.db"))
    assert await verify(database) == []
    await database.close()


async def test_a_window_of_which_nothing_is_spent_has_nothing_to_forgive(office: Office) -> None:
    await office.house.user_key()
    answer = await office.post(RESET, window="month")
    assert (answer.status_code, float(answer.json()["forgiven"])) == (200, 0)
    assert "window.reset" not in [line["action"] for line in await office.audited()]


async def test_a_window_that_the_plan_does_not_have_is_refused_and_those_it_has_are_named(office: Office) -> None:
    await office.house.user_key()
    for body, asked in (({"window": "day"}, "day"), ({"window": "month", "family": "open"}, "month of family open")):
        answer = await office.post(RESET, **body)
        assert (code_of(answer), answer.json()["error"]["param"]) == ((400, "invalid_request"), "window")
        says = f"Plan basic of user u1 has no window {asked}; it has month."
        assert answer.json()["error"]["message"] == says
    assert "window.reset" not in [line["action"] for line in await office.audited()]


async def test_nothing_is_reset_for_a_user_without_a_plan(office: Office) -> None:
    await office.house.user("ada", plan_id="gone")
    assert code_of(await office.post("/users/ada/reset", window="month")) == (409, "conflict")


async def test_only_an_admin_resets_and_names_a_window_there_is(office: Office) -> None:
    await office.house.user_key()
    assert (await office.ask("POST", RESET, {"window": "month", "reason": "x"}, key=office.support)).status_code == 403
    assert code_of(await office.post(RESET, window="year")) == (400, "invalid_request")
    assert code_of(await office.post("/users/nobody/reset", window="month")) == (404, "not_found")
