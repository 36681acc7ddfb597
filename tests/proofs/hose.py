"""A provider as a process that never tires: a model's name in, far more out than anybody wants, as fast as it is taken; counts
nothing and keeps nothing."""

import asyncio
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import orjson

MIB: Final = 1024 * 1024
BOMB_MIB: Final = 256
EVENTS_MIB: Final = 4
_EVENTS_A_BLOCK: Final = 64
_GZIP: Final = 31
_HEAD: Final = b"HTTP/1.1 %s\r\ncontent-type: %s\r\nconnection: close\r\n%s\r\n"

Body = Iterator[bytes]


def endless() -> Body:
    """A stream of words without an end."""
    yield _HEAD % (b"200 OK", b"text/event-stream", b"")
    block = b"".join(_event(f"w{number} ") for number in range(_EVENTS_A_BLOCK))
    while True:
        yield block


def error_bomb() -> Body:
    """An error that unpacks to a thousandfold of what is sent."""
    yield _HEAD % (b"500 Internal Server Error", b"application/json", b"content-encoding: gzip\r\n")
    yield from _packed(b'{"error":{"message":"', b'"}}')


def whole_bomb() -> Body:
    """A whole answer of the same kind: nothing but white space before it."""
    yield _HEAD % (b"200 OK", b"application/json", b"content-encoding: gzip\r\n")
    yield from _packed(b"", b'{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}')


def stream_bomb() -> Body:
    """A stream whose first line goes on for as long."""
    yield _HEAD % (b"200 OK", b"text/event-stream", b"content-encoding: gzip\r\n")
    yield from _packed(b"data: ", b'{"choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n')


def event_bomb() -> Body:
    """Packed events by the ten thousands, each right and each with nothing in it."""
    yield _HEAD % (b"200 OK", b"text/event-stream", b"content-encoding: gzip\r\n")
    packer = zlib.compressobj(9, wbits=_GZIP)
    block = _event("") * (MIB // len(_event("")))
    for _ in range(EVENTS_MIB):
        yield packer.compress(block)
    yield packer.flush()


BODIES: Final[Mapping[str, Callable[[], Body]]] = {
    "endless": endless,
    "error-bomb": error_bomb,
    "whole-bomb": whole_bomb,
    "stream-bomb": stream_bomb,
    "event-bomb": event_bomb,
}


def _event(text: str) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": None}
    value = {"id": "h", "object": "chat.completion.chunk", "created": 1, "model": "hose", "choices": [choice]}
    return b"data: " + orjson.dumps(value) + b"\n\n"


def _packed(opening: bytes, closing: bytes) -> Iterator[bytes]:
    packer = zlib.compressobj(9, wbits=_GZIP)
    yield packer.compress(opening)
    blank = b" " * MIB
    for _ in range(BOMB_MIB):
        yield packer.compress(blank)
    yield packer.compress(closing) + packer.flush()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        announced = next(line for line in head.split("\r\n") if line.startswith("content-length:"))
        asked = orjson.loads(await reader.readexactly(int(announced.partition(":")[2])))
        for data in BODIES[asked["model"]]():
            writer.write(data)
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass  # It has heard enough.
    finally:
        writer.close()


async def _run() -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0, backlog=4_096)
    sys.stdout.write(f"hose listening on http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    stop = asyncio.Event()
    # Ends with whoever started it.
    asyncio.get_running_loop().add_reader(sys.stdin, stop.set)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(_run())
