"""Cases and sizes for policy tests: a candidate that no rule drops, any field replaced by keyword."""

from dataclasses import replace
from typing import Any

from proxy.domain.assistant import Assistant
from proxy.domain.catalog import Model
from proxy.domain.decision import ModelHealth
from proxy.domain.journey import Ask
from proxy.domain.plan import Plan, tariff
from proxy.stages.policy.eligible import Case
from proxy.stages.policy.size import Size, measure
from tests import builders as make

MILLI_CREDITS_PER_DOLLAR = 1_000_000  # One milli-credit a dollar-per-million token: costs read as token counts.
PLENTY_MILLI = 10**12


def size_of(
    model: Model | None = None,
    ask: Ask | None = None,
    plan: Plan | None = None,
    assistant: Assistant | None = None,
    spendable_milli: int = PLENTY_MILLI,
) -> Size:
    """What `measure` makes of the call, with plenty of credits unless said otherwise."""
    model, plan = model or make.model(), plan or make.plan()
    terms = tariff(plan, model.family, MILLI_CREDITS_PER_DOLLAR)
    return measure(model, ask or make.ask(), plan, assistant, terms, spendable_milli)


def case(model: Model | None = None, ask: Ask | None = None, **changes: Any) -> Case:
    """A candidate whose plan has the model and whose provider is up; `size` follows from the rest unless given."""
    model, ask = model or make.model(), ask or make.ask()
    plan = changes.get("plan") or make.plan(models=(model.id,))
    base = Case(
        model=model,
        provider=make.provider(model.provider_id),
        plan=plan,
        model_scope=None,
        ask=ask,
        risk="safe",
        action="allow",
        size=size_of(model, ask, plan, spendable_milli=changes.get("spendable_milli", PLENTY_MILLI)),
        health=ModelHealth(),
        provider_down_until_ms=None,
        spendable_milli=PLENTY_MILLI,
    )
    return replace(base, **changes)
