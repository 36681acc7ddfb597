"""Claims about the `Idempotency-Key` header at the chat endpoints: one key is one call, for the tenant who sent it alone."""

import asyncio
from typing import Any

import httpx2
import pytest

from proxy.api.idempotency import idempotency_key
from proxy.domain.errors import Fault
from proxy.domain.ledger import IdempotencyKey
from tests.api.house import PEPPER, SAID, House, Script, bearing, code_of, events_of, stream, whole

CHAT = "/v1/chat/completions"
NATIVE = "/api/ai/chat"


async def ask(house: House, key: str, name: str = "k-1", path: str = CHAT, **fields: Any) -> httpx2.Response:
    body = {"model": "p/cheap", "messages": [{"role": "user", "content": "Hi."}], **fields}
    return await house.post(path, key, body, **{"idempotency-key": name})


async def spent(house: House, key: str) -> str:
    (window,) = (await house.get("/api/me", key)).json()["windows"]
    text: str = window["spent"]
    return text


@pytest.mark.parametrize("path", [CHAT, NATIVE])
@pytest.mark.parametrize("streamed", [False, True])
async def test_the_same_request_again_is_answered_again_and_charged_once(house: House, path: str, streamed: bool) -> None:
    key = await house.user_key()
    first = await ask(house, key, path=path, stream=streamed)
    charged = await spent(house, key)
    again = await ask(house, key, path=path, stream=streamed)
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    same = ("content-type", "cache-control", "x-signalbox-call", "x-signalbox-model", "x-signalbox-credits")
    assert [again.headers.get(name) for name in same] == [first.headers.get(name) for name in same]
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert (len(house.upstream.requests), await spent(house, key)) == (1, charged)
    assert len((await house.get("/api/calls", key)).json()["data"]) == 1


async def test_another_spelling_of_the_address_is_the_same_request(house: House) -> None:
    key = await house.user_key()
    first = await ask(house, key)
    assert (await ask(house, key, path="/chat/completions/")).json() == first.json()


async def test_a_request_while_the_first_runs_is_in_progress(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [Script(stream().pieces[:2], hangs=True)]
    running = asyncio.ensure_future(ask(house, key, stream=True))
    await house.upstream.asked.wait()
    refused = await ask(house, key, stream=True)
    assert code_of(refused) == (409, "in_progress")
    assert (refused.headers["retry-after"], refused.headers["x-should-retry"]) == ("1", "true")
    assert refused.json()["error"]["call"] != refused.headers["x-signalbox-call"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_of_many_at_once_one_runs(house: House) -> None:
    key = await house.user_key()
    answers = await asyncio.gather(*(ask(house, key) for _ in range(8)))
    assert len(house.upstream.requests) == 1
    assert {answer.json()["id"] for answer in answers if answer.status_code == 200} == {answers[0].json()["id"]}
    assert {code_of(answer) for answer in answers if answer.status_code != 200} <= {(409, "in_progress")}


async def test_another_body_under_the_key_is_a_mistake(house: House) -> None:
    key = await house.user_key()
    await ask(house, key)
    refused = await ask(house, key, temperature=0)
    assert code_of(refused) == (422, "idempotency_mismatch")
    assert refused.json()["error"]["param"] == "Idempotency-Key"
    assert len(house.upstream.requests) == 1


async def test_a_fault_frees_the_key(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [Script(fault=Fault("bad_request"))]
    assert (await ask(house, key)).status_code == 400
    assert (await ask(house, key)).status_code == 200
    assert (await ask(house, key)).status_code == 200
    assert len(house.upstream.requests) == 2


async def test_a_refusal_takes_no_key(house: House) -> None:
    key = await house.user_key()
    assert code_of(await ask(house, key, model="p/strong")) == (403, "model_not_in_plan")
    assert (await ask(house, key)).status_code == 200


async def test_another_tenants_key_of_the_same_name_is_another_key(house: House) -> None:
    app = await house.app_key()
    callers = [
        bearing(await house.user_key("u1")),
        bearing(await house.user_key("u2")),
        bearing(app),
        bearing(app) | {"x-signalbox-user": "ann"},
        bearing(app) | {"x-signalbox-user": "bob"},
    ]
    body = {"model": "p/cheap", "messages": [{"role": "user", "content": "Hi."}]}
    for headers in callers * 2:
        answer = await house.client.post(CHAT, json=body, headers=headers | {"idempotency-key": "k-1"})
        assert answer.json()["choices"][0]["message"]["content"] == SAID
    assert len(house.upstream.requests) == len(callers)


async def test_two_keys_of_one_user_are_one_tenant(house: House) -> None:
    first = await ask(house, await house.user_key("u1"))
    assert (await ask(house, await house.user_key("u1"))).json() == first.json()


async def test_the_two_surfaces_do_not_share_keys(house: House) -> None:
    key = await house.user_key()
    await ask(house, key)
    answer = await ask(house, key, path=NATIVE, stream=True)
    assert [name for name, _ in events_of(answer)][-1] == "done"
    assert len(house.upstream.requests) == 2


@pytest.mark.parametrize("name", ["", " ", "k" * 256, "ü", "a\tb"])
async def test_a_key_that_is_no_key_is_said_so(house: House, name: str) -> None:
    user = await house.user_key()
    headers = {b"authorization": f"Bearer {user}".encode(), b"idempotency-key": name.encode("latin-1")}
    answer = await house.client.post(CHAT, content=b"{}", headers=headers)
    assert code_of(answer) == (400, "invalid_request")
    assert answer.json()["error"]["param"] == "Idempotency-Key"


def test_a_key_is_cleaned_and_its_body_is_only_known_by_a_keyed_hash() -> None:
    made = idempotency_key({b"idempotency-key": b"  k-1 "}, "POST /x", b"body", PEPPER)
    other = idempotency_key({b"idempotency-key": b"k-1"}, "POST /x", b"body", b"another pepper")
    assert isinstance(made, IdempotencyKey)
    assert isinstance(other, IdempotencyKey)
    assert (made.route, made.key, len(made.body_hash)) == ("POST /x", "k-1", 32)
    assert made.body_hash != other.body_hash
    assert idempotency_key({}, "POST /x", b"body", PEPPER) is None


async def test_an_answer_is_no_row_and_no_line(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [whole("SECRET-ANSWER")]
    for _ in range(2):
        assert "SECRET-ANSWER" in (await ask(house, key)).text
    assert "SECRET-ANSWER" not in house.logged()
