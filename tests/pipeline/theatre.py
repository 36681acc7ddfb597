"""A pipeline with rooms in memory: upstream answers from a script, books count, the reply remembers; nothing is mocked away
that the pipeline decides itself."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from proxy.counting.counter import NoCounter
from proxy.domain.account import Caller
from proxy.domain.alert import Alert
from proxy.domain.call import Call
from proxy.domain.catalog import Catalog, Vocabulary
from proxy.domain.errors import Fault, Refusal
from proxy.domain.journey import Thread
from proxy.domain.plan import Rate
from proxy.limits.conduct import MemoryConduct
from proxy.pipeline import DrainLimits, Knobs, Order, Pipeline, Rooms
from proxy.pipeline.waiting import WaitingLimits
from proxy.ports import Exchange, Quota, StoreUnavailable, UpstreamError, UpstreamRequest
from proxy.stages.provider.openai import OpenAI
from proxy.stages.stream.openai import OpenAIVoice
from tests import builders as b
from tests.pipeline.board import RememberingBoard
from tests.pipeline.counting_books import CountingBooks

Piece = bytes | Fault | str
KNOBS = Knobs(settle_wait_ms=10, waiting=WaitingLimits(wait_ms=0), drain=DrainLimits(wait_ms=20))
LEAVE = "the caller leaves"
LEAVE_TALKING = "the caller leaves, and the provider goes on"
_PLAY_S_MAX = 60
WAIT = "nothing comes until the exchange is closed"


class ScriptedExchange:
    """Plays its pieces one at a time: bytes arrive, a Fault is raised, LEAVE makes the caller go and then blocks as WAIT does,
    LEAVE_TALKING makes it go and plays on. What is closed plays no more."""

    def __init__(self, script: "Script", reply: "RememberingReply") -> None:
        self.status = script.status
        self.headers: Mapping[str, str] = {"x-request-id": "prov-1", **script.headers}
        self._pieces = list(script.pieces)
        self._reply = reply
        self._closing = asyncio.Event()
        self.closed = False
        self.finished = False
        self._passes: Callable[[bytes], bool] = lambda _: False

    async def next_bytes(self) -> bytes:
        # A provider is never so fast that nothing else has its turn.
        await asyncio.sleep(0)
        piece = self._next()
        while isinstance(piece, bytes) and piece and self._passes(piece):
            await asyncio.sleep(0)
            piece = self._next()
        if piece == LEAVE_TALKING:
            self._reply.leave()
            await asyncio.sleep(0)
            piece = self._next()
        if piece == LEAVE:
            self._reply.leave()
            piece = WAIT
        if piece == WAIT:
            await self._closing.wait()
        if self.closed:
            raise UpstreamError(Fault("reset"))
        if isinstance(piece, Fault):
            raise UpstreamError(piece)
        assert isinstance(piece, bytes)
        return piece

    def pass_on(self, passes: Callable[[bytes], bool]) -> None:
        self._passes = passes

    def _next(self) -> Piece:
        return self._pieces.pop(0) if self._pieces else b""

    def finish(self) -> None:
        self.finished = True

    async def close(self) -> None:
        self.closed = True
        self._closing.set()


@dataclass
class Script:
    """One upstream answer. `pieces` are what arrives; a Fault in `opening` is raised instead of any answer."""

    pieces: Sequence[Piece] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    opening: Fault | str | None = None


class ScriptedUpstream:
    def __init__(self, scripts: Sequence[Script], reply: "RememberingReply") -> None:
        self._scripts = list(scripts)
        self._reply = reply
        self.requests: list[UpstreamRequest] = []
        self.exchanges: list[ScriptedExchange] = []

    async def open(self, request: UpstreamRequest) -> Exchange:
        self.requests.append(request)
        script = self._scripts.pop(0)
        if script.opening == LEAVE:
            self._reply.leave()
            await asyncio.sleep(3600)
        if isinstance(script.opening, Fault):
            raise UpstreamError(script.opening)
        exchange = ScriptedExchange(script, self._reply)
        self.exchanges.append(exchange)
        return exchange

    async def close(self) -> None:
        return

    def body(self, number: int = 0) -> dict[str, Any]:
        body: dict[str, Any] = orjson.loads(self.requests[number].body)
        return body


class RememberingReply:
    """What the caller heard. `started` may be set beforehand, as an early 200 would."""

    def __init__(self) -> None:
        self.gone = False
        self.started = False
        self.status: int | None = None
        self.headers: dict[bytes, bytes] = {}
        self.heard = b""
        self.ended = False
        self.paused_ms: list[int] = []
        self.opened_by_ms: int | None = None
        self._on_leave: Callable[[], None] | None = None

    async def start(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        assert not self.started, "an answer starts once"
        self.started, self.status, self.headers = True, status, dict(headers)

    async def write(self, data: bytes) -> None:
        assert self.started
        assert not self.ended
        self.heard += data

    def write_now(self, data: bytes) -> bool:
        assert self.started
        assert not self.ended
        self.heard += data
        return True

    async def end(self, data: bytes = b"") -> None:
        await self.write(data)
        self.ended = True

    def open_by(self, after_ms: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self.opened_by_ms = after_ms

    def on_leave(self, callback: Callable[[], None] | None) -> None:
        self._on_leave = callback
        if self.gone and callback is not None:
            callback()

    async def pause(self, ms: int) -> None:
        self.paused_ms.append(ms)

    def leave(self) -> None:
        self.gone = True
        if self._on_leave is not None:
            self._on_leave()

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = orjson.loads(self.heard)
        return value

    @property
    def events(self) -> list[Any]:
        """Every event of the stream, parsed; `[DONE]` as itself."""
        datas = [part.removeprefix(b"data: ") for part in self.heard.split(b"\n\n") if part.startswith(b"data: ")]
        return [data if data == b"[DONE]" else orjson.loads(data) for data in datas]

    @property
    def text(self) -> str:
        deltas = [c["delta"] for e in self.events if isinstance(e, dict) for c in e.get("choices", [])]
        return "".join(delta.get("content") or "" for delta in deltas)


class RememberingConfirmations:
    """Confirmations as a test sees them; `away` as when the store is."""

    def __init__(self) -> None:
        self.waiting: dict[tuple[str, str, bytes], int] = {}
        self.away = False

    async def expect(self, user_id: str, call_id: str, digest: bytes, at_ms: int) -> None:
        if self.away:
            raise StoreUnavailable("away")
        self.waiting[user_id, call_id, digest] = at_ms

    async def redeem(self, user_id: str, call_id: str, digest: bytes, since_ms: int) -> bool:
        if self.away:
            raise StoreUnavailable("away")
        return self.waiting.pop((user_id, call_id, digest), since_ms) > since_ms


class FixedRooms:
    """Clock, ids, limiter, recorder, accounts and catalog in one: each as plain as its port allows."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.now_ns = 0
        self.finished_calls: list[Call] = []
        self.incidents: list[str] = []
        self.limit_reached = False
        self.last: Thread | None = None

    def current(self) -> Catalog:
        return self.catalog

    async def at(self, revision: str) -> Catalog | None:
        return self.catalog

    async def reload(self) -> str | None:
        return None

    async def thread(self, conversation_id: str, user_id: str) -> Thread | None:
        return self.last

    def now_ms(self) -> int:
        return b.NOW_MS

    def elapsed_ns(self) -> int:
        return self.now_ns

    def monotonic_ns(self) -> int:
        self.now_ns += 1_000_000
        return self.now_ns

    def call_id(self, now_ms: int) -> str:
        return "call_1"

    def request_id(self) -> str:
        return "req_1"

    def end_user(self, user_id: str) -> str:
        return f"hash-of-{user_id}"

    def jitter(self) -> float:
        return 0.0

    async def take(self, key: str, rate: Rate) -> Quota:
        return Quota(not self.limit_reached, rate.requests, 0, 7)

    def began(self) -> None:
        return

    def finished(self, call: Call) -> None:
        self.finished_calls.append(call)

    def incident(self, name: str, **facts: str | int) -> None:
        self.incidents.append(name)

    async def caller(self, key_id: str) -> Caller | None:
        return b.caller()

    async def end_user_caller(self, app_caller: Caller, external_id: str) -> Caller:
        return replace(app_caller, user=b.user(f"eu-{external_id}", external_id=external_id), enrols=True)


