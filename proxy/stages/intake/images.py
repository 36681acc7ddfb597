"""From the bytes of an image request to checked Images, and from there to its sizes and wants; draws nothing."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from proxy.domain.chat import Json
from proxy.domain.dialect import Feature
from proxy.domain.errors import Refusal
from proxy.domain.images import ImageForm, Images
from proxy.domain.picture import Picture
from proxy.stages.intake.body import read
from proxy.stages.intake.facts import Facts
from proxy.stages.intake.fieldbook import ROUTES, FieldBook, sort
from proxy.stages.intake.limits import IntakeLimits
from proxy.stages.intake.options import options
from proxy.stages.intake.shapes import TEXT, WHOLE, Shape, invalid, is_clean, utf8_bytes
from proxy.stages.intake.terms import answers, asked, end_user

_CHOICE_CHARS_MAX: Final = 32
_SIZE: Final = "is not supported. Choose a `size` that the model is priced by: GET /v1/models lists them."
_COUNT: Final = "is not supported. Ask for several images with `n`."
_EFFORT: Final = "is not supported: it is not priced. Choose a `quality`."

# What other services call size, number and effort, each of which can raise the bill (contract 7).
REFUSED: Final[Mapping[str, str]] = {
    "width": _SIZE,
    "height": _SIZE,
    "aspect_ratio": _SIZE,
    "image_size": _SIZE,
    "resolution": _SIZE,
    "batch_size": _COUNT,
    "num_images": _COUNT,
    "samples": _COUNT,
    "steps": _EFFORT,
    "num_inference_steps": _EFFORT,
    "partial_images": "is not supported: images come whole, and parts of them are not priced.",
    "image": "is not supported: images are made of a prompt alone.",
    "images": "is not supported: images are made of a prompt alone.",
    **ROUTES,
}
# https://platform.openai.com/docs/api-reference/images/create
FIELDS: Final = FieldBook(
    passed={"background": TEXT, "moderation": TEXT, "output_compression": WHOLE, "output_format": TEXT, "style": TEXT},
    ours=frozenset(
        {
            "model",
            "models",
            "prompt",
            "n",
            "size",
            "quality",
            "response_format",
            "user",
            "safety_identifier",
            "signalbox",
        }
    ),
    dropped={"stream": Shape(lambda value: value is False, "false: images come whole")},
    refused=REFUSED,
)


def parse(body: bytes, limits: IntakeLimits) -> Images | Refusal:
    """What a request for images asks for (contract 7), or what is wrong with it, named in `param`."""
    request = read(body, limits)
    if isinstance(request, Refusal):
        return request
    fields = sort(request, limits, FIELDS)
    if isinstance(fields, Refusal):
        return fields
    return _images(request, fields, limits)


def facts(request: Images) -> Facts:
    """The text-free part of a request for images."""
    return Facts(
        # A provider that takes anything may have its models read what we do not know.
        text_bytes=utf8_bytes(request.prompt) + (len(orjson.dumps(request.unknown)) if request.unknown else 0),
        features=tuple(_features(request)),
        message_count=1,
        n=request.n,
        picture=request.picture,
    )


def _images(request: Json, fields: tuple[Json, Json], limits: IntakeLimits) -> Images | Refusal:
    passed, unknown = fields
    if isinstance(names := asked(request, limits), Refusal):
        return names
    prompt = request.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        return invalid("prompt", "`prompt` must be a text that says what to show.")
    if isinstance(picture := _picture(request), Refusal):
        return picture
    if isinstance(count := answers(request), Refusal):
        return count
    if isinstance(form := _form(request.get("response_format")), Refusal):
        return form
    if isinstance(user := end_user(request, limits), Refusal):
        return user
    if isinstance(chosen := options(request.get("signalbox"), limits), Refusal):
        return chosen
    return Images(
        asked=names,
        prompt=prompt,
        picture=picture,
        n=count,
        form=form,
        fields=passed,
        unknown=unknown,
        end_user=user,
        options=chosen,
    )


def _picture(request: Json) -> Picture | Refusal:
    """`auto` leaves the choice to us."""
    for name in ("size", "quality"):
        if request.get(name) is not None and not is_clean(request[name], _CHOICE_CHARS_MAX):
            return invalid(name, f"`{name}` must be a word of at most {_CHOICE_CHARS_MAX} plain characters.")
    size, quality = (None if request.get(name) == "auto" else request.get(name) for name in ("size", "quality"))
    return Picture(size, quality)


def _form(given: Any) -> ImageForm | Refusal | None:
    match given:
        case None:
            return None
        case "url":
            return "url"
        case "b64_json":
            return "b64_json"
    return invalid("response_format", '`response_format` must be "url" or "b64_json".')


def _features(request: Images) -> Iterator[Feature]:
    yield "images"
    if request.form == "url":
        yield "image_url"
