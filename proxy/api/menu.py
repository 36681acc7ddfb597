"""Everything a caller can name in `model`, and what it may not yet: catalog and terms in, offers with prices in credits
out; never a raw cost, a multiplier, or a word about models that nobody can call."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from proxy.api.schemas import Credits, Told
from proxy.domain.assistant import AUTO, Assistant
from proxy.domain.catalog import Catalog, LatencyTier, Modality, Model
from proxy.domain.decision import Reason
from proxy.domain.money import Charge, PriceTier, Tariff, credits_milli, credits_text
from proxy.domain.picture import ImagePrice
from proxy.domain.plan import Plan, tariff
from proxy.domain.usage import Kind, Usage
from proxy.domain.value import dataclass
from proxy.stages.explain import sentence
from proxy.stages.policy import unlocked_by, visible

OWNER: Final = "signalbox"
MILLION: Final = 10**6
# What nobody can call is answered like what does not exist (contract 8), so no list may tell them apart either.
_UNTOLD: Final = frozenset({"inactive", "unpriced"})

OfferType = Literal["auto", "assistant", "alias", "model"]


class Price(Told):
    """Credits per million tokens of each class, from a number of input tokens on; `image` and `request` are for one."""

    from_input_tokens: int
    input: Credits
    cached_input: Credits
    cache_write: Credits
    output: Credits
    reasoning: Credits
    image: Credits
    request: Credits


class ImageOffer(Told):
    """Credits for one image of this size and quality; null where the model is not told of it. The first is what a request that
    leaves both open gets."""

    size: str | None
    quality: str | None
    credits: Credits


class Offer(Told):
    """One name for `model`, in OpenAI's shape and more. Sizes of a name that stands for several models are those of the
    largest that may be called; its price is that of whichever answers, so none is shown."""

    id: str
    object: Literal["model"] = "model"
    created: Annotated[int, Field(description="Always 0: the catalog keeps no dates.")] = 0
    owned_by: str
    type: OfferType
    kind: Annotated[Kind, Field(description="What it is for: `chat`, `embedding` or `image`, each at an endpoint of its own.")]
    name: str
    family: str | None
    models: Annotated[tuple[str, ...], Field(description="The models that the name stands for, as far as they may be called.")]
    context_window: int
    max_output_tokens: int
    modalities: tuple[Modality, ...]
    tools: bool
    json_schema: bool
    latency_tier: LatencyTier | None
    credits_per_million: tuple[Price, ...]
    credits_per_image: Annotated[tuple[ImageOffer, ...], Field(description="Where images are priced by size and quality.")] = ()
    available: bool
    reason: Annotated[str | None, Field(description="Why it may not be called, as a code.")] = None
    why: Annotated[str | None, Field(description="The same in words.")] = None
    unlocked_by: Annotated[str | None, Field(description="The lowest plan that opens it.")] = None


@dataclass(frozen=True, slots=True)
class Sight:
    """One model as the caller sees it; `reason` says why it may not be called."""

    model: Model
    reason: Reason | None
    unlocked_by: str | None


def sights(catalog: Catalog, plan: Plan, model_scope: tuple[str, ...] | None) -> dict[str, Sight]:
    """The models that this caller may call or may know of, by id, in the catalog's order. `plan` is the one in force."""
    return {
        model.id: Sight(model, reason, _unlocked_by(catalog, model, reason))
        for model, reason in visible(catalog, plan, model_scope)
        if reason is None or reason.code not in _UNTOLD
    }


def _unlocked_by(catalog: Catalog, model: Model, reason: Reason | None) -> str | None:
    # No plan opens what a key may not call.
    return None if reason is None or reason.code == "not_in_key_scope" else unlocked_by(catalog, model.id)


def menu(catalog: Catalog, plan: Plan, model_scope: tuple[str, ...] | None) -> list[Offer]:
    """Every name there is for this caller: `auto`, assistants, aliases, models; each in the catalog's order."""
    seen = sights(catalog, plan, model_scope)
    assistants = [a for a in catalog.assistants.values() if a.is_open_on(plan.id)]
    groups = [
        _auto(assistants, seen),
        *(_of_assistant(assistant, seen) for assistant in assistants),
        *(_group(_Title(a.id, "alias", a.id, None), a.models, seen) for a in catalog.aliases.values()),
    ]
    return [*(group for group in groups if group is not None), *(model_offer(s, catalog, plan) for s in seen.values())]


