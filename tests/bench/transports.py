"""`python -m tests.bench.transports`: what a call, a chunk and a departure cost through our own client and through the library,
each alone and inside the gateway, interleaved in one run; prints medians, their ratios and, with --json, every round."""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httptools
import uvloop

from proxy.domain.catalog import Timeouts
from proxy.ports import Upstream, UpstreamRequest
from proxy.upstream.library import LibraryUpstream
from proxy.upstream.relay import RelayUpstream
from tests.e2e.harness import House, Process, Simulator, Yard, environment

ROUNDS: Final = 3
CONNECTIONS: Final = 32
WHOLE_CALLS: Final = 1_600
CHUNKS: Final = 60
STREAMS: Final = 64
DEPARTURES: Final = 20
WAIT_S: Final = 60.0
WAYS: Final[dict[str, Callable[[], Upstream]]] = {"relay": RelayUpstream, "library": LibraryUpstream}
# The provider reads how to answer from the model's name: at once and whole, or in chunks, each so many ms after the last.
CASES: Final = {
    "a whole call": ("whole", WHOLE_CALLS, 1),
    "a chunk, flat out": ("chunks-0", STREAMS * 4, CHUNKS),
    "a chunk, one in 20 ms": ("chunks-20", STREAMS, CHUNKS),
}
_CATALOG: Final = """
[[plan]]
id = "bench"
name = "Bench"
models = ["*"]
concurrency_max = 100000
[[plan.allowances]]
window = "month"
credits = 1000000000
"""
_MODEL: Final = """
[[model]]
id = "sim/{name}"
name = "{name}"
family = "open"
upstream_name = "{name}"
context_tokens_max = 128000
output_tokens_max = 4096
stops_billing_on_close = true
prices = {{ input = "1", output = "2" }}
"""
_CHUNK: Final = (
    b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":%s,%s}]}\n\n'
)
_WORD: Final = _CHUNK % (b'{"content":" word"}', b'"finish_reason":null')
_LAST: Final = _CHUNK % (b"{}", b'"finish_reason":"stop"') + b"data: [DONE]\n\n"
_WHOLE: Final = json.dumps(
    {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "word " * 40}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 60, "completion_tokens": 40, "total_tokens": 100},
    }
).encode()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.transports", description=__doc__)
    parser.add_argument("role", nargs="?", choices=["provider", "client"], help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="where to write every round")
    given = parser.parse_args()
    if given.role == "provider":
        uvloop.run(_provide())
    elif given.role == "client":
        way, url, name, calls = given.rest
        print(f"cpu_s={uvloop.run(_through(WAYS[way](), url, name, int(calls)))}", flush=True)
    else:
        with tempfile.TemporaryDirectory() as folder:
            yard = Yard(Path(folder))
            try:
                _tell(_measured(yard, Path(folder)), given.json)
            finally:
                yard.clear()
    return 0


# --- the provider -----------------------------------------------------------------------------------------------------


class _Provider(asyncio.Protocol):
    """Answers each request as its model's name says; `left_at` are the moments at which connections ended."""

    left_at: Final[list[float]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._tasks: set[asyncio.Task[None]] = set()
        self._data = b""

    def connection_lost(self, exc: Exception | None) -> None:
        self.left_at.append(time.monotonic())

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, _, body = self._data.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
        if len(body) < int(length or 0) or b"\r\n\r\n" not in self._data:
            return
        self._data = b""
        if head.startswith(b"GET"):
            self._say(json.dumps(self.left_at).encode())
        elif b"chunks-" in body:
            pause_s = int(body.partition(b"chunks-")[2].split(b'"')[0]) / 1_000
            task = asyncio.ensure_future(self._stream(pause_s))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._say(_WHOLE)

    def _say(self, body: bytes) -> None:
        self._transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        )

    async def _stream(self, pause_s: float) -> None:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        self._transport.write(head)
        for _ in range(CHUNKS):
            await asyncio.sleep(pause_s)
            self._transport.write(b"%x\r\n%b\r\n" % (len(_WORD), _WORD))
        self._transport.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(_LAST), _LAST))


async def _provide() -> None:
    server = await asyncio.get_running_loop().create_server(_Provider, "127.0.0.1", 0, backlog=1_024)
    print(f"listening on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


# --- a client alone ---------------------------------------------------------------------------------------------------


async def _through(upstream: Upstream, url: str, name: str, calls: int) -> float:
    """The CPU time of so many calls after a few to get warm, in seconds."""
    await _share(upstream, url, name, CONNECTIONS)
    began_s = time.process_time()
    await _share(upstream, url, name, calls)
    spent_s = time.process_time() - began_s
    await upstream.close()
    return spent_s


async def _share(upstream: Upstream, url: str, name: str, calls: int) -> None:
    left = [calls]

    async def caller() -> None:
        while left[0] > 0:
            left[0] -= 1
            headers = {"content-type": "application/json", "authorization": "Bearer key"}
            request = UpstreamRequest("p", "POST", url, headers, _asked(name), Timeouts(), private_network=True)
            exchange = await upstream.open(request)
            while await exchange.next_bytes():
                pass
            await exchange.close()

    await asyncio.gather(*(caller() for _ in range(CONNECTIONS)))


def _asked(name: str) -> bytes:
    text = "Tell me more about signal boxes, please. " * 7
    return json.dumps(
        {"model": name, "stream": name.startswith(("chunks", "sim/chunks")), "messages": [{"role": "user", "content": text}]}
    ).encode()


# --- callers of a gateway ---------------------------------------------------------------------------------------------


class _Caller(asyncio.Protocol):
    """One connection that asks again and again until the shared count is used up."""

    def __init__(self, request: bytes, left: list[int]) -> None:
        self._request = request
        self._left = left
        self._parser = httptools.HttpResponseParser(self)
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionResetError())

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() != 200:
            self.done.set_exception(RuntimeError(f"status {self._parser.get_status_code()}"))
            return
        self._ask()

    def _ask(self) -> None:
        if self._left[0] > 0:
            self._left[0] -= 1
            self._transport.write(self._request)
        elif not self.done.done():
            self.done.set_result(None)
            self._transport.close()


