"""Which assistant handles a call: names asked for and verdict in, an Advice out; never looks at plans or money."""

from proxy.domain.assistant import AUTO
from proxy.domain.catalog import Catalog
from proxy.domain.verdict import Advice, Verdict


def advise(asked: tuple[str, ...], verdict: Verdict, catalog: Catalog, continued: str | None = None) -> Advice:
    """The assistant that was asked for by name, for `auto` the one that the conversation stays with (`continued`), the
    recommended or else the default one, for models none.

    A recommended or default assistant that is disabled or gone is passed over; one asked for by name is not: policy
    then refuses it under that name.
    """
    name = asked[0] if len(asked) == 1 else None
    if name == AUTO:
        return Advice(continued, "continued") if _is_enabled(continued, catalog) else _advise_auto(verdict, catalog)
    if name in catalog.assistants:
        return Advice(name, "asked")
    return Advice(None, "none")


def _advise_auto(verdict: Verdict, catalog: Catalog) -> Advice:
    if _is_enabled(verdict.recommended_assistant, catalog):
        return Advice(verdict.recommended_assistant, "recommended")
    if _is_enabled(catalog.policy.default_assistant, catalog):
        return Advice(catalog.policy.default_assistant, "default")
    return Advice(None, "none")


def _is_enabled(assistant_id: str | None, catalog: Catalog) -> bool:
    assistant = catalog.assistants.get(assistant_id) if assistant_id is not None else None
    return assistant is not None and assistant.enabled
