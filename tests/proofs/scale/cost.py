"""What a question costs in CPU time, of this process and of the database's own, in books of two sizes, asked in turns."""

import gc
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from tests.proofs.scale.questions import Caller, Desk, Question

ROUNDS: Final = 15
TIMES: Final = 10
# Who has used so much in one round asks no more in it.
SLOW_NS: Final = 500_000_000
_CALLERS: Final = 400


@dataclass(frozen=True, slots=True)
class Contender:
    """A book, and the server processes that work for this one alone (none where the database is in this process)."""

    desk: Desk
    pids: Sequence[int]

    def cpu_ns(self) -> int:
        """What was used so far."""
        return time.process_time_ns() + sum(_on_cpu_ns(pid) for pid in self.pids)


async def compared(question: Question, small: Contender, large: Contender) -> tuple[float, float]:
    """Microseconds of CPU time a question takes in each: medians of rounds in turn, each of other users."""
    contenders = [(one, _callers(one.desk)) for one in (small, large)]
    taken: list[list[float]] = [[], []]
    gc.collect()
    for number in range(ROUNDS + 1):
        for place, (one, callers) in enumerate(contenders):
            spent_us = await _timed(question, one, [callers[(number * TIMES + step) % len(callers)] for step in range(TIMES)])
            # The first round fills caches and prepares statements.
            taken[place] += [spent_us] if number else []
    return median(taken[0]), median(taken[1])


async def _timed(question: Question, one: Contender, callers: Sequence[Caller]) -> float:
    taken_ns = asked = 0
    while asked < len(callers) and taken_ns < SLOW_NS:
        if question.in_the_cold:
            await one.desk.forget()
        before = one.cpu_ns()
        await question.ask(one.desk, callers[asked])
        taken_ns += one.cpu_ns() - before
        asked += 1
    return taken_ns / asked / 1_000


def _callers(desk: Desk) -> list[Caller]:
    return [Caller(number) for number in random.Random(7).sample(range(desk.size.users), min(_CALLERS, desk.size.users))]


def _on_cpu_ns(pid: int) -> int:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
