"""Bytes on a socket, polite and impolite: whatever is sent, the answer is HTTP, ours, and never a 500."""

import json
from contextlib import suppress

import pytest

from tests.e2e.conftest import Keys
from tests.e2e.harness import House, Simulator, chat
from tests.e2e.wire import Answer, Wire, get, post

BODY_BYTES_MAX = 20 * 1024 * 1024


def _asked(house: House, data: bytes) -> Answer:
    with Wire(house.url) as wire:
        wire.send(data)
        return wire.answer()


# --- HTTP -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/v1/models", "/models", "/metrics"])
def test_head_is_get_without_a_body(house: House, keys: Keys, path: str) -> None:
    key = None if path == "/metrics" else keys.user
    with Wire(house.url) as wire:
        wire.send(get(path, key, method="HEAD"))
        assert wire.answer(head_only=True).status == 200
        wire.send(get("/livez"))
        assert wire.answer().status == 200


def test_a_caller_that_expects_100_is_told_to_go_on(house: House, keys: Keys) -> None:
    request = post(keys.user, chat("sim/small"), "Expect: 100-continue")
    head, body = request.split(b"\r\n\r\n")
    with Wire(house.url) as wire:
        wire.send(head + b"\r\n\r\n")
        assert wire.answer().status == 100
        wire.send(body)
        assert wire.answer().status == 200


def test_a_wrong_key_that_expects_100_is_refused_instead(house: House) -> None:
    request = post("wrong", chat("sim/small"), "Expect: 100-continue")
    answer = _asked(house, request.split(b"\r\n\r\n")[0] + b"\r\n\r\n")
    assert (answer.status, answer.error["code"]) == (401, "invalid_api_key")


def test_an_http_1_0_caller_gets_a_whole_answer_with_its_length(house: House, keys: Keys) -> None:
    answer = _asked(house, post(keys.user, chat("sim/small"), version="1.0"))
    assert answer.status == 200
    assert "transfer-encoding" not in answer.headers
    assert json.loads(answer.body)["choices"]


def test_an_http_1_0_caller_gets_a_stream_that_ends_with_the_connection(house: House, keys: Keys) -> None:
    answer = _asked(house, post(keys.user, chat("sim/words", stream=True), version="1.0"))
    assert answer.status == 200
    assert not {"transfer-encoding", "content-length"} & set(answer.headers)
    assert answer.events[-1] == b"[DONE]"


def test_a_preflight_is_answered_without_a_key_and_names_the_clients_headers(house: House) -> None:
    wanted = "authorization,content-type,x-stainless-lang,x-stainless-retry-count,x-stainless-timeout"
    asked = ("Origin: https://app.example", "Access-Control-Request-Method: POST", f"Access-Control-Request-Headers: {wanted}")
    answer = _asked(house, get("/v1/chat/completions", None, *asked, method="OPTIONS"))
    allowed = {name.strip() for name in answer.headers["access-control-allow-headers"].lower().split(",")}
    assert answer.status in (200, 204)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert set(wanted.split(",")) <= allowed
    assert "POST" in answer.headers["access-control-allow-methods"]


def test_errors_carry_the_browsers_headers_too(house: House) -> None:
    answer = _asked(house, post("wrong", chat("sim/small"), "Origin: https://app.example"))
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-request-id"]


def test_calls_sent_in_one_go_are_answered_in_their_order(house: House, keys: Keys) -> None:
    with Wire(house.url) as wire:
        wire.send(b"".join(post(keys.user, chat("sim/echo", text)) for text in ("one", "two", "three")))
        answers = [json.loads(wire.answer().body) for _ in range(3)]
    assert [answer["choices"][0]["message"]["content"] for answer in answers] == ["one", "two", "three"]


def test_a_body_may_come_in_chunks_and_byte_by_byte(house: House, keys: Keys) -> None:
    body = json.dumps(chat("sim/echo", "in pieces")).encode()
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    head = post(keys.user, b"", "Transfer-Encoding: chunked", sized=False)
    with Wire(house.url) as wire:
        for byte in head:
            wire.send(bytes([byte]))
        wire.send(chunks)
        answer = wire.answer()
    assert json.loads(answer.body)["choices"][0]["message"]["content"] == "in pieces"


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v2/chat/completions", "/v1/chat/completions/x", "/%00", "/api/nothing", "/v1/completions"]
)
def test_an_unknown_path_is_not_found_in_our_words(house: House, keys: Keys, path: str) -> None:
    answer = _asked(house, get(path, keys.user))
    assert (answer.status, answer.error["code"]) == (404, "not_found")
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/chat/completions"), ("PUT", "/v1/models"), ("DELETE", "/livez")])
def test_a_wrong_method_is_refused_with_the_right_one(house: House, keys: Keys, method: str, path: str) -> None:
    answer = _asked(house, get(path, keys.user, method=method))
    assert (answer.status, answer.error["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"]


# --- streams ----------------------------------------------------------------------------------------------------------


def test_a_stream_tells_every_proxy_on_its_way_to_pass_it_on(house: House, keys: Keys) -> None:
    answer = _asked(house, post(keys.user, chat("sim/words", stream=True), "Accept-Encoding: gzip, br"))
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "no-cache" in answer.headers["cache-control"]
    assert answer.headers["x-accel-buffering"] == "no"
    assert "content-encoding" not in answer.headers


def test_a_stream_has_one_shape_from_its_first_chunk_to_its_last(house: House, keys: Keys) -> None:
    *events, done = _asked(house, post(keys.user, chat("sim/words", stream=True))).events
    chunks = [json.loads(event) for event in events]
    assert done == b"[DONE]"
    assert len({(chunk["id"], chunk["created"], chunk["model"], chunk["object"]) for chunk in chunks}) == 1
    assert isinstance(chunks[0]["created"], int)
    first = chunks[0]["choices"][0]["delta"]
    assert (first["role"], first["content"]) == ("assistant", "")
    assert all(isinstance(chunk["choices"], list) and chunk["choices"] for chunk in chunks)
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]


