"""The parent of a crew: a way to start a worker in, an exit code out when all have ended; passes signals on, starts again who
dies, takes no call and opens no books."""

import asyncio
import logging
import signal
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from typing import Final

from proxy.crew.roster import Roster

# What a worker says on its standard output once it takes calls.
READY: Final = b"listening on"
_LOG: Final = logging.getLogger("proxy.crew")


class Foreman:
    """`begin` starts a worker whose standard output can be read, `left` hears who has ended, `told` when all take calls for the
    first time. `end_s_max` is how long they may take to end before they are killed."""

    def __init__(
        self,
        count: int,
        begin: Callable[[int], Awaitable[Process]],
        left: Callable[[int], None],
        told: Callable[[], None],
        end_s_max: float,
    ) -> None:
        self._roster = Roster(count)
        self._begin = begin
        self._left = left
        self._told = told
        self._end_s_max = end_s_max
        self._processes: dict[int, Process] = {}
        self._open = asyncio.Event()
        self._ending = asyncio.Event()
        self._code = 0

    async def run(self) -> int:
        """Until a signal ends them all: 0, or the code of a worker that could not start or ended badly. The first one starts
        alone, so that what is done to the books at a start is done once."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end, number)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        first, *others = self._roster.numbers
        keeping = [asyncio.create_task(self._keep(first))]
        killing = asyncio.create_task(self._kill_late())
        await self._open.wait()
        keeping += [asyncio.create_task(self._keep(number)) for number in others]
        await asyncio.gather(*keeping)
        killing.cancel()
        return self._code

    async def _keep(self, number: int) -> None:
        while not self._ending.is_set():
            code = await self._work(number)
            pause_s = self._roster.ended(number, asyncio.get_running_loop().time())
            self._left(number)
            if self._ending.is_set() or not self._roster.complete:
                self._note(number, code)
                return
            _LOG.warning("worker %d ended with %d and is started again in %g s", number, code, pause_s)
            await self._rest(pause_s)

    async def _work(self, number: int) -> int:
        """One process of a worker, from its start to its exit code."""
        try:
            process = await self._begin(number)
        except OSError as error:
            _LOG.warning("worker %d cannot be started: %s", number, error.strerror)
            return 1
        self._processes[number] = process
        self._roster.began(number, asyncio.get_running_loop().time())
        if self._ending.is_set():
            process.send_signal(signal.SIGTERM)
        if process.stdout is not None and READY in await process.stdout.readline():
            self._ready(number)
        code = await process.wait()
        del self._processes[number]
        return code

    def _ready(self, number: int) -> None:
        was_complete = self._roster.complete
        self._roster.ready(number)
        self._open.set()
        if was_complete:
            # Whoever reads only warnings has read that it ended.
            _LOG.warning("worker %d takes calls again", number)
        elif self._roster.complete:
            self._told()

    def _note(self, number: int, code: int) -> None:
        """A worker that ended for good: with the others, or so early that there is no use in going on."""
        if not self._ending.is_set():
            self._code = max(code, 1)
            self._end(signal.SIGTERM)
        elif code and self._roster.complete:
            _LOG.warning("worker %d ended with %d", number, code)
            self._code = self._code or 1

    def _end(self, number: signal.Signals) -> None:
        self._ending.set()
        self._open.set()
        self._pass_on(number)

    def _pass_on(self, number: signal.Signals) -> None:
        for process in self._processes.values():
            if process.returncode is None:
                process.send_signal(number)

    def _reload(self) -> None:
        # Who has just begun reads the files anyway, and would die of a signal that it does not expect yet.
        for number in self._roster.working:
            self._processes[number].send_signal(signal.SIGHUP)

    async def _rest(self, pause_s: float) -> None:
        try:
            async with asyncio.timeout(pause_s):
                await self._ending.wait()
        except TimeoutError:
            return

    async def _kill_late(self) -> None:
        await self._ending.wait()
        await asyncio.sleep(self._end_s_max)
        self._pass_on(signal.SIGKILL)
