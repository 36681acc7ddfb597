"""Apps through the admin's door."""

from tests.api.admin.office import Office


async def _shop(office: Office) -> None:
    answer = await office.post("/apps", id="shop", name="Shop", default_plan_id="pro")
    assert answer.status_code == 201, answer.text


async def test_an_app_gets_an_account_of_its_own(office: Office) -> None:
    await _shop(office)
    assert (await office.read("/apps/shop"))["user_id"] == "shop"
    assert (await office.read("/users/shop/entitlement"))["plan_id"] == "pro"
    assert [app["id"] for app in (await office.read("/apps"))["data"]] == ["shop"]


async def test_an_app_can_have_the_account_of_a_user_that_is_named(office: Office) -> None:
    await office.house.user("ada")
    assert (await office.post("/apps", id="ada", name="Ada's", default_plan_id="pro")).status_code == 409
    made = await office.post("/apps", id="ada", name="Ada's", default_plan_id="pro", user_id="ada")
    assert (made.status_code, made.json()["user_id"]) == (201, "ada")
    assert (await office.post("/apps", id="b", name="B", default_plan_id="pro", user_id="none")).status_code == 404


async def test_an_app_is_changed_and_suspended_under_its_version(office: Office) -> None:
    await _shop(office)
    assert (await office.ask("PATCH", "/apps/shop", {"name": "X", "reason": "a test"})).status_code == 428
    changed = await office.patch(
        "/apps/shop", suspended=True, enrols_daily_max=5, reads_body_user=True, caps=[{"window": "month", "credits": "9"}]
    )
    shown = changed.json()
    assert (shown["suspended"], shown["enrols_daily_max"], shown["reads_body_user"]) == (True, 5, True)
    assert (shown["caps"], shown["name"]) == ([{"window": "month", "credits": "9"}], "Shop")


async def test_a_suspended_apps_key_is_turned_away_at_once(office: Office) -> None:
    await _shop(office)
    key = (await office.post("/keys", kind="app", name="server", app_id="shop")).json()["key"]
    assert (await office.call(key)).status_code == 200
    await office.patch("/apps/shop", suspended=True)
    assert (await office.call(key)).status_code == 403


async def test_an_apps_plan_must_exist(office: Office) -> None:
    assert (await office.post("/apps", id="b", name="B", default_plan_id="none")).status_code == 400
    await _shop(office)
    assert (await office.patch("/apps/shop", default_plan_id="none")).status_code == 400


async def test_an_id_is_given_once(office: Office) -> None:
    await _shop(office)
    assert (await office.post("/apps", id="shop", name="Shop", default_plan_id="pro")).status_code == 409


async def test_the_plans_an_app_may_give_are_named_and_must_exist(office: Office) -> None:
    await _shop(office)
    assert (await office.read("/apps/shop"))["plans"] == []
    assert (await office.patch("/apps/shop", plans=["basic", "pro"])).json()["plans"] == ["basic", "pro"]
    assert (await office.patch("/apps/shop", plans=["none"])).status_code == 400
    assert (await office.patch("/apps/shop", name="Shop!")).json()["plans"] == ["basic", "pro"]
    made = await office.post("/apps", id="b", name="B", default_plan_id="pro", plans=["basic"])
    assert made.json()["plans"] == ["basic"]
