"""OpenAI's images: a parsed body in, a Prompt; a Completion in, plain pictures whose colour follows from the prompt. No I/O."""

import base64
import hashlib
import re
import struct
import zlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from proxy.simulator.dialects.dialect import Completion, Event, Json, Refused
from proxy.simulator.dialects.openai import error, error_event, refused
from proxy.simulator.prompt import Prompt, Turn

__all__ = ["error", "error_event", "events", "picture", "read", "refused", "whole"]

IMAGES_MAX: Final = 10
SIDE_MAX: Final = 4_096
_USUAL_SIDE: Final = 1_024
_INVALID: Final = "invalid_request_error"
_URL: Final = "https://images.invalid/{name}.png"


def read(body: object) -> Prompt | Refused:
    """A request body; a size is `WIDTHxHEIGHT` or `auto`."""
    if not isinstance(body, dict) or not isinstance(body.get("model"), str) or not body["model"]:
        return Refused(400, _INVALID, None, "you must provide a model parameter", "model")
    if not isinstance(body.get("prompt"), str) or not body["prompt"]:
        return Refused(400, _INVALID, None, "you must provide a prompt", "prompt")
    size = _size(body.get("size", "auto"))
    if size is None:
        return Refused(400, _INVALID, "invalid_size", f"'size' must be WIDTHxHEIGHT, at most {SIDE_MAX}, or auto", "size")
    count = body.get("n", 1)
    if not isinstance(count, int) or not 1 <= count <= IMAGES_MAX:
        return Refused(400, _INVALID, None, f"'n' must be from 1 to {IMAGES_MAX}", "n")
    options = {"size": size, "as_url": body.get("response_format") == "url"}
    return Prompt(body["model"], (Turn("user", body["prompt"]),), n=count, kind="image", options=options)


def whole(completion: Completion) -> Json:
    """So many pictures, as base64 or as an address that leads nowhere."""
    prompt = completion.prompt
    rows = [_row(prompt, index) for index in range(prompt.n)]
    value: Json = {"created": completion.created_s, "data": rows}
    if completion.usage is not None:
        used = completion.usage
        details = {"text_tokens": used.input, "image_tokens": 0}
        counts = {"input_tokens": used.input, "output_tokens": used.output, "total_tokens": used.input + used.output}
        value["usage"] = counts | {"input_tokens_details": details}
    return value


def events(completion: Completion) -> Iterator[Event]:
    """Images are never streamed."""
    return iter(())


@lru_cache(16)
def picture(width: int, height: int, colour: bytes) -> bytes:
    """A PNG of one colour (three bytes: red, green, blue), two colours deep, so that even large ones are small."""
    head = struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)
    row = b"\x00" * (1 + (width + 7) // 8)
    parts = ((b"IHDR", head), (b"PLTE", colour * 2), (b"IDAT", zlib.compress(row * height)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(name, data) for name, data in parts)


def _row(prompt: Prompt, index: int) -> Json:
    digest = hashlib.sha256(f"{prompt.asked}\x1f{index}".encode("utf-8", "surrogatepass"))
    if prompt.options["as_url"]:
        return {"url": _URL.format(name=digest.hexdigest()[:24])}
    return {"b64_json": base64.b64encode(picture(*prompt.options["size"], digest.digest()[:3])).decode()}


def _part(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _size(wanted: object) -> tuple[int, int] | None:
    if wanted == "auto" or wanted is None:
        return _USUAL_SIDE, _USUAL_SIDE
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", wanted) if isinstance(wanted, str) else None
    if found is None or not all(0 < int(side) <= SIDE_MAX for side in found.groups()):
        return None
    return int(found[1]), int(found[2])
