"""Claims about conversations that are kept: gone on with, their own user's alone, erased; none where nobody keeps any."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from proxy.api.keeping import GO_ON
from proxy.domain.errors import Fault
from proxy.ports import StoreUnavailable
from tests.api.house import SAID, House, Script, code_of, events_of, open_house

SECRET: Final = "the plum blossoms at four"
PATH: Final = "/api/conversations"


@pytest.fixture
async def keeping(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, conversations_kept_days=30) as opened:
        yield opened


async def say(house: House, key: str, message: Any = "Hi.", **fields: Any) -> Any:
    answer = await house.post("/api/ai/chat", key, {"message": message, "stream": False, "model": "p/cheap", **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def turns(house: House, key: str, conversation_id: str) -> list[tuple[str, Any, str]]:
    shown = (await house.get(f"{PATH}/{conversation_id}", key)).json()
    return [(turn["role"], turn["content"], turn["state"]) for turn in shown["turns"]]


async def until(house: House, key: str, state: str, text: str = "") -> None:
    """Until the first answer of `mine` has come to `state`, and to `text` if that is given."""
    for _ in range(500):
        shown = await house.get(f"{PATH}/mine", key)
        answer = shown.json()["turns"][1] if shown.status_code == 200 else {"state": None}
        if answer["state"] == state and text in ("", answer["content"]):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"it never was {state}")


def broken(text: str) -> Script:
    return Script([b'data: {"choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":null}]}\n\n' % text.encode()])


async def test_what_was_said_before_goes_with_the_next_message(keeping: House) -> None:
    key = await keeping.user_key()
    first = await say(keeping, key, "One.")
    await say(keeping, key, "Two.", conversation_id=first["conversation_id"])
    assert [message["content"] for message in keeping.upstream.body()["messages"]] == ["One.", SAID, "Two."]
    assert await turns(keeping, key, first["conversation_id"]) == [
        ("user", "One.", "whole"),
        ("assistant", SAID, "whole"),
        ("user", "Two.", "whole"),
        ("assistant", SAID, "whole"),
    ]


async def test_a_stream_is_kept_by_the_time_its_end_is_told(keeping: House) -> None:
    key = await keeping.user_key()
    events = events_of(await keeping.post("/api/ai/chat", key, {"message": "Hi.", "conversation_id": "mine"}))
    shown = (await keeping.get(f"{PATH}/mine", key)).json()
    answer = shown["turns"][1]
    assert (shown["title"], answer["content"], answer["state"]) == ("Hi.", SAID, "whole")
    done = events[-1][1]
    assert {name: answer[name] for name in ("call", "model", "credits", "reason")} == {
        name: done[name] for name in ("call", "model", "credits", "reason")
    }


async def test_nothing_is_kept_where_nobody_turned_it_on(house: House) -> None:
    key = await house.user_key()
    await say(house, key, SECRET, conversation_id="mine")
    await say(house, key, "Two.", conversation_id="mine")
    assert [message["content"] for message in house.upstream.body()["messages"]] == ["Two."]
    assert (await house.get(PATH, key)).json() == {"data": [], "next_before": None}
    assert (await house.get("/api/me", key)).json()["conversations"] == {"kept": False, "days": None}
    for field in ({"instead": "call_1"}, {"continue": True}):
        body = {"message": "Hi.", "conversation_id": "mine", **field}
        assert code_of(await house.post("/api/ai/chat", key, body)) == (400, "invalid_request")


@pytest.mark.parametrize(
    "fields",
    [
        {"store": False},
        {"n": 2},
        {"model": "p/strong", "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]},
    ],
)
async def test_what_is_not_to_be_kept_is_not(keeping: House, fields: dict[str, Any]) -> None:
    key = await keeping.user_key("u1", "pro")
    await keeping.post("/api/ai/chat", key, {"message": "Hi.", "conversation_id": "mine", "stream": False, **fields})
    assert code_of(await keeping.get(f"{PATH}/mine", key)) == (404, "not_found")


async def test_whoever_sends_all_messages_keeps_them_to_themselves(keeping: House) -> None:
    key = await keeping.user_key()
    body = {"messages": [{"role": "user", "content": "Hi."}], "conversation_id": "mine", "stream": False}
    assert (await keeping.post("/api/ai/chat", key, body)).status_code == 200
    assert code_of(await keeping.get(f"{PATH}/mine", key)) == (404, "not_found")


async def test_a_question_that_was_refused_is_not_kept(keeping: House) -> None:
    key = await keeping.user_key()
    body = {"message": "Hi.", "conversation_id": "mine", "model": "p/strong"}
    assert code_of(await keeping.post("/api/ai/chat", key, body)) == (403, "model_not_in_plan")
    keeping.upstream.scripts = [Script(fault=Fault("first_byte_timeout")) for _ in range(4)]
    await keeping.post("/api/ai/chat", key, {"message": "Hi.", "conversation_id": "mine"})
    assert (await keeping.get(PATH, key)).json()["data"] == []


async def test_an_answer_that_broke_off_goes_on_where_it_stopped(keeping: House) -> None:
    key = await keeping.user_key()
    keeping.upstream.scripts = [broken("Hel")]
    await keeping.post("/api/ai/chat", key, {"message": "Greet.", "conversation_id": "mine", "model": "p/cheap"})
    assert (await turns(keeping, key, "mine"))[1] == ("assistant", "Hel", "cut")
    events = events_of(await keeping.post("/api/ai/chat", key, {"conversation_id": "mine", "continue": True}))
    assert events[1] == ("delta", {"text": SAID})
    sent = [message["content"] for message in keeping.upstream.body()["messages"][-3:]]
    assert sent == ["Greet.", "Hel", GO_ON]
    assert await turns(keeping, key, "mine") == [("user", "Greet.", "whole"), ("assistant", f"Hel{SAID}", "whole")]


async def test_only_an_answer_that_broke_off_goes_on(keeping: House) -> None:
    key = await keeping.user_key()
    body = {"conversation_id": "mine", "continue": True}
    assert code_of(await keeping.post("/api/ai/chat", key, body)) == (400, "invalid_request")
    await say(keeping, key, conversation_id="mine")
    assert code_of(await keeping.post("/api/ai/chat", key, body)) == (400, "invalid_request")
    assert code_of(await keeping.post("/api/ai/chat", key, {**body, "message": "Hi."})) == (400, "invalid_request")


async def test_a_message_said_anew_replaces_what_came_of_it(keeping: House) -> None:
    key = await keeping.user_key()
    calls = [(await say(keeping, key, message, conversation_id="mine"))["call"] for message in ("One.", "Two.")]
    await say(keeping, key, "Three.", conversation_id="mine", instead=calls[1])
    assert [message["content"] for message in keeping.upstream.body()["messages"]] == ["One.", SAID, "Three."]
    assert [content for _, content, _ in await turns(keeping, key, "mine")] == ["One.", SAID, "Three.", SAID]
    for wrong in (calls[1], 3, "call_of_nobody"):
        body = {"message": "Hi.", "conversation_id": "mine", "instead": wrong}
        assert code_of(await keeping.post("/api/ai/chat", key, body)) == (400, "invalid_request")


async def test_a_request_that_is_repeated_under_its_key_is_kept_once(keeping: House) -> None:
    key = await keeping.user_key()
    body = {"message": "Hi.", "conversation_id": "mine", "model": "p/cheap"}
    first, again = [await keeping.post("/api/ai/chat", key, body, **{"idempotency-key": "once"}) for _ in range(2)]
    assert first.text == again.text
    assert len(await turns(keeping, key, "mine")) == 2


async def test_a_caller_who_leaves_finds_what_was_written(keeping: House) -> None:
    key = await keeping.user_key()
    keeping.upstream.scripts = [Script(broken("Hel").pieces, hangs=True)]
    body = {"message": "Greet.", "conversation_id": "mine", "model": "p/cheap"}
    leaving = asyncio.create_task(keeping.post("/api/ai/chat", key, body))
    await until(keeping, key, "running")
    assert code_of(await keeping.post("/api/ai/chat", key, {"conversation_id": "mine", "continue": True})) == (409, "conflict")
    leaving.cancel()
    await until(keeping, key, "cut")
    assert (await turns(keeping, key, "mine"))[1] == ("assistant", "Hel", "cut")


async def test_what_was_written_so_far_is_there_while_the_rest_is_written(
    keeping: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.api.keeping.SAVED_EVERY_NS", -1)
    key = await keeping.user_key()
    keeping.upstream.scripts = [Script(broken("Hel").pieces, hangs=True)]
    body = {"message": "Greet.", "conversation_id": "mine", "model": "p/cheap"}
    leaving = asyncio.create_task(keeping.post("/api/ai/chat", key, body))
    await until(keeping, key, "running", "Hel")
    leaving.cancel()
    await until(keeping, key, "cut")


async def test_an_outage_of_the_store_costs_the_conversation_and_not_the_answer(
    keeping: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> int:
        raise StoreUnavailable("away")

    key = await keeping.user_key()
    monkeypatch.setattr("proxy.store.conversations.SqlConversations.begin", away)
    told = await say(keeping, key, "Hi.", conversation_id="mine")
    assert told["message"] == {"text": SAID}
    assert "conversation_not_kept" in keeping.logged()
    assert code_of(await keeping.get(f"{PATH}/mine", key)) == (404, "not_found")


async def test_they_are_listed_renamed_saved_and_erased(keeping: House) -> None:
    key = await keeping.user_key()
    for name in ("a", "b", "c"):
        await say(keeping, key, f"About {name}\nand more", conversation_id=name)
    page = (await keeping.get(f"{PATH}?limit=2", key)).json()
    rest = (await keeping.get(f"{PATH}?limit=2&before={page['next_before']}", key)).json()
    assert [one["title"] for one in (*page["data"], *rest["data"])] == [f"About {name} and more" for name in "cba"]
    renamed = await keeping.client.patch(f"{PATH}/a", json={"title": "Better"}, headers={"authorization": f"Bearer {key}"})
    assert renamed.json()["title"] == "Better"
    saved = await keeping.get(f"{PATH}/a?format=markdown", key)
    assert saved.headers["content-type"] == "text/markdown; charset=utf-8"
    assert saved.text == f"# Better\n\n## You\n\nAbout a\nand more\n\n## Answer (p/cheap)\n\n{SAID}\n"
    bearer = {"authorization": f"Bearer {key}"}
    assert (await keeping.client.delete(f"{PATH}/a", headers=bearer)).status_code == 204
    assert code_of(await keeping.get(f"{PATH}/a", key)) == (404, "not_found")
    assert (await keeping.client.delete(PATH, headers=bearer)).json() == {"erased": 2}
    assert (await keeping.get(PATH, key)).json()["data"] == []
    assert code_of(await keeping.get(f"{PATH}?before=nonsense", key)) == (400, "invalid_request")


async def test_another_users_conversation_is_not_there(keeping: House) -> None:
    key, other = await keeping.user_key(), await keeping.user_key("u2")
    await say(keeping, key, SECRET, conversation_id="mine")
    bearer = {"authorization": f"Bearer {other}"}
    assert code_of(await keeping.get(f"{PATH}/mine", other)) == (404, "not_found")
    assert code_of(await keeping.client.delete(f"{PATH}/mine", headers=bearer)) == (404, "not_found")
    assert code_of(await keeping.client.patch(f"{PATH}/mine", json={"title": "x"}, headers=bearer)) == (404, "not_found")
    for body in ({"message": "Hi."}, {"continue": True}):
        answer = await keeping.post("/api/ai/chat", other, {"conversation_id": "mine", **body})
        assert code_of(answer) == (404, "not_found")
    assert SECRET not in (await keeping.get(PATH, other)).text


async def test_the_users_of_an_app_are_apart(keeping: House) -> None:
    key = await keeping.app_key()
    names = [{"x-signalbox-user": name} for name in ("ann", "bob")]
    for headers in names:
        body = {"message": f"I am {headers['x-signalbox-user']}.", "stream": False}
        assert (await keeping.post("/api/ai/chat", key, body, **headers)).status_code == 200
    for headers in names:
        data = (await keeping.get(PATH, key, **headers)).json()["data"]
        assert [one["title"] for one in data] == [f"I am {headers['x-signalbox-user']}."]
    assert (await keeping.get(PATH, key)).json()["data"] == []


async def test_an_administrator_erases_without_reading_and_says_why(keeping: House) -> None:
    key, admin = await keeping.user_key(), await keeping.key("admin")
    await say(keeping, key, SECRET, conversation_id="mine")
    path = "/api/admin/users/u1/erase-conversations"
    assert code_of(await keeping.post(path, admin)) == (400, "invalid_request")
    assert (await keeping.post(path, admin, {"reason": "asked"})).json() == {"erased": 1}
    assert (await keeping.get(PATH, key)).json()["data"] == []
    assert "erase_conversations" in (await keeping.get("/api/admin/audit", admin)).text


async def test_no_log_and_no_page_of_an_administrator_holds_a_word(keeping: House) -> None:
    key, admin = await keeping.user_key(), await keeping.key("admin")
    call = (await say(keeping, key, SECRET, conversation_id="mine"))["call"]
    for path in (f"model-calls/{call}", "model-calls", "users/u1", "audit"):
        shown = await keeping.get(f"/api/admin/{path}", admin)
        assert shown.status_code == 200
        assert SECRET not in shown.text
    assert call in keeping.logged()
    assert SECRET not in keeping.logged()


async def test_a_conversation_that_is_full_is_told_so(tmp_path: Path) -> None:
    async with open_house(tmp_path, conversations_kept_days=30, body_bytes_max=2_000) as house:
        key = await house.user_key()
        for _ in range(2):
            await say(house, key, "x" * 1_500, conversation_id="mine")
        answer = await house.post("/api/ai/chat", key, {"message": "Hi.", "conversation_id": "mine"})
        assert code_of(answer) == (400, "invalid_request")
        assert "full" in answer.json()["error"]["message"]
