"""Claims about the door: every answer has its request id and CORS headers, every spelling of a path means one endpoint, and
a defect of ours is a 500 that says nothing but its id."""

import asyncio
import logging
from typing import Any

import pytest

from proxy.api.front import Front
from proxy.api.reply import Message, Receive, Send
from proxy.ids import RandomIds
from tests.api.house import House, bearing, code_of
from tests.api.wire import client_of


class Answering:
    """An application that says which path it saw, after whatever `before` does."""

    def __init__(self, before: str = "nothing") -> None:
        self._before = before

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if self._before == "raise":
            raise RuntimeError("a secret of ours")
        if self._before == "stop":
            raise asyncio.CancelledError
        headers = [(b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if self._before == "raise late":
            raise RuntimeError("a secret of ours")
        await send({"type": "http.response.body", "body": scope["path"].encode()})


def front(hot: str = "nothing", rest: str = "nothing") -> Front:
    return Front({"/v1/chat/completions": Answering(hot)}, Answering(rest), RandomIds(b"pepper"))


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/chat/completions/", "/chat/completions", "/chat/completions//"])
async def test_every_spelling_of_the_hot_path_is_hot(house: House, path: str) -> None:
    body = {"model": "p/cheap", "messages": [{"role": "user", "content": "Hi."}]}
    assert (await house.post(path, await house.user_key(), body)).status_code == 200


@pytest.mark.parametrize("path", ["/v1/models", "/models", "/v1/models/", "/models/"])
async def test_and_of_every_other_path(house: House, path: str) -> None:
    assert (await house.get(path, await house.user_key())).status_code == 200


async def test_a_request_id_comes_back_and_one_is_made_where_there_is_none(house: House) -> None:
    assert (await house.get("/livez", **{"x-request-id": "my-id_7"})).headers["x-request-id"] == "my-id_7"
    made = {(await house.get("/livez")).headers["x-request-id"] for _ in range(3)}
    assert len(made) == 3


@pytest.mark.parametrize("unfit", ["", "a b", "x" * 129, "id;drop", "%0a", "-", "_"])
async def test_an_id_that_is_not_fit_for_logs_is_replaced(house: House, unfit: str) -> None:
    answer = await house.get("/livez", **{"x-request-id": unfit})
    assert answer.headers["x-request-id"].startswith("req_")


async def test_every_kind_of_answer_has_each_header_once(house: House) -> None:
    key = await house.user_key()
    answers = [
        await house.get("/livez"),
        await house.get("/nowhere"),
        await house.get("/v1/models"),
        await house.get("/v1/models", key),
        await house.chat(key),
        await house.chat(key, stream=True),
        await house.chat(key, "no/such"),
        await house.chat("wrong"),
        await house.client.options("/v1/models"),
    ]
    for answer in answers:
        names = [name.lower() for name, _ in answer.headers.raw]
        assert names.count(b"x-request-id") == 1
        assert names.count(b"access-control-allow-origin") == 1
        assert len(names) == len(set(names)), names


async def test_every_answer_of_a_call_names_the_call(house: House) -> None:
    key = await house.user_key()
    for answer in (await house.chat(key), await house.chat(key, stream=True), await house.chat(key, "no/such")):
        assert answer.headers["x-signalbox-call"].startswith("call_")


async def test_a_browser_may_send_what_sdks_send(house: House) -> None:
    asked = "authorization,content-type,x-stainless-lang,x-stainless-retry-count,idempotency-key,x-signalbox-user"
    answer = await house.client.options("/v1/chat/completions", headers={"access-control-request-headers": asked})
    allowed = {name.strip() for name in answer.headers["access-control-allow-headers"].split(",")}
    assert answer.status_code == 204
    assert set(asked.split(",")) <= allowed
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_what_is_not_there_is_a_404_in_our_shape(house: House) -> None:
    for path in ("/", "/nowhere", "/v1", "/v1/nothing", "/api", "/V1/models", "/api/me/x"):
        assert code_of(await house.get(path)) == (404, "not_found"), path


@pytest.mark.parametrize(
    ("path", "other"),
    [("/v1/responses", "/v1/chat/completions"), ("/v1/images/edits", "/v1/images/generations")],
)
async def test_what_sdks_have_and_we_have_not_is_told_with_what_comes_nearest(house: House, path: str, other: str) -> None:
    answer = await house.post(path, await house.user_key(), {})
    assert code_of(answer) == (404, "not_found")
    assert f"no {path} here; POST {other}" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/chat/completions", "POST"),
        ("DELETE", "/api/ai/chat", "POST"),
        ("POST", "/v1/models", "GET, HEAD"),
        ("PUT", "/api/keys", "GET, HEAD, POST"),
        ("POST", "/metrics", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_a_405_that_names_the_right_ones(house: House, method: str, path: str, allowed: str) -> None:
    answer = await house.client.request(method, path, headers=bearing(await house.user_key()))
    assert code_of(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allowed
    assert allowed in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/elsewhere"])
async def test_a_defect_is_a_500_with_an_id_and_the_log_knows_the_rest(path: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "signalbox"):
        async with client_of(front("raise", "raise")) as client:
            answer = await client.post(path, headers={"x-request-id": "r-1"})
    assert code_of(answer) == (500, "internal_error")
    assert "r-1" in answer.json()["error"]["message"]
    assert "secret" not in answer.text
    assert "r-1" in caplog.text
    assert "a secret of ours" in caplog.text


async def test_a_call_that_the_end_of_the_server_cuts_off_is_told_to_come_again() -> None:
    async with client_of(front("stop")) as client:
        answer = await client.post("/v1/chat/completions")
    assert code_of(answer) == (503, "shutting_down")
    assert answer.headers["retry-after"] == "1"


async def test_a_defect_in_an_endpoint_is_one_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> Any:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr(house.parts.register, "calls", broken)
    answer = await house.get("/api/calls", await house.user_key())
    assert code_of(answer) == (500, "internal_error")
    assert answer.headers["x-request-id"] in answer.json()["error"]["message"]
    assert "secret" not in answer.text


async def test_a_defect_after_the_first_byte_adds_nothing_to_the_answer() -> None:
    heard: list[Message] = []

    async def send(message: Message) -> None:
        heard.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": []}
    await front("raise late")(scope, receive, send)
    assert [message["type"] for message in heard] == ["http.response.start"]
