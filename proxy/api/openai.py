"""`/v1` beside chat: what the caller may name as `model`, in OpenAI's shape; shows credits, never a raw cost or multiplier."""

from typing import Annotated, Final, Literal

from pydantic import Field

from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.menu import Offer, menu
from proxy.api.schemas import Queries, Told
from proxy.api.terms import plan_in_force
from proxy.domain.errors import Refusal

TAG: Final = "OpenAI"


class ModelsQueries(Queries):
    include: Annotated[
        Literal["unavailable"] | None,
        Field(description="`unavailable` adds what the caller may not call, with the reason and the plan that opens it."),
    ] = None


class ModelList(Told):
    object: Literal["list"] = "list"
    data: list[Offer]


async def list_models(visit: Visit) -> Answer:
    include = visit.queries_as(ModelsQueries).include
    return ModelList(data=[offer for offer in _menu(visit) if offer.available or include == "unavailable"])


async def show_model(visit: Visit) -> Answer:
    name = visit.path("id")
    found = next((offer for offer in _menu(visit) if offer.available and offer.id == name), None)
    if found is not None:
        return found
    message = "No model of this name exists or is open to you; GET /v1/models lists those that are."
    return Refusal("model_not_found", message, param="model")


def _menu(visit: Visit) -> list[Offer]:
    catalog = visit.services.catalog.current()
    plan = plan_in_force(visit.caller, catalog, visit.services.clock.now_ms())
    return menu(catalog, plan, visit.caller.key.model_scope)


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(
        "GET",
        "/v1/models",
        list_models,
        ("user", "app"),
        "What the caller may name as `model`",
        TAG,
        queries=ModelsQueries,
        answer=ModelList,
    ),
    Endpoint("GET", "/v1/models/{id:path}", show_model, ("user", "app"), "One of those names", TAG, answer=Offer),
)
