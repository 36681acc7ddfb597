"""Answers with nothing in them, and bills for failed ones: free for who is unlucky, not for who makes a habit of it, and never
dearer than the input."""

import asyncio
from dataclasses import replace
from typing import Any, Final

import pytest

from proxy.domain.call import Call
from proxy.domain.desk import CallFilter
from proxy.domain.errors import Fault
from proxy.domain.standing import Cap
from proxy.stages.unpaid import WHY_CHARGED
from tests.api.house import House, Script, code_of
from tests.payless.till import OUTPUT, asking, billing, booked_milli, calls_of, event, eventually, post, spent_milli

FREE: Final = 10
INPUT: Final = 15
# No prompt of "Hi." can be more tokens than its bytes and what is wrapped around them.
INPUT_MAX: Final = 19
BILLED: Final = INPUT + 3 * OUTPUT


def empty(prompt: int = INPUT, completion: int = 3, **changes: Any) -> Script:
    """An answer with nothing in it and a bill."""
    return replace(billing(prompt, completion, text=""), **changes)


def strict(house: House, free: int = 0, **plan: Any) -> None:
    """A house where so many such calls are free."""
    shown = house.shown.catalog
    plans = {id: replace(one, **plan) for id, one in shown.plans.items()}
    house.shown.catalog = replace(shown, policy=replace(shown.policy, free_calls_hourly_max=free), plans=plans)


async def in_vain(house: House, key: str, *scripts: Script, model: str = "p/whole", **headers: str) -> Any:
    """One call that these answers come to."""
    house.upstream.scripts = list(scripts)
    return await post(house, key, asking(model), **headers)


async def newest(house: House) -> Call:
    """The newest call, whose entries say what its row does."""
    (call, *_) = await calls_of(house)
    assert await booked_milli(house, call.id) == call.credits_milli
    return call


async def test_empty_answers_are_free_up_to_the_hours_number_and_pay_their_input_beyond(house: House) -> None:
    key = await house.user_key()
    for _ in range(FREE):
        answer = await in_vain(house, key, empty())
        assert code_of(answer) == (502, "upstream_error")
        assert WHY_CHARGED not in answer.text
    assert await spent_milli(house, key) == 0
    for number in range(1, 4):
        assert code_of(await in_vain(house, key, empty())) == (502, "upstream_error")
        assert await spent_milli(house, key) == number * INPUT
    calls = await calls_of(house)
    assert [(call.credits_milli, call.absorbed_milli) for call in calls] == [(INPUT, BILLED - INPUT)] * 3 + [(0, BILLED)] * FREE
    assert {call.raw_nano_usd for call in calls} == {BILLED * 1_000}


async def test_who_paid_the_input_is_told_at_once_and_ever_after(house: House) -> None:
    strict(house)
    key = await house.user_key()
    answer = await in_vain(house, key, empty())
    error = answer.json()["error"]
    assert error["message"].endswith(WHY_CHARGED)
    assert (error["credits_charged"], answer.headers["x-should-retry"]) == ("0.015", "false")
    told = (await house.get(f"/api/calls/{answer.headers['x-signalbox-call']}", key)).json()
    assert (told["reason"], told["why_charged"], told["credits"]) == ("input_charged", WHY_CHARGED, "0.015")
    assert (told["tokens"]["input"], told["tokens"]["output"]) == (INPUT, 0)


async def test_of_two_hundred_empty_answers_at_once_no_more_are_free(house: House) -> None:
    strict(house, FREE, concurrency_max=500)
    key, gate = await house.user_key(), asyncio.Event()
    (body,) = empty().pieces
    house.upstream.scripts = [Script([b" ", body], gate=gate) for _ in range(200)]
    asked = [asyncio.ensure_future(post(house, key, asking("p/whole", max_tokens=10))) for _ in range(200)]

    async def all_run() -> bool:
        return len(house.upstream.requests) == 200

    await eventually(all_run)
    gate.set()
    await asyncio.gather(*asked)
    await calls_of(house)
    calls = (await house.parts.register.calls(CallFilter(user_id="u1", limit=300))).calls
    assert sorted(call.credits_milli for call in calls) == [0] * FREE + [INPUT] * (200 - FREE)
    assert await spent_milli(house, key) == (200 - FREE) * INPUT


@pytest.mark.parametrize(
    "script",
    [
        Script(fault=Fault("connect")),
        Script([b'{"error": {"message": "down"}}'], status=500),
        Script([b"<html>busy</html>"], status=503),
        Script([b"<html>no</html>"]),
        Script(fault=Fault("first_byte_timeout")),
    ],
    ids=["unreachable", "failing", "busy", "garbled", "mute"],
)
async def test_an_outage_costs_nothing_however_often(house: House, script: Script) -> None:
    strict(house)
    key = await house.user_key()
    for _ in range(5):
        assert (await in_vain(house, key, script, script)).status_code >= 500
    assert await spent_milli(house, key) == 0
    assert {call.absorbed_milli for call in await calls_of(house)} == {0}


