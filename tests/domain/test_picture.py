"""Claims about what an image costs: the first price that fits, the usual one for what is left open, the dearest in doubt."""

import pytest

from proxy.domain.money import prices_at
from proxy.domain.picture import ImagePrice, Picture
from tests import builders as b

SQUARE, FINE, WIDE = Picture("1024x1024", "low"), Picture("1024x1024", "high"), Picture("1536x1024", "high")
DRAWS = b.model("p/draw", kind="image", images=(ImagePrice(SQUARE, 10), ImagePrice(FINE, 40), ImagePrice(WIDE, 60)))


@pytest.mark.parametrize(
    ("wanted", "made", "image"),
    [
        (Picture(), SQUARE, 10),
        (Picture(quality="high"), FINE, 40),
        (Picture(size="1536x1024"), WIDE, 60),
        (WIDE, WIDE, 60),
        (Picture("1x1"), None, 60),
        (Picture("1536x1024", "low"), None, 60),
    ],
)
def test_what_is_made_is_what_is_priced(wanted: Picture, made: Picture | None, image: int) -> None:
    assert DRAWS.makes(wanted) == made
    assert prices_at(DRAWS.tiers_for(wanted), 0).image == image


def test_a_model_that_is_told_no_quality_is_asked_for_none() -> None:
    plain = b.model("p/draw", kind="image", images=(ImagePrice(Picture("512x512"), 10),))
    assert plain.makes(Picture("512x512")) == Picture("512x512")
    assert plain.makes(Picture("512x512", "high")) is None


def test_where_all_images_cost_the_same_any_size_is_made() -> None:
    flat = b.model("p/draw", kind="image", tiers=b.tiers(image=7))
    assert flat.makes(WIDE) == WIDE
    assert flat.tiers_for(WIDE) == flat.tiers


def test_a_call_for_no_image_has_the_models_own_prices() -> None:
    assert DRAWS.tiers_for(None) == DRAWS.tiers
