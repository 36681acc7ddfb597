"""Keys through the admin's door: shown once, ended with all made from them."""

from typing import Any

from tests.api.admin.office import STRONG, Office
from tests.api.house import PEPPER, code_of


async def test_a_new_key_works_and_is_shown_once(office: Office) -> None:
    await office.house.user("ada")
    made = await office.post("/keys", kind="user", name="laptop", user_id="ada")
    key = made.json()["key"]
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    assert (await office.call(key)).status_code == 200
    shown = await office.get(f"/keys/{made.json()['id']}")
    assert (shown.json()["state"], key in shown.text, "key" in shown.json()) == ("live", False, False)


async def test_no_answer_holds_a_hash(office: Office) -> None:
    await office.house.user("ada")
    made = await office.post("/keys", kind="user", name="laptop", user_id="ada")
    stored = await office.house.parts.directory.key(made.json()["id"])
    assert stored is not None
    for answer in (made, await office.get("/keys"), await office.get("/audit")):
        assert "secret_hash" not in answer.text
        assert stored.secret_hash.hex() not in answer.text
        assert PEPPER.decode() not in answer.text


async def test_every_kind_of_key_belongs_to_whom_it_says(office: Office) -> None:
    await office.house.user("ada")
    await office.post("/apps", id="shop", name="Shop", default_plan_id="basic")
    assert (await office.post("/keys", kind="app", name="server", app_id="shop")).json()["user_id"] == "shop"
    assert (await office.post("/keys", kind="support", name="desk")).status_code == 201
    assert (await office.post("/keys", kind="admin", name="Ada's", user_id="ada")).json()["user_id"] == "ada"
    for wrong in (
        {"kind": "user"},
        {"kind": "app"},
        {"kind": "app", "app_id": "shop", "user_id": "ada"},
        {"kind": "user", "user_id": "ada", "app_id": "shop"},
        {"kind": "root"},
    ):
        assert (await office.post("/keys", name="wrong", **wrong)).status_code == 400
    assert (await office.post("/keys", kind="user", name="x", user_id="none")).status_code == 404


async def test_keys_are_listed_by_user_and_app(office: Office) -> None:
    await office.house.user("ada")
    made = (await office.post("/keys", kind="user", name="laptop", user_id="ada")).json()
    assert [key["id"] for key in (await office.read("/keys?user=ada"))["data"]] == [made["id"]]
    assert (await office.read("/keys?app=shop"))["data"] == []
    assert len((await office.read("/keys"))["data"]) == 3


async def test_keys_are_listed_page_by_page_by_kind_and_without_those_that_ended(office: Office) -> None:
    await office.house.user("ada")
    made = [(await office.post("/keys", kind="user", name=name, user_id="ada")).json()["id"] for name in ("one", "two")]
    first = await office.read("/keys?kind=user&limit=1")
    second = await office.read(f"/keys?kind=user&limit=1&before={first['next_before']}")
    assert [page["data"][0]["id"] for page in (first, second)] == made[::-1]
    rest = await office.read(f"/keys?kind=user&before={second['next_before']}")
    assert (rest["data"], rest["next_before"]) == ([], None)
    await office.post(f"/keys/{made[0]}/revoke")
    assert [key["id"] for key in (await office.read("/keys?kind=user&live=true"))["data"]] == made[1:]


async def test_a_misspelt_filter_is_a_mistake_and_not_everything(office: Office) -> None:
    answer = await office.get("/keys?usr=ada")
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "usr")


async def test_revoking_takes_descendants_along(office: Office) -> None:
    parent = await office.house.user_key("ada", manage_keys=True)
    child = (await office.house.post("/api/keys", parent, {"name": "child"})).json()["key"]
    assert (await office.call(child)).status_code == 200
    parent_id = parent.split("_")[2]
    assert (await office.post(f"/keys/{parent_id}/revoke", reason="leaked")).json()["revoked"] == 2
    assert [(await office.call(key)).status_code for key in (parent, child)] == [401, 401]
    assert (await office.read(f"/keys/{parent_id}"))["state"] == "revoked"


