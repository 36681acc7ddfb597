"""Which top-level fields pass, are dropped or refused (contract 7)."""

from typing import Any

import orjson
import pytest

from proxy.domain.chat import Chat
from proxy.domain.errors import Refusal
from proxy.stages.intake import IntakeLimits, parse
from proxy.stages.intake.fields import OURS, PASSED, REFUSED
from tests.stages.intake.requests import body, chat, param, refusal, request

KNOWN_VALUES: dict[str, Any] = {
    "frequency_penalty": 0.5,
    "function_call": {"name": "f"},
    "functions": [{"name": "f", "parameters": {}}],
    "logit_bias": {"50256": -100},
    "logprobs": True,
    "parallel_tool_calls": False,
    "presence_penalty": -1,
    "prompt_cache_key": "key",
    "reasoning_effort": "low",
    "response_format": {"type": "json_object"},
    "seed": 7,
    "stop": ["\n", "end"],
    "temperature": 0,
    "tool_choice": "auto",
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    "top_logprobs": 3,
    "top_p": 0.9,
    "verbosity": "low",
}


def test_every_known_field_passes_as_it_is() -> None:
    assert set(KNOWN_VALUES) == set(PASSED)
    assert chat(**KNOWN_VALUES).fields == KNOWN_VALUES


def test_nothing_of_ours_is_passed() -> None:
    found = chat(stream=True, stream_options={"include_usage": True}, max_tokens=5, n=2, user="u", signalbox={})
    assert found.fields == {}
    assert found.unknown == {}


def test_a_null_field_counts_as_not_sent() -> None:
    nothing = dict.fromkeys([*PASSED, *REFUSED, *OURS - {"model", "messages"}, "store", "metadata", "new_field"])
    found = parse(body(**nothing), IntakeLimits(fields_max=200))
    assert found == chat()


def test_an_unknown_field_is_kept_apart() -> None:
    found = chat(top_k=40, min_p=0.1)
    assert found.unknown == {"top_k": 40, "min_p": 0.1}
    assert found.fields == {}


def test_an_unknown_field_is_measured_for_a_model_may_read_it() -> None:
    documents = [{"text": "x" * 1_000}]
    assert chat(documents=documents).text_bytes - chat().text_bytes == len(orjson.dumps({"documents": documents}))


@pytest.mark.parametrize("name", sorted(PASSED))
def test_a_known_field_of_a_wrong_kind_is_named(name: str) -> None:
    wrong = {"x": 1} if PASSED[name].wanted == "a list" else [1]
    assert param(**{name: wrong}) == name


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_could_raise_the_bill_or_choose_the_route_is_refused(name: str) -> None:
    found = refusal(**{name: 100})
    assert found.param == name
    assert found.message.startswith(f"`{name}` ")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Model", "model"),
        ("N", "n"),
        ("maxTokens", "max_tokens"),
        ("MAX_TOKENS", "max_tokens"),
        ("max-output-tokens", "max_output_tokens"),
        ("\u017ftore", "store"),
        ("Provider", "provider"),
    ],
)
def test_a_name_that_reads_like_a_known_one_is_refused(name: str, meant: str) -> None:
    found = refusal(**{name: None})
    assert f"`{meant}`" in found.message


@pytest.mark.parametrize(
    ("name", "harmless", "other"),
    [
        ("store", False, True),
        ("service_tier", "auto", "flex"),
        ("service_tier", "default", "priority"),
        ("modalities", ["text"], ["text", "audio"]),
        ("metadata", {"a": "b"}, "text"),
    ],
)
def test_a_field_of_retention_or_price_is_dropped_when_harmless_and_else_refused(
    name: str, harmless: object, other: object
) -> None:
    assert chat(**{name: harmless}) == chat()
    assert param(**{name: other}) == name


def test_too_many_fields_are_refused() -> None:
    assert isinstance(parse(body(**{f"x{i}": i for i in range(200)})), Refusal)


def test_a_limit_is_the_operators_to_set() -> None:
    assert isinstance(parse(body(), IntakeLimits(fields_max=2)), Chat)
    assert isinstance(parse(body(top_k=1), IntakeLimits(fields_max=2)), Refusal)


def test_the_smallest_request_is_enough() -> None:
    found = parse(body())
    assert isinstance(found, Chat)
    assert found.asked == ("auto",)
    assert found.messages == tuple(request()["messages"])
    assert (found.stream, found.include_usage, found.output_tokens_max, found.n) == (False, False, None, 1)
    assert (found.end_user, found.conversation_id, found.tools, found.format) == (None, None, False, "text")
