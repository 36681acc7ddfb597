"""Endpoints that answer without a model: nobody gets a model's work out of them, and they cost what they say: nothing."""

from dataclasses import replace
from typing import Any, Final

import pytest

from tests import builders as b
from tests.api.house import House, code_of
from tests.payless.till import FIXED_MILLI, FIXED_TOKENS, asking, fixed, is_free, post, seeing, spent_milli

ASKED: Final = asking("p/whole", max_tokens=FIXED_TOKENS)


@pytest.mark.parametrize("path", ["/api/ai/precheck", "/api/ai/estimate"])
@pytest.mark.parametrize(
    "body", [{"prompt": "What is 2 + 2?"}, asking(), asking("auto"), seeing(3), asking(models=["p/steps"])]
)
async def test_asking_what_it_would_cost_calls_no_model_and_costs_nothing(
    house: House, path: str, body: dict[str, Any]
) -> None:
    key = await house.user_key()
    for _ in range(20):
        asked = {name: value for name, value in body.items() if not (name == "model" and "models" in body)}
        assert (await house.post(path, key, asked)).status_code == 200
    assert await is_free(house, key)


async def test_asking_for_another_enrols_nobody(house: House) -> None:
    key = await house.app_key()
    for path in ("/api/ai/precheck", "/api/ai/estimate"):
        assert (await house.post(path, key, {"prompt": "Hi."}, **{"x-signalbox-user": "ann"})).status_code == 200
    assert await house.parts.directory.users("a1", None, 9) == []


async def test_a_confirmation_pays_once_for_the_same_request_and_for_no_other(house: House) -> None:
    house.shown.catalog = replace(house.shown.catalog, policy=b.policy_table(actions={"safe": "confirm"}))
    key, other = await house.user_key("u1"), await house.user_key("u2")
    refused = await post(house, key, ASKED)
    assert code_of(refused) == (403, "confirmation_required")
    confirmed = {"signalbox": {"confirm": refused.headers["x-signalbox-call"]}}
    for changed in ({"max_tokens": 4_000}, {"n": 3}, {"stream": True}, {"seed": 1}, {"model": "p/muse"}, {"documents": ["x"]}):
        assert code_of(await post(house, key, {**ASKED, **changed, **confirmed})) == (403, "confirmation_required")
    assert code_of(await post(house, other, {**ASKED, **confirmed})) == (403, "confirmation_required")
    assert house.upstream.requests == []
    house.upstream.scripts = [fixed()]
    assert (await post(house, key, {**ASKED, **confirmed})).status_code == 200
    assert code_of(await post(house, key, {**ASKED, **confirmed})) == (403, "confirmation_required")
    assert await spent_milli(house, key) == FIXED_MILLI


async def test_refused_calls_are_answered_without_a_model_and_bounded(house: House) -> None:
    key = await house.user_key()
    answers = [await post(house, key, asking("no/such")) for _ in range(130)]
    assert [answer.status_code for answer in answers] == [404] * 120 + [429] * 10
    assert await is_free(house, key)


@pytest.mark.parametrize("path", ["/v1/completions", "/v1/responses", "/v1/files", "/v1/batches", "/v1/audio/speech"])
async def test_no_other_endpoint_of_a_provider_can_be_reached_past_the_books(house: House, path: str) -> None:
    key = await house.user_key()
    assert (await house.post(path, key, {"model": "p/whole", "input": "Hi."})).status_code == 404
    assert await is_free(house, key)
