"""Claims about OpenAI's embeddings format. https://platform.openai.com/docs/api-reference/embeddings"""

import base64
import struct
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.chat import Answer, Terms
from proxy.domain.embeddings import Embeddings, Encoding
from proxy.domain.errors import Fault
from proxy.domain.usage import Usage
from proxy.stages.provider.embeddings import read_vectors
from proxy.stages.provider.openai import OpenAI
from proxy.stages.provider.openrouter import OpenRouter

TERMS = Terms(upstream_name="embed-3", output_tokens_max=0, stream=False, end_user_hash="h1")
ASKED = Embeddings(
    ("p/embed",), ("one", "two"), (), fields={"dimensions": 8}, unknown={"input_type": "query"}, end_user="alice"
)
USAGE = {"prompt_tokens": 7, "total_tokens": 7, "cost": 0.001}


def packed(*numbers: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def row(index: Any, embedding: Any) -> dict[str, Any]:
    return {"object": "embedding", "index": index, "embedding": embedding}


def answered(*rows: Any, encoding: Encoding = "float", vectors: int | None = None, **top: Any) -> Answer | Fault:
    body = {"object": "list", "data": list(rows), "model": "theirs", "usage": USAGE, **top}
    return read_vectors(len(rows) if vectors is None else vectors, encoding, orjson.dumps(body))


def vectors(answer: Answer | Fault) -> list[Any]:
    assert isinstance(answer, Answer), answer
    return [part["embedding"] for part in orjson.loads(orjson.dumps(answer.value["data"]))]


def test_a_request_is_written_anew_and_always_wants_base64() -> None:
    encoded = OpenAI().encoders["embedding"](ASKED, TERMS)
    assert encoded.path == "/embeddings"
    assert orjson.loads(encoded.body) == {
        "model": "embed-3",
        "input": ["one", "two"],
        "encoding_format": "base64",
        "dimensions": 8,
        "user": "h1",
    }


def test_tokens_go_as_tokens() -> None:
    asked = Embeddings(("p/embed",), (), ((1, 2), (3,)))
    assert orjson.loads(OpenAI().encoders["embedding"](asked, TERMS).body)["input"] == [[1, 2], [3]]


def test_openrouter_is_told_its_route_and_takes_none_from_a_caller() -> None:
    terms = Terms("m", 0, False, passes_unknown=True, routing={"sort": "price"})
    asked = Embeddings(("p/embed",), ("one",), (), unknown={"session_id": "s", "input_type": "query"})
    encoded = OpenRouter().encoders["embedding"](asked, terms)
    assert orjson.loads(encoded.body) == {
        "model": "m",
        "input": ["one"],
        "encoding_format": "base64",
        "provider": {"sort": "price"},
        "input_type": "query",
    }


@pytest.mark.parametrize("given", [packed(0.5, -0.25), [0.5, -0.25]])
def test_a_vector_is_told_as_it_was_asked_for_whichever_form_it_came_in(given: Any) -> None:
    assert vectors(answered(row(0, given))) == [[0.5, -0.25]]
    assert vectors(answered(row(0, given), encoding="base64")) == [packed(0.5, -0.25)]


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=50))
def test_both_forms_say_the_same_numbers(numbers: list[float]) -> None:
    (told,) = vectors(answered(row(0, packed(*numbers))))
    (text,) = vectors(answered(row(0, packed(*numbers)), encoding="base64"))
    assert list(struct.unpack(f"<{len(numbers)}f", base64.b64decode(text))) == told == numbers


def test_vectors_are_told_in_the_order_of_their_texts() -> None:
    assert vectors(answered(row(1, [1.0]), row(0, [2.0]))) == [[2.0], [1.0]]
    assert vectors(answered({"embedding": [1.0]}, {"embedding": [2.0]})) == [[1.0], [2.0]]


@pytest.mark.parametrize(
    "rows",
    [
        [row(0, [])],
        [row(0, "")],
        [row(0, "AAAA")],
        [row(0, "not base64!")],
        [row(0, ["a"])],
        [row(0, None)],
        [row(0, packed(float("nan")))],
        [row(0, [1e308] * 2)],
        [row(1, [1.0])],
        [row(0, [1.0]), row(0, [2.0])],
        [None],
    ],
)
def test_a_vector_that_is_none_makes_the_answer_none(rows: list[Any]) -> None:
    assert answered(*rows) == Fault("garbled", status=200)


def test_a_number_beyond_all_floats_is_none() -> None:
    assert read_vectors(1, "float", b'{"data": [{"embedding": [1e400]}]}') == Fault("garbled", status=200)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_an_answer_with_fewer_or_more_vectors_than_texts_is_no_answer(count: int) -> None:
    assert answered(*(row(i, [1.0]) for i in range(count)), vectors=2) == Fault("garbled", status=200)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"data": {}}', b"{}"])
def test_what_is_no_answer_is_a_fault(body: bytes) -> None:
    assert read_vectors(1, "float", body) == Fault("garbled", status=200)


def test_an_error_inside_a_200_is_that_error() -> None:
    fault = read_vectors(1, "float", b'{"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}}')
    assert isinstance(fault, Fault)
    assert fault.kind == "rate_limited"


@pytest.mark.parametrize(
    ("usage", "tokens"), [(USAGE, 7), (None, None), ({"prompt_tokens": -1}, None), ({"prompt_tokens": "7"}, None), ({}, None)]
)
def test_usage_is_the_prompts_or_nothing(usage: Any, tokens: int | None) -> None:
    answer = answered(row(0, [1.0]), usage=usage)
    assert isinstance(answer, Answer)
    assert answer.usage == (None if tokens is None else Usage(input=tokens))
    assert not answer.is_empty
