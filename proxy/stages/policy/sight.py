"""What a caller may call at all, and which plan would open the rest: catalog and terms in, models with reasons out."""

from collections.abc import Collection, Sequence

from proxy.domain.catalog import Catalog, Model
from proxy.domain.decision import Reason
from proxy.domain.plan import Plan
from proxy.domain.usage import ENDPOINTS
from proxy.stages.policy.eligible import Sight, first_blindness, is_named


def visible(catalog: Catalog, plan: Plan, model_scope: tuple[str, ...] | None) -> list[tuple[Model, Reason | None]]:
    """Every model of the catalog, with None where the caller may call it and else the first rule against it.

    `plan` is the effective one. Activation, price, plan and key scope count; health and credits of the moment do not. What
    is ours alone to call is none of its business.
    """
    return [
        (model, first_blindness(Sight(model, catalog.providers[model.provider_id], plan, model_scope)))
        for model in catalog.models.values()
        if model.kind in ENDPOINTS
    ]


def meaningless(wishes: Sequence[str], models: Collection[Model]) -> list[str]:
    """Those of the wishes (ids, `tag:` names, globs) that mean none of these models."""
    return [wish for wish in wishes if not any(is_named(model, wish) for model in models)]


def unlocked_by(catalog: Catalog, model_id: str, context_tokens: int = 0) -> str | None:
    """The id of the lowest plan that has the model and reads `context_tokens`; None when no plan does. Ties by id."""
    plans = (plan for plan in catalog.plans.values() if model_id in plan.models and plan.context_tokens_max >= context_tokens)
    lowest = min(plans, key=lambda plan: (plan.rank, plan.id), default=None)
    return None if lowest is None else lowest.id
