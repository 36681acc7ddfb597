"""Claims about a generateContent request: what becomes of each field of OpenAI's.

https://ai.google.dev/api/generate-content, https://ai.google.dev/gemini-api/docs/function-calling,
https://ai.google.dev/gemini-api/docs/thinking, https://ai.google.dev/gemini-api/docs/thought-signatures
"""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from proxy.domain.chat import Chat, Terms
from proxy.stages.provider.gemini import Gemini
from tests import builders as some

TERMS = Terms(upstream_name="gemini-x", output_tokens_max=4_000, stream=False)
PARAMETERS = {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False}
TOOL = {"type": "function", "function": {"name": "get", "description": "Gets.", "parameters": PARAMETERS}}
USER = {"role": "user", "content": "Hello."}


def body(chat: Chat, **changes: Any) -> dict[str, Any]:
    value: dict[str, Any] = orjson.loads(Gemini().encode(chat, replace(TERMS, **changes)).body)
    return value


def fields(**given: Any) -> dict[str, Any]:
    return body(some.chat(fields=given))


def talk(*messages: Any, **changes: Any) -> dict[str, Any]:
    return body(some.chat(messages=messages), **changes)


def call(call_id: str, arguments: str = "{}", **more: Any) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": "get", "arguments": arguments}, **more}


def signed(signature: str) -> dict[str, Any]:
    return {"extra_content": {"google": {"thought_signature": signature}}}


def test_a_plain_chat_is_contents_and_bound() -> None:
    assert body(some.chat()) == {
        "contents": [{"role": "user", "parts": [{"text": "Hello."}]}],
        "generationConfig": {"maxOutputTokens": 4_000},
    }


def test_the_model_stands_in_the_path_and_the_key_in_a_header() -> None:
    assert Gemini().encode(some.chat(), TERMS).path == "/models/gemini-x:generateContent"
    stream = Gemini().encode(some.chat(), replace(TERMS, stream=True))
    assert stream.path == "/models/gemini-x:streamGenerateContent?alt=sse"
    assert stream.headers["accept"] == "text/event-stream"
    assert orjson.loads(stream.body) == body(some.chat())
    assert Gemini().authorization("AIza1") == {"x-goog-api-key": "AIza1"}


def test_system_messages_are_the_instruction_ours_before_theirs() -> None:
    sent = talk({"role": "system", "content": "A"}, USER, {"role": "developer", "content": "B"}, system_prompt="Ours")
    assert sent["systemInstruction"] == {"parts": [{"text": "Ours"}, {"text": "A"}, {"text": "B"}]}
    assert [turn["role"] for turn in sent["contents"]] == ["user"]


def test_parallel_calls_and_their_results_are_two_turns() -> None:
    sent = talk(
        USER,
        {"role": "assistant", "content": "Let me see.", "tool_calls": [call("a", '{"x": 1}'), call("b")]},
        {"role": "tool", "tool_call_id": "a", "content": '{"sum": 5}'},
        {"role": "tool", "tool_call_id": "b", "content": "six"},
    )
    assert sent["contents"][1:] == [
        {
            "role": "model",
            "parts": [
                {"text": "Let me see."},
                {"functionCall": {"id": "a", "name": "get", "args": {"x": 1}}},
                {"functionCall": {"id": "b", "name": "get", "args": {}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"id": "a", "name": "get", "response": {"sum": 5}}},
                {"functionResponse": {"id": "b", "name": "get", "response": {"result": "six"}}},
            ],
        },
    ]


def test_signatures_go_back_where_they_came_from() -> None:
    sent = talk(USER, {"role": "assistant", "content": None, "tool_calls": [call("a", **signed("sig")), call("b")]})
    assert [part.get("thoughtSignature") for part in sent["contents"][1]["parts"]] == ["sig", None]


def test_calls_of_another_model_are_excused_where_signatures_are_checked() -> None:
    turn = {"role": "assistant", "content": None, "tool_calls": [call("a"), call("b")]}
    sent = talk(USER, turn, thinking="effort")
    excused = [part.get("thoughtSignature") for part in sent["contents"][1]["parts"]]
    assert excused == ["skip_thought_signature_validator", None]
    sent = talk(USER, turn, thinking="budget")
    assert [part.get("thoughtSignature") for part in sent["contents"][1]["parts"]] == [None, None]


