"""The hold of one call while it runs: taken for the candidate about to be called, re-sized at failover, kept ahead of a
stream; asks the books and never decides a size itself."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
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
from proxy.domain.money import Charge, credits_milli
from proxy.domain.standing import Standing
from proxy.pipeline.order import Judged
from proxy.pipeline.waiting import WaitingRoom
from proxy.ports import Books, Reply, StoreUnavailable
from proxy.stages import hold, idempotency
from proxy.stages.hold import HoldSize, Sizing
from proxy.stages.meter import Meter

LOST: Final = Refusal(
    "store_unavailable",
    "The gateway was out of touch with its books for too long, so it had to stop this answer. What you have is incomplete.",
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a hold says of its call: the register's row as it begins, how long it may live, and its idempotency key.
    `terms_now` reads the limits in force anew; None: the call may not go on."""

    began: Call
    lease_ms: int
    idempotency: IdempotencyKey | None
    terms_now: Callable[[], Awaitable[HoldTerms | None]]


class Cover:
    """`held_milli` is what stands in the books (0 and `stands` False before the first hold), for an answer of so many
    `covered_tokens`."""

    def __init__(self, books: Books, waiting: WaitingRoom, judged: Judged, claim: Claim) -> None:
        self._books = books
        self._waiting = waiting
        self._judged = judged
        self._claim = claim
        self._sizing: Sizing | None = None
        self.covered_tokens = 0
        self.held_milli = 0
        self.stands = False
        self.waited = False
        self.standing: Standing | None = None

    async def take(self, candidate: Candidate, wait_ms: int, reply: Reply) -> Refusal | None:
        """Covers what `candidate` may bill; the refusal when the books say no or do not answer. A first hold waits up to
        `wait_ms` for credits that others hold, while its caller stays."""
        judged = self._judged
        sizing = hold.sizing(candidate, judged.journey.catalog, judged.plan, judged.ask)
        size = hold.first(sizing, judged.journey.catalog.policy.hold_lead_tokens)
        ack: HoldAck | ExtendAck
        try:
            if self.stands:
                ack = await self._extend(sizing, size, 0)
            else:
                ack, self.waited = await self._waiting.hold(self._request(sizing, size), wait_ms, reply)
        except StoreUnavailable as error:
            return unavailable(error)
        if isinstance(ack, HoldLost):
            return LOST
        if isinstance(ack, HoldRefused):
            self.standing = ack.standing
            return hold.refusal(ack, judged.plan, sizing.model.family)
        if isinstance(ack, KeyUsed):
            return self._made_elsewhere(ack)
        self._took(sizing, size, ack)
        return None

    def covers(self, meter: Meter) -> bool:
        """Whether all that was seen is held; what is held at its worst always is."""
        sizing = self._sizing
        return sizing is None or not sizing.stepped or meter.output_tokens_max <= self.covered_tokens

    async def keep_ahead(self, meter: Meter) -> bool:
        """Extends the hold when less than a lead is left; False when the books refuse or cannot answer."""
        sizing = self._sizing
        if sizing is None:
            return False
        lead = self._judged.journey.catalog.policy.hold_lead_tokens
        size = hold.following(sizing, self.covered_tokens, meter.output_tokens_max, lead)
        if size is None:
            return True
        metered = credits_milli([Charge(sizing.model.tiers, sizing.tariff, meter.usage())])
        try:
            terms = await self._claim.terms_now()
            ack = None if terms is None else await self._extend(sizing, size, metered, terms)
        except StoreUnavailable:
            return False
        if not isinstance(ack, Held):
            return False
        self._took(sizing, size, ack)
        return True

    async def catch_up(self, meter: Meter) -> bool:
        """At the end of a stream: covers what came in the same breath as its end; False when the books refuse or cannot
        answer. What a provider bills beyond what was seen is never covered; it is the operator's loss."""
        sizing, seen_tokens = self._sizing, min(meter.output_tokens_max, meter.usage().output_total)
        if sizing is None or not sizing.stepped or seen_tokens <= self.covered_tokens:
            return True
        size = hold.exactly(sizing, seen_tokens)
        try:
            ack = await self._extend(sizing, size, size.amount_milli)
        except StoreUnavailable:
            return False
        if not isinstance(ack, Held):
            return False
        self._took(sizing, size, ack)
        return True

    async def settle(self, settlement: Settlement) -> Settled:
        """Resolves the hold, and lets those try who wait for what it gives back. Raises StoreUnavailable."""
        if self._sizing is None:
            return await self._books.settle(settlement)
        terms = self._terms(self._sizing)
        settled = await self._books.settle(replace(settlement, terms=terms, idempotency=self._claim.idempotency))
        self._waiting.freed(self._judged.journey.caller.user.id, terms)
        return settled

    def _made_elsewhere(self, used: KeyUsed) -> Refusal:
        """Another request under the same key was there first. If it has ended at this very moment, the next try finds so."""
        asked = self._claim.idempotency
        return (asked and idempotency.objection(used, asked)) or idempotency.in_progress(used)

    def _request(self, sizing: Sizing, size: HoldSize) -> HoldRequest:
        caller = self._judged.journey.caller
        return HoldRequest(
            hold_id=self._judged.journey.call_id,
            account_id=caller.user.id,
            family=sizing.model.family,
            amount_milli=size.amount_milli,
            raw_nano_usd=size.raw_nano_usd,
            terms=self._terms(sizing),
            scopes=hold.scopes(caller),
            lease_ms=self._claim.lease_ms,
            began=self._claim.began,
            enrol=caller.user if caller.enrols else None,
            entitlement=caller.entitlement if caller.enrols else None,
            idempotency=self._claim.idempotency,
            enrols_daily_max=caller.app.enrols_daily_max if caller.app else None,
        )

    async def _extend(self, sizing: Sizing, size: HoldSize, metered_milli: int, terms: HoldTerms | None = None) -> ExtendAck:
        """Under the terms that the call began with, or under new ones."""
        return await self._books.extend(
            ExtendRequest(
                hold_id=self._judged.journey.call_id,
                family=sizing.model.family,
                amount_milli=size.amount_milli,
                raw_nano_usd=size.raw_nano_usd,
                metered_milli=metered_milli,
                terms=self._terms(sizing, terms),
            )
        )

    def _terms(self, sizing: Sizing, terms: HoldTerms | None = None) -> HoldTerms:
        journey = self._judged.journey
        return hold.under_ceilings(
            terms or self._judged.terms, journey.catalog.ceilings, sizing.model.provider_id, journey.caller.app
        )

    def _took(self, sizing: Sizing, size: HoldSize, ack: Held) -> None:
        self._sizing = sizing
        self.covered_tokens = size.output_tokens
        self.held_milli = ack.amount_milli
        self.stands = True


def unavailable(error: StoreUnavailable) -> Refusal:
    """The store's outage as the caller hears it."""
    return Refusal(
        "store_unavailable",
        "The gateway cannot reach its books right now, so it takes no calls. Try again shortly.",
        retry_after_s=error.retry_after_s,
    )
