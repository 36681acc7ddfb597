"""The official client, unchanged, against a gateway process: what its users do on their first day."""

import json
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolUnionParam

from tests.e2e.conftest import Keys
from tests.e2e.harness import WAIT_S, House, Simulator

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "hello"}]
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
LOOK: list[ChatCompletionMessageParam] = [
    {
        "role": "user",
        "content": [{"type": "text", "text": "what is this?"}, {"type": "image_url", "image_url": {"url": PIXEL}}],
    }
]


def _tool(name: str) -> ChatCompletionToolUnionParam:
    place: dict[str, object] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    return {"type": "function", "function": {"name": name, "description": name, "parameters": place}}


def _extra(value: Any, name: str) -> Any:
    """A field of ours that the client's types do not know."""
    return value.model_extra[name]


def test_a_whole_answer_has_every_field_a_client_reads(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="sim/small", messages=HELLO)
    choice = answer.choices[0]
    assert answer.id.startswith("call_")
    assert answer.object == "chat.completion"
    assert answer.model == "sim/small"
    assert choice.message.role == "assistant"
    assert choice.message.content
    assert choice.finish_reason == "stop"
    assert choice.logprobs is None
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_a_stream_says_the_same_as_the_whole_answer_and_ends_with_its_usage(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="sim/small", messages=HELLO)
    stream = client.chat.completions.create(
        model="sim/small", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1


async def test_the_asynchronous_client_streams_as_well(async_client: AsyncOpenAI) -> None:
    answer = await async_client.chat.completions.create(model="sim/words", messages=HELLO)
    stream = await async_client.chat.completions.create(model="sim/words", messages=HELLO, stream=True)
    pieces = [choice.delta.content or "" async for chunk in stream for choice in chunk.choices]
    assert "".join(pieces) == answer.choices[0].message.content == " ".join(f"w{n}" for n in range(1, 21))


@pytest.mark.parametrize("streamed", [False, True])
def test_two_tools_are_called_at_once_and_their_results_are_answered(client: OpenAI, streamed: bool) -> None:
    asked: list[ChatCompletionMessageParam] = [{"role": "user", "content": "the weather and the population of Lyon"}]
    tools = [_tool("get_weather"), _tool("get_population")]
    with client.chat.completions.stream(model="sim/small", messages=asked, tools=tools) as stream:
        final = stream.get_final_completion()
    if not streamed:
        message = client.chat.completions.create(model="sim/small", messages=asked, tools=tools).choices[0].message
        calls: Any = message.tool_calls
    else:
        calls = final.choices[0].message.tool_calls
    assert [call.function.name for call in calls] == ["get_weather", "get_population"]
    assert all("city" in json.loads(call.function.arguments) for call in calls)
    assert len({call.id for call in calls}) == 2
    assert final.choices[0].finish_reason == "tool_calls"
    history: list[Any] = [*asked, {"role": "assistant", "content": None, "tool_calls": [c.model_dump() for c in calls]}]
    history += [{"role": "tool", "tool_call_id": call.id, "content": f"result of {call.id}"} for call in calls]
    answer = client.chat.completions.create(model="sim/small", messages=history, tools=tools)
    assert all(call.id in (answer.choices[0].message.content or "") for call in calls)


def test_legacy_functions_still_work(client: OpenAI) -> None:
    answer = client.chat.completions.create(
        model="sim/small",
        messages=[{"role": "user", "content": "get_weather in Lyon"}],
        functions=[{"name": "get_weather", "parameters": {"type": "object", "properties": {}}}],
    )
    assert answer.choices[0].message


def test_an_image_reaches_a_model_that_sees(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="sim/vision", messages=LOOK)
    assert (answer.choices[0].message.content or "").startswith("I see an image.")


def test_an_image_is_refused_for_a_model_that_is_blind(client: OpenAI, sim: Simulator) -> None:
    sim.forget()
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="sim/small", messages=LOOK)
    assert refused.value.code == "invalid_request"
    assert refused.value.param == "messages"
    assert isinstance(refused.value.body, dict)
    assert refused.value.body["reason"] == "modality"
    assert sim.calls() == []


def test_auto_picks_the_assistant_of_the_prompts_family(client: OpenAI) -> None:
    general = client.chat.completions.with_raw_response.create(model="auto", messages=HELLO)
    coding: list[ChatCompletionMessageParam] = [{"role": "user", "content": "a python function, please"}]
    code = client.chat.completions.with_raw_response.create(model="auto", messages=coding)
    assert (general.headers["x-signalbox-assistant"], general.parse().model) == ("general", "sim/small")
    assert (code.headers["x-signalbox-assistant"], code.parse().model) == ("coder", "sim/coder")


