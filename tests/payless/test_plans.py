"""Plans changed back and forth, exceptions that end, stops in the middle of a stream: nothing is granted twice or outlives
its end."""

import asyncio
import json
from dataclasses import replace
from typing import Any, Final

import pytest

from proxy.api import auth
from proxy.domain.plan import Allowance, Entitlement, Override
from proxy.domain.standing import Cap
from tests.api.house import BY_TEST, House, Script, bearing, code_of
from tests.api.wire import connected, serving
from tests.payless.till import (
    FIXED_MILLI,
    FIXED_TOKENS,
    GRANT_MILLI,
    LEAD,
    OUTPUT,
    asking,
    billing,
    booked_milli,
    called,
    calls_of,
    charged,
    ending,
    fixed,
    head,
    hear,
    post,
    spent_milli,
    word,
)

STREAM: Final = asking(stream=True)


async def moved(house: House, plan_id: str, *overrides: Override, user_id: str = "u1") -> None:
    """Puts the user on other terms, as an admin would."""
    now = await house.parts.directory.entitlement(user_id)
    assert now is not None
    changed = replace(now, plan_id=plan_id, overrides=overrides)
    await house.parts.directory.put_entitlement(changed, now.version, BY_TEST)


def grants(house: House, milli: int) -> None:
    """`basic` includes so much a month, `pro` the double."""
    catalog = house.shown.catalog
    plans = {
        plan_id: replace(catalog.plans[plan_id], allowances=(Allowance("month", times * milli),))
        for plan_id, times in (("basic", 1), ("pro", 2))
    }
    house.shown.catalog = replace(catalog, plans=plans)


async def test_a_plan_changed_back_and_forth_grants_once_in_a_month(house: House) -> None:
    key = await house.user_key()
    grants(house, 4 * FIXED_MILLI)
    statuses = []
    for plan_id in ("basic", "pro") * 5:
        await moved(house, plan_id)
        house.upstream.scripts = [fixed()]
        statuses.append((await post(house, key, asking("p/whole", max_tokens=FIXED_TOKENS))).status_code)
    # Four of the small plan, then only what the larger one has beyond them.
    assert statuses == [200, 200, 200, 200, 402, 200, 402, 200, 402, 200]
    assert await spent_milli(house, key) == 7 * FIXED_MILLI
    await moved(house, "basic")
    assert code_of(await post(house, key, asking())) == (402, "insufficient_credits")


async def test_a_plan_changed_in_the_middle_of_a_call_changes_no_price_of_it(house: House) -> None:
    key, gate = await house.user_key(), asyncio.Event()
    usage = {"prompt_tokens": 10, "completion_tokens": 2}
    house.upstream.scripts = [Script([word("w"), word("w") + ending("stop", **usage)], gate=gate)]
    async with serving(house.front) as port, connected(port) as line:
        await line.send(called(key, STREAM, "Connection: close"))
        await hear(line, 1)
        await moved(house, "basic", Override("o", "a gift", multiplier_ppm=1))
        gate.set()
        await line.rest()
    assert (await charged(house, key)).credits_milli == 10 + 2 * OUTPUT


# --- stops in the middle of a stream ------------------------------------------------------------------------------------


async def _suspend_user(house: House) -> None:
    user = await house.parts.directory.user("u1")
    assert user is not None
    await house.parts.directory.put_user(replace(user, suspended=True), user.version, BY_TEST)


async def _lower_cap(house: House, limit_milli: int = 2 * LEAD * OUTPUT) -> None:
    user = await house.parts.directory.user("u1")
    assert user is not None
    await house.parts.directory.put_user(replace(user, caps=(Cap("user:u1", "day", limit_milli),)), user.version, BY_TEST)


async def _end_override(house: House) -> None:
    """The month was larger until now; without that it has three leads."""
    ended = Override("o", "a gift", until_ms=house.parts.clock.now_ms(), extra_milli_credits={"month": GRANT_MILLI})
    await moved(house, "basic", ended)


@pytest.mark.parametrize("stop", [_suspend_user, _lower_cap, _end_override])
async def test_a_stream_gets_no_further_lead_once_it_may_not_go_on(house: House, stop: Any) -> None:
    key, gate = await house.user_key(), asyncio.Event()
    grants(house, 3 * LEAD * OUTPUT)
    await _lower_cap(house, GRANT_MILLI)
    await moved(house, "basic", Override("o", "a gift", extra_milli_credits={"month": GRANT_MILLI}))
    burst = b"".join(word("w") for _ in range(3 * LEAD))
    house.upstream.scripts = [Script([word("w"), burst], hangs=True, gate=gate)]
    async with serving(house.front) as port, connected(port) as line:
        await line.send(called(key, STREAM, "Connection: close"))
        await hear(line, 1)
        await stop(house)
        gate.set()
        said = await line.rest()
    assert b'"finish_reason":"length"' in said
    assert 2 * LEAD <= said.count(b'"content":"w"') < 3 * LEAD
    (call,) = await calls_of(house)
    assert (call.status, await booked_milli(house, call.id)) == ("cut", call.credits_milli)
    assert 2 * LEAD * OUTPUT < call.credits_milli < 3 * LEAD * OUTPUT
    # Whatever had arrived was billed: what nobody pays of it is the operator's loss, and recorded.
    assert call.absorbed_milli + call.credits_milli >= 3 * LEAD * OUTPUT
    assert call.absorbed_milli > 0


async def test_an_exception_that_ends_while_the_body_is_on_the_way_is_over(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "RELIED_ON_NS", 1)
    key = await house.user_key()
    ends_ms = house.parts.clock.now_ms() + 150
    await moved(house, "basic", Override("o", "a gift", until_ms=ends_ms, multiplier_ppm=1))
    house.upstream.scripts = [billing(10, 5)]
    data = json.dumps(asking()).encode()
    async with serving(house.front) as port, connected(port) as line:
        await line.send(head(key, len(data), "Connection: close") + data[:3])
        await asyncio.sleep(0.2)
        await line.send(data[3:])
        assert b" 200 " in (await line.rest())[:20]
    assert (await charged(house, key)).credits_milli == 10 + 5 * OUTPUT


async def test_a_user_may_not_give_itself_a_plan(house: House) -> None:
    key = await house.user_key()
    for path in ("/api/admin/users/u1/entitlement", "/api/app/users/u1/plan"):
        answer = await house.client.put(path, json={"plan_id": "pro", "reason": "x"}, headers=bearing(key))
        assert code_of(answer) == (403, "forbidden")
    asked = {"subject": "plan", "target": "pro", "words": "please"}
    assert (await house.post("/api/plan-requests", key, asked)).status_code == 201
    row = await house.parts.directory.entitlement("u1")
    assert row == Entitlement("ent_u1", "u1", "basic")
