"""`GET /api/me` and `GET /api/plans`: who calls, on which terms, what is left and what else there is; amounts in credits,
never a multiplier or an operator's ceiling."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.schemas import Credits, MomentMs, Told, credits_of
from proxy.api.terms import plan_in_force
from proxy.domain.account import Caller, KeyKind
from proxy.domain.catalog import Catalog
from proxy.domain.plan import Plan, Rate, RateClass, Window
from proxy.domain.standing import Standing, assistant_of, resets_at_ms
from proxy.stages.hold import terms
from proxy.stages.policy import visible

TAG: Final = "Account"


class RateTold(Told):
    """At most `requests` in any `period_s` seconds."""

    requests: int
    period_s: int


class AllowanceTold(Told):
    """Credits included in a period; `family` binds them to models of that family."""

    window: Window
    family: str | None
    credits: Credits


class PlanTold(Told):
    """A plan as it is sold; `mine` marks the caller's."""

    id: str
    name: str
    mine: bool
    credits: tuple[AllowanceTold, ...]
    models: tuple[str, ...]
    context_tokens_max: int
    output_tokens_default: int
    concurrency_max: int
    n_max: int
    rescue: bool
    rates: Mapping[RateClass, RateTold]


class PlanList(Told):
    data: list[PlanTold]


class KeyTold(Told):
    id: str
    name: str
    expires_at_ms: MomentMs | None
    model_scope: tuple[str, ...] | None
    manage_keys: bool


class Party(Told):
    """A user or an app; `external_id` is the name that an app gave its end user."""

    id: str
    name: str
    external_id: str | None = None


class WindowTold(Told):
    """An allowance now. `held` is reserved by running calls; it is part of what is left until they end."""

    window: Window
    family: str | None
    limit: Credits
    spent: Credits
    held: Credits
    left: Credits
    resets_at_ms: MomentMs | None


class BucketTold(Told):
    """Credits outside the plan, now; those bound to a family pay for its models alone, and before all others."""

    id: str
    kind: Literal["grant", "topup"]
    family: str | None
    limit: Credits
    spent: Credits
    held: Credits
    left: Credits
    expires_at_ms: MomentMs | None
    reason: str


class CapTold(Told):
    """A limit on everything that `scope` spends in a window."""

    scope: str
    window: Window
    limit: Credits
    spent: Credits
    held: Credits
    left: Credits


class BudgetTold(Told):
    """What may be spent on one assistant in a window."""

    assistant: str
    window: Window
    limit: Credits
    spent: Credits
    held: Credits
    left: Credits
    resets_at_ms: MomentMs | None


class ConversationsTold(Told):
    """Whether this gateway keeps what is said in `/api/ai/chat`, and for how many days after the last turn."""

    kept: bool
    days: int | None


class Me(Told):
    """What pays, in this order: windows and buckets bound to the model's family, windows without one, then `buckets` without
    one; among them whatever ends first. `buckets` are listed so."""

    kind: KeyKind
    key: KeyTold
    user: Party
    app: Party | None
    plan: PlanTold
    windows: list[WindowTold]
    buckets: list[BucketTold]
    caps: list[CapTold]
    conversations: ConversationsTold


async def show_me(visit: Visit) -> Answer:
    services, caller = visit.services, visit.caller
    catalog = services.catalog.current()
    plan = plan_in_force(caller, catalog, services.clock.now_ms())
    standing = await services.books.standing(caller.user.id, terms(caller, plan))
    key, user, app = caller.key, caller.user, caller.app
    return Me(
        kind=key.kind,
        key=KeyTold(
            id=key.id,
            name=key.name,
            expires_at_ms=key.expires_at_ms,
            model_scope=key.model_scope,
            manage_keys=key.manage_keys,
        ),
        user=Party(id=user.id, name=user.name, external_id=user.external_id),
        app=None if app is None else Party(id=app.id, name=app.name),
        plan=_plan(plan, catalog, caller),
        windows=windows_told(standing),
        buckets=buckets_told(standing),
        caps=caps_told(standing),
        conversations=_conversations(services.knobs.conversations_kept_days),
    )


async def list_plans(visit: Visit) -> Answer:
    catalog = visit.services.catalog.current()
    plans = sorted(catalog.plans.values(), key=lambda plan: (plan.rank, plan.id))
    return PlanList(data=[_plan(plan, catalog, visit.caller) for plan in plans])


def windows_told(standing: Standing) -> list[WindowTold]:
    return [
        WindowTold(window=w.window, family=w.family, resets_at_ms=w.resets_at_ms, **_amounts(w.limit, w.spent, w.held))
        for w in standing.windows
    ]


def buckets_told(standing: Standing) -> list[BucketTold]:
    return [
        BucketTold(
            id=b.id,
            kind=b.kind,
            family=b.family,
            expires_at_ms=b.expires_at_ms,
            reason=b.reason,
            **_amounts(b.limit, b.spent, b.held),
        )
        for b in standing.buckets
    ]


def caps_told(standing: Standing) -> list[CapTold]:
    # Caps in dollars are the operator's own ceilings on raw cost.
    shown = [c for c in standing.caps if c.unit == "milli_credits" and assistant_of(c.scope) is None]
    return [CapTold(scope=c.scope, window=c.window, **_amounts(c.limit, c.spent, c.held)) for c in shown]


def budgets_told(standing: Standing, anchor_day: int) -> list[BudgetTold]:
    return [
        BudgetTold(
            assistant=name,
            window=c.window,
            resets_at_ms=resets_at_ms(c.window, standing.at_ms, anchor_day),
            **_amounts(c.limit, c.spent, c.held),
        )
        for c in standing.caps
        if (name := assistant_of(c.scope)) is not None
    ]


def _conversations(kept_days: int | None) -> ConversationsTold:
    return ConversationsTold(kept=kept_days is not None, days=kept_days)


def _plan(plan: Plan, catalog: Catalog, caller: Caller) -> PlanTold:
    return PlanTold(
        id=plan.id,
        name=plan.name,
        mine=plan.id == caller.entitlement.plan_id,
        credits=tuple(
            AllowanceTold(window=a.window, family=a.family, credits=credits_of(a.limit_milli_credits)) for a in plan.allowances
        ),
        models=tuple(model.id for model, reason in visible(catalog, plan, None) if reason is None),
        context_tokens_max=plan.context_tokens_max,
        output_tokens_default=plan.output_tokens_default,
        concurrency_max=plan.concurrency_max,
        n_max=plan.n_max,
        rescue=plan.rescue,
        rates={name: _rate(rate) for name, rate in plan.rates.items()},
    )


def _rate(rate: Rate) -> RateTold:
    return RateTold(requests=rate.requests, period_s=rate.period_s)


def _amounts(limit: int, spent: int, held: int) -> dict[str, str]:
    given: Iterable[tuple[str, int]] = (("limit", limit), ("spent", spent), ("held", held), ("left", limit - spent))
    return {name: credits_of(milli) for name, milli in given}


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint("GET", "/api/me", show_me, ("user", "app"), "Who the key is, its plan, and what is left", TAG, answer=Me),
    Endpoint("GET", "/api/plans", list_plans, ("user", "app"), "All plans", TAG, answer=PlanList),
)
