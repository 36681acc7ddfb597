"""Calls over the Upstream port as the contract suites make them, and the implementations that must pass."""

import asyncio
from collections.abc import Callable
from typing import Final

import pytest

from proxy.domain.catalog import Timeouts
from proxy.domain.errors import Fault
from proxy.ports import Exchange, Upstream, UpstreamError, UpstreamRequest
from proxy.upstream.library import LibraryUpstream
from proxy.upstream.relay import RelayUpstream

UPSTREAMS: Final[tuple[Callable[..., Upstream], ...]] = (RelayUpstream, LibraryUpstream)
PATIENT: Final = Timeouts(connect_ms=30_000, first_byte_ms=30_000, idle_ms=30_000, total_ms=60_000)
LINE: Final = b"data: one\n\n"


def asked(url: str, timeouts: Timeouts = PATIENT) -> UpstreamRequest:
    """A small POST to a provider on this machine."""
    return UpstreamRequest("p", "POST", f"{url}/v1/x", {"x-ours": "1"}, b'{"a":1}', timeouts, private_network=True)


async def parts_of(exchange: Exchange) -> list[bytes]:
    """The whole body as it was read. Raises UpstreamError."""
    parts = []
    while data := await exchange.next_bytes():
        parts.append(data)
    await exchange.close()
    return parts


async def call(upstream: Upstream, url: str, timeouts: Timeouts = PATIENT) -> bytes:
    """The body of a whole call. Raises UpstreamError."""
    return b"".join(await parts_of(await upstream.open(asked(url, timeouts))))


async def fault_of(upstream: Upstream, url: str, timeouts: Timeouts = PATIENT) -> Fault:
    """How a call fails, before or after its headers."""
    with pytest.raises(UpstreamError) as caught:
        await call(upstream, url, timeouts)
    return caught.value.fault


async def soon(happened: asyncio.Event) -> None:
    """Waits for something that must happen, for far longer than it should take."""
    await asyncio.wait_for(happened.wait(), 60)
