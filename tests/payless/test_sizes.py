"""What a provider may bill is held before it is called: wherever a text is hidden, its reader's bill is paid by who sent it."""

from typing import Any, Final

import pytest

from tests.api.house import House, Script
from tests.payless.till import IMAGE, OUTPUT, asking, billing, charged, ending, post, seeing, word

# Far more than all that a call holds beside its prompt.
LONG: Final = "x" * 60_000
DENSE: Final = "\U0001f701" * 15_000
FUNCTION: Final = {"name": "f", "arguments": "{}"}


def said(content: str = "Hi.", **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": content, **more}


def calling(function: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    call = {"id": "c", "type": "function", "function": {**FUNCTION, **function}, **more}
    return [said(), {"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "c", "content": "1"}]


HIDDEN: Final[dict[str, dict[str, Any]]] = {
    "message": {"messages": [said(LONG)]},
    "letters that take a token a byte": {"messages": [said(DENSE)]},
    "system prompt": {"messages": [{"role": "system", "content": LONG}, said()]},
    "name": {"messages": [said(name=LONG)]},
    "unknown field of a message": {"messages": [said(reasoning_content=LONG)]},
    "tool arguments": {"messages": calling({"arguments": LONG})},
    "tool call id": {"messages": calling({}, id=LONG)},
    "unknown field of a tool call": {"messages": calling({}, extra_content={"thought": LONG})},
    "unknown field of a called function": {"messages": calling({"thought": LONG})},
    "tool description": {"tools": [{"type": "function", "function": {"name": "f", "description": LONG}}]},
    "tool schema": {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"title": LONG}}}]},
    "answer schema": {"response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {"title": LONG}}}},
}


@pytest.mark.parametrize("where", HIDDEN)
async def test_a_text_hidden_anywhere_is_held_and_its_bill_is_paid(house: House, where: str) -> None:
    key = await house.user_key()
    house.upstream.scripts = [billing(60_000, 5)]
    answer = await post(house, key, asking("q/open", **HIDDEN[where]))
    assert answer.status_code == 200, answer.text
    call = await charged(house, key)
    assert (call.credits_milli, call.absorbed_milli) == (60_000 + 5 * OUTPUT, 0)


async def test_a_field_that_only_some_providers_know_is_held_where_it_passes(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [billing(60_000, 5)]
    assert (await post(house, key, asking("q/open", documents=[LONG]))).status_code == 200
    assert house.upstream.body()["documents"] == [LONG]
    call = await charged(house, key)
    assert (call.credits_milli, call.absorbed_milli) == (60_000 + 5 * OUTPUT, 0)


async def test_every_answer_of_n_is_held_and_paid(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [billing(10, 3 * 100)]
    assert (await post(house, key, asking("p/whole", n=3, max_tokens=100))).status_code == 200
    assert house.upstream.body()["n"] == 3
    call = await charged(house, key)
    assert (call.credits_milli, call.absorbed_milli) == (10 + 300 * OUTPUT, 0)


async def test_images_are_paid_though_no_provider_counts_them(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [billing(2_000, 5)]
    assert (await post(house, key, seeing(2))).status_code == 200
    call = await charged(house, key)
    assert (call.credits_milli, call.absorbed_milli) == (2_000 + 2 * IMAGE + 5 * OUTPUT, 0)


async def test_an_image_above_its_size_costs_the_caller_all_that_was_held_and_the_operator_hears_of_it(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [billing(50_000, 5)]
    huge = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 100_000, "detail": "high"}}
    body = {"model": "p/eyes", "max_tokens": 10, "messages": [{"role": "user", "content": [huge]}]}
    assert (await post(house, key, body)).status_code == 200
    call = await charged(house, key)
    assert call.credits_milli >= 1_000 + IMAGE + 10 * OUTPUT
    assert call.credits_milli + call.absorbed_milli == 50_000 + IMAGE + 5 * OUTPUT
    assert call.raw_nano_usd == (50_000 + IMAGE + 5 * OUTPUT) * 1_000


async def test_one_token_of_answer_pays_the_thoughts_before_it(house: House) -> None:
    key = await house.user_key()
    thoughts = {"completion_tokens_details": {"reasoning_tokens": 1}}
    house.upstream.scripts = [billing(10, 1, text="", finish_reason="length", **thoughts)]
    assert (await post(house, key, asking("p/muse", max_tokens=1))).status_code == 200
    assert house.upstream.body()["max_tokens"] == 1
    assert (await charged(house, key)).credits_milli == 10 + OUTPUT


async def test_thoughts_beyond_the_bound_are_charged_up_to_the_hold_and_no_call_is_free(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [billing(10, 5_000, text="", finish_reason="length")]
    assert (await post(house, key, asking("p/muse", max_tokens=1))).status_code == 200
    call = await charged(house, key)
    assert call.credits_milli > 10 + OUTPUT
    assert call.credits_milli + call.absorbed_milli == 10 + 5_000 * OUTPUT


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("excuse", [{"stop": " "}, {"stop": ["H", "\n"]}, {"logit_bias": {"50256": 100}}])
async def test_an_answer_that_the_caller_made_empty_is_the_callers(
    house: House, excuse: dict[str, Any], streamed: bool
) -> None:
    key = await house.user_key()
    empty = Script([ending("stop", prompt_tokens=10, completion_tokens=1)]) if streamed else billing(10, 1, text="")
    house.upstream.scripts = [empty]
    assert (await post(house, key, asking(**excuse, stream=streamed))).status_code == 200
    assert len(house.upstream.requests) == 1
    assert (await charged(house, key)).credits_milli == 10 + OUTPUT


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_answer_cut_by_a_blank_pays_what_was_written(house: House, streamed: bool) -> None:
    key = await house.user_key()
    usage = {"prompt_tokens": 10, "completion_tokens": 2}
    cut = Script([word("Well"), ending("stop", **usage)]) if streamed else billing(10, 2, text="Well")
    house.upstream.scripts = [cut]
    assert (await post(house, key, asking(stop=" ", stream=streamed))).status_code == 200
    assert (await charged(house, key)).credits_milli == 10 + 2 * OUTPUT


async def test_an_empty_answer_without_excuse_costs_nothing_but_its_raw_cost_is_on_the_books(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [billing(1_000, 1, text="") for _ in range(8)]
    assert (await post(house, key, asking())).status_code == 502
    call = await charged(house, key)
    assert (call.credits_milli, call.status) == (0, "failed")
    assert call.raw_nano_usd == len(house.upstream.requests) * (1_000 + OUTPUT) * 1_000
