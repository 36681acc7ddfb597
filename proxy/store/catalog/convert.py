"""Typed rows in, the domain's values out: units made whole, globs expanded, defaults inherited; the rows are right already."""

from collections.abc import Callable, Mapping
from typing import Final

from proxy.domain.abuse import POINTS, AbuseRules
from proxy.domain.assistant import Assistant, Budget, Preference
from proxy.domain.catalog import Alias, Catalog, Model, Provider, Timeouts
from proxy.domain.dialect import lacks
from proxy.domain.money import Prices, PriceTier
from proxy.domain.picture import ImagePrice, Picture
from proxy.domain.plan import Allowance, Plan, Rate
from proxy.domain.policy import PolicyTable, SecondNet, Weights
from proxy.domain.standing import Cap
from proxy.domain.value import replace
from proxy.domain.verdict import RuleBook
from proxy.store.catalog.cells import scaled
from proxy.store.catalog.learned_rows import learned_of
from proxy.store.catalog.names import expand
from proxy.store.catalog.parse import Parsed
from proxy.store.catalog.policy_rows import POLICY_ID, AbuseRow, PolicyRow, SecondNetRow
from proxy.store.catalog.rows import (
    AssistantRow,
    CeilingRow,
    CreditPricesRow,
    ModelRow,
    PlanRow,
    PricesRow,
    ProviderRow,
    TimeoutsRow,
)
from proxy.store.catalog.sheet import digest

NANO: Final = 10**9
MILLION: Final = 10**6
MILLI: Final = 10**3
PPM_PER_PERCENT: Final = 10**4
_DEFAULT_TIMEOUTS: Final = Timeouts()


def catalog_of(
    parsed: Parsed, revision: str, base_urls: Mapping[str, str], rules: RuleBook, ceilings: tuple[Cap, ...]
) -> Catalog:
    """The snapshot of rows in which `check` found nothing."""
    policy = parsed.policies[POLICY_ID]
    return Catalog(
        revision=revision,
        milli_credits_per_dollar=scaled(policy.credits_per_dollar, MILLI),
        providers={row.id: _provider(row, base_urls.get(row.id)) for row in parsed.providers.values()},
        models={row.id: _model(row, parsed.providers[row.provider_id]) for row in parsed.models.values()},
        aliases={row.id: Alias(row.id, expand(row.models, parsed.models)) for row in parsed.aliases.values()},
        assistants={row.id: _assistant(row, parsed.models) for row in parsed.assistants.values()},
        plans={row.id: _plan(row, parsed.models) for row in parsed.plans.values()},
        policy=_policy(policy),
        rules=rules,
        ceilings=ceilings,
        learned=learned_of(parsed.learned, digest([row.model_dump(mode="json") for row in parsed.learned])),
    )


def ceiling_of(row: CeilingRow) -> Cap:
    """A ceiling as the cap it is, in nano-USD a day."""
    return Cap(scope=row.scope, window="day", limit=scaled(row.dollars_per_day, NANO), unit="nano_usd")


def _provider(row: ProviderRow, base_url: str | None) -> Provider:
    return Provider(
        id=row.id,
        name=row.name,
        base_url=(base_url or row.base_url).rstrip("/"),
        dialect=row.dialect,
        status=row.status,
        # The provider's key is nothing for whoever stands in for the provider.
        key_variable=row.key_variable if base_url is None else None,
        headers=row.headers,
        routing=row.routing,
        passes_unknown=row.passes_unknown,
        output_bound=row.output_bound,
        private_network=row.private_network or base_url is not None,
        concurrency_max=row.concurrency_max,
        transport=row.transport,
    )


def _model(row: ModelRow, provider: ProviderRow) -> Model:
    return Model(
        id=row.id,
        name=row.name or row.id,
        family=row.family,
        provider_id=provider.id,
        upstream_name=row.upstream_name or row.id.split("/", 1)[1],
        context_tokens_max=row.context_tokens_max,
        output_tokens_max=row.output_tokens_max,
        kind=row.kind,
        active=row.active,
        hidden=row.hidden,
        output_tokens_min=min(row.output_tokens_min, row.output_tokens_max),
        modalities=tuple(row.modalities),
        tools=row.tools,
        json_schema=row.json_schema,
        thinking=row.thinking,
        lacks=lacks(provider.dialect, row.thinking, row.prefill, row.json_schema, (*provider.lacks, *row.lacks)),
        hidden_output=row.hidden_output,
        stops_billing_on_close=row.stops_billing_on_close,
        prefill=row.prefill,
        tiers=_tiers(row),
        images=_images(row),
        free=row.free,
        latency_tier=row.latency_tier,
        quality=row.quality,
        tags=tuple(row.tags),
        risks=tuple(row.risks),
        tokens_per_byte_max=row.tokens_per_byte_max,
        tokens_per_byte_min=row.tokens_per_byte_min,
        image_tokens=row.image_tokens,
        vocabulary=row.vocabulary,
        timeouts=_timeouts(row.timeouts, provider.timeouts, row.kind),
    )


