"""Claims about calls that are no chats: how large they are, who may answer, and what is said when nobody may."""

from typing import Any

import pytest

from proxy.domain.catalog import Catalog, Model
from proxy.domain.decision import Decision, Reason
from proxy.domain.errors import Refusal
from proxy.domain.journey import Ask, Counted, Largest
from proxy.domain.picture import ImagePrice, Picture
from proxy.stages.policy import decide, eligible, in_doubt, visible
from tests import builders as make
from tests.stages.policy.cases import case, size_of

LOW, HIGH = Picture("1024x1024", "low"), Picture("1024x1024", "high")


def embedder(id: str = "p/embed", **changes: Any) -> Model:
    base: dict[str, Any] = {"kind": "embedding", "output_tokens_max": 0, "output_tokens_min": 0, "context_tokens_max": 100}
    return make.model(id, **(base | changes))


def painter(id: str = "p/draw", **changes: Any) -> Model:
    images = (ImagePrice(LOW, 10**15), ImagePrice(HIGH, 4 * 10**15))
    base: dict[str, Any] = {"kind": "image", "output_tokens_max": 0, "output_tokens_min": 0, "images": images}
    return make.model(id, **(base | {"tiers": make.tiers(input=0, output=0)} | changes))


def texts(*asked: str, **changes: Any) -> Ask:
    return make.ask(*(asked or ("p/embed",)), **({"kind": "embedding", "message_count": 0} | changes))


def image(*asked: str, **changes: Any) -> Ask:
    return make.ask(*(asked or ("p/draw",)), **({"kind": "image", "picture": Picture(), "text_bytes": 8} | changes))


def decided(catalog: Catalog, asked: Ask) -> Decision:
    return decide(asked, make.verdict(), make.advice(), make.standing(), catalog, make.health())


def refused(catalog: Catalog, asked: Ask) -> Refusal:
    refusal = decided(catalog, asked).refusal
    assert refusal is not None
    return refusal


def test_a_text_to_embed_is_bounded_by_its_bytes_and_nothing_is_wrapped_around_it() -> None:
    size = size_of(embedder(), texts(text_bytes=50))
    assert (size.input_tokens_min, size.input_tokens_max) == (5, 50)


def test_tokens_are_exactly_as_many_as_they_are() -> None:
    size = size_of(embedder(), texts(text_bytes=0, tokens=77))
    assert (size.input_tokens_min, size.input_tokens_max, size.context_tokens_min) == (77, 77, 77)


def test_a_count_of_a_text_is_exact() -> None:
    counted = Counted("cl100k_base", 12, 12)
    size = size_of(embedder(vocabulary="cl100k_base"), texts(text_bytes=50, counted=(counted,)))
    assert (size.input_tokens_min, size.input_tokens_max) == (12, 12)


def test_what_writes_nothing_is_held_for_nothing_written() -> None:
    size = size_of(embedder(tiers=make.tiers(output=10**12)), texts(text_bytes=50))
    assert (size.output_tokens_max, size.output_tokens_wanted) == (0, 0)
    assert size.worst_milli_credits == 50


def test_each_of_many_inputs_has_to_fit_and_not_their_sum() -> None:
    many = texts(text_bytes=5_000, largest=Largest(500, 0))
    assert eligible.context_too_small(case(embedder(), many)) is None
    reason = eligible.context_too_small(case(embedder(), texts(text_bytes=5_000, largest=Largest(1_010, 0))))
    assert reason == Reason("context_too_small", {"asked": 101, "limit": 100})
    reason = eligible.context_too_small(case(embedder(), texts(text_bytes=0, tokens=300, largest=Largest(0, 101))))
    assert reason == Reason("context_too_small", {"asked": 101, "limit": 100})


def test_a_count_of_many_inputs_says_nothing_of_the_largest_so_none_is_made_for_it() -> None:
    catalog = make.catalog(embedder(vocabulary="cl100k_base"))
    plan = catalog.plans["basic"]
    one, many = texts(text_bytes=900), texts(text_bytes=900, largest=Largest(500, 0))
    assert in_doubt(decided(catalog, one), one, plan, catalog) == {"cl100k_base"}
    assert in_doubt(decided(catalog, many), many, plan, catalog) == set()


@pytest.mark.parametrize(("wanted", "worst"), [(Picture(), 2_000), (HIGH, 8_000), (Picture(quality="high"), 8_000)])
def test_images_are_held_at_the_price_of_their_size_times_their_number(wanted: Picture, worst: int) -> None:
    assert size_of(painter(), image(picture=wanted, n=2)).worst_milli_credits == worst * 10**3


def test_a_size_without_a_price_is_refused_by_name() -> None:
    refusal = refused(make.catalog(painter()), image(picture=Picture("1x1")))
    assert (refusal.status, refusal.code, refusal.param) == (400, "invalid_request", "size")


@pytest.mark.parametrize(
    ("feature", "param"), [("token_input", "input"), ("dimensions", "dimensions"), ("embeddings", "model")]
)
def test_what_a_model_lacks_for_embeddings_is_refused_by_name(feature: Any, param: str) -> None:
    catalog = make.catalog(embedder(lacks=(feature,)))
    refusal = refused(catalog, texts(text_bytes=9, features=("embeddings", "token_input", "dimensions")))
    assert (refusal.status, refusal.param) == (400, param)


@pytest.mark.parametrize(
    ("asked", "endpoint"),
    [
        (make.ask("p/embed"), "/v1/embeddings"),
        (make.ask("p/draw"), "/v1/images/generations"),
        (texts("p/chat"), "/v1/chat/completions"),
        (image("p/embed"), "/v1/embeddings"),
    ],
)
def test_a_model_of_another_kind_is_a_400_that_names_its_endpoint(asked: Ask, endpoint: str) -> None:
    refusal = refused(make.catalog(embedder(), painter(), make.model("p/chat")), asked)
    assert (refusal.status, refusal.code, refusal.param) == (400, "invalid_request", "model")
    assert f"POST {endpoint}" in refusal.message


@pytest.mark.parametrize("name", ["auto", "general"])
@pytest.mark.parametrize("asked", [texts, image])
def test_who_chooses_models_for_chats_chooses_none_for_other_calls(name: str, asked: Any) -> None:
    refusal = refused(make.catalog(embedder(), painter()), asked(name))
    assert (refusal.status, refusal.code, refusal.param) == (400, "invalid_request", "model")
    assert f"'{name}' chooses models for chats" in refusal.message


def test_an_alias_is_a_chain_for_any_kind() -> None:
    catalog = make.catalog(embedder("p/one"), embedder("q/two"), make.alias("embed", "p/one", "q/two"))
    chain = decided(catalog, texts("embed", text_bytes=9)).chain
    assert [candidate.model_id for candidate in chain] == ["p/one", "q/two"]
    assert {candidate.output_tokens_max for candidate in chain} == {0}


def test_the_plans_bound_on_answers_bounds_images_too() -> None:
    refusal = refused(make.catalog(painter()), image(n=2))
    assert (refusal.status, refusal.param) == (400, "n")


def test_a_model_that_is_ours_alone_to_call_does_not_exist_for_callers() -> None:
    shop = make.catalog(make.model("p/chat"), make.model("p/guard", kind="moderation"))
    assert [model.id for model, _ in visible(shop, shop.plan("basic"), None)] == ["p/chat"]
    decision = decide(make.ask("p/guard"), make.verdict(), make.advice(), make.standing(), shop, make.health())
    assert decision.refusal is not None
    assert decision.refusal.code == "model_not_found"
