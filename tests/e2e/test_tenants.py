"""Every route with every wrong key: nobody sees, changes or even learns of what is not theirs."""

from typing import Final

import httpx2
import pytest

from proxy.api import keys as key_texts
from tests.e2e.conftest import Keys
from tests.e2e.harness import House, chat, key_id

CHAT: Final = "/v1/chat/completions"
OPEN: Final = {"/livez", "/readyz", "/metrics", "/openapi.json"}
# What a supporter may read; everything else under /api/admin is the admin's alone.
SUPPORT_READS: Final = {
    "/api/admin/users",
    "/api/admin/users/{id}",
    "/api/admin/users/{id}/standing",
    "/api/admin/model-calls",
    "/api/admin/model-calls/{id}",
    "/api/admin/abuse",
}
# Signing in at the console is for admins and supporters alike.
SESSION: Final = "/api/session"

Operation = tuple[str, str]


def _operations(house: House) -> list[Operation]:
    with house.http() as http:
        paths = http.get("/openapi.json").json()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def _answers(house: House, operations: list[Operation], key: str | None) -> dict[Operation, tuple[int, str | None]]:
    """Status and code of each, called for somebody who does not exist."""
    found: dict[Operation, tuple[int, str | None]] = {}
    with house.http(key) as http:
        for method, path in operations:
            answer = http.request(method, path.replace("{id}", "nobody"))
            found[method, path] = (answer.status_code, _code(answer))
    return found


def _code(answer: httpx2.Response) -> str | None:
    return answer.json()["error"]["code"] if answer.status_code >= 400 else None


def _closed(house: House) -> list[Operation]:
    return [operation for operation in _operations(house) if operation[1] not in OPEN]


def _of_admins(operation: Operation) -> bool:
    return operation[1] == SESSION or operation[1].startswith("/api/admin")


def _of_support(operation: Operation) -> bool:
    return operation[1] == SESSION or (operation[0] == "GET" and operation[1] in SUPPORT_READS)


def test_there_are_routes_of_each_kind_to_walk(house: House) -> None:
    operations = _closed(house)
    assert {path for _, path in operations} >= SUPPORT_READS | {CHAT, "/api/ai/chat", "/api/me", "/api/admin/audit"}
    assert len(operations) > 50
    assert {path for _, path in _operations(house)} >= OPEN


@pytest.mark.parametrize(
    "key",
    [None, "Bearer", "sk-proj-1", key_texts.mint("user").text, key_texts.mint("admin").text, "sb_admin_x_y"],
    ids=["none", "no key", "another house's", "unknown user", "unknown admin", "misspelt"],
)
def test_without_a_good_key_every_route_is_401(house: House, key: str | None) -> None:
    answers = _answers(house, _closed(house), key)
    assert set(answers.values()) == {(401, "invalid_api_key")}


def test_a_good_key_with_one_letter_changed_is_401(house: House, keys: Keys) -> None:
    for key in (keys.user, keys.admin, keys.support, keys.app):
        changed = key[:30] + ("a" if key[30] != "a" else "b") + key[31:]
        assert set(_answers(house, _closed(house), changed).values()) == {(401, "invalid_api_key")}


def test_a_revoked_key_is_401_everywhere(house: House) -> None:
    key = house.key("user", "gone", "free")
    assert house.command("keys", "revoke", key_id(key)).returncode == 0
    assert set(_answers(house, _closed(house), key).values()) == {(401, "invalid_api_key")}


@pytest.mark.parametrize("kind", ["user", "app"])
def test_users_and_apps_are_403_on_every_admin_route(house: House, keys: Keys, kind: str) -> None:
    operations = [operation for operation in _closed(house) if _of_admins(operation)]
    answers = _answers(house, operations, getattr(keys, kind))
    assert set(answers.values()) == {(403, "forbidden")}


def test_a_supporter_reads_what_support_may_and_is_403_everywhere_else(house: House, keys: Keys) -> None:
    answers = _answers(house, _closed(house), keys.support)
    refused = {operation for operation, answer in answers.items() if answer == (403, "forbidden")}
    assert refused == {operation for operation in answers if not _of_support(operation)}
    assert all(answer[0] in (200, 201, 204, 404) for operation, answer in answers.items() if operation not in refused)