async def test_a_key_is_suspended_and_goes_on(office: Office) -> None:
    key = await office.house.user_key("ada")
    path = f"/keys/{key.split('_')[2]}/suspend"
    assert (await office.post(path, suspended=True)).json()["state"] == "suspended"
    assert (await office.call(key)).status_code == 403
    await office.post(path, suspended=False)
    assert (await office.call(key)).status_code == 200


async def test_a_rotated_key_works_beside_the_old_one_within_the_grace(office: Office) -> None:
    old = await office.house.user_key("ada")
    rotated = await office.post(f"/keys/{old.split('_')[2]}/rotate", grace_minutes=60)
    new = rotated.json()["key"]
    assert (rotated.status_code, rotated.json()["lineage"][1:]) == (201, [old.split("_")[2]])
    assert [(await office.call(key)).status_code for key in (old, new)] == [200, 200]


async def test_without_grace_the_old_key_ends_at_once_and_cannot_be_rotated_again(office: Office) -> None:
    old = await office.house.user_key("ada")
    path = f"/keys/{old.split('_')[2]}/rotate"
    new = (await office.post(path, grace_minutes=0)).json()["key"]
    assert [(await office.call(key)).status_code for key in (old, new)] == [401, 200]
    assert (await office.post(path, grace_minutes=0)).status_code == 409


async def test_caps_rate_scope_and_expiry_come_back(office: Office) -> None:
    await office.house.user("ada")
    terms = {
        "model_scope": ["p/*"],
        "caps": [{"window": "day", "credits": "1.5"}],
        "rate": {"requests": 5, "period_s": 60},
        "expires_at_ms": 99_999_999_999_999,
        "manage_keys": True,
    }
    made = (await office.post("/keys", kind="user", name="laptop", user_id="ada", **terms)).json()
    assert {name: made[name] for name in terms} == terms
    assert (await office.post("/keys", kind="user", name="late", user_id="ada", expires_at_ms=1)).status_code == 400


async def test_an_unknown_key_is_not_found(office: Office) -> None:
    assert (await office.get("/keys/none")).status_code == 404
    assert (await office.post("/keys/none/revoke")).status_code == 404


async def test_what_a_key_wishes_is_changed_and_audited(office: Office) -> None:
    key = await office.house.user_key("ada")
    path = f"/keys/{key.split('_')[2]}/wishes"
    assert (await office.call(key)).status_code == 200
    changed = await office.ask("POST", path, {"wishes": {"avoid": ["*"]}, "reason": "as agreed"})
    assert (changed.status_code, changed.json()["wishes"]["avoid"]) == (200, ["*"])
    assert (await office.call(key)).status_code == 400
    line = (await office.read("/audit"))["data"][0]
    assert (line["action"], line["subject"], line["reason"]) == ("key.wish", f"key:{key.split('_')[2]}", "as agreed")
    assert (await office.ask("POST", path, {"wishes": {}})).status_code == 400


async def test_the_caps_of_a_key_are_changed_and_hold_at_once(office: Office) -> None:
    await office.house.user("ada")
    made = (await office.post("/keys", kind="user", name="laptop", user_id="ada")).json()
    path, cap = f"/keys/{made['id']}/caps", {"window": "day", "credits": "0.001"}
    assert (await office.ask("POST", path, {"caps": [cap]})).json()["error"]["param"] == "reason"
    assert (await office.post(path, caps=[cap, cap])).status_code == 400
    assert (await office.post(path, caps=[cap])).json()["caps"] == [cap]
    assert (await office.call(made["key"])).json()["error"]["code"] == "budget_cap_reached"
    assert (await office.audited(1))[0]["action"] == "key.cap"
    assert (await office.post(path, caps=[])).json()["caps"] == []
    assert (await office.call(made["key"])).status_code == 200
    assert (await office.post("/keys/nobody/caps", caps=[])).status_code == 404


