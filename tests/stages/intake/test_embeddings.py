"""Claims about requests for embeddings: what is taken, what is measured of it, and what is refused by name."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.embeddings import Embeddings
from proxy.domain.errors import Refusal
from proxy.domain.journey import Largest
from proxy.stages.intake import IntakeLimits, ask, understand
from tests import builders as b


def parsed(limits: IntakeLimits | None = None, **fields: Any) -> Embeddings | Refusal:
    body = orjson.dumps({"model": "p/embed", "input": "Hello.", **fields})
    found = understand("embedding", body, limits or IntakeLimits())
    assert isinstance(found, Embeddings | Refusal)
    return found


def embeddings(**fields: Any) -> Embeddings:
    found = parsed(**fields)
    assert isinstance(found, Embeddings), found
    return found


def param(limits: IntakeLimits | None = None, **fields: Any) -> str | None:
    found = parsed(limits, **fields)
    assert isinstance(found, Refusal)
    assert found.status == 400
    return found.param


@pytest.mark.parametrize(
    ("given", "texts", "tokens"),
    [
        ("Hello.", ("Hello.",), ()),
        (["one", "two"], ("one", "two"), ()),
        ([1, 2, 3], (), ((1, 2, 3),)),
        ([[1, 2], [3]], (), ((1, 2), (3,))),
    ],
)
def test_input_is_text_or_tokens_alone_or_in_a_list(given: Any, texts: tuple[str, ...], tokens: Any) -> None:
    found = embeddings(input=given)
    assert (found.texts, found.tokens) == (texts, tokens)
    assert found.count == len(texts) + len(tokens)


@pytest.mark.parametrize(
    "given", [None, "", [], [""], [[]], ["a", 1], [["a"]], [[1], "a"], [-1], [[-1]], [1.5], [True], 7, {"a": 1}, [[2**40]]]
)
def test_input_that_is_none_is_refused(given: Any) -> None:
    assert param(input=given) == "input"


def test_the_number_of_inputs_is_bounded_and_that_of_tokens_is_not() -> None:
    limits = IntakeLimits(inputs_max=2)
    assert param(limits, input=["a", "b", "c"]) == "input"
    assert isinstance(parsed(limits, input=[1, 2, 3]), Embeddings)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("encoding_format", "int8"),
        ("dimensions", 0),
        ("dimensions", "many"),
        ("stream", True),
        ("provider", {}),
        ("Input", "x"),
    ],
)
def test_what_is_wrong_is_named(field: str, value: Any) -> None:
    assert param(**{field: value}) == field


def test_known_fields_pass_and_unknown_ones_are_kept_apart() -> None:
    found = embeddings(dimensions=256, input_type="query", user="alice", encoding_format="base64", stream=False)
    assert (found.fields, found.unknown) == ({"dimensions": 256}, {"input_type": "query"})
    assert (found.end_user, found.encoding) == ("alice", "base64")


def test_options_are_those_of_a_chat() -> None:
    found = embeddings(signalbox={"max_credits": "2", "metadata": {"team": "search"}})
    assert found.options == b.options(max_credits_milli=2_000, metadata={"team": "search"})


def test_an_ask_of_many_texts_knows_their_sum_and_the_largest() -> None:
    asked = ask(embeddings(input=["one", "three", "ü"]), b.caller(), "embedding", b.NOW_MS)
    assert (asked.kind, asked.text_bytes, asked.largest) == ("embedding", 10, Largest(5, 0))
    assert (asked.features, asked.message_count, asked.images) == (("embeddings",), 0, 0)


def test_an_ask_of_one_input_has_no_largest_for_it_is_read_whole() -> None:
    assert ask(embeddings(input=["one"]), b.caller(), "embedding", b.NOW_MS).largest is None
    assert ask(embeddings(input=[1, 2]), b.caller(), "embedding", b.NOW_MS).largest is None


@given(st.lists(st.lists(st.integers(0, 200_000), min_size=1, max_size=20), min_size=2, max_size=9))
def test_tokens_are_measured_exactly(given: list[list[int]]) -> None:
    asked = ask(embeddings(input=given, dimensions=8), b.caller(), "embedding", b.NOW_MS)
    assert (asked.text_bytes, asked.tokens) == (0, sum(map(len, given)))
    assert asked.largest == Largest(0, max(map(len, given)))
    assert asked.features == ("embeddings", "token_input", "dimensions")
