"""Makes the checks of the ledger that somebody asked for: one at a time, by a process of its own that is ended when it takes
too long; judges nothing itself."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from proxy.domain.oversight import CheckState, LedgerCheck

Found = tuple[CheckState, Sequence[str]]


class Checks(Protocol):
    """What is asked of the store."""

    async def take_check(self) -> LedgerCheck | None: ...

    async def end_check(self, check_id: str, state: CheckState, lines: Sequence[str]) -> None: ...


class Auditor:
    """`verify` recomputes the ledger and says what it found; it ends in bounded time."""

    def __init__(self, checks: Checks, verify: Callable[[], Awaitable[Found]]) -> None:
        self._checks = checks
        self._verify = verify

    async def look(self) -> None:
        """One round."""
        check = await self._checks.take_check()
        if check is not None:
            await self._checks.end_check(check.id, *await self._verify())
