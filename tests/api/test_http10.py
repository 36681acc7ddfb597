"""Claims about the wire itself, on raw sockets: framing for old callers, unread bodies, dropped connections."""

import asyncio
import gc

import orjson
import pytest
from uvicorn.protocols.http.flow_control import FlowControl

from proxy.api.http10 import GatewayCycle
from proxy.api.reply import Message, Receive, Send
from tests.api.house import House, Script
from tests.api.wire import connected, serving

JSON = {"model": "p/cheap", "messages": [{"role": "user", "content": "Hi."}]}


def request(method: str, path: str, version: str, *headers: str, body: bytes = b"") -> bytes:
    length = [f"Content-Length: {len(body)}"] if body else []
    lines = [f"{method} {path} HTTP/{version}", "Host: gateway", *headers, *length]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def post(key: str, version: str, **fields: object) -> bytes:
    body = orjson.dumps({**JSON, **fields})
    headers = (f"Authorization: Bearer {key}", "Content-Type: application/json")
    return request("POST", "/v1/chat/completions", version, *headers, body=body)


def parted(answer: bytes) -> tuple[bytes, bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.lower(), body


async def said(port: int, data: bytes) -> tuple[bytes, bytes]:
    async with connected(port) as line:
        await line.send(data)
        return parted(await line.rest())


async def test_an_old_caller_gets_a_stream_that_ends_with_its_connection(house: House) -> None:
    key = await house.user_key()
    async with serving(house.front) as port:
        head, body = await said(port, post(key, "1.0", stream=True))
    assert b" 200 " in head
    assert b"transfer-encoding" not in head
    assert b"content-length" not in head
    assert body.startswith(b"data: {")
    assert body.endswith(b"data: [DONE]\n\n")


async def test_and_a_whole_answer_with_its_length(house: House) -> None:
    key = await house.user_key()
    async with serving(house.front) as port:
        for data in (post(key, "1.0"), request("GET", "/v1/models", "1.0", f"Authorization: Bearer {key}")):
            head, body = await said(port, data)
            assert f"content-length: {len(body)}".encode() in head
            assert orjson.loads(body)


async def test_asking_to_keep_the_connection_changes_nothing_for_it(house: House) -> None:
    key = await house.user_key()
    async with serving(house.front) as port:
        data = post(key, "1.0", stream=True).replace(b"Host:", b"Connection: keep-alive\r\nHost:")
        _, body = await said(port, data)
    assert body.endswith(b"data: [DONE]\n\n")


async def test_a_new_caller_gets_chunks(house: House) -> None:
    key = await house.user_key()
    async with serving(house.front) as port, connected(port) as line:
        await line.send(post(key, "1.1", stream=True))
        head = (await line.until(b"\r\n\r\n")).lower()
        assert b"transfer-encoding: chunked" in head
        assert (await line.until(b"0\r\n\r\n")).endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
        await line.send(post(key, "1.1"))
        assert b" 200 " in await line.until(b"\r\n\r\n")


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_head_has_the_headers_of_get_and_no_body(house: House, version: str) -> None:
    async with serving(house.front) as port:
        head, body = await said(port, request("HEAD", "/openapi.json", version, "Connection: close"))
    assert b" 200 " in head
    assert b"content-length: " in head
    assert body == b""


async def test_a_preflight_has_no_body(house: House) -> None:
    async with serving(house.front) as port:
        for version in ("1.0", "1.1"):
            head, body = await said(port, request("OPTIONS", "/v1/models", version, "Connection: close"))
            assert (b" 204 " in head, body) == (True, b"")


async def test_a_body_that_is_not_wanted_is_refused_before_it_is_sent(house: House) -> None:
    headers = ("Authorization: Bearer wrong", "Expect: 100-continue", "Content-Length: 1000000")
    async with serving(house.front) as port, connected(port) as line:
        await line.send(request("POST", "/v1/chat/completions", "1.1", *headers))
        assert b" 401 " in await line.until(b"\r\n")


async def test_a_body_that_is_wanted_is_asked_for(house: House) -> None:
    key = await house.user_key()
    body = orjson.dumps(JSON)
    headers = (f"Authorization: Bearer {key}", "Expect: 100-continue", f"Content-Length: {len(body)}")
    async with serving(house.front) as port, connected(port) as line:
        await line.send(request("POST", "/v1/chat/completions", "1.1", *headers))
        assert b" 100 " in await line.until(b"\r\n\r\n")
        await line.send(body)
        assert b" 200 " in await line.until(b"\r\n\r\n")


async def test_a_body_that_comes_byte_by_byte_is_read(house: House) -> None:
    key = await house.user_key()
    async with serving(house.front) as port, connected(port) as line:
        for byte in post(key, "1.1"):
            await line.send(bytes((byte,)))
        assert b" 200 " in await line.until(b"\r\n\r\n")


async def test_a_large_body_in_pieces_waits_outside_until_it_is_read_and_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    paused, pause = asyncio.Event(), FlowControl.pause_reading
    body, received = bytes(range(256)) * 1_024, bytearray()

    def noted(flow: FlowControl) -> None:
        pause(flow)
        paused.set()

    async def late(scope: Message, receive: Receive, send: Send) -> None:
        await paused.wait()
        message: Message = {"more_body": True}
        while message["more_body"]:
            message = await receive()
            received.extend(message["body"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    monkeypatch.setattr(FlowControl, "pause_reading", noted)
    async with serving(late) as port, connected(port) as line:
        await line.send(request("POST", "/", "1.1", body=body)[:-1])
        await asyncio.wait_for(paused.wait(), 60)
        await line.send(body[-1:])
        assert (await line.until(b"ok")).startswith(b"HTTP/1.1 200")
    assert received == body


async def test_pipelined_calls_are_answered_in_order(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = []
    async with serving(house.front) as port, connected(port) as line:
        await line.send(post(key, "1.1") + request("GET", "/livez", "1.1", "Connection: close"))
        answers = await line.rest()
    assert answers.index(b"chat.completion") < answers.index(b'{"status":"live"}')
    assert answers.count(b" 200 ") == 2


@pytest.mark.parametrize("parts", [1, 3])
async def test_who_offers_another_protocol_is_answered_in_this_one(house: House, parts: int) -> None:
    data = post(await house.user_key(), "1.1")
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\nHost:"
    offered = data.replace(b"Host:", offer)
    async with serving(house.front) as port, connected(port) as line:
        for index in range(parts):
            await line.send(offered[index * len(offered) // parts : (index + 1) * len(offered) // parts])
            await asyncio.sleep(0.01)
        assert b" 200 " in await line.until(b"\r\n\r\n")
        await line.until(b'"usage_source":"provider"}}')
        await line.send(data + offered)
        assert b" 200 " in await line.until(b"\r\n\r\n")
        await line.until(b'"usage_source":"provider"}}')
        assert b" 200 " in await line.until(b"\r\n\r\n")


async def test_so_many_offers_at_once_as_fit_into_a_read_are_declined_one_by_one(house: House) -> None:
    offer = request("GET", "/livez", "1.1", "Connection: Upgrade", "Upgrade: h2c")
    async with serving(house.front) as port, connected(port) as line:
        await line.send(offer * 1_200 + request("GET", "/livez", "1.1", "Connection: close"))
        assert (await line.rest()).count(b" 200 ") == 1_201


async def test_a_tunnel_is_refused(house: House) -> None:
    async with serving(house.front) as port:
        head, body = await said(port, b"CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n")
    assert b" 400 " in head
    assert orjson.loads(body)["error"]["code"] == "invalid_request"


async def test_a_caller_who_leaves_within_its_body_made_no_call(house: House) -> None:
    key = await house.user_key()
    async with serving(house.front) as port:
        async with connected(port) as line:
            await line.send(post(key, "1.1")[:-5])
        assert (await house.get("/api/calls", key)).json()["data"] == []
    assert house.upstream.requests == []


async def ended(house: House, key: str) -> str:
    """The status of the one call, once it has ended."""
    async with asyncio.timeout(60):
        while True:
            (call,) = (await house.get("/api/calls", key)).json()["data"] or [{"status": "running"}]
            if call["status"] != "running":
                return str(call["status"])
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_caller_who_leaves_before_the_first_byte_is_noticed(house: House, stream: bool) -> None:
    key = await house.user_key()
    house.upstream.scripts = [Script(hangs=True)]
    async with serving(house.front) as port:
        async with connected(port) as line:
            await line.send(post(key, "1.1", stream=stream))
            await asyncio.wait_for(house.upstream.asked.wait(), 60)
        assert await ended(house, key) == "left"


async def test_a_caller_who_leaves_in_the_middle_is_noticed_and_pays_what_was_delivered(house: House) -> None:
    key = await house.user_key()
    started = b'data: {"choices":[{"index":0,"delta":{"content":"Hello there"},"finish_reason":null}]}\n\n'
    house.upstream.scripts = [Script([started], hangs=True)]
    async with serving(house.front) as port:
        async with connected(port) as line:
            await line.send(post(key, "1.1", stream=True))
            await line.until(b"Hello there")
        assert await ended(house, key) == "left"
    (call,) = (await house.get("/api/calls", key)).json()["data"]
    assert float(call["credits"]) > 0
    (month,) = (await house.get("/api/me", key)).json()["windows"]
    assert (month["spent"], month["held"]) == (call["credits"], "0")


async def test_a_stream_that_broke_is_closed_without_a_clean_end(house: House) -> None:
    key = await house.user_key()
    started = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n'
    house.upstream.scripts = [Script([started])]
    async with serving(house.front) as port:
        _, body = await said(port, post(key, "1.0", stream=True))
    last = orjson.loads(body.strip().split(b"\n\n")[-1].removeprefix(b"data: "))
    assert last["error"]["code"] == "upstream_error"
    assert b"[DONE]" not in body


async def test_the_app_can_drop_a_connection() -> None:
    async def dropping(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"some", "more_body": True})
        scope["extensions"]["signalbox.connection"]["abort"]()

    async with serving(dropping) as port, connected(port) as line:
        await line.send(request("GET", "/", "1.1"))
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await line.until(b"never")


async def test_the_app_is_told_when_its_caller_leaves() -> None:
    left, told_late = asyncio.Event(), asyncio.Event()

    async def waiting(scope: Message, receive: Receive, send: Send) -> None:
        scope["extensions"]["signalbox.connection"]["on_leave"](left.set)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"some", "more_body": True})
        await left.wait()
        scope["extensions"]["signalbox.connection"]["on_leave"](told_late.set)

    async with serving(waiting) as port:
        async with connected(port) as line:
            await line.send(request("GET", "/", "1.1"))
            await line.until(b"some")
            assert not left.is_set()
        async with asyncio.timeout(60):
            await told_late.wait()


@pytest.mark.parametrize(("version", "now"), [("1.0", False), ("1.1", True)])
async def test_the_app_can_write_a_chunk_without_a_wait(version: str, now: bool) -> None:
    answers: list[bool] = []

    async def writing(scope: Message, receive: Receive, send: Send) -> None:
        send_now = scope["extensions"]["signalbox.connection"]["send_now"]
        answers.append(send_now(b"early"))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one ", "more_body": True})
        answers.append(send_now(b"two "))
        await send({"type": "http.response.body", "body": b"three", "more_body": False})
        answers.append(send_now(b"late"))

    async with serving(writing) as port:
        _, body = await said(port, request("GET", "/", version, "Connection: close"))
    assert answers == [False, now, False]
    assert body == (b"4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n" if now else b"one three")


async def test_but_not_while_its_caller_reads_nothing() -> None:
    stopped = asyncio.Event()

    async def flooding(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while scope["extensions"]["signalbox.connection"]["send_now"](bytes(64 * 1024)):
            continue
        stopped.set()
        scope["extensions"]["signalbox.connection"]["abort"]()

    async with serving(flooding) as port, connected(port) as line:
        await line.send(request("GET", "/", "1.1"))
        await asyncio.wait_for(stopped.wait(), 60)


@pytest.mark.parametrize("closes", [False, True])
async def test_a_whole_answer_can_be_given_in_one_message(closes: bool) -> None:
    async def whole(scope: Message, receive: Receive, send: Send) -> None:
        kind = scope["extensions"]["signalbox.connection"]["whole"]
        headers = [(b"x-some", b"thing"), (b"content-length", b"5")]
        await send({"type": kind, "status": 200, "headers": headers, "body": b"hello"})

    asked = request("GET", "/", "1.1", *(["Connection: close"] if closes else []))
    async with serving(whole) as port, connected(port) as line:
        for _ in range(1 if closes else 2):
            await line.send(asked)
            said = (await line.until(b"hello")).lower()
            assert said.startswith(b"http/1.1 200 ok\r\n")
            assert b"\r\nx-some: thing\r\ncontent-length: 5\r\n" in said
            assert (b"connection: close" in said) is closes
        if closes:
            assert await line.rest() == b""


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("closes", [False, True])
@pytest.mark.parametrize("first", [b"hel", b""])
async def test_the_beginning_of_an_answer_can_be_given_in_one_message(version: str, closes: bool, first: bytes) -> None:
    async def opening(scope: Message, receive: Receive, send: Send) -> None:
        kind = scope["extensions"]["signalbox.connection"]["opening"]
        await send({"type": kind, "status": 200, "headers": [(b"x-some", b"thing")], "body": first})
        await send({"type": "http.response.body", "body": b"lo", "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async with serving(opening) as port, connected(port) as line:
        await line.send(request("GET", "/", version, *(["Connection: close"] if closes else [])))
        head, body = parted(await (line.until(b"0\r\n\r\n") if version == "1.1" else line.rest()))
    assert head.startswith(b"http/1.1 200 ok\r\n")
    assert b"\r\nx-some: thing" in head
    chunks = (b"3\r\nhel\r\n" if first else b"") + b"2\r\nlo\r\n0\r\n\r\n"
    assert body == (chunks if version == "1.1" else first + b"lo")
    assert (b"transfer-encoding: chunked" in head) is (version == "1.1")


async def test_whose_headers_keep_to_their_lines() -> None:
    async def torn(scope: Message, receive: Receive, send: Send) -> None:
        kind = scope["extensions"]["signalbox.connection"]["whole"]
        await send({"type": kind, "status": 200, "headers": [(b"x-some", b"a\r\nx-other: b")], "body": b""})

    async with serving(torn) as port:
        head, _ = await said(port, request("GET", "/", "1.1"))
    assert b"x-other" not in head


@pytest.mark.parametrize("stream", [False, True])
async def test_no_call_is_left_to_the_collector_which_would_stop_everybody(house: House, stream: bool) -> None:
    key = await house.user_key()
    async with serving(house.front) as port, connected(port) as line:
        gc.collect()
        gc.disable()
        try:
            for _ in range(5):
                await line.send(post(key, "1.1", stream=stream))
                await line.until(b"[DONE]\n\n\r\n0\r\n\r\n" if stream else b"}}")
            left = [cycle for cycle in gc.get_objects() if isinstance(cycle, GatewayCycle)]
        finally:
            gc.enable()
        # That of the last call is kept by its connection.
        assert len(left) <= 1
