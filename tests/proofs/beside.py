"""What a process needs and what others notice of it: its resident memory, and the latency of a small call made again and again
while something else goes on."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

import httpx2

from tests.e2e.harness import WAIT_S, House, Process, chat

CHAT: Final = "/v1/chat/completions"
EVERY_S: Final = 0.05
_PEAK: Final = "5"


@dataclass(frozen=True, slots=True)
class Memory:
    """The resident memory of a process in MiB; Linux alone tells it."""

    process: Process

    @property
    def now_mib(self) -> float:
        return self._read("VmRSS")

    @property
    def peak_mib(self) -> float:
        """The most since `forget`."""
        return self._read("VmHWM")

    def forget(self) -> None:
        """Begins a new peak (proc(5), clear_refs)."""
        self._folder.joinpath("clear_refs").write_text(_PEAK)

    @property
    def _folder(self) -> Path:
        return Path(f"/proc/{self.process.popen.pid}")

    def _read(self, name: str) -> float:
        lines = self._folder.joinpath("status").read_text().splitlines()
        (line,) = (line for line in lines if line.startswith(f"{name}:"))
        return int(line.split()[1]) / 1_024


@dataclass(slots=True)
class Small:
    """The latencies of small calls, in ms, and how many of them were not answered."""

    ms: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def median_ms(self) -> float:
        return median(self.ms)

    @property
    def worst_ms(self) -> float:
        return max(self.ms)


@contextmanager
def small_calls(house: House, key: str, model: str) -> Iterator[Small]:
    """Makes small calls one after the other while the block runs, and one at the least."""
    small = Small()
    over = threading.Event()

    def call() -> None:
        with house.http(key) as http:
            while not small.ms or not over.wait(EVERY_S):
                began_s = time.monotonic()
                small.failed += not _is_answered(http, model)
                small.ms.append((time.monotonic() - began_s) * 1_000)

    caller = threading.Thread(target=call)
    caller.start()
    try:
        yield small
    finally:
        over.set()
        caller.join()


def _is_answered(http: httpx2.Client, model: str) -> bool:
    try:
        return http.post(CHAT, json=chat(model), timeout=WAIT_S).status_code == httpx2.codes.OK
    except httpx2.HTTPError:
        return False
