"""Listens, routes and records: requests in, each carried out in its dialect; its only state is the calls."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final

import orjson

from proxy.simulator import openai
from proxy.simulator.calls import Call, CallLog
from proxy.simulator.connection import Connection, Exchange, Request
from proxy.simulator.dialect import Dialect
from proxy.simulator.faults import Refused, UnknownMarkerError, behaviour_of, failing
from proxy.simulator.perform import Stage, perform, refuse
from proxy.simulator.prompt import Prompt

# Names to list; any other name is answered as well.
MODELS: Final = ("sim-small", "sim-large", "sim-coder", "sim-reason", "sim-vision")
DIALECTS: Final[Mapping[str, Dialect]] = {"/v1/chat/completions": openai}

_BACKLOG: Final = 4_096
_JSON: Final = "application/json"
_NOT_FOUND: Final = Refused(404, "invalid_request_error", "unknown_url", "Unknown request URL")
_NOT_ALLOWED: Final = Refused(405, "invalid_request_error", "method_not_supported", "Method not allowed for this URL")
_NO_JSON: Final = Refused(400, "invalid_request_error", None, "We could not parse the JSON body of your request")

Route = Callable[[Request, Exchange], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Options:
    """How a process was started. Port 0 takes a free one; a pace of 0 is flat out; without `key` any caller will do."""

    host: str = "127.0.0.1"
    port: int = 0
    pace_tokens_per_s: int = 60
    key: str | None = None


@asynccontextmanager
async def running(options: Options) -> AsyncIterator[str]:
    """A listening simulator; gives its base URL and, at the end, drops every connection at once. Raises OSError."""
    connections: set[Connection] = set()
    service = Service(options)
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(
        lambda: Connection(service.handle, connections), options.host, options.port, backlog=_BACKLOG
    )
    try:
        host, port = listener.sockets[0].getsockname()[:2]
        yield f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    finally:
        listener.close()
        for connection in tuple(connections):
            connection.abort()
        await listener.wait_closed()


class Service:
    """Answers each request by its route."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._calls = CallLog()
        self._routes: Mapping[str, Mapping[str, Route]] = {
            "/healthz": {"GET": self._healthz},
            "/sim/calls": {"GET": self._list_calls, "DELETE": self._forget_calls},
            "/v1/models": {"GET": self._models},
            **{path: {"POST": self._call} for path in DIALECTS},
        }

    async def handle(self, request: Request, exchange: Exchange) -> None:
        """One request, to its end."""
        methods = self._routes.get(request.path)
        if methods is None:
            await self._refuse(exchange, _NOT_FOUND)
        elif request.method not in methods:
            await self._refuse(exchange, _NOT_ALLOWED)
        else:
            await methods[request.method](request, exchange)

    async def _healthz(self, request: Request, exchange: Exchange) -> None:
        await exchange.send(200, _JSON, b'{"status":"ok"}', {})

    async def _list_calls(self, request: Request, exchange: Exchange) -> None:
        await exchange.send(200, _JSON, self._calls.listed(), {})

    async def _forget_calls(self, request: Request, exchange: Exchange) -> None:
        self._calls.forget()
        await exchange.send(204, _JSON, b"", {})

    async def _models(self, request: Request, exchange: Exchange) -> None:
        if self._admits(request):
            await exchange.send(200, _JSON, openai.models(MODELS), {})
        else:
            await self._refuse(exchange, failing(401))

    async def _call(self, request: Request, exchange: Exchange) -> None:
        value = _parsed(request.body)
        call = self._calls.open(request.path, request.headers, request.body, is_json=value is not None)
        try:
            await self._answer(request, exchange, call, value)
        except asyncio.CancelledError:
            call.closed_early = True
            raise
        finally:
            call.status, call.output_bytes, call.ended = exchange.status, exchange.sent_bytes, True

    async def _answer(self, request: Request, exchange: Exchange, call: Call, value: object) -> None:
        dialect = DIALECTS[request.path]
        stage = Stage(dialect, exchange, f"sim{call.number}", int(time.time()), self._options.pace_tokens_per_s)
        prompt = self._read(request, dialect, value)
        if isinstance(prompt, Refused):
            await refuse(stage, prompt, {})
            return
        call.model, call.stream = prompt.model, prompt.stream
        try:
            behaviour = behaviour_of(prompt.model)
        except UnknownMarkerError as unknown:
            await refuse(stage, Refused(400, "invalid_request_error", "unknown_marker", str(unknown), "model"), {})
            return
        await perform(stage, prompt, behaviour.on_call(self._calls.seen_before(prompt.model)))

    def _read(self, request: Request, dialect: Dialect, value: object) -> Prompt | Refused:
        if not self._admits(request):
            return failing(401)
        return _NO_JSON if value is None else dialect.read(value)

    def _admits(self, request: Request) -> bool:
        if self._options.key is None:
            return True
        given = request.headers.get("authorization", "")
        return compare_digest(given.encode("latin-1"), f"Bearer {self._options.key}".encode())

    async def _refuse(self, exchange: Exchange, refused: Refused) -> None:
        await exchange.send(refused.status, _JSON, openai.error(refused), {})


def _parsed(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
