"""Claims about what a request asks for beyond what every provider can be asked for."""

from typing import Any

import pytest

from proxy.stages.intake.features import features
from tests.stages.intake.requests import chat

TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}
STRICT = {"type": "function", "function": {"name": "f", "parameters": {}, "strict": True}}
ONLY = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": []}}


def found(**changes: Any) -> tuple[str, ...]:
    return features(chat(**changes))


def says(*parts: Any, role: str = "user", **more: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": "Hello."}, {"role": role, "content": list(parts) or "x", **more}]


def image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def test_a_plain_request_asks_for_nothing_special() -> None:
    assert found() == ()


@pytest.mark.parametrize(
    "harmless",
    [
        {"n": 1, "temperature": 1, "top_p": 1.0, "presence_penalty": 0, "frequency_penalty": 0.0},
        {"logit_bias": {}, "logprobs": False, "verbosity": "medium", "parallel_tool_calls": True, "stop": []},
        {"tools": [TOOL], "tool_choice": "auto"},
        {"tools": [TOOL], "tool_choice": "none"},
        {"tools": [TOOL], "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}},
        {"prompt_cache_key": "k"},
        {"messages": says(image("data:image/png;base64,AA==")), "max_tokens": 5},
        {"messages": says(image("https://example.com/a.png"))},
        {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]},
    ],
)
def test_what_has_no_effect_asks_for_nothing(harmless: dict[str, Any]) -> None:
    assert found(**harmless) == ()


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"n": 2}, ("n",)),
        ({"seed": 0}, ("seed",)),
        ({"stop": "x"}, ("stop",)),
        ({"stop": ["x", "\n"]}, ("stop", "stop_blank")),
        ({"temperature": 0}, ("temperature",)),
        ({"temperature": 1.5}, ("temperature", "temperature_above_one")),
        ({"temperature": 0.5, "top_p": 0.5}, ("temperature", "top_p", "temperature_and_top_p")),
        ({"presence_penalty": -1}, ("presence_penalty",)),
        ({"frequency_penalty": 0.1}, ("frequency_penalty",)),
        ({"logit_bias": {"1": 5}}, ("logit_bias",)),
        ({"logprobs": True, "top_logprobs": 2}, ("logprobs",)),
        ({"verbosity": "low"}, ("verbosity",)),
        ({"functions": [{"name": "f"}]}, ("functions",)),
        ({"tools": [TOOL, STRICT]}, ("strict_tools",)),
        ({"tools": [TOOL], "tool_choice": "required"}, ("forced_tool",)),
        ({"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "f"}}}, ("forced_tool",)),
        ({"tools": [TOOL], "tool_choice": ONLY}, ("forced_tool",)),
        ({"tools": [TOOL], "parallel_tool_calls": False}, ("single_tool_call",)),
        ({"reasoning_effort": "low"}, ("reasoning_effort",)),
        ({"reasoning_effort": "none"}, ("reasoning_off",)),
        ({"reasoning_effort": "xhigh"}, ("reasoning_effort", "reasoning_extra_high")),
        ({"reasoning_effort": "a lot"}, ("reasoning_unknown",)),
        ({"reasoning_effort": "low", "top_p": 0.5}, ("top_p", "reasoning_effort", "reasoned_sampling")),
        (
            {"reasoning_effort": "low", "tools": [TOOL], "tool_choice": "required"},
            ("forced_tool", "reasoning_effort", "reasoned_forced_tool"),
        ),
        ({"messages": says(name="bob")}, ("name",)),
        ({"messages": says(role="assistant")}, ("prefill",)),
        ({"messages": [{"role": "assistant", "content": "x"}, {"role": "user", "content": "y"}]}, ("assistant_first",)),
        ({"messages": says(image("data:image/png,%89PNG"))}, ("image_not_base64",)),
        ({"messages": says(role="function", name="f")}, ("functions",)),
        ({"messages": says({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}})}, ("audio",)),
    ],
)
def test_each_wish_is_found(asked: dict[str, Any], wanted: tuple[str, ...]) -> None:
    assert found(**asked) == wanted


def test_the_name_of_a_tool_that_answers_is_no_speaker() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    turns = [
        {"role": "user", "content": "u"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "name": "f", "content": "5"},
    ]
    assert found(messages=turns) == ()
