"""Outbound HTTP through httpx2: a request in, an Exchange out as soon as its headers are there; never follows a redirect,
keeps a cookie, reads a proxy from the environment unasked or lets a provider's text out in a fault."""

import asyncio
import socket
import ssl
from contextlib import ExitStack
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, Final

import httpx2

from proxy.domain.errors import Fault, FaultKind
from proxy.ports import Exchange, UpstreamError, UpstreamRequest
from proxy.upstream.address import refuses
from proxy.upstream.encoding import Garbled, decoder
from proxy.upstream.exchange import LibraryExchange, Limits
from proxy.upstream.gate import Gate, enter

KEPT_CONNECTIONS_MAX: Final = 256
KEPT_SECONDS_MAX: Final = 15.0
HEADERS_MAX: Final = 128
HEADER_BYTES_MAX: Final = 32 * 1024
# The library keeps all that the loop reads at once, and the loop reads on while the kernel fills its pieces of 256 KB; so the
# kernel is told to keep less than one for a connection.
KERNEL_BYTES_MAX: Final = 128 * 1024


class LibraryUpstream:
    """Implements Upstream. Each provider has connections of its own and at most `concurrency_max` exchanges at once.

    With `trust_env`, HTTP proxies and certificates come from the environment; a proxy in a private range then needs the
    provider's `private_network`, for it is the address we connect to. `ca_file` (PEM) is trusted besides the usual ones.
    """

    def __init__(self, trust_env: bool = False, ca_file: Path | None = None) -> None:
        self._trust_env = trust_env
        self._tls = httpx2.create_ssl_context(trust_env=trust_env)
        if ca_file is not None:
            self._tls.load_verify_locations(ca_file)
        self._providers: dict[str, _Provider] = {}

    async def open(self, request: UpstreamRequest) -> Exchange:
        provider = self._providers.get(request.provider_id)
        if provider is None:
            provider = self._providers[request.provider_id] = _Provider(self._tls, self._trust_env)
        total_at = asyncio.get_running_loop().time() + request.timeouts.total_ms / 1_000
        with ExitStack() as undo:
            await enter(provider.gate, request)
            undo.callback(provider.gate.leave)
            try:
                response, limits = await _Opening(request, total_at).send(provider.kept)
            except _DiedKept:
                response, limits = await _Opening(request, total_at).send(provider.fresh)
            return await _exchange(response, limits, undo)

    async def close(self) -> None:
        for provider in self._providers.values():
            await provider.kept.aclose()
            await provider.fresh.aclose()


class _DiedKept(Exception):
    """A kept connection turned out to be dead before it answered: nothing is lost, a fresh one may take the request."""


class _Provider:
    """`fresh` keeps no connection, so that a second try cannot meet a second dead one."""

    __slots__ = ("fresh", "gate", "kept")

    def __init__(self, tls: ssl.SSLContext, trust_env: bool) -> None:
        self.gate = Gate()
        self.kept = _client(tls, trust_env, KEPT_CONNECTIONS_MAX)
        self.fresh = _client(tls, trust_env, 0)


