"""Claims about the simulator as a provider, with the official client: answers, tools, formats, keys, records."""

from typing import Any

import openai
import orjson
import pytest
from openai import AsyncOpenAI
from pydantic import BaseModel

from proxy.simulator.server import MODELS, Options, running
from tests.simulator.wire import calls, connect, post

HELLO: Any = [{"role": "user", "content": "Hello"}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


class Trip(BaseModel):
    city: str
    days: int


async def request(url: str, method: str, path: str) -> tuple[bytes, bytes]:
    wire = await connect(url)
    wire.writer.write(f"{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n".encode())
    head, _, body = (await wire.rest()).partition(b"\r\n\r\n")
    return head, body


async def test_a_whole_answer_parses_and_counts(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="sim-small", messages=HELLO)
    assert answer.choices[0].message.content
    assert answer.model == "sim-small"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


async def test_a_stream_ends_with_the_usage_that_the_whole_answer_has(client: AsyncOpenAI) -> None:
    whole = await client.chat.completions.create(model="sim-reason", messages=HELLO)
    stream = await client.chat.completions.create(
        model="sim-reason", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1])
    assert text == whole.choices[0].message.content
    assert any(getattr(chunk.choices[0].delta, "reasoning_content", None) for chunk in chunks[:-1])


async def test_a_bound_ends_the_answer_with_length(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="sim--words=9", messages=HELLO, max_completion_tokens=3)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("w1 w2 w3", "length")


async def test_a_tool_is_called_and_its_result_answered(client: AsyncOpenAI) -> None:
    history: Any = [{"role": "user", "content": "What is the weather in Paris?"}]
    asked = await client.chat.completions.create(model="sim-small", messages=history, tools=[WEATHER])
    message = asked.choices[0].message
    assert asked.choices[0].finish_reason == "tool_calls"
    assert message.tool_calls
    call: Any = message.tool_calls[0]
    assert orjson.loads(call.function.arguments) == {"city": "Paris"}
    history += [message.model_dump(), {"role": "tool", "tool_call_id": call.id, "content": "21 degrees"}]
    answer = await client.chat.completions.create(model="sim-small", messages=history, tools=[WEATHER])
    assert "21 degrees" in (answer.choices[0].message.content or "")


async def test_streamed_tool_calls_are_put_together_by_the_client(client: AsyncOpenAI) -> None:
    messages: Any = [{"role": "user", "content": "What is the weather in Paris?"}]
    async with client.chat.completions.stream(model="sim-small", messages=messages, tools=[WEATHER]) as stream:
        final = await stream.get_final_completion()
    calls_made: Any = final.choices[0].message.tool_calls
    assert [(call.function.name, call.function.arguments) for call in calls_made] == [("get_weather", '{"city":"Paris"}')]


async def test_a_schema_is_matched_well_enough_for_the_clients_parser(client: AsyncOpenAI) -> None:
    messages: Any = [{"role": "user", "content": "Plan 3 days in Rome"}]
    parsed = await client.chat.completions.parse(model="sim-small", messages=messages, response_format=Trip)
    assert parsed.choices[0].message.parsed == Trip(city="Rome", days=3)


async def test_models_are_listed(client: AsyncOpenAI) -> None:
    assert tuple([model.id async for model in client.models.list()]) == MODELS


async def test_a_body_that_is_no_json_is_the_callers_fault(url: str) -> None:
    head, body = await (await post(url, b"{oops")).whole()
    assert head.startswith(b"HTTP/1.1 400")
    assert orjson.loads(body)["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", b"404"), ("GET", "/v1/chat/completions", b"405"), ("POST", "/healthz", b"405")],
)
async def test_unknown_routes_and_methods_are_errors_in_shape(url: str, method: str, path: str, status: bytes) -> None:
    head, body = await request(url, method, path)
    assert head.startswith(b"HTTP/1.1 " + status)
    assert "error" in orjson.loads(body)


async def test_a_key_is_asked_for_only_where_one_was_set() -> None:
    async with running(Options(pace_tokens_per_s=0, key="right")) as url:
        for key, welcome in (("right", True), ("wrong", False), ("rightt", False)):
            async with AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as client:
                if welcome:
                    assert await client.models.list()
                    assert await client.chat.completions.create(model="sim", messages=HELLO)
                    continue
                with pytest.raises(openai.AuthenticationError) as raised:
                    await client.models.list()
                assert raised.value.code == "invalid_api_key"
                with pytest.raises(openai.AuthenticationError):
                    await client.chat.completions.create(model="sim", messages=HELLO)
        assert (await request(url, "GET", "/healthz"))[0].startswith(b"HTTP/1.1 200")


async def test_calls_are_recorded_as_they_were_received(url: str, client: AsyncOpenAI) -> None:
    await client.chat.completions.create(model="sim", messages=HELLO, extra_headers={"X-Marker": "kept"}, n=2)
    (call,) = await calls(url)
    assert (call["model"], call["stream"], call["status"]) == ("sim", False, 200)
    assert call["headers"]["x-marker"] == "kept"
    assert call["body"]["messages"] == HELLO
    assert call["output_bytes"] > 500
    assert (call["ended"], call["closed_early"]) == (True, False)


async def test_only_calls_are_recorded_and_they_can_be_forgotten(url: str, client: AsyncOpenAI) -> None:
    await client.models.list()
    assert await calls(url) == []
    await post(url, {"model": "sim", "messages": HELLO})
    assert (await request(url, "DELETE", "/sim/calls"))[0].startswith(b"HTTP/1.1 204")
    assert await calls(url) == []
