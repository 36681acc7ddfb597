"""Claims about `POST /api/ai/estimate`: it says what a prompt would cost on each model, as live calls would have it."""

from decimal import Decimal
from typing import Any

import pytest

from proxy.domain.plan import Allowance
from tests import builders as b
from tests.api.house import House, Json, code_of

HI = {"messages": [{"role": "user", "content": "Hi."}], "max_tokens": 50}


async def _estimated(house: House, key: str, **body: Any) -> Json:
    answer = await house.post("/api/ai/estimate", key, body or {"prompt": "How do trains brake?"})
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    assert answer.headers["x-signalbox-call"] == told["call"]
    return told


def _amounts(model: Json) -> list[Decimal]:
    return [Decimal(model["credits"][name]) for name in ("lower", "typical", "worst")]


async def test_without_a_name_every_model_of_the_plan_is_priced_and_auto_is_placed(house: House) -> None:
    told = await _estimated(house, await house.user_key("u1", "pro"))
    assert [(row["model"], row["place"]) for row in told["data"]] == [("p/cheap", 1), ("p/strong", 2), ("p/long", None)]
    assert (told["model"], told["assistant"], told["refusal"]) == ("p/cheap", "general", None)


async def test_what_is_named_is_priced_in_the_order_it_would_be_tried(house: House) -> None:
    key = await house.user_key("u1", "pro")
    for name, models in (
        ({"model": "gpt"}, ["p/strong", "p/cheap"]),
        ({"models": ["p/long", "p/cheap"]}, ["p/long", "p/cheap"]),
        ({"assistant": "scribe"}, ["p/strong"]),
        ({"model": "p/long"}, ["p/long"]),
    ):
        told = await _estimated(house, key, prompt="Hi.", **name)
        assert [(row["model"], row["place"]) for row in told["data"]] == [(m, n) for n, m in enumerate(models, start=1)]


@pytest.mark.parametrize("stream", [False, True])
async def test_what_a_call_costs_lies_between_lower_and_worst(house: House, stream: bool) -> None:
    key = await house.user_key("u1", "pro")
    for model in ("p/cheap", "p/strong", "p/long"):
        (row,) = (await _estimated(house, key, model=model, stream=stream, **HI))["data"]
        answer = await house.post("/v1/chat/completions", key, {"model": model, "stream": stream, **HI})
        call = (await house.get(f"/api/calls/{answer.headers['x-signalbox-call']}", key)).json()
        assert Decimal(row["credits"]["lower"]) <= Decimal(call["credits"]) <= Decimal(row["credits"]["worst"])


async def test_what_is_held_is_what_the_books_hold(house: House) -> None:
    key = await house.user_key()
    for stream in (False, True):
        body = {"model": "p/cheap", "stream": stream, **HI, "max_tokens": 900}
        (row,) = (await _estimated(house, key, **body))["data"]
        answer = await house.post("/v1/chat/completions", key, body)
        entries = await house.parts.register.entries(answer.headers["x-signalbox-call"])
        assert Decimal(row["credits"]["held"]) * 1_000 == entries[0].amount_milli


async def test_the_usual_length_is_learnt_from_ones_own_answers_of_that_model(house: House) -> None:
    key = await house.user_key("u1", "pro")
    first = (await _estimated(house, key, model="p/cheap", **HI))["data"][0]
    assert first["credits"]["typical"] is None
    await house.chat(key, "p/cheap")
    for row in (await _estimated(house, key, **HI))["data"]:
        lower, typical, worst = _amounts(row)
        assert lower < typical < worst
    stranger = (await _estimated(house, await house.user_key("u2"), model="p/cheap", **HI))["data"][0]
    assert stranger["credits"]["typical"] is None


async def test_a_longer_prompt_costs_more(house: House) -> None:
    key = await house.user_key()
    await house.chat(key)
    short, long = [
        _amounts((await _estimated(house, key, model="p/cheap", prompt="word " * n))["data"][0]) for n in (10, 1_000)
    ]
    assert short[0] <= long[0]
    assert all(less < more for less, more in zip(short[1:], long[1:], strict=True))


async def test_a_model_that_would_refuse_says_so(house: House) -> None:
    tiny = b.model("p/tiny", context_tokens_max=100, output_tokens_max=50)
    house.shown.catalog = b.catalog(b.model("p/cheap"), tiny)
    told = await _estimated(house, await house.user_key(), prompt="word " * 1_000)
    rows = {row["model"]: row for row in told["data"]}
    assert rows["p/tiny"]["refusal"]["code"] == "context_length_exceeded"
    assert (rows["p/tiny"]["credits"], rows["p/tiny"]["affordable"]) == (None, False)
    assert (rows["p/cheap"]["refusal"], rows["p/cheap"]["affordable"]) == (None, True)


async def test_credits_that_are_gone_are_foreseen(house: House) -> None:
    poor = b.plan("basic", models=("p/cheap",), allowances=(Allowance("month", 1),))
    house.shown.catalog = b.catalog(b.model("p/cheap"), poor)
    told = await _estimated(house, await house.user_key())
    assert told["refusal"]["code"] == "insufficient_credits"
    assert [row["affordable"] for row in told["data"]] == [False]


async def test_the_refusal_of_what_was_named_is_data_here(house: House) -> None:
    told = await _estimated(house, await house.user_key(), model="p/strong", prompt="Hi.")
    assert (told["refusal"]["code"], told["model"], told["data"]) == ("model_not_in_plan", None, [])


async def test_it_calls_no_model_costs_nothing_and_leaves_a_record_and_no_usage(house: House) -> None:
    key = await house.user_key()
    told = await _estimated(house, key)
    call = (await house.get(f"/api/calls/{told['call']}", key)).json()
    assert (house.upstream.requests, call["kind"], call["credits"]) == ([], "precheck", "0")
    assert (await house.get("/api/usage", key)).json()["total"]["calls"] == 0


async def test_it_shows_no_raw_cost_and_no_multiplier(house: House) -> None:
    key = await house.user_key()
    await house.chat(key)
    text = (await house.post("/api/ai/estimate", key, {"prompt": "Hi."})).text.lower()
    assert [word for word in ("raw", "nano", "usd", "multiplier", "ppm", "1.37") if word in text] == []


async def test_a_body_that_is_wrong_in_itself_is_an_error(house: House) -> None:
    key = await house.user_key()
    for body in ({}, {"prompt": 7}, {"prompt": "a", "temperature": "hot"}):
        assert code_of(await house.post("/api/ai/estimate", key, body)) == (400, "invalid_request"), body