class _Opening:
    """One request on its way to its answer's headers: which limit runs now, and what httpx2 tells of the connection."""

    def __init__(self, request: UpstreamRequest, total_at: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._request = request
        self._total_at = total_at
        self._limit: FaultKind = "connect"
        self._timeout = asyncio.timeout_at(self._due(request.timeouts.connect_ms))
        self._first_byte_at = total_at
        self._stream: Any = None
        self._reused = True
        self._listening = False
        self._heard = False

    async def send(self, client: httpx2.AsyncClient) -> tuple[httpx2.Response, Limits]:
        """The answer once its headers are there, with the limits for the rest. Raises UpstreamError, _DiedKept."""
        try:
            async with self._timeout:
                response = await client.send(self._built(), stream=True)
        except TimeoutError as error:
            kind: FaultKind = "deadline" if self._loop.time() >= self._total_at else self._limit
            raise UpstreamError(Fault("connect_timeout" if kind == "connect" else kind)) from error
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as error:
            raise self._failure(error) from error
        return response, Limits(self._first_byte_at, self._total_at, self._request.timeouts.idle_ms / 1_000)

    def _built(self) -> httpx2.Request:
        headers = {"user-agent": "signalbox", **self._request.headers, "accept-encoding": "identity"}
        return httpx2.Request(
            self._request.method,
            self._request.url,
            headers=headers,
            content=self._request.body,
            extensions={"trace": self._trace, "timeout": {}},
        )

    async def _trace(self, event: str, info: dict[str, Any]) -> None:
        """httpx2 calls this at every step of a request; awaiting nothing, it costs no turn of the loop."""
        match event:
            case "connection.connect_tcp.started":
                self._reused = False
            case "connection.connect_tcp.complete":
                self._stream = info["return_value"]
                self._stream.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BYTES_MAX)
                await self._check_peer()
            case "connection.start_tls.failed":
                # httpcore2 forgets the socket when a handshake is cancelled.
                await self._stream.aclose()
            case "http11.send_request_headers.started":
                self._limit = "first_byte_timeout"
                self._first_byte_at = self._due(self._request.timeouts.first_byte_ms)
                self._timeout.reschedule(self._first_byte_at)
            case "http11.receive_response_headers.started":
                self._listening = True
                self._loop.call_soon(self._turn)
            case "http11.receive_response_headers.complete" if not self._heard:
                raise _DiedKept

    async def _check_peer(self) -> None:
        """The address that was really connected to, so that no second resolution can differ from the one checked."""
        if refuses(self._stream.get_extra_info("server_addr")[0], self._request.private_network):
            await self._stream.aclose()
            raise UpstreamError(Fault("connect"))

    def _turn(self) -> None:
        """Reading from a socket takes a turn of the loop. Headers that are there without one were left over from the
        answer before: a body longer than announced. They are nobody's answer."""
        self._heard = True

    def _due(self, after_ms: int) -> float:
        return min(self._loop.time() + after_ms / 1_000, self._total_at)

    def _failure(self, error: Exception) -> UpstreamError | _DiedKept:
        kind = self._kind(error)
        left_over = self._listening and not self._heard
        return _DiedKept() if self._reused and (kind == "reset" or left_over) else UpstreamError(Fault(kind))

    def _kind(self, error: Exception) -> FaultKind:
        """By how far the request had come. h11 says `Server disconnected` for an end before the headers were whole."""
        if self._limit == "connect":
            return "connect"
        if isinstance(error, httpx2.RemoteProtocolError) and "disconnected" not in str(error):
            return "garbled"
        return "reset"


async def _exchange(response: httpx2.Response, limits: Limits, undo: ExitStack) -> Exchange:
    """Headers are bounded before anybody copies them; `undo` becomes the exchange's own release."""
    raw = response.headers.raw
    fits = len(raw) <= HEADERS_MAX and sum(len(name) + len(value) for name, value in raw) <= HEADER_BYTES_MAX
    try:
        if not fits or response.status_code == 101:
            raise Garbled
        reader = decoder(response.headers.get("content-encoding", ""))
    except Garbled as error:
        await response.aclose()
        raise UpstreamError(Fault("garbled", status=response.status_code)) from error
    return LibraryExchange(response, reader, limits, undo.pop_all().close)


def _client(tls: ssl.SSLContext, trust_env: bool, kept_max: int) -> httpx2.AsyncClient:
    """No limit on connections: the gate is the limit. No timeouts: the exchange keeps them with one timer."""
    return httpx2.AsyncClient(
        verify=tls,
        trust_env=trust_env,
        timeout=None,
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=kept_max, keepalive_expiry=KEPT_SECONDS_MAX),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        follow_redirects=False,
    )
