"""Commands of many calls in, batches to the ledger out, each call answered when its own command is durable (group
commit); judges nothing."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple, Protocol, TypeVar

from proxy.domain.ledger import (
    Enrol,
    Enrolled,
    EnrolmentFull,
    ExtendAck,
    ExtendRequest,
    Held,
    HoldAck,
    HoldLost,
    HoldRefused,
    HoldRequest,
    HoldTerms,
    IdempotencyKey,
    KeyUsed,
    LedgerAck,
    LedgerCommand,
    NothingCharged,
    RecordCall,
    Recorded,
    Refund,
    Refunded,
    Reset,
    Settled,
    Settlement,
    Transfer,
    Transferred,
    WindowReset,
)
from proxy.domain.standing import Standing
from proxy.domain.value import dataclass, replace
from proxy.ports import CommitUnknown, Ledger, StoreUnavailable
from proxy.store.directory import nobody_waits

A = TypeVar("A")
B = TypeVar("B")

# After a failure of the store nobody is made to wait for the next: for so long, new holds are refused at once.
AWAY_S: Final = 1.0
BACK_OFF_FIRST_S: Final = 0.05
BACK_OFF_MAX_S: Final = 1.0


class StandingLedger(Ledger, Protocol):
    """A ledger that can also be asked what an account has left, and what its idempotency keys stand for."""

    async def standing(self, account_id: str, terms: HoldTerms) -> Standing: ...

    def recalled(self, account_id: str, terms: HoldTerms) -> Standing | None: ...

    async def used(self, account_id: str, asked: IdempotencyKey) -> KeyUsed | None: ...


@dataclass(frozen=True, slots=True)
class WriterLimits:
    """`queue_holds_max` bounds the holds and records that wait for a commit; a settlement always has its place, for its
    hold was counted. `close_wait_ms` bounds how long `close` waits for the store."""

    queue_holds_max: int = 1_024
    batch_max: int = 256
    close_wait_ms: int = 10_000


class _Waiting(NamedTuple):
    command: LedgerCommand
    answer: asyncio.Future[LedgerAck]


class GroupWriter:
    """Implements ports.Books and ports.ByHand. A caller may leave at any time: its settlement still happens, its hold is given
    back. `enrolled` runs after an enrolment by hand, so that this process knows of it before the call returns."""

    def __init__(
        self, ledger: StandingLedger, limits: WriterLimits, enrolled: Callable[[], Awaitable[None]] = nobody_waits
    ) -> None:
        self._ledger = ledger
        self._limits = limits
        self._enrolled = enrolled
        self._settlements: deque[_Waiting] = deque()
        self._others: deque[_Waiting] = deque()
        self._commits: asyncio.Task[None] | None = None
        self._back_off_s = 0.0
        self._away_until_s = 0.0
        self._closing = False

    async def hold(self, request: HoldRequest) -> HoldAck:
        """Reserves. Raises StoreUnavailable when the queue is full, the store away or the writer closing."""
        ack = await self._bounded(request)
        return ack if isinstance(ack, KeyUsed) else _either(ack, Held, HoldRefused)

    async def extend(self, request: ExtendRequest) -> ExtendAck:
        """Enlarges. Not bounded: at most one waits for each live hold. Raises StoreUnavailable."""
        ack = await self._answered(self._others, request)
        return ack if isinstance(ack, HoldLost) else _either(ack, Held, HoldRefused)

    async def settle(self, settlement: Settlement) -> Settled:
        """Resolves; waits out an outage. Raises ValueError for a hold that was never taken."""
        return _either(await self._answered(self._settlements, settlement), Settled, Settled)

    async def record(self, record: RecordCall) -> Recorded:
        """Writes the row of a call that held nothing. Raises StoreUnavailable."""
        return _either(await self._bounded(record), Recorded, Recorded)

    async def enrol(self, enrol: Enrol) -> Enrolled | EnrolmentFull:
        """Makes an end user durable. Raises StoreUnavailable."""
        done = _either(await self._bounded(enrol), Enrolled, EnrolmentFull)
        await self._enrolled()
        return done

    async def transfer(self, transfer: Transfer) -> Transferred | HoldRefused:
        """Moves credits between accounts. Raises StoreUnavailable."""
        return _either(await self._bounded(transfer), Transferred, HoldRefused)

    async def refund(self, refund: Refund) -> Refunded | NothingCharged:
        """Gives a call's charge back. Raises StoreUnavailable."""
        return _either(await self._bounded(refund), Refunded, NothingCharged)

    async def reset(self, reset: Reset) -> WindowReset:
        """Lets included credits begin anew before their time. Raises StoreUnavailable."""
        return _either(await self._bounded(reset), WindowReset, WindowReset)

    async def standing(self, account_id: str, terms: HoldTerms) -> Standing:
        """What the account has left now. Raises StoreUnavailable."""
        return await self._ledger.standing(account_id, terms)

    def recalled(self, account_id: str, terms: HoldTerms) -> Standing | None:
        """The same from memory; None where it has to be read."""
        return self._ledger.recalled(account_id, terms)

    async def used(self, account_id: str, asked: IdempotencyKey) -> KeyUsed | None:
        """The call that an idempotency key stands for. Raises StoreUnavailable."""
        return await self._ledger.used(account_id, asked)

    async def close(self) -> None:
        """Takes no more holds and commits what waits. What the store does not take in time stays held in the books, where
        the reconciler of the next start finds it."""
        self._closing = True
        commits = self._commits
        if commits is not None:
            await asyncio.wait({commits}, timeout=self._limits.close_wait_ms / 1_000)
            commits.cancel()
            # A settlement that was being committed comes back to those that wait.
            await asyncio.wait({commits})
        for waiting in (*self._settlements, *self._others):
            if not waiting.answer.done():
                waiting.answer.set_exception(StoreUnavailable("the books are closed"))

    def _refuse_when_hopeless(self) -> None:
        if self._closing:
            raise StoreUnavailable("the books are closing")
        if asyncio.get_running_loop().time() < self._away_until_s:
            raise StoreUnavailable("the books did not answer a moment ago")
        if len(self._others) >= self._limits.queue_holds_max:
            raise StoreUnavailable("too many calls wait for the books")

    def _bounded(self, command: LedgerCommand) -> asyncio.Future[LedgerAck]:
        self._refuse_when_hopeless()
        return self._answered(self._others, command)

    def _answered(self, queue: deque[_Waiting], command: LedgerCommand) -> asyncio.Future[LedgerAck]:
        answer: asyncio.Future[LedgerAck] = asyncio.get_running_loop().create_future()
        queue.append(_Waiting(command, answer))
        if self._commits is None:
            self._commits = asyncio.create_task(self._commit_all())
        return answer

    async def _commit_all(self) -> None:
        try:
            while batch := self._next_batch():
                await self._commit(batch)
                if self._back_off_s:
                    await asyncio.sleep(self._back_off_s)
        finally:
            self._commits = None

    def _next_batch(self) -> list[_Waiting]:
        """Settlements first: what they give back may admit a hold of the same batch."""
        batch: list[_Waiting] = []
        for queue in (self._settlements, self._others):
            while queue and len(batch) < self._limits.batch_max:
                waiting = queue.popleft()
                # A caller that left before its hold was written needs none; its settlement is needed all the same.
                if queue is self._settlements or not waiting.answer.cancelled():
                    batch.append(waiting)
        return batch

    async def _commit(self, batch: Sequence[_Waiting]) -> None:
        unknown = StoreUnavailable("the books did not answer")
        acks: Sequence[LedgerAck | Exception] = [unknown] * len(batch)
        try:
            acks = await self._ledger.apply([waiting.command for waiting in batch])
            self._away_until_s = 0.0
        except StoreUnavailable as error:
            acks = [error] * len(batch)
            self._send_away(error)
        finally:
            # Also after a defect nobody foresaw: no caller may wait for ever.
            self._deliver(batch, acks)

    def _send_away(self, error: StoreUnavailable) -> None:
        self._away_until_s = asyncio.get_running_loop().time() + AWAY_S
        while self._others:
            waiting = self._others.popleft()
            if not waiting.answer.done():
                waiting.answer.set_exception(error)

    def _deliver(self, batch: Sequence[_Waiting], acks: Sequence[LedgerAck | Exception]) -> None:
        late = [w for w, ack in zip(batch, acks, strict=True) if _must_retry(w.command, ack)]
        self._settlements.extendleft(reversed(late))
        self._back_off_s = min(max(self._back_off_s * 2, BACK_OFF_FIRST_S), BACK_OFF_MAX_S) if late else 0.0
        for waiting, ack in zip(batch, acks, strict=True):
            if isinstance(ack, Exception):
                self._fail(waiting, ack)
            elif waiting.answer.done():
                self._give_back(waiting.command, ack)
            else:
                waiting.answer.set_result(ack)

    def _fail(self, waiting: _Waiting, error: Exception) -> None:
        if waiting.answer.done() or isinstance(error, CommitUnknown):
            self._give_back(waiting.command, error)
        if not (waiting.answer.done() or _must_retry(waiting.command, error)):
            waiting.answer.set_exception(error)

    def _give_back(self, command: LedgerCommand, ack: LedgerAck | Exception) -> None:
        if isinstance(command, HoldRequest) and isinstance(ack, Held | CommitUnknown):
            left = replace(command.began, status="left", credits_milli=0, raw_nano_usd=0)
            nobody: asyncio.Future[LedgerAck] = asyncio.get_running_loop().create_future()
            # The hold may never have come to be: then there is nothing to release, and nobody to tell.
            nobody.cancel()
            self._settlements.append(_Waiting(Settlement(command.hold_id, 0, 0, left), nobody))


def _must_retry(command: LedgerCommand, ack: LedgerAck | Exception) -> bool:
    return isinstance(ack, StoreUnavailable) and isinstance(command, Settlement)


def _either(ack: LedgerAck, one: type[A], other: type[B]) -> A | B:
    """The ledger's answer, which is of one of the two kinds that its command can get."""
    if isinstance(ack, (one, other)):
        return ack
    raise TypeError(f"the ledger answered with {type(ack).__name__}")
