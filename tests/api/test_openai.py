"""Claims about `/v1/models`: what a caller may name, what it may not yet, and that prices are in credits alone."""

from typing import Any

import pytest

from proxy.domain.money import MULTIPLIER_ONE_PPM
from tests import builders as b
from tests.api.house import BY_TEST, House, code_of


async def names(house: House, key: str, query: str = "") -> list[str]:
    answer = await house.get(f"/v1/models{query}", key)
    assert answer.status_code == 200
    return [row["id"] for row in answer.json()["data"]]


async def row(house: House, key: str, name: str, query: str = "?include=unavailable") -> dict[str, Any]:
    data = (await house.get(f"/v1/models{query}", key)).json()["data"]
    found: dict[str, Any] = next(row for row in data if row["id"] == name)
    return found


async def test_the_list_has_openais_shape(house: House) -> None:
    answer = (await house.get("/v1/models", await house.user_key())).json()
    assert answer["object"] == "list"
    for model in answer["data"]:
        assert model["object"] == "model"
        assert isinstance(model["created"], int)
        assert isinstance(model["owned_by"], str)


async def test_it_lists_names_that_may_be_called_and_only_those(house: House) -> None:
    assert await names(house, await house.user_key()) == ["auto", "general", "gpt", "p/cheap"]
    pro = await house.user_key("u2", "pro")
    assert await names(house, pro) == ["auto", "general", "scribe", "gpt", "top", "p/cheap", "p/strong", "p/long"]


async def test_every_listed_name_can_be_called(house: House) -> None:
    key = await house.user_key()
    for name in await names(house, key):
        assert (await house.chat(key, name)).status_code == 200, name


async def test_what_is_absent_says_why_and_what_opens_it(house: House) -> None:
    key = await house.user_key()
    strong = await row(house, key, "p/strong")
    assert (strong["available"], strong["unlocked_by"]) == (False, "pro")
    assert strong["why"] == "Your plan does not include it."
    assert (await row(house, key, "top"))["unlocked_by"] == "pro"
    assert (await row(house, key, "scribe"))["available"] is False


async def test_models_nobody_can_call_are_never_told(house: House) -> None:
    key = await house.user_key("u1", "pro")
    listed = await names(house, key, "?include=unavailable")
    assert not {"q/asleep", "q/unpriced", "retired"} & set(listed)


async def test_a_key_sees_its_scope_and_hears_that_the_rest_is_out_of_it(house: House) -> None:
    key = await house.user_key("u1", "pro", model_scope=("tag:cheap",))
    assert await names(house, key) == ["auto", "general", "gpt", "p/cheap"]
    strong = await row(house, key, "p/strong")
    assert (strong["reason"], strong["why"]) == ("not_in_key_scope", "This key may not call it.")
    # Its plan has it, so there is nothing to ask for.
    assert strong["unlocked_by"] is None


async def test_sizes_of_an_alias_are_those_of_what_may_answer(house: House) -> None:
    basic, pro = await house.user_key(), await house.user_key("u2", "pro")
    assert (await row(house, basic, "gpt"))["context_window"] == 100_000
    strong = await row(house, pro, "gpt")
    assert (strong["context_window"], strong["modalities"]) == (200_000, ["text", "image"])
    assert strong["models"] == ["p/strong", "p/cheap"]


async def test_prices_are_credits_per_million_with_the_callers_own_terms(house: House) -> None:
    (price,) = (await row(house, await house.user_key(), "p/cheap"))["credits_per_million"]
    assert (price["input"], price["output"]) == ("1370", "5480")
    (price,) = (await row(house, await house.user_key("u2", "pro"), "p/cheap"))["credits_per_million"]
    assert price["input"] == "1110"


async def test_a_locked_model_is_priced_as_in_the_plan_that_opens_it(house: House) -> None:
    (price,) = (await row(house, await house.user_key(), "p/strong"))["credits_per_million"]
    assert price["input"] == "1110"


async def test_a_long_prompts_price_stands_beside_the_ordinary_one(house: House) -> None:
    prices = (await row(house, await house.user_key("u1", "pro"), "p/long"))["credits_per_million"]
    assert [(p["from_input_tokens"], p["input"]) for p in prices] == [(0, "1110"), (50_000, "2220")]


async def test_a_plans_own_credit_prices_are_shown_as_they_are(house: House) -> None:
    own = b.plan("own", models=("p/long",), credit_prices={"open": b.prices(input=7_000, output=9_000)}, rank=2)
    house.shown.catalog = b.catalog(*house.shown.catalog.models.values(), own)
    prices = (await row(house, await house.user_key("u1", "own"), "p/long"))["credits_per_million"]
    assert [(p["from_input_tokens"], p["input"], p["output"]) for p in prices] == [(0, "7", "9")]


async def test_no_multiplier_and_no_raw_price_is_in_any_answer(house: House) -> None:
    key = await house.user_key()
    for path in ("/v1/models?include=unavailable", "/api/ai/models", "/api/plans", "/api/me"):
        text = (await house.get(path, key)).text
        assert "multiplier" not in text
        assert "ppm" not in text
        assert "nano" not in text
        assert str(1_370_000) not in text
        assert str(MULTIPLIER_ONE_PPM * 1_000) not in text


async def test_one_name_is_shown_as_in_the_list(house: House) -> None:
    key = await house.user_key()
    for name in ("p/cheap", "general", "gpt", "auto"):
        assert (await house.get(f"/v1/models/{name}", key)).json() == await row(house, key, name)


@pytest.mark.parametrize("name", ["p/strong", "q/asleep", "q/unpriced", "nobody/knows", "retired", "top"])
async def test_unknown_and_unseen_names_get_the_same_404(house: House, name: str) -> None:
    answer = await house.get(f"/v1/models/{name}", await house.user_key())
    assert code_of(answer) == (404, "model_not_found")
    assert answer.json() == (await house.get("/v1/models/no/such", await house.user_key("u2"))).json()


async def test_the_order_is_stable(house: House) -> None:
    key = await house.user_key()
    assert len({tuple(await names(house, key, "?include=unavailable")) for _ in range(5)}) == 1


async def test_a_wrong_query_is_named(house: House) -> None:
    answer = await house.get("/v1/models?include=everything", await house.user_key())
    assert code_of(answer) == (400, "invalid_request")
    assert answer.json()["error"]["param"] == "include"


async def test_an_override_opens_a_model(house: House) -> None:
    await house.user("u3")
    entitlement = await house.parts.directory.entitlement("u3")
    assert entitlement is not None
    key = await house.user_key("u3")
    assert "p/strong" not in await names(house, key)
    opened = b.entitlement("u3", id=entitlement.id, overrides=(b.override(extra_models=("p/strong",)),))
    await house.parts.directory.put_entitlement(opened, entitlement.version, BY_TEST)
    assert "p/strong" in await names(house, key)
