"""The official client's embeddings and images, against a gateway process and a simulated provider."""

import asyncio
import base64
import struct

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from tests.e2e.conftest import Keys
from tests.e2e.harness import WAIT_S, House, Simulator, wrong_in_books


def credits_of(house: House, key: str) -> tuple[str, str]:
    with house.http(key) as http:
        (window,) = http.get("/api/me").json()["windows"]
    return window["spent"], window["held"]


def test_vectors_are_the_same_whichever_way_they_are_asked_for(client: OpenAI, spare: Simulator) -> None:
    texts = ["one", "two", "Съешь же ещё"]
    unsaid = client.embeddings.create(model="sim/embed", input=texts)
    floats = client.embeddings.create(model="sim/embed", input=texts, encoding_format="float")
    packed = client.embeddings.create(model="sim/embed", input=texts, encoding_format="base64")
    assert [row.embedding for row in floats.data] == [row.embedding for row in unsaid.data]
    told = [row.embedding for row in packed.data]
    assert [len(row.embedding) for row in floats.data] == [256] * 3
    for text, row in zip(told, floats.data, strict=True):
        numbers = list(struct.unpack("<256f", base64.b64decode(text))) if isinstance(text, str) else text
        assert numbers == row.embedding
    assert (floats.model, floats.object) == ("sim/embed", "list")
    assert floats.usage.prompt_tokens == floats.usage.total_tokens > 0


def test_vectors_are_as_long_as_asked_for_and_tokens_stand_for_text(client: OpenAI) -> None:
    short = client.embeddings.create(model="sim/embed", input="one", dimensions=8)
    assert len(short.data[0].embedding) == 8
    tokens = client.embeddings.create(model="sim/embed", input=[[1, 2, 3], [4]])
    assert (len(tokens.data), tokens.usage.prompt_tokens) == (2, 4)


def test_an_embedding_whose_provider_fails_is_made_by_the_next(client: OpenAI) -> None:
    raw = client.embeddings.with_raw_response.create(model="embed", input="one")
    assert raw.parse().model == "spare/embed"
    assert int(raw.headers["x-signalbox-attempts"]) > 1


def test_images_are_of_the_size_that_was_priced(client: OpenAI, house: House, sim: Simulator) -> None:
    sim.forget()
    raw = client.images.with_raw_response.generate(model="sim/draw", prompt="a train", n=2, quality="high")
    answer = raw.parse()
    assert answer.data is not None
    pictures = [base64.b64decode(row.b64_json or "") for row in answer.data]
    assert [struct.unpack(">II", picture[16:24]) for picture in pictures] == [(512, 512)] * 2
    # Two of four cents at 7.654321 and a thousand credits a dollar.
    assert raw.headers["x-signalbox-credits"] == "612.346"
    held = house.rows("SELECT credits_milli, raw_nano_usd, kind FROM model_calls WHERE id = ?", raw.headers["x-signalbox-call"])
    assert held == [(612_346, 80_000_000, "image")]


def test_an_image_may_be_an_address(client: OpenAI) -> None:
    answer = client.images.generate(model="sim/draw", prompt="a train", response_format="url")
    assert answer.data is not None
    assert str(answer.data[0].url).startswith("https://")


def test_calls_of_each_kind_are_told_apart_in_the_books(client: OpenAI, house: House) -> None:
    one = client.embeddings.with_raw_response.create(model="sim/embed", input="one").headers["x-signalbox-call"]
    two = client.images.with_raw_response.generate(model="sim/draw", prompt="a train").headers["x-signalbox-call"]
    rows = house.rows("SELECT call_id, type, quantity FROM usage_records WHERE call_id IN (?, ?) ORDER BY call_id", one, two)
    assert [(row[1], row[2]) for row in rows] == [("embedding", 1), ("image", 1)]


@pytest.mark.parametrize(("size", "param"), [("9x9", "size"), ("1024x1024", "size")])
def test_a_size_that_has_no_price_is_refused(client: OpenAI, size: str, param: str) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client.images.generate(model="sim/draw", prompt="a train", size=size, quality="low")
    assert raised.value.param == param


def test_a_disallowed_prompt_for_an_image_reaches_nobody(client: OpenAI, sim: Simulator) -> None:
    sim.forget()
    with pytest.raises(openai.BadRequestError) as raised:
        client.images.generate(model="sim/draw", prompt="a forbiddenword in oil")
    assert raised.value.code == "content_policy_violation"
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model="sim/embed", input=["fine", "forbiddenword"])
    assert sim.calls() == []


@pytest.mark.parametrize("model", ["sim/small", "sim/draw", "auto", "coder"])
def test_a_name_that_makes_no_vectors_is_a_plain_400(client: OpenAI, model: str) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client.embeddings.create(model=model, input="one")
    assert raised.value.param == "model"


async def _draw_often(house: House, key: str, times: int) -> list[str]:
    """How so many images asked for at once end, and then one more."""
    async with AsyncOpenAI(base_url=f"{house.url}/v1", api_key=key, max_retries=0, timeout=WAIT_S) as client:

        async def draw() -> str:
            try:
                await client.images.generate(model="sim/draw", prompt="a train")
            except openai.APIStatusError as error:
                return str(error.code)
            return "made"

        return [*await asyncio.gather(*(draw() for _ in range(times))), await draw()]


def test_twenty_images_at_once_cost_no_more_than_there_is_and_the_rate_holds(house: House, keys: Keys) -> None:
    key = house.key("user", "sketcher", "sketch")
    *outcomes, last = asyncio.run(_draw_often(house, key, 20))
    assert outcomes.count("made") == 3
    assert set(outcomes) <= {"made", "insufficient_credits", "credits_on_hold"}
    assert last == "rate_limit_exceeded"
    assert credits_of(house, key) == ("30", "0")
    assert wrong_in_books(house.database) == []


@pytest.mark.parametrize("kind", ["embedding", "image"])
def test_a_recorded_call_explains_itself(client: OpenAI, house: House, kind: str) -> None:
    made = {
        "embedding": lambda: client.embeddings.with_raw_response.create(model="sim/embed", input="one").headers,
        "image": lambda: client.images.with_raw_response.generate(model="sim/draw", prompt="a train").headers,
    }
    done = house.command("explain", made[kind]()["x-signalbox-call"])
    assert done.returncode == 0, done.stderr
    assert "the record decides the same way again" in done.stdout
