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
CALLERS: Final = 10
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
    time, when little about the user is in any cache of the database's."""

    small_us: float
    large_us: float
    first_us: float

    @property
    def ratio(self) -> float:
        return self.large_us / self.small_us


@dataclass(frozen=True, slots=True)
class Duel:
    """A question, asked of two books."""

    question: Question
    small: Contender
    large: Contender

    @property
    def books(self) -> tuple[Contender, Contender]:
        return self.small, self.large


async def costs(duels: Sequence[Duel]) -> list[Cost]:
    """What each takes, asked by as many users of each book, drawn from all: the least of many rounds' medians. All questions
    are asked in every round, small books and large in turn: what others do on the machine makes some rounds dearer, and
    none cheaper."""
    callers = [[callers_of(one.desk) for one in duel.books] for duel in duels]
    least_us = [
        [mean(await _timed(duel.question, one, who)) for one, who in zip(duel.books, asking, strict=True)]
        for duel, asking in zip(duels, callers, strict=True)
    ]
    first_us = [large for _, large in least_us]
    gc.collect()
    for number in range(ROUNDS):
        for duel, asking, least in zip(duels, callers, least_us, strict=True):
            if least[1] > _SLOW_US:
                # It would push all that the others have read out of the cache.
                continue
            for place, one in enumerate(duel.books):
                who = [asking[place][(number * TIMES + step) % len(asking[place])] for step in range(TIMES)]
                least[place] = min(least[place], median(await _timed(duel.question, one, who)))
    return [Cost(small, large, first) for (small, large), first in zip(least_us, first_us, strict=True)]


async def _timed(question: Question, one: Contender, callers: Sequence[Caller]) -> list[float]:
    taken_us: list[float] = []
    for who in callers:
        before_us = one.cpu_us()
        await question.ask(one.desk, who)
        taken_us.append(one.cpu_us() - before_us)
        if sum(taken_us) > _SLOW_US:
            break
    return taken_us


def callers_of(desk: Desk) -> list[Caller]:
    """Who asks: as many users of each book, the same each time."""
    return [Caller(number) for number in random.Random(7).sample(range(desk.size.users), CALLERS)]


def _on_cpu_us(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1_000
