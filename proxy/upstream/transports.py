"""The two ways out behind one port: each request takes the one that its provider's row names; speaks no HTTP itself."""

from collections.abc import Callable, Coroutine
from typing import Any

from proxy.ports import Exchange, Upstream, UpstreamRequest


class Transports:
    """Implements Upstream. The library is loaded by the first request that needs it."""

    def __init__(self, relay: Upstream, load_library: Callable[[], Upstream]) -> None:
        self._relay = relay
        self._load_library = load_library
        self._library: Upstream | None = None

    def open(self, request: UpstreamRequest) -> Coroutine[Any, Any, Exchange]:
        if request.transport == "relay":
            return self._relay.open(request)
        if self._library is None:
            self._library = self._load_library()
        return self._library.open(request)

    async def close(self) -> None:
        await self._relay.close()
        if self._library is not None:
            await self._library.close()
