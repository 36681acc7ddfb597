"""The shape of every catalog row as operators and admins write it; checks one row at a time, never rows together."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from proxy.domain.catalog import LatencyTier, Modality, Transport, Vocabulary
from proxy.domain.chat import OutputBound
from proxy.domain.desk import CatalogKind
from proxy.domain.dialect import Dialect, Feature, Thinking
from proxy.domain.plan import RateClass, Window
from proxy.domain.policy import Mode
from proxy.domain.usage import Kind
from proxy.domain.verdict import Risk
from proxy.store.catalog.cells import (
    CHOICES_MAX,
    IMAGE_TOKENS_MAX,
    TOKENS_MAX,
    CreditsText,
    Factor,
    ModelId,
    MultiplierText,
    Name,
    PlainId,
    Positive,
    PriceText,
    Row,
    Tokens,
    matching,
)
from proxy.store.catalog.policy_rows import PolicyRow

RESERVED_NAMES: Final = frozenset({"auto"})
PROMPT_CHARS_MAX: Final = 20_000

_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]*")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9-]+")
_HEADER_VALUE: Final = re.compile(r"[\x20-\x7e]*")
# The key, the length and the host are ours to set for every request.
_OUR_HEADERS: Final = frozenset(
    {
        "anthropic-version",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "host",
        "x-api-key",
        "x-goog-api-key",
    }
)


class TimeoutsRow(Row):
    """Limits of one upstream attempt in milliseconds; what is left out falls back to the provider, then the default.
    A `first_byte_ms` without a `whole_ms` beside it is for whole answers too."""

    connect_ms: Positive | None = None
    first_byte_ms: Positive | None = None
    whole_ms: Positive | None = None
    idle_ms: Positive | None = None
    total_ms: Positive | None = None


class ProviderRow(Row):
    """Who serves. Lives in operator files only; admins may patch `status` and `concurrency_max`."""

    id: PlainId
    name: Name
    base_url: str
    dialect: Dialect = "openai"
    status: Literal["active", "disabled"] = "active"
    key_variable: Annotated[str, matching(_VARIABLE, "must be a variable's name such as OPENAI_API_KEY")] | None = None
    headers: dict[str, str] = {}
    routing: dict[str, Any] = {}
    lacks: list[Feature] = []
    passes_unknown: bool = False
    output_bound: OutputBound = "max_tokens"
    private_network: bool = False
    concurrency_max: Positive = 512
    transport: Transport = "relay"
    timeouts: TimeoutsRow = TimeoutsRow()

    @field_validator("headers")
    @classmethod
    def _headers_are_ours_to_add(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
                raise ValueError(f"{name!r} is no header of printable ASCII characters")
            if name.lower() in _OUR_HEADERS:
                raise ValueError(f"{name!r} is set by the gateway; a key belongs in the variable that key_variable names")
        return headers

    @model_validator(mode="after")
    def _base_url_is_reachable_safely(self) -> "ProviderRow":
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ValueError("base_url must be http(s)://host[:port][/path] without user, query or fragment")
        if parts.scheme == "http" and not self.private_network:
            raise ValueError("base_url must be https, or private_network = true for a server of your own")
        return self

    @model_validator(mode="after")
    def _options_are_of_its_dialect(self) -> "ProviderRow":
        if self.passes_unknown and self.dialect not in ("openai", "openrouter"):
            raise ValueError(f"passes_unknown is for providers that speak OpenAI's words, not for dialect {self.dialect!r}")
        if self.routing and self.dialect != "openrouter":
            raise ValueError(f"routing is for dialect 'openrouter', not for {self.dialect!r}")
        return self


class PricesRow(Row):
    """Dollars per million tokens of a class; `image` and `request` in dollars each. Left-out classes cost what the
    nearest one does: cached and cache-write input as input, reasoning as output."""

    input: PriceText | None = None
    cached_input: PriceText | None = None
    cache_write: PriceText | None = None
    output: PriceText | None = None
    reasoning: PriceText | None = None
    image: PriceText | None = None
    request: PriceText | None = None


class TierRow(PricesRow):
    """Prices that hold from `input_tokens_min` input tokens on."""

    input_tokens_min: Positive


class ImageRow(Row):
    """The price in dollars of an image of one size and quality, each in the words of the model; left out where the model is not
    told of it."""

    size: Name | None = None
    quality: Name | None = None
    price: PriceText


class ModelRow(Row):
    """One model at one provider. `provider` is the part of `id` before the slash unless given."""

    id: ModelId
    name: Name | None = None
    family: PlainId
    provider: PlainId | None = None
    upstream_name: Name | None = None
    kind: Kind = "chat"
    active: bool = True
    hidden: bool = False
    plans: list[PlainId] = []
    context_tokens_max: Tokens
    output_tokens_max: Annotated[int, Field(ge=0, le=TOKENS_MAX)] = 0
    output_tokens_min: Tokens = 16
    modalities: Annotated[list[Modality], Field(min_length=1)] = ["text"]
    tools: bool = False
    json_schema: bool = False
    thinking: Thinking | None = None
    lacks: list[Feature] = []
    hidden_output: bool = False
    stops_billing_on_close: bool = False
    prefill: bool = False
    prices: PricesRow | None = None
    tiers: list[TierRow] = []
    images: list[ImageRow] = []
    free: bool = False
    latency_tier: LatencyTier = "medium"
    quality: dict[PlainId, Annotated[float, Field(ge=0, le=1)]] = {}
    tags: list[PlainId] = []
    risks: list[Risk] = ["safe"]
    tokens_per_byte_max: Annotated[float, Field(gt=0, le=16)] = 1.0
    tokens_per_byte_min: Annotated[float, Field(gt=0, le=16)] = 0.1
    image_tokens: Annotated[int, Field(ge=0, le=IMAGE_TOKENS_MAX)] = 1_500
    vocabulary: Vocabulary | None = None
    timeouts: TimeoutsRow = TimeoutsRow()

    @property
    def provider_id(self) -> str:
        return self.provider or self.id.split("/", 1)[0]

    @model_validator(mode="after")
    def _bounds_are_in_order(self) -> "ModelRow":
        if 0 < self.output_tokens_max < self.output_tokens_min:
            raise ValueError("output_tokens_min must not exceed output_tokens_max")
        if self.tokens_per_byte_min > self.tokens_per_byte_max:
            raise ValueError("tokens_per_byte_min must not exceed tokens_per_byte_max")
        starts = [tier.input_tokens_min for tier in self.tiers]
        if starts != sorted(set(starts)):
            raise ValueError("tiers must ascend by input_tokens_min, each start once")
        if self.tiers and self.prices is None:
            raise ValueError("tiers need prices: those of inputs below the first tier")
        return self

    @model_validator(mode="after")
    def _is_of_its_kind(self) -> "ModelRow":
        if self.kind == "chat" and not self.output_tokens_max:
            raise ValueError("output_tokens_max is missing; a model of kind chat needs it")
        if self.kind in ("embedding", "image") and self.output_tokens_max:
            raise ValueError(f"output_tokens_max means nothing for kind {self.kind!r}, which writes no tokens; remove it")
        if self.images and self.kind != "image":
            raise ValueError("images are the prices of a model of kind image")
        choices = [(image.size, image.quality) for image in self.images]
        if len(choices) != len(set(choices)):
            raise ValueError("images must name each size and quality once")
        return self


class AliasRow(Row):
    """A name for an ordered list of models: ids, `tag:NAME` or globs such as `openrouter/*`."""

    id: PlainId
    models: Annotated[list[str], Field(min_length=1)]


class BudgetRow(Row):
    """The most credits that one user may spend on an assistant in a window."""

    window: Window
    credits: CreditsText


class AssistantRow(Row):
    """A family of tasks. `preferences` are ids, tags or globs; `weights` are factors by model id for weighted order."""

    id: PlainId
    name: Name
    family: PlainId
    task_types: list[PlainId] = []
    order: Literal["ordered", "weighted"] = "ordered"
    preferences: Annotated[list[str], Field(min_length=1)]
    weights: dict[str, Factor] = {}
    system_prompt: Annotated[str, Field(max_length=PROMPT_CHARS_MAX)] | None = None
    output_tokens_max: Positive | None = None
    enabled: bool = True
    rescue: bool = True
    plans: list[PlainId] = []
    budgets: list[BudgetRow] = []

    @field_validator("budgets")
    @classmethod
    def _one_budget_per_window(cls, budgets: list[BudgetRow]) -> list[BudgetRow]:
        windows = [budget.window for budget in budgets]
        if len(windows) != len(set(windows)):
            raise ValueError("must name each window once")
        return budgets


class AllowanceRow(Row):
    """Credits that a plan includes per window, for one model family or for all."""

    window: Window
    credits: CreditsText
    family: PlainId | None = None


class CreditPricesRow(Row):
    """A plan's own price in credits per million tokens of a class; `image` and `request` in credits each."""

    input: CreditsText
    cached_input: CreditsText | None = None
    cache_write: CreditsText | None = None
    output: CreditsText
    reasoning: CreditsText | None = None
    image: CreditsText | None = None
    request: CreditsText | None = None


