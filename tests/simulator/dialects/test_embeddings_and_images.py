"""Claims about embeddings and images, with the real client."""

import base64
import struct
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from proxy.simulator.dialects.embeddings import vector


async def test_a_vector_follows_from_its_text_and_has_length_one(client: AsyncOpenAI) -> None:
    answer = await client.embeddings.create(model="sim-embed", input=["one", "two"], encoding_format="float", dimensions=8)
    assert [tuple(row.embedding) for row in answer.data] == [vector("one", 8), vector("two", 8)]
    assert sum(number * number for number in vector("one", 8)) == pytest.approx(1)
    assert answer.usage.prompt_tokens == answer.usage.total_tokens == 2


async def test_both_encodings_say_the_same(client: AsyncOpenAI) -> None:
    asked: Any = {"model": "sim-embed", "input": "one", "dimensions": 8}
    packed = (await client.embeddings.with_raw_response.create(**asked, encoding_format="base64")).http_response.json()
    floats = struct.unpack("<8f", base64.b64decode(packed["data"][0]["embedding"]))
    assert floats == vector("one", 8)


async def test_tokens_are_taken_in_the_place_of_text(client: AsyncOpenAI) -> None:
    one = await client.embeddings.create(model="sim-embed", input=[1, 2, 3])
    two = await client.embeddings.create(model="sim-embed", input=[[1, 2, 3], [4]])
    assert one.data[0].embedding == two.data[0].embedding
    assert (one.usage.total_tokens, two.usage.total_tokens) == (3, 4)


@pytest.mark.parametrize("given", ["", [], [""], [-1], ["a", 1], [[]]])
async def test_input_that_is_none_is_refused(client: AsyncOpenAI, given: Any) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        await client.embeddings.create(model="sim-embed", input=given)
    assert raised.value.param == "input"


async def test_pictures_have_the_size_that_was_asked_for(client: AsyncOpenAI) -> None:
    answer = await client.images.generate(model="sim-image", prompt="a train", n=2, size="1536x1024")
    assert answer.data is not None
    pictures = [base64.b64decode(row.b64_json or "") for row in answer.data]
    assert [struct.unpack(">II", picture[16:24]) for picture in pictures] == [(1536, 1024)] * 2
    assert pictures[0] != pictures[1]
    assert answer.usage is not None
    assert answer.usage.output_tokens == 2 * 1536


async def test_a_picture_may_be_an_address(client: AsyncOpenAI) -> None:
    answer = await client.images.generate(model="dall-e-3", prompt="a train", response_format="url")
    assert answer.data is not None
    assert str(answer.data[0].url).startswith("https://images.invalid/")


@pytest.mark.parametrize("fields", [{"size": "huge"}, {"size": "0x1"}, {"n": 11}, {"prompt": ""}])
async def test_pictures_nobody_can_make_are_refused(client: AsyncOpenAI, fields: dict[str, Any]) -> None:
    with pytest.raises(openai.BadRequestError):
        await client.images.generate(**{"model": "sim-image", "prompt": "a train"} | fields)


@pytest.mark.parametrize("model", ["fault:server_error", "fault:html_200", "fault:half_json"])
async def test_they_fail_like_everything_else(client: AsyncOpenAI, model: str) -> None:
    with pytest.raises((openai.APIError, ValueError, AttributeError)):
        (await client.embeddings.create(model=model, input="one")).data[0]


async def test_a_text_is_flagged_for_what_it_names_and_nothing_else(client: AsyncOpenAI) -> None:
    answer = await client.moderations.create(model="sim-guard", input=["hello", "flag:self-harm and flag:hate", "flag:nothing"])
    assert [result.flagged for result in answer.results] == [False, True, False]
    categories = answer.results[1].categories.model_dump(by_alias=True)
    assert {name for name, is_so in categories.items() if is_so} == {"self-harm", "hate"}