def test_usage_is_sent_only_when_asked_for(house: House, keys: Keys) -> None:
    events = _asked(house, post(keys.user, chat("sim/words", stream=True))).events
    assert not any(json.loads(event).get("usage") for event in events[:-1])


def test_usage_comes_last_and_is_null_before(house: House, keys: Keys) -> None:
    asked = chat("sim/words", stream=True, stream_options={"include_usage": True})
    *events, done = _asked(house, post(keys.user, asked)).events
    chunks = [json.loads(event) for event in events]
    assert done == b"[DONE]"
    assert all(chunk["usage"] is None for chunk in chunks[:-1])
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] == 20
    assert float(chunks[-1]["signalbox"]["credits"]) > 0


def test_a_stream_that_breaks_ends_with_an_error_event_and_without_done(house: House, keys: Keys) -> None:
    events = _asked(house, post(keys.user, chat("sim/cut", stream=True))).events
    assert json.loads(events[-1])["error"]["code"] == "upstream_error"
    assert b"[DONE]" not in events


def test_a_stream_refused_before_its_first_word_is_a_plain_error(house: House, keys: Keys) -> None:
    answer = _asked(house, post(keys.user, chat("sim/broken", stream=True)))
    assert (answer.status, answer.error["code"]) == (502, "upstream_error")


# --- bodies that are none ---------------------------------------------------------------------------------------------

