"""OpenAI's moderations: what is asked, what of an answer is believed, and what is no answer."""

from typing import Any

import orjson
import pytest

from proxy.domain.errors import Fault
from proxy.domain.usage import Usage
from proxy.stages.provider.moderations import CATEGORIES_MAX, NAME_CHARS_MAX, Opinion, body_of, read_opinion


def answer(*results: Any, **more: Any) -> bytes:
    return orjson.dumps({"id": "modr-1", "results": list(results), **more})


def result(flagged: bool, **categories: Any) -> dict[str, Any]:
    return {"flagged": flagged, "categories": categories}


def test_the_texts_are_asked_about_in_their_order() -> None:
    assert orjson.loads(body_of("omni", ("a", "b"))) == {"model": "omni", "input": ["a", "b"]}


def test_one_text_that_is_flagged_flags_all_and_names_what_for() -> None:
    body = answer(result(False, hate=False), result(True, violence=True, hate=False, sexual=True))
    assert read_opinion(2, body) == Opinion(True, ("sexual", "violence"), None)


def test_usage_is_taken_where_it_is_reported() -> None:
    assert read_opinion(1, answer(result(False), usage={"prompt_tokens": 7})) == Opinion(False, (), Usage(input=7))
    assert read_opinion(1, answer(result(False), usage={"prompt_tokens": -7})) == Opinion(False, (), None)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", answer(), answer(result(True), result(True)), answer("x"), answer({"flagged": "yes"}), answer(None)],
)
def test_what_is_no_answer_to_one_text_is_garbled(body: bytes) -> None:
    assert read_opinion(1, body) == Fault("garbled", status=200)


def test_an_error_in_a_200_is_an_error() -> None:
    found = read_opinion(1, orjson.dumps({"error": {"message": "no", "code": "server_error"}}))
    assert isinstance(found, Fault)
    assert found.kind != "garbled"


def test_a_flood_of_categories_is_bounded() -> None:
    found = read_opinion(1, answer({"flagged": True, "categories": {f"{n:03}" * 99: True for n in range(999)}}))
    assert isinstance(found, Opinion)
    assert len(found.categories) == CATEGORIES_MAX
    assert all(len(name) <= NAME_CHARS_MAX for name in found.categories)