def test_an_admin_key_is_no_callers_key(house: House, keys: Keys) -> None:
    operations = [operation for operation in _closed(house) if not _of_admins(operation)]
    assert set(_answers(house, operations, keys.admin).values()) == {(403, "forbidden")}


def test_open_routes_need_no_key_and_metrics_refuse_a_wrong_one(house: House, keys: Keys) -> None:
    with house.http() as http:
        assert {http.get(path).status_code for path in OPEN} == {200}
        for key, status in (("sb_user_wrong", 401), (keys.user, 403), (keys.support, 403), (keys.admin, 200)):
            assert http.get("/metrics", headers={"authorization": f"Bearer {key}"}).status_code == status


def test_another_tenants_objects_do_not_exist(house: House, keys: Keys) -> None:
    with house.http(keys.user) as mine, house.http(keys.other) as theirs:
        call = mine.post(CHAT, json=chat("sim/small")).headers["x-signalbox-call"]
        made = mine.post("/api/keys", json={"name": "child"}).json()["id"]
        assert mine.get(f"/api/calls/{call}").status_code == 200
        foreign = [
            theirs.get(f"/api/calls/{call}"),
            theirs.delete(f"/api/keys/{made}"),
            theirs.post(f"/api/keys/{made}/rotate", json={"grace_minutes": 0}),
        ]
        absent = [
            theirs.get("/api/calls/call_00000000000000000000000000"),
            theirs.delete("/api/keys/000000000000"),
            theirs.post("/api/keys/000000000000/rotate", json={"grace_minutes": 0}),
        ]
        assert {_code(answer) for answer in foreign} == {"not_found"}
        assert [answer.json()["error"]["message"] for answer in foreign] == [a.json()["error"]["message"] for a in absent]
        assert call not in theirs.get("/api/calls").text
        assert made not in theirs.get("/api/keys").text
        assert made in mine.get("/api/keys").text


def test_another_tenants_conversation_cannot_be_continued_or_found_out(house: House, keys: Keys) -> None:
    body = {"message": "hello", "assistant": "general", "stream": False}
    with house.http(keys.user) as mine, house.http(keys.other) as theirs:
        begun = mine.post("/api/ai/chat", json=body)
        conversation = begun.json()["conversation_id"]
        assert mine.post("/api/ai/chat", json={**body, "conversation_id": conversation}).status_code == 200
        foreign = theirs.post("/api/ai/chat", json={**body, "conversation_id": conversation})
    assert (foreign.status_code, _code(foreign)) == (404, "not_found")


def test_another_tenants_confirmation_confirms_nothing(house: House, keys: Keys) -> None:
    with house.http(keys.user) as mine, house.http(keys.other) as theirs:
        refused = mine.post(CHAT, json=chat("sim/small", "a delicateword"))
        confirmed = chat("sim/small", "a delicateword", signalbox={"confirm": refused.headers["x-signalbox-call"]})
        assert _code(theirs.post(CHAT, json=confirmed)) == "confirmation_required"


def test_one_apps_end_users_are_strangers_to_each_other_and_to_users(house: House, keys: Keys) -> None:
    with house.http(keys.admin) as admin:
        app = admin.get("/api/admin/apps/shop")
        capped = {"caps": [{"window": "month", "credits": "100000"}], "reason": "so that it may enrol"}
        changed = admin.patch("/api/admin/apps/shop", json=capped, headers={"if-match": app.headers["etag"]})
        assert changed.status_code == 200, changed.text
    with house.http(keys.app) as shop, house.http(keys.user) as user:
        anna, ben = {"x-signalbox-user": "anna"}, {"x-signalbox-user": "ben"}
        call = shop.post(CHAT, json=chat("sim/small"), headers=anna).headers["x-signalbox-call"]
        assert shop.get(f"/api/calls/{call}", headers=anna).status_code == 200
        assert shop.get(f"/api/calls/{call}", headers=ben).status_code == 404
        assert shop.get(f"/api/calls/{call}").status_code == 404
        assert user.get(f"/api/calls/{call}", headers=anna).status_code == 404


def test_the_header_of_an_end_user_selects_nothing_on_a_users_key(house: House, keys: Keys) -> None:
    with house.http(keys.user) as http:
        assert http.get("/api/me", headers={"x-signalbox-user": "otto"}).json()["user"]["id"] == "ursula"
