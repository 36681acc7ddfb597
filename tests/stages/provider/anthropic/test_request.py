"""Claims about a Messages request: what becomes of each field of OpenAI's.

https://platform.claude.com/docs/en/api/messages/create, https://platform.claude.com/docs/en/build-with-claude/thinking,
https://platform.claude.com/docs/en/build-with-claude/structured-outputs
"""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from proxy.domain.chat import Chat, Terms
from proxy.stages.provider.anthropic import Anthropic
from tests import builders as some

TERMS = Terms(upstream_name="claude-x", output_tokens_max=4_000, stream=False)
TOOL = {
    "type": "function",
    "function": {"name": "get", "description": "Gets.", "parameters": {"type": "object", "properties": {"a": {}}}},
}
USER = {"role": "user", "content": "Hello."}


def body(chat: Chat, **changes: Any) -> dict[str, Any]:
    value: dict[str, Any] = orjson.loads(Anthropic().encode(chat, replace(TERMS, **changes)).body)
    return value


def fields(**given: Any) -> dict[str, Any]:
    return body(some.chat(fields=given))


def talk(*messages: Any, **changes: Any) -> dict[str, Any]:
    return body(some.chat(messages=messages), **changes)


def call(call_id: str, arguments: str = "{}", name: str = "get") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def text(said: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": said, **more}


def test_a_plain_chat_is_model_messages_and_bound() -> None:
    assert body(some.chat()) == {
        "model": "claude-x",
        "max_tokens": 4_000,
        "messages": [{"role": "user", "content": [text("Hello.")]}],
    }


def test_path_key_and_version_are_its_own() -> None:
    encoded = Anthropic().encode(some.chat(), replace(TERMS, stream=True))
    assert encoded.path == "/messages"
    assert encoded.headers["anthropic-version"] == "2023-06-01"
    assert encoded.headers["accept"] == "text/event-stream"
    assert orjson.loads(encoded.body)["stream"] is True
    assert Anthropic().authorization("sk-ant-1") == {"x-api-key": "sk-ant-1"}


def test_system_messages_come_first_ours_before_theirs() -> None:
    sent = talk(USER, {"role": "system", "content": "A"}, {"role": "developer", "content": "B"}, system_prompt="Ours")
    assert sent["system"] == [text("Ours"), text("A"), text("B")]
    assert sent["messages"] == [{"role": "user", "content": [text("Hello.")]}]


def test_parallel_calls_and_their_results_are_two_turns() -> None:
    sent = talk(
        USER,
        {"role": "assistant", "content": "Let me see.", "tool_calls": [call("a", '{"x": 1}'), call("b:0", "")]},
        {"role": "tool", "tool_call_id": "a", "content": "5"},
        {"role": "tool", "tool_call_id": "b:0", "content": [text("six")]},
        {"role": "user", "content": "And?"},
    )
    assert sent["messages"][1:] == [
        {
            "role": "assistant",
            "content": [
                text("Let me see."),
                {"type": "tool_use", "id": "a", "name": "get", "input": {"x": 1}},
                {"type": "tool_use", "id": "b_0", "name": "get", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": [text("5")]},
                {"type": "tool_result", "tool_use_id": "b_0", "content": [text("six")]},
                text("And?"),
            ],
        },
    ]


def test_a_conversation_that_shows_calls_defines_their_tools() -> None:
    sent = talk(USER, {"role": "assistant", "content": None, "tool_calls": [call("a"), call("b")]})
    assert [tool["name"] for tool in sent["tools"]] == ["get"]
    assert sent["tool_choice"] == {"type": "none"}


def test_arguments_that_are_no_object_are_shown_whole() -> None:
    sent = talk(USER, {"role": "assistant", "content": None, "tool_calls": [call("a", '{"x":')]})
    assert sent["messages"][1]["content"][0]["input"] == {"arguments": '{"x":'}


def test_images_go_as_base64_or_as_the_address_that_the_provider_reads() -> None:
    shown = [
        {"type": "image_url", "image_url": {"url": "data:image/PNG;base64,QUJD", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]
    assert talk({"role": "user", "content": shown})["messages"][0]["content"] == [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}},
        {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
    ]


def test_what_says_nothing_is_not_sent() -> None:
    sent = talk(USER, {"role": "assistant", "content": ""}, {"role": "user", "content": [text(" \n"), text("Go")]})
    assert sent["messages"] == [{"role": "user", "content": [text("Hello."), text("Go")]}]


def test_a_refusal_in_the_past_is_what_was_said() -> None:
    sent = talk(USER, {"role": "assistant", "content": None, "refusal": "No."}, USER)
    assert sent["messages"][1] == {"role": "assistant", "content": [text("No.")]}


def test_a_prefill_ends_on_a_word() -> None:
    sent = talk(USER, {"role": "assistant", "content": "The answer is "})
    assert sent["messages"][-1]["content"] == [text("The answer is")]


def test_tools_and_the_four_ways_to_use_them() -> None:
    sent = fields(tools=[TOOL])
    assert sent["tools"] == [
        {"name": "get", "description": "Gets.", "input_schema": {"type": "object", "properties": {"a": {}}}}
    ]
    for choice, theirs in [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        ({"type": "function", "function": {"name": "get"}}, {"type": "tool", "name": "get"}),
    ]:
        assert fields(tools=[TOOL], tool_choice=choice)["tool_choice"] == theirs


def test_only_allowed_tools_are_offered() -> None:
    other = {"type": "function", "function": {"name": "other"}}
    allowed = {"mode": "required", "tools": [{"type": "function", "function": {"name": "other"}}]}
    sent = fields(tools=[TOOL, other], tool_choice={"type": "allowed_tools", "allowed_tools": allowed})
    assert [tool["name"] for tool in sent["tools"]] == ["other"]
    assert sent["tool_choice"] == {"type": "any"}


def test_one_call_at_a_time_and_strict_calls_have_words() -> None:
    strict = {"type": "function", "function": {"name": "get", "strict": True}}
    sent = fields(tools=[strict], parallel_tool_calls=False)
    assert sent["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert sent["tools"][0] == {"name": "get", "strict": True, "input_schema": {"type": "object", "properties": {}}}


def test_sampling_stops_and_the_end_users_hash_pass() -> None:
    sent = body(some.chat(fields={"temperature": 0, "top_p": 0.9, "stop": "END"}), end_user_hash="h")
    assert (sent["temperature"], sent["top_p"], sent["stop_sequences"]) == (0, 0.9, ["END"])
    assert sent["metadata"] == {"user_id": "h"}


def test_a_schema_is_an_output_format() -> None:
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema, "strict": True}}
    sent = body(some.chat(format="json_schema", fields={"response_format": wanted}))
    assert sent["output_config"] == {"format": {"type": "json_schema", "schema": schema}}


@pytest.mark.parametrize(
    ("effort", "tokens"), [("minimal", 1_024), ("low", 1_024), ("medium", 2_000), ("high", 3_200), ("xhigh", 3_800)]
)
def test_effort_by_budget_is_a_share_of_the_bound(effort: str, tokens: int) -> None:
    sent = body(some.chat(fields={"reasoning_effort": effort}), thinking="budget")
    assert sent["thinking"] == {"type": "enabled", "budget_tokens": tokens}
    assert "output_config" not in sent


@pytest.mark.parametrize(("effort", "word"), [("minimal", "low"), ("low", "low"), ("high", "high"), ("xhigh", "xhigh")])
def test_effort_by_word_is_adaptive_and_shown(effort: str, word: str) -> None:
    sent = body(some.chat(fields={"reasoning_effort": effort}), thinking="effort")
    assert sent["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert sent["output_config"] == {"effort": word}


def test_no_effort_is_no_thinking_and_none_given_is_the_models_own() -> None:
    sent = body(some.chat(fields={"reasoning_effort": "none"}), thinking="effort")
    assert (sent["thinking"], "output_config" in sent) == ({"type": "disabled"}, False)
    assert "thinking" not in body(some.chat(), thinking="effort")


def test_cache_marks_pass_without_a_lifetime() -> None:
    mark = {"type": "ephemeral"}
    sent = talk(
        {"role": "system", "content": [text("S", cache_control=mark)]},
        {"role": "user", "content": [text("A", prompt_cache_breakpoint={})]},
        {"role": "assistant", "content": "B", "cache_control": mark},
        {"role": "user", "content": "C"},
    )
    assert sent["system"] == [text("S", cache_control=mark)]
    marked = [block for turn in sent["messages"] for block in turn["content"] if "cache_control" in block]
    assert marked == [text("A", cache_control=mark), text("B", cache_control=mark)]
    assert fields(tools=[{**TOOL, "cache_control": mark}])["tools"][0]["cache_control"] == mark


def test_signed_thoughts_go_back_before_what_followed_them() -> None:
    details = [
        {"type": "reasoning.text", "text": "Hm", "format": "anthropic-claude-v1", "index": 0},
        {"type": "reasoning.text", "text": "m.", "signature": "sig", "format": "anthropic-claude-v1", "index": 0},
        {"type": "reasoning.encrypted", "data": "xyz", "format": "anthropic-claude-v1", "index": 1},
        {"type": "reasoning.text", "text": "unsigned", "format": "anthropic-claude-v1", "index": 2},
        {"type": "reasoning.text", "text": "foreign", "signature": "s", "format": "other", "index": 3},
    ]
    answer = {"role": "assistant", "content": None, "tool_calls": [call("a")], "reasoning_details": details}
    assert talk(USER, answer)["messages"][1]["content"][:2] == [
        {"type": "thinking", "thinking": "Hmm.", "signature": "sig"},
        {"type": "redacted_thinking", "data": "xyz"},
    ]


def test_unknown_fields_never_pass() -> None:
    chat = some.chat(unknown={"mcp_servers": [], "speed": "fast", "top_k": 3}, fields={"prompt_cache_key": "k"})
    assert body(chat, passes_unknown=True) == body(some.chat())
