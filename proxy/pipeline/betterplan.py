"""What a better plan would give: a judged call in, the lowest plan above that answers it, or has a better model for it, out;
decides again by the code of live calls, and nothing moves."""

from typing import Final, Literal

from proxy.domain.catalog import Catalog
from proxy.domain.decision import Decision
from proxy.domain.value import dataclass, replace
from proxy.pipeline.order import Judged
from proxy.stages import policy

# Each plan is a decision of its own, and other calls wait while they are made.
PLANS_MAX: Final = 8
QUALITY_UNKNOWN: Final = 0.5


@dataclass(frozen=True, slots=True)
class BetterPlan:
    """`gives`: an `answer` where there would be none, or a `better_model` for this family of tasks."""

    plan_id: str
    model_id: str
    gives: Literal["answer", "better_model"]


def better_plan(judged: Judged) -> BetterPlan | None:
    """The lowest plan above the caller's that would help with this very call; None when none would."""
    catalog, now = judged.journey.catalog, judged.plan
    above = sorted((plan for plan in catalog.plans.values() if plan.rank > now.rank), key=lambda plan: (plan.rank, plan.id))
    for plan in above[:PLANS_MAX]:
        found = _on_plan(judged, plan.id)
        if not found.chain:
            continue
        model_id = found.chain[0].model_id
        if judged.decision.refusal is not None:
            return BetterPlan(plan.id, model_id, "answer")
        if _quality(catalog, model_id, judged) > _quality(catalog, judged.decision.chain[0].model_id, judged):
            return BetterPlan(plan.id, model_id, "better_model")
    return None


def _on_plan(judged: Judged, plan_id: str) -> Decision:
    ask = replace(judged.ask, plan_id=plan_id)
    return policy.decide(ask, judged.verdict, judged.advice, judged.standing, judged.journey.catalog, judged.health)


def _quality(catalog: Catalog, model_id: str, judged: Judged) -> float:
    quality = catalog.quality(catalog.models[model_id], judged.verdict.family)
    return QUALITY_UNKNOWN if quality is None else quality
