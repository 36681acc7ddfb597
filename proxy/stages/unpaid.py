"""What providers billed for a call that got nothing for it: its attempts in, what that comes to and what its input alone would
cost out; who pays is the books' to say."""

from collections.abc import Sequence
from typing import Final

from proxy.domain.call import INPUT_CHARGED, Attempt, Call
from proxy.domain.catalog import Catalog
from proxy.domain.decision import Candidate
from proxy.domain.errors import Refusal
from proxy.domain.journey import Ask
from proxy.domain.ledger import Unpaid
from proxy.domain.money import Charge, credits_milli, credits_text, worst_charge
from proxy.domain.plan import Plan, tariff
from proxy.domain.value import replace

WHY_CHARGED: Final = (
    "The provider billed this call though it brought no answer. A number of such calls is free in an hour; it was used up, so"
    " the input was charged."
)


def unpaid(attempts: Sequence[Attempt]) -> Unpaid | None:
    """What providers reported for attempts that nobody is charged for; None where that is nothing. Where somebody answered
    in the end its input is paid there, so nothing more is owed."""
    milli = sum([attempt.credits_milli for attempt in attempts if not attempt.charged])
    return Unpaid(milli) if milli else None


def with_input(
    lost: Unpaid, attempts: Sequence[Attempt], chain: Sequence[Candidate], catalog: Catalog, plan: Plan, ask: Ask
) -> Unpaid:
    """The same for a call that nobody answered: it may have to pay its input, once, as the first provider that billed it did;
    images that were to be read and the price of the request are input. It never pays for more input than it can have had."""
    first, usage = next((attempt, attempt.usage) for attempt in attempts if attempt.credits_milli and attempt.usage)
    tokens_max = next(candidate.input_tokens_max for candidate in chain if candidate.model_id == first.model_id)
    tiers = catalog.models[first.model_id].tiers_for(ask.picture)
    terms = tariff(plan, first.family, catalog.milli_credits_per_dollar)
    reported = Charge(tiers, terms, replace(usage, output=0, reasoning=0, images=ask.image_count))
    most = worst_charge(tiers, terms, tokens_max, 0, ask.image_count)
    owed = min((reported, most), key=lambda charge: credits_milli([charge]))
    free_hourly_max = catalog.policy.free_calls_hourly_max
    return replace(lost, input_milli=credits_milli([owed]), input=owed.usage, free_hourly_max=free_hourly_max)


def told(refusal: Refusal, call: Call) -> Refusal:
    """What the call's caller hears: where its input was charged, that too. Tried again by itself it would cost the same
    again."""
    if call.reason != INPUT_CHARGED:
        return refusal
    details = {**refusal.details, "credits_charged": credits_text(call.credits_milli)}
    return replace(refusal, message=f"{refusal.message} {WHY_CHARGED}", should_retry=False, details=details)
