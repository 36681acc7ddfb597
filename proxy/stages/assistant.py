"""Which assistant handles a call: names asked for and verdict in, an Advice out; never looks at plans or money."""

from typing import Final

from proxy.domain.assistant import AUTO
from proxy.domain.catalog import Catalog
from proxy.domain.verdict import Advice, Verdict

NO_PLAN: Final = ""


def advise(
    asked: tuple[str, ...], verdict: Verdict, catalog: Catalog, plan_id: str = NO_PLAN, continued: str | None = None
) -> Advice:
    """The assistant that was asked for by name, for `auto` the one that the conversation stays with (`continued`), the
    recommended or else the default one, for models none.

    One that is not shown on the plan is none. A recommended, kept or default assistant that is disabled or gone is passed over;
    one asked for by name is not: policy then refuses it under that name.
    """
    name = asked[0] if len(asked) == 1 else None
    if name == AUTO:
        return (
            Advice(continued, "continued") if _is_open(continued, catalog, plan_id) else _advise_auto(verdict, catalog, plan_id)
        )
    if name is not None and name in catalog.assistants and catalog.assistants[name].is_shown_on(plan_id):
        return Advice(name, "asked")
    return Advice(None, "none")


def _advise_auto(verdict: Verdict, catalog: Catalog, plan_id: str) -> Advice:
    if _is_open(verdict.recommended_assistant, catalog, plan_id):
        return Advice(verdict.recommended_assistant, "recommended")
    if _is_open(catalog.policy.default_assistant, catalog, plan_id):
        return Advice(catalog.policy.default_assistant, "default")
    return Advice(None, "none")


def _is_open(assistant_id: str | None, catalog: Catalog, plan_id: str) -> bool:
    assistant = catalog.assistants.get(assistant_id) if assistant_id is not None else None
    return assistant is not None and assistant.is_open_on(plan_id)
