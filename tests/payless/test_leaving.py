"""Leaving, half leaving, not reading, lying about lengths: whoever was served pays, whoever was not holds nothing."""

import asyncio
import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from proxy.api.reply import ReplyLimits
from proxy.domain.standing import Cap
from tests.api.house import BY_TEST, House, Script, bearing, code_of
from tests.api.wire import connected, serving
from tests.payless.till import (
    CHAT,
    IMAGE,
    LEAD,
    OUTPUT,
    asking,
    called,
    calls_of,
    charged,
    ending,
    eventually,
    head,
    hear,
    held_milli,
    is_free,
    open_till,
    seeing,
    spent_milli,
    word,
)

WORDS: Final = 6
# One letter each: as bytes go, a quarter of a token.
STREAM: Final = tuple(word("w") for _ in range(WORDS))
PROMPT_TOKENS: Final = 1


async def left(house: House, key: str, body: dict[str, Any], heard: int) -> None:
    """Makes a call and leaves after so many words of its answer."""
    async with serving(house.front) as port:
        async with connected(port) as line:
            await line.send(called(key, body))
            await house.upstream.asked.wait()
            await hear(line, heard)
        await calls_of(house)


async def capped(house: House, limit_milli: int) -> None:
    user = await house.parts.directory.user("u1")
    assert user is not None
    await house.parts.directory.put_user(replace(user, caps=(Cap("user:u1", "day", limit_milli),)), 1, BY_TEST)


@pytest.mark.parametrize("heard", range(WORDS + 1))
async def test_leaving_at_each_token_pays_the_prompt_and_every_token_so_far(house: House, heard: int) -> None:
    key = await house.user_key()
    house.upstream.scripts = [Script(STREAM[:heard], hangs=True)]
    await left(house, key, asking(stream=True), heard)
    call = await charged(house, key)
    assert (call.status, call.credits_milli) == ("left", PROMPT_TOKENS + heard * OUTPUT)


async def test_leaving_before_the_bill_arrives_is_not_cheaper_than_staying(house: House) -> None:
    key = await house.user_key()
    told = ending("stop", prompt_tokens=PROMPT_TOKENS, completion_tokens=WORDS)
    house.upstream.scripts = [Script([*STREAM, told]), Script(STREAM, hangs=True)]
    async with serving(house.front) as port:
        async with connected(port) as line:
            await line.send(called(key, asking(stream=True), "Connection: close"))
            await line.rest()
        stayed = await charged(house, key)
    await left(house, key, asking(stream=True), WORDS)
    assert (await charged(house, key)).credits_milli >= stayed.credits_milli > 0


