"""Addresses at which connecting itself fails: opened beside the simulator, named after their faults; nothing is ever read."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

# One connection fits a backlog of 0; the rest find no room. What is more than enough does no harm.
_FILLERS: Final = 4


@asynccontextmanager
async def doors(host: str) -> AsyncIterator[Mapping[str, str]]:
    """Base URLs by the name of the fault. Raises OSError."""
    async with AsyncExitStack() as stack:
        refused = stack.enter_context(_bound(host))
        black_hole = stack.enter_context(_bound(host))
        black_hole.listen(0)
        for _ in range(_FILLERS):
            filler = stack.enter_context(socket.socket(black_hole.family, socket.SOCK_STREAM))
            filler.setblocking(False)
            filler.connect_ex(black_hole.getsockname())
        hang_up = await asyncio.get_running_loop().create_server(_HangUp, sock=_bound(host))
        stack.callback(hang_up.close)
        found = {"refused": refused, "black_hole": black_hole, "hang_up": hang_up.sockets[0]}
        yield {name: base_url(door.getsockname()) for name, door in found.items()}


def base_url(address: tuple[str, int]) -> str:
    """The base URL of a socket's address."""
    host, port = address[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _bound(host: str) -> socket.socket:
    """Bound and not listening: whoever connects is refused."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    bound.bind((host, 0))
    return bound


class _HangUp(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
