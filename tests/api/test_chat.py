"""Claims about the hot surface: its order of work, its headers, and that every refusal of it is a call of its caller."""

import pytest

from proxy.api.chat import traceparent
from proxy.domain.errors import Fault
from tests.api.house import METRICS_TOKEN, PROVIDER_KEY, SAID, House, Script, bearing, code_of, open_house

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_a_whole_answer_says_who_answered_and_what_it_cost(house: House) -> None:
    answer = await house.chat(await house.user_key(), "auto")
    assert answer.json()["choices"][0]["message"]["content"] == SAID
    assert answer.json()["id"] == answer.headers["x-signalbox-call"]
    assert answer.headers["x-signalbox-assistant"] == "general"
    assert answer.headers["x-signalbox-model"] == answer.json()["model"] == "p/cheap"
    assert float(answer.headers["x-signalbox-credits"]) > 0


async def test_a_stream_is_not_buffered_on_its_way(house: House) -> None:
    answer = await house.chat(await house.user_key(), stream=True)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert (answer.headers["cache-control"], answer.headers["x-accel-buffering"]) == ("no-cache", "no")
    assert answer.text.endswith("data: [DONE]\n\n")


async def test_a_refusal_before_the_first_byte_is_a_status_even_of_a_stream(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [Script(fault=Fault("connect")) for _ in range(4)]
    answer = await house.chat(key, stream=True)
    assert code_of(answer) == (502, "upstream_error")
    assert answer.headers["content-type"] == "application/json"
    assert "cache-control" not in answer.headers


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "invalid_json"),
        (b"{}", "application/json", 400, "invalid_request"),
        (b"a=b", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
    ],
)
async def test_a_body_that_cannot_be_read_is_a_refused_call(
    house: House, content: bytes, content_type: str, status: int, code: str
) -> None:
    key = await house.user_key()
    headers = bearing(key) | {"content-type": content_type}
    answer = await house.client.post("/v1/chat/completions", content=content, headers=headers)
    assert code_of(answer) == (status, code)
    (call,) = (await house.get("/api/calls", key)).json()["data"]
    assert (call["id"], call["code"], call["http_status"]) == (answer.headers["x-signalbox-call"], code, status)


async def test_a_body_over_the_bound_names_the_bound(house: House) -> None:
    large = house.parts.knobs.body_bytes_max + 1
    headers = bearing(await house.user_key()) | {"content-length": str(large)}
    answer = await house.client.post("/v1/chat/completions", content=b"{}", headers=headers)
    assert code_of(answer) == (413, "body_too_large")
    assert str(large - 1) in answer.json()["error"]["message"]


async def test_the_trace_goes_upstream_and_ours_and_theirs_stay_apart(house: House) -> None:
    key = await house.user_key()
    body = {"model": "p/cheap", "messages": [{"role": "user", "content": "Hi."}]}
    await house.post("/v1/chat/completions", key, body, traceparent=TRACE, cookie="a=b")
    sent = house.upstream.requests[-1].headers
    assert sent["traceparent"] == TRACE
    assert sent["authorization"] == f"Bearer {PROVIDER_KEY}"
    assert "cookie" not in sent
    assert key not in str(sent)


@pytest.mark.parametrize("value", ["", "00-abc", TRACE + "0", TRACE.upper(), TRACE.replace("-", "_"), TRACE[:-1] + "\n"])
def test_a_trace_of_another_form_does_not(value: str) -> None:
    assert traceparent({b"traceparent": value.encode()}) is None
    assert traceparent({b"traceparent": TRACE.encode()}) == TRACE


async def test_no_provider_key_cost_or_id_is_in_an_answer_or_a_log(house: House) -> None:
    key = await house.user_key("u1", "pro")
    answers = [await house.chat(key, signalbox={"explain": True}), await house.chat(key, stream=True)]
    house.upstream.scripts = [Script([b'{"error":{"message":"key sk-123 at http://inner"}}'], status=401)]
    answers.append(await house.chat(key, "p/cheap"))
    logged = house.logged()
    assert answers[0].json()["id"] in logged
    told = "".join(answer.text + str(answer.headers) for answer in answers) + logged
    for private in (PROVIDER_KEY, METRICS_TOKEN, "0.123456789", "prov-request-1", "sk-123", "inner", "theirs", "SECRET"):
        assert private not in told, private


async def test_a_house_of_smaller_bodies_takes_smaller_bodies(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with open_house(tmp_path_factory.mktemp("small"), body_bytes_max=50) as house:
        assert code_of(await house.chat(await house.user_key())) == (413, "body_too_large")
