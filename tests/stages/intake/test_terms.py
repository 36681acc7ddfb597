"""Names asked for, streaming, bounds and the end user, as callers write them."""

from typing import Any

import pytest

from proxy.domain.errors import Refusal
from proxy.stages.intake import parse
from tests.stages.intake.requests import body, chat, param, request


def test_a_named_model_is_asked() -> None:
    assert chat(model="openrouter/a").asked == ("openrouter/a",)


@pytest.mark.parametrize("model", ["auto", "p/a", None])
def test_a_chain_is_asked_in_its_order_without_repeats(model: str | None) -> None:
    assert chat(model=model, models=["p/a", "p/b", "p/a"]).asked == ("p/a", "p/b")


def test_a_model_that_contradicts_the_chain_is_refused() -> None:
    assert param(model="p/c", models=["p/a", "p/b"]) == "model"


def test_a_request_for_nothing_is_refused() -> None:
    assert param(model=None) == "model"


@pytest.mark.parametrize("model", ["", "a\r\nb", "a\x00", "a" * 257, 7, ["a"], {}])
def test_a_model_that_is_no_name_is_refused(model: object) -> None:
    assert param(model=model) == "model"


@pytest.mark.parametrize(
    ("models", "where"), [([], "models"), (["a"] * 17, "models"), ("a", "models"), (["a", 1], "models[1]")]
)
def test_a_chain_that_is_none_is_refused(models: object, where: str) -> None:
    assert param(models=models) == where


@pytest.mark.parametrize(
    ("fields", "stream", "usage"),
    [
        ({"stream": True}, True, False),
        ({"stream": True, "stream_options": {}}, True, False),
        ({"stream": True, "stream_options": {"include_usage": True, "include_obfuscation": False}}, True, True),
        ({"stream_options": {"include_usage": True}}, False, False),
        ({"stream": False, "stream_options": {"new_option": 1}}, False, False),
    ],
)
def test_usage_in_a_stream_is_said_when_asked_for(fields: dict[str, Any], stream: bool, usage: bool) -> None:
    found = chat(**fields)
    assert (found.stream, found.include_usage) == (stream, usage)


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"stream": "yes"}, "stream"),
        ({"stream": 1}, "stream"),
        ({"stream_options": True}, "stream_options"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"stream_options": {"includeUsage": True}}, "stream_options.includeUsage"),
    ],
)
def test_wrong_streaming_is_named(fields: dict[str, Any], where: str) -> None:
    assert param(**fields) == where


@pytest.mark.parametrize(
    "names",
    [["max_tokens"], ["max_completion_tokens"], ["max_tokens", "max_completion_tokens"]],
)
def test_either_name_bounds_the_answer_and_a_billion_is_for_policy_to_answer(names: list[str]) -> None:
    assert chat(**dict.fromkeys(names, 1_000_000_000)).output_tokens_max == 1_000_000_000


def test_two_different_bounds_are_refused() -> None:
    assert param(max_tokens=5, max_completion_tokens=6) == "max_tokens"


@pytest.mark.parametrize("value", [0, -1, 1.5, "5", True, 2**40])
@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens", "n"])
def test_a_bound_that_is_no_count_is_named(name: str, value: object) -> None:
    assert param(**{name: value}) == name


def test_several_answers_are_counted() -> None:
    assert chat(n=3).n == 3


@pytest.mark.parametrize("names", [{"user": "u-1"}, {"safety_identifier": "u-1"}, {"user": "u-1", "safety_identifier": "u-1"}])
def test_the_end_user_is_read_and_never_passed(names: dict[str, str]) -> None:
    found = chat(**names)
    assert found.end_user == "u-1"
    assert found.fields == found.unknown == {}


def test_an_empty_user_names_nobody() -> None:
    assert chat(user="").end_user is None


def test_two_different_end_users_are_refused() -> None:
    assert param(user="a", safety_identifier="b") == "user"


@pytest.mark.parametrize("value", ["a\x00", "a\n", "a" * 257, 5, ["a"]])
@pytest.mark.parametrize("name", ["user", "safety_identifier"])
def test_an_end_user_that_cannot_be_stored_is_refused(name: str, value: object) -> None:
    assert param(**{name: value}) == name


def test_a_conversation_is_named_beside_the_body() -> None:
    found = parse(body(), conversation_id="c-1")
    assert not isinstance(found, Refusal)
    assert found.conversation_id == "c-1"


@pytest.mark.parametrize("conversation_id", ["", "a\x00", "\ud800", "c" * 257])
def test_a_conversation_that_cannot_be_stored_is_refused(conversation_id: str) -> None:
    found = parse(body(), conversation_id=conversation_id)
    assert isinstance(found, Refusal)
    assert found.param == "conversation_id"


def test_a_conversation_in_the_body_is_an_unknown_field() -> None:
    found = chat(conversation_id="c-1")
    assert found.conversation_id is None
    assert found.unknown == {"conversation_id": "c-1"}
    assert request() == {"model": "auto", "messages": [{"role": "user", "content": "Hello."}]}
