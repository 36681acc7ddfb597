"""What a question costs in CPU time, of this process and of the database's own, in books of two sizes, asked in turns."""

import gc
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Final

from tests.proofs.scale.questions import Caller, Desk, Question

ROUNDS: Final = 15
# What seems too dear is asked so many times more, in both books: a busy machine is told from a slow answer by its best rounds.
DOUBTED_ROUNDS: Final = 45
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


async def costs(duels: Sequence[Duel], ratio_max: float) -> list[Cost]:
    """What each takes, asked by as many users of each book, drawn from all: the least of many rounds' medians. All questions
    are asked in every round, small books and large in turn: what others do on the machine makes some rounds dearer, and
    none cheaper. So what comes to more than `ratio_max` is asked longer."""
    contests = [await _begun(duel) for duel in duels]
    gc.collect()
    await _go_on(contests, range(ROUNDS))
    doubted = [contest for contest in contests if contest.large_us > ratio_max * contest.small_us]
    await _go_on(doubted, range(ROUNDS, ROUNDS + DOUBTED_ROUNDS))
    return [Cost(contest.small_us, contest.large_us, contest.first_us) for contest in contests]


@dataclass(slots=True)
class _Contest:
    """A duel under way: who asks in each book, and the least that it took."""

    duel: Duel
    callers: tuple[list[Caller], list[Caller]]
    small_us: float
    large_us: float
    first_us: float


async def _begun(duel: Duel) -> _Contest:
    callers = callers_of(duel.small.desk), callers_of(duel.large.desk)
    small_us = mean(await _timed(duel.question, duel.small, callers[0]))
    large_us = mean(await _timed(duel.question, duel.large, callers[1]))
    return _Contest(duel, callers, small_us, large_us, large_us)


async def _go_on(contests: Sequence[_Contest], rounds: Iterable[int]) -> None:
    for number in rounds:
        for contest in contests:
            # One that is slower would push all that the others have read out of the cache.
            if contest.large_us <= _SLOW_US:
                question, (few, many) = contest.duel.question, contest.callers
                seen = median(await _timed(question, contest.duel.small, _in_turn(few, number)))
                contest.small_us = min(contest.small_us, seen)
                seen = median(await _timed(question, contest.duel.large, _in_turn(many, number)))
                contest.large_us = min(contest.large_us, seen)


def _in_turn(callers: Sequence[Caller], number: int) -> list[Caller]:
    return [callers[(number * TIMES + step) % len(callers)] for step in range(TIMES)]


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
