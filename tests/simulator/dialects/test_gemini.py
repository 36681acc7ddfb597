"""Claims about Gemini's dialect, without a socket."""

from typing import Any

import pytest

from proxy.simulator.answers import Answer, ToolCall, Usage
from proxy.simulator.dialects import gemini
from proxy.simulator.dialects.dialect import Completion, Refused
from proxy.simulator.prompt import Prompt, Tool, Turn

CONTENT = {"role": "user", "parts": [{"text": "hi"}]}
CALL = ToolCall("call_1", "get_weather", ('{"', "city", '":"', "Paris", '"}'))


def read(**fields: Any) -> Prompt:
    prompt = gemini.read({"contents": [CONTENT], **fields})
    assert isinstance(prompt, Prompt)
    return prompt


def completion(*answers: Answer) -> Completion:
    return Completion("1", 1_700_000_000, Prompt("sim", (Turn("user", "hi"),)), answers, Usage(10, 2, 5, 1))


def chunks(*answers: Answer) -> list[dict[str, Any]]:
    return [event.value for event in gemini.events(completion(*answers)) if isinstance(event.value, dict)]


def test_a_plain_request_is_read() -> None:
    config = {"stopSequences": ["END"], "maxOutputTokens": 9, "candidateCount": 2, "seed": 7}
    prompt = read(systemInstruction={"parts": [{"text": "Be brief"}]}, generationConfig=config)
    assert prompt.turns == (Turn("system", "Be brief"), Turn("user", "hi"))
    assert (prompt.stop, prompt.output_tokens_max, prompt.n, prompt.seed) == (("END",), 9, 2, 7)


def test_both_ways_to_write_a_name_are_understood() -> None:
    assert read(system_instruction={"parts": [{"text": "x"}]}, generation_config={"maxOutputTokens": 3}).output_tokens_max == 3


def test_history_with_calls_results_and_images_is_read() -> None:
    contents = [
        CONTENT,
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"result": "21 degrees"}}}]},
        {"role": "user", "parts": [{"text": "What"}, {"inlineData": {"mimeType": "image/png", "data": ""}}, {"text": "now"}]},
    ]
    assert read(contents=contents).turns[1:] == (
        Turn("assistant", ""),
        Turn("tool", "21 degrees"),
        Turn("user", "What now", 1),
    )


def test_tools_their_choice_and_a_schema_are_read() -> None:
    declared = [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]}]
    only = {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}}
    assert (read(tools=declared, toolConfig=only).tools, read(toolConfig=only).tool_choice) == (
        (Tool("f", {"type": "object"}),),
        "f",
    )
    config = {"responseMimeType": "application/json", "responseSchema": {"type": "OBJECT"}}
    assert read(generationConfig=config).schema == {"type": "object"}
    assert read(generationConfig={"thinkingConfig": {"includeThoughts": True}}).reasoning == "shown"
    assert read(generationConfig={"thinkingConfig": {"thinkingBudget": 0}}).reasoning == "off"
    assert read().reasoning == "hidden"


@pytest.mark.parametrize(
    "body", [[], {}, {"contents": []}, {"contents": ["hi"]}, {"contents": [{"role": "assistant", "parts": []}]}]
)
def test_what_cannot_be_answered_is_refused(body: object) -> None:
    refused = gemini.read(body)
    assert isinstance(refused, Refused)
    assert (refused.status, refused.kind) == (400, "INVALID_ARGUMENT")


def test_a_whole_answer_has_parts() -> None:
    value = gemini.whole(completion(Answer(("Hm",), ("Hel", "lo"), (CALL,), "tool_calls")))
    (candidate,) = value["candidates"]
    assert candidate["content"]["parts"] == [
        {"text": "Hm", "thought": True},
        {"text": "Hello"},
        {"functionCall": {"name": "get_weather", "args": {"city": "Paris"}}},
    ]
    assert candidate["finishReason"] == "STOP"


def test_thoughts_are_counted_beside_the_answer() -> None:
    usage = gemini.whole(completion(Answer(content=("a",))))["usageMetadata"]
    assert (usage["promptTokenCount"], usage["candidatesTokenCount"], usage["thoughtsTokenCount"]) == (10, 4, 1)
    assert usage["totalTokenCount"] == 15


def test_a_stream_ends_with_the_reason_and_the_usage() -> None:
    *spoken, last = chunks(Answer(content=("Hel", "lo")))
    assert "".join(chunk["candidates"][0]["content"]["parts"][0]["text"] for chunk in spoken) == "Hello"
    assert all("usageMetadata" not in chunk and "finishReason" not in chunk["candidates"][0] for chunk in spoken)
    assert (last["candidates"][0]["finishReason"], last["usageMetadata"]["totalTokenCount"]) == ("STOP", 15)


def test_a_function_call_comes_in_one_piece() -> None:
    calls = [
        part
        for chunk in chunks(Answer(tool_calls=(CALL,), finish_reason="tool_calls"))
        for part in chunk["candidates"][0]["content"]["parts"]
        if "functionCall" in part
    ]
    assert calls == [{"functionCall": {"name": "get_weather", "args": {"city": "Paris"}}}]


def test_errors_say_their_status_in_words_and_when_to_come_back() -> None:
    limited = gemini.error(gemini.refused("key_limited"))["error"]
    assert (limited["code"], limited["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert limited["details"][-1]["retryDelay"] == "1s"
    invalid = gemini.error(gemini.refused("key_invalid"))["error"]
    assert (invalid["code"], invalid["details"][0]["reason"]) == (400, "API_KEY_INVALID")


def test_the_list_of_models_comes_in_pages() -> None:
    first = gemini.models(("a", "b", "c"), None, 2)
    assert ([row["name"] for row in first["models"]], first["nextPageToken"]) == (["models/a", "models/b"], "b")
    assert "nextPageToken" not in gemini.models(("a", "b", "c"), "b", 2)