class LetterCounter:
    """Four letters are a token, in any vocabulary. `asked` are the texts of every count."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    async def count(self, vocabulary: Vocabulary, texts: Sequence[str]) -> int | None:
        self.asked.append(tuple(texts))
        return sum(-(-len(text) // 4) for text in texts)


class _Accounts:
    def __init__(self, rooms: FixedRooms) -> None:
        self._rooms = rooms

    async def caller(self, key_id: str) -> Caller | None:
        return await self._rooms.caller(key_id)

    async def end_user(self, app_caller: Caller, external_id: str) -> Caller:
        return await self._rooms.end_user_caller(app_caller, external_id)


class Theatre:
    """One pipeline and everything around it. `play` sends one request through."""

    def __init__(
        self,
        *scripts: Script,
        catalog: Catalog | None = None,
        knobs: Knobs | None = None,
        books: CountingBooks | None = None,
        counts: bool = False,
    ) -> None:
        self.counter: LetterCounter | NoCounter = LetterCounter() if counts else NoCounter()
        self.reply = RememberingReply()
        self.upstream = ScriptedUpstream(scripts, self.reply)
        self.books = books or CountingBooks()
        self.board = RememberingBoard()
        self.alerts: list[Alert] = []
        self.confirmations = RememberingConfirmations()
        self.fixed = FixedRooms(catalog or b.catalog(b.model("p/one"), b.model("q/two")))
        self.pipeline = Pipeline(
            Rooms(
                accounts=_Accounts(self.fixed),
                books=self.books,
                upstream=self.upstream,
                catalog=self.fixed,
                threads=self.fixed,
                confirmations=self.confirmations,
                health=self.board,
                limiter=self.fixed,
                conduct=MemoryConduct(lambda: self.fixed.current().policy.abuse, self.alerts.append, self.fixed, self.fixed),
                recorder=self.fixed,
                counter=self.counter,
                clock=self.fixed,
                ids=self.fixed,
                dialects={"openai": OpenAI()},
                provider_keys={"p": "secret-key-of-p"},
                knobs=knobs or KNOBS,
            )
        )

    async def play(self, caller: Caller | None = None, body: bytes | None = None, **fields: Any) -> Refusal | None:
        # A call that never ends is to fail its own test and not to hold up all others.
        async with asyncio.timeout(_PLAY_S_MAX):
            return await self.pipeline.call(self.order(caller, body, **fields), self.reply)

    def order(self, caller: Caller | None = None, body: bytes | None = None, **fields: Any) -> Order:
        request = {"model": "auto", "messages": [{"role": "user", "content": "Say hello."}], **fields}
        return Order(
            call_id="call_1",
            request_id="req_1",
            kind="chat",
            caller=caller or b.caller(),
            body=orjson.dumps(request) if body is None else body,
            received_ms=b.NOW_MS,
            started_ns=0,
            voice=lambda chat: OpenAIVoice("call_1", b.NOW_MS // 1_000, chat.include_usage, chat.n),
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )

    @property
    def settled(self) -> Call:
        """The call's one settlement."""
        (settlement,) = self.books.settlements
        return settlement.call


