"""Hard rules: one candidate's case in, a Reason to drop it or nothing out; never ranks, never sees another candidate.

A new rule is a function here, named for its reason code, and its place in `RULES`.
"""

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Final

from proxy.domain.catalog import Model, Provider
from proxy.domain.decision import DropCode, ModelHealth, Reason
from proxy.domain.dialect import REASONING_OUTPUT_TOKENS_MIN, WISHES, Feature
from proxy.domain.journey import Ask
from proxy.domain.plan import Plan
from proxy.domain.policy import Action
from proxy.domain.value import dataclass
from proxy.domain.verdict import Risk
from proxy.stages.policy.size import Size


@dataclass(frozen=True, slots=True)
class Sight:
    """What decides whether a caller may see a model at all. `plan` is in force now; no `model_scope` means no bound."""

    model: Model
    provider: Provider
    plan: Plan
    model_scope: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Case:
    """All that a rule may know of a candidate for a call: what decides on its sight, and the call. `spendable_milli` is limit
    minus spent, in milli-credits."""

    model: Model
    provider: Provider
    plan: Plan
    model_scope: tuple[str, ...] | None
    ask: Ask
    risk: Risk
    action: Action
    size: Size
    health: ModelHealth
    provider_down_until_ms: int | None
    spendable_milli: int


Rule = Callable[[Case], Reason | None]


def first_objection(case: Case) -> Reason | None:
    """The first rule that drops the candidate, in the order of contract 4; None when it may answer."""
    for rule in RULES:
        reason = rule(case)
        if reason is not None:
            return reason
    return None


def first_blindness(sight: Sight) -> Reason | None:
    """Why the caller may not see the model whatever is asked of it; None when it may."""
    return next((reason for rule in SIGHT_RULES if (reason := rule(sight)) is not None), None)


def inactive(sight: Sight | Case) -> Reason | None:
    is_told = not sight.model.hidden or sight.model.id in sight.plan.models
    return None if sight.model.active and sight.provider.status == "active" and is_told else Reason("inactive")


def unpriced(sight: Sight | Case) -> Reason | None:
    return None if sight.model.tiers else Reason("unpriced")


def not_in_plan(sight: Sight | Case) -> Reason | None:
    return None if sight.model.id in sight.plan.models else Reason("not_in_plan", {"plan": sight.plan.id})


def not_in_key_scope(sight: Sight | Case) -> Reason | None:
    if sight.model_scope is None or _matches(sight.model, sight.model_scope):
        return None
    return Reason("not_in_key_scope")


def vetoed(case: Case) -> Reason | None:
    if case.ask.avoid or case.ask.only:
        option = _ruled_out(case.model, case.ask.avoid, case.ask.only)
        if option is not None:
            return Reason("vetoed", {"option": option})
    for veto in case.ask.vetoes:
        option = _ruled_out(case.model, veto.avoid, veto.only)
        if option is not None:
            return Reason("vetoed", {"option": option, "by": veto.by})
    return None


def risk_not_allowed(case: Case) -> Reason | None:
    if case.action != "route" or case.risk in case.model.risks:
        return None
    return Reason("risk_not_allowed", {"risk": case.risk})


def modality(case: Case) -> Reason | None:
    if case.model.kind != case.ask.kind:
        return Reason("modality", {"missing": case.ask.kind, "kind": case.model.kind})
    missing = [m for m in case.ask.modalities if m not in case.model.modalities]
    return Reason("modality", {"missing": ", ".join(missing)}) if missing else None


def tools_unsupported(case: Case) -> Reason | None:
    return Reason("tools_unsupported") if case.ask.tools and not case.model.tools else None


def output_format_unsupported(case: Case) -> Reason | None:
    can = {"text": True, "json_object": "json_object" not in case.model.lacks, "json_schema": case.model.json_schema}
    return None if can[case.ask.format] else Reason("output_format_unsupported", {"format": case.ask.format})


