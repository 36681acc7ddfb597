"""`python -m tests.bench.books`: what holding and settling add to a call on SQLite, with all records; prints CPU time a call,
beside a bare prototype under the same load in the same run.

The load is many callers at once, each of whom holds and settles one call after the other through the group writer over a real
file. CPU time is that of the process with all its threads, less what the same callers cost without any books.
"""

import argparse
import asyncio
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import uvloop

from proxy.clock import SystemClock
from proxy.serving import COLLECT_EVERY_OBJECTS
from proxy.store.ledger import SqlLedger
from proxy.store.sqlite import SqliteDatabase
from proxy.store.timekeeper import Timekeeper
from proxy.store.writer import GroupWriter, WriterLimits
from tests.bench.bare_books import BareBooks, held, settled
from tests.bench.whole_calls import HELD_MILLI, WholeCall, whole_calls

ROUNDS: Final = 9
# So that each round of 64 callers folds its calls into the roll-ups once.
CALLS_EACH: Final = 64

Step = Callable[[], Awaitable[object]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.books", description=__doc__)
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        uvloop.run(_measure(Path(folder), given.callers, given.rounds))
    return 0


async def _measure(folder: Path, callers: int, rounds: int) -> None:
    database = await SqliteDatabase.open(str(folder / "books.db"))
    books = GroupWriter(SqlLedger(database, Timekeeper(database, SystemClock()), "bench"), WriterLimits())
    bare = BareBooks(str(folder / "bare.db"), [f"user{caller:08d}" for caller in range(callers)])
    seen: list[tuple[float, float]] = []
    print(f"{callers} callers, {callers * CALLS_EACH} calls a round, CPU time of the process a call\n")
    # The first round warms what is remembered of terms and statements, and does not count.
    for number in range(rounds + 1):
        lives = whole_calls(callers, CALLS_EACH, SystemClock().now_ms())
        nothing_us = await _cpu_us([_steps(life, _nothing, _nothing) for life in lives])
        books_us = await _cpu_us([_steps(life, books.hold, books.settle) for life in lives]) - nothing_us
        bare_us = await _cpu_us([_bare_steps(life, bare) for life in lives]) - nothing_us
        if number:
            seen.append((books_us, bare_us))
            print(f"round {number:2}   books {books_us:6.1f} us   bare prototype {bare_us:6.1f} us", flush=True)
    books_us, bare_us = (statistics.median(column) for column in zip(*seen, strict=True))
    print(f"\nmedian     books {books_us:6.1f} us   bare prototype {bare_us:6.1f} us   ratio {books_us / bare_us:.2f}")
    await books.close()
    await database.close()
    bare.close()


def _steps(
    life: Sequence[WholeCall], hold: Callable[..., Awaitable[object]], settle: Callable[..., Awaitable[object]]
) -> list[Step]:
    return [step for call in life for step in (partial(hold, call.hold), partial(settle, call.settlement))]


def _bare_steps(life: Sequence[WholeCall], bare: BareBooks) -> list[Step]:
    steps: list[Step] = []
    for call in life:
        scope = call.hold.account_id
        steps.append(partial(bare.hold, held(call.hold.hold_id, scope, HELD_MILLI)))
        steps.append(partial(bare.settle, settled(call.settlement.call, scope, HELD_MILLI)))
    return steps


async def _cpu_us(lives: Sequence[Sequence[Step]]) -> float:
    # What the bench has made is no part of a gateway's memory, which its collector would have to look through; and that looks
    # as seldom as a gateway's.
    gc.collect()
    gc.freeze()
    usual = gc.get_threshold()
    gc.set_threshold(COLLECT_EVERY_OBJECTS)
    before = time.process_time()
    await asyncio.gather(*(_live(steps) for steps in lives))
    spent_s = time.process_time() - before
    gc.set_threshold(*usual)
    gc.unfreeze()
    return spent_s * 1e6 / (sum(len(steps) for steps in lives) / 2)


async def _live(steps: Sequence[Step]) -> None:
    for step in steps:
        await step()


async def _nothing(_: object) -> None:
    await asyncio.sleep(0)


if __name__ == "__main__":
    sys.exit(main())