async def test_leaving_a_whole_answer_pays_its_prompt(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [Script(hangs=True)]
    await left(house, key, asking(), 0)
    call = await charged(house, key)
    assert (call.status, call.credits_milli) == ("left", PROMPT_TOKENS)


async def test_leaving_pays_the_images_it_showed(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [Script(STREAM[:1], hangs=True)]
    await left(house, key, seeing(3, stream=True), 1)
    assert (await charged(house, key)).credits_milli == 3 * (1_000 + IMAGE) + OUTPUT


async def test_leaving_pays_the_assistants_prompt(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [Script(STREAM[:1], hangs=True)]
    await left(house, key, asking("wordy", stream=True), 1)
    assert (await charged(house, key)).credits_milli == 1_000 + PROMPT_TOKENS + OUTPUT


async def test_closing_one_half_of_the_connection_is_leaving(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [Script(STREAM[:2], hangs=True)]
    async with serving(house.front) as port, connected(port) as line:
        await line.send(called(key, asking(stream=True)))
        await hear(line, 2)
        line.writer.write_eof()
        await calls_of(house)
    call = await charged(house, key)
    assert (call.status, call.credits_milli) == ("left", PROMPT_TOKENS + 2 * OUTPUT)


async def test_not_reading_is_leaving_in_the_end_and_pays_what_was_written(tmp_path: Path) -> None:
    impatient = ReplyLimits(comment_every_ms=50, stall_ms=200)
    async with open_till(tmp_path, reply=impatient) as house, serving(house.front) as port, connected(port) as line:
        key = await house.user_key()
        house.upstream.scripts = [Script([word("w" * 60_000)] * 200, hangs=True)]
        line.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        await line.send(called(key, asking(stream=True)))
        await eventually(lambda: _has_settled(house))
        call = await charged(house, key)
        assert (call.status, call.credits_milli > LEAD * OUTPUT) == ("left", True)
        assert len(house.upstream.requests) == 1


async def _has_settled(house: House) -> bool:
    return bool(house.upstream.requests) and bool(await calls_of(house))


async def test_leaving_while_waiting_for_credits_calls_and_costs_nothing(house: House) -> None:
    key = await house.user_key()
    await capped(house, 4_000)
    house.upstream.scripts = [Script(STREAM[:1], hangs=True)]
    async with serving(house.front) as port:
        async with connected(port) as first:
            await first.send(called(key, asking(stream=True)))
            await hear(first, 1)
            async with connected(port) as second:
                await second.send(called(key, asking(stream=True)))
                await eventually(lambda: _waits(house, 1))
            await eventually(lambda: _waits(house, 0))
        newest, oldest = sorted(await calls_of(house), key=lambda call: call.credits_milli)
    assert len(house.upstream.requests) == 1
    assert (newest.status, newest.credits_milli, oldest.credits_milli) == ("left", 0, PROMPT_TOKENS + OUTPUT)


async def _waits(house: House, callers: int) -> bool:
    return len(house.parts.pipeline.traffic.waiting) == callers


async def test_what_gathers_behind_a_reader_who_stands_still_is_covered_before_it_is_passed_on(house: House) -> None:
    """Credit for six leads, two of them held by another stream: of the four that are left less than one stays unspent."""
    key = await house.user_key()
    await capped(house, 20 + 6 * LEAD * OUTPUT)
    gathered = b"".join(word("w") for _ in range(6 * LEAD - 20))
    house.upstream.scripts = [Script(STREAM[:1], hangs=True), Script([gathered, ending()])]
    async with serving(house.front) as port:
        async with connected(port) as other:
            await other.send(called(key, asking(stream=True)))
            await hear(other, 1)
            answer = await house.client.post(CHAT, json=asking(stream=True), headers=bearing(key))
        calls = {call.status: call for call in await calls_of(house)}
    assert 3 * LEAD < answer.text.count('"content":"w"') <= 4 * LEAD
    assert '"finish_reason":"length"' in answer.text
    assert calls["cut"].credits_milli > 2 * LEAD * OUTPUT
    # Whatever had arrived was billed, though no more is told than is paid for.
    assert calls["cut"].absorbed_milli > 0


async def test_leaving_under_a_key_and_coming_again_is_charged_once_and_gets_no_second_answer(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [Script(STREAM[:2], hangs=True)]
    async with serving(house.front) as port:
        async with connected(port) as line:
            await line.send(called(key, asking(stream=True), "Idempotency-Key: k"))
            await hear(line, 2)
        await calls_of(house)
        data = json.dumps(asking(stream=True)).encode()
        headers = {**bearing(key), "idempotency-key": "k", "content-type": "application/json"}
        again = await house.client.post(CHAT, content=data, headers=headers)
    assert code_of(again) == (409, "answer_gone")
    assert len(house.upstream.requests) == 1
    assert await spent_milli(house, key) == PROMPT_TOKENS + 2 * OUTPUT


# --- lies about the request ---------------------------------------------------------------------------------------------


async def test_of_calls_sent_in_one_breath_each_is_charged(house: House) -> None:
    key = await house.user_key()
    async with serving(house.front) as port, connected(port) as line:
        await line.send(called(key, asking()) + called(key, asking(), "Connection: close"))
        await line.rest()
        calls = await calls_of(house)
    assert [call.status for call in calls] == ["served", "served"]
    assert len(house.upstream.requests) == 2
    assert await spent_milli(house, key) == 2 * calls[0].credits_milli > 0


async def test_a_body_that_breaks_off_is_no_call(house: House) -> None:
    key = await house.user_key()
    async with serving(house.front) as port:
        async with connected(port) as line:
            await line.send(called(key, asking())[:-5])
        await asyncio.sleep(0.05)
    assert await is_free(house, key)


async def test_a_length_longer_than_the_body_is_waited_for_and_costs_nothing(house: House) -> None:
    key = await house.user_key()
    data = json.dumps(asking()).encode()
    async with serving(house.front) as port, connected(port) as line:
        await line.send(head(key, len(data) + 1) + data)
        await asyncio.sleep(0.05)
        assert (await held_milli(house), house.upstream.requests) == (0, [])
    assert await is_free(house, key)


async def test_a_length_shorter_than_the_body_smuggles_no_second_call(house: House) -> None:
    key = await house.user_key()
    data = json.dumps(asking()).encode()
    smuggled = called(key, asking("p/whole"))
    async with serving(house.front) as port, connected(port) as line:
        await line.send(head(key, len(data) - 1, "Connection: close") + data + smuggled)
        assert b" 400 " in (await line.rest())[:20]
    assert await is_free(house, key)


async def test_two_ways_to_say_where_a_body_ends_are_refused(house: House) -> None:
    key = await house.user_key()
    data = json.dumps(asking()).encode()
    for more in ("Transfer-Encoding: chunked", f"Content-Length: {len(data) + 9}"):
        async with serving(house.front) as port, connected(port) as line:
            await line.send(head(key, len(data), more, "Connection: close") + data)
            assert b" 400 " in (await line.rest())[:20]
    assert await is_free(house, key)
