"""The same question in each dialect, and what came back, read byte by byte; asserts nothing."""

import asyncio
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from proxy.simulator.dialects.dialect import DialectName

ASKED: Final = "Tell me the weather in Paris"
WORDS: Final = 12
MODEL: Final = f"sim--tale={WORDS}"
PLACE: Final = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
# How long a connection may be silent before it counts as mute. Nothing else is judged by it.
QUIET_S: Final = 0.25
_FUNCTION: Final = {"name": "get_weather", "parameters": PLACE}


@dataclass(frozen=True)
class Got:
    """All that came on a connection, and how it ended: `closed`, `reset` or `silent`."""

    raw: bytes
    end: str

    @cached_property
    def head(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[0]

    @property
    def status(self) -> int:
        """0 without one."""
        found = re.match(rb"HTTP/1\.1 (\d{3}) ", self.raw)
        return int(found[1]) if found else 0

    @cached_property
    def headers(self) -> dict[str, str]:
        lines = [line.split(b": ", 1) for line in self.head.split(b"\r\n")[1:]]
        return {parts[0].decode().lower(): parts[1].decode() for parts in lines if len(parts) == 2}

    @cached_property
    def chunks(self) -> list[bytes]:
        """What stands in each HTTP chunk; an unchunked body is one."""
        rest = self.raw.partition(b"\r\n\r\n")[2]
        if self.headers.get("transfer-encoding") != "chunked":
            return [rest]
        found: list[bytes] = []
        while match := re.match(rb"([0-9a-f]+)\r\n", rest):
            size = int(match[1], 16)
            if size == 0:
                break
            found.append(rest[match.end() : match.end() + size])
            rest = rest[match.end() + size + 2 :]
        return found

    @property
    def ended_properly(self) -> bool:
        """Whether the framing of HTTP says that the body is complete."""
        if self.headers.get("transfer-encoding") == "chunked":
            return b"\r\n0\r\n" in self.raw and self.raw.endswith(b"\r\n\r\n")
        return len(self.body) == int(self.headers.get("content-length", "-1"))

    @cached_property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @cached_property
    def data(self) -> list[bytes]:
        """What stands behind each `data:` that is written as usual."""
        return [line[6:] for line in self.body.split(b"\n") if line.startswith(b"data: ")]

    @cached_property
    def events(self) -> list[Any]:
        return [event for data in self.data if isinstance(event := _parsed(data), dict)]

    @property
    def deltas(self) -> list[dict[str, Any]]:
        """Deltas of OpenAI's shape."""
        choices = [choice for event in self.events for choice in event.get("choices") or () if choice]
        return [choice["delta"] for choice in choices if choice.get("delta") and choice.get("index", 0) == 0]

    @property
    def said(self) -> str:
        """The words of a stream of OpenAI's shape."""
        return "".join(delta.get("content") or "" for delta in self.deltas)


def call_bytes(
    dialect: DialectName, stream: bool, model: str = MODEL, text: str = ASKED, tools: bool = False, **headers: str
) -> bytes:
    """A call as bytes."""
    body = _gemini(text, tools) if dialect == "gemini" else _body(dialect, stream, model, text, tools)
    data = orjson.dumps(body)
    shown = {
        "host": "test",
        "connection": "close",
        "anthropic-version": "2023-06-01",
        "content-length": str(len(data)),
    } | headers
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in shown.items())
    return f"POST {path_of(dialect, model, stream)} HTTP/1.1\r\n{lines}\r\n".encode() + data


def path_of(dialect: DialectName, model: str, stream: bool) -> str:
    """Where a dialect is spoken to."""
    method = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return {
        "openai": "/v1/chat/completions",
        "openrouter": "/api/v1/chat/completions",
        "anthropic": "/v1/messages",
        "gemini": f"/v1beta/models/{model}:{method}",
    }[dialect]


async def got(url: str, sent: bytes, quiet_s: float = QUIET_S) -> Got:
    """What a peer that only reads gets."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(sent)
    return await received(reader, writer, quiet_s)


async def received(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, quiet_s: float = QUIET_S) -> Got:
    """What comes until the connection ends or is quiet."""
    raw, end = bytearray(), "closed"
    try:
        while part := await asyncio.wait_for(reader.read(1 << 20), quiet_s):
            raw += part
    except TimeoutError:
        end = "silent"
    except ConnectionResetError:
        end = "reset"
    writer.close()
    return Got(bytes(raw), end)


def _parsed(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _body(dialect: DialectName, stream: bool, model: str, text: str, tools: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": 500,
        "messages": [{"role": "user", "content": text}],
        "stream": stream,
    }
    if dialect == "anthropic":
        return body | ({"tools": [{"name": "get_weather", "input_schema": PLACE}]} if tools else {})
    body["stream_options"] = {"include_usage": True}
    return body | ({"tools": [{"type": "function", "function": _FUNCTION}]} if tools else {})


def _gemini(text: str, tools: bool) -> dict[str, Any]:
    body: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": text}]}]}
    return body | ({"tools": [{"functionDeclarations": [_FUNCTION]}]} if tools else {})
