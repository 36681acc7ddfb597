"""Claims about OpenAI's dialect, without a socket."""

from itertools import pairwise
from typing import Any

import pytest

from proxy.simulator.answers import Answer, ToolCall, Usage
from proxy.simulator.dialects import openai
from proxy.simulator.dialects.dialect import Completion, Refused
from proxy.simulator.prompt import Prompt, Tool, Turn

USER = {"role": "user", "content": "hi"}
CALL = ToolCall("call_1", "get_weather", ('{"', "city", '":"', "Paris", '"}'))


def read(**fields: Any) -> Prompt:
    prompt = openai.read({"model": "sim", "messages": [USER], **fields})
    assert isinstance(prompt, Prompt)
    return prompt


def completion(*answers: Answer, include_usage: bool = False, cost: bool = False) -> Completion:
    prompt = Prompt("sim", (Turn("user", "hi"),), include_usage=include_usage)
    return Completion("1", 1_700_000_000, prompt, answers, Usage(10, 2, 5, 1), cost)


def chunks(made: Completion) -> list[dict[str, Any]]:
    *values, end = [event.value for event in openai.events(made)]
    assert end == "[DONE]"
    return [value for value in values if isinstance(value, dict)]


def test_a_plain_request_is_read() -> None:
    assert read() == Prompt("sim", (Turn("user", "hi"),))


def test_parts_are_joined_and_images_counted() -> None:
    parts = [
        {"type": "text", "text": "What"},
        {"type": "image_url", "image_url": {"url": "x"}},
        {"type": "text", "text": "is"},
    ]
    assert read(messages=[{"role": "user", "content": parts}]).turns == (Turn("user", "What is", 1),)


def test_history_may_hold_null_content_and_the_developer_role() -> None:
    messages = [{"role": "developer", "content": "Be brief"}, {"role": "assistant", "content": None}, USER]
    assert read(messages=messages).turns[:2] == (Turn("system", "Be brief"), Turn("assistant", ""))


def test_the_smaller_of_two_bounds_holds() -> None:
    assert read(max_tokens=9, max_completion_tokens=5).output_tokens_max == 5
    assert read(max_tokens=9).output_tokens_max == 9


def test_stop_is_a_word_or_a_list() -> None:
    assert read(stop="END").stop == ("END",)
    assert read(stop=["A", "B"]).stop == ("A", "B")
    assert read(stop=None).stop == ()


def test_tools_and_their_choice_are_read() -> None:
    offered = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}, {"type": "odd"}]
    named = {"type": "function", "function": {"name": "f"}}
    prompt = read(tools=offered, tool_choice=named, parallel_tool_calls=False)
    assert (prompt.tools, prompt.tool_choice, prompt.parallel_tools) == ((Tool("f", {"type": "object"}),), "f", False)


def test_formats_are_read() -> None:
    schema = {"type": "object"}
    assert read(response_format={"type": "text"}).schema is None
    assert read(response_format={"type": "json_object"}).schema == {}
    assert read(response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}).schema == schema


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ([], None),
        ({"messages": [USER]}, "model"),
        ({"model": 7, "messages": [USER]}, "model"),
        ({"model": "sim"}, "messages"),
        ({"model": "sim", "messages": []}, "messages"),
        ({"model": "sim", "messages": ["hi"]}, "messages"),
        ({"model": "sim", "messages": [{"content": "hi"}]}, "messages"),
        ({"model": "sim", "messages": [USER], "n": 0}, "n"),
        ({"model": "sim", "messages": [USER], "n": 10_000}, "n"),
        ({"model": "sim", "messages": [USER], "max_tokens": "many"}, "max_tokens"),
        ({"model": "sim", "messages": [USER], "max_completion_tokens": True}, "max_completion_tokens"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(body: object, param: str | None) -> None:
    refused = openai.read(body)
    assert isinstance(refused, Refused)
    assert (refused.status, refused.param) == (400, param)


def test_a_whole_answer_has_every_required_field() -> None:
    value = openai.whole(completion(Answer(content=("Hel", "lo"))))
    message = {"role": "assistant", "content": "Hello", "refusal": None}
    assert value["choices"] == [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}]
    assert value["usage"] == {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "total_tokens": 15,
        "prompt_tokens_details": {"cached_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }


def test_a_stream_says_the_same_as_the_whole() -> None:
    answer = Answer(("Hm", "."), ("Hel", "lo"), (CALL,), "tool_calls")
    message = openai.whole(completion(answer))["choices"][0]["message"]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks(completion(answer))]
    assert deltas[0] == {"role": "assistant", "content": "", "refusal": None}
    assert "".join(delta.get("content", "") for delta in deltas) == "Hello"
    assert "".join(delta.get("reasoning_content", "") for delta in deltas) == message["reasoning_content"] == "Hm."
    calls = [part for delta in deltas for part in delta.get("tool_calls", [])]
    assert "".join(part["function"]["arguments"] for part in calls) == '{"city":"Paris"}'
    assert [part.get("id") for part in calls] == ["call_1", None, None, None, None]
    assert message["content"] is None


def test_each_token_is_one_delta() -> None:
    answer = Answer(("Hm",), ("Hel", "lo"), (CALL,), "tool_calls")
    assert sum(event.mark == "delta" for event in openai.events(completion(answer))) == answer.token_count


def test_only_the_last_chunk_of_a_choice_gives_a_reason() -> None:
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks(completion(Answer(content=("a", "b"))))]
    assert reasons == [None, None, None, "stop"]


def test_choices_are_streamed_side_by_side() -> None:
    made = completion(Answer(content=("a", "b")), Answer(content=("c",)))
    order = [(chunk["choices"][0]["index"], chunk["choices"][0]["delta"].get("content")) for chunk in chunks(made)]
    assert order == [(0, ""), (1, ""), (0, "a"), (1, "c"), (0, "b"), (0, None), (1, None)]


def test_usage_is_sent_only_when_asked_and_then_last_without_choices() -> None:
    asked = chunks(completion(Answer(content=("a",)), include_usage=True))
    assert asked[-1]["choices"] == []
    assert asked[-1]["usage"]["total_tokens"] == 15
    assert all(chunk["usage"] is None for chunk in asked[:-1])
    assert all("usage" not in chunk for chunk in chunks(completion(Answer(content=("a",)))))


def test_all_chunks_have_one_id_and_one_time() -> None:
    made = chunks(completion(Answer(content=("a", "b")), include_usage=True))
    assert all(one["id"] == other["id"] and one["created"] == other["created"] for one, other in pairwise(made))


def test_cost_is_there_only_when_asked_for() -> None:
    plain, costly = (openai.whole(completion(Answer(), cost=cost)) for cost in (False, True))
    assert "cost" in costly["usage"]
    assert "provider" in costly
    assert "cost" not in plain["usage"]
    assert "provider" not in plain


def test_an_error_event_is_the_error_body_as_data() -> None:
    broke = openai.refused("server_error")
    assert openai.error_event(broke).value == openai.error(broke)
    assert openai.error(broke)["error"].keys() == {"message", "type", "param", "code"}
