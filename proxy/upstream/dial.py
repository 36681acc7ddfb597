"""New connections to providers: an origin in, a connected and, where it is https, verified connection out; connects to no
address that was not checked, and never resolves a name again between the check and the connection."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from proxy.upstream.address import refuses
from proxy.upstream.trust import ResumingContext, tls_context

ADDRESSES_MAX: Final = 4
ADDRESSES_KEPT_S: Final = 30.0

P = TypeVar("P", bound=asyncio.Protocol)


class Origin(NamedTuple):
    """Whom to connect to."""

    host: str
    port: int
    encrypted: bool


class Address(NamedTuple):
    """One of the places where a name is found, as the system names it: `place` begins with the IP address."""

    family: int
    place: Any


Resolve = Callable[[str, int], Awaitable[list[Address]]]


async def resolved(host: str, port: int) -> list[Address]:
    """Where the system finds `host`, in its order of preference. Raises OSError."""
    rows = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [Address(row[0], row[4]) for row in rows]


class Dialer:
    """Connects; trusts the certificates of `ca_file` (PEM) besides the system's, or raises OSError. What a name resolved to is
    used for 30 s, or until none of it takes a connection."""

    def __init__(self, ca_file: Path | None = None, resolve: Resolve = resolved) -> None:
        self._resolve = resolve
        self._found: dict[tuple[str, int], tuple[float, asyncio.Task[list[Address]]]] = {}
        self._tls = None if ca_file is None else tls_context(ca_file)

    async def dial(self, origin: Origin, private_network: bool, until: float, make: Callable[[], P]) -> P:
        """A new connection at the first address that takes one; at most four are tried, and none may use up the time of
        those after it. `until` is a moment of the loop's clock. Raises OSError, TimeoutError of these where an address was
        silent."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(until):
                found = await self._addresses(origin, loop.time())
            allowed = [address for address in found if not refuses(address.place[0], private_network)][:ADDRESSES_MAX]
            failed: OSError = ConnectionError()
            for number, address in enumerate(allowed):
                share_s = (until - loop.time()) / (len(allowed) - number)
                try:
                    made = await self._connected(address, origin, share_s, make)
                except OSError as error:
                    # One that is silent says more than one that refuses: time is spent on it each time.
                    failed = failed if isinstance(failed, TimeoutError) else error
                    continue
                # Who comes next need not try again what has just refused.
                found.remove(address)
                found.insert(0, address)
                return made
            raise failed
        except OSError:
            self._found.pop(origin[:2], None)
            raise

    def remember(self, transport: asyncio.Transport) -> None:
        """Keeps the session of an encrypted connection that has carried an answer."""
        if self._tls is not None:
            self._tls.remember(transport.get_extra_info("ssl_object"))

    async def _addresses(self, origin: Origin, now: float) -> list[Address]:
        """Calls that come together share one look-up, and it goes on when one of them leaves."""
        found_at, looking = self._found.get(origin[:2], (0.0, None))
        if looking is None or now - found_at >= ADDRESSES_KEPT_S or (looking.done() and not looking.result()):
            looking = asyncio.ensure_future(self._look(origin))
            self._found[origin[:2]] = (now, looking)
        return await asyncio.shield(looking)

    async def _look(self, origin: Origin) -> list[Address]:
        try:
            return await self._resolve(origin.host, origin.port)
        except (OSError, UnicodeError):
            return []

    async def _connected(self, address: Address, origin: Origin, share_s: float, make: Callable[[], P]) -> P:
        loop = asyncio.get_running_loop()
        tls = await self._trusting() if origin.encrypted else None
        host, port, *scope = address.place
        # An address as such is never looked up; one of IPv6 may be of one interface alone.
        host = f"{host}%{scope[1]}" if any(scope[1:]) else host
        name = origin.host if tls is not None else None
        async with asyncio.timeout(share_s):
            _, made = await loop.create_connection(make, host, port, family=address.family, ssl=tls, server_hostname=name)
        return made

    async def _trusting(self) -> ResumingContext:
        """Reading the system's certificates takes 20 ms and some megabytes: not on the loop, and not before they are needed."""
        if self._tls is None:
            made = await asyncio.to_thread(tls_context)
            self._tls = self._tls or made
        return self._tls