class RateRow(Row):
    """At most `requests` in any `period_s` seconds."""

    requests: Positive
    period_s: Annotated[int, Field(ge=1, le=86_400)] = 60


class PlanRow(Row):
    """Commercial terms. `models` are ids, tags or globs."""

    id: PlainId
    name: Name
    models: Annotated[list[str], Field(min_length=1)]
    allowances: list[AllowanceRow] = []
    context_tokens_max: Positive = 128_000
    output_tokens_default: Positive = 4_096
    concurrency_max: Positive = 4
    n_max: Annotated[int, Field(ge=1, le=CHOICES_MAX)] = 1
    multiplier: MultiplierText = "1"
    family_multipliers: dict[PlainId, MultiplierText] = {}
    credit_prices: dict[PlainId, CreditPricesRow] = {}
    rates: dict[RateClass, RateRow] = {}
    rescue: bool = True
    rank: int = 0
    mode: Mode | None = None
    free: bool = False

    @field_validator("allowances")
    @classmethod
    def _one_allowance_per_window_and_family(cls, allowances: list[AllowanceRow]) -> list[AllowanceRow]:
        names = [(allowance.window, allowance.family) for allowance in allowances]
        if len(names) != len(set(names)):
            raise ValueError("must name each window once per family")
        return allowances


class CeilingRow(Row):
    """A limit on raw cost a day that no API raises."""

    scope: Annotated[
        str, matching(re.compile(r"installation|(provider|app):.+"), "must be installation, provider:ID or app:ID")
    ]
    dollars_per_day: PriceText


AnyRow = ProviderRow | ModelRow | AliasRow | AssistantRow | PlanRow | PolicyRow

ROWS: Final[Mapping[CatalogKind, type[AnyRow]]] = {
    "provider": ProviderRow,
    "model": ModelRow,
    "alias": AliasRow,
    "assistant": AssistantRow,
    "plan": PlanRow,
    "policy": PolicyRow,
}
