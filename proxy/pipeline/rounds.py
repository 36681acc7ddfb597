"""When streams ask the books for more: who is due in, all of them together out, so that they share one commit; asks nothing
itself."""

import asyncio
from typing import Final, Protocol

# A commit costs as much as ten chunks, whoever shares it. At the pace of models a lead lasts for a second or more; who has used
# up half of its own waits for no round.
ROUND_S: Final = 0.1


class Asker(Protocol):
    """A stream that is due."""

    def ask(self) -> None: ...


class Rounds:
    """One for all streams of a process. No more can be due than there are live streams."""

    def __init__(self) -> None:
        self._due: dict[Asker, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def join(self, asker: Asker, at_once: bool) -> None:
        """It will ask in this round, which ends by itself, or `at_once`, for all who are in it."""
        self._due[asker] = None
        if at_once:
            self._go()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(ROUND_S, self._go)

    def leave(self, asker: Asker) -> None:
        """It has no more to ask."""
        self._due.pop(asker, None)

    def _go(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due, self._due = self._due, {}
        for asker in due:
            asker.ask()
