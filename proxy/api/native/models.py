"""`GET /api/ai/models`: the caller's names grouped for a picker; locked ones stand beside the plan that opens them."""

from typing import Final

from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.menu import Offer, menu, model_offer, sights
from proxy.api.schemas import Told
from proxy.api.terms import plan_in_force
from proxy.domain.assistant import Assistant


class AssistantOffer(Told):
    """A family of tasks with its models in order of preference, locked ones too; null `unlocked_by`: no plan opens it."""

    id: str
    name: str
    family: str
    task_types: tuple[str, ...]
    available: bool
    reason: str | None
    why: str | None
    unlocked_by: str | None
    models: list[Offer]


class Picker(Told):
    """`default` handles `auto` where the prompt recommends nobody."""

    default: str
    assistants: list[AssistantOffer]
    aliases: list[Offer]
    models: list[Offer]


async def pick_models(visit: Visit) -> Answer:
    catalog = visit.services.catalog.current()
    plan = plan_in_force(visit.caller, catalog, visit.services.clock.now_ms())
    scope = visit.caller.key.model_scope
    seen = sights(catalog, plan, scope).values()
    # A picker is for chats; what is called elsewhere stands in GET /v1/models.
    models = {s.model.id: model_offer(s, catalog, plan) for s in seen if s.model.kind == "chat"}
    offers = {offer.id: offer for offer in menu(catalog, plan, scope)}
    return Picker(
        default=catalog.policy.default_assistant,
        assistants=[_offered(a, offers[a.id], models) for a in catalog.assistants.values() if a.id in offers],
        aliases=[offer for offer in offers.values() if offer.type == "alias" and offer.kind == "chat"],
        models=list(models.values()),
    )


def _offered(assistant: Assistant, offer: Offer, models: dict[str, Offer]) -> AssistantOffer:
    return AssistantOffer(
        id=assistant.id,
        name=assistant.name,
        family=assistant.family,
        task_types=assistant.task_types,
        available=offer.available,
        reason=offer.reason,
        why=offer.why,
        unlocked_by=offer.unlocked_by,
        models=[models[p.model_id] for p in assistant.preferences if p.model_id in models],
    )


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint("GET", "/api/ai/models", pick_models, ("user", "app"), "Assistants and models for a picker", "AI", answer=Picker),
)
