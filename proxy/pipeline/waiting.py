"""Calls whose credits others hold for the moment: each waits here briefly for its turn to ask the books again; the order is a
stage's, the answer the books'."""

import asyncio
from typing import Final, NamedTuple, TypeGuard

from proxy.domain.ledger import FairShare, HoldAck, HoldRefused, HoldRequest, HoldTerms
from proxy.domain.value import dataclass, replace
from proxy.ports import Books, Reply
from proxy.stages import hold
from proxy.stages.turns import Turns

# Settlements of this process are heard at once; what other processes give back is found by asking now and then.
LOOK_EVERY_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class WaitingLimits:
    """`wait_ms` is how long a call may wait in all (0: nobody waits), `waiters_max` how many calls may. While others wait, an
    end user's live holds stay within `share_percent` of what its app has left."""

    wait_ms: int = 2_000
    waiters_max: int = 512
    share_percent: int = 50


class Admission(NamedTuple):
    """What the books said, and whether the call waited for it: then they may have moved on since it was sized."""

    ack: HoldAck
    waited: bool


class WaitingRoom:
    """Stands before the books. Who comes while others wait for the same credits waits behind them. `resolved` counts holds of
    this process that are no more: another look at the books may show something else."""

    def __init__(self, books: Books, limits: WaitingLimits) -> None:
        self._books = books
        self._limits = limits
        self._turns: Turns[_Ticket] = Turns(limits.waiters_max)
        self._freed: set[str] = set()
        self.resolved = 0
        self._wake = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._turns)

    async def hold(self, request: HoldRequest, wait_ms: int, reply: Reply) -> Admission:
        """The books' answer, after `wait_ms` at most while it is that others hold the credits. The caller's departure ends
        the wait. Who cannot wait passes nobody who does. Raises StoreUnavailable."""
        scope = self._turns.awaited(hold.draws_on(request.account_id, request.terms)) if self._turns else None
        if scope is None:
            ack = await self._books.hold(request)
            if wait_ms <= 0 or not _is_on_hold(ack):
                return Admission(ack, waited=False)
            scope = ack.scope
        if wait_ms <= 0:
            return Admission(await self._still_on_hold(request, scope), waited=False)
        ack = await self._wait(request, scope, wait_ms, reply) or await self._still_on_hold(request, scope)
        return Admission(ack, waited=True)

    def freed(self, account_id: str, terms: HoldTerms) -> None:
        """A hold of this account under these terms was resolved in this process."""
        self.resolved += 1
        if self._turns:
            self._freed |= hold.draws_on(account_id, terms)
            self._wake.set()

    async def _wait(self, request: HoldRequest, scope: str, wait_ms: int, reply: Reply) -> HoldAck | None:
        """None when the wait ended before the books had another answer."""
        ticket = _Ticket(request)
        self._join(scope, ticket)
        reply.on_leave(ticket.end)
        try:
            await asyncio.wait({ticket.answer}, timeout=wait_ms / 1_000)
            ticket.end()
            return await ticket.answer
        finally:
            reply.on_leave(None)
            self._turns.leave(ticket)
            ticket.drop()

    def _join(self, scope: str, ticket: "_Ticket") -> None:
        turned_away = self._turns.join(scope, ticket.request.account_id, ticket)
        if turned_away is not None:
            turned_away.end()
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())

    async def _still_on_hold(self, request: HoldRequest, scope: str) -> HoldRefused:
        standing = await self._books.standing(request.account_id, request.terms)
        return HoldRefused("credits_on_hold", scope, standing)

    async def _serve(self) -> None:
        """Runs while anybody waits: serves what was freed here and, when it is time to look, everything waited for."""
        loop = asyncio.get_running_loop()
        look_at_s = loop.time() + LOOK_EVERY_S
        try:
            while self._turns:
                freed = await self._freed_until(look_at_s)
                if loop.time() >= look_at_s:
                    look_at_s, freed = loop.time() + LOOK_EVERY_S, set(self._turns.scopes)
                for scope in self._turns.scopes:
                    if scope in freed:
                        await self._serve_scope(scope)
        finally:
            self._serving = None

    async def _freed_until(self, moment_s: float) -> set[str]:
        try:
            async with asyncio.timeout_at(moment_s):
                await self._wake.wait()
        except TimeoutError:
            return set()
        self._wake.clear()
        freed, self._freed = self._freed, set()
        return freed

    async def _serve_scope(self, scope: str) -> None:
        """Lets one after the other try, until the books refuse one: the room there is goes on gathering for it."""
        passing: set[str] = set()
        while (ticket := self._turns.next(scope, passing)) is not None:
            if ticket.answer.done():
                self._turns.leave(ticket)
            elif not await self._try(ticket, scope, passing):
                return

    async def _try(self, ticket: "_Ticket", scope: str, passing: set[str]) -> bool:
        """Whether the next in the queue of `scope` may try as well; an account in `passing` may not."""
        ack = await ticket.ask(self._books, self._share(scope))
        if _is_on_hold(ack) and ack.over_share:
            passing.add(ticket.request.account_id)
            return True
        if _is_on_hold(ack) and ack.scope == scope:
            return False
        if _is_on_hold(ack) and not ticket.answer.done():
            self._turns.join(ack.scope, ticket.request.account_id, ticket)
        else:
            self._turns.served(ticket)
        return True

    def _share(self, scope: str) -> FairShare | None:
        """What one account may hold while others wait; who is told of it here, the books judge in the same step as the hold."""
        if scope.startswith("app:") and self._turns.accounts(scope) > 1:
            return FairShare(scope, self._limits.share_percent)
        return None


class _Ticket:
    """One call's wait. `answer` is None when the wait is over and the books had no other answer."""

    def __init__(self, request: HoldRequest) -> None:
        self.request = request
        self.answer: asyncio.Future[HoldAck | None] = asyncio.get_running_loop().create_future()
        self._attempt: asyncio.Task[HoldAck] | None = None
        self._is_over = False

    async def ask(self, books: Books, share: FairShare | None) -> HoldAck | None:
        """Asks the books once; None when there is no answer, or nobody to hear it."""
        attempt = self._attempt = asyncio.ensure_future(_asked(books, replace(self.request, share=share)))
        await asyncio.wait({attempt})
        self._attempt = None
        return self._heard(attempt)

    def end(self) -> None:
        """No further attempt; one that is under way still counts."""
        self._is_over = True
        if self._attempt is None and not self.answer.done():
            self.answer.set_result(None)

    def drop(self) -> None:
        """Nobody waits for the answer: what an attempt under way reserves is given back by the books."""
        if self._attempt is not None:
            self._attempt.cancel()

    def _heard(self, attempt: "asyncio.Task[HoldAck]") -> HoldAck | None:
        if attempt.cancelled() or self.answer.done():
            return None
        error = attempt.exception()
        if error is not None:
            self.answer.set_exception(error)
            return None
        ack = attempt.result()
        if self._is_over or not _is_on_hold(ack):
            self.answer.set_result(ack)
        return ack


async def _asked(books: Books, request: HoldRequest) -> HoldAck:
    return await books.hold(request)


def _is_on_hold(ack: HoldAck | None) -> TypeGuard[HoldRefused]:
    return isinstance(ack, HoldRefused) and ack.code == "credits_on_hold"
