"""The hold of one call while it runs: taken for the candidate about to be called, re-sized at failover, kept ahead of a
stream; asks the books and never decides a size itself."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from proxy.domain.call import Call
from proxy.domain.decision import Candidate
from proxy.domain.errors import Refusal
from proxy.domain.ledger import (
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
    Settled,
    Settlement,
)
from proxy.domain.money import Charge, Tab
from proxy.domain.standing import Standing
from proxy.domain.value import dataclass, maker
from proxy.pipeline.asking import OUT_OF_TOUCH, Asking, Granted, Short, asked, unavailable
from proxy.pipeline.footing import Footing
from proxy.pipeline.order import Judged
from proxy.pipeline.rounds import Rounds
from proxy.pipeline.waiting import WaitingRoom
from proxy.ports import Books, Reply, StoreUnavailable
from proxy.stages import hold, idempotency
from proxy.stages.hold import HoldSize, Sizing
from proxy.stages.meter import Meter

_new_request: Final = maker(HoldRequest)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a hold says of its call: the register's row as it begins, how long it may live, and its idempotency key.
    `terms_now` reads the limits in force anew; None: the call may not go on. `footing` remembers what they come to."""

    began: Call
    lease_ms: int
    idempotency: IdempotencyKey | None
    terms_now: Callable[[], Awaitable[HoldTerms | None]]
    footing: Footing


