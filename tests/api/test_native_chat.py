"""Claims about `POST /api/ai/chat`: our own words in, typed events out, and conversations that stay their owner's."""

from typing import Any

import pytest

from proxy.domain.errors import Fault
from tests.api.house import SAID, House, Script, code_of, events_of


async def chat(house: House, key: str, **body: Any) -> Any:
    return await house.post("/api/ai/chat", key, {"stream": False, **body})


async def test_a_message_is_answered_as_typed_events(house: House) -> None:
    answer = await house.post("/api/ai/chat", await house.user_key(), {"message": "Hi."})
    events = events_of(answer)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [name for name, _ in events] == ["decision", "delta", "done"]
    decision, delta, done = (data for _, data in events)
    assert (decision["assistant"], decision["model"]) == ("general", "p/cheap")
    assert delta["text"] == SAID
    assert decision["conversation_id"] == done["conversation_id"]
    assert done["conversation_id"].startswith("conv_")
    assert float(done["credits"]) > 0


async def test_a_whole_answer_says_the_same(house: House) -> None:
    told = (await chat(house, await house.user_key(), message="Hi.", assistant="general")).json()
    assert told["message"] == {"text": SAID}
    assert (told["assistant"], told["model"], told["finish_reason"]) == ("general", "p/cheap", "stop")


async def test_an_error_after_the_first_content_is_an_event(house: House) -> None:
    started = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n'
    house.upstream.scripts = [Script([started])]
    events = events_of(await house.post("/api/ai/chat", await house.user_key(), {"message": "Hi."}))
    assert [name for name, _ in events] == ["decision", "delta", "error"]
    assert events[-1][1]["error"]["code"] == "upstream_error"


async def test_an_error_before_it_is_a_status(house: House) -> None:
    house.upstream.scripts = [Script(fault=Fault("first_byte_timeout")) for _ in range(4)]
    answer = await house.post("/api/ai/chat", await house.user_key(), {"message": "Hi."})
    assert answer.status_code == 504


async def test_other_fields_of_a_chat_pass(house: House) -> None:
    parts = [{"type": "text", "text": "Hi."}]
    await chat(house, await house.user_key(), message=parts, temperature=0.5, max_tokens=20)
    assert (house.upstream.body()["temperature"], house.upstream.body()["max_tokens"]) == (0.5, 20)
    assert house.upstream.body()["messages"][-1] == {"role": "user", "content": parts}
    assert not {"message", "conversation_id", "assistant"} & house.upstream.body().keys()


async def test_a_chain_of_models_passes(house: House) -> None:
    told = (await chat(house, await house.user_key("u1", "pro"), message="Hi.", models=["p/strong", "p/cheap"])).json()
    assert (told["model"], told["assistant"]) == ("p/strong", None)


async def test_a_conversation_continues_with_its_assistant(house: House) -> None:
    key = await house.user_key("u1", "pro")
    first = (await chat(house, key, message="Hi.", assistant="scribe")).json()
    second = (await chat(house, key, message="More.", conversation_id=first["conversation_id"])).json()
    assert (second["assistant"], second["conversation_id"]) == ("scribe", first["conversation_id"])
    fresh = (await chat(house, key, message="More.")).json()
    assert (fresh["assistant"], fresh["conversation_id"] == first["conversation_id"]) == ("general", False)


async def test_a_caller_may_change_the_assistant_within_a_conversation(house: House) -> None:
    key = await house.user_key("u1", "pro")
    first = (await chat(house, key, message="Hi.", assistant="scribe")).json()
    again = (await chat(house, key, message="Hi.", model="p/cheap", conversation_id=first["conversation_id"])).json()
    assert (again["model"], again["assistant"]) == ("p/cheap", None)


async def test_a_conversation_begins_under_the_callers_own_id(house: House) -> None:
    key = await house.user_key("u1", "pro")
    told = (await chat(house, key, message="Hi.", assistant="scribe", conversation_id="my-thread")).json()
    assert told["conversation_id"] == "my-thread"
    assert (await chat(house, key, message="More.", conversation_id="my-thread")).json()["assistant"] == "scribe"
    kept = await house.parts.register.conversation("my-thread")
    assert kept is not None
    assert (kept.user_id, kept.assistant_id, kept.title) == ("u1", "scribe", None)


async def test_another_users_conversation_is_not_there(house: House) -> None:
    await chat(house, await house.user_key(), message="Hi.", conversation_id="my-thread")
    stranger = await house.user_key("u2")
    requests = len(house.upstream.requests)
    answer = await chat(house, stranger, message="Hi.", conversation_id="my-thread")
    assert code_of(answer) == (404, "not_found")
    assert answer.json()["error"]["param"] == "conversation_id"
    assert len(house.upstream.requests) == requests


async def test_end_users_of_one_app_do_not_share_conversations(house: House) -> None:
    key = await house.app_key(reads_body_user=True)
    assert (await chat(house, key, message="Hi.", user="ann", conversation_id="c")).status_code == 200
    assert (await chat(house, key, message="Hi.", user="ann", conversation_id="c")).status_code == 200
    assert code_of(await chat(house, key, message="Hi.", user="bob", conversation_id="c")) == (404, "not_found")
    assert code_of(await chat(house, key, message="Hi.", conversation_id="c")) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "message"),
        ({"message": "a", "messages": [{"role": "user", "content": "a"}]}, "message"),
        ({"message": "a", "assistant": "general", "model": "p/cheap"}, "assistant"),
        ({"message": "a", "conversation_id": 7}, "conversation_id"),
        ({"message": "a", "conversation_id": ""}, "conversation_id"),
        ({"message": "a", "conversation_id": "x" * 300}, "conversation_id"),
        ({"message": "a", "conversation_id": "x\u0000"}, "conversation_id"),
        ({"message": 7}, "messages[0].content"),
        ({"messages": "a"}, "messages"),
        ({"message": "a", "temperature": "hot"}, "temperature"),
        ({"message": "a", "user": 7, "conversation_id": "c"}, "user"),
    ],
)
async def test_a_wrong_field_is_named(house: House, body: dict[str, Any], param: str) -> None:
    answer = await house.post("/api/ai/chat", await house.user_key(), body)
    assert code_of(answer) == (400, "invalid_request")
    assert answer.json()["error"]["param"] == param


async def test_an_assistant_that_does_not_exist_is_not_found(house: House) -> None:
    key = await house.user_key()
    for name in ("nobody", "gpt", "p/cheap", 7):
        assert code_of(await chat(house, key, message="a", assistant=name)) == (404, "model_not_found")


async def test_a_refused_body_is_a_call_of_its_caller(house: House) -> None:
    key = await house.user_key()
    answer = await house.post("/api/ai/chat", key, {"message": "a", "assistant": "nobody"})
    call = (await house.get(f"/api/calls/{answer.headers['x-signalbox-call']}", key)).json()
    assert (call["status"], call["code"], call["credits"]) == ("refused", "model_not_found", "0")
