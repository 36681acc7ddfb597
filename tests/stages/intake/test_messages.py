"""What messages may hold, how they are measured, and which field a wrong one is blamed on."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.chat import Chat
from proxy.domain.errors import Refusal
from proxy.stages.intake import IntakeLimits, parse
from tests.stages.intake.requests import body, chat, message_param, param

USER = {"role": "user", "content": "Hello."}
CALL = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
PIXEL = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}}

# What a history may hold (wire.md, "Bodies"), with the bytes a model reads of it.
HISTORY: list[tuple[dict[str, Any], int]] = [
    ({"role": "system", "content": "Be kind."}, 8),
    ({"role": "developer", "content": [{"type": "text", "text": "Be"}, {"type": "text", "text": "kind"}]}, 6),
    ({"role": "user", "content": "é", "name": "bo"}, 4),
    ({"role": "user", "content": []}, 0),
    ({"role": "assistant", "content": None, "tool_calls": [CALL]}, 7),
    ({"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "a", "arguments": ""}}]}, 3),
    ({"role": "assistant", "content": "", "tool_calls": None, "audio": None, "function_call": None}, 0),
    ({"role": "assistant", "content": None, "refusal": "No."}, 3),
    ({"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}, 3),
    ({"role": "assistant", "content": None, "function_call": {"name": "add", "arguments": "{}"}}, 5),
    ({"role": "assistant", "content": "5", "reasoning_content": "abc"}, 6),
    ({"role": "tool", "content": "5", "tool_call_id": "c1"}, 3),
    ({"role": "tool", "content": [{"type": "text", "text": "5"}], "tool_call_id": "c1"}, 3),
    ({"role": "function", "name": "add", "content": None}, 3),
    ({"role": "user", "content": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]}, 1),
]


@pytest.mark.parametrize(("message", "text_bytes"), HISTORY)
def test_what_history_may_hold_is_taken_as_it_is_and_measured(message: dict[str, Any], text_bytes: int) -> None:
    found = chat(messages=[message])
    assert found.messages == (message,)
    assert found.text_bytes == text_bytes


@given(st.lists(st.sampled_from([message for message, _ in HISTORY]), min_size=1, max_size=20))
def test_sizes_of_a_history_add_up(messages: list[dict[str, Any]]) -> None:
    single = sum(chat(messages=[message]).text_bytes for message in messages)
    assert chat(messages=messages).text_bytes == single


@given(st.text())
def test_text_is_measured_in_utf8(text: str) -> None:
    assert chat(messages=[{"role": "user", "content": text}]).text_bytes == len(text.encode())


def test_images_are_counted_and_never_measured_as_text() -> None:
    remote = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}
    found = chat(messages=[{"role": "user", "content": [{"type": "text", "text": "See"}, PIXEL, remote]}])
    assert (found.image_count, found.text_bytes, found.audio) == (2, 3, False)


def with_function(**changes: Any) -> dict[str, Any]:
    return {"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "add", "arguments": "{}", **changes}}]}


def shown(**changes: Any) -> dict[str, Any]:
    return {"role": "user", "content": [{**PIXEL, "image_url": {"url": "https://example.com/cat.png", **changes}}]}


@pytest.mark.parametrize(
    ("message", "where"),
    [
        (with_function(Arguments="{}"), "messages[0].tool_calls[0].function.Arguments"),
        ({"role": "assistant", "tool_calls": [CALL | {"Function": {}}]}, "messages[0].tool_calls[0].Function"),
        ({"role": "assistant", "function_call": {"name": "a", "NAME": "b", "arguments": ""}}, "messages[0].function_call.NAME"),
        (shown(URL="https://example.com/huge.png"), "messages[0].content[0].image_url.URL"),
        (
            {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "AA", "Data": "BB"}}]},
            "messages[0].content[0].input_audio.Data",
        ),
        (with_function(cache_control={"ttl": "1h"}), "messages[0].tool_calls[0].function.cache_control"),
    ],
)
def test_a_twin_of_a_field_or_a_lifetime_is_refused_at_any_depth(message: dict[str, Any], where: str) -> None:
    assert message_param(message) == where


def test_what_is_unknown_inside_a_call_or_an_image_counts_as_text() -> None:
    plain, more = chat(messages=[with_function()]), chat(messages=[with_function(thought="x" * 1_000)])
    assert more.text_bytes - plain.text_bytes == 1_002
    assert chat(messages=[shown(caption="x" * 1_000)]).text_bytes == 1_002


def test_sound_is_flagged_and_measured_generously() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
    found = chat(messages=[{"role": "user", "content": [sound]}])
    assert (found.audio, found.text_bytes) == (True, 4)


@pytest.mark.parametrize("messages", [None, [], {}, "Hello.", 5])
def test_a_request_without_messages_is_refused(messages: object) -> None:
    assert param(messages=messages) == "messages"


@pytest.mark.parametrize(
    ("message", "where"),
    [
        ("Hello.", "messages[1]"),
        ({"content": "x"}, "messages[1].role"),
        ({"role": "robot", "content": "x"}, "messages[1].role"),
        ({"role": ["user"], "content": "x"}, "messages[1].role"),
        ({"role": "user"}, "messages[1].content"),
        ({"role": "user", "content": None}, "messages[1].content"),
        ({"role": "user", "content": 5}, "messages[1].content"),
        ({"role": "user", "content": ["x"]}, "messages[1].content[0]"),
        ({"role": "user", "content": [{"text": "x"}]}, "messages[1].content[0].type"),
        ({"role": "user", "content": [{"type": ["text"]}]}, "messages[1].content[0].type"),
        ({"role": "user", "content": [{"type": "file", "file": {}}]}, "messages[1].content[0].type"),
        ({"role": "user", "content": [{"type": "text"}]}, "messages[1].content[0].text"),
        ({"role": "user", "content": [{"type": "text", "text": 5}]}, "messages[1].content[0].text"),
        ({"role": "user", "content": "x", "name": 5}, "messages[1].name"),
        ({"role": "user", "content": "x", "Content": "y"}, "messages[1].Content"),
        ({"role": "user", "content": [{"type": "text", "text": "x", "TEXT": "y"}]}, "messages[1].content[0].TEXT"),
        ({"role": "tool", "content": "x"}, "messages[1].tool_call_id"),
        ({"role": "assistant", "tool_calls": {}}, "messages[1].tool_calls"),
        ({"role": "assistant", "tool_calls": [CALL, {}]}, "messages[1].tool_calls[1].id"),
        ({"role": "assistant", "tool_calls": ["x"]}, "messages[1].tool_calls[0].id"),
        ({"role": "assistant", "tool_calls": [CALL | {"type": "custom"}]}, "messages[1].tool_calls[0].type"),
        ({"role": "assistant", "tool_calls": [{"id": "c"}]}, "messages[1].tool_calls[0].function.name"),
        (
            {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": {}}}]},
            "messages[1].tool_calls[0].function.arguments",
        ),
        ({"role": "assistant", "function_call": "f"}, "messages[1].function_call.name"),
        ({"role": "assistant", "audio": {"id": "a"}}, "messages[1].audio"),
        ({"role": "user", "content": "x", "cache_control": {"ttl": "1h"}}, "messages[1].cache_control"),
        (
            {"role": "user", "content": [{"type": "text", "text": "x", "prompt_cache_breakpoint": "explicit"}]},
            "messages[1].content[0].prompt_cache_breakpoint",
        ),
    ],
)
def test_a_wrong_message_is_named_to_the_field(message: object, where: str) -> None:
    assert message_param(USER, message) == where


@pytest.mark.parametrize(
    "url",
    ["http://example.com/a.png", "file:///etc/passwd", "data:text/html,x", "https://a/\r\n", "https://a/" + "x" * 9_000, ""],
)
def test_an_image_that_is_neither_https_nor_data_is_refused(url: str) -> None:
    message = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}
    assert message_param(message) == "messages[0].content[0].image_url.url"


@pytest.mark.parametrize("value", ["https://example.com/a.png", {"url": 5}, {}])
def test_an_image_of_a_wrong_shape_is_refused(value: object) -> None:
    message = {"role": "user", "content": [{"type": "image_url", "image_url": value}]}
    assert message_param(message) == "messages[0].content[0].image_url.url"


@pytest.mark.parametrize("value", ["AAAA", {"data": 5}])
def test_sound_of_a_wrong_shape_is_refused(value: object) -> None:
    message = {"role": "user", "content": [{"type": "input_audio", "input_audio": value}]}
    assert message_param(message) == "messages[0].content[0].input_audio.data"


@pytest.mark.parametrize(
    ("limits", "messages"),
    [
        (IntakeLimits(messages_max=1), [USER, USER]),
        (IntakeLimits(parts_max=1), [{"role": "user", "content": [PIXEL, PIXEL]}]),
        (IntakeLimits(images_max=1), [{"role": "user", "content": [PIXEL]}] * 2),
        (IntakeLimits(tools_max=1), [{"role": "assistant", "tool_calls": [CALL, CALL]}]),
    ],
)
def test_what_is_over_a_limit_is_refused_and_fits_a_larger_one(limits: IntakeLimits, messages: list[Any]) -> None:
    assert isinstance(parse(body(messages=messages), limits), Refusal)
    assert isinstance(parse(body(messages=messages)), Chat)
