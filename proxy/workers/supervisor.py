"""Keeps scheduled jobs running: jobs in, tasks that survive any failure of theirs; decides nothing a job does."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from proxy.domain.value import dataclass
from proxy.ports import Recorder

_LOG = logging.getLogger("signalbox")
BACK_OFF_S_MAX: Final = 60.0


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every `every_s` seconds. `now` also does it once at the start. A `steady` one keeps to its time when it
    fails, for what it says must be heard as soon as it can be."""

    name: str
    every_s: float
    work: Callable[[], Awaitable[object]]
    now: bool = False
    steady: bool = False


class Supervisor:
    """Runs each job in a task of its own until `stop`. A job that fails is logged, counted and tried again, ever later."""

    def __init__(self, jobs: Sequence[Job], recorder: Recorder) -> None:
        self._jobs = jobs
        self._recorder = recorder
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._keep(job), name=job.name) for job in self._jobs]

    async def stop(self) -> None:
        """Ends every job where it stands."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep(self, job: Job) -> None:
        pause_s = 0.0 if job.now else job.every_s
        while True:
            await asyncio.sleep(pause_s)
            done = await self._done(job)
            pause_s = job.every_s if done or job.steady else min(BACK_OFF_S_MAX, max(2 * pause_s, job.every_s))

    async def _done(self, job: Job) -> bool:
        try:
            await job.work()
        except Exception:  # noqa: BLE001 - the worker supervisor: a job that fails must not end the others
            _LOG.exception("worker %s failed", job.name)
            self._recorder.incident("worker_failed", worker=job.name)
            return False
        return True
