"""Claims about requests for images: what is taken, what its price depends on, and what is refused by name."""

from typing import Any

import orjson
import pytest

from proxy.domain.errors import Refusal
from proxy.domain.images import Images
from proxy.domain.picture import Picture
from proxy.stages.intake import ask, understand
from proxy.stages.intake.images import REFUSED
from tests import builders as b


def parsed(**fields: Any) -> Images | Refusal:
    found = understand("image", orjson.dumps({"model": "p/draw", "prompt": "A train.", **fields}))
    assert isinstance(found, Images | Refusal)
    return found


def images(**fields: Any) -> Images:
    found = parsed(**fields)
    assert isinstance(found, Images), found
    return found


def param(**fields: Any) -> str | None:
    found = parsed(**fields)
    assert isinstance(found, Refusal)
    assert found.status == 400
    return found.param


def test_a_prompt_is_enough() -> None:
    found = images()
    assert (found.prompt, found.n, found.picture, found.form) == ("A train.", 1, Picture(), None)


def test_size_and_quality_are_taken_as_the_model_words_them() -> None:
    assert images(size="1024x1024", quality="hd").picture == Picture("1024x1024", "hd")


@pytest.mark.parametrize("left_open", [None, "auto"])
def test_auto_leaves_the_choice_open(left_open: str | None) -> None:
    assert images(size=left_open, quality=left_open).picture == Picture()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", ""),
        ("prompt", ["a"]),
        ("prompt", None),
        ("size", 1024),
        ("size", "1024x1024\r\n"),
        ("quality", "x" * 33),
        ("n", 0),
        ("n", True),
        ("response_format", "png"),
        ("stream", True),
        ("style", 3),
        ("Size", "1x1"),
    ],
)
def test_what_is_wrong_is_named(field: str, value: Any) -> None:
    assert param(**{field: value}) == field


@pytest.mark.parametrize("field", REFUSED)
def test_what_could_raise_the_bill_or_choose_the_route_is_refused_by_every_name(field: str) -> None:
    assert param(**{field: 2}) == field


def test_an_ask_knows_how_many_images_of_which_kind_may_be_billed() -> None:
    asked = ask(images(n=3, size="512x512", response_format="url"), b.caller(), "image", b.NOW_MS)
    assert (asked.kind, asked.n, asked.picture, asked.images) == ("image", 3, Picture("512x512"), 3)
    assert asked.features == ("images", "image_url")
    assert (asked.text_bytes, asked.message_count, asked.image_count) == (8, 1, 0)