def test_an_assistant_is_a_model_name_and_brings_its_own_prompt(client: OpenAI, sim: Simulator) -> None:
    sim.forget()
    answer = client.chat.completions.create(model="secretive", messages=HELLO)
    assert (answer.model, answer.choices[0].message.content) == ("sim/echo", "hello")
    sent = sim.calls()[-1]["body"]["messages"]
    assert sent[0]["role"] in ("system", "developer")
    assert "MARKER-SYSTEM-4711" in sent[0]["content"]


def test_an_alias_answers_as_the_model_that_answered(client: OpenAI) -> None:
    assert client.chat.completions.create(model="gpt-4o-mini", messages=HELLO).model == "sim/small"


def test_a_chain_of_models_is_tried_in_order(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="sim/broken", messages=HELLO, extra_body={"models": ["sim/broken", "spare/small"]}
    )
    assert raw.parse().model == "spare/small"
    assert int(raw.headers["x-signalbox-attempts"]) > 1


def test_an_unknown_model_is_not_found(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        client.chat.completions.create(model="nobody/nothing", messages=HELLO)
    assert refused.value.code == "model_not_found"
    assert refused.value.param == "model"


@pytest.mark.parametrize("name", ["sim/unpriced", "sim/inactive"])
def test_a_model_that_nobody_may_call_is_as_unknown_as_one_that_does_not_exist(client: OpenAI, name: str) -> None:
    with pytest.raises(openai.NotFoundError) as hidden:
        client.chat.completions.create(model=name, messages=HELLO)
    with pytest.raises(openai.NotFoundError) as absent:
        client.chat.completions.create(model="sim/absent", messages=HELLO)
    assert hidden.value.message.replace(name, "X") == absent.value.message.replace("sim/absent", "X")


@pytest.mark.parametrize("key", ["sk-of-somebody-else", "", "sb_user_000000000000_nothing"])
def test_a_wrong_key_is_an_authentication_error(house: House, key: str) -> None:
    client = OpenAI(base_url=f"{house.url}/v1", api_key=key or "x", max_retries=0, timeout=WAIT_S)
    with client, pytest.raises(openai.AuthenticationError) as refused:
        client.chat.completions.create(model="sim/small", messages=HELLO)
    assert refused.value.code == "invalid_api_key"


def test_models_lists_what_this_caller_may_name_and_each_can_be_retrieved(client: OpenAI, house: House, keys: Keys) -> None:
    names = {model.id for model in client.models.list()}
    assert {"auto", "coder", "gpt-4o-mini", "sim/small", "sim/gold"} <= names
    assert not {"sim/unpriced", "sim/inactive"} & names
    assert client.models.retrieve("sim/small").id == "sim/small"
    assert client.models.retrieve("auto").id == "auto"
    with OpenAI(base_url=f"{house.url}/v1", api_key=keys.free, max_retries=0, timeout=WAIT_S) as free:
        assert "sim/gold" not in {model.id for model in free.models.list()}
        with pytest.raises(openai.NotFoundError):
            free.models.retrieve("sim/gold")


def test_a_listed_model_says_its_size_and_its_price_in_credits(client: OpenAI) -> None:
    model = client.models.retrieve("sim/small")
    assert _extra(model, "context_window") == 32_000
    assert _extra(model, "modalities") == ["text"]
    assert float(_extra(model, "credits_per_million")[0]["output"]) > 0


def test_what_is_absent_is_shown_on_request_with_the_plan_that_opens_it(house: House, keys: Keys) -> None:
    with house.http(keys.free) as http:
        listed = http.get("/v1/models", params={"include": "unavailable"}).json()["data"]
    gold = next(model for model in listed if model["id"] == "sim/gold")
    assert (gold["available"], gold["unlocked_by"]) == (False, "plus")


def test_headers_say_what_the_body_says(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model="gpt-4o-mini", messages=HELLO)
    answer = raw.parse()
    assert raw.headers["x-request-id"]
    assert raw.headers["x-signalbox-call"] == answer.id
    assert raw.headers["x-signalbox-model"] == answer.model
    assert raw.headers["x-signalbox-attempts"] == "1"
    assert raw.headers["x-signalbox-reason"]
    assert float(raw.headers["x-signalbox-credits"]) > 0
    assert answer._request_id == raw.headers["x-request-id"]


def test_a_caller_may_name_its_own_request(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="sim/small", messages=HELLO, extra_headers={"x-request-id": "mine-1"}
    )
    assert raw.headers["x-request-id"] == "mine-1"


def test_an_answer_explains_itself_on_request(client: OpenAI) -> None:
    answer = client.chat.completions.create(
        model="falls-over", messages=HELLO, extra_body={"signalbox": {"explain": True, "metadata": {"feature": "e2e"}}}
    )
    told = _extra(answer, "signalbox")
    assert told["model"] == "spare/small"
    assert told["attempts"] > 1
    assert "sim/broken" in json.dumps(told)


def test_a_json_schema_is_kept_to(client: OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    answer = client.chat.completions.create(
        model="sim/small",
        messages=HELLO,
        response_format={"type": "json_schema", "json_schema": {"name": "person", "schema": schema, "strict": True}},
    )
    assert set(json.loads(answer.choices[0].message.content or "")) == {"name", "age"}


def test_a_json_schema_is_refused_for_a_model_without_it(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(
            model="sim/echo",
            messages=HELLO,
            response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}},
        )
    assert refused.value.param == "response_format"


def test_history_may_hold_whatever_clients_keep(client: OpenAI) -> None:
    history: list[Any] = [
        {"role": "developer", "content": [{"type": "text", "text": "be brief"}]},
        {"role": "system", "content": "and kind"},
        {"role": "user", "name": "ursula", "content": [{"type": "text", "text": "first"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "yes?"}], "refusal": None},
        {"role": "user", "content": [{"type": "text", "text": "last"}, {"type": "text", "text": "words"}]},
    ]
    assert client.chat.completions.create(model="sim/echo", messages=history).choices[0].message.content == "last words"


def test_several_choices_come_where_the_plan_allows_them(client: OpenAI, house: House, keys: Keys) -> None:
    assert len(client.chat.completions.create(model="sim/small", messages=HELLO, n=3).choices) == 3
    free = OpenAI(base_url=f"{house.url}/v1", api_key=keys.free, max_retries=0, timeout=WAIT_S)
    with free, pytest.raises(openai.BadRequestError) as refused:
        free.chat.completions.create(model="sim/small", messages=HELLO, n=2)
    assert refused.value.param == "n"


def test_a_bound_cuts_the_answer_and_says_so(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="sim/words", messages=HELLO, max_completion_tokens=8)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 8


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/"])
def test_a_base_url_may_have_any_of_its_usual_endings(house: House, keys: Keys, suffix: str) -> None:
    with OpenAI(base_url=house.url + suffix, api_key=keys.user, max_retries=0, timeout=WAIT_S) as client:
        assert client.chat.completions.create(model="sim/small", messages=HELLO).choices
        assert "auto" in {model.id for model in client.models.list()}
        assert client.models.retrieve("sim/small").id == "sim/small"


def test_a_broken_stream_raises_and_never_looks_finished(client: OpenAI) -> None:
    stream = client.chat.completions.create(model="sim/cut", messages=HELLO, stream=True)
    seen: list[str] = []
    with pytest.raises(openai.APIError) as broken:
        seen += [choice.delta.content or "" for chunk in stream for choice in chunk.choices]
    assert broken.value.code == "upstream_error"


def test_a_provider_that_refuses_content_is_quoted_in_our_words_only(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="sim/refuses", messages=HELLO)
    assert refused.value.code == "content_policy_violation"
    assert "The prompt was refused by the content policy" not in refused.value.message


def test_our_own_trouble_with_a_provider_is_a_server_error_to_the_caller(client: OpenAI) -> None:
    for model in ("unpaid/small", "keyless/small", "sim/broken"):
        with pytest.raises(openai.InternalServerError) as failed:
            client.chat.completions.create(model=model, messages=HELLO)
        assert failed.value.status_code in (502, 503)


def test_moderations_answer_with_what_precheck_judges_and_nothing_else(client: OpenAI) -> None:
    calm, forbidden = client.moderations.create(input=["hello", "a forbiddenword"]).results
    assert (calm.flagged, forbidden.flagged) == (False, True)
    # The rules of these tests know none of the client's categories.
    assert forbidden.category_scores.model_dump(exclude_none=True) == {}