def _request(key: str, name: str) -> bytes:
    body = _asked(f"sim/{name}")
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {key}\r\ncontent-length: {len(body)}"
    return f"{head}\r\ncontent-type: application/json\r\n\r\n".encode() + body


async def _load(port: int, request: bytes, calls: int) -> None:
    left = [calls]
    connect = asyncio.get_running_loop().create_connection
    pairs = [await connect(lambda: _Caller(request, left), "127.0.0.1", port) for _ in range(CONNECTIONS)]
    await asyncio.wait_for(asyncio.gather(*(caller.done for _, caller in pairs)), WAIT_S)


async def _leave(port: int, request: bytes) -> float:
    """Leaves in the middle of a stream; returns the moment."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await reader.readuntil(b"word")
    left_at = time.monotonic()
    writer.transport.abort()
    await asyncio.sleep(0.1)
    return left_at


# --- the run ----------------------------------------------------------------------------------------------------------


class _Site:
    """A provider, and a gateway for each way to it."""

    def __init__(self, yard: Yard, folder: Path) -> None:
        self._yard = yard
        process = yard.start("provider", ["tests.bench.transports", "provider"], environment())
        self.provider = Simulator(process, process.until("listening on").split()[-1].strip())
        self.houses = {way: self._house(folder / way, way) for way in WAYS}
        self.keys = {way: house.key("user", "bench", "bench") for way, house in self.houses.items()}

    def _house(self, folder: Path, way: str) -> House:
        house = House(self._yard, folder, [self.provider])
        catalog = house.config / "catalog.toml"
        catalog.write_text(catalog.read_text().replace('id = "sim"\n', f'id = "sim"\ntransport = "{way}"\n'))
        models = "".join(_MODEL.format(name=name) for name, _, _ in CASES.values())
        (house.config / "bench.toml").write_text(_CATALOG + models)
        house.start()
        return house

    def alone_us(self, way: str, name: str, calls: int, per: int) -> float:
        words = ["tests.bench.transports", "client", way, f"{self.provider.url}/v1/chat/completions", name, str(calls)]
        client = self._yard.start(f"client-{way}", words, environment())
        spent_s = float(client.until("cpu_s=").partition("=")[2])
        client.wait()
        return spent_s * 1e6 / (calls * per)

    def inside_us(self, way: str, name: str, calls: int, per: int) -> float:
        house, request = self.houses[way], _request(self.keys[way], name)
        port = int(house.url.rsplit(":", 1)[1])
        uvloop.run(_load(port, request, CONNECTIONS))
        before_s = _cpu_s(house.gateway)
        uvloop.run(_load(port, request, calls))
        return (_cpu_s(house.gateway) - before_s) * 1e6 / (calls * per)

    def departure_ms(self, way: str) -> float:
        """From a caller's departure to the end of the upstream connection, the median of some."""
        request = _request(self.keys[way], "chunks-20")
        port = int(self.houses[way].url.rsplit(":", 1)[1])
        delays_ms = []
        for _ in range(DEPARTURES):
            left_at = asyncio.run(_leave(port, request))
            ends = asyncio.run(_ends(self.provider.url))
            delays_ms.append(min(at - left_at for at in ends if at > left_at) * 1_000)
        return statistics.median(delays_ms)


async def _ends(url: str) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]))
    writer.write(b"GET /left HTTP/1.1\r\nhost: x\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    found: list[float] = json.loads(await reader.readexactly(int(head.partition(b"content-length: ")[2])))
    writer.close()
    return found


def _cpu_s(process: Process) -> float:
    fields = Path(f"/proc/{process.popen.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _measured(yard: Yard, folder: Path) -> dict[str, dict[str, list[float]]]:
    site = _Site(yard, folder)
    rounds: dict[str, dict[str, list[float]]] = {}

    def note(what: str, way: str, value: float) -> None:
        rounds.setdefault(what, {}).setdefault(way, []).append(round(value, 2))

    for number in range(ROUNDS):
        ways = list(WAYS) if number % 2 == 0 else list(reversed(WAYS))
        for title, (name, calls, per) in CASES.items():
            for way in ways:
                note(f"{title}: the client alone, us", way, site.alone_us(way, name, calls, per))
            for way in ways:
                note(f"{title}: the gateway, us", way, site.inside_us(way, name, calls, per))
        for way in ways:
            note("caller leaves, upstream is closed, ms", way, site.departure_ms(way))
    return rounds


def _tell(rounds: dict[str, dict[str, list[float]]], file: Path | None) -> None:
    print(f"{CONNECTIONS} connections, median of {ROUNDS} interleaved rounds, CPU time of the process under test\n")
    print(f"{'':54}{'relay':>10}{'library':>10}{'ratio':>8}")
    for what, ways in rounds.items():
        relay, library = (statistics.median(ways[way]) for way in ("relay", "library"))
        print(f"{what:54}{relay:>10.1f}{library:>10.1f}{library / relay:>8.2f}")
    if file is not None:
        file.write_text(json.dumps(rounds, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
