"""Outbound HTTP on sockets of our own: a request in, an Exchange out as soon as its head is there; never follows a redirect,
keeps a cookie, uses a proxy or lets a provider's text out in a fault."""

import asyncio
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

from proxy.domain.errors import Fault, FaultKind
from proxy.ports import Exchange, UpstreamError, UpstreamRequest
from proxy.upstream.connection import Connection, RelayExchange
from proxy.upstream.dial import Dialer, Origin, Resolve, resolved
from proxy.upstream.encoding import unpacked
from proxy.upstream.gate import Gate, enter

KEPT_CONNECTIONS_MAX: Final = 256
KEPT_SECONDS_MAX: Final = 15.0
ROUTES_MAX: Final = 4_096
_PORTS: Final = {"https": 443, "http": 80}
# How a request is framed and what it asks for is ours to say.
_OURS: Final = frozenset({"accept-encoding", "connection", "content-length", "expect", "host", "transfer-encoding", "upgrade"})


class _Pool:
    """A provider's connections to one origin that carry nothing now; the last one that was used is used first, so that those
    which are too many grow old."""

    def __init__(self, dialer: Dialer, origin: Origin, private_network: bool) -> None:
        self._dialer = dialer
        self._origin = origin
        self._private_network = private_network
        self._loop = asyncio.get_running_loop()
        self._kept: list[Connection] = []
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def lease(self) -> Connection | None:
        while self._kept:
            connection = self._kept.pop()
            if connection.is_quiet:
                return connection
            connection.done(reusable=False)
        return None

    async def dial(self, until: float) -> Connection:
        return await self._dialer.dial(self._origin, self._private_network, until, lambda: Connection(self._keep, self._forget))

    def close(self) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        while self._kept:
            self._kept.pop().done(reusable=False)

    def _keep(self, connection: Connection) -> None:
        if self._closed or len(self._kept) >= KEPT_CONNECTIONS_MAX:
            connection.done(reusable=False)
            return
        if self._origin.encrypted and not connection.kept_at:
            self._dialer.remember(connection.transport)
        connection.kept_at = self._loop.time()
        self._kept.append(connection)
        if self._timer is None:
            self._timer = self._loop.call_later(KEPT_SECONDS_MAX, self._expire)

    def _forget(self, connection: Connection) -> None:
        if connection in self._kept:
            self._kept.remove(connection)

    def _expire(self) -> None:
        expired_at = self._loop.time() - KEPT_SECONDS_MAX
        while self._kept and self._kept[0].kept_at <= expired_at:
            self._kept.pop(0).done(reusable=False)
        self._timer = self._loop.call_at(self._kept[0].kept_at + KEPT_SECONDS_MAX, self._expire) if self._kept else None


class _Route(NamedTuple):
    """All that requests to one URL of one provider share."""

    gate: Gate
    pool: _Pool
    begin: tuple[str, ...]


class RelayUpstream:
    """Implements Upstream. Each provider has at most `concurrency_max` exchanges at once, and connections of its own.

    `ca_file` (PEM) is trusted besides the system's certificates. `resolve` finds addresses of names; every one is checked.
    """

    def __init__(self, ca_file: Path | None = None, resolve: Resolve = resolved) -> None:
        self._dialer = Dialer(ca_file, resolve)
        self._gates: dict[str, Gate] = {}
        self._pools: dict[tuple[str, Origin, bool], _Pool] = {}
        self._routes: dict[tuple[str, str, bool], _Route] = {}

    async def open(self, request: UpstreamRequest) -> Exchange:
        route = self._routes.get((request.provider_id, request.url, request.private_network)) or self._route(request)
        loop = asyncio.get_running_loop()
        total_at = loop.time() + request.timeouts.total_ms / 1_000
        if not route.gate.take(request.concurrency_max):
            await enter(route.gate, request)
        exchange, answered = RelayExchange(request.timeouts, total_at, route.gate.leave), False
        try:
            head = _head(route.begin, request)
            kept = route.pool.lease()
            if kept is None or not await exchange.ask(kept, head, request.body):
                fresh = await _dialed(route.pool, request.timeouts.connect_ms, total_at)
                if not await exchange.ask(fresh, head, request.body):
                    raise UpstreamError(Fault("reset"))
            reader = unpacked(exchange, exchange.encoding)
            answered = True
            return reader
        finally:
            if not answered:
                exchange.end("reset")

    async def close(self) -> None:
        for pool in self._pools.values():
            pool.close()

    def _route(self, request: UpstreamRequest) -> _Route:
        if len(self._routes) >= ROUTES_MAX:
            self._routes.clear()
        parts = urlsplit(request.url)
        try:
            origin = Origin(parts.hostname or "", parts.port or _PORTS[parts.scheme], parts.scheme == "https")
        except (KeyError, ValueError) as error:
            raise UpstreamError(Fault("connect")) from error
        target = quote(f"{parts.path or '/'}{parts.query and '?'}{parts.query}", safe="/?%:@!$&'()*+,;=-._~")
        known = (request.provider_id, origin, request.private_network)
        pool = self._pools.get(known)
        if pool is None:
            pool = self._pools[known] = _Pool(self._dialer, origin, request.private_network)
        host = parts.netloc.rpartition("@")[2]
        gate = self._gates.setdefault(request.provider_id, Gate())
        route = _Route(gate, pool, (f"{target} HTTP/1.1", f"host: {host}", "accept-encoding: identity"))
        self._routes[request.provider_id, request.url, request.private_network] = route
        return route


async def _dialed(pool: _Pool, connect_ms: int, total_at: float) -> Connection:
    loop = asyncio.get_running_loop()
    try:
        return await pool.dial(min(loop.time() + connect_ms / 1_000, total_at))
    except OSError as error:
        silent: FaultKind = "deadline" if loop.time() >= total_at else "connect_timeout"
        raise UpstreamError(Fault(silent if isinstance(error, TimeoutError) else "connect")) from error


def _head(begin: tuple[str, ...], request: UpstreamRequest) -> bytes:
    """The head of the request. Raises UpstreamError for a header that would not keep to its line."""
    lines, agent = [*begin], "signalbox"
    for name, value in request.headers.items():
        lower = name.lower()
        if lower == "user-agent":
            agent = value
        elif lower not in _OURS:
            lines.append(f"{name}: {value}")
    lines.append(f"user-agent: {agent}")
    if request.body or request.method != "GET":
        lines.append(f"content-length: {len(request.body)}")
    text = "\n".join(lines)
    if text.count("\n") >= len(lines) or "\r" in text or "\0" in text or not text.isascii():
        raise UpstreamError(Fault("connect"))
    return f"{request.method} {text}\n\n".replace("\n", "\r\n").encode()