async def test_a_bill_that_comes_before_the_break_pays_as_an_empty_answer_does(house: House) -> None:
    strict(house, 1)
    key = await house.user_key()
    for spent in (0, INPUT):
        house.upstream.scripts = [Script([event([], usage={"prompt_tokens": INPUT, "completion_tokens": 3})])]
        assert (await post(house, key, asking("p/steps", stream=True))).status_code == 502
        assert await spent_milli(house, key) == spent


async def test_who_asks_for_nothing_again_and_again_shuts_no_model_for_others(house: House) -> None:
    key, other = await house.user_key(), await house.user_key("u2")
    for _ in range(30):
        assert code_of(await in_vain(house, key, empty())) == (502, "upstream_error")
    assert (await in_vain(house, other, billing(10, 5))).status_code == 200
    for number in range(3, 8):
        await in_vain(house, await house.user_key(f"u{number}"), empty())
    house.upstream.scripts = []
    assert code_of(await post(house, other, asking("p/whole"))) == (503, "no_model_available")


async def test_a_provider_that_overstates_the_input_of_nothing_drains_nobody(house: House) -> None:
    strict(house)
    key = await house.user_key()
    await in_vain(house, key, empty(prompt=1_000_000, completion=1_000_000))
    call = await newest(house)
    assert call.credits_milli == INPUT_MAX
    assert call.absorbed_milli == 1_000_000 * (1 + OUTPUT) - INPUT_MAX


async def test_a_chain_of_empty_answers_pays_one_input(house: House) -> None:
    strict(house)
    key = await house.user_key()
    house.upstream.scripts = [empty(), empty(prompt=40)]
    body = {"models": ["p/whole", "q/open"], "messages": [{"role": "user", "content": "Hi."}]}
    assert code_of(await post(house, key, body)) == (502, "upstream_error")
    call = await newest(house)
    assert [attempt.charged for attempt in call.attempts] == [False, False]
    assert (call.credits_milli, call.absorbed_milli) == (INPUT, BILLED - INPUT + 40 + 3 * OUTPUT)


async def test_an_empty_answer_before_a_good_one_is_free_and_never_counts(house: House) -> None:
    strict(house, 1)
    key = await house.user_key()
    body = {"models": ["p/whole", "q/open"], "messages": [{"role": "user", "content": "Hi."}]}
    for number in range(1, 4):
        house.upstream.scripts = [empty(), billing(10, 5)]
        assert (await post(house, key, body)).status_code == 200
        assert await spent_milli(house, key) == number * (10 + 5 * OUTPUT)
    assert (await newest(house)).absorbed_milli == BILLED
    await in_vain(house, key, empty())
    assert (await newest(house)).credits_milli == 0


async def test_a_charged_failure_is_not_made_again_under_its_idempotency_key(house: House) -> None:
    strict(house)
    key, once = await house.user_key(), {"idempotency-key": "once"}
    assert code_of(await in_vain(house, key, empty(), **once)) == (502, "upstream_error")
    assert code_of(await in_vain(house, key, empty(), **once)) == (409, "answer_gone")
    assert await spent_milli(house, key) == INPUT


async def test_other_keys_of_the_same_user_share_the_hours_number(house: House) -> None:
    strict(house, 2)
    keys = [await house.user_key(manage_keys=True) for _ in range(2)]
    for key in keys:
        await in_vain(house, key, empty())
    assert await spent_milli(house, keys[0]) == 0
    await in_vain(house, keys[1], empty())
    assert await spent_milli(house, keys[0]) == INPUT


async def test_the_operators_ceiling_counts_what_nobody_pays(house: House) -> None:
    limit = 3 * BILLED * 1_000 + 400_000
    house.shown.catalog = replace(house.shown.catalog, ceilings=(Cap("installation", "day", limit, "nano_usd"),))
    key = await house.user_key()
    answers = [await post_with_bound(house, key) for _ in range(8)]
    assert answers[0] == (502, "upstream_error")
    assert answers[-1] == (503, "no_model_available")
    assert await spent_milli(house, key) == 0


async def post_with_bound(house: House, key: str) -> tuple[int, str]:
    """A call whose hold is small against the ceiling, answered with nothing."""
    house.upstream.scripts = [empty()]
    return code_of(await post(house, key, asking("p/whole", max_tokens=90)))
