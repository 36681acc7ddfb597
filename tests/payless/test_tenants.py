"""Names of users in bodies and headers, keys of idempotency, apps and their end users: everybody pays for what is theirs."""

import asyncio
import json
from dataclasses import replace
from typing import Any, Final

import pytest

from proxy.domain.standing import Cap
from proxy.store.accounts import end_user_id
from tests.api.house import BY_TEST, House, Script, code_of
from tests.payless.till import (
    FIXED_MILLI,
    FIXED_TOKENS,
    LEAD,
    asking,
    calls_of,
    ending,
    eventually,
    fixed,
    post,
    spent_milli,
    word,
)

FIXED: Final = asking("p/whole", max_tokens=FIXED_TOKENS)
ANN: Final = {"x-signalbox-user": "ann"}
BOB: Final = {"x-signalbox-user": "bob"}


async def paid(house: House, key: str, body: dict[str, Any], **headers: str) -> None:
    house.upstream.scripts = [fixed()]
    answer = await post(house, key, body, **headers)
    assert answer.status_code == 200, answer.text


async def accounts(house: House, *user_ids: str) -> list[int]:
    """What the register says each was charged."""
    found = [await calls_of(house, user_id) for user_id in user_ids]
    return [sum(call.credits_milli for call in calls) for calls in found]


# --- who is named -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["user", "safety_identifier"])
async def test_a_users_key_pays_whomever_body_and_header_name(house: House, name: str) -> None:
    key = await house.user_key("u1")
    await house.user_key("u2")
    await paid(house, key, {**FIXED, name: "u2"}, **{"x-signalbox-user": "u2"})
    assert await accounts(house, "u1", "u2") == [FIXED_MILLI, 0]


async def test_a_body_names_nobody_where_the_app_did_not_turn_that_on(house: House) -> None:
    key = await house.app_key()
    await paid(house, key, {**FIXED, "user": "ann"})
    assert await accounts(house, "a1-own", end_user_id("a1", "ann")) == [FIXED_MILLI, 0]


async def test_a_body_names_the_end_user_who_pays_where_the_app_turned_that_on(house: House) -> None:
    key = await house.app_key(reads_body_user=True)
    await paid(house, key, {**FIXED, "user": "ann"})
    assert await accounts(house, "a1-own", end_user_id("a1", "ann")) == [0, FIXED_MILLI]
    assert await spent_milli(house, key, **ANN) == FIXED_MILLI


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"user": "bob"}, ANN),
        ({"safety_identifier": "bob"}, ANN),
        ({"user": "ann", "safety_identifier": "bob"}, {}),
        ({"user": "ann "}, ANN),
        ({"user": ["ann"]}, {}),
        ({"user": "a\nb"}, {}),
    ],
)
async def test_two_names_that_differ_or_a_name_that_is_none_are_refused(
    house: House, body: dict[str, Any], headers: dict[str, str]
) -> None:
    key = await house.app_key(reads_body_user=True)
    assert code_of(await post(house, key, {**FIXED, **body}, **headers)) == (400, "invalid_request")
    assert house.upstream.requests == []
    assert await house.parts.directory.users("a1", None, 9) == []


async def test_another_apps_user_of_the_same_name_is_somebody_else(house: House) -> None:
    one, two = await house.app_key("a1"), await house.app_key("a2")
    await paid(house, one, FIXED, **ANN)
    assert (await spent_milli(house, one, **ANN), await spent_milli(house, two, **ANN)) == (FIXED_MILLI, 0)


async def test_many_end_users_spend_no_more_than_their_app_may(house: House) -> None:
    key = await house.app_key(caps=(Cap("app:a1", "month", 3 * FIXED_MILLI),))
    answers = []
    for name in ("ann", "bob", "cid", "dot", "eve", "ann"):
        house.upstream.scripts = [fixed()]
        answers.append(await post(house, key, FIXED, **{"x-signalbox-user": name}))
    assert [answer.status_code for answer in answers] == [200, 200, 200, 402, 402, 402]
    assert len(await house.parts.directory.users("a1", None, 9)) == 3


async def test_a_refused_call_enrols_nobody_and_invented_names_share_one_bound(house: House) -> None:
    key = await house.app_key()
    answers = [await post(house, key, asking("no/such"), **{"x-signalbox-user": f"n{number}"}) for number in range(130)]
    assert [answer.status_code for answer in answers] == [404] * 120 + [429] * 10
    assert await house.parts.directory.users("a1", None, 9) == []


@pytest.mark.parametrize("path", ["/api/ai/precheck", "/api/ai/estimate"])
async def test_invented_names_share_one_bound_on_what_is_asked_for_free(house: House, path: str) -> None:
    key = await house.app_key()
    assert (await post(house, key, asking(), **{"x-signalbox-user": "known"})).status_code == 200
    asked = [await house.post(path, key, {"prompt": "Hi."}, **{"x-signalbox-user": f"name-{n}"}) for n in range(125)]
    assert [answer.status_code for answer in asked] == [200] * 120 + [429] * 5
    assert int(asked[-1].headers["retry-after"]) > 0
    assert (await post(house, key, asking(), **{"x-signalbox-user": "new"})).status_code == 200

    async def known_is_told() -> bool:
        return (await house.post(path, key, {"prompt": "Hi."}, **{"x-signalbox-user": "known"})).status_code == 200

    await eventually(known_is_told)


