"""The jobs that forget what is over: used keys of requests, conversations that nobody went on with; wires them and no more."""

from collections.abc import Callable
from typing import Final

from proxy.ports import Clock
from proxy.store.conversations import sweep
from proxy.store.database import Database
from proxy.store.used_keys import prune
from proxy.workers.supervisor import Job

SWEEP_EVERY_S: Final = 60.0


def sweepers(database: Database, clock: Clock, is_doubted: Callable[[], bool], conversations_kept_days: int) -> list[Job]:
    """By a clock that `is_doubted`, what is of yesterday may be taken for old."""

    async def keys() -> None:
        if not is_doubted():
            await prune(database, clock)

    async def conversations() -> None:
        # Also where none are kept any more: what is left goes in its time.
        if not is_doubted():
            await sweep(database, clock, conversations_kept_days)

    return [Job("forget_keys", SWEEP_EVERY_S, keys), Job("sweep_conversations", SWEEP_EVERY_S, conversations)]