HELLO = b'"messages":[{"role":"user","content":"hello"}]'
BODIES = {
    "nothing": (b"", "invalid_json"),
    "half": (b'{"model":"sim/small","messages":[', "invalid_json"),
    "two": (b'{"model":"sim/small",' + HELLO + b"}{}", "invalid_json"),
    "no JSON": (b"model=sim/small", "invalid_json"),
    "a list": (b"[]", "invalid_request"),
    "null": (b"null", "invalid_request"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "invalid_json"),
    "bad UTF-8": (b'{"model":"sim/small","messages":[{"role":"user","content":"\xff\xfe"}]}', "invalid_json"),
    "a lone surrogate": (b'{"model":"sim/small","messages":[{"role":"user","content":"\\ud800"}]}', None),
    "NUL": (b'{"model":"sim/sm\\u0000all",' + HELLO + b"}", "invalid_request"),
    "NaN": (b'{"model":"sim/small","temperature":NaN,' + HELLO + b"}", "invalid_json"),
    "Infinity": (b'{"model":"sim/small","temperature":1e999,' + HELLO + b"}", None),
    "a huge integer": (b'{"model":"sim/small","max_tokens":' + b"9" * 5_000 + b"," + HELLO + b"}", None),
    "a billion tokens": (b'{"model":"sim/small","max_tokens":1000000000,' + HELLO + b"}", "invalid_request"),
    "a key twice": (b'{"model":"sim/small","model":"sim/gold",' + HELLO + b"}", None),
    "a key twice deep inside": (b'{"model":"sim/small","messages":[{"role":"user","role":"system","content":"x"}]}', None),
    "a key in other case": (b'{"model":"sim/small","Model":"sim/gold",' + HELLO + b"}", "invalid_request"),
    "10,000 levels": (b'{"model":"sim/small","messages":' + b"[" * 10_000 + b"]" * 10_000 + b"}", None),
    "a route of its own": (b'{"model":"sim/small","route":"fallback",' + HELLO + b"}", "invalid_request"),
    "another host": (b'{"model":"sim/small","base_url":"http://evil.example",' + HELLO + b"}", None),
    "no messages": (b'{"model":"sim/small"}', "invalid_request"),
    "a role nobody has": (b'{"model":"sim/small","messages":[{"role":"king","content":"x"}]}', "invalid_request"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_none_is_a_400_that_says_why(house: House, keys: Keys, name: str) -> None:
    body, code = BODIES[name]
    answer = _asked(house, post(keys.user, body))
    if name == "another host":
        # An unknown field neither passes on nor refuses: clients of many gateways send their own.
        assert answer.status in (200, 400)
        return
    assert answer.status == 400
    assert answer.error["code"] in ({code} if code else {"invalid_json", "invalid_request"})
    assert len(answer.error["message"]) > 10


def test_a_field_that_would_choose_our_host_never_leaves_the_house(house: House, keys: Keys, sim: Simulator) -> None:
    sim.forget()
    _asked(house, post(keys.user, BODIES["another host"][0], "X-Base-Url: http://evil.example", "Forwarded: host=evil.example"))
    assert all("evil.example" not in json.dumps(call) for call in sim.calls())


def test_a_huge_body_is_refused_unread_with_the_limit_in_words(house: House, keys: Keys) -> None:
    with Wire(house.url) as wire:
        wire.send(post(keys.user, b"", f"Content-Length: {BODY_BYTES_MAX + 1}", sized=False))
        answer = wire.answer()
    assert (answer.status, answer.error["code"]) == (413, "body_too_large")
    assert str(BODY_BYTES_MAX) in answer.error["message"]


def test_a_huge_body_in_chunks_is_refused_when_it_passes_the_limit(house: House, keys: Keys) -> None:
    mebibyte = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    with Wire(house.url) as wire:
        wire.send(post(keys.user, b"", "Transfer-Encoding: chunked", sized=False))
        for _ in range(BODY_BYTES_MAX // 0x100000 + 1):
            wire.send(mebibyte)
        answer = wire.answer()
    assert (answer.status, answer.error["code"]) == (413, "body_too_large")


def test_a_wrong_key_is_refused_before_its_body_has_come(house: House) -> None:
    with Wire(house.url) as wire:
        wire.send(post("wrong", b"", "Content-Length: 1000000", sized=False))
        answer = wire.answer()
    assert (answer.status, answer.error["code"]) == (401, "invalid_api_key")


@pytest.mark.parametrize(
    "name", ["sim/small\r\nx-evil: 1", "sim/small\nx-evil: 1", "\u2028sim/small", "sim/é", "x" * 100_000, "../../etc"]
)
def test_a_model_name_cannot_write_headers(house: House, keys: Keys, name: str) -> None:
    answer = _asked(house, post(keys.user, chat(name)))
    assert answer.status in (400, 404)
    assert answer.error["code"] in ("invalid_request", "model_not_found")
    assert "x-evil" not in answer.headers


@pytest.mark.parametrize("value", ["a\x00b", "é", "x" * 5_000, 'evil" }', ""])
def test_a_request_id_that_is_unfit_is_replaced(house: House, value: str) -> None:
    with Wire(house.url) as wire:
        wire.send(get("/livez", None, f"X-Request-Id: {value}"))
        try:
            answer = wire.answer()
        except EOFError:
            return
    assert answer.status in (200, 400)
    assert answer.headers.get("x-request-id") != value


# --- lengths that lie -------------------------------------------------------------------------------------------------


def test_a_body_shorter_than_announced_harms_nobody(house: House, keys: Keys) -> None:
    with Wire(house.url) as wire:
        wire.send(post(keys.user, b'{"model":', "Content-Length: 500", sized=False))
        wire.end()
        wire.rest()
    assert _asked(house, post(keys.user, chat("sim/small"))).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 10", "Content-Length: 20"),
        ("Content-Length: 10", "Transfer-Encoding: chunked"),
        ("Content-Length: -1",),
        ("Content-Length: ten",),
        ("Transfer-Encoding: chunked", "X-Header: " + "x" * 100_000),
        ("no colon here",),
    ],
)
def test_a_head_that_can_be_read_in_two_ways_is_refused(house: House, keys: Keys, headers: tuple[str, ...]) -> None:
    got = b""
    # Refused before all of it was read, the connection may be reset, and nothing be heard of the answer.
    with Wire(house.url) as wire, suppress(ConnectionResetError, BrokenPipeError):
        wire.send(post(keys.user, b"", *headers, sized=False) + b"zz\r\n")
        got = wire.rest()
    assert got.startswith(b"HTTP/1.1 4") or not got
    assert b'"code"' in got or not got
    assert _asked(house, get("/livez")).status == 200


def test_bytes_after_a_body_are_not_taken_for_a_part_of_it(house: House, keys: Keys) -> None:
    answer = _asked(house, post(keys.user, chat("sim/echo", "first")) + b"GARBAGE\r\n\r\n")
    if answer.status == 200:
        assert json.loads(answer.body)["choices"][0]["message"]["content"] == "first"
    else:
        assert (answer.status, answer.error["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "data", [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n"]
)
def test_what_is_no_http_is_refused_in_our_words_too(house: House, data: bytes) -> None:
    answer = _asked(house, data)
    assert (answer.status, answer.error["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("piece", [b"X-Many: x\r\n", b"x" * 10])
def test_a_head_without_an_end_is_refused_at_a_bound(house: House, piece: bytes) -> None:
    with Wire(house.url) as wire:
        wire.send(b"GET /livez HTTP/1.1\r\nHost: signalbox\r\nX-Long: x")
        wire.send(piece * (65_536 // len(piece) + 1))
        answer = wire.answer()
    assert (answer.status, answer.error["code"]) == (400, "invalid_request")
    assert "65536" in answer.error["message"]


def test_nothing_of_all_this_was_a_defect_of_ours(house: House) -> None:
    assert "defect in" not in house.gateway.errors
    assert "Traceback" not in house.gateway.errors
