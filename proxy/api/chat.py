"""The hot path: one call of any kind over plain ASGI, from its headers to its last byte; no framework object in between."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple, Protocol

from proxy.api.body import read_body
from proxy.api.errors import Headers, refusal_body, refusal_headers, stopping
from proxy.api.idempotency import idempotency_key
from proxy.api.keeping import Keeper
from proxy.api.rates import over_rate, quota_headers, take_rates
from proxy.api.reply import AsgiReply, Message, Receive, Send
from proxy.api.services import Services
from proxy.domain.account import Caller
from proxy.domain.errors import Refusal
from proxy.domain.ledger import IdempotencyKey
from proxy.domain.plan import RateClass
from proxy.domain.request import Request
from proxy.domain.usage import Kind
from proxy.domain.value import dataclass, maker, replace
from proxy.pipeline import Order
from proxy.stages.stream import Voice
from proxy.stages.stream.embeddings import EmbeddingsVoice
from proxy.stages.stream.images import ImagesVoice
from proxy.stages.stream.openai import OpenAIVoice

_new_order: Final = maker(Order)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A request put in the pipeline's terms: an OpenAI body, the conversation it belongs to, the voice to answer in, the key it
    is made once under, and who keeps what is said, if anybody does."""

    body: bytes
    conversation_id: str | None
    voice: Callable[[Request], Voice]
    idempotency: IdempotencyKey | None = None
    keeper: Keeper | None = None


class Manner(Protocol):
    """How one surface of ours is spoken: its body in, a Spoken out. `created_s` is the call's time."""

    async def __call__(self, body: bytes, caller: Caller, call_id: str, created_s: int) -> Spoken | Refusal: ...


# Stands in the order of a call that could not be read; nothing is ever spoken for it.
_UNREAD: Final = Spoken(b"", None, lambda _: OpenAIVoice("", 0, False))


@dataclass(frozen=True, slots=True)
class Line:
    """One endpoint that calls are made at: its method and path as we write them, however it was called, the kind of its calls,
    the class of rates they count in, and how it is spoken."""

    route: str
    kind: Kind
    rate_class: RateClass
    manner: Manner


class Surface:
    """A line as an ASGI application."""

    def __init__(self, services: Services, line: Line) -> None:
        self.services = services
        self.line = line

    def __call__(self, scope: Message, receive: Receive, send: Send) -> Awaitable[None]:
        return Visit(self, scope, receive, send).answer()


async def openai_manner(body: bytes, caller: Caller, call_id: str, created_s: int) -> Spoken:
    """`POST /v1/chat/completions`: the body is in the pipeline's terms already."""
    return Spoken(body, None, lambda request: OpenAIVoice(call_id, created_s, request.include_usage, request.n))


async def embeddings_manner(body: bytes, caller: Caller, call_id: str, created_s: int) -> Spoken:
    """`POST /v1/embeddings`: so is this one."""
    return Spoken(body, None, lambda _: EmbeddingsVoice())


async def images_manner(body: bytes, caller: Caller, call_id: str, created_s: int) -> Spoken:
    """`POST /v1/images/generations`: and this one."""
    return Spoken(body, None, lambda _: ImagesVoice())


class _Asked(NamedTuple):
    """A call to make, and who keeps what is said in it, if anybody does."""

    order: Order
    keeper: Keeper | None


