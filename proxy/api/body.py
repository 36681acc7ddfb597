"""Reading a request's body within its bound: ASGI messages in, bytes or a Refusal out; never parses."""

from collections.abc import Mapping
from typing import Final

from proxy.api.reply import Receive
from proxy.domain.errors import Refusal

# Far more digits than any size that we could take; a longer number is not worth reading.
_LENGTH_DIGITS_MAX: Final = 18


async def read_body(receive: Receive, headers: Mapping[bytes, bytes], bytes_max: int) -> bytes | Refusal | None:
    """The whole body; None when the caller left before it was complete. An announced size over the bound, or a media type
    that is not JSON's, is refused before a byte is read."""
    refusal = _objection(headers, bytes_max)
    if refusal is not None:
        return refusal
    message = await receive()
    if message["type"] == "http.disconnect":
        return None
    first: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return first if len(first) <= bytes_max else too_large(bytes_max)
    parts, size = [first], len(first)
    while message.get("more_body", False):
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        size += len(message.get("body", b""))
        if size > bytes_max:
            return too_large(bytes_max)
        parts.append(message.get("body", b""))
    return b"".join(parts)


def too_large(bytes_max: int) -> Refusal:
    return Refusal("body_too_large", f"The body is larger than {bytes_max} bytes. Send a smaller one.")


def _objection(headers: Mapping[bytes, bytes], bytes_max: int) -> Refusal | None:
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and (len(announced) > _LENGTH_DIGITS_MAX or int(announced) > bytes_max):
        return too_large(bytes_max)
    if headers.get(b"content-encoding", b"identity").strip().lower() not in (b"identity", b""):
        return Refusal("unsupported_media_type", "Compressed bodies are not supported. Send the body as it is.")
    media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if announced == b"0" or media_type in (b"", b"application/json") or media_type.endswith(b"+json"):
        return None
    return Refusal("unsupported_media_type", "The body must be JSON. Send it with `Content-Type: application/json`.")
