"""Claims about the request a provider gets: what passes, what is ours, what is always in it."""

from dataclasses import replace
from typing import Any

import orjson

from proxy.domain.chat import Chat, Terms
from proxy.stages.provider.openai import OpenAI
from tests import builders as some

TERMS = Terms(upstream_name="upstream-name", output_tokens_max=500, stream=False)


def body(chat: Chat, **changes: Any) -> dict[str, Any]:
    value: dict[str, Any] = orjson.loads(OpenAI().encode(chat, replace(TERMS, **changes)).body)
    return value


def test_a_plain_chat_is_model_messages_and_bound() -> None:
    assert body(some.chat()) == {
        "model": "upstream-name",
        "messages": [{"role": "user", "content": "Hello."}],
        "max_tokens": 500,
    }


def test_the_path_is_below_the_base_url_and_the_key_a_bearer() -> None:
    assert OpenAI().encode(some.chat(), TERMS).path == "/chat/completions"
    assert OpenAI().authorization("sk-1") == {"authorization": "Bearer sk-1"}


def test_it_asks_for_the_kind_of_answer_it_wants() -> None:
    assert OpenAI().encode(some.chat(), TERMS).headers["accept"] == "application/json"
    assert OpenAI().encode(some.chat(), replace(TERMS, stream=True)).headers["accept"] == "text/event-stream"


def test_known_fields_pass_as_they_are() -> None:
    tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    sent = body(some.chat(fields={"tools": tools, "temperature": 0.2, "stop": ["x"]}))
    assert (sent["tools"], sent["temperature"], sent["stop"]) == (tools, 0.2, ["x"])


def test_unknown_fields_pass_only_where_the_provider_takes_them() -> None:
    chat = some.chat(unknown={"min_p": 0.1, "temperature": 9}, fields={"temperature": 0.2})
    assert "min_p" not in body(chat)
    assert body(chat, passes_unknown=True)["min_p"] == 0.1
    assert body(chat, passes_unknown=True)["temperature"] == 0.2


def test_fields_that_are_ours_are_never_the_callers() -> None:
    theirs = {"model": "x", "user": "alice", "safety_identifier": "alice", "n": 9, "stream": True, "max_tokens": 10**9}
    sent = body(some.chat(fields=theirs, unknown={**theirs, "store": True}), passes_unknown=True)
    assert sent == body(some.chat())


def test_the_bound_goes_by_the_name_the_provider_takes() -> None:
    sent = body(some.chat(fields={"max_tokens": 10**9}), output_bound="max_completion_tokens")
    assert (sent["max_completion_tokens"], "max_tokens" in sent) == (500, False)
    assert body(some.chat(fields={"max_tokens": 10**9}))["max_tokens"] == 500


def test_the_assistants_prompt_comes_before_the_callers_messages() -> None:
    messages = body(some.chat(), system_prompt="Be brief.")["messages"]
    assert messages == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello."}]


def test_a_stream_always_asks_for_usage() -> None:
    sent = body(some.chat(stream=True, include_usage=False), stream=True)
    assert (sent["stream"], sent["stream_options"]) == (True, {"include_usage": True})


def test_several_choices_are_asked_for_only_when_wanted() -> None:
    assert body(some.chat(n=3))["n"] == 3
    assert "n" not in body(some.chat(n=1))


def test_upstream_sees_a_hash_of_the_end_user() -> None:
    assert body(some.chat(end_user="alice"), end_user_hash="h1")["user"] == "h1"
    assert "user" not in body(some.chat(end_user="alice"))