def parameter_unsupported(case: Case) -> Reason | None:
    in_short = case.size.output_tokens_max < REASONING_OUTPUT_TOKENS_MIN and "reasoning_effort" in case.ask.features
    wanted: tuple[Feature, ...] = (*case.ask.features, "reasoning_in_short") if in_short else case.ask.features
    missing = next((feature for feature in wanted if feature in case.model.lacks), None) or _unpriced_picture(case)
    return (
        None if missing is None else Reason("parameter_unsupported", {"feature": missing, "parameter": WISHES[missing].param})
    )


def context_too_small(case: Case) -> Reason | None:
    # What the next rule will drop anyhow must not speak here: the caller is to hear of `max_tokens`, not of the prompt.
    bound = case.ask.output_tokens_max
    output = case.model.output_tokens_min if bound is None else min(bound, case.model.output_tokens_max)
    return _over("context_too_small", case.size.context_tokens_min + output, case.model.context_tokens_max)


def max_output_too_small(case: Case) -> Reason | None:
    return _over("max_output_too_small", case.ask.output_tokens_max or 0, case.model.output_tokens_max)


def over_plan_context(case: Case) -> Reason | None:
    return _over("over_plan_context", case.size.context_tokens_min, case.plan.context_tokens_max)


def provider_down(case: Case) -> Reason | None:
    retry_at_ms = case.provider_down_until_ms
    return None if retry_at_ms is None else Reason("provider_down", {"retry_at_ms": retry_at_ms})


def cooling_down(case: Case) -> Reason | None:
    if not case.health.open:
        return None
    retry_at_ms = case.health.retry_at_ms
    why: dict[str, int | str] = {"why": "slow"} if case.health.slow else {}
    return Reason("cooling_down", why if retry_at_ms is None else {"retry_at_ms": retry_at_ms, **why})


def over_max_credits(case: Case) -> Reason | None:
    limit = case.ask.max_credits_milli
    return None if limit is None else _over_credits("over_max_credits", case.size.worst_milli_credits, limit)


def unaffordable(case: Case) -> Reason | None:
    return _over_credits("unaffordable", case.size.worst_milli_credits, case.spendable_milli)


# The order is the law's (contract 4): of several objections the caller hears the first.
SIGHT_RULES: Final[tuple[Callable[[Sight | Case], Reason | None], ...]] = (inactive, unpriced, not_in_plan, not_in_key_scope)
RULES: Final[tuple[Rule, ...]] = (
    *SIGHT_RULES,
    vetoed,
    risk_not_allowed,
    modality,
    tools_unsupported,
    output_format_unsupported,
    parameter_unsupported,
    context_too_small,
    max_output_too_small,
    over_plan_context,
    provider_down,
    cooling_down,
    over_max_credits,
    unaffordable,
)


def _unpriced_picture(case: Case) -> Feature | None:
    picture = case.ask.picture
    return "image_size" if picture is not None and case.model.makes(picture) is None else None


def _ruled_out(model: Model, avoid: tuple[str, ...], only: tuple[str, ...]) -> str | None:
    if _matches(model, avoid):
        return "avoid"
    return "only" if only and not _matches(model, only) else None


def _matches(model: Model, wishes: tuple[str, ...]) -> bool:
    return any(is_named(model, wish) for wish in wishes)


def is_named(model: Model, wish: str) -> bool:
    if wish.startswith("tag:"):
        return wish.removeprefix("tag:") in model.tags
    return fnmatchcase(model.id, wish)


def _over(code: DropCode, asked_tokens: int, limit_tokens: int) -> Reason | None:
    if asked_tokens <= limit_tokens:
        return None
    return Reason(code, {"asked": asked_tokens, "limit": limit_tokens})


def _over_credits(code: DropCode, asked: int, limit: int) -> Reason | None:
    if asked <= limit:
        return None
    return Reason(code, {"asked_milli_credits": asked, "limit_milli_credits": limit})