async def test_scope_rate_and_expiry_of_a_key_are_changed_and_hold_at_once(office: Office) -> None:
    await office.house.user("ada", "pro")
    made = (await office.post("/keys", kind="user", name="laptop", user_id="ada")).json()
    path = f"/keys/{made['id']}"
    assert (await office.call(made["key"])).status_code == 200
    bounds = {"model_scope": ["p/org/*"], "rate": {"requests": 2, "period_s": 3600}, "expires_at_ms": 99_999_999_999_999}
    changed = await office.ask("POST", f"{path}/bounds", {**bounds, "reason": "as agreed"})
    assert (changed.status_code, {name: changed.json()[name] for name in bounds}) == (200, bounds)
    line = (await office.audited(1))[0]
    assert (line["action"], line["subject"], line["reason"]) == ("key.bind", f"key:{made['id']}", "as agreed")
    assert (await office.call(made["key"])).status_code == 403
    await office.ask("POST", f"{path}/bounds", {"model_scope": None, "reason": "all again"})
    assert [(await office.call(made["key"])).status_code for _ in range(2)] == [200, 429]
    assert (await office.read(path))["rate"] == bounds["rate"]


async def test_a_scope_that_names_no_model_is_refused_and_its_names_are_told(office: Office) -> None:
    await office.house.user("ada")
    key = {"kind": "user", "name": "laptop", "user_id": "ada"}
    refused = await office.post("/keys", **key, model_scope=["p/cheap", "p/chaep", "gpt", "tag:none", "q/*"])
    assert (code_of(refused), refused.json()["error"]["param"]) == ((400, "invalid_request"), "model_scope")
    assert "no model: p/chaep, gpt, tag:none, q/*." in refused.json()["error"]["message"]
    made = (await office.post("/keys", **key, model_scope=["p/cheap", "p/unpriced", "p/org/*"])).json()
    assert code_of(await office.post(f"/keys/{made['id']}/bounds", model_scope=["p/chaep"])) == (400, "invalid_request")
    assert (await office.read(f"/keys/{made['id']}"))["model_scope"] == ["p/cheap", "p/unpriced", "p/org/*"]


async def test_a_name_that_left_the_catalog_may_stay_in_a_keys_scope(office: Office) -> None:
    await office.house.user("ada", "pro")
    old = await office.house.user_key("ada", model_scope=("p/gone", "p/cheap"))
    path = f"/keys/{old.split('_')[2]}/bounds"
    assert (await office.call(old, model="p/cheap")).status_code == 200
    kept = await office.post(path, model_scope=["p/gone", STRONG])
    assert (kept.status_code, kept.json()["model_scope"]) == (200, ["p/gone", STRONG])
    assert code_of(await office.post(path, model_scope=["p/lost"])) == (400, "invalid_request")


async def test_a_key_is_given_no_more_than_the_key_it_was_made_from(office: Office) -> None:
    parent = await office.house.user_key("ada", manage_keys=True, model_scope=("p/cheap",))
    child = (await office.house.post("/api/keys", parent, {"name": "child"})).json()
    refused = await office.ask("POST", f"/keys/{child['id']}/bounds", {"model_scope": ["*"], "reason": "more"})
    assert (refused.status_code, "scope" in refused.json()["error"]["message"]) == (400, True)


async def test_a_change_of_a_key_is_as_right_as_one_that_is_made(office: Office) -> None:
    made = (await office.post("/keys", kind="support", name="desk")).json()
    path = f"/keys/{made['id']}"
    wrong: dict[str, Any]
    for wrong in (
        {},
        {"expires_at_ms": 1},
        {"rate": {"requests": 0, "period_s": 1}},
        {"model_scope": ["no spaces"]},
        {"caps": []},
        {"name": "other"},
    ):
        assert (await office.ask("POST", f"{path}/bounds", {**wrong, "reason": "a test"})).status_code == 400
    assert (await office.ask("POST", f"{path}/bounds", {"expires_at_ms": None})).json()["error"]["param"] == "reason"
    await office.post(f"{path}/revoke")
    assert (await office.ask("POST", f"{path}/bounds", {"rate": None, "reason": "a test"})).status_code == 409
    assert (await office.ask("POST", "/keys/nobody/bounds", {"rate": None, "reason": "a test"})).status_code == 404
