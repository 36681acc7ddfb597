"""OpenAI's embeddings format: a request and the terms of one candidate in, the body out; a whole answer in, vectors in the form
that was asked for out. Never passes a choice that is ours."""

import base64
import binascii
import math
import struct
from functools import partial
from typing import Any, Final

import orjson

from proxy.domain.chat import Answer, Json, Terms
from proxy.domain.embeddings import Embeddings, Encoding
from proxy.domain.errors import Fault
from proxy.domain.usage import Usage
from proxy.stages.provider.adapter import Encoded
from proxy.stages.provider.completions.failure import failure_inside
from proxy.stages.provider.counts import count
from proxy.stages.provider.headers import accepted
from proxy.stages.provider.reading import read

PATH: Final = "/embeddings"
_FLOAT_BYTES: Final = 4
_GARBLED: Final = Fault("garbled", status=200)


def encode(request: Embeddings, terms: Terms) -> Encoded:
    """The request to whoever speaks OpenAI's words."""
    return encoded(request, body_of(request, terms))


def encoded(request: Embeddings, body: Json) -> Encoded:
    """The request with this body."""
    return Encoded(PATH, accepted(stream=False), orjson.dumps(body), partial(read_vectors, request.count, request.encoding))


def body_of(request: Embeddings, terms: Terms) -> Json:
    """The body is written anew from parsed values (contract 7). Vectors are always wanted in base64, as OpenAI's own client
    wants them: digits would make the largest answers larger than any that we take."""
    body: Json = {**request.unknown, **request.fields} if terms.passes_unknown else dict(request.fields)
    body["model"] = terms.upstream_name
    body["input"] = list(request.texts or request.tokens)
    body["encoding_format"] = "base64"
    if terms.end_user_hash is not None:
        body["user"] = terms.end_user_hash
    return body


def read_vectors(vectors: int, encoding: Encoding, body: bytes) -> Answer | Fault:
    """An answer with status 200, as `data` of exactly so many `vectors` in their order; never raises. Providers that do not
    heed how vectors are wanted are understood too."""
    value = read(body)
    if not isinstance(value, dict):
        return _GARBLED
    failure = failure_inside(value)
    if failure is not None:
        return failure
    rows = value.get("data")
    if not isinstance(rows, list) or len(rows) != vectors:
        return _GARBLED
    data = [_row(row, place, encoding) for place, row in enumerate(rows)]
    by_index = {row["index"]: row for row in data if row is not None}
    if by_index.keys() != set(range(vectors)):
        return _GARBLED
    return Answer({"data": [by_index[index] for index in range(vectors)]}, _usage(value.get("usage")), 0, 0, False, None)


def _row(row: Any, place: int, encoding: Encoding) -> Json | None:
    if not isinstance(row, dict):
        return None
    index = row.get("index")
    vector = _vector(row.get("embedding"), encoding)
    if vector is None:
        return None
    return {"object": "embedding", "index": index if type(index) is int else place, "embedding": vector}


def _vector(given: Any, encoding: Encoding) -> str | orjson.Fragment | None:
    """A vector in the form wanted, whichever of the two it came in; None for what is none. Numbers are written at once: in a
    large answer there are millions of them, and none is looked at again."""
    try:
        packed = base64.b64decode(given, validate=True) if isinstance(given, str) else struct.pack(f"<{len(given)}f", *given)
    except (binascii.Error, OverflowError, TypeError, ValueError, struct.error):
        return None
    if not packed or len(packed) % _FLOAT_BYTES:
        return None
    if encoding == "base64":
        return given if isinstance(given, str) else base64.b64encode(packed).decode()
    numbers = struct.unpack(f"<{len(packed) // _FLOAT_BYTES}f", packed) if isinstance(given, str) else given
    return orjson.Fragment(orjson.dumps(numbers)) if math.isfinite(sum(numbers)) else None


def _usage(value: object) -> Usage | None:
    """None for what cannot be true."""
    tokens = count(value.get("prompt_tokens")) if isinstance(value, dict) else None
    return Usage(input=tokens) if tokens else None
