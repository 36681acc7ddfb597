"""OpenAI's embeddings: a parsed body in, a Prompt; a Completion in, vectors that follow from each text alone. No I/O."""

import base64
import hashlib
import math
import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final

from proxy.simulator.dialects.dialect import Completion, Event, Json, Refused
from proxy.simulator.dialects.openai import error, error_event, refused
from proxy.simulator.prompt import Prompt, Turn

__all__ = ["error", "error_event", "events", "read", "refused", "vector", "whole"]

INPUTS_MAX: Final = 2_048
DIMENSIONS: Final = 256
DIMENSIONS_MAX: Final = 4_096
_INVALID: Final = "invalid_request_error"


def read(body: object) -> Prompt | Refused:
    """A request body: text, a list of texts, tokens, or a list of lists of tokens."""
    if not isinstance(body, dict) or not isinstance(body.get("model"), str) or not body["model"]:
        return Refused(400, _INVALID, None, "you must provide a model parameter", "model")
    texts = _texts(body.get("input"))
    if texts is None:
        return Refused(400, _INVALID, None, "'input' must be text or tokens, or a list of either, and not empty", "input")
    dimensions = body.get("dimensions", DIMENSIONS)
    if not isinstance(dimensions, int) or not 1 <= dimensions <= DIMENSIONS_MAX:
        return Refused(400, _INVALID, None, f"'dimensions' must be from 1 to {DIMENSIONS_MAX}", "dimensions")
    encoding = body.get("encoding_format", "float")
    if encoding not in ("float", "base64"):
        return Refused(400, _INVALID, None, "'encoding_format' must be float or base64", "encoding_format")
    turns = tuple(Turn("user", text) for text in texts)
    return Prompt(body["model"], turns, kind="embedding", options={"dimensions": dimensions, "encoding": encoding})


def whole(completion: Completion) -> Json:
    """One vector a text, in their order."""
    options = completion.prompt.options
    rows = [
        {"object": "embedding", "index": index, "embedding": _encoded(vector(turn.text, options["dimensions"]), options)}
        for index, turn in enumerate(completion.prompt.turns)
    ]
    value: Json = {"object": "list", "data": rows, "model": completion.prompt.model}
    if completion.usage is not None:
        value["usage"] = {"prompt_tokens": completion.usage.input, "total_tokens": completion.usage.input}
    return value


def events(completion: Completion) -> Iterator[Event]:
    """Embeddings are never streamed."""
    return iter(())


def vector(text: str, dimensions: int) -> tuple[float, ...]:
    """A vector of length 1 for a text, the same every time. Shorter ones are the beginning of longer ones, made 1 again."""
    stream = hashlib.shake_256(text.encode("utf-8", "surrogatepass")).digest(2 * dimensions)
    raw = [number / 32_768 for number in struct.unpack(f"<{dimensions}h", stream)]
    length = math.sqrt(sum(number * number for number in raw)) or 1.0
    # As single floats, so that both encodings say the same.
    return struct.unpack(f"<{dimensions}f", struct.pack(f"<{dimensions}f", *(number / length for number in raw)))


def _encoded(numbers: tuple[float, ...], options: Mapping[str, Any]) -> list[float] | str:
    if options["encoding"] == "base64":
        return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()
    return list(numbers)


def _texts(given: object) -> list[str] | None:
    """Tokens stand as words, one token each."""
    if isinstance(given, str):
        return [given] if given else None
    if not isinstance(given, list) or not 0 < len(given) <= INPUTS_MAX:
        return None
    if all(_is_token(part) for part in given):
        return [_words(given)]
    if all(isinstance(part, str) and part for part in given):
        return given
    if all(isinstance(part, list) and part and all(_is_token(token) for token in part) for part in given):
        return [_words(part) for part in given]
    return None


def _is_token(part: object) -> bool:
    return isinstance(part, int) and not isinstance(part, bool) and part >= 0


def _words(tokens: list[int]) -> str:
    return " ".join(f"t{token}" for token in tokens)
