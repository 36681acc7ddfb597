"""Listens, routes and records: requests in, each carried out in its dialect; its only state is the calls."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final

import orjson

from proxy.simulator.behaviour import Behaviour, Chosen
from proxy.simulator.calls import Call, CallLog
from proxy.simulator.connection import Connection, Exchange, Request
from proxy.simulator.dialects.dialect import Refused
from proxy.simulator.doors import base_url, doors
from proxy.simulator.faults import choosing
from proxy.simulator.faults.acts import Act
from proxy.simulator.faults.choosing import UnknownFaultError
from proxy.simulator.faults.listing import listed
from proxy.simulator.markers import UnknownMarkerError, behaviour_of
from proxy.simulator.perform import Stage, perform, refuse
from proxy.simulator.prompt import Prompt
from proxy.simulator.surfaces import MODELS, Surface, dialect_at, key_of, listing_of, surface_of

__all__ = ["MODELS", "Options", "Service", "running"]

# Names are kept with their counts.
MODEL_CHARS_MAX: Final = 1_000
_BACKLOG: Final = 4_096
_JSON: Final = "application/json"
_NOT_FOUND: Final = Refused(404, "invalid_request_error", "unknown_url", "Unknown request URL")
_NOT_ALLOWED: Final = Refused(405, "invalid_request_error", "method_not_supported", "Method not allowed for this URL")
_NO_JSON: Final = Refused(400, "invalid_request_error", None, "We could not parse the JSON body of your request")
_LONG_NAME: Final = Refused(400, "invalid_request_error", None, "The name of the model is too long", "model")

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
    loop = asyncio.get_running_loop()
    async with doors(options.host) as door_urls:
        service = Service(options, door_urls)
        listener = await loop.create_server(
            lambda: Connection(service.handle, connections), options.host, options.port, backlog=_BACKLOG
        )
        try:
            yield base_url(listener.sockets[0].getsockname())
        finally:
            listener.close()
            for connection in tuple(connections):
                connection.abort()
            await listener.wait_closed()


class Service:
    """Answers each request by its route. `door_urls` are the addresses at which connecting fails, by fault."""

    def __init__(self, options: Options, door_urls: Mapping[str, str]) -> None:
        self._options = options
        self._door_urls = door_urls
        self._calls = CallLog()
        self._routes: Mapping[str, Mapping[str, Route]] = {
            "/healthz": {"GET": self._healthz},
            "/sim/calls": {"GET": self._list_calls, "DELETE": self._forget_calls},
            "/sim/counts": {"GET": self._list_counts},
            "/sim/faults": {"GET": self._list_faults},
        }

    async def handle(self, request: Request, exchange: Exchange) -> None:
        """One request, to its end."""
        methods = self._routes.get(request.path)
        if methods is None and surface_of(request.path) is not None:
            methods = {"POST": self._call}
        elif methods is None and listing_of(request) is not None:
            methods = {"GET": self._models}
        if methods is None:
            await self._refuse(request, exchange, _NOT_FOUND)
        elif request.method not in methods:
            await self._refuse(request, exchange, _NOT_ALLOWED)
        else:
            await methods[request.method](request, exchange)

    async def _healthz(self, request: Request, exchange: Exchange) -> None:
        await exchange.send(200, _JSON, b'{"status":"ok"}', {})

    async def _list_calls(self, request: Request, exchange: Exchange) -> None:
        await exchange.send(200, _JSON, self._calls.listed(), {})

    async def _list_counts(self, request: Request, exchange: Exchange) -> None:
        await exchange.send(200, _JSON, self._calls.counted(), {})

    async def _list_faults(self, request: Request, exchange: Exchange) -> None:
        await exchange.send(200, _JSON, orjson.dumps(listed(self._door_urls)), {})

    async def _forget_calls(self, request: Request, exchange: Exchange) -> None:
        self._calls.forget()
        await exchange.send(204, _JSON, b"", {})

    async def _models(self, request: Request, exchange: Exchange) -> None:
        if self._admits(request):
            await exchange.send(200, _JSON, orjson.dumps(listing_of(request)), {})
        else:
            await self._refuse(request, exchange, dialect_at(request).refused("key_invalid"))

    async def _call(self, request: Request, exchange: Exchange) -> None:
        value = _parsed(request.body)
        began_ms = int(time.time() * 1_000)
        call = self._calls.open(request.path, request.headers, request.body, value is not None, began_ms)
        clock = asyncio.get_running_loop().time
        began_s = clock()
        try:
            await self._answer(request, exchange, call, value)
        except asyncio.CancelledError:
            call.closed_early = True
            call.left_after_ms = int((clock() - began_s) * 1_000)
            raise
        finally:
            call.status, call.output_bytes = exchange.status, exchange.sent_bytes
            self._calls.close(call)

    async def _answer(self, request: Request, exchange: Exchange, call: Call, value: object) -> None:
        surface = surface_of(request.path)
        if surface is None:
            return
        stage = Stage(surface.dialect, exchange, call, int(time.time()), self._options.pace_tokens_per_s)
        prompt = self._read(request, surface, value)
        if isinstance(prompt, Refused):
            await refuse(stage, prompt, {})
            return
        call.model, call.stream = prompt.model, prompt.stream
        try:
            behaviour = behaviour_of(prompt.model)
            act = self._fault(request, surface, prompt, behaviour, call)
        except (UnknownMarkerError, UnknownFaultError) as unknown:
            await refuse(stage, Refused(400, "invalid_request_error", "unknown_marker", str(unknown), "model"), {})
            return
        await perform(stage, prompt, behaviour, act)

    def _fault(self, request: Request, surface: Surface, prompt: Prompt, behaviour: Behaviour, call: Call) -> Act | None:
        """What the header asks for, else a line of the prompt, else the model's name; each counts its own calls."""
        chosen = self._chosen(request, prompt, behaviour)
        if chosen is None:
            return None
        seen_before = self._calls.seen_before(f"{prompt.model} {chosen}")
        if not choosing.falls_on(chosen, prompt.model, seen_before):
            return None
        name, act = choosing.act_of(chosen, surface.name, prompt.stream, seen_before)
        call.fault = None if act is None else name
        return act

    def _chosen(self, request: Request, prompt: Prompt, behaviour: Behaviour) -> Chosen | None:
        asked = request.headers.get(choosing.HEADER)
        if asked is not None:
            return choosing.read(asked)
        return choosing.in_prompt(prompt.asked) or behaviour.chosen

    def _read(self, request: Request, surface: Surface, value: object) -> Prompt | Refused:
        if not self._admits(request):
            return surface.dialect.refused("key_invalid")
        prompt = _NO_JSON if value is None else surface.read(request, value)
        return _LONG_NAME if isinstance(prompt, Prompt) and len(prompt.model) > MODEL_CHARS_MAX else prompt

    def _admits(self, request: Request) -> bool:
        if self._options.key is None:
            return True
        return compare_digest(key_of(request).encode("latin-1"), self._options.key.encode())

    async def _refuse(self, request: Request, exchange: Exchange, refused: Refused) -> None:
        body = orjson.dumps(dialect_at(request).error(refused))
        await exchange.send(refused.status, _JSON, body, {})


def _parsed(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
