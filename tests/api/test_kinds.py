"""Claims about `/v1/embeddings` and `/v1/images/generations` as callers meet them: shapes, rates, repeats, and who may call."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import orjson
import pytest

from proxy.domain.catalog import Catalog
from proxy.domain.errors import Fault
from proxy.domain.money import Prices, PriceTier
from proxy.domain.picture import ImagePrice, Picture
from proxy.domain.plan import Allowance, Rate
from tests import builders as b
from tests.api.house import House, Script, code_of, open_house

EMBED, DRAW = "/v1/embeddings", "/v1/images/generations"
CENT = 10**7 * 10**6  # Nano-USD for a million images; 10 credits for one of them.


def shop() -> Catalog:
    """`basic` pays one cent and a half for images a month, `rare` two calls a minute; `none` has neither kind of model."""
    tokenless: dict[str, Any] = {"output_tokens_max": 0, "output_tokens_min": 0}
    prices = (ImagePrice(Picture("1024x1024", "low"), CENT), ImagePrice(Picture("1024x1024", "high"), 4 * CENT))
    everything = ("p/chat", "p/embed", "p/draw")
    allowance = (Allowance("month", 35_000),)
    return b.catalog(
        b.model("p/chat"),
        b.model("p/embed", kind="embedding", tiers=(PriceTier(0, Prices(input=10**9)),), **tokenless),
        b.model("p/draw", kind="image", tiers=(PriceTier(0, Prices(image=CENT)),), images=prices, **tokenless),
        b.alias("embed", "p/embed"),
        b.plan("basic", models=everything, allowances=allowance, n_max=4, concurrency_max=50),
        b.plan("rare", models=everything, rates={"images": Rate(2, 60)}, rank=1),
        b.plan("none", models=("p/chat",), rank=2),
    )


@pytest.fixture
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("house"), shop()) as house:
        yield house


def vectors(*numbers: float) -> Script:
    rows = [{"object": "embedding", "index": i, "embedding": [number]} for i, number in enumerate(numbers)]
    return Script([orjson.dumps({"data": rows, "usage": {"prompt_tokens": 2, "total_tokens": 2, "cost": 0.125}})])


def pictures(count: int = 1) -> Script:
    return Script([orjson.dumps({"created": 1, "data": [{"b64_json": "AAAA"}] * count, "usage": {"cost": 0.125}})])


async def embed(house: House, key: str, **fields: Any) -> httpx2.Response:
    return await house.post(EMBED, key, {"model": "p/embed", "input": "Hi.", **fields})


async def draw(house: House, key: str, **fields: Any) -> httpx2.Response:
    return await house.post(DRAW, key, {"model": "p/draw", "prompt": "A train.", **fields})


async def test_vectors_come_in_openais_shape_with_our_headers_and_no_cost_of_theirs(house: House) -> None:
    house.upstream.scripts = [vectors(0.5)]
    answer = await embed(house, await house.user_key(), model="embed")
    assert (answer.status_code, answer.json()["model"]) == (200, "p/embed")
    assert answer.json()["data"] == [{"object": "embedding", "index": 0, "embedding": [0.5]}]
    assert answer.headers["x-signalbox-model"] == "p/embed"
    assert answer.headers["x-signalbox-credits"] == answer.json()["signalbox"]["credits"] == "0.002"
    assert "0.125" not in answer.text


async def test_images_come_in_openais_shape_and_cost_what_they_cost(house: House) -> None:
    house.upstream.scripts = [pictures(2)]
    answer = await draw(house, await house.user_key(), n=2)
    assert answer.json()["data"] == [{"b64_json": "AAAA"}] * 2
    assert (answer.json()["model"], answer.headers["x-signalbox-credits"]) == ("p/draw", "20")
    assert "0.125" not in answer.text


async def test_the_kinds_of_calls_are_told_apart_in_the_register(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [vectors(0.5), pictures()]
    ids = [answer.headers["x-signalbox-call"] for answer in (await embed(house, key), await draw(house, key))]
    calls = {call["id"]: call for call in (await house.get("/api/calls", key)).json()["data"]}
    assert [calls[id]["kind"] for id in ids] == ["embedding", "image"]


@pytest.mark.parametrize(
    ("path", "body", "endpoint"),
    [
        ("/v1/chat/completions", {"model": "p/draw", "messages": [{"role": "user", "content": "Hi."}]}, DRAW),
        (EMBED, {"model": "p/chat", "input": "Hi."}, "/v1/chat/completions"),
        (DRAW, {"model": "p/embed", "prompt": "Hi."}, EMBED),
    ],
)
async def test_a_model_at_the_wrong_endpoint_is_a_400_that_names_the_right_one(
    house: House, path: str, body: Any, endpoint: str
) -> None:
    answer = await house.post(path, await house.user_key(), body)
    assert code_of(answer) == (400, "invalid_request")
    assert endpoint in answer.json()["error"]["message"]


async def test_images_have_a_rate_of_their_own(house: House) -> None:
    key = await house.user_key("u2", "rare")
    house.upstream.scripts = [pictures(), pictures(), vectors(0.5)]
    answers = [await draw(house, key) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert code_of(answers[2]) == (429, "rate_limit_exceeded")
    assert [answer.headers["x-ratelimit-remaining-requests"] for answer in answers] == ["1", "0", "0"]
    assert (await embed(house, key)).status_code == 200


async def test_a_plan_without_such_models_says_which_has_them(house: House) -> None:
    answer = await draw(house, await house.user_key("u3", "none"))
    assert code_of(answer) == (403, "model_not_in_plan")
    assert answer.json()["error"]["unlocked_by"] == "basic"


async def test_the_list_of_models_tells_kinds_and_prices_of_images(house: House) -> None:
    data = {offer["id"]: offer for offer in (await house.get("/v1/models", await house.user_key())).json()["data"]}
    assert {id: offer["kind"] for id, offer in data.items() if id in ("p/chat", "p/embed", "p/draw", "embed")} == {
        "p/chat": "chat",
        "p/embed": "embedding",
        "p/draw": "image",
        "embed": "embedding",
    }
    assert data["p/draw"]["credits_per_image"] == [
        {"size": "1024x1024", "quality": "low", "credits": "10"},
        {"size": "1024x1024", "quality": "high", "credits": "40"},
    ]


async def test_a_picker_for_chats_shows_models_for_chats(house: House) -> None:
    picker = (await house.get("/api/ai/models", await house.user_key())).json()
    assert [offer["id"] for offer in picker["models"]] == ["p/chat"]
    assert picker["aliases"] == []


async def test_the_same_image_asked_for_again_under_its_key_is_made_once(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [pictures()]
    body = {"model": "p/draw", "prompt": "A train."}
    first, again = [await house.post(DRAW, key, body, **{"idempotency-key": "k-1"}) for _ in range(2)]
    assert (first.status_code, again.content) == (200, first.content)
    assert len(house.upstream.requests) == 1
    other = await house.post(EMBED, key, {"model": "p/embed", "input": "x"}, **{"idempotency-key": "k-1"})
    assert other.headers["x-signalbox-call"] != first.headers["x-signalbox-call"]


async def test_of_twenty_images_at_once_as_many_are_made_as_can_be_paid(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [pictures() for _ in range(20)]
    answers = await asyncio.gather(*(draw(house, key) for _ in range(20)))
    served = [answer for answer in answers if answer.status_code == 200]
    assert (len(served), len(house.upstream.requests)) == (3, 3)
    assert {code_of(answer)[1] for answer in answers if answer not in served} <= {"insufficient_credits", "credits_on_hold"}
    (window,) = (await house.get("/api/me", key)).json()["windows"]
    assert (window["spent"], window["held"], window["left"]) == ("30", "0", "5")


async def test_a_provider_that_cannot_is_an_error_in_openais_shape(house: House) -> None:
    house.upstream.scripts = [Script(fault=Fault("connect")) for _ in range(4)]
    assert code_of(await draw(house, await house.user_key())) == (502, "upstream_error")


@pytest.mark.parametrize("path", [EMBED, DRAW])
async def test_a_wrong_method_and_a_missing_key_are_refused_as_everywhere(house: House, path: str) -> None:
    assert code_of(await house.get(path, await house.user_key())) == (405, "method_not_allowed")
    assert code_of(await house.post(path, None)) == (401, "invalid_api_key")
    assert code_of(await house.post(path.removeprefix("/v1"), await house.user_key("u9"), {})) == (400, "invalid_request")
