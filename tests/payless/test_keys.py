"""Keys made from keys, renewed, stopped, or held in waiting: none spends more than its lineage may, none outlives its stop."""

import asyncio
import json
from typing import Any, Final

import pytest

from proxy.api import admission, auth
from tests.api.house import BY_TEST, House, Script, code_of
from tests.api.wire import connected, serving
from tests.payless.till import (
    FIXED_MILLI,
    FIXED_TOKENS,
    LEAD,
    OUTPUT,
    asking,
    called,
    charged,
    fixed,
    head,
    hear,
    is_free,
    post,
    spent_milli,
    word,
)

# All that a capped key may spend.
CALLS: Final = 3


async def made(house: House, key: str, path: str = "/api/keys", **body: Any) -> str:
    answer = await house.post(path, key, body or {"name": "a child", "manage_keys": True})
    assert answer.status_code == 201, answer.text
    text: str = answer.json()["key"]
    return text


async def capped(house: House) -> str:
    """A key that may make keys, and spend what three calls cost."""
    root = await house.user_key(manage_keys=True)
    cap = {"window": "month", "credits": str(CALLS * FIXED_MILLI / 1_000)}
    return await made(house, root, name="capped", manage_keys=True, caps=[cap])


def key_id(key: str) -> str:
    return key.split("_")[2]


async def served(house: House, *keys: str) -> int:
    """How many of these calls were answered; the others must have met the cap."""
    house.upstream.scripts = [fixed() for _ in keys]
    answers = [await post(house, key, asking("p/whole", max_tokens=FIXED_TOKENS)) for key in keys]
    refused = {code_of(answer) for answer in answers if answer.status_code != 200}
    assert refused <= {(402, "budget_cap_reached")}
    return sum(answer.status_code == 200 for answer in answers)


async def test_keys_minted_from_a_capped_key_spend_its_cap_and_no_more(house: House) -> None:
    key = await capped(house)
    child = await made(house, key)
    grandchildren = [await made(house, child) for _ in range(3)]
    assert await served(house, key, child, *grandchildren, *grandchildren, child, key) == CALLS
    assert await spent_milli(house, key) == CALLS * FIXED_MILLI


async def test_a_renewed_key_goes_on_where_the_old_one_stood(house: House) -> None:
    key = await capped(house)
    assert await served(house, key, key) == 2
    renewed = await made(house, key, f"/api/keys/{key_id(key)}/rotate", grace_minutes=60)
    again = await made(house, renewed, f"/api/keys/{key_id(renewed)}/rotate", grace_minutes=60)
    assert await served(house, again, renewed, key, await made(house, again)) == 1
    assert await spent_milli(house, again) == CALLS * FIXED_MILLI


async def test_keys_minted_from_a_key_with_a_rate_call_no_faster_together(house: House) -> None:
    root = await house.user_key(manage_keys=True)
    slow = await made(house, root, name="slow", manage_keys=True, rate={"requests": 8, "period_s": 3_600})
    child = await made(house, slow)
    slower = await made(house, slow, name="slower", rate={"requests": 1, "period_s": 3_600})
    renewed = await made(house, child, f"/api/keys/{key_id(child)}/rotate", grace_minutes=60)
    # Making keys is asking too: of eight, `slow` used two and `child` one.
    answers = [(await post(house, key, asking())).status_code for key in (slower, slower, child, renewed, slow, slow, renewed)]
    assert answers == [200, 429, 200, 200, 200, 200, 429]


async def test_a_wider_cap_on_a_child_widens_nothing(house: House) -> None:
    key = await capped(house)
    wide = {"name": "x", "caps": [{"window": "month", "credits": "1000"}]}
    assert code_of(await house.post("/api/keys", key, wide)) == (403, "forbidden")
    other_window = await made(house, key, name="x", caps=[{"window": "day", "credits": "1000"}])
    assert await served(house, *[other_window] * 5) == CALLS


@pytest.mark.parametrize("stop", ["revoke", "suspend"])
async def test_who_is_stopped_is_stopped_with_all_keys_minted_before(house: House, stop: str) -> None:
    key = await house.user_key(manage_keys=True)
    child = await made(house, await made(house, key))
    await _stop(house, key, stop)
    for one in (key, child):
        assert (await post(house, one, asking())).status_code == {"revoke": 401, "suspend": 403}[stop]
    assert house.upstream.requests == []


# --- headers sent early, the body late --------------------------------------------------------------------------------


@pytest.mark.parametrize("stop", ["revoke", "suspend"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/ai/chat", "/api/keys"])
async def test_a_key_that_is_stopped_while_its_body_is_on_the_way_does_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch, path: str, stop: str
) -> None:
    for room in (auth, admission):
        monkeypatch.setattr(room, "RELIED_ON_NS", 1)
    key = await house.user_key(manage_keys=True)
    bodies = {"/api/ai/chat": {"message": "Hi."}, "/api/keys": {"name": "an heir"}}
    data = json.dumps(bodies.get(path, asking())).encode()
    async with serving(house.front) as port, connected(port) as line:
        opening = head(key, len(data), "Connection: close").replace(b"/v1/chat/completions", path.encode())
        await line.send(opening + data[:3])
        await asyncio.sleep(0.05)
        await _stop(house, key, stop)
        await line.send(data[3:])
        answer = await line.rest()
    assert answer.split(b" ")[1] == {"revoke": b"401", "suspend": b"403"}[stop]
    assert house.upstream.requests == []
    assert len(await house.parts.directory.keys("u1", None)) == 1


@pytest.mark.parametrize("stop", ["revoke", "suspend"])
async def test_a_key_that_is_stopped_in_the_middle_of_a_stream_gets_no_further_lead(house: House, stop: str) -> None:
    key, other = await house.user_key(), await house.user_key()
    gate, burst = asyncio.Event(), b"".join(word("w") for _ in range(3 * LEAD))
    house.upstream.scripts = [Script([word("w"), burst], hangs=True, gate=gate)]
    async with serving(house.front) as port, connected(port) as line:
        await line.send(called(key, asking(stream=True), "Connection: close"))
        await hear(line, 1)
        await _stop(house, key, stop)
        gate.set()
        assert b'"finish_reason":"length"' in await line.rest()
    call = await charged(house, other)
    assert (call.status, call.absorbed_milli > 0) == ("cut", True)
    assert call.credits_milli >= 2 * LEAD * OUTPUT


async def test_a_key_of_another_kind_or_owner_is_not_minted(house: House) -> None:
    key = await house.user_key(manage_keys=True)
    for name, wish in (("kind", "admin"), ("user_id", "u2"), ("app_id", "a1"), ("lineage", [])):
        answer = await house.post("/api/keys", key, {"name": "x", name: wish})
        assert code_of(answer) == (400, "invalid_request")
    assert await is_free(house, key)


async def _stop(house: House, key: str, stop: str) -> None:
    directory = house.parts.directory
    if stop == "revoke":
        await directory.revoke_key(key_id(key), BY_TEST)
    else:
        await directory.suspend_key(key_id(key), True, BY_TEST)
