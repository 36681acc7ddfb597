"""One connection to the gateway on which any bytes can be sent, and the answers read without a client's good manners."""

import json
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.e2e.harness import WAIT_S

READ_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as it came: header names are lower case; `raw` is the body before any chunk was put together."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> bytes:
        return unchunked(self.raw) if self.headers.get("transfer-encoding") == "chunked" else self.raw

    @property
    def error(self) -> dict[str, Any]:
        """The error object, which every refusal has."""
        error: dict[str, Any] = json.loads(self.body)["error"]
        assert {"message", "type", "param", "code"} <= set(error)
        return error

    @property
    def events(self) -> list[bytes]:
        """The data of every event, comments left out. Fails where a line is no SSE or an event has no blank line."""
        blocks = self.body.split(b"\n\n")
        assert blocks.pop() == b""
        lines = [line for block in blocks for line in block.split(b"\n") if not line.startswith(b":")]
        assert all(line.startswith(b"data: ") for line in lines)
        return [line.removeprefix(b"data: ") for line in lines]


class Wire:
    """A connection; closed at the end of its `with`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port or 80), WAIT_S)
        self._held = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def end(self) -> None:
        """Says that nothing more will be sent."""
        self._socket.shutdown(socket.SHUT_WR)

    def until(self, mark: bytes) -> bytes:
        """What comes up to and with the mark. Raises EOFError when the peer closes first."""
        while mark not in self._held:
            self._more()
        found, _, self._held = self._held.partition(mark)
        return found + mark

    def answer(self, head_only: bool = False) -> Answer:
        """The next answer, whatever tells its end: a length, chunks, or the end of the connection."""
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ", 2)[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
        if head_only or status in (100, 204):
            return Answer(status, headers, b"")
        if "content-length" in headers:
            return Answer(status, headers, self._exactly(int(headers["content-length"])))
        if headers.get("transfer-encoding") == "chunked":
            return Answer(status, headers, self.until(b"0\r\n\r\n"))
        return Answer(status, headers, self.rest())

    def rest(self) -> bytes:
        """What comes until the peer closes."""
        while True:
            try:
                self._more()
            except EOFError:
                found, self._held = self._held, b""
                return found

    def _exactly(self, length: int) -> bytes:
        while len(self._held) < length:
            self._more()
        found, self._held = self._held[:length], self._held[length:]
        return found

    def _more(self) -> None:
        data = self._socket.recv(READ_BYTES)
        if not data:
            raise EOFError(self._held)
        self._held += data


def post(key: str | None, body: bytes | dict[str, Any], *headers: str, version: str = "1.1", sized: bool = True) -> bytes:
    """A chat call as bytes. Without `sized` it announces no length, so that a header can."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"POST /v1/chat/completions HTTP/{version}", "Host: signalbox", "Content-Type: application/json"]
    lines += [f"Authorization: Bearer {key}"] if key else []
    lines += [f"Content-Length: {len(data)}"] if sized else []
    return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1") + data


def get(path: str, key: str | None = None, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    """A request without a body as bytes."""
    lines = [f"{method} {path} HTTP/{version}", "Host: signalbox"]
    lines += [f"Authorization: Bearer {key}"] if key else []
    return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1")


def unchunked(raw: bytes) -> bytes:
    """A chunked body put together."""
    parts: list[bytes] = []
    while True:
        size, _, raw = raw.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            return b"".join(parts)
        parts.append(raw[:length])
        raw = raw[length + 2 :]
