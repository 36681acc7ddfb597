"""A model as its provider lists it: what the listing tells, in the catalog's units, and nothing that it does not tell."""

from collections.abc import Mapping
from dataclasses import field

from proxy.domain.catalog import Modality
from proxy.domain.dialect import Feature, Thinking
from proxy.domain.usage import Kind
from proxy.domain.value import dataclass


@dataclass(frozen=True, slots=True)
class ListedTier:
    """Prices from `input_tokens_min` input tokens on, in the form of `Listed.prices`."""

    input_tokens_min: int
    prices: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of a listing; None and empty mean that it was not told.

    `name` is what the provider calls the model, `aliases` are further names it answers to. `prices` are decimal strings by
    the classes of `money.Prices`: dollars per million tokens, `image` and `request` in dollars each. `remarks` are sentences
    of ours on what a row of the catalog cannot hold, or a person has to decide.
    """

    name: str
    aliases: tuple[str, ...] = ()
    title: str | None = None
    kind: Kind | None = None
    context_tokens_max: int | None = None
    output_tokens_max: int | None = None
    modalities: tuple[Modality, ...] | None = None
    tools: bool | None = None
    json_schema: bool | None = None
    thinking: Thinking | None = None
    lacks: tuple[Feature, ...] = ()
    prices: Mapping[str, str] = field(default_factory=dict)
    tiers: tuple[ListedTier, ...] = ()
    remarks: tuple[str, ...] = ()
