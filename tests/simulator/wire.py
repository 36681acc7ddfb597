"""Bytes on a socket, for what a polite client cannot send or would not notice; asserts nothing."""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

WAIT_S = 60.0
_LOOK_S = 0.005


@dataclass(frozen=True, slots=True)
class Wire:
    """One open connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def until(self, mark: bytes) -> bytes:
        """What arrives up to and with the mark."""
        return await asyncio.wait_for(self.reader.readuntil(mark), WAIT_S)

    async def rest(self) -> bytes:
        """What arrives until the peer closes. Raises ConnectionResetError if it resets instead."""
        return await asyncio.wait_for(self.reader.read(-1), WAIT_S)

    async def whole(self) -> tuple[bytes, bytes]:
        """Head and body of one answer that announces its length."""
        head = await self.until(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        return head, await asyncio.wait_for(self.reader.readexactly(length), WAIT_S)


async def connect(url: str) -> Wire:
    parts = urlsplit(url)
    return Wire(*await asyncio.open_connection(parts.hostname, parts.port))


async def post(url: str, body: Any, version: str = "1.1") -> Wire:
    """A connection on which a chat call has been sent."""
    wire = await connect(url)
    wire.writer.write(chat_bytes(body, version))
    return wire


def chat_bytes(body: Any, version: str = "1.1") -> bytes:
    """A chat call as bytes; a body that is no bytes is sent as JSON."""
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    head = f"POST /v1/chat/completions HTTP/{version}\r\nhost: test\r\ncontent-length: {len(data)}\r\n\r\n"
    return head.encode() + data


def ask(model: str, text: str = "hello", **fields: Any) -> dict[str, Any]:
    """The body of a chat call."""
    return {"model": model, "messages": [{"role": "user", "content": text}], **fields}


async def calls(url: str) -> list[dict[str, Any]]:
    """What the simulator says it was asked."""
    wire = await connect(url)
    wire.writer.write(b"GET /sim/calls HTTP/1.1\r\nhost: test\r\n\r\n")
    _, body = await wire.whole()
    wire.writer.close()
    listed: list[dict[str, Any]] = orjson.loads(body)
    return listed


async def ended_call(url: str) -> dict[str, Any]:
    """The latest call, once it has ended."""
    for _ in range(int(WAIT_S / _LOOK_S)):
        latest = (await calls(url))[-1]
        if latest["ended"]:
            return latest
        await asyncio.sleep(_LOOK_S)
    raise TimeoutError("the call goes on and on")
