"""Claims about `/api/keys`: only keys that may make keys do, a child never exceeds its parent, a secret is seen once."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest

from proxy.api.native.keys import KEYS_MAX, LINEAGE_MAX, governs
from proxy.domain.plan import Rate
from proxy.domain.policy import Wishes
from proxy.domain.standing import Cap
from tests import builders as b
from tests.api.house import House, bearing, code_of


async def manager(house: House, **changes: Any) -> str:
    return await house.user_key(manage_keys=True, **changes)


async def made(house: House, key: str, **body: Any) -> dict[str, Any]:
    answer = await house.post("/api/keys", key, {"name": "a child", **body})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def end(house: House, key: str, key_id: str) -> httpx2.Response:
    return await house.client.delete(f"/api/keys/{key_id}", headers=bearing(key))


async def test_a_new_key_works_and_its_secret_is_shown_once(house: House) -> None:
    key = await manager(house)
    child = await made(house, key)
    assert (await house.get("/api/me", child["key"])).json()["key"]["id"] == child["id"]
    listing = await house.get("/api/keys", key)
    assert child["key"] not in listing.text
    assert {row["id"] for row in listing.json()["data"]} == {child["id"], child["made_by"]}


async def test_only_keys_that_may_make_keys_do(house: House) -> None:
    key = await house.user_key()
    assert code_of(await house.post("/api/keys", key, {"name": "x"})) == (403, "forbidden")
    own_id = (await house.get("/api/me", key)).json()["key"]["id"]
    assert code_of(await house.post(f"/api/keys/{own_id}/rotate", key)) == (403, "forbidden")
    assert code_of(await end(house, key, own_id)) == (403, "forbidden")


async def test_a_plain_key_sees_itself_alone(house: House) -> None:
    child = await made(house, await manager(house))
    rows = (await house.get("/api/keys", child["key"])).json()["data"]
    assert [row["id"] for row in rows] == [child["id"]]


async def test_what_is_left_out_is_inherited(house: House) -> None:
    ends_ms = house.parts.clock.now_ms() + 10**8
    key = await manager(house, expires_at_ms=ends_ms, model_scope=("p/*",), rate=Rate(100, 60))
    child = await made(house, key)
    assert (child["expires_at_ms"], child["model_scope"]) == (ends_ms, ["p/*"])
    assert child["rate"] == {"requests": 100, "period_s": 60}
    assert child["manage_keys"] is False


@pytest.mark.parametrize(
    "wish",
    [
        {"model_scope": ["*"]},
        {"model_scope": ["p/cheap", "q/any"]},
        {"expires_at_ms": 99_999_999_999_999},
        {"rate": {"requests": 101, "period_s": 60}},
        {"caps": [{"window": "day", "credits": "10.001"}]},
    ],
)
async def test_a_child_never_exceeds_its_parent(house: House, wish: dict[str, Any]) -> None:
    key = await manager(
        house,
        expires_at_ms=house.parts.clock.now_ms() + 10**8,
        model_scope=("p/*",),
        rate=Rate(100, 60),
        caps=(Cap("key:parent", "day", 10_000),),
    )
    assert code_of(await house.post("/api/keys", key, {"name": "x", **wish})) == (403, "forbidden")


async def test_a_parents_cap_holds_for_what_its_children_spend(house: House) -> None:
    root = await made(house, await manager(house), caps=[{"window": "day", "credits": "0.001"}], manage_keys=True)
    child = await made(house, root["key"])
    assert code_of(await house.chat(child["key"])) == (402, "budget_cap_reached")


async def test_a_childs_scope_binds_its_calls(house: House) -> None:
    child = await made(house, await house.user_key("u9", "pro", manage_keys=True), model_scope=["p/strong"])
    assert (await house.chat(child["key"], "p/strong")).status_code == 200
    assert code_of(await house.chat(child["key"], "p/cheap")) == (403, "forbidden")


async def test_a_scope_of_unknown_names_is_refused(house: House) -> None:
    key = await manager(house)
    for method, path in (("POST", "/api/keys"), ("PATCH", f"/api/keys/{(await made(house, key))['id']}")):
        body = {"model_scope": ["p/cheap", "p/chaep"]} | ({"name": "x"} if method == "POST" else {})
        answer = await house.client.request(method, path, json=body, headers=bearing(key))
        assert (code_of(answer), answer.json()["error"]["param"]) == ((400, "invalid_request"), "model_scope")
        assert "no model: p/chaep." in answer.json()["error"]["message"]


async def test_a_hidden_model_is_as_unknown_to_a_scope_as_one_that_there_is_not(house: House) -> None:
    key = await manager(house)
    models = dict(house.shown.catalog.models)
    house.shown.catalog = replace(house.shown.catalog, models=models | {"p/strong": replace(models["p/strong"], hidden=True)})
    refused = [await house.post("/api/keys", key, {"name": "x", "model_scope": [name]}) for name in ("p/strong", "p/nosuch")]
    assert [code_of(answer) for answer in refused] == [(400, "invalid_request")] * 2
    strong, none = (answer.json()["error"]["message"] for answer in refused)
    assert strong.replace("p/strong", "p/nosuch") == none


async def test_a_parents_scope_may_be_written_out_though_a_name_of_it_is_gone(house: House) -> None:
    key = await manager(house, model_scope=("p/gone", "p/cheap"))
    assert (await made(house, key, model_scope=["p/gone"]))["model_scope"] == ["p/gone"]


async def test_revoking_takes_descendants_along(house: House) -> None:
    root = await manager(house)
    middle = await made(house, root, manage_keys=True)
    leaf = await made(house, middle["key"])
    answer = await end(house, root, middle["id"])
    assert answer.json() == {"revoked": 2}
    for key in (middle["key"], leaf["key"]):
        assert code_of(await house.get("/api/me", key)) == (401, "invalid_api_key")
    assert (await house.get("/api/me", root)).status_code == 200


async def test_rotation_gives_a_new_secret_and_the_old_one_a_stated_grace(house: House) -> None:
    root = await manager(house)
    child = await made(house, root, model_scope=["p/cheap"])
    with_grace = await house.post(f"/api/keys/{child['id']}/rotate", root, {"grace_minutes": 5})
    assert (with_grace.status_code, with_grace.json()["model_scope"]) == (201, ["p/cheap"])
    for key in (child["key"], with_grace.json()["key"]):
        assert (await house.get("/api/me", key)).status_code == 200
    at_once = await house.post(f"/api/keys/{with_grace.json()['id']}/rotate", root, {"grace_minutes": 0})
    assert code_of(await house.get("/api/me", with_grace.json()["key"])) == (401, "invalid_api_key")
    assert (await house.get("/api/me", at_once.json()["key"])).status_code == 200


@pytest.mark.parametrize("bounds", [{}, {"rate": Rate(1_000, 60)}, {"wishes": Wishes("fast")}])
async def test_a_rotated_key_still_governs_what_its_predecessor_made(house: House, bounds: dict[str, Any]) -> None:
    root = await manager(house, **bounds)
    child = await made(house, root)
    root_id = (await house.get("/api/me", root)).json()["key"]["id"]
    rotated = (await house.post(f"/api/keys/{root_id}/rotate", root, {"grace_minutes": 0})).json()
    answer = await end(house, rotated["key"], child["id"])
    assert answer.json() == {"revoked": 1}


async def test_a_key_that_has_ended_is_not_rotated(house: House) -> None:
    root = await manager(house)
    child = await made(house, root)
    await end(house, root, child["id"])
    assert code_of(await house.post(f"/api/keys/{child['id']}/rotate", root)) == (409, "conflict")


async def test_a_bounded_key_cannot_reach_for_a_broader_one(house: House) -> None:
    root = await manager(house)
    root_id = (await house.get("/api/me", root)).json()["key"]["id"]
    bound: dict[str, Any]
    for bound in (
        {"model_scope": ["p/cheap"]},
        {"caps": [{"window": "day", "credits": 5}]},
        {"rate": {"requests": 5, "period_s": 60}},
        {"wishes": {"avoid": ["p/strong"]}},
    ):
        bounded = await made(house, root, manage_keys=True, **bound)
        sibling = await made(house, root)
        for target in (root_id, sibling["id"]):
            assert code_of(await house.post(f"/api/keys/{target}/rotate", bounded["key"])) == (403, "forbidden")


def test_a_capped_key_governs_only_what_spends_under_its_cap() -> None:
    capped = b.key("capped", manage_keys=True, caps=(Cap("key:capped", "day", 1),))
    assert governs(capped, b.key("child", lineage=("child", "capped")))
    assert not governs(capped, b.key("sibling"))
    assert not governs(b.key("plain"), b.key("plain"))


async def test_another_owners_key_is_not_there(house: House) -> None:
    root, stranger = await manager(house), await house.user_key("u2", manage_keys=True)
    child = await made(house, root)
    for target in (child["id"], "nobody"):
        assert code_of(await house.post(f"/api/keys/{target}/rotate", stranger)) == (404, "not_found")
    assert child["id"] not in (await house.get("/api/keys", stranger)).text


async def test_depth_and_number_of_keys_are_bounded(house: House) -> None:
    deep = await house.user_key("u3", manage_keys=True, lineage=tuple(f"k{n}" for n in range(LINEAGE_MAX)))
    assert code_of(await house.post("/api/keys", deep, {"name": "x"})) == (403, "forbidden")
    key = await manager(house)
    for _ in range(KEYS_MAX - 1):
        await house.key("user", user_id="u1")
    assert code_of(await house.post("/api/keys", key, {"name": "x"})) == (403, "forbidden")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "a\u0000b"},
        {"name": "x" * 257},
        {"name": "x", "model_scope": []},
        {"name": "x", "caps": [{"window": "day", "credits": "0"}]},
        {"name": "x", "caps": [{"window": "era", "credits": "1"}]},
        {"name": "x", "rate": {"requests": 0, "period_s": 1}},
        {"name": "x", "kind": "admin"},
    ],
)
async def test_a_wrong_body_is_refused(house: House, body: dict[str, Any]) -> None:
    assert code_of(await house.post("/api/keys", await manager(house), body)) == (400, "invalid_request")


async def test_every_change_is_in_the_audit_log_without_a_secret(house: House) -> None:
    root = await manager(house)
    child = await made(house, root)
    await end(house, root, child["id"])
    lines = await house.parts.register.audit(None, 10)
    actor = f"key:{(await house.get('/api/me', root)).json()['key']['id']}"
    assert [(line.action, line.actor) for line in lines[:2]] == [("key.revoke", actor), ("key.create", actor)]
    assert child["key"].split("_")[-1] not in repr(lines)


async def wish(house: House, key: str, key_id: str, **wishes: Any) -> httpx2.Response:
    return await house.client.patch(f"/api/keys/{key_id}", headers=bearing(key), json={"wishes": wishes})


async def test_what_a_key_wishes_is_changed_by_whoever_made_it_and_holds_at_once(house: House) -> None:
    key = await manager(house)
    child = await made(house, key)
    assert (await house.chat(child["key"], "p/cheap")).status_code == 200
    changed = await wish(house, key, child["id"], avoid=["p/*"])
    assert (changed.status_code, changed.json()["wishes"]) == (200, {"mode": None, "avoid": ["p/*"], "only": []})
    assert code_of(await house.chat(child["key"], "p/cheap")) == (400, "invalid_request")
    await wish(house, key, child["id"], mode="fast")
    answer = (await house.chat(child["key"], "general")).json()["signalbox"]
    assert answer["mode"] == "fast"


async def test_a_key_does_not_change_its_own_wishes_nor_its_elders(house: House) -> None:
    key = await manager(house)
    child = await made(house, key, manage_keys=True, wishes={"avoid": ["p/*"]})
    own_id = (await house.get("/api/me", key)).json()["key"]["id"]
    assert code_of(await wish(house, child["key"], child["id"])) == (403, "forbidden")
    assert code_of(await wish(house, child["key"], own_id)) == (403, "forbidden")
    assert code_of(await wish(house, key, own_id)) == (403, "forbidden")
    assert code_of(await wish(house, key, "nobody000000")) == (404, "not_found")


async def change(house: House, key: str, key_id: str, **bounds: Any) -> httpx2.Response:
    return await house.client.patch(f"/api/keys/{key_id}", headers=bearing(key), json=bounds)


async def test_bounds_of_a_key_are_changed_by_whoever_made_it_and_hold_at_once(house: House) -> None:
    key = await house.user_key("u9", "pro", manage_keys=True)
    child = await made(house, key, wishes={"mode": "fast"})
    assert (await house.chat(child["key"], "p/cheap")).status_code == 200
    changed = await change(house, key, child["id"], model_scope=["p/strong"], rate={"requests": 9, "period_s": 60})
    assert (changed.status_code, changed.json()["model_scope"], changed.json()["wishes"]["mode"]) == (200, ["p/strong"], "fast")
    assert code_of(await house.chat(child["key"], "p/cheap")) == (403, "forbidden")
    changed = await change(house, key, child["id"], model_scope=None, wishes={})
    assert (changed.json()["model_scope"], changed.json()["rate"]["requests"]) == (None, 9)
    assert (await house.chat(child["key"], "p/cheap")).status_code == 200


async def test_a_key_that_was_renewed_changes_what_it_made_before(house: House) -> None:
    key = await manager(house)
    child = await made(house, key)
    own_id = (await house.get("/api/me", key)).json()["key"]["id"]
    renewed = (await house.post(f"/api/keys/{own_id}/rotate", key, {"grace_minutes": 5})).json()["key"]
    assert (await change(house, renewed, child["id"], model_scope=["p/cheap"])).status_code == 200
    # The old one, which may be in other hands, does not bind its successor.
    assert code_of(await change(house, key, renewed.split("_")[2], model_scope=["p/cheap"])) == (403, "forbidden")


async def test_nothing_made_from_a_bounded_key_gains_by_a_change(house: House) -> None:
    ends_ms = house.parts.clock.now_ms() + 10**8
    key = await manager(house, expires_at_ms=ends_ms, model_scope=("p/*",), rate=Rate(100, 60))
    middle = await made(house, key, model_scope=["p/cheap"], manage_keys=True)
    leaf = await made(house, middle["key"])
    for wish in ({"model_scope": ["*"]}, {"expires_at_ms": ends_ms + 1}, {"rate": {"requests": 101, "period_s": 60}}):
        assert code_of(await change(house, key, middle["id"], **wish)) == (403, "forbidden")
    assert code_of(await change(house, key, leaf["id"], model_scope=["p/strong"])) == (403, "forbidden")
    assert (await change(house, key, leaf["id"], model_scope=None)).json()["model_scope"] == ["p/cheap"]
    await change(house, key, middle["id"], model_scope=["p/*"])
    assert (await house.get("/api/keys", leaf["key"])).json()["data"][0]["model_scope"] == ["p/cheap"]
    own_id = (await house.get("/api/me", key)).json()["key"]["id"]
    for own, target in ((middle["key"], middle["id"]), (middle["key"], own_id), (leaf["key"], leaf["id"])):
        assert code_of(await change(house, own, target, rate=None)) == (403, "forbidden")


async def test_a_wrong_change_is_refused_and_changes_nothing(house: House) -> None:
    key = await manager(house)
    child = await made(house, key)
    wrong: dict[str, Any]
    for wrong in ({}, {"model_scope": []}, {"expires_at_ms": 1}, {"rate": {"requests": 1}}, {"caps": []}, {"name": "x"}):
        assert code_of(await change(house, key, child["id"], **wrong)) == (400, "invalid_request")
    assert code_of(await change(house, key, child["id"], wishes={"avoid": ["p/*"]}, expires_at_ms=1)) == (
        400,
        "invalid_request",
    )
    assert (await house.chat(child["key"], "p/cheap")).status_code == 200
    assert code_of(await house.post("/api/keys", key, {"name": "late", "expires_at_ms": 1})) == (400, "invalid_request")
    await end(house, key, child["id"])
    assert code_of(await change(house, key, child["id"], rate=None)) == (409, "conflict")
