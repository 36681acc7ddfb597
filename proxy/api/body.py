"""Reading a request's body within its bound: ASGI messages in, bytes or a Refusal out; never parses."""

from collections.abc import Mapping

from proxy.api.reply import Receive
from proxy.domain.errors import Refusal


async def read_body(receive: Receive, headers: Mapping[bytes, bytes], bytes_max: int) -> bytes | Refusal | None:
    """The whole body; None when the caller left before it was complete. An announced size over the bound is refused
    before a byte is read."""
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced) > bytes_max:
        return too_large(bytes_max)
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
