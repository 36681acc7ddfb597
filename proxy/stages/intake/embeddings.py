"""From the bytes of an embeddings request to checked Embeddings, and from there to its sizes and wants; embeds nothing."""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from proxy.domain.chat import Json
from proxy.domain.dialect import Feature
from proxy.domain.embeddings import Embeddings, Encoding
from proxy.domain.errors import Refusal
from proxy.domain.journey import Largest
from proxy.stages.intake.body import read
from proxy.stages.intake.facts import Facts
from proxy.stages.intake.fieldbook import ROUTES, FieldBook, sort
from proxy.stages.intake.limits import IntakeLimits
from proxy.stages.intake.options import options
from proxy.stages.intake.shapes import Shape, invalid, is_whole, utf8_bytes
from proxy.stages.intake.terms import asked, end_user

# https://platform.openai.com/docs/api-reference/embeddings/create
FIELDS: Final = FieldBook(
    passed={"dimensions": Shape(lambda value: is_whole(value) and value >= 1, "a whole number of at least 1")},
    ours=frozenset({"model", "models", "input", "encoding_format", "user", "safety_identifier", "signalbox"}),
    dropped={"stream": Shape(lambda value: value is False, "false: embeddings come whole")},
    refused=ROUTES,
)
_WANTED: Final = "`input` must be a text, a list of texts, a list of tokens or a list of lists of tokens, none of them empty."
# No vocabulary has as many; keeps what is written upstream within what every provider reads.
_TOKEN_MAX: Final = 2**31 - 1

Inputs = tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]


def parse(body: bytes, limits: IntakeLimits) -> Embeddings | Refusal:
    """What a request for embeddings asks for (contract 7), or what is wrong with it, named in `param`."""
    request = read(body, limits)
    if isinstance(request, Refusal):
        return request
    fields = sort(request, limits, FIELDS)
    if isinstance(fields, Refusal):
        return fields
    return _embeddings(request, fields, limits)


def facts(request: Embeddings) -> Facts:
    """The text-free part of a request for embeddings. Its inputs are read one by one, so that each has to fit into a context
    and not their sum."""
    read_apart = request.count > 1
    texts = [utf8_bytes(text) for text in request.texts]
    tokens = [len(given) for given in request.tokens]
    # A provider that takes anything may have its models read what we do not know, perhaps with each input.
    aside_bytes = len(orjson.dumps(request.unknown)) * request.count if request.unknown else 0
    return Facts(
        text_bytes=sum(texts) + aside_bytes,
        features=tuple(_features(request)),
        tokens=sum(tokens),
        largest=Largest(max(texts, default=0), max(tokens, default=0)) if read_apart else None,
    )


def _embeddings(request: Json, fields: tuple[Json, Json], limits: IntakeLimits) -> Embeddings | Refusal:
    passed, unknown = fields
    if isinstance(names := asked(request, limits), Refusal):
        return names
    if isinstance(given := _inputs(request.get("input"), limits), Refusal):
        return given
    if isinstance(encoding := _encoding(request.get("encoding_format")), Refusal):
        return encoding
    if isinstance(user := end_user(request, limits), Refusal):
        return user
    if isinstance(chosen := options(request.get("signalbox"), limits), Refusal):
        return chosen
    texts, tokens = given
    return Embeddings(
        asked=names,
        texts=texts,
        tokens=tokens,
        encoding=encoding,
        fields=passed,
        unknown=unknown,
        end_user=user,
        options=chosen,
    )


def _inputs(given: Any, limits: IntakeLimits) -> Inputs | Refusal:
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, list) or not given:
        return invalid("input", _WANTED)
    if all(map(is_whole, given)):
        given = [given]
    if len(given) > limits.inputs_max:
        return invalid("input", f"At most {limits.inputs_max} inputs are allowed in one request.")
    if all(isinstance(one, str) and one for one in given):
        return tuple(given), ()
    if all(isinstance(one, list) and one and all(map(_is_token, one)) for one in given):
        return (), tuple(map(tuple, given))
    return invalid("input", _WANTED)


def _is_token(value: object) -> bool:
    return type(value) is int and 0 <= value <= _TOKEN_MAX


def _encoding(given: Any) -> Encoding | Refusal:
    match given:
        case None | "float":
            return "float"
        case "base64":
            return "base64"
    return invalid("encoding_format", '`encoding_format` must be "float" or "base64".')


def _features(request: Embeddings) -> Iterator[Feature]:
    yield "embeddings"
    if request.tokens:
        yield "token_input"
    if "dimensions" in request.fields:
        yield "dimensions"
