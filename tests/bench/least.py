"""A measuring instrument and no part of the product: the least gateway that could be written in interpreted Python on the same
parts, so that it can be told what a call costs at least if its records are to be kept; the bench alone starts it.

It does, once each and in as few functions as can be: a key looked up, a rate, one parse and one dump of the request, the
shipped precheck's verdict (a switch), a decision between two models with a reason for each, a durable hold, the call by our
own client, what it used, a durable settlement with the call's row, entries and roll-ups, counters, a line of the log, the
answer and its headers; of a stream one parse of each event, its size, and whether it is still held for (`least_stream`).
Nothing that is rare: no refusal but for a key, a rate and credits, no other model when one fails, nobody to explain to.
"""

import argparse
import asyncio
import gc
import math
import signal
import socket
import sys
import time
import tomllib
from bisect import bisect_left
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import orjson
import uvloop

from proxy.domain.catalog import Timeouts
from proxy.domain.verdict import RuleBook
from proxy.ports import UpstreamError, UpstreamRequest
from proxy.serving import BACKLOG, COLLECT_EVERY_OBJECTS
from proxy.stages import precheck
from proxy.store.catalog.rules import read_rules
from proxy.upstream.relay import RelayUpstream
from tests.bench.least_books import DAY_MS, HOLD, SETTLE, Counter, LeastBooks, Live
from tests.bench.least_door import Door
from tests.bench.least_stream import LEAD_TOKENS, PROVIDER_CALLS_MAX, LeastStream, relayed
from tests.bench.models import MODELS

KEY: Final = "sk-least"
PLAN: Final = "bench"
CATALOG: Final = "least"
AMPLE: Final = 10**15
RATE_MAX: Final = 100_000_000
RATE_PERIOD_MS: Final = 60_000
OUTPUT_TOKENS_DEFAULT: Final = 4_096
FRAME_TOKENS: Final = 16
# Quality from 0 to 1, the price of a token in and out in nano-USD, the usual time to the first byte in milliseconds.
NAMED: Final = (0.9, 1_000, 2_000, 300)
OTHER: Final = (0.6, 1_000, 3_000, 400)
NANO_PER_MILLI: Final = 1_000
BOUNDS_MS: Final = (25, 50, 100, 200, 300, 500, 750, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000)
LOG_BYTES_MAX: Final = 64 * 1024
LOG_EVERY_S: Final = 1.0
_TIMEOUTS: Final = Timeouts()
_JSON: Final = {"content-type": "application/json"}
_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nx-signalbox-call: %b\r\nx-signalbox-model: %b\r\nx-signalbox-reason: best_score\r\n"
    b"x-signalbox-attempts: 1\r\nx-request-id: req_%b\r\nx-ratelimit-remaining-requests: %d\r\n"
)


class Account:
    """Whose key it is, with its rate and its limits."""

    __slots__ = ("key", "limits", "slot", "taken", "user")

    def __init__(self, user: str, key: str, limits: tuple[Counter, ...]) -> None:
        self.user, self.key, self.limits = user, key, limits
        self.slot = self.taken = 0