async def test_an_end_user_over_the_days_number_is_refused_and_costs_nothing(house: House) -> None:
    key = await house.app_key(enrols_daily_max=1)
    await paid(house, key, FIXED, **ANN)
    assert code_of(await post(house, key, FIXED, **BOB)) == (429, "rate_limit_exceeded")
    assert await accounts(house, end_user_id("a1", "ann"), end_user_id("a1", "bob")) == [FIXED_MILLI, 0]
    assert len(house.upstream.requests) == 1


async def test_an_end_user_who_is_suspended_in_the_middle_of_a_stream_gets_no_further_lead(house: House) -> None:
    key, gate = await house.app_key(), asyncio.Event()
    await paid(house, key, FIXED, **ANN)
    ann_id = end_user_id("a1", "ann")
    burst = b"".join(word("w") for _ in range(3 * LEAD))
    house.upstream.scripts = [Script([word("w"), burst, ending()], gate=gate)]
    running = asyncio.create_task(post(house, key, asking(stream=True), **ANN))
    while len(house.upstream.requests) < 2:
        house.upstream.asked.clear()
        await house.upstream.asked.wait()
    ann = await house.parts.directory.user(ann_id)
    assert ann is not None
    await house.parts.directory.put_user(replace(ann, suspended=True), ann.version, BY_TEST)
    gate.set()
    said = (await running).text
    assert said.count('"content":"w"') == 2 * LEAD + 1
    assert [call.status for call in await calls_of(house, ann_id)] == ["cut", "served"]


# --- idempotency keys ---------------------------------------------------------------------------------------------------


async def test_another_tenants_idempotency_key_gives_no_answer_and_no_discount(house: House) -> None:
    app = await house.app_key(reads_body_user=True)
    one, two = await house.user_key("u1"), await house.user_key("u2")
    named = {"idempotency-key": "k"}
    await paid(house, one, FIXED, **named)
    await paid(house, two, FIXED, **named)
    await paid(house, app, FIXED, **named)
    await paid(house, app, FIXED, **named, **ANN)
    await paid(house, app, {**FIXED, "user": "bob"}, **named)
    ids = ("u1", "u2", "a1-own", end_user_id("a1", "ann"), end_user_id("a1", "bob"))
    assert await accounts(house, *ids) == [FIXED_MILLI] * len(ids)
    assert len(house.upstream.requests) == len(ids)


async def test_the_same_key_with_another_body_or_under_another_path_is_no_free_answer(house: House) -> None:
    key = await house.user_key()
    named = {"idempotency-key": "k"}
    await paid(house, key, FIXED, **named)
    for other in (asking("p/whole", max_tokens=FIXED_TOKENS, seed=1), {**FIXED, "stream": True}):
        assert code_of(await post(house, key, other, **named)) == (422, "idempotency_mismatch")
    spaced = json.dumps(FIXED, indent=1).encode()
    assert code_of(await post(house, key, spaced, **named)) == (422, "idempotency_mismatch")
    await house.post("/api/ai/chat", key, {"message": "Hi.", "model": "p/whole"}, **named)
    assert len(house.upstream.requests) == 2
    assert len(await calls_of(house)) >= 2


async def test_of_many_requests_under_one_key_at_once_one_is_made_and_charged(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [fixed() for _ in range(16)]
    answers = await asyncio.gather(*(post(house, key, FIXED, **{"idempotency-key": "k"}) for _ in range(16)))
    assert {code_of(answer) for answer in answers if answer.status_code != 200} <= {(409, "in_progress")}
    assert len(house.upstream.requests) == 1
    assert await spent_milli(house, key) == FIXED_MILLI
    assert (await post(house, key, FIXED, **{"idempotency-key": "k"})).status_code == 200
    assert await spent_milli(house, key) == FIXED_MILLI


async def test_another_tenant_is_never_called_or_charged_by_what_anybody_sends(house: House) -> None:
    key, victim = await house.user_key("u1"), await house.user_key("u2")
    await paid(house, victim, FIXED)
    (theirs,) = await calls_of(house, "u2")
    house.upstream.requests.clear()
    for body in (
        {**FIXED, "signalbox": {"confirm": theirs.id}},
        {**FIXED, "metadata": {"user_id": "u2"}, "signalbox": {"metadata": {"user": "u2"}}},
        {**FIXED, "user": "u2", "prompt_cache_key": "u2"},
    ):
        await paid(house, key, body, **{"openai-organization": "u2", "x-forwarded-user": "u2"})
    assert await accounts(house, "u1", "u2") == [3 * FIXED_MILLI, FIXED_MILLI]
