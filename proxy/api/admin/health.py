"""How models and providers fare: the health board's snapshot beside what the catalog says of each; measures nothing."""

from typing import Final, Literal

from proxy.api.admin.visiting import ADMINS, TAG
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.schemas import Told
from proxy.domain.catalog import Provider
from proxy.domain.decision import Health, ModelHealth

UNTRIED: Final = ModelHealth()


class ModelHealthView(Told):
    """`score` is 0 to 1. An open breaker refuses calls until `retry_at_ms`."""

    id: str
    provider_id: str
    active: bool
    score: float
    open: bool
    retry_at_ms: int | None


class ProviderHealthView(Told):
    """`down`: the provider refuses our key or our credit."""

    id: str
    name: str
    status: Literal["active", "disabled"]
    down: bool
    concurrency_max: int


class HealthView(Told):
    ready: bool
    catalog_revision: str
    providers: list[ProviderHealthView]
    models: list[ModelHealthView]


async def _health(visit: Visit) -> Answer:
    catalog, health = visit.services.catalog.current(), visit.services.health.snapshot()
    models = []
    for model in catalog.models.values():
        seen = health.models.get(model.id, UNTRIED)
        models.append(
            ModelHealthView(
                id=model.id,
                provider_id=model.provider_id,
                active=model.active,
                score=seen.score,
                open=seen.open,
                retry_at_ms=seen.retry_at_ms,
            )
        )
    return HealthView(
        ready=visit.services.is_ready() and visit.services.timekeeping.doubt is None,
        catalog_revision=catalog.revision,
        providers=[_provider(provider, health) for provider in catalog.providers.values()],
        models=models,
    )


def _provider(provider: Provider, health: Health) -> ProviderHealthView:
    return ProviderHealthView(
        id=provider.id,
        name=provider.name,
        status=provider.status,
        down=provider.id in health.down,
        concurrency_max=provider.concurrency_max,
    )


ENDPOINTS: Final = (
    Endpoint("GET", "/api/admin/health", _health, ADMINS, "How models and providers fare now", TAG, answer=HealthView),
)