def model_offer(sight: Sight, catalog: Catalog, plan: Plan) -> Offer:
    """One model. What is locked is priced as in the plan that opens it."""
    model = sight.model
    payer = catalog.plans[sight.unlocked_by] if sight.reason is not None and sight.unlocked_by is not None else plan
    terms = tariff(payer, model.family, catalog.milli_credits_per_dollar)
    return Offer(
        id=model.id,
        owned_by=model.provider_id,
        type="model",
        kind=model.kind,
        name=model.name,
        family=model.family,
        models=(model.id,),
        context_window=model.context_tokens_max,
        max_output_tokens=model.output_tokens_max,
        modalities=model.modalities,
        tools=model.tools,
        json_schema=model.json_schema,
        latency_tier=model.latency_tier,
        credits_per_million=_prices(model, terms),
        credits_per_image=tuple(_image(model, image, terms) for image in model.images),
        available=sight.reason is None,
        reason=None if sight.reason is None else sight.reason.code,
        why=None if sight.reason is None else sentence(sight.reason),
        unlocked_by=sight.unlocked_by,
    )


@dataclass(frozen=True, slots=True)
class _Title:
    id: str
    type: OfferType
    name: str
    family: str | None


def _auto(assistants: Iterable[Assistant], seen: Mapping[str, Sight]) -> Offer | None:
    """`auto` may come out at any assistant, so it stands for what all of them stand for."""
    ids = dict.fromkeys(p.model_id for assistant in assistants for p in assistant.preferences)
    return _group(_Title(AUTO, "auto", "Auto", None), ids, seen)


def _of_assistant(assistant: Assistant, seen: Mapping[str, Sight]) -> Offer | None:
    title = _Title(assistant.id, "assistant", assistant.name, assistant.family)
    return _group(title, (p.model_id for p in assistant.preferences), seen)


def _group(title: _Title, model_ids: Iterable[str], seen: Mapping[str, Sight]) -> Offer | None:
    members = [seen[model_id] for model_id in model_ids if model_id in seen]
    if not members:
        return None
    callable_now = [member for member in members if member.reason is None]
    shown = [member.model for member in callable_now or members]
    locked = None if callable_now else next((m for m in members if m.unlocked_by), members[0])
    return Offer(
        id=title.id,
        owned_by=OWNER,
        type=title.type,
        kind=shown[0].kind,
        name=title.name,
        family=title.family,
        models=tuple(model.id for model in shown),
        context_window=max(model.context_tokens_max for model in shown),
        max_output_tokens=max(model.output_tokens_max for model in shown),
        modalities=tuple(dict.fromkeys(modality for model in shown for modality in model.modalities)),
        tools=any(model.tools for model in shown),
        json_schema=any(model.json_schema for model in shown),
        latency_tier=None,
        credits_per_million=(),
        available=locked is None,
        reason=None if locked is None or locked.reason is None else locked.reason.code,
        why=None if locked is None or locked.reason is None else sentence(locked.reason),
        unlocked_by=None if locked is None else locked.unlocked_by,
    )


def _prices(model: Model, terms: Tariff) -> tuple[Price, ...]:
    # A plan's own credit prices do not ask how long the prompt is.
    tiers = model.tiers if terms.credit_prices is None else model.tiers[:1]
    return tuple(_price(tier, terms) for tier in tiers)


def _image(model: Model, image: ImagePrice, terms: Tariff) -> ImageOffer:
    charge = Charge(model.tiers_for(image.picture), terms, Usage(images=1, requests=0))
    return ImageOffer(size=image.picture.size, quality=image.picture.quality, credits=credits_text(credits_milli([charge])))


def _price(tier: PriceTier, terms: Tariff) -> Price:
    def cost(used: Usage) -> str:
        return credits_text(credits_milli([Charge((tier,), terms, used)]))

    return Price(
        from_input_tokens=tier.input_tokens_min,
        input=cost(Usage(input=MILLION, requests=0)),
        cached_input=cost(Usage(cached_input=MILLION, requests=0)),
        cache_write=cost(Usage(cache_write=MILLION, requests=0)),
        output=cost(Usage(output=MILLION, requests=0)),
        reasoning=cost(Usage(reasoning=MILLION, requests=0)),
        image=cost(Usage(images=1, requests=0)),
        request=cost(Usage(requests=1)),
    )
