"""OpenAI's images format: a request and the terms of one candidate in, the body out; a whole answer in, its images out. Never
passes a choice that is ours, and fetches nothing."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import orjson

from proxy.domain.chat import Answer, Json, Terms
from proxy.domain.errors import Fault
from proxy.domain.images import ImageForm, Images
from proxy.domain.picture import Picture
from proxy.domain.usage import Usage
from proxy.stages.provider.adapter import Encoded
from proxy.stages.provider.completions.failure import failure_inside
from proxy.stages.provider.counts import count
from proxy.stages.provider.headers import accepted
from proxy.stages.provider.reading import read

PATH: Final = "/images/generations"
_FORMS: Final[tuple[ImageForm, ...]] = ("b64_json", "url")
_GARBLED: Final = Fault("garbled", status=200)


def encode(request: Images, terms: Terms) -> Encoded:
    """The request to whoever speaks OpenAI's words."""
    reads = partial(read_images, request.n, request.form)
    return Encoded(PATH, accepted(stream=False), orjson.dumps(body_of(request, terms)), reads)


def body_of(request: Images, terms: Terms) -> Json:
    """The body is written anew from parsed values (contract 7). Size and quality are those that are priced. A model that gives
    no addresses is not told a form: it has but one, and takes no word about it."""
    body: Json = {**request.unknown, **request.fields} if terms.passes_unknown else dict(request.fields)
    picture = terms.picture or Picture()
    said = {"size": picture.size, "quality": picture.quality, "user": terms.end_user_hash}
    if "image_url" not in terms.lacks:
        said["response_format"] = request.form
    body["model"] = terms.upstream_name
    body["prompt"] = request.prompt
    if request.n > 1:
        body["n"] = request.n
    return {**body, **{name: value for name, value in said.items() if value is not None}}


def read_images(images: int, form: ImageForm | None, body: bytes) -> Answer | Fault:
    """An answer with status 200, as `data` of at most so many `images`; never raises. Images are billed by the piece, so
    whatever they are counted in as tokens of output is no usage."""
    value = read(body)
    if not isinstance(value, dict):
        return _GARBLED
    failure = failure_inside(value)
    if failure is not None:
        return failure
    given = value.get("data")
    if not isinstance(given, list):
        return _GARBLED
    if not given:
        return Fault("empty", status=200)
    data = [_row(row, form) for row in given[:images]]
    if not all(data):
        return _GARBLED
    return Answer({**value, "data": data}, _usage(value.get("usage")), 0, 0, False, None, images=len(data))


def _row(row: Any, form: ImageForm | None) -> Json | None:
    """An image in the form asked for, or in any if none was, and what its prompt was made into."""
    if not isinstance(row, Mapping):
        return None
    shown: Json = {name: row[name] for name in ((form,) if form else _FORMS) if isinstance(row.get(name), str) and row[name]}
    if not shown:
        return None
    revised = row.get("revised_prompt")
    return {**shown, "revised_prompt": revised} if isinstance(revised, str) else shown


def _usage(value: object) -> Usage | None:
    """None for what cannot be true."""
    tokens = count(value.get("input_tokens")) if isinstance(value, dict) else None
    return Usage(input=tokens) if tokens else None
