"""Claims about faults as a caller meets them, over real sockets and with the real client."""

import asyncio
from typing import Any

import openai
import orjson
import pytest
from openai import AsyncOpenAI

from tests.simulator.wire import ask, ended_call, post

WHOLE = ask("sim")


def contents(stream: bytes) -> list[str]:
    """The words of a stream so far."""
    events = [line[6:] for line in stream.split(b"\n") if line.startswith(b"data: {") and line.endswith(b"}")]
    deltas = [choice["delta"] for event in events for choice in orjson.loads(event).get("choices", [])]
    return [delta["content"].strip() for delta in deltas if delta.get("content")]


async def create(client: AsyncOpenAI, model: str) -> Any:
    return await client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hello"}])


@pytest.mark.parametrize(
    ("model", "error", "code"),
    [
        ("sim--fail=500", openai.InternalServerError, "server_error"),
        ("sim--fail=429", openai.RateLimitError, "rate_limit_exceeded"),
        ("sim--auth", openai.AuthenticationError, "invalid_api_key"),
        ("sim--no-credit", openai.APIStatusError, "insufficient_quota"),
        ("sim--context", openai.BadRequestError, "context_length_exceeded"),
        ("sim--refuse", openai.BadRequestError, "content_filter"),
        ("sim--tpyo", openai.BadRequestError, "unknown_marker"),
    ],
)
async def test_a_fault_with_a_status_is_the_clients_own_exception(
    client: AsyncOpenAI, model: str, error: type[openai.APIStatusError], code: str | None
) -> None:
    with pytest.raises(error) as raised:
        await create(client, model)
    assert raised.value.code == code


async def test_retry_after_stands_beside_an_error_only(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.RateLimitError) as raised:
        await create(client, "sim--fail=429--retry-after=1")
    assert raised.value.response.headers["retry-after"] == "1"
    fine = await client.chat.completions.with_raw_response.create(
        model="sim--retry-after=1", messages=[{"role": "user", "content": "hello"}]
    )
    assert "retry-after" not in fine.headers


async def test_a_model_gets_over_its_first_failures(client: AsyncOpenAI) -> None:
    for _ in range(2):
        with pytest.raises(openai.APIStatusError):
            await create(client, "sim--fail-first=2--fail=502")
    assert (await create(client, "sim--fail-first=2--fail=502")).choices[0].message.content


async def test_a_reset_comes_before_any_byte(url: str) -> None:
    for stream in (False, True):
        wire = await post(url, ask("sim--reset", stream=stream))
        with pytest.raises(ConnectionResetError):
            await wire.until(b"\r\n")
        assert (await ended_call(url))["output_bytes"] == 0


async def test_mute_says_nothing_until_the_peer_leaves(url: str) -> None:
    wire = await post(url, ask("sim--mute", stream=True))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wire.reader.read(1), 0.1)
    wire.writer.close()
    call = await ended_call(url)
    assert (call["closed_early"], call["output_bytes"]) == (True, 0)


async def test_a_stream_is_reset_after_its_deltas_have_arrived(url: str) -> None:
    wire = await post(url, ask("sim--words=60--reset-after=5", stream=True))
    stream = await wire.until(b'" w5"') + await wire.until(b"\n\n\r\n")
    assert contents(stream) == ["w1", "w2", "w3", "w4", "w5"]
    with pytest.raises(ConnectionResetError):
        await wire.rest()


async def test_a_cut_stream_ends_as_if_all_were_well_but_for_done(url: str) -> None:
    wire = await post(url, ask("sim--words=60--cut-after=5", stream=True))
    stream = await wire.rest()
    assert contents(stream) == ["w1", "w2", "w3", "w4", "w5"]
    assert stream.endswith(b"0\r\n\r\n")
    assert b"[DONE]" not in stream
    assert b'"finish_reason":"stop"' not in stream


async def test_a_cut_after_more_than_there_is_still_lacks_its_end(url: str) -> None:
    stream = await (await post(url, ask("sim--words=2--cut-after=5", stream=True))).rest()
    assert contents(stream) == ["w1", "w2"]
    assert b"[DONE]" not in stream


async def test_a_stalled_stream_falls_silent_and_stays_open(url: str) -> None:
    wire = await post(url, ask("sim--words=60--stall-after=5", stream=True))
    assert b"w4" in await wire.until(b'" w5"')
    await wire.until(b"\n\n\r\n")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wire.reader.read(1), 0.1)
    wire.writer.close()
    assert (await ended_call(url))["closed_early"]


async def test_an_error_event_comes_in_the_stream_and_ends_it(client: AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="sim--words=9--error-event-after=3", messages=[{"role": "user", "content": "hello"}], stream=True
    )
    said = [(await anext(stream)).choices[0].delta.content for _ in range(4)]
    assert said == ["", "w1", " w2", " w3"]
    with pytest.raises(openai.APIError, match="had an error"):
        await anext(stream)


@pytest.mark.parametrize("model", ["sim--cut-after=5", "sim--reset-after=5", "sim--stall-after=5"])
async def test_a_whole_answer_breaks_half_way(url: str, model: str) -> None:
    wire = await post(url, ask(model))
    arrived = await wire.until(b'"model":"')
    assert b"HTTP/1.1 200" in arrived
    assert b'"usage"' not in arrived
    wire.writer.close()


async def test_a_page_and_an_error_object_come_under_200(url: str) -> None:
    head, body = await (await post(url, ask("sim--html", stream=True))).whole()
    assert (head[:12], body[:9]) == (b"HTTP/1.1 200", b"<!doctype")
    head, body = await (await post(url, ask("sim--error-200"))).whole()
    assert head.startswith(b"HTTP/1.1 200")
    assert "error" in orjson.loads(body)


async def test_an_empty_answer_is_complete(client: AsyncOpenAI) -> None:
    answer = await create(client, "sim--empty")
    assert answer.choices[0].message.content == ""
    assert (answer.choices[0].finish_reason, answer.usage.completion_tokens) == ("stop", 0)


async def test_cost_comes_in_body_and_headers_on_request_only(client: AsyncOpenAI) -> None:
    asked: Any = {"messages": [{"role": "user", "content": "hello"}]}
    costly = await client.chat.completions.with_raw_response.create(model="sim--cost", **asked)
    plain = await client.chat.completions.with_raw_response.create(model="sim", **asked)
    assert "x-provider-cost" in costly.headers
    assert b'"cost"' in costly.content
    assert "x-provider-cost" not in plain.headers
    assert b'"cost"' not in plain.content


async def test_the_first_token_waits_as_long_as_asked(url: str) -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    await (await post(url, ask("sim--ttft=150--pace=0--words=1", stream=True))).until(b"w1")
    assert clock() - began >= 0.15


async def test_tokens_come_one_by_one_at_their_pace(url: str) -> None:
    clock = asyncio.get_running_loop().time
    wire = await post(url, ask("sim--ttft=0--pace=50--words=11", stream=True))
    await wire.until(b'"w1"')
    began = clock()
    await wire.until(b'" w11"')
    # Ten pauses of a fiftieth of a second; the first word may itself have come late.
    assert clock() - began >= 0.1


async def test_two_choices_go_as_fast_as_one(url: str) -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    await (await post(url, ask("sim--ttft=0--pace=50--words=11", stream=True, n=2))).until(b"[DONE]")
    assert clock() - began >= 0.2
