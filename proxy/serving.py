"""`signalbox serve`: settings in, a listening gateway until a signal ends it; decides nothing about calls."""

import argparse
import asyncio
import errno
import gc
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import uvicorn

from proxy.api.http10 import GatewayProtocol
from proxy.app import Gateway, opened
from proxy.commands import CommandFailed
from proxy.settings import Settings

BACKLOG: Final = 4_096
# What the kernel may keep for a caller who does not read; of its own accord it takes megabytes.
KERNEL_BYTES_MAX: Final = 64 * 1024
INTERRUPT_GRACE_S: Final = 1
# Calls that were cut off at the end of the grace still settle; this bounds how long that is waited for.
SETTLE_GRACE_S: Final = 5
# No call is left by then: only connections are closed.
CLOSE_GRACE_S: Final = 1
COLLECT_EVERY_OBJECTS: Final = 20_000


async def serve(_: argparse.Namespace, settings: Settings) -> int:
    """Runs until told to stop."""
    if settings.pepper is None:
        raise CommandFailed("SIGNALBOX_PEPPER is not set: it keys the hashes of API keys. Make one: openssl rand -hex 32")
    with listening(settings) as (server_socket, base_url):
        async with opened(settings) as gateway:
            sys.stdout.write(f"listening on {base_url}\n")
            sys.stdout.flush()
            await run_server(gateway, settings, server_socket)
    return 0


@contextmanager
def listening(settings: Settings) -> Iterator[tuple[socket.socket, str]]:
    """The listening socket and the base URL it is reached at. Raises CommandFailed when the port is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as server_socket:
        server_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections have what the socket had that they came in by.
        server_socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES_MAX)
        try:
            server_socket.bind((settings.host, settings.port))
        except OSError as error:
            raise CommandFailed(_cannot_listen(settings, error)) from None
        server_socket.listen(BACKLOG)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        yield server_socket, f"http://{host}:{server_socket.getsockname()[1]}"


async def run_server(gateway: Gateway, settings: Settings, server_socket: socket.socket) -> None:
    """Serves until SIGTERM (live calls get the grace) or SIGINT (they get a second); a second signal ends them at once."""
    config = uvicorn.Config(
        gateway.front,
        http=GatewayProtocol,
        ws="none",
        lifespan="off",
        # Whose X-Forwarded-For is believed is our setting; uvicorn would believe every caller on this machine.
        proxy_headers=False,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=CLOSE_GRACE_S,
    )
    server = _Server(config, settings.shutdown_grace_s)
    tasks: set[asyncio.Task[None]] = set()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, lambda: tasks.add(loop.create_task(_reload(gateway))))
    gateway.readiness.server_stops = lambda: server.should_exit
    _spare_the_collector()
    await server.serve(sockets=[server_socket])


def _spare_the_collector() -> None:
    """What is loaded by now stays, and what a call leaves behind is freed by its counts: looking through it every seven hundred
    objects, as is usual, finds next to nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY_OBJECTS)


async def _reload(gateway: Gateway) -> None:
    await gateway.reload()


class _Server(uvicorn.Server):
    """Leaves the door open while live calls finish: who comes then is told to ask another, which a closed port cannot say."""

    def __init__(self, config: uvicorn.Config, grace_s: int) -> None:
        super().__init__(config)
        self._grace_s = grace_s
        self._hurried = asyncio.Event()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._drain({task for task in self.server_state.tasks if not task.done()})
        await super().shutdown(sockets)

    async def _drain(self, calls: set[asyncio.Task[None]]) -> None:
        """Calls that are not over when the grace is are ended: each settles, and tells its caller."""
        if not calls:
            return
        over = asyncio.ensure_future(asyncio.wait(calls))
        hurried = asyncio.ensure_future(self._hurried.wait())
        await asyncio.wait({over, hurried}, timeout=self._grace_s, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        for call in calls:
            call.cancel()
        await asyncio.wait({over}, timeout=SETTLE_GRACE_S)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Uvicorn raises a signal again after its shutdown, which would end the process before the books are closed.
        loop = asyncio.get_running_loop()
        for sig in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sig, self.handle_exit, sig, None)
        try:
            yield
        finally:
            for sig in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(sig)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            self._hurried.set()
        elif sig == signal.SIGINT:
            self._grace_s = INTERRUPT_GRACE_S
        self.should_exit = True


def _cannot_listen(settings: Settings, error: OSError) -> str:
    where = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is taken by another program. Choose another port: SIGNALBOX_PORT={settings.port + 1}"
    return f"Cannot listen on {where}: {error.strerror}. Choose another SIGNALBOX_HOST or SIGNALBOX_PORT."
