"""A body that two readers take differently, or that asks for what is not priced: refused before anything is held or called."""

import gzip
from typing import Any, Final

import pytest

from tests.api.house import House, code_of
from tests.payless.till import OUTPUT, asking, billing, charged, is_free, post

OPENING: Final = '"model": "p/steps", "messages": [{"role": "user", "content": "Hi."}]'
PLAIN: Final = "{" + OPENING + "%s}"
TWINS: Final = (
    *("N", "MODEL", "Max_Tokens", "maxTokens", "max-completion-tokens", "MaxCompletionTokens", "Stream"),
    *("\u017ftop", "tool\u017f"),
)
NO_COUNTS: Final = (
    "0",
    "-1",
    "1.0",
    "1e2",
    "1e400",
    "NaN",
    "Infinity",
    "-Infinity",
    "true",
    '"9"',
    "[1]",
    str(2**63),
    "9" * 40,
)
NOT_YOURS: Final[list[tuple[str, Any]]] = [
    ("best_of", 8),
    ("num_return_sequences", 8),
    ("candidate_count", 8),
    ("generationConfig", {"maxOutputTokens": 9_000}),
    ("max_output_tokens", 9_000),
    ("num_predict", -1),
    ("prediction", {"type": "content", "content": "x"}),
    ("audio", {"voice": "a", "format": "wav"}),
    ("modalities", ["text", "audio"]),
    ("web_search_options", {}),
    ("service_tier", "flex"),
    ("service_tier", "priority"),
    ("store", True),
    ("provider", {"only": ["x"]}),
    ("route", "fallback"),
    ("transforms", ["middle-out"]),
    ("plugins", [{"id": "web"}]),
    ("fallbacks", ["m"]),
    ("base_url", "http://example.com"),
    ("api_key", "sk"),
    ("cache_control", {"type": "ephemeral"}),
    ("prompt_cache_retention", "24h"),
    ("thinking", {"type": "enabled", "budget_tokens": 9_000}),
    ("reasoning", {"max_tokens": 9_000}),
    ("enableThinking", True),
    ("tools", [{"type": "web_search"}]),
    ("tools", [{"type": "function", "Type": "web_search", "function": {"name": "f"}}]),
    ("tools", [{"type": "function", "function": {"name": "f"}, "google_search": {}}]),
    ("tool_choice", {"type": "custom", "custom": {"name": "c"}}),
]


@pytest.mark.parametrize(
    "more",
    [
        ', "model": "p/whole"',
        ', "max_tokens": 4000, "max_tokens": 1',
        ', "stream_options": {"include_usage": true, "include_usage": false}',
        ', "signalbox": {"max_credits": 1, "max_credits": 1000}',
        ', "response_format": {"type": "json_schema", "json_schema": {"schema": {"a": 1, "a": 2}}}',
        ', "tools": [{"type": "function", "function": {"name": "a", "name": "b"}}]',
        ', "top_k": {"deep": [{"down": {"x": 1, "x": 1}}]}',
    ],
)
async def test_a_key_twice_in_one_object_is_refused_at_any_depth(house: House, more: str) -> None:
    key = await house.user_key()
    assert code_of(await post(house, key, (PLAIN % more).encode())) == (400, "invalid_request")
    assert await is_free(house, key)


async def test_a_twin_of_a_known_field_is_refused_beside_it_or_alone(house: House) -> None:
    key = await house.user_key()
    for name in TWINS:
        for beside in ({}, {"n": 1, "max_tokens": 5, "stop": "x", "tools": []}):
            assert code_of(await post(house, key, asking(**beside, **{name: 2}))) == (400, "invalid_request"), name
    assert await is_free(house, key)


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": "Hi.", "Content": "x" * 9_000},
        {"role": "user", "content": [{"type": "text", "text": "Hi.", "TEXT": "x" * 9_000}]},
        {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "", "Arguments": "{}"}}]},
        {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": ""}, "Function": {}}]},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a.b/c", "Url": "https://a.b/d"}}]},
    ],
)
async def test_a_twin_inside_a_message_is_refused(house: House, message: dict[str, Any]) -> None:
    key = await house.user_key()
    assert code_of(await post(house, key, asking(messages=[message]))) == (400, "invalid_request")
    assert await is_free(house, key)


async def test_letters_that_only_look_alike_name_no_field_and_reach_nobody(house: House) -> None:
    key = await house.user_key()
    house.upstream.scripts = [billing(10, 5)]
    assert (await post(house, key, asking(**{"\uff4e": 50, "m\u0430x_tokens": 9}))).status_code == 200
    assert {"n", "\uff4e", "m\u0430x_tokens"}.isdisjoint(house.upstream.body())
    assert (await charged(house, key)).credits_milli == 10 + 5 * OUTPUT


async def test_what_is_not_priced_or_not_the_callers_to_set_is_refused(house: House) -> None:
    key = await house.user_key()
    for name, value in NOT_YOURS:
        assert code_of(await post(house, key, asking(**{name: value}))) == (400, "invalid_request"), name
    assert await is_free(house, key)


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens", "n"])
async def test_a_count_is_a_whole_number_in_range_or_refused(house: House, name: str) -> None:
    key = await house.user_key()
    for count in NO_COUNTS:
        answer = await post(house, key, (PLAIN % f', "{name}": {count}').encode())
        assert code_of(answer) in ((400, "invalid_request"), (400, "invalid_json")), count
    assert await is_free(house, key)


async def test_two_bounds_that_differ_are_refused(house: House) -> None:
    key = await house.user_key()
    assert code_of(await post(house, key, asking(max_tokens=1, max_completion_tokens=4_000))) == (400, "invalid_request")
    assert await is_free(house, key)


async def test_more_answers_than_the_plan_gives_are_refused(house: House) -> None:
    key = await house.user_key()
    assert code_of(await post(house, key, asking(n=4))) == (400, "invalid_request")
    assert await is_free(house, key)


async def test_what_is_dropped_does_not_reach_the_provider(house: House) -> None:
    key = await house.user_key()
    dropped = {"store": False, "service_tier": "default", "metadata": {"a": "b"}, "modalities": ["text"]}
    assert (
        await post(house, key, asking("q/open", **dropped, user="somebody", safety_identifier="somebody"))
    ).status_code == 200
    sent = house.upstream.body()
    assert dropped.keys().isdisjoint(sent)
    assert "somebody" not in str(sent)


@pytest.mark.parametrize(
    "fields", [{"logprobs": True, "top_logprobs": 20}, {"seed": 7}, {"logit_bias": {"50256": -100}}, {"temperature": 0}]
)
async def test_what_is_priced_by_tokens_alone_is_charged_by_tokens(house: House, fields: dict[str, Any]) -> None:
    key = await house.user_key()
    house.upstream.scripts = [billing(10, 5)]
    assert (await post(house, key, asking(**fields))).status_code == 200
    assert (await charged(house, key)).credits_milli == 10 + 5 * OUTPUT


@pytest.mark.parametrize("depth", [1_000, 100_000])
async def test_a_body_nested_without_end_is_refused(house: House, depth: int) -> None:
    key = await house.user_key()
    nested = "[" * depth + "]" * depth
    answer = await post(house, key, (PLAIN % f', "top_k": {nested}').encode())
    assert code_of(answer) == (400, "invalid_request")
    assert await is_free(house, key)


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip", "GZIP"])
async def test_a_compressed_body_is_refused_unread(house: House, encoding: str) -> None:
    key = await house.user_key()
    body = gzip.compress((PLAIN % "").encode())
    assert (await post(house, key, body, **{"content-encoding": encoding})).status_code == 415
    assert await is_free(house, key)
