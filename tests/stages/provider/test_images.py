"""Claims about OpenAI's images format. https://platform.openai.com/docs/api-reference/images"""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from proxy.domain.chat import Answer, Terms
from proxy.domain.errors import Fault
from proxy.domain.images import ImageForm, Images
from proxy.domain.picture import Picture
from proxy.domain.usage import Usage
from proxy.stages.provider.images import read_images
from proxy.stages.provider.openai import OpenAI

TERMS = Terms(
    "draw-1", output_tokens_max=0, stream=False, end_user_hash="h1", picture=Picture("1024x1024", "low"), lacks=("image_url",)
)
ASKED = Images(("p/draw",), "A train.", fields={"background": "opaque"}, unknown={"seed": 7}, end_user="alice")
USAGE = {"input_tokens": 5, "output_tokens": 1_056, "total_tokens": 1_061, "cost": 0.04}


def body(request: Images = ASKED, terms: Terms = TERMS) -> Any:
    encoded = OpenAI().encoders["image"](request, terms)
    assert encoded.path == "/images/generations"
    return orjson.loads(encoded.body)


def answered(*rows: Any, images: int = 1, form: ImageForm | None = None, **top: Any) -> Answer | Fault:
    return read_images(images, form, orjson.dumps({"created": 1, "data": list(rows), "usage": USAGE, **top}))


def test_size_and_quality_are_written_as_they_are_priced() -> None:
    assert body() == {
        "model": "draw-1",
        "prompt": "A train.",
        "size": "1024x1024",
        "quality": "low",
        "background": "opaque",
        "user": "h1",
    }


def test_what_a_model_is_not_told_of_is_left_out() -> None:
    sent = body(terms=replace(TERMS, picture=Picture(), end_user_hash=None))
    assert sent.keys() == {"model", "prompt", "background"}


def test_a_caller_chooses_no_size_behind_our_back() -> None:
    sent = body(replace(ASKED, unknown={"size": "huge", "model": "dear", "n": 9}), replace(TERMS, passes_unknown=True))
    assert (sent["size"], sent["model"]) == ("1024x1024", "draw-1")


def test_a_form_is_told_to_models_that_have_two() -> None:
    asked = replace(ASKED, form="b64_json", n=2)
    assert body(asked, replace(TERMS, lacks=()))["response_format"] == "b64_json"
    assert "response_format" not in body(asked)
    assert body(asked)["n"] == 2


def test_images_are_counted_by_the_piece_and_their_tokens_are_no_output() -> None:
    answer = answered({"b64_json": "AAAA", "revised_prompt": "A red train.", "secret": 1}, {"b64_json": "BBBB"}, images=2)
    assert isinstance(answer, Answer)
    assert answer.value["data"] == [{"b64_json": "AAAA", "revised_prompt": "A red train."}, {"b64_json": "BBBB"}]
    assert (answer.images, answer.usage) == (2, Usage(input=5))


def test_no_more_images_are_told_than_were_asked_for() -> None:
    answer = answered({"url": "https://x/1"}, {"url": "https://x/2"}, images=1)
    assert isinstance(answer, Answer)
    assert (answer.images, len(answer.value["data"])) == (1, 1)


@pytest.mark.parametrize(
    ("row", "form"),
    [
        ({"url": "https://x/1"}, "b64_json"),
        ({"b64_json": "AAAA"}, "url"),
        ({"b64_json": ""}, None),
        ({"b64_json": 7}, None),
        ({}, None),
        ("AAAA", None),
    ],
)
def test_an_image_in_no_form_or_another_than_asked_for_is_none(row: Any, form: ImageForm | None) -> None:
    assert answered(row, form=form) == Fault("garbled", status=200)


def test_an_answer_without_images_is_empty() -> None:
    assert answered() == Fault("empty", status=200)


@pytest.mark.parametrize("given", [b"", b"<html>", b"[]", b'{"data": 7}'])
def test_what_is_no_answer_is_a_fault(given: bytes) -> None:
    assert read_images(1, None, given) == Fault("garbled", status=200)


def test_an_error_inside_a_200_is_that_error() -> None:
    fault = read_images(1, None, b'{"error": {"message": "no", "code": "content_policy_violation"}}')
    assert isinstance(fault, Fault)
    assert fault.kind == "content_refused"


@pytest.mark.parametrize("usage", [None, {}, {"input_tokens": -1}, {"input_tokens": "5"}, 7])
def test_usage_that_cannot_be_true_is_none(usage: Any) -> None:
    answer = answered({"url": "https://x/1"}, usage=usage)
    assert isinstance(answer, Answer)
    assert answer.usage is None
