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
    answer = await office.post(RESET, window="day")
    assert (answer.status_code, float(answer.json()["forgiven"])) == (200, 0)
    assert "window.reset" not in [line["action"] for line in await office.audited()]


async def test_only_an_admin_resets_and_names_a_window_there_is(office: Office) -> None:
    await office.house.user_key()
    assert (await office.ask("POST", RESET, {"window": "month", "reason": "x"}, key=office.support)).status_code == 403
    assert code_of(await office.post(RESET, window="year")) == (400, "invalid_request")
    assert code_of(await office.post("/users/nobody/reset", window="month")) == (404, "not_found")
