"""What a question costs in CPU time, of this process and of the database's own, in books of two sizes, asked in turns."""

import gc
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Final

from tests.proofs.scale.questions import Caller, Desk, Question

ROUNDS: Final = 15
TIMES: Final = 10
CALLERS: Final = 50
# Who has used so much in one round asks no more in it.
_SLOW_US: Final = 500_000


@dataclass(frozen=True, slots=True)
class Contender:
    """A book, and the server processes that work for this one alone (none where the database is in this process)."""

    desk: Desk
    pids: Sequence[int]

    def cpu_us(self) -> float:
        """What was used so far."""
        return time.process_time_ns() / 1_000 + sum(_on_cpu_us(pid) for pid in self.pids)


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds of CPU time: in the small book and the large, of users who have asked before; and in the large the first
    time, when nothing about the user is in any cache of the database's."""

    small_us: float
    large_us: float
    first_us: float

    @property
    def ratio(self) -> float:
        return self.large_us / self.small_us


async def cost(question: Question, small: Contender, large: Contender) -> Cost:
    """Users drawn from all of a book; the least of many rounds' medians, the rounds in turn: what others do on the machine
    makes a round dearer, and none cheaper."""
    contenders = [(one, _callers(one.desk, question)) for one in (small, large)]
    first_us = [mean(await _timed(question, one, callers)) for one, callers in contenders]
    taken_us: list[list[float]] = [[], []]
    gc.collect()
    for number in range(ROUNDS):
        for place, (one, callers) in enumerate(contenders):
            asking = [callers[(number * TIMES + step) % len(callers)] for step in range(TIMES)]
            taken_us[place].append(median(await _timed(question, one, asking)))
    return Cost(min(taken_us[0]), min(taken_us[1]), first_us[1])


async def _timed(question: Question, one: Contender, callers: Sequence[Caller]) -> list[float]:
    taken_us: list[float] = []
    for who in callers:
        before_us = one.cpu_us()
        await question.ask(one.desk, who)
        taken_us.append(one.cpu_us() - before_us)
        if sum(taken_us) > _SLOW_US:
            break
    return taken_us


def _callers(desk: Desk, question: Question) -> list[Caller]:
    chance = random.Random(question.name)
    return [Caller(number) for number in chance.sample(range(desk.size.users), min(CALLERS, desk.size.users))]


def _on_cpu_us(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1_000
