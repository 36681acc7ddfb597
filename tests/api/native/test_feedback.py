"""Claims about `/api/feedback`: a word on an own call that was answered, once, and another in its place."""

from typing import Any

import httpx2
import pytest

from proxy.domain.errors import Fault
from tests.api.house import House, Script, code_of


async def called(house: House, key: str, **headers: str) -> str:
    body = {"model": "p/cheap", "messages": [{"role": "user", "content": "Hi."}]}
    answer = await house.post("/v1/chat/completions", key, body, **headers)
    return str(answer.headers["x-signalbox-call"])


async def say(house: House, key: str, call: str, thumb: str = "up", **more: Any) -> httpx2.Response:
    return await house.post("/api/feedback", key, {"call": call, "thumb": thumb, **more})


async def test_a_word_is_kept_beside_what_the_call_was_decided_by(house: House) -> None:
    key = await house.user_key()
    call = await called(house, key)
    told = (await say(house, key, call, "down", reason="wrong", words="No.", better_model="p/strong")).json()
    assert (told["call"], told["model"], told["thumb"], told["reason"]) == (call, "p/cheap", "down", "wrong")
    assert (told["words"], told["better_model"], told["given_at_ms"]) == ("No.", "p/strong", told["changed_at_ms"])
    kept = await house.parts.feedback.of_call(call)
    assert kept is not None
    assert (kept.user_id, kept.traits.model_id, kept.traits.mode) == ("u1", "p/cheap", "balanced")
    assert kept.traits.family


async def test_who_thinks_better_of_it_says_so_again(house: House) -> None:
    key = await house.user_key()
    call = await called(house, key)
    first = (await say(house, key, call, "down", reason="wrong", words="No.")).json()
    second = (await say(house, key, call, "up")).json()
    assert (second["thumb"], second["reason"], second["words"]) == ("up", None, "")
    assert second["given_at_ms"] == first["given_at_ms"]


async def test_an_app_speaks_for_its_users_and_nobody_for_anothers(house: House) -> None:
    app, stranger = await house.app_key(), await house.user_key("stranger")
    call = await called(house, app, **{"x-signalbox-user": "ada"})
    assert (await say(house, app, call)).status_code == 200
    assert code_of(await say(house, stranger, call)) == (404, "not_found")
    assert code_of(await say(house, await house.app_key("a2"), call)) == (404, "not_found")
    assert code_of(await say(house, app, await called(house, stranger))) == (404, "not_found")


async def test_what_nobody_answered_cannot_be_judged(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts += [Script(fault=Fault("bad_request"))]
    assert code_of(await say(house, key, await called(house, key))) == (400, "invalid_request")
    assert code_of(await say(house, key, "call_nobody_made")) == (404, "not_found")


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"thumb": "sideways"}, "thumb"),
        ({"reason": "mood"}, "reason"),
        ({"words": "x" * 2_001}, "words"),
        ({"words": "a\x00b"}, "words"),
        ({"better_model": "no/such"}, "better_model"),
        ({"better_model": "q/asleep"}, "better_model"),
        ({"stars": 5}, "stars"),
    ],
)
async def test_what_may_be_said_is_bounded(house: House, more: dict[str, Any], param: str) -> None:
    key = await house.user_key()
    answer = await house.post("/api/feedback", key, {"call": await called(house, key), "thumb": "up"} | more)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


async def test_what_was_said_stands_beside_the_call(house: House) -> None:
    key = await house.user_key()
    call_id = (await house.chat(key)).json()["id"]
    assert (await house.get(f"/api/calls/{call_id}", key)).json()["feedback"] is None
    given = (await house.post("/api/feedback", key, {"call": call_id, "thumb": "down", "words": "too terse"})).json()
    assert (await house.get(f"/api/calls/{call_id}", key)).json()["feedback"] == given
