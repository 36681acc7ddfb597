"""Books in memory for a pipeline: they count what they are asked, and say what a test tells them to."""

import asyncio

from proxy.domain.call import Call
from proxy.domain.ledger import (
    ExtendAck,
    ExtendRequest,
    Held,
    HoldAck,
    HoldRefused,
    HoldRequest,
    HoldTerms,
    IdempotencyKey,
    KeyUsed,
    RecordCall,
    Recorded,
    Settled,
    Settlement,
)
from proxy.domain.standing import Standing
from proxy.ports import StoreUnavailable
from tests import builders as b


class CountingBooks:
    """Books that say yes unless told otherwise: `answers` are given, in order, to holds and extensions. `used_by` is the call
    that every idempotency key stands for, `taken` the one that took it at the last moment."""

    def __init__(self) -> None:
        self.answers: list[HoldRefused | StoreUnavailable | None] = []
        self.down = False
        self.slow_settle = False
        self.holds: list[HoldRequest] = []
        self.extensions: list[ExtendRequest] = []
        self.settlements: list[Settlement] = []
        self.records: list[Call] = []
        self.seen = b.standing()
        self.remembered: Standing | None = None
        self.used_by: KeyUsed | None = None
        self.taken: KeyUsed | None = None
        self.looked_up: list[str] = []

    async def hold(self, request: HoldRequest) -> HoldAck:
        refused = self.taken or self._answer()
        self.holds.append(request)
        return refused or Held(request.hold_id, request.amount_milli)

    async def extend(self, request: ExtendRequest) -> ExtendAck:
        refused = self._answer()
        self.extensions.append(request)
        return refused or Held(request.hold_id, request.amount_milli)

    async def settle(self, settlement: Settlement) -> Settled:
        self.settlements.append(settlement)
        if self.slow_settle:
            await asyncio.sleep(3600)
        return Settled(settlement.hold_id, settlement.call.credits_milli, settlement.call.absorbed_milli, fresh=True)

    async def record(self, record: RecordCall) -> Recorded:
        if self.down:
            raise StoreUnavailable("down")
        self.records.append(record.call)
        return Recorded(record.call.id)

    async def standing(self, account_id: str, terms: HoldTerms) -> Standing:
        if self.down:
            raise StoreUnavailable("down")
        return self.seen

    def recalled(self, account_id: str, terms: HoldTerms) -> Standing | None:
        return self.remembered

    async def used(self, account_id: str, asked: IdempotencyKey) -> KeyUsed | None:
        if self.down:
            raise StoreUnavailable("down")
        self.looked_up.append(account_id)
        return self.used_by

    def _answer(self) -> HoldRefused | None:
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, StoreUnavailable):
            raise answer
        return answer
