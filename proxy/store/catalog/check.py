"""Typed rows in, every mistake they make together out: missing names, clashing names, prices nobody set; mends nothing."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Final, get_args

from proxy.domain.desk import CatalogKind
from proxy.domain.dialect import Dialect
from proxy.domain.usage import Kind
from proxy.domain.verdict import Risk, RuleBook
from proxy.store.catalog.cells import CHOICES_MAX, MULTIPLIER_MAX, scaled
from proxy.store.catalog.mistakes import Mistake
from proxy.store.catalog.names import expand, matching
from proxy.store.catalog.parse import Parsed
from proxy.store.catalog.policy_rows import POLICY_ID
from proxy.store.catalog.rows import RESERVED_NAMES, ModelRow, PlanRow, PricesRow
from proxy.store.catalog.rules import RULES_FILE

# A chain holds at most 16 candidates (contract 4); a longer list would be cut where nobody sees it.
CHAIN_MODELS_MAX: Final = 16
# More than a body of requests can spell; what a model's row says of its context does not bound what is sized.
INPUT_TOKENS_MAX: Final = 100_000_000
# Amounts are recorded as 64 bits with a sign.
_COUNTED_MAX: Final = 2**62
_ONE_WAY_TO_THINK: Final[tuple[Dialect, ...]] = ("openai", "openrouter")
_ZERO: Final = "is zero; a price of nothing needs free = true in an operator's file"
_PATH_SEGMENT: Final = re.compile(r"[A-Za-z0-9._-]+")
# The classes a provider bills at all, by kind of model; a kind not named here must price at least one class.
BILLED: Final[dict[Kind, tuple[str, ...]]] = {"chat": ("input", "output"), "embedding": ("input",), "image": ("image",)}
# The classes that mean nothing for a kind: vectors are no output, and an image is billed by the piece.
UNBILLED: Final[dict[Kind, tuple[str, ...]]] = {
    "embedding": ("output", "reasoning", "image"),
    "image": ("output", "reasoning"),
}


def check(parsed: Parsed) -> list[Mistake]:
    """All that is wrong with the rows as a whole."""
    return [mistake for find in _CHECKS for mistake in find(parsed)]


def check_rules(rules: RuleBook, parsed: Parsed) -> list[Mistake]:
    """What the precheck rules and the catalog say of each other that is not so."""
    mistakes = [
        Mistake(RULES_FILE, f"assistants.{family}", f"there is no assistant {assistant_id!r}; add it or name another")
        for family, assistant_id in rules.assistants.items()
        if not parsed.knows("assistant", assistant_id)
    ]
    known = {*get_args(Risk), *rules.risks, *(rule.value for rule in rules.rules)}
    for policy in parsed.policies.values():
        tables: dict[str, Iterable[str]] = {"actions": policy.actions}
        tables |= {f"plan_actions.{plan_id}": actions for plan_id, actions in policy.plan_actions.items()}
        tables |= {f"assistant_actions.{assistant_id}": actions for assistant_id, actions in policy.assistant_actions.items()}
        for where, name in [(where, name) for where, names in tables.items() for name in names if name not in known]:
            message = f"is neither a risk level nor a hazard of {RULES_FILE}; remove it or add the hazard there"
            mistakes.append(parsed.mistake("policy", POLICY_ID, f"{where}.{name}", message))
    return mistakes


def _actions_are_for_what_exists(parsed: Parsed) -> Iterator[Mistake]:
    for policy in parsed.policies.values():
        owners: dict[CatalogKind, Iterable[str]] = {"plan": policy.plan_actions, "assistant": policy.assistant_actions}
        for kind, name in [(kind, name) for kind, names in owners.items() for name in names]:
            if not parsed.knows(kind, name):
                message = f"there is no {kind} {name!r}; add it or remove its actions"
                yield parsed.mistake("policy", POLICY_ID, f"{kind}_actions.{name}", message)


def _second_net_is_served(parsed: Parsed) -> Iterator[Mistake]:
    for policy in parsed.policies.values():
        net = policy.second_net
        model = None if net is None else parsed.models.get(net.model)
        if net is None or ("model", net.model) in parsed.broken:
            continue
        if model is None or model.kind != "moderation":
            yield parsed.mistake(
                "policy", POLICY_ID, "second_net.model", "must be a model of kind moderation; add it or name another"
            )
            continue
        provider = parsed.providers.get(model.provider_id)
        if provider is not None and provider.dialect != "openai":
            message = f"is served in dialect {provider.dialect!r}, which has no words for moderation; only 'openai' does"
            yield parsed.mistake("policy", POLICY_ID, "second_net.model", message)


def _stages_name_plans(parsed: Parsed) -> Iterator[Mistake]:
    staged: list[tuple[CatalogKind, str, list[str]]] = [("assistant", row.id, row.plans) for row in parsed.assistants.values()]
    staged += [("model", row.id, row.plans) for row in parsed.models.values()]
    for kind, name, plans in staged:
        for number, plan_id in enumerate(plans):
            if not parsed.knows("plan", plan_id):
                yield parsed.mistake(kind, name, f"plans[{number}]", f"there is no plan {plan_id!r}")


def _one_policy(parsed: Parsed) -> Iterator[Mistake]:
    if not parsed.knows("policy", POLICY_ID):
        yield Mistake("policy.toml", "policy", "is missing; write a [policy] table with at least credits_per_dollar")
    for policy in parsed.policies.values():
        if not parsed.knows("assistant", policy.default_assistant):
            message = f"there is no assistant {policy.default_assistant!r}; add it or name another"
            yield parsed.mistake("policy", POLICY_ID, "default_assistant", message)
        elif not _is_enabled(parsed, policy.default_assistant):
            message = f"assistant {policy.default_assistant!r} is disabled, so `auto` would lack it; enable it or name another"
            yield parsed.mistake("policy", POLICY_ID, "default_assistant", message)
        if scaled(policy.credits_per_dollar, 1_000) == 0:
            message = "is zero, so every call would cost nothing; write what a dollar is worth in credits"
            yield parsed.mistake("policy", POLICY_ID, "credits_per_dollar", message)


def _is_enabled(parsed: Parsed, assistant_id: str) -> bool:
    """True too where its own row is wrong, which speaks for itself."""
    row = parsed.assistants.get(assistant_id)
    return row is None or row.enabled


def _names_are_unique_together(parsed: Parsed) -> Iterator[Mistake]:
    for alias_id in parsed.aliases:
        if parsed.knows("assistant", alias_id):
            yield parsed.mistake("alias", alias_id, "id", "is an assistant's id already; rename one of them")
    named: list[tuple[CatalogKind, str]] = [("alias", name) for name in parsed.aliases]
    named += [("assistant", name) for name in parsed.assistants]
    for kind, name in named:
        if name in RESERVED_NAMES:
            yield parsed.mistake(kind, name, "id", "is a reserved name; choose another")


def _models_are_served(parsed: Parsed) -> Iterator[Mistake]:
    for model in parsed.models.values():
        if not parsed.knows("provider", model.provider_id):
            message = f"there is no provider {model.provider_id!r}; add a [[provider]] or set provider"
            yield parsed.mistake("model", model.id, "provider", message)


def _models_fit_their_dialect(parsed: Parsed) -> Iterator[Mistake]:
    for model in parsed.models.values():
        provider = parsed.providers.get(model.provider_id)
        if provider is None:
            continue
        if model.thinking is not None and provider.dialect in _ONE_WAY_TO_THINK:
            message = f"means nothing in dialect {provider.dialect!r}, where `reasoning_effort` passes as it is; remove it"
            yield parsed.mistake("model", model.id, "thinking", message)
        name = model.upstream_name or model.id.split("/", 1)[1]
        if provider.dialect == "gemini" and not _PATH_SEGMENT.fullmatch(name):
            message = "stands in a path of dialect 'gemini': letters, digits, . _ and - only"
            yield parsed.mistake("model", model.id, "upstream_name", message)


def _models_are_priced(parsed: Parsed) -> Iterator[Mistake]:
    for model in parsed.models.values():
        yield from _images_are_real(parsed, model)
        if model.prices is None:
            if model.active and not model.images:
                yield parsed.mistake("model", model.id, "prices", "are missing; set them, or active = false")
            continue
        named: list[tuple[str, PricesRow]] = [("prices", model.prices)]
        named += [(f"tiers[{number}]", tier) for number, tier in enumerate(model.tiers)]
        for key, prices in named:
            yield from _prices_are_real(parsed, model, key, prices)


def _prices_are_real(parsed: Parsed, model: ModelRow, key: str, prices: PricesRow) -> Iterator[Mistake]:
    given = {name: getattr(prices, name) for name in PricesRow.model_fields if getattr(prices, name) is not None}
    for name in BILLED.get(model.kind, ()):
        if name not in given and not model.images:
            unit = "an image" if name == "image" else "per million tokens"
            yield parsed.mistake("model", model.id, f"{key}.{name}", f"is missing; set it in dollars {unit}")
    if not given:
        yield parsed.mistake("model", model.id, key, "name no price at all; set at least one")
    for name in UNBILLED.get(model.kind, ()):
        if name in given:
            yield parsed.mistake("model", model.id, f"{key}.{name}", f"means nothing for kind {model.kind!r}; remove it")
    for name, text in given.items():
        if scaled(text, 10**9) == 0 and not model.free:
            yield parsed.mistake("model", model.id, f"{key}.{name}", _ZERO)


def _bills_can_be_counted(parsed: Parsed) -> Iterator[Mistake]:
    worth = max((scaled(policy.credits_per_dollar, 1_000) for policy in parsed.policies.values()), default=0)
    # What a dollar of raw cost can become at most, whatever plan or override multiplies it; the raw cost itself is counted too.
    units_per_nano = max(Fraction(MULTIPLIER_MAX * worth, 10**9), Fraction(1))
    for model in parsed.models.values():
        tokens = INPUT_TOKENS_MAX + CHOICES_MAX * model.output_tokens_max
        for key, nano in _dearest(model, tokens):
            if nano * units_per_nano >= _COUNTED_MAX:
                message = "can make one call so dear that no book can count it; lower them, or credits_per_dollar of the policy"
                yield parsed.mistake("model", model.id, key, message)


def _dearest(model: ModelRow, tokens: int) -> Iterator[tuple[str, int]]:
    """What one call can cost at most by each table of prices, in nano-USD."""
    tables = [("prices", model.prices), *((f"tiers[{number}]", tier) for number, tier in enumerate(model.tiers))]
    for key, prices in tables:
        if prices is not None:
            by_token = [prices.input, prices.cached_input, prices.cache_write, prices.output, prices.reasoning]
            dearest = max(map(_nano, by_token))
            yield key, dearest * tokens // 10**6 + _nano(prices.image) * CHOICES_MAX + _nano(prices.request)
    if model.images:
        yield "images", max(_nano(image.price) for image in model.images) * CHOICES_MAX


def _nano(text: str | None) -> int:
    return scaled(text or "0", 10**9)


def _images_are_real(parsed: Parsed, model: ModelRow) -> Iterator[Mistake]:
    if model.images and (model.tiers or (model.prices is not None and model.prices.image is not None)):
        message = "stand beside another price of images; keep either images or prices.image, and no tiers"
        yield parsed.mistake("model", model.id, "images", message)
    for number, image in enumerate(model.images):
        if scaled(image.price, 10**9) == 0 and not model.free:
            yield parsed.mistake("model", model.id, f"images[{number}].price", _ZERO)


def _lists_name_models(parsed: Parsed) -> Iterator[Mistake]:
    for alias in parsed.aliases.values():
        yield from _wishes(parsed, "alias", alias.id, "models", alias.models)
        yield from _chain(parsed, "alias", alias.id, "models", alias.models)
    for assistant in parsed.assistants.values():
        yield from _wishes(parsed, "assistant", assistant.id, "preferences", assistant.preferences)
        yield from _chain(parsed, "assistant", assistant.id, "preferences", assistant.preferences)
        strangers = set(assistant.weights) - set(expand(assistant.preferences, parsed.models))
        for name in sorted(name for name in strangers if ("model", name) not in parsed.broken):
            message = "is no model of its preferences; name a model's full id"
            yield parsed.mistake("assistant", assistant.id, f"weights.{name}", message)
    for plan in parsed.plans.values():
        yield from _wishes(parsed, "plan", plan.id, "models", plan.models)


def _wishes(parsed: Parsed, kind: CatalogKind, name: str, key: str, wishes: Sequence[str]) -> Iterator[Mistake]:
    for number, wish in enumerate(wishes):
        is_known = parsed.knows("model", wish) or matching(wish, parsed.models)
        # A pattern may have meant only models whose own rows are wrong; those speak for themselves.
        if not is_known and not any(broken == "model" for broken, _ in parsed.broken):
            message = f"{wish!r} names no model; write a model's id, tag:NAME or a glob such as 'openrouter/*'"
            yield parsed.mistake(kind, name, f"{key}[{number}]", message)


def _chain(parsed: Parsed, kind: CatalogKind, name: str, key: str, wishes: Sequence[str]) -> Iterator[Mistake]:
    count = len(expand(wishes, parsed.models))
    if count > CHAIN_MODELS_MAX:
        message = f"name {count} models; a chain has at most {CHAIN_MODELS_MAX}, so name fewer"
        yield parsed.mistake(kind, name, key, message)


def _allowances_have_models(parsed: Parsed) -> Iterator[Mistake]:
    families = {model.family for model in parsed.models.values()}
    for plan in parsed.plans.values():
        for number, allowance in enumerate(plan.allowances):
            # The models of a family may be among those whose own rows are wrong; they speak for themselves.
            if allowance.family in (None, *families) or any(broken == "model" for broken, _ in parsed.broken):
                continue
            message = f"no model is of the family {allowance.family!r}; credits bound to it could never be spent"
            yield parsed.mistake("plan", plan.id, f"allowances[{number}].family", message)


def _plans_charge(parsed: Parsed) -> Iterator[Mistake]:
    for plan in parsed.plans.values():
        if plan.free:
            continue
        for key in _zero_terms(plan):
            message = "is zero; charging nothing needs free = true in an operator's file"
            yield parsed.mistake("plan", plan.id, key, message)


def _plans_charge_images(parsed: Parsed) -> Iterator[Mistake]:
    drawing = {model.family for model in parsed.models.values() if model.kind == "image"}
    for plan in parsed.plans.values():
        for family, prices in plan.credit_prices.items():
            if family in drawing and prices.image is None and not plan.free:
                message = "is missing, but models of this family make images; set it in credits an image"
                yield parsed.mistake("plan", plan.id, f"credit_prices.{family}.image", message)


def _zero_terms(plan: PlanRow) -> Iterator[str]:
    if scaled(plan.multiplier, 10**6) == 0:
        yield "multiplier"
    for family, text in plan.family_multipliers.items():
        if scaled(text, 10**6) == 0:
            yield f"family_multipliers.{family}"
    for family, prices in plan.credit_prices.items():
        for name, text in prices.model_dump(exclude_none=True).items():
            if scaled(text, 1_000) == 0:
                yield f"credit_prices.{family}.{name}"


_CHECKS: Final[tuple[Callable[[Parsed], Iterator[Mistake]], ...]] = (
    _one_policy,
    _actions_are_for_what_exists,
    _second_net_is_served,
    _stages_name_plans,
    _names_are_unique_together,
    _models_are_served,
    _models_fit_their_dialect,
    _models_are_priced,
    _bills_can_be_counted,
    _lists_name_models,
    _allowances_have_models,
    _plans_charge,
    _plans_charge_images,
)
