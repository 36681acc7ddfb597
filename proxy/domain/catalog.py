"""What can be called and on which terms: one immutable snapshot with a revision, pinned by every call that uses it."""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from proxy.domain.assistant import Assistant
from proxy.domain.chat import Json, OutputBound
from proxy.domain.dialect import Dialect, Feature, Thinking
from proxy.domain.learned import NOTHING_LEARNED, Learned
from proxy.domain.money import PriceTier
from proxy.domain.picture import ImagePrice, Picture
from proxy.domain.plan import Plan
from proxy.domain.policy import PolicyTable
from proxy.domain.standing import Cap
from proxy.domain.usage import Kind
from proxy.domain.value import dataclass, replace
from proxy.domain.verdict import RuleBook

LatencyTier = Literal["fast", "medium", "slow"]
Modality = Literal["text", "image", "audio"]
# What a model splits text into tokens by, as its maker names it.
Vocabulary = Literal["cl100k_base", "o200k_base"]
# What carries requests to a provider: sockets of our own, or a library that knows proxies and forgives odd servers.
Transport = Literal["relay", "library"]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits of one upstream attempt, in milliseconds. Providers send a whole answer when all of it is written: its first byte
    has a limit of its own, `whole_ms`."""

    connect_ms: int = 5_000
    first_byte_ms: int = 60_000
    whole_ms: int = 180_000
    idle_ms: int = 30_000
    total_ms: int = 600_000


@dataclass(frozen=True, slots=True)
class Provider:
    """Who serves. URL, dialect, key variable, headers and routing come from operator files only; `status` may be patched.

    `routing` is what OpenRouter is told of whom to ask in turn; `transport` is what carries requests there.
    """

    id: str
    name: str
    base_url: str
    dialect: Dialect = "openai"
    status: Literal["active", "disabled"] = "active"
    key_variable: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    routing: Json = field(default_factory=dict)
    passes_unknown: bool = False
    output_bound: OutputBound = "max_tokens"
    private_network: bool = False
    concurrency_max: int = 512
    transport: Transport = "relay"


@dataclass(frozen=True, slots=True)
class Model:
    """One model at one provider, priced. `id` is `provider/model` and always contains a slash.

    A `hidden` model does not exist but for whom an override names it; no plan has it.
    `tiers` is empty for an unpriced model, which can be neither activated nor called. `quality` is 0..1 per task family.
    `tokens_per_byte_max` and `_min` bound the tokens of a text by its UTF-8 bytes. `modalities` are what it reads.
    A model whose `vocabulary` is known has its input counted where that matters. `risks` are the risk levels this model is
    approved for when policy routes. `thinking` is how it is told to reason in a dialect that has two ways; `lacks` is all it
    cannot be asked for, be it for its dialect or for itself. `images` are the sizes and qualities that a model of kind image is
    priced by, its usual one first; empty where all images cost the same.
    """

    id: str
    name: str
    family: str
    provider_id: str
    upstream_name: str
    context_tokens_max: int
    output_tokens_max: int
    kind: Kind = "chat"
    active: bool = True
    hidden: bool = False
    output_tokens_min: int = 16
    modalities: tuple[Modality, ...] = ("text",)
    tools: bool = False
    json_schema: bool = False
    thinking: Thinking | None = None
    lacks: tuple[Feature, ...] = ()
    hidden_output: bool = False
    stops_billing_on_close: bool = False
    prefill: bool = False
    tiers: tuple[PriceTier, ...] = ()
    free: bool = False
    latency_tier: LatencyTier = "medium"
    quality: Mapping[str, float] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    risks: tuple[str, ...] = ("safe",)
    tokens_per_byte_max: float = 1.0
    tokens_per_byte_min: float = 0.1
    image_tokens: int = 1_500
    vocabulary: Vocabulary | None = None
    images: tuple[ImagePrice, ...] = ()
    timeouts: Timeouts = Timeouts()

    def makes(self, wanted: Picture) -> Picture | None:
        """What is to be written upstream for `wanted`: the first that fits; None when no price of this model does. What is left
        to us is never left to the provider where the price depends on it."""
        if not self.images:
            return wanted
        return next((price.picture for price in self.images if price.fits(wanted)), None)

    def tiers_for(self, wanted: Picture | None) -> tuple[PriceTier, ...]:
        """The prices of a call that asks for images of `wanted`, the dearest where none fits; None asks for no images."""
        if wanted is None or not self.images:
            return self.tiers
        dearest = max(price.image for price in self.images)
        image = next((price.image for price in self.images if price.fits(wanted)), dearest)
        return tuple(replace(tier, prices=replace(tier.prices, image=image)) for tier in self.tiers)


@dataclass(frozen=True, slots=True)
class Alias:
    """A catalog name (no slash) for an ordered list of models, so that existing code needs no change."""

    id: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalog:
    """All rows of one revision, by id. Globs are already expanded; all names are unique together. `rules` are the precheck
    rules of the same load (their own revision; not part of `revision`, for a Verdict is recorded whole). `ceilings` are the
    operator's daily limits on raw cost, which no API raises (contract 5); nothing is decided by them. What was `learned` of
    a model's quality counts instead of its own row."""

    revision: str
    milli_credits_per_dollar: int
    providers: Mapping[str, Provider]
    models: Mapping[str, Model]
    aliases: Mapping[str, Alias]
    assistants: Mapping[str, Assistant]
    plans: Mapping[str, Plan]
    policy: PolicyTable
    rules: RuleBook
    ceilings: tuple[Cap, ...] = ()
    learned: Learned = NOTHING_LEARNED

    def quality(self, model: Model, family: str) -> float | None:
        """How good the model is at tasks of this family, 0 to 1; None where nobody knows."""
        learned = self.learned.quality.get(family)
        if learned is not None and model.id in learned:
            return learned[model.id]
        return model.quality.get(family)

    def plan(self, plan_id: str) -> Plan:
        """The plan of this id. One that was deleted under its users allows nothing, until an admin gives them another."""
        return self.plans.get(plan_id) or Plan(id=plan_id, name=plan_id, allowances=(), models=())