async def stillness() -> None:
    """Until nothing happens any more by itself. Turns of the loop are counted, not time, which is short where others work."""
    for _ in range(500):
        await asyncio.sleep(0)


def whole(text: str | None = "hello", finish_reason: str = "stop", **usage: int) -> Script:
    """A provider's whole answer."""
    answer = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "provider-model",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15} | usage,
    }
    return Script([orjson.dumps(answer)])


def chunk(content: str | None = None, finish_reason: str | None = None, usage: dict[str, int] | None = None) -> bytes:
    """One event of a provider's stream."""
    delta = {} if content is None else {"content": content}
    choices = [] if usage else [{"index": 0, "delta": delta, "finish_reason": finish_reason}]
    value = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}
    return b"data: " + orjson.dumps(value | ({"usage": usage} if usage else {})) + b"\n\n"


def stream(*words: str, usage: bool = True) -> list[Piece]:
    """A provider's whole stream, one piece an event."""
    pieces: list[Piece] = [chunk(""), *(chunk(word) for word in words), chunk(finish_reason="stop")]
    if usage:
        pieces.append(chunk(usage={"prompt_tokens": 10, "completion_tokens": len(words), "total_tokens": 10 + len(words)}))
    return [*pieces, b"data: [DONE]\n\n"]


def error(status: int, code: str = "", headers: Mapping[str, str] | None = None) -> Script:
    """A provider's error answer, with words that no caller may see."""
    body = {"error": {"message": "PROVIDER SECRET WORDS", "type": "x", "param": None, "code": code}}
    return Script([orjson.dumps(body)], status=status, headers=headers or {})
