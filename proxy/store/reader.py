"""Questions of many calls in, one read for all who wait together out, each answered with its own; knows no SQL."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from proxy.ports import StoreUnavailable

Q = TypeVar("Q")
A = TypeVar("A")

GROUP_MAX: Final = 256


class GroupReader(Generic[Q, A]):
    """Asks one group at a time: whoever comes while a read is under way is in the next one. `read` answers all of a group in
    its order, a question that has no answer with an exception. A caller who leaves takes nobody's answer away."""

    def __init__(self, read: Callable[[Sequence[Q]], Awaitable[Sequence[A | Exception]]]) -> None:
        self._read = read
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._reads: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        """The answer to one question. Raises StoreUnavailable, and what was answered where that is an exception."""
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._reads is None:
            self._reads = asyncio.create_task(self._read_all())
        return await answer

    async def _read_all(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:GROUP_MAX], self._waiting[GROUP_MAX:]
                await self._answer([(question, answer) for question, answer in group if not answer.done()])
        finally:
            self._reads = None

    async def _answer(self, group: Sequence[tuple[Q, asyncio.Future[A]]]) -> None:
        answers: Sequence[A | Exception] = [StoreUnavailable("the books did not answer")] * len(group)
        try:
            answers = await self._read([question for question, _ in group])
        except StoreUnavailable as error:
            answers = [error] * len(group)
        finally:
            # Also after a defect nobody foresaw: no caller may wait for ever.
            for (_, waiting), answer in zip(group, answers, strict=True):
                if waiting.done():
                    continue
                if isinstance(answer, Exception):
                    waiting.set_exception(answer)
                else:
                    waiting.set_result(answer)
