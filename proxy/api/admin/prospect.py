"""What a plan request would cost, from its user's own last days: recorded calls in, the same calls under what is asked for
out; changes nothing."""

from typing import Final

from proxy.api.schemas import Credits, Told, credits_of
from proxy.api.services import Services
from proxy.domain.catalog import Catalog
from proxy.domain.desk import PlanRequest
from proxy.domain.plan import Entitlement, Plan, effective, entitled_at
from proxy.stages.reprice import Bill, Charged, as_charged, by_model, under_plan, worth_nano_usd

DAYS: Final = 30
CALLS_MAX: Final = 10_000
_DAY_MS: Final = 86_400_000


class Cost(Told):
    """What the days before would have come to: under the plan `name`, or with all calls answered by the model `name`; for
    credits what so many of them cost the operator when they are spent as those were."""

    name: str
    calls: int
    credits: Credits
    raw_cost_nano_usd: int | None
    unpriced_calls: int


class Prospect(Told):
    """`made` is what the calls of these days came to; `complete` is false where there were more than are counted."""

    days: int
    complete: bool
    made: Cost
    would_cost: list[Cost]


async def prospect_of(services: Services, request: PlanRequest) -> Prospect:
    """What `request` would cost its operator and its user."""
    now_ms, catalog = services.clock.now_ms(), services.catalog.current()
    calls = await services.register.charged(request.user_id, now_ms - DAYS * _DAY_MS, CALLS_MAX)
    found = await services.directory.entitlement(request.user_id)
    entitlement = entitled_at(found or Entitlement("", request.user_id, ""), now_ms)
    made = as_charged(calls)
    return Prospect(
        days=DAYS,
        complete=len(calls) < CALLS_MAX,
        made=_cost(entitlement.plan_id, made),
        would_cost=_asked_for(request, calls, made, _Terms(catalog, entitlement, now_ms)),
    )


def models_asked(request: PlanRequest, catalog: Catalog) -> tuple[str, ...]:
    """The models that a request for a model or a family is about, as far as there are any."""
    if request.subject == "model":
        return (request.target,) if request.target in catalog.models else ()
    return tuple(model.id for model in catalog.models.values() if model.family == request.target)


class _Terms:
    """The user's terms under any plan: its overrides go with it."""

    def __init__(self, catalog: Catalog, entitlement: Entitlement, now_ms: int) -> None:
        self.catalog = catalog
        self.plan_id = entitlement.plan_id
        self._overrides = entitlement.overrides
        self._now_ms = now_ms

    def under(self, plan_id: str) -> Plan | None:
        plan = self.catalog.plans.get(plan_id)
        return None if plan is None else effective(plan, self._overrides, self._now_ms)


def _asked_for(request: PlanRequest, calls: list[Charged], made: Bill, terms: _Terms) -> list[Cost]:
    if request.subject == "credits":
        milli = int(request.target)
        worth = worth_nano_usd(milli, made)
        return [Cost(name="credits", calls=0, credits=credits_of(milli), raw_cost_nano_usd=worth, unpriced_calls=0)]
    plan = terms.under(request.target if request.subject == "plan" else terms.plan_id)
    if plan is None:
        return []
    if request.subject == "plan":
        return [_cost(plan.id, under_plan(calls, terms.catalog, plan))]
    models = [terms.catalog.models[name] for name in models_asked(request, terms.catalog)]
    return [_cost(model.id, by_model(calls, terms.catalog, plan, model)) for model in models if model.tiers]


def _cost(name: str, bill: Bill) -> Cost:
    return Cost(
        name=name,
        calls=bill.calls,
        credits=credits_of(bill.credits_milli),
        raw_cost_nano_usd=bill.raw_nano_usd,
        unpriced_calls=bill.unpriced_calls,
    )
