"""Whom to probe: the catalog, what is known of its models and when each was probed in, one model or none out; asks nobody.

A probe costs the operator money, so it goes only where calls tell nothing, and never to a model whose bill could surprise.
"""

from collections.abc import Container, Mapping
from typing import Final

from proxy.domain.catalog import Catalog, Model
from proxy.domain.health import HealthReport, Vitals
from proxy.domain.money import prices_at, raw_cost_nano_usd, worst_usage
from proxy.domain.value import dataclass

# What a probe may cost at most by its model's prices: a tenth of a cent.
PROBE_NANO_USD_MAX: Final = 1_000_000
PROBE_INPUT_TOKENS_MAX: Final = 100
PROBE_OUTPUT_TOKENS_MIN: Final = 16
_UNTRIED: Final = Vitals()


@dataclass(frozen=True, slots=True)
class Silence:
    """How long nothing may be heard of a model before it is probed, in milliseconds, and since when this process listens."""

    bound_ms: int
    since_ms: int

    def is_over(self, last_ms: int, now_ms: int) -> bool:
        return now_ms - max(last_ms, self.since_ms) >= self.bound_ms


def due(
    catalog: Catalog,
    report: HealthReport,
    reachable: Container[str],
    probed_at_ms: Mapping[str, int],
    silence: Silence,
    now_ms: int,
) -> Model | None:
    """The model that was silent longest, beyond the bound; None when nobody needs a probe. `reachable` are the providers that
    we have a key for, or that ask for none."""
    silent = []
    for model in catalog.models.values():
        heard_at_ms = report.models.get(model.id, _UNTRIED).heard_at_ms or 0
        last_ms = max(heard_at_ms, probed_at_ms.get(model.id, 0))
        if silence.is_over(last_ms, now_ms) and _may_be_probed(model, catalog, reachable) and not _is_open(model, report):
            silent.append((last_ms, model.id))
    return catalog.models[min(silent)[1]] if silent else None


def output_tokens(model: Model) -> int:
    """How much a probe asks for: as little as the model will write."""
    return max(model.output_tokens_min, PROBE_OUTPUT_TOKENS_MIN)


def _may_be_probed(model: Model, catalog: Catalog, reachable: Container[str]) -> bool:
    provider = catalog.providers[model.provider_id]
    is_callable = model.active and provider.status == "active" and provider.id in reachable and bool(model.tiers)
    return is_callable and model.kind == "chat" and not _may_surprise(model)


def _may_surprise(model: Model) -> bool:
    # Hidden thoughts are billed and not bounded by what is asked for everywhere, and a price per request has no small call.
    if model.hidden_output or prices_at(model.tiers, 0).request:
        return True
    worst = worst_usage(model.tiers, PROBE_INPUT_TOKENS_MAX, output_tokens(model))
    return raw_cost_nano_usd(model.tiers, worst) > PROBE_NANO_USD_MAX


def _is_open(model: Model, report: HealthReport) -> bool:
    seen = (report.models.get(model.id, _UNTRIED), report.providers.get(model.provider_id, _UNTRIED))
    return any(vitals.phase == "open" for vitals in seen)
