"""A question about a prompt that is answered beside its call: a future in, its word once it is there out; asks nobody."""

import asyncio
from collections.abc import Callable

from proxy.domain.verdict import SecondWord


class Look:
    """`waits`: the call waits for the word. Whoever answers goes on whoever leaves."""

    def __init__(self, answer: asyncio.Future[SecondWord], waits: bool) -> None:
        self._answer = answer
        self.waits = waits

    async def word(self) -> SecondWord:
        """The word, when it is there."""
        return await asyncio.shield(self._answer)

    @property
    def heard(self) -> SecondWord | None:
        """The word, if it is there."""
        return self._answer.result() if self._answer.done() and not self._answer.cancelled() else None

    def then(self, tell: Callable[[], None]) -> None:
        """What to do when the word is there, or now if it is."""
        self._answer.add_done_callback(lambda _: tell())