class Cover:
    """`held_milli` is what stands in the books (0 and `stands` False before the first hold), for an answer of so many
    `covered_tokens`. `billed_nano_usd` is what attempts that failed were billed at: it stays held against the ceilings. Up to
    `free_tokens` seen, there is nothing to ask the books and no answer of theirs to hear."""

    def __init__(self, books: Books, waiting: WaitingRoom, rounds: Rounds, judged: Judged, claim: Claim) -> None:
        self._books = books
        self._waiting = waiting
        self._rounds = rounds
        self._judged = judged
        self._claim = claim
        self._sizing: Sizing | None = None
        self._size = HoldSize(0, 0, 0)
        self._asking = Asking(waiting)
        self._meter: Meter | None = None
        self._lead = hold.NO_END
        self.free_tokens = hold.NEVER
        self.held_milli = 0
        self.billed_nano_usd = 0
        self.stands = False
        self.waited = False
        self.standing: Standing | None = None

    async def take(self, candidate: Candidate, tab: Tab, wait_ms: int, reply: Reply) -> Refusal | None:
        """Covers what `candidate` may bill beside the `tab` of earlier writers; the refusal when the books say no or do
        not answer. A first hold waits up to `wait_ms` for credits that others hold, while its caller stays."""
        judged = self._judged
        sizing = hold.sizing(candidate, judged.journey.catalog, judged.plan, judged.ask, tab)
        size = hold.first(sizing, judged.journey.catalog.policy.hold_lead_tokens)
        ack: HoldAck | ExtendAck
        try:
            if self.stands:
                await self._end_asking()
                ack = await self._extend(sizing, [size], tab.milli)
            else:
                ack, self.waited = await self._waiting.hold(self._request(sizing, size), wait_ms, reply)
        except StoreUnavailable as error:
            return unavailable(error)
        if isinstance(ack, HoldLost):
            return OUT_OF_TOUCH
        if isinstance(ack, HoldRefused):
            self.standing = ack.standing
            return hold.refusal(ack, judged.plan, sizing.model.family)
        if isinstance(ack, KeyUsed):
            return self._made_elsewhere(ack)
        self._took(sizing, size, ack)
        self._leads_from(sizing, 0)
        self._look()
        return None

    @property
    def covered_tokens(self) -> int:
        return self._size.output_tokens

    def covers(self, meter: Meter) -> bool:
        """Whether all that was seen is held; what is held at its worst always is."""
        sizing = self._sizing
        return sizing is None or not sizing.stepped or meter.output_tokens_max <= self.covered_tokens

    def leads(self, output_tokens: int) -> bool:
        """Whether a stream that comes so far has to wait for nothing, by all that the books have said by now."""
        asking = self._asking
        if asking.under_way is not None:
            self._hear()
        return output_tokens <= self._lead.short_tokens and asking.short is None

    def go_on(self, meter: Meter, seen_tokens: int) -> None:
        """Asks the books, where that is due by now, in a round with others if it may; waits for nothing."""
        if seen_tokens > self._lead.due_tokens and self._asking.may_begin:
            self._meter = meter
            # Who was refused asks for what others may have given back just now.
            is_late = seen_tokens > self._lead.late_tokens or self._asking.short is not None
            self._rounds.join(self, at_once=is_late)
            if not is_late:
                self.free_tokens = self._lead.late_tokens

    def ask(self) -> None:
        """Begins to ask the books for what is due by now."""
        sizing, meter = self._sizing, self._meter
        if sizing is None or meter is None or not self._asking.may_begin:
            return
        seen_tokens = meter.output_tokens_max
        if seen_tokens > self._lead.due_tokens:
            if not sizing.stepped:
                self._leads_from(sizing, seen_tokens)
            metered_milli = _metered_milli(sizing, meter)
            sizes = self._sizes(sizing, seen_tokens)
            self._asking.begin(lambda sizes: self._extend_now(sizing, sizes, metered_milli), sizes)
            self._look()

    def up_to(self, seen_tokens: Sequence[int]) -> int:
        """How many of the deltas are covered, each given by the tokens seen by its end, with the one that goes beyond: a stream
        is never cut inside one."""
        return next((place for place, seen in enumerate(seen_tokens, 1) if seen > self.covered_tokens), len(seen_tokens))

    async def keep_ahead(self, meter: Meter) -> Short | None:
        """Extends the hold when less than a lead is left; why the stream must end here, if it must. Nothing that is covered
        waits for the books: a refusal that may pass is asked about again while the hold still leads."""
        sizing = self._sizing
        if sizing is None:
            return None
        self._hear()
        self.go_on(meter, meter.output_tokens_max)
        if not sizing.stepped:
            return None
        if self._is_short(meter):
            self._grow(sizing, await self._asking.answer())
        if self._is_short(meter) and self._asking.short is None:
            # What was under way had been asked for less.
            self.go_on(meter, meter.output_tokens_max)
            self._grow(sizing, await self._asking.answer())
        short = self._asking.short
        return short if short is not None and (not short.may_pass or self._is_short(meter)) else None

    async def catch_up(self, meter: Meter) -> Short | None:
        """At the end of a stream: covers what came in the same breath as its end; why not, when the books refuse or cannot
        answer. What a provider bills beyond what was seen is never covered; it is the operator's loss."""
        sizing, seen_tokens = self._sizing, min(meter.output_tokens_max, meter.usage().output_total)
        if sizing is None or not sizing.stepped:
            return None
        self._grow(sizing, await self._asking.answer())
        if seen_tokens <= self.covered_tokens:
            return None
        metered_milli = _metered_milli(sizing, meter)
        answer = await asked(lambda sizes: self._extend(sizing, sizes, metered_milli), [hold.exactly(sizing, seen_tokens)])
        if isinstance(answer, Short):
            return answer
        self._grow(sizing, answer)
        return None

    @property
    def terms(self) -> HoldTerms | None:
        """What the hold stands under; None before the first."""
        return None if self._sizing is None else self._terms(self._sizing)

    async def settle(self, settlement: Settlement) -> Settled:
        """Resolves the hold, and lets those try who wait for what it gives back. Raises StoreUnavailable."""
        self._rounds.leave(self)
        self._asking.drop()
        settled = await self._books.settle(settlement)
        if settlement.terms is not None:
            self._waiting.freed(self._judged.journey.caller.user.id, settlement.terms)
        return settled

    async def _end_asking(self) -> None:
        """What was asked for one model says nothing of the next; but what was granted is held."""
        self._rounds.leave(self)
        granted = await self._asking.answer()
        if self._sizing is not None:
            self._grow(self._sizing, granted)
        self._asking.drop()
        self._asking = Asking(self._waiting)
        self._look()

    def _made_elsewhere(self, used: KeyUsed) -> Refusal:
        """Another request under the same key was there first. If it has ended at this very moment, the next try finds so."""
        asked = self._claim.idempotency
        return (asked and idempotency.objection(used, asked)) or idempotency.in_progress(used)

    def _request(self, sizing: Sizing, size: HoldSize) -> HoldRequest:
        caller = self._judged.journey.caller
        terms = self._terms(sizing)
        return _new_request(
            hold_id=self._judged.journey.call_id,
            account_id=caller.user.id,
            family=sizing.model.family,
            amount_milli=size.amount_milli,
            raw_nano_usd=size.raw_nano_usd,
            terms=terms,
            scopes=tuple([limit.scope for limit in terms.concurrency]),
            lease_ms=self._claim.lease_ms,
            began=self._claim.began,
            enrol=caller.user if caller.enrols else None,
            entitlement=caller.entitlement if caller.enrols else None,
            idempotency=self._claim.idempotency,
            enrols_daily_max=caller.app.enrols_daily_max if caller.app else None,
        )

    def _sizes(self, sizing: Sizing, seen_tokens: int) -> list[HoldSize]:
        """What to ask for, and what else if that is too much."""
        if sizing.stepped:
            return hold.wanted(sizing, self.covered_tokens, seen_tokens, self._lead_tokens)
        # All is held already; but what was delivered is to be charged if this process dies.
        return [self._size]

    @property
    def _lead_tokens(self) -> int:
        return self._judged.journey.catalog.policy.hold_lead_tokens

    def _is_short(self, meter: Meter) -> bool:
        return meter.output_tokens_max > self._lead.short_tokens

    def _hear(self) -> None:
        if self._sizing is not None:
            self._grow(self._sizing, self._asking.hear())

    def _grow(self, sizing: Sizing, granted: Granted | None) -> None:
        if granted is not None:
            self._took(sizing, granted.size, granted.held)
        self._look()

    def _look(self) -> None:
        is_free = self._asking.short is None and self._asking.under_way is None
        self.free_tokens = self._lead.due_tokens if is_free else 0

    async def _extend_now(self, sizing: Sizing, sizes: Sequence[HoldSize], metered_milli: int) -> ExtendAck | None:
        """Under the terms of this moment; None: the call may not go on."""
        terms = await self._claim.terms_now()
        return None if terms is None else await self._extend(sizing, sizes, metered_milli, terms)

    async def _extend(
        self, sizing: Sizing, sizes: Sequence[HoldSize], metered_milli: int, terms: HoldTerms | None = None
    ) -> ExtendAck:
        """Under the terms that the call began with, or under new ones."""
        billed_nano_usd, (size, *smaller) = self.billed_nano_usd, sizes
        return await self._books.extend(
            ExtendRequest(
                hold_id=self._judged.journey.call_id,
                family=sizing.model.family,
                amount_milli=size.amount_milli,
                raw_nano_usd=size.raw_nano_usd + billed_nano_usd,
                metered_milli=metered_milli,
                terms=self._terms(sizing, terms),
                billed_nano_usd=billed_nano_usd,
                billed_milli=sizing.tab.milli,
                smaller=tuple([(less.amount_milli, less.raw_nano_usd + billed_nano_usd) for less in smaller]),
                room_times=hold.AMPLE_TIMES,
            )
        )

    def _terms(self, sizing: Sizing, terms: HoldTerms | None = None) -> HoldTerms:
        journey, own = self._judged.journey, terms or self._judged.terms
        return self._claim.footing.under_ceilings(own, journey.caller, journey.catalog.ceilings, sizing.model.provider_id)

    def _took(self, sizing: Sizing, size: HoldSize, ack: Held) -> None:
        self._sizing = sizing
        self._size = size
        self.held_milli = ack.amount_milli
        self.stands = True
        if sizing.stepped:
            self._leads_from(sizing, 0)

    def _leads_from(self, sizing: Sizing, seen_tokens: int) -> None:
        self._lead = hold.lead(sizing, self.covered_tokens, seen_tokens, self._lead_tokens)


def _metered_milli(sizing: Sizing, meter: Meter) -> int:
    return sizing.tab.and_then(Charge(sizing.tiers, sizing.tariff, meter.usage())).milli
