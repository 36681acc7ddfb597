"""How models and providers fare: what the health board knows beside what the catalog says of each; measures nothing."""

from typing import Final, Literal

from proxy.api.admin.visiting import ADMINS, TAG
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.schemas import Told
from proxy.domain.catalog import Model, Provider
from proxy.domain.decision import Health, ModelHealth
from proxy.domain.health import HealthReport, Phase, Trouble, Vitals

_WELL: Final = ModelHealth()
_UNTRIED: Final = Vitals()


class BreakerView(Told):
    """`closed`: calls pass. `open`: none does until `retry_at_ms`. `half_open`: one at a time does, to see. `why` is what
    opened it last, until it is wholly well again; `since_ms` when the present phase began."""

    phase: Phase
    since_ms: int | None
    why: Trouble | None
    retry_at_ms: int | None


class ModelHealthView(Told):
    """`score` (0 to 1) and `open` are what decisions go by; `slow`: open for slowness alone, and the last candidate is spared.

    Recent figures halve every half minute: `attempts` is how many weigh in, `success_share` how many of them were answered,
    time to first token and speed are of streams. null: nothing recent is known.
    """

    id: str
    provider_id: str
    active: bool
    score: float
    open: bool
    slow: bool
    breaker: BreakerView
    attempts: float
    success_share: float
    ttft_ms: int | None
    tokens_per_s: float | None
    heard_at_ms: int | None


class ProviderHealthView(Told):
    """`down`: it cannot be reached, or refuses our key or our credit; `breaker.why` says which."""

    id: str
    name: str
    status: Literal["active", "disabled"]
    down: bool
    breaker: BreakerView
    concurrency_max: int


class HealthView(Told):
    """As this gateway sees it: each keeps its own."""

    ready: bool
    catalog_revision: str
    providers: list[ProviderHealthView]
    models: list[ModelHealthView]


async def _health(visit: Visit) -> Answer:
    catalog, board = visit.services.catalog.current(), visit.services.health
    health, report = board.snapshot(), board.report()
    return HealthView(
        ready=visit.services.is_ready() and visit.services.timekeeping.doubt is None,
        catalog_revision=catalog.revision,
        providers=[_provider(provider, health, report) for provider in catalog.providers.values()],
        models=[_model(model, health, report) for model in catalog.models.values()],
    )


def _provider(provider: Provider, health: Health, report: HealthReport) -> ProviderHealthView:
    return ProviderHealthView(
        id=provider.id,
        name=provider.name,
        status=provider.status,
        down=provider.id in health.down_until_ms,
        breaker=_breaker(report.providers.get(provider.id, _UNTRIED)),
        concurrency_max=provider.concurrency_max,
    )


def _model(model: Model, health: Health, report: HealthReport) -> ModelHealthView:
    seen, vitals = health.models.get(model.id, _WELL), report.models.get(model.id, _UNTRIED)
    return ModelHealthView(
        id=model.id,
        provider_id=model.provider_id,
        active=model.active,
        score=seen.score,
        open=seen.open,
        slow=seen.slow,
        breaker=_breaker(vitals),
        attempts=vitals.attempts,
        success_share=vitals.success_share,
        ttft_ms=vitals.ttft_ms,
        tokens_per_s=vitals.tokens_per_s,
        heard_at_ms=vitals.heard_at_ms,
    )


def _breaker(vitals: Vitals) -> BreakerView:
    return BreakerView(phase=vitals.phase, since_ms=vitals.since_ms, why=vitals.why, retry_at_ms=vitals.retry_at_ms)


ENDPOINTS: Final = (
    Endpoint("GET", "/api/admin/health", _health, ADMINS, "How models and providers fare now", TAG, answer=HealthView),
)
