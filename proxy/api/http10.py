"""HTTP on the wire: uvicorn's protocol, but an HTTP/1.0 caller gets a close-delimited body instead of chunks it cannot read,
and the app gets a way to drop a connection."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle


class CloseDelimitedCycle(RequestResponseCycle):
    """One answer without a length: its end is the end of the connection (RFC 9112 section 6.3)."""

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            lengths = [name for name, _ in message.get("headers", ()) if name.lower() == b"content-length"]
            self.chunked_encoding = None if lengths else False
        elif self.chunked_encoding is False and not self.expected_content_length:
            self.expected_content_length = len(message.get("body", b""))
        await super().send(message)


class GatewayProtocol(HttpToolsProtocol):
    """What `uvicorn.Config(http=...)` is given."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if cycle.scope["http_version"] == "1.0":
            # The cycle is built inside uvicorn, from a name it does not let us choose.
            cycle.__class__ = CloseDelimitedCycle
        cycle.scope["extensions"] = {"signalbox.abort": {"abort": self.transport.abort}}
        super()._start_asgi_task(cycle, app)