def _tiers(row: ModelRow) -> tuple[PriceTier, ...]:
    if row.prices is None and not row.images:
        return ()
    above = (PriceTier(tier.input_tokens_min, _prices(tier, NANO)) for tier in row.tiers)
    base = _prices(row.prices or PricesRow(), NANO)
    # Where images are priced by size, the first is the usual one.
    usual = replace(base, image=_images(row)[0].image) if row.images else base
    return (PriceTier(0, usual), *above)


def _images(row: ModelRow) -> tuple[ImagePrice, ...]:
    return tuple(ImagePrice(Picture(i.size, i.quality), scaled(i.price, NANO * MILLION)) for i in row.images)


def _prices(row: PricesRow | CreditPricesRow, unit: int) -> Prices:
    def amount(text: str | None, otherwise: str | None, per: int = 1) -> int:
        given = text if text is not None else otherwise
        return 0 if given is None else scaled(given, unit * per)

    return Prices(
        input=amount(row.input, None),
        cached_input=amount(row.cached_input, row.input),
        cache_write=amount(row.cache_write, row.input),
        output=amount(row.output, None),
        reasoning=amount(row.reasoning, row.output),
        image=amount(row.image, None, MILLION),
        request=amount(row.request, None, MILLION),
    )


def _timeouts(own: TimeoutsRow, providers: TimeoutsRow, kind: str) -> Timeouts:
    # Texts and images take long to write; vectors do not.
    default = _DEFAULT_TIMEOUTS
    whole_ms = default.whole_ms if kind in ("chat", "image") else default.first_byte_ms

    def first(pick: Callable[[TimeoutsRow], int | None], otherwise: int) -> int:
        return pick(own) or pick(providers) or otherwise

    return Timeouts(
        connect_ms=first(lambda row: row.connect_ms, default.connect_ms),
        first_byte_ms=first(lambda row: row.first_byte_ms, default.first_byte_ms),
        whole_ms=first(lambda row: row.whole_ms or row.first_byte_ms, whole_ms),
        idle_ms=first(lambda row: row.idle_ms, default.idle_ms),
        total_ms=first(lambda row: row.total_ms, default.total_ms),
    )


def _assistant(row: AssistantRow, models: Mapping[str, ModelRow]) -> Assistant:
    chain = expand(row.preferences, models)
    return Assistant(
        id=row.id,
        name=row.name,
        family=row.family,
        task_types=tuple(row.task_types),
        preferences=tuple(Preference(model_id, float(row.weights.get(model_id, 1.0))) for model_id in chain),
        ordered=row.order == "ordered",
        system_prompt=row.system_prompt,
        output_tokens_max=row.output_tokens_max,
        enabled=row.enabled,
        rescue=row.rescue,
        plans=tuple(row.plans),
        budgets=tuple(Budget(b.window, scaled(b.credits, MILLI)) for b in row.budgets),
    )


def _is_open_on(model: ModelRow, plan_id: str) -> bool:
    """Whether a plan that lists the model has it at this stage of its being made known."""
    return not model.hidden and (not model.plans or plan_id in model.plans)


def _plan(row: PlanRow, models: Mapping[str, ModelRow]) -> Plan:
    return Plan(
        id=row.id,
        name=row.name,
        allowances=tuple(Allowance(a.window, scaled(a.credits, MILLI), a.family) for a in row.allowances),
        models=tuple(id for id in expand(row.models, models) if _is_open_on(models[id], row.id)),
        context_tokens_max=row.context_tokens_max,
        output_tokens_default=row.output_tokens_default,
        concurrency_max=row.concurrency_max,
        n_max=row.n_max,
        multiplier_ppm=scaled(row.multiplier, MILLION),
        family_multipliers_ppm={family: scaled(text, MILLION) for family, text in row.family_multipliers.items()},
        credit_prices={family: _prices(prices, MILLI) for family, prices in row.credit_prices.items()},
        rates={name: Rate(rate.requests, rate.period_s) for name, rate in row.rates.items()},
        rescue=row.rescue,
        rank=row.rank,
        mode=row.mode,
    )


def _policy(row: PolicyRow) -> PolicyTable:
    return PolicyTable(
        modes={mode: Weights(w.quality, w.cost, w.latency, w.health) for mode, w in row.modes.items()},
        default_mode=row.default_mode,
        default_assistant=row.default_assistant,
        actions=row.actions,
        action_messages=row.action_messages,
        plan_actions=row.plan_actions,
        assistant_actions=row.assistant_actions,
        step_down_below_ppm=row.step_down_below_percent * PPM_PER_PERCENT,
        hold_lead_tokens=row.hold_lead_tokens,
        attempts_max=row.attempts_max,
        retries_per_model_max=row.retries_per_model_max,
        deadline_ms=row.deadline_ms,
        free_calls_hourly_max=row.free_calls_hourly_max,
        rescue=row.rescue,
        abuse=_abuse(row.abuse),
        second_net=_second_net(row.second_net),
    )


def _second_net(row: SecondNetRow | None) -> SecondNet | None:
    if row is None or not row.enabled:
        return None
    return SecondNet(row.model, row.blocking, row.limit_ms, row.flagged, row.cleared)


def _abuse(row: AbuseRow) -> AbuseRules:
    plain = row.model_dump(exclude={"points", "surge_credits"})
    return AbuseRules(points={**POINTS, **row.points}, surge_milli=scaled(row.surge_credits, MILLI), **plain)
