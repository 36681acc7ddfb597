"""Claims about Anthropic's dialect, without a socket."""

from typing import Any

import pytest

from proxy.simulator.answers import Answer, ToolCall, Usage
from proxy.simulator.dialects import anthropic
from proxy.simulator.dialects.dialect import Completion, Event, Refused
from proxy.simulator.prompt import Prompt, Tool, Turn

USER = {"role": "user", "content": "hi"}
CALL = ToolCall("call_1", "get_weather", ('{"', "city", '":"', "Paris", '"}'))


def read(**fields: Any) -> Prompt:
    prompt = anthropic.read({"model": "sim", "max_tokens": 9, "messages": [USER], **fields})
    assert isinstance(prompt, Prompt)
    return prompt


def completion(answer: Answer) -> Completion:
    return Completion("1", 1_700_000_000, Prompt("sim", (Turn("user", "hi"),)), (answer,), Usage(10, 2, 5, 1))


def named(events: list[Event]) -> list[str | None]:
    return [event.name for event in events]


def test_a_plain_request_is_read() -> None:
    prompt = read(system="Be brief", stop_sequences=["END"], stream=True)
    assert prompt.turns == (Turn("system", "Be brief"), Turn("user", "hi"))
    assert (prompt.stop, prompt.output_tokens_max, prompt.stream, prompt.prefill) == (("END",), 9, True, True)


def test_blocks_are_joined_images_counted_and_results_are_turns_of_tools() -> None:
    blocks = [
        {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "21 degrees"}]},
        {"type": "text", "text": "What"},
        {"type": "image", "source": {}},
        {"type": "text", "text": "now"},
    ]
    calling = {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]}
    prompt = read(messages=[USER, calling, {"role": "user", "content": blocks}])
    assert prompt.turns[1:] == (Turn("assistant", ""), Turn("tool", "21 degrees"), Turn("user", "What now", 1))


def test_tools_their_choice_and_a_schema_are_read() -> None:
    offered = [{"name": "f", "input_schema": {"type": "object"}}]
    forced = read(tools=offered, tool_choice={"type": "tool", "name": "f", "disable_parallel_tool_use": True})
    assert (forced.tools, forced.tool_choice, forced.parallel_tools) == ((Tool("f", {"type": "object"}),), "f", False)
    assert read(tool_choice={"type": "any"}).tool_choice == "required"
    wanted = {"format": {"type": "json_schema", "schema": {"type": "object"}}}
    assert read(output_config=wanted).schema == {"type": "object"}
    assert read(thinking={"type": "enabled", "budget_tokens": 1_024}).reasoning == "shown"
    assert read().reasoning == "off"


@pytest.mark.parametrize(
    "fields",
    [
        {"model": None},
        {"max_tokens": None},
        {"max_tokens": 0},
        {"messages": []},
        {"messages": [{"role": "system", "content": "hi"}]},
        {"messages": [{"role": "assistant", "content": "hi"}]},
        {"messages": [{"role": "user", "content": ""}]},
        {"messages": [USER, {"role": "assistant", "content": "so far "}]},
        {"temperature": 1.5},
    ],
)
def test_it_refuses_what_this_provider_refuses(fields: dict[str, Any]) -> None:
    refused = anthropic.read({"model": "sim", "max_tokens": 9, "messages": [USER], **fields})
    assert isinstance(refused, Refused)
    assert (refused.status, refused.kind) == (400, "invalid_request_error")


def test_a_whole_answer_is_a_list_of_blocks() -> None:
    value = anthropic.whole(completion(Answer(("Hm",), ("Hel", "lo"), (CALL,), "tool_calls")))
    assert [block["type"] for block in value["content"]] == ["thinking", "text", "tool_use"]
    assert value["content"][1]["text"] == "Hello"
    assert value["content"][2] == {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Paris"}}
    assert value["stop_reason"] == "tool_use"


def test_cached_input_is_counted_beside_the_rest() -> None:
    usage = anthropic.whole(completion(Answer(content=("a",))))["usage"]
    assert (usage["input_tokens"], usage["cache_read_input_tokens"], usage["output_tokens"]) == (8, 2, 5)


def test_a_stream_opens_and_closes_each_block_and_ends_by_name() -> None:
    events = list(anthropic.events(completion(Answer(("Hm",), ("Hel", "lo"), (CALL,), "tool_calls"))))
    assert named(events)[:2] == ["message_start", "ping"]
    assert named(events)[-2:] == ["message_delta", "message_stop"]
    assert named(events).count("content_block_start") == named(events).count("content_block_stop") == 3
    values = [event.value for event in events if isinstance(event.value, dict)]
    assert all(value["type"] == event.name for value, event in zip(values, events, strict=True))
    deltas = [value["delta"] for value in values if value["type"] == "content_block_delta"]
    assert "".join(delta.get("text", "") for delta in deltas) == "Hello"
    assert "".join(delta.get("thinking", "") for delta in deltas) == "Hm"
    assert "".join(delta.get("partial_json", "") for delta in deltas) == '{"city":"Paris"}'
    assert sum(event.mark == "delta" for event in events) == 8


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(content=("a",)), "end_turn"),
        (Answer(content=("a",), finish_reason="length"), "max_tokens"),
        (Answer(content=("a",), stopped_by="END"), "stop_sequence"),
        (Answer(content=("a",), finish_reason="content_filter"), "refusal"),
    ],
)
def test_it_has_words_of_its_own_for_why_it_stopped(answer: Answer, reason: str) -> None:
    assert anthropic.whole(completion(answer))["stop_reason"] == reason


def test_errors_have_a_type_outside_and_inside() -> None:
    overloaded = anthropic.refused("overloaded")
    assert overloaded.status == 529
    assert anthropic.error(overloaded)["type"] == "error"
    assert anthropic.error(overloaded)["error"]["type"] == "overloaded_error"
    event = anthropic.error_event(overloaded)
    assert (event.name, event.value) == ("error", {"type": "error", "error": anthropic.error(overloaded)["error"]})


def test_the_list_of_models_comes_in_pages() -> None:
    names = ("a", "b", "c")
    first = anthropic.models(names, None, 2)
    assert ([row["id"] for row in first["data"]], first["has_more"], first["last_id"]) == (["a", "b"], True, "b")
    rest = anthropic.models(names, "b", 2)
    assert ([row["id"] for row in rest["data"]], rest["has_more"]) == (["c"], False)
