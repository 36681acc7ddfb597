"""Claims about the supervisor: a job that fails is tried again and never takes the others along."""

import asyncio

import pytest

from proxy.domain.call import Call
from proxy.workers.supervisor import Job, Supervisor


class Incidents:
    def __init__(self) -> None:
        self.names: list[str] = []

    def began(self) -> None:
        raise AssertionError("a worker is no call")

    def finished(self, call: Call) -> None:
        raise AssertionError("a worker is no call")

    def incident(self, name: str, **facts: str | int) -> None:
        self.names.append(f"{name}:{facts['worker']}")


class Counter:
    """Work that counts itself, failing on its first `fails` runs; `reached` waits for a count."""

    def __init__(self, fails: int = 0) -> None:
        self._fails = fails
        self._ran = asyncio.Condition()
        self.count = 0

    async def __call__(self) -> None:
        async with self._ran:
            self.count += 1
            self._ran.notify_all()
        if self.count <= self._fails:
            raise RuntimeError("not today")

    async def reached(self, count: int) -> None:
        async with asyncio.timeout(60), self._ran:
            await self._ran.wait_for(lambda: self.count >= count)


async def test_a_job_runs_again_and_again_until_it_is_stopped() -> None:
    work = Counter()
    supervisor = Supervisor([Job("count", 0.001, work, now=True)], Incidents())
    supervisor.start()
    await work.reached(3)
    await supervisor.stop()
    seen = work.count
    await asyncio.sleep(0.01)
    assert work.count == seen


async def test_a_job_that_fails_is_counted_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    failing, sound, incidents = Counter(fails=2), Counter(), Incidents()
    supervisor = Supervisor([Job("failing", 0.001, failing), Job("sound", 0.001, sound)], incidents)
    supervisor.start()
    await failing.reached(3)
    await sound.reached(2)
    await supervisor.stop()
    assert incidents.names == ["worker_failed:failing"] * 2
    assert "not today" in caplog.text


async def test_a_job_waits_its_time_unless_it_is_to_run_now() -> None:
    later, now = Counter(), Counter()
    supervisor = Supervisor([Job("later", 3600, later), Job("now", 3600, now, now=True)], Incidents())
    supervisor.start()
    await now.reached(1)
    await supervisor.stop()
    assert later.count == 0