class Least:
    """Answers every call. `url` is the provider's; without a `book` nobody's prompt is judged."""

    def __init__(self, url: str, books: LeastBooks, book: RuleBook | None, credits_milli: int) -> None:
        self._url = url
        self._books = books
        self._book = book
        limits = (
            Counter(1, "user:least", "milli", DAY_MS, credits_milli),
            Counter(2, "user:least", "milli", 30 * DAY_MS, credits_milli),
        )
        self._accounts = {f"Bearer {KEY}".encode(): Account("least", "key", limits)}
        self._house = (
            Counter(3, "installation", "nano_usd", DAY_MS, AMPLE),
            Counter(4, "provider:mock", "nano_usd", DAY_MS, AMPLE),
        )
        self._upstream = RelayUpstream()
        self._loop = asyncio.get_running_loop()
        self._lines: list[bytes] = []
        self._lines_bytes = self._last_id = 0
        self._counted: defaultdict[tuple[str, ...], int] = defaultdict(int)
        self.flush()

    async def __call__(self, door: Door) -> None:
        """One request, from its last byte to the last of its answer."""
        began_s, at_ms = self._loop.time(), time.time_ns() // 1_000_000
        account = self._accounts.get(door.authorization)
        if account is None:
            return self._other(door)
        if account.slot != (slot := at_ms // RATE_PERIOD_MS):
            account.slot, account.taken = slot, 0
        account.taken += 1
        if account.taken > RATE_MAX:
            return _refuse(door, b"429 Too Many Requests")
        request = orjson.loads(door.body)
        text_bytes = 0
        for message in request["messages"]:
            said = message["content"]
            text_bytes += len(said) if said.isascii() else len(said.encode())
        verdict = None if self._book is None else precheck.judge(request["messages"], self._book)
        call = Live()
        call.is_stream, call.model = request.get("stream", False), request["model"]
        call.size_tokens, call.seen_tokens = text_bytes + FRAME_TOKENS, 0
        output_tokens = request.get("max_tokens") or OUTPUT_TOKENS_DEFAULT
        chain = _decided(call.model, call.size_tokens, output_tokens)
        held_nano = call.size_tokens * NAMED[1] + (2 * LEAD_TOKENS if call.is_stream else output_tokens) * NAMED[2]
        call.id = self._last_id = max(self._last_id + 1, at_ms << 20)
        call.name, call.at_ms, call.user, call.key = b"call_%x" % call.id, at_ms, account.user, account.key
        call.milli, call.nano, call.held_milli, call.held_nano = account.limits, self._house, 0, 0
        call.room, call.row, call.begun = RATE_MAX - account.taken, None, 0
        call.facts = {
            "ask": {
                "text_bytes": text_bytes,
                "message_count": len(request["messages"]),
                "stream": call.is_stream,
                "plan": PLAN,
            },
            "verdict": verdict,
            "decision": {"catalog": CATALOG, "action": "allow", "mode": "balanced", "chain": chain},
        }
        call.began_s = call.asked_s = call.first_s = began_s
        call.decided_s = self._loop.time()
        try:
            if await self._books.ask(HOLD, call, held_nano // NANO_PER_MILLI, held_nano):
                await self._made(door, call, request)
            else:
                call.row = ()
                _refuse(door, b"402 Payment Required")
        except UpstreamError:
            _refuse(door, b"502 Bad Gateway")
        finally:
            if call.row is None:
                self.booked(call, call.size_tokens, call.seen_tokens, "left")

    async def _made(self, door: Door, call: Live, request: dict[str, Any]) -> None:
        request["model"] = MODELS[call.model]
        if call.is_stream:
            request["stream_options"] = {"include_usage": True}
        body = orjson.dumps(request)
        call.asked_s = self._loop.time()
        exchange = await self._upstream.open(
            UpstreamRequest("mock", "POST", self._url, _JSON, body, _TIMEOUTS, PROVIDER_CALLS_MAX, private_network=True)
        )
        call.first_s = self._loop.time()
        head = _HEAD % (call.name, call.model.encode(), call.name, call.room)
        if call.is_stream:
            stream = LeastStream(self._books, door, call, exchange, head, NAMED[2])
            input, output, source = await stream.told()
            await self.booked(call, input or call.size_tokens, output, source)
            return stream.end()
        said = await exchange.next_bytes()
        while more := await exchange.next_bytes():
            said += more
        answer = orjson.loads(said)
        used = answer["usage"]
        booked = self.booked(call, used["prompt_tokens"], used["completion_tokens"], "provider")
        name = answer["id"] = call.name.decode()
        answer["model"] = call.model
        answer["signalbox"] = {"call": name, "model": call.model, "reason": "best_score", "usage_source": "provider"}
        await booked
        body = orjson.dumps(answer)
        door.transport.write(b"%bcontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (head, len(body), body))

    def booked(self, call: Live, input: int, output: int, source: str) -> "asyncio.Future[bool]":
        """Books what was used, counts it and writes its line; done once it is on disk."""
        began_s = call.began_s
        duration_ms, ttft_ms = int((self._loop.time() - began_s) * 1_000), int((call.first_s - began_s) * 1_000)
        asked_ms = int((call.asked_s - began_s) * 1_000)
        nano = input * NAMED[1] + output * NAMED[2]
        milli = -(-nano // NANO_PER_MILLI)
        timeline = {
            "decision": int((call.decided_s - began_s) * 1e6), "hold": int((call.asked_s - began_s) * 1e6),
            "first_byte": int((call.first_s - began_s) * 1e6), "settle": int((self._loop.time() - began_s) * 1e6),
        }  # fmt: skip
        model, status = call.model, "left" if source == "left" else "served"
        attempts = orjson.dumps([[1, model, "mock", asked_ms, ttft_ms, duration_ms, None, 200, input, output, nano]])
        call.row = (
            call.id, call.user, call.key, call.at_ms, model, "mock", int(call.is_stream), status, 200, "best_score",
            duration_ms, ttft_ms, input, output, source, milli, nano, attempts.decode(), orjson.dumps(timeline).decode(),
        )  # fmt: skip
        counted = self._counted
        counted["calls", status] += 1
        counted["attempts", "mock", model] += 1
        counted["input_tokens", model] += input
        counted["output_tokens", model] += output
        counted["credits_milli", call.user] += milli
        counted["raw_nano_usd", "mock", model] += nano
        counted["duration_ms", str(bisect_left(BOUNDS_MS, duration_ms))] += 1
        counted["ttft_ms", str(bisect_left(BOUNDS_MS, ttft_ms))] += 1
        line = {
            "event": "call", "at_ms": call.at_ms, "call": call.name.decode(), "user": call.user, "key": call.key,
            "status": status, "http_status": 200, "reason": "best_score", "model": model, "provider": "mock",
            "stream": call.is_stream, "duration_ms": duration_ms, "ttft_ms": ttft_ms, "credits_milli": milli,
            "tokens": {"input": input, "output": output, "source": source},
            "stages_us": timeline,
        }  # fmt: skip
        written = orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
        self._lines.append(written)
        self._lines_bytes += len(written)
        if self._lines_bytes >= LOG_BYTES_MAX:
            self.write_out()
        return self._books.ask(SETTLE, call, milli, nano)

    def flush(self) -> None:
        """Writes the log now and once a second from now on."""
        self.write_out()
        self._loop.call_later(LOG_EVERY_S, self.flush)

    def write_out(self) -> None:
        lines, self._lines, self._lines_bytes = self._lines, [], 0
        sys.stdout.buffer.write(b"".join(lines))
        sys.stdout.buffer.flush()

    def _other(self, door: Door) -> None:
        """What is counted, for whoever asks; nothing else is to be had without a key."""
        if door.url != b"/metrics":
            return _refuse(door, b"401 Unauthorized")
        body = orjson.dumps({" ".join(name): count for name, count in self._counted.items()})
        door.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))


def _decided(model: str, size_tokens: int, output_tokens: int) -> list[dict[str, Any]]:
    """Both models, the better one first, each with what speaks for it and what it may cost."""
    chain: list[dict[str, Any]] = []
    best = -math.inf
    for name, (quality, input_nano, output_nano, ttft_ms) in ((model, NAMED), ("other", OTHER)):
        worst_nano = size_tokens * input_nano + output_tokens * output_nano
        cost, latency = worst_nano * 1e-9, ttft_ms * 1e-3
        score = quality - cost - latency
        reason = {"code": "best_score", "quality": quality, "cost": cost, "latency": latency}
        worst_milli = -(-worst_nano // NANO_PER_MILLI)
        row = {"model": name, "reason": reason, "score": score, "input_tokens_max": size_tokens, "worst_milli": worst_milli}
        if score > best:
            best = score
            chain.insert(0, row)
        else:
            chain.append(row)
    return chain


def _refuse(door: Door, status: bytes) -> None:
    door.transport.write(b"HTTP/1.1 %b\r\ncontent-length: 0\r\n\r\n" % status)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("url", help="the provider, to its path")
    parser.add_argument("--books", help="the file of the books; without one nothing but bytes is passed on")
    parser.add_argument("--rules", type=Path, help="precheck.toml; without it no prompt is judged")
    parser.add_argument("--credits-milli", type=int, default=AMPLE)
    given = parser.parse_args()
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    books = LeastBooks(given.books) if given.books else None
    answer = relayed(given.url) if books is None else Least(given.url, books, _rules(given.rules), given.credits_milli)
    gc.set_threshold(COLLECT_EVERY_OBJECTS)
    gc.collect()
    gc.freeze()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", given.port))
        server = await loop.create_server(lambda: Door(answer), sock=listener, backlog=BACKLOG)
        await ended.wait()
        server.close()
    if books is not None:
        books.close()


def _rules(path: Path | None) -> RuleBook | None:
    if path is None:
        return None
    book, mistakes = read_rules(tomllib.loads(path.read_text(encoding="utf-8")), path.parent)
    assert not mistakes
    precheck.prepare(book)
    return book


if __name__ == "__main__":
    uvloop.run(main())
