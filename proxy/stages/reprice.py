"""Calls that were made, priced anew: their charged attempts and other terms in, credits and raw cost out, by the arithmetic
that live calls are charged with; reads no store and decides nothing."""

from collections.abc import Sequence

from proxy.domain.call import Attempt
from proxy.domain.catalog import Catalog, Model
from proxy.domain.money import Charge, Tab, ceil_div, raw_cost_nano_usd
from proxy.domain.plan import Plan, tariff
from proxy.domain.value import dataclass

# The charged attempts of one call; a call is rounded once.
Charged = tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Bill:
    """What some calls come to. `unpriced_calls` are not in it: their models have left the catalog, or price images by a size
    that no record of an attempt tells."""

    calls: int
    credits_milli: int
    raw_nano_usd: int
    unpriced_calls: int = 0


def as_charged(calls: Sequence[Charged]) -> Bill:
    """What they came to when they were made."""
    attempts = [attempt for call in calls for attempt in call]
    return Bill(len(calls), sum(a.credits_milli for a in attempts), sum(a.raw_nano_usd for a in attempts))


def under_plan(calls: Sequence[Charged], catalog: Catalog, plan: Plan) -> Bill:
    """The same calls, answered by the same models, under another plan and today's prices."""
    return _bill(calls, catalog, plan, None)


def by_model(calls: Sequence[Charged], catalog: Catalog, plan: Plan, model: Model) -> Bill:
    """The same calls with the same tokens, all answered by `model`."""
    return _bill(calls, catalog, plan, model)


def worth_nano_usd(milli: int, made: Bill) -> int | None:
    """The raw cost of `milli` credits when they are spent as `made` was; None when it spent nothing."""
    return None if made.credits_milli == 0 else ceil_div(milli * made.raw_nano_usd, made.credits_milli)


def _bill(calls: Sequence[Charged], catalog: Catalog, plan: Plan, instead: Model | None) -> Bill:
    milli = nano = unpriced = 0
    for call in calls:
        charges = _charges(call, catalog, plan, instead)
        if charges is None:
            unpriced += 1
            continue
        milli += Tab(charges).milli
        nano += sum(raw_cost_nano_usd(charge.tiers, charge.usage) for charge in charges)
    return Bill(len(calls) - unpriced, milli, nano, unpriced)


def _charges(call: Charged, catalog: Catalog, plan: Plan, instead: Model | None) -> list[Charge] | None:
    charges = []
    for attempt in call:
        model = instead or catalog.models.get(attempt.model_id)
        if model is None or not model.tiers or attempt.usage is None:
            return None
        if model.images and attempt.usage.images:
            return None
        terms = tariff(plan, model.family, catalog.milli_credits_per_dollar)
        charges.append(Charge(model.tiers, terms, attempt.usage))
    return charges
