"""Commercial terms: a plan, what a dated override changes about it, and the terms in force at a moment."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final, Literal

from proxy.domain.money import MULTIPLIER_ONE_PPM, Prices, Tariff
from proxy.domain.policy import Mode
from proxy.domain.value import dataclass, maker, replace

_new_tariff: Final = maker(Tariff)

Window = Literal["day", "week", "month", "total"]
RateClass = Literal["chat", "precheck", "embeddings", "images", "other"]


@dataclass(frozen=True, slots=True)
class Allowance:
    """Credits a plan includes per reset period; `family` binds them to models of that family."""

    window: Window
    limit_milli_credits: int
    family: str | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `requests` in any `period_s` seconds."""

    requests: int
    period_s: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a user bought. `models` are ids already expanded from ids, tags and globs.

    The multiplier is resolved entitlement > family > plan (contract 5). `credit_prices` (milli-credits per million of a
    class, by family) replace raw cost x multiplier for that family. `mode` is how `auto` chooses where nobody says.
    """

    id: str
    name: str
    allowances: tuple[Allowance, ...]
    models: tuple[str, ...]
    context_tokens_max: int = 128_000
    output_tokens_default: int = 4_096
    concurrency_max: int = 4
    n_max: int = 1
    multiplier_ppm: int = MULTIPLIER_ONE_PPM
    family_multipliers_ppm: Mapping[str, int] = field(default_factory=dict)
    credit_prices: Mapping[str, Prices] = field(default_factory=dict)
    rates: Mapping[RateClass, Rate] = field(default_factory=dict)
    rescue: bool = True
    rank: int = 0
    mode: Mode | None = None

    @property
    def monthly_milli_credits(self) -> int:
        return sum(a.limit_milli_credits for a in self.allowances if a.window == "month" and a.family is None)


@dataclass(frozen=True, slots=True)
class Override:
    """A dated exception to a plan; in force while `from_ms <= now < until_ms` (no end when None).

    `extra_milli_credits` raises the plan-wide allowance of the windows it names. None leaves a term as the plan has it.
    """

    id: str
    reason: str
    from_ms: int = 0
    until_ms: int | None = None
    extra_milli_credits: Mapping[Window, int] = field(default_factory=dict)
    extra_models: tuple[str, ...] = ()
    multiplier_ppm: int | None = None
    context_tokens_max: int | None = None
    output_tokens_default: int | None = None
    concurrency_max: int | None = None
    n_max: int | None = None


@dataclass(frozen=True, slots=True)
class NextPlan:
    """The plan that takes over at `from_ms`."""

    plan_id: str
    from_ms: int


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A user's plan plus dated exceptions, oldest first, and the plan that follows, if one does."""

    id: str
    user_id: str
    plan_id: str
    overrides: tuple[Override, ...] = ()
    version: int = 1
    next: NextPlan | None = None


def entitled_at(entitlement: Entitlement, now_ms: int) -> Entitlement:
    """The entitlement as it stands at `now_ms`: a plan that was to follow and is due has followed."""
    following = entitlement.next
    if following is None or now_ms < following.from_ms:
        return entitlement
    return replace(entitlement, plan_id=following.plan_id, next=None)


def moved_to(entitlement: Entitlement, plan_id: str, now_ms: int, from_ms: int | None = None) -> Entitlement:
    """The entitlement with another plan now, or from `from_ms` on. Whatever else was to follow is dropped. What is spent
    stays with the account, so no change of plan ever grants twice in a period (contract 5)."""
    if from_ms is None or from_ms <= now_ms:
        return replace(entitlement, plan_id=plan_id, next=None)
    return replace(entitled_at(entitlement, now_ms), next=NextPlan(plan_id, from_ms))


def in_force(overrides: Sequence[Override], now_ms: int) -> tuple[Override, ...]:
    """The overrides that apply at `now_ms`, in their order."""
    if not overrides:
        return ()
    return tuple(o for o in overrides if o.from_ms <= now_ms and (o.until_ms is None or now_ms < o.until_ms))


def effective(plan: Plan, overrides: Sequence[Override], now_ms: int) -> Plan:
    """The terms at `now_ms`: the plan with every override in force applied; a later override wins over an earlier."""
    for override in in_force(overrides, now_ms):
        plan = _apply(plan, override)
    return plan


def tariff(plan: Plan, family: str, milli_credits_per_dollar: int) -> Tariff:
    """How a model of `family` is charged under these (effective) terms."""
    return _new_tariff(
        multiplier_ppm=plan.family_multipliers_ppm.get(family, plan.multiplier_ppm),
        milli_credits_per_dollar=milli_credits_per_dollar,
        credit_prices=plan.credit_prices.get(family),
    )


def _apply(plan: Plan, override: Override) -> Plan:
    if override.multiplier_ppm is not None:
        plan = replace(plan, multiplier_ppm=override.multiplier_ppm, family_multipliers_ppm={}, credit_prices={})
    return replace(
        plan,
        allowances=_raised(plan.allowances, override.extra_milli_credits),
        models=plan.models + tuple(m for m in override.extra_models if m not in plan.models),
        context_tokens_max=_or(override.context_tokens_max, plan.context_tokens_max),
        output_tokens_default=_or(override.output_tokens_default, plan.output_tokens_default),
        concurrency_max=_or(override.concurrency_max, plan.concurrency_max),
        n_max=_or(override.n_max, plan.n_max),
    )


def _raised(allowances: tuple[Allowance, ...], extra: Mapping[Window, int]) -> tuple[Allowance, ...]:
    plain = {a.window for a in allowances if a.family is None}
    raised = tuple(
        replace(a, limit_milli_credits=a.limit_milli_credits + extra.get(a.window, 0)) if a.family is None else a
        for a in allowances
    )
    return raised + tuple(Allowance(window, amount) for window, amount in extra.items() if window not in plain)


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value
