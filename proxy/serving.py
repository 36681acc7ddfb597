"""`signalbox serve`: settings in, a listening gateway, or several on one port, until a signal ends it; decides nothing about
calls."""

import argparse
import asyncio
import ctypes
import errno
import gc
import logging
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Final

import uvicorn

from proxy.api.http10 import GatewayProtocol
from proxy.app import NO_PEPPER, Gateway, opened
from proxy.commands import CommandFailed
from proxy.crew.foreman import Foreman
from proxy.crew.member import Member
from proxy.settings import Settings
from proxy.telemetry.log import LogWriter, route_logging
from proxy.telemetry.tally import forget_measured

BACKLOG: Final = 4_096
# What the kernel may keep for a caller who does not read; of its own accord it takes megabytes.
KERNEL_BYTES_MAX: Final = 64 * 1024
INTERRUPT_GRACE_S: Final = 1
# Calls that were cut off at the end of the grace still settle; this bounds how long that is waited for.
SETTLE_GRACE_S: Final = 5
# No call is left by then: only connections are closed.
CLOSE_GRACE_S: Final = 1
# What a worker may need beyond all that, to close its books; then it is killed.
END_MARGIN_S: Final = 10
WORKERS_MAX: Final = 64
COLLECT_EVERY_OBJECTS: Final = 20_000


async def serve(given: argparse.Namespace, settings: Settings) -> int:
    """Runs until told to stop: one process, or the parent of several, or one of these."""
    if settings.pepper is None:
        raise CommandFailed(NO_PEPPER)
    # What a call leaves behind is freed by its counts: looking through it every seven hundred objects, as is usual, finds
    # next to nothing.
    gc.set_threshold(COLLECT_EVERY_OBJECTS)
    if given.member is not None:
        return await _work(Member(given.member, given.workers, given.folder), settings)
    if given.workers > 1:
        return await _lead(given.workers, settings)
    with listening(settings) as (server_socket, base_url):
        async with opened(settings) as gateway:
            await gateway.fit_pepper()
            _tell(base_url)
            await run_server(gateway, settings, server_socket)
    return 0


@contextmanager
def listening(settings: Settings, shared: bool = False) -> Iterator[tuple[socket.socket, str]]:
    """The listening socket and the base URL it is reached at. Raises CommandFailed when the port is taken."""
    with _bound(settings, shared) as (server_socket, base_url):
        server_socket.listen(BACKLOG)
        yield server_socket, base_url


async def run_server(gateway: Gateway, settings: Settings, server_socket: socket.socket, member: Member | None = None) -> None:
    """Serves until SIGTERM (live calls get the grace) or SIGINT (they get a second); a second signal ends them at once.
    To one of several the end of its parent is like SIGTERM."""
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
    if member is not None:
        loop.add_reader(sys.stdin, _orphaned, server, member)
    gateway.readiness.server_stops = lambda: server.should_exit
    _settle_down()
    await server.serve(sockets=[server_socket])


def _settle_down() -> None:
    """What is loaded by now stays. What loading took and left goes back to the system: four megabytes."""
    gc.collect()
    gc.freeze()
    give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if give_back is not None:
        give_back(0)


async def _work(member: Member, settings: Settings) -> int:
    """One of several. It listens when it can take calls, not before: until then connections go to the others."""
    async with opened(settings, member=member) as gateway:
        await gateway.fit_pepper()
        with listening(settings, shared=True) as (server_socket, base_url):
            _tell(base_url)
            await run_server(gateway, settings, server_socket, member)
    return 0


async def _lead(workers: int, settings: Settings) -> int:
    """The parent of several. It keeps the port and their folder, and opens nothing else."""
    log = LogWriter(sys.stderr.buffer)
    route_logging(log, logging.getLevelName(settings.log_level.upper()))
    with _bound(settings) as (alone, _):
        # Others of this user could share the port unseen; nobody can while it is asked for alone.
        port = alone.getsockname()[1]
    settings = settings.model_copy(update={"port": port})
    with _bound(settings, shared=True) as (_, base_url), TemporaryDirectory(prefix="signalbox-") as name:
        folder = Path(name)
        end_s_max = settings.shutdown_grace_s + SETTLE_GRACE_S + CLOSE_GRACE_S + END_MARGIN_S
        begin = partial(_begin, workers, port, folder)
        return await Foreman(workers, begin, partial(forget_measured, folder), partial(_tell, base_url), end_s_max).run()


async def _begin(workers: int, port: int, folder: Path, number: int) -> Process:
    words = ("serve", "--workers", str(workers), "--member", str(number), "--folder", str(folder))
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "proxy", *words),
        # Its end tells a worker that its parent is gone.
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"SIGNALBOX_PORT": str(port)},
        # Ctrl-C is for the parent, which passes it on; heard twice it would hurry.
        start_new_session=True,
    )


def _tell(base_url: str) -> None:
    sys.stdout.write(f"listening on {base_url}\n")
    sys.stdout.flush()


@contextmanager
def _bound(settings: Settings, shared: bool = False) -> Iterator[tuple[socket.socket, str]]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as server_socket:
        server_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shared)
        # Connections have what the socket had that they came in by.
        server_socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES_MAX)
        try:
            server_socket.bind((settings.host, settings.port))
        except OSError as error:
            raise CommandFailed(_cannot_listen(settings, error)) from None
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        yield server_socket, f"http://{host}:{server_socket.getsockname()[1]}"


async def _reload(gateway: Gateway) -> None:
    await gateway.reload()


def _orphaned(server: "_Server", member: Member) -> None:
    asyncio.get_running_loop().remove_reader(sys.stdin)
    server.handle_exit(signal.SIGTERM, None)
    # The parent would have done that. Whoever still uses the folder goes on without.
    rmtree(member.folder, ignore_errors=True)


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