def test_images_go_inline_or_as_the_address_that_the_provider_reads() -> None:
    shown = [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.JPG?x=1.png"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a"}},
        {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "mp3"}},
    ]
    assert talk({"role": "user", "content": shown})["contents"][0]["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": "QUJD"}},
        {"fileData": {"fileUri": "https://example.com/a.JPG?x=1.png", "mimeType": "image/jpeg"}},
        {"fileData": {"fileUri": "https://example.com/a"}},
        {"inlineData": {"mimeType": "audio/mp3", "data": "QUJD"}},
    ]


def test_an_image_that_a_tool_found_follows_its_result() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}
    sent = talk(USER, {"role": "tool", "tool_call_id": "a", "name": "look", "content": [image]})
    assert sent["contents"][0]["parts"][1:] == [
        {"functionResponse": {"id": "a", "name": "look", "response": {"result": ""}}},
        {"inlineData": {"mimeType": "image/png", "data": "QUJD"}},
    ]


def test_tools_are_declared_with_their_json_schema() -> None:
    sent = fields(tools=[TOOL, {"type": "function", "function": {"name": "now"}}])
    assert sent["tools"] == [
        {
            "functionDeclarations": [
                {"name": "get", "description": "Gets.", "parametersJsonSchema": PARAMETERS},
                {"name": "now", "description": ""},
            ]
        }
    ]


def test_the_ways_to_use_tools() -> None:
    for choice, theirs in [
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ({"type": "function", "function": {"name": "get"}}, {"mode": "ANY", "allowedFunctionNames": ["get"]}),
    ]:
        assert fields(tools=[TOOL], tool_choice=choice)["toolConfig"] == {"functionCallingConfig": theirs}
    strict = {"type": "function", "function": {"name": "get", "strict": True}}
    assert fields(tools=[strict])["toolConfig"] == {"functionCallingConfig": {"mode": "VALIDATED"}}


def test_sampling_and_stops_have_fields_of_their_own() -> None:
    given = {"temperature": 0, "top_p": 0.9, "stop": ["A", "B"], "seed": -1, "presence_penalty": 1, "frequency_penalty": -1}
    sent = body(some.chat(fields=given, n=2))
    assert sent["generationConfig"] == {
        "maxOutputTokens": 4_000,
        "candidateCount": 2,
        "temperature": 0,
        "topP": 0.9,
        "seed": 2**31 - 1,
        "stopSequences": ["A", "B"],
        "presencePenalty": 1,
        "frequencyPenalty": -1,
    }


def test_log_probabilities_have_a_switch_and_a_number() -> None:
    config = fields(logprobs=True, top_logprobs=3)["generationConfig"]
    assert (config["responseLogprobs"], config["logprobs"]) == (True, 3)
    assert "logprobs" not in fields(top_logprobs=3)["generationConfig"]


def test_json_with_and_without_a_schema() -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": PARAMETERS}}
    config = body(some.chat(format="json_schema", fields={"response_format": wanted}))["generationConfig"]
    assert (config["responseMimeType"], config["responseJsonSchema"]) == ("application/json", PARAMETERS)
    config = body(some.chat(format="json_object", fields={"response_format": {"type": "json_object"}}))["generationConfig"]
    assert (config["responseMimeType"], "responseJsonSchema" in config) == ("application/json", False)


@pytest.mark.parametrize(
    ("effort", "tokens"), [("none", 0), ("minimal", 1_024), ("low", 1_024), ("medium", 3_200), ("high", 3_200)]
)
def test_effort_by_budget_leaves_room_for_the_answer(effort: str, tokens: int) -> None:
    config = body(some.chat(fields={"reasoning_effort": effort}), thinking="budget")["generationConfig"]
    assert config["thinkingConfig"] == {"thinkingBudget": tokens, "includeThoughts": effort != "none"}


@pytest.mark.parametrize(("effort", "level"), [("minimal", "low"), ("low", "low"), ("medium", "medium"), ("high", "high")])
def test_effort_by_word_is_a_level(effort: str, level: str) -> None:
    config = body(some.chat(fields={"reasoning_effort": effort}), thinking="effort")["generationConfig"]
    assert config["thinkingConfig"] == {"thinkingLevel": level, "includeThoughts": True}


def test_unknown_fields_and_the_end_user_never_pass() -> None:
    chat = some.chat(unknown={"cachedContent": "x", "safetySettings": []}, fields={"prompt_cache_key": "k"})
    assert body(chat, passes_unknown=True, end_user_hash="h") == body(some.chat())
