"""The parent of a crew with real processes of a few lines: what it starts, passes on, and ends with."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process

import pytest

from proxy.crew.foreman import Foreman
from tests.e2e.harness import WAIT_S

# Ends well when told to by SIGTERM, with the number of any other signal else.
GOOD = """
import signal, sys
words = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
signal.pthread_sigmask(signal.SIG_BLOCK, words)
print("listening on nothing", flush=True)
got = signal.sigwait(words)
sys.exit(0 if got == signal.SIGTERM else got)
"""
DEAF = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("listening on nothing", flush=True)
while True:
    signal.pause()
"""


class Yard:
    """Starts workers of a program; what its parent noted of them."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.begun: list[int] = []
        self.left: list[int] = []
        self.open = asyncio.Event()
        self.again = asyncio.Event()

    def foreman(self, count: int, end_s_max: float = WAIT_S) -> Foreman:
        return Foreman(count, self._begin, self.left.append, self.open.set, end_s_max)

    async def _begin(self, number: int) -> Process:
        if number in self.begun:
            self.again.set()
        self.begun.append(number)
        return await asyncio.create_subprocess_exec(sys.executable, "-c", self.program, stdout=PIPE)


async def test_all_workers_are_told_to_end_and_their_good_end_is_its_own() -> None:
    yard = Yard(GOOD)
    running = asyncio.create_task(yard.foreman(3).run())
    async with asyncio.timeout(WAIT_S):
        await yard.open.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        assert await running == 0
    assert yard.begun == [1, 2, 3]
    assert sorted(yard.left) == [1, 2, 3]


async def test_a_worker_that_cannot_start_ends_the_crew_with_its_code_before_another_is_tried() -> None:
    yard = Yard("raise SystemExit(7)")
    async with asyncio.timeout(WAIT_S):
        assert await yard.foreman(3).run() == 7
    assert yard.begun == [1]
    assert not yard.open.is_set()


async def test_a_worker_that_ends_badly_when_told_to_is_said() -> None:
    yard = Yard(GOOD)
    running = asyncio.create_task(yard.foreman(1).run())
    async with asyncio.timeout(WAIT_S):
        await yard.open.wait()
        os.kill(os.getpid(), signal.SIGINT)
        assert await running == 1


async def test_who_does_not_end_in_time_is_killed(caplog: pytest.LogCaptureFixture) -> None:
    yard = Yard(DEAF)
    running = asyncio.create_task(yard.foreman(1, end_s_max=0.05).run())
    async with asyncio.timeout(WAIT_S):
        await yard.open.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        assert await running == 1
    assert "worker 1 ended with -9" in caplog.text


async def test_who_ends_by_itself_is_started_again() -> None:
    yard = Yard(GOOD)
    running = asyncio.create_task(yard.foreman(1).run())
    async with asyncio.timeout(WAIT_S):
        await yard.open.wait()
        os.kill(os.getpid(), signal.SIGHUP)
        await yard.again.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        await running
    assert yard.left == [1, 1]
