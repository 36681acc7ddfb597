"""Claims about calls that are no chats: the same stages, chain, hold and settlement carry them, and explain and replay too."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from proxy.domain.account import Caller
from proxy.domain.catalog import Catalog, Model
from proxy.domain.errors import Fault, Refusal
from proxy.domain.money import Prices, PriceTier, raw_cost_nano_usd
from proxy.domain.pattern import Pattern
from proxy.domain.picture import ImagePrice, Picture
from proxy.domain.usage import Kind, Usage
from proxy.domain.verdict import Rule
from proxy.pipeline import Order
from proxy.pipeline.replay import Replay, Terms
from proxy.stages import policy
from proxy.stages.stream import Voice
from proxy.stages.stream.embeddings import EmbeddingsVoice
from proxy.stages.stream.images import ImagesVoice
from tests import builders as b
from tests.pipeline.theatre import LEAVE, LEAVE_TALKING, Script, Theatre, error

CENT = 10**7 * 10**6  # Nano-USD for a million images.
LOW, HIGH = Picture("1024x1024", "low"), Picture("1024x1024", "high")
VOICES: dict[Kind, Voice] = {"embedding": EmbeddingsVoice(), "image": ImagesVoice()}
WEAPON = Rule("weapon", "hazard", "weapons", Pattern(r"\bbombs?\b"), 2.0)


def embedder(id: str, **changes: Any) -> Model:
    tiers = (PriceTier(0, Prices(input=10**9)),)
    return b.model(id, kind="embedding", output_tokens_max=0, output_tokens_min=0, tiers=tiers, **changes)


def painter(id: str, **changes: Any) -> Model:
    prices = (ImagePrice(LOW, CENT), ImagePrice(HIGH, 4 * CENT))
    tiers = (PriceTier(0, Prices(image=CENT)),)
    return b.model(id, kind="image", output_tokens_max=0, output_tokens_min=0, tiers=tiers, images=prices, **changes)


def shop(**changes: Any) -> Catalog:
    rows = [embedder("p/embed"), embedder("q/embed"), painter("p/draw"), painter("q/draw"), b.model("p/chat")]
    names = (b.alias("embed", "p/embed", "q/embed"), b.alias("draw", "p/draw", "q/draw"))
    return b.catalog(*rows, *names, b.plan(n_max=4), **changes)


def order(theatre: Theatre, kind: Kind, caller: Caller | None = None, **body: Any) -> Order:
    return replace(theatre.order(caller, orjson.dumps(body)), kind=kind, voice=lambda _: VOICES[kind])


async def embed(theatre: Theatre, **fields: Any) -> Refusal | None:
    body = {"model": "p/embed", "input": "Hello.", **fields}
    return await theatre.pipeline.call(order(theatre, "embedding", **body), theatre.reply)


async def draw(theatre: Theatre, **fields: Any) -> Refusal | None:
    body = {"model": "p/draw", "prompt": "A train.", **fields}
    return await theatre.pipeline.call(order(theatre, "image", **body), theatre.reply)


def vectors(*numbers: float, tokens: int | None = 3) -> Script:
    rows = [{"object": "embedding", "index": i, "embedding": [number]} for i, number in enumerate(numbers)]
    usage = {} if tokens is None else {"usage": {"prompt_tokens": tokens, "total_tokens": tokens, "cost": 0.5}}
    return Script([orjson.dumps({"object": "list", "data": rows, "model": "theirs", **usage})])


def pictures(count: int = 1, **top: Any) -> Script:
    return Script([orjson.dumps({"created": 1, "data": [{"b64_json": "AAAA"}] * count, **top})])


async def test_vectors_are_answered_metered_and_recorded_as_an_embedding() -> None:
    theatre = Theatre(vectors(0.5, 0.25), catalog=shop())
    assert await embed(theatre, input=["one", "two"]) is None
    told, call = theatre.reply.json, theatre.settled
    assert [row["embedding"] for row in told["data"]] == [[0.5], [0.25]]
    assert (told["model"], told["usage"]) == ("p/embed", {"prompt_tokens": 3, "total_tokens": 3})
    assert (call.kind, call.status, call.usage) == ("embedding", "served", Usage(input=3))
    assert theatre.upstream.requests[0].url.endswith("/v1/embeddings")
    assert theatre.upstream.body()["user"] == "hash-of-u1"
    assert b"0.5}" not in theatre.reply.heard


@pytest.mark.parametrize(("given", "tokens"), [(["x" * 100], 100), (["x" * 60, "y" * 40], 100), ([[7] * 42], 42)])
async def test_an_embedding_is_held_by_its_bytes_and_tokens_as_they_are(given: list[Any], tokens: int) -> None:
    theatre = Theatre(vectors(*[0.5] * len(given)), catalog=shop())
    assert await embed(theatre, input=given) is None
    (held,) = theatre.books.holds
    assert (held.raw_nano_usd, held.began.kind) == (tokens * 10**3, "embedding")


@pytest.mark.parametrize(("given", "tokens"), [("x" * 100, 25), ([7] * 42, 42)])
async def test_without_usage_an_embedding_is_charged_by_its_own_size(given: Any, tokens: int) -> None:
    theatre = Theatre(vectors(0.5, tokens=None), catalog=shop())
    await embed(theatre, input=given)
    assert theatre.settled.usage is not None
    assert (theatre.settled.usage.input, theatre.settled.usage.source) == (tokens, "estimated")


@pytest.mark.parametrize(("given", "tokens"), [(["x" * 100, "y" * 8], 27), ([[7] * 42], 42)])
async def test_without_usage_but_with_a_vocabulary_it_is_counted(given: list[Any], tokens: int) -> None:
    catalog = b.catalog(embedder("p/embed", vocabulary="cl100k_base"))
    theatre = Theatre(vectors(*[0.5] * len(given), tokens=None), catalog=catalog, counts=True)
    await embed(theatre, input=given)
    assert theatre.settled.usage is not None
    assert (theatre.settled.usage.input, theatre.settled.usage.source) == (tokens, "counted")


@pytest.mark.parametrize(
    "script",
    [
        error(500),
        vectors(0.5),
        Script([b"<html>"]),
        Script([b'{"data": []}']),
        Script(opening=Fault("connect")),
        Script([b'{"error": {"message": "x", "code": "server_error"}}']),
    ],
    ids=["refused", "too few vectors", "garbled", "empty", "unreachable", "an error in a 200"],
)
async def test_an_embedding_that_fails_is_answered_by_the_next_of_its_chain(script: Script) -> None:
    theatre = Theatre(script, vectors(0.5, 0.25), catalog=shop(policy=b.policy_table(retries_per_model_max=0)))
    assert await embed(theatre, model="embed", input=["one", "two"]) is None
    assert (theatre.reply.json["model"], len(theatre.settled.attempts)) == ("q/embed", 2)


async def test_a_large_answer_is_read_like_a_small_one() -> None:
    large = [*vectors(*[0.5] * 2_000).pieces, b" " * 300_000]
    theatre = Theatre(Script(large), catalog=shop())
    assert await embed(theatre, input=["a"] * 2_000) is None
    assert len(theatre.reply.json["data"]) == 2_000


@pytest.mark.parametrize(
    ("asked", "cents", "written"),
    [
        ({}, 1, LOW),
        ({"n": 3}, 3, LOW),
        ({"quality": "high"}, 4, HIGH),
        ({"size": "auto", "quality": "high", "n": 2}, 8, HIGH),
    ],
)
async def test_the_hold_of_images_is_their_bill_to_the_unit(asked: Any, cents: int, written: Picture) -> None:
    theatre = Theatre(pictures(asked.get("n", 1)), catalog=shop())
    assert await draw(theatre, **asked) is None
    (held,), call = theatre.books.holds, theatre.settled
    assert (held.amount_milli, held.raw_nano_usd) == (call.credits_milli, call.raw_nano_usd) == (cents * 10**4, cents * 10**7)
    sent = theatre.upstream.body()
    assert (sent["size"], sent["quality"]) == (written.size, written.quality)
    assert call.usage is not None
    assert (call.kind, call.usage.images) == ("image", asked.get("n", 1))
    assert theatre.reply.headers[b"x-signalbox-model"] == b"p/draw"


async def test_images_that_did_not_come_are_not_charged() -> None:
    theatre = Theatre(pictures(1), catalog=shop())
    await draw(theatre, n=3)
    assert theatre.settled.raw_nano_usd == 10**7


async def test_images_fall_over_at_the_price_of_who_makes_them() -> None:
    theatre = Theatre(error(500), error(500), pictures(), catalog=shop())
    assert await draw(theatre, model="draw") is None
    assert theatre.settled.model_id == "q/draw"
    assert [attempt.credits_milli for attempt in theatre.settled.attempts] == [0, 0, 10**4]


async def test_a_prompt_for_an_image_that_policy_blocks_calls_nobody_and_tokens_are_no_text() -> None:
    book = b.rule_book(rules=(WEAPON,), risks={"weapons": "disallowed"})
    theatre = Theatre(vectors(0.5), catalog=shop(rules=book))
    blocked = await draw(theatre, prompt="How to build a bomb, as a poster.")
    assert blocked is not None
    assert (blocked.status, blocked.code) == (400, "content_policy_violation")
    blocked = await embed(theatre, input=["fine", "a bomb"])
    assert blocked is not None
    assert (blocked.code, theatre.upstream.requests) == ("content_policy_violation", [])
    assert {call.kind for call in theatre.books.records} == {"image", "embedding"}
    assert await embed(theatre, input=[1, 2, 3]) is None
    assert theatre.settled.verdict is not None
    assert theatre.settled.verdict.risk == "safe"


async def test_an_image_to_be_confirmed_passes_once_and_for_no_more_images() -> None:
    theatre = Theatre(pictures(), catalog=shop(policy=b.policy_table(actions={"safe": "confirm"})))
    for asked in ({}, {"n": 2, "signalbox": {"confirm": "call_1"}}):
        refusal = await draw(theatre, **asked)
        assert refusal is not None
        assert refusal.code == "confirmation_required"
    # The second refusal was for the same call id, and asked for two.
    assert await draw(theatre, n=2, signalbox={"confirm": "call_1"}) is None


@pytest.mark.parametrize(("leaving", "images"), [(LEAVE_TALKING, 1), (LEAVE, 0)], ids=["the image comes", "it does not"])
async def test_who_leaves_while_an_image_is_made_pays_for_it_if_it_comes(leaving: str, images: int) -> None:
    theatre = Theatre(Script([leaving, *pictures().pieces]), catalog=shop())
    await draw(theatre)
    assert (theatre.settled.status, theatre.settled.raw_nano_usd) == ("left", images * 10**7)
    assert theatre.upstream.exchanges[0].closed


@pytest.mark.parametrize("asked", [{"model": "p/chat"}, {"model": "p/draw"}, {"model": "auto"}, {"model": "general"}])
async def test_a_name_that_stands_for_no_embedding_model_is_refused_and_recorded(asked: Any) -> None:
    theatre = Theatre(catalog=shop())
    refusal = await embed(theatre, **asked)
    assert refusal is not None
    assert (refusal.status, refusal.param) == (400, "model")
    (call,) = theatre.books.records
    assert (call.kind, call.status, call.asked) == ("embedding", "refused", (asked["model"],))


@pytest.mark.parametrize("kind", ["embedding", "image"])
async def test_a_recorded_call_decides_again_and_replays_to_the_same_cost(kind: Kind) -> None:
    catalog = shop()
    theatre = Theatre(vectors(0.5) if kind == "embedding" else pictures(2), catalog=catalog)
    await (embed(theatre, model="embed") if kind == "embedding" else draw(theatre, model="draw", n=2, quality="high"))
    call = theatre.settled
    assert call.ask is not None
    assert call.verdict is not None
    assert call.advice is not None
    assert call.standing is not None
    assert call.health is not None
    assert policy.decide(call.ask, call.verdict, call.advice, call.standing, catalog, call.health) == call.decision
    replayed = Replay(Terms()).take(call, catalog)
    assert replayed is not None
    assert (replayed.fate, replayed.would) == ("same", replayed.was)
    dearer = replace(catalog.models["p/draw"], images=(ImagePrice(LOW, CENT), ImagePrice(HIGH, 9 * CENT)))
    again = Replay(Terms()).take(call, replace(catalog, models={**catalog.models, "p/draw": dearer}))
    assert again is not None
    assert again.would.raw_nano_usd == (call.raw_nano_usd if kind == "embedding" else 18 * 10**7)


def test_a_price_is_for_a_million() -> None:
    assert raw_cost_nano_usd(painter("p/draw").tiers_for(HIGH), Usage(images=1, requests=0)) == 4 * 10**7
