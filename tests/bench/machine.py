"""The machine as far as a measurement needs it: cores to stand on, the cost and memory of a tree of processes, and what it is;
starts nothing."""

import os
import platform
import resource
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
_CPUCLOCK_SCHED: Final = 2  # The kernel's number for a clock that shows what a process has run (linux/posix-timers.h).


class MachineUnfit(Exception):
    """It cannot be measured here; says why, and what to type."""


def cores() -> tuple[int, int]:
    """A core for what is measured and another for load and provider. Raises MachineUnfit when there is one alone."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise MachineUnfit("Two cores are needed: one for the gateway, another for the load and the provider.")
    return usable[-1], usable[0]


@contextmanager
def standing_on(core: int) -> Iterator[None]:
    """What is started meanwhile runs on `core` alone, with all it starts."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def raise_descriptor_limit() -> int:
    """The most files that a process started from here may have open."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def tree(pid: int) -> list[int]:
    """The process and all that descend from it and live."""
    tasks = Path(f"/proc/{pid}/task")
    children = [int(word) for task in tasks.glob("*/children") for word in task.read_text().split()]
    return [pid, *(found for child in children for found in tree(child))]


def cpu_s(pid: int) -> float:
    """Seconds of CPU that the tree has used, user and system, with children that have ended.

    The clock of a process shows in nanoseconds what `utime` and `stime` in /proc round to a hundredth of a second.
    """
    return sum(time.clock_gettime(~member << 3 | _CPUCLOCK_SCHED) + _of_dead_children_s(member) for member in tree(pid))


def memory_mb(pid: int) -> float:
    """Resident memory of the tree; pages that its members share count for each."""
    return sum(_status_kb(member, "VmRSS") for member in tree(pid)) / 1024


def descriptors(pid: int) -> int:
    """Files that the tree has open."""
    return sum(len(os.listdir(f"/proc/{member}/fd")) for member in tree(pid))


def described(versions: Sequence[str]) -> str:
    """When and on what, in words, and never a host's name; the load average tells whether anybody else was at work there."""
    parts = [
        time.strftime("%Y-%m-%d", time.gmtime()),
        f"{os.cpu_count()} cores ({_processor()})",
        f"load average {os.getloadavg()[0]:.1f} at the start",
        f"Linux {platform.release().split('-')[0]}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        *versions,
    ]
    return ", ".join(parts)


def _of_dead_children_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[13]) + int(fields[14])) * _TICK_S


def _status_kb(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