class Visit:
    """One caller's stay: admitted, its rate taken, its body read, its answer spoken."""

    def __init__(self, surface: Surface, scope: Message, receive: Receive, send: Send) -> None:
        services = self._services = surface.services
        self._line = surface.line
        self._scope = scope
        self._receive = receive
        self._send = send
        self._headers: Mapping[bytes, bytes] = dict(scope["headers"])
        self._request_id: str = scope["state"]["request_id"]
        self._received_ms = services.clock.now_ms()
        self._started_ns = services.clock.monotonic_ns()
        self._call_id = services.ids.call_id(self._received_ms)
        self._extra: Headers = list(scope["state"]["headers"])
        client = scope.get("client")
        self._watching: asyncio.Task[None] | None = None
        self._address = services.gate.address(self._headers, client[0] if client else "")

    async def answer(self) -> None:
        asked = await self._asked()
        refusal = asked if isinstance(asked, Refusal) else None
        if isinstance(asked, _Asked):
            order, keeper = asked
            reply = self._reply()
            # Each layer around a call is entered at its every step, so there is none between this and the pipeline.
            try:
                refusal = await self._services.pipeline.call(order, reply if keeper is None else keeper.over(reply))
            finally:
                reply.dispose()
                self._on_leave(None)
                if keeper is not None:
                    await keeper.close()
        if refusal is not None:
            await self._refuse(refusal)

    async def _asked(self) -> _Asked | Refusal | None:
        """What is asked, once its caller is let in and its body is there; None: it left before."""
        services = self._services
        if not services.is_ready():
            return stopping()
        since_ns = self._started_ns
        if not services.entrance.admits_now():
            crowded = await services.entrance.queue()
            if crowded is not None:
                services.recorder.incident("refused", code=crowded.code)
                return crowded
            since_ns = services.clock.monotonic_ns()
        caller = await services.gate.admit(self._headers, self._address)
        if isinstance(caller, Refusal):
            return caller
        quota = await take_rates(services.limiter, caller, services.catalog.current(), self._line.rate_class)
        self._extra += quota_headers(quota)
        refusal = over_rate(quota)
        if refusal is not None:
            services.recorder.incident("refused", code=refusal.code)
            return refusal
        body = await read_body(self._receive, self._headers, services.knobs.body_bytes_max)
        if body is None:
            return None  # It left before its body was complete.
        caller = await services.gate.still(caller, since_ns, self._headers, self._address)
        if isinstance(caller, Refusal):
            return caller
        self._received_ms = services.clock.now_ms()
        spoken = body if isinstance(body, Refusal) else await self._spoken(body, caller)
        if isinstance(spoken, Refusal):
            return await services.pipeline.refuse(self._order(caller, _UNREAD), spoken)
        return _Asked(self._order(caller, spoken), spoken.keeper)

    async def _spoken(self, body: bytes, caller: Caller) -> Spoken | Refusal:
        line = self._line
        idempotency = idempotency_key(self._headers, line.route, body, self._services.knobs.key_pepper)
        if isinstance(idempotency, Refusal):
            return idempotency
        spoken = await line.manner(body, caller, self._call_id, self._received_ms // 1_000)
        return spoken if isinstance(spoken, Refusal) or idempotency is None else replace(spoken, idempotency=idempotency)

    def _reply(self) -> AsgiReply:
        connection = self._scope.get("extensions", {}).get("signalbox.connection", {})
        reply = AsgiReply(self._send, self._extra, self._services.knobs.reply, connection)
        self._on_leave: Callable[[Callable[[], None] | None], None] = connection.get("on_leave") or self._watched
        self._on_leave(reply.left)
        return reply

    def _watched(self, callback: Callable[[], None] | None) -> None:
        """How a departure is noticed under a server that tells it in ASGI's way alone."""
        if callback is not None:
            self._watching = asyncio.ensure_future(_until_left(self._receive, callback))
        elif self._watching is not None:
            self._watching.cancel()

    def _order(self, caller: Caller, spoken: Spoken) -> Order:
        return _new_order(
            call_id=self._call_id,
            request_id=self._request_id,
            kind=self._line.kind,
            caller=caller,
            body=spoken.body,
            received_ms=self._received_ms,
            started_ns=self._started_ns,
            voice=spoken.voice,
            traceparent=traceparent(self._headers),
            conversation_id=spoken.conversation_id,
            idempotency=spoken.idempotency,
        )

    async def _refuse(self, refusal: Refusal) -> None:
        body = refusal_body(refusal)
        headers = [
            *refusal_headers(refusal),
            (b"content-length", str(len(body)).encode()),
            (b"x-signalbox-call", self._call_id.encode()),
            *self._extra,
        ]
        await self._send({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


async def _until_left(receive: Receive, callback: Callable[[], None]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    callback()


def traceparent(headers: Mapping[bytes, bytes]) -> str | None:
    """The W3C trace context as it came, where it has that form; it goes upstream unchanged."""
    value = headers.get(b"traceparent", b"")
    parts = value.split(b"-")
    if len(value) != 55 or [len(part) for part in parts] != [2, 32, 16, 2]:
        return None
    return value.decode("ascii") if all(c in b"0123456789abcdef-" for c in value) else None
