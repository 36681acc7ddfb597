"""OpenRouter's listing in, what it tells of each model out: limits, what it reads and takes, and prices by token.

https://openrouter.ai/docs/guides/overview/models
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from proxy.domain.catalog import Modality
from proxy.domain.dialect import Feature
from proxy.domain.listing import Listed, ListedTier
from proxy.domain.usage import Kind
from proxy.stages.provider.listings import fields
from proxy.stages.provider.listings.page import Page, page_of
from proxy.stages.provider.reading import read

_NEXT: Final = re.compile(r"[?&](offset|limit)=([0-9]{1,6})(?=&|$)")
_KINDS: Final[Mapping[str, Kind]] = {"text": "chat", "embeddings": "embedding", "image": "image"}
_READS: Final[tuple[Modality, ...]] = ("text", "image", "audio")
# Which of its parameters stands for which feature of a request.
_PARAMETERS: Final[Mapping[Feature, str]] = {
    "seed": "seed",
    "stop": "stop",
    "temperature": "temperature",
    "top_p": "top_p",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "json_object": "response_format",
    "reasoning_effort": "reasoning",
}
_BY_TOKEN: Final[Mapping[str, str]] = {
    "input": "prompt",
    "cached_input": "input_cache_read",
    "cache_write": "input_cache_write",
    "output": "completion",
    "reasoning": "internal_reasoning",
}
_BY_PIECE: Final[Mapping[str, str]] = {"image": "image", "request": "request"}
# Where it writes a zero for "no price of its own".
_ZERO_IS_UNSAID: Final = frozenset({"cached_input", "cache_write", "reasoning"})
# What it prices that no call of ours can ask for, or that is said in a remark.
_NOT_OURS: Final = frozenset(
    {"audio", "audio_output", "image_output", "image_token", "input_audio_cache", "input_cache_write_1h", "web_search"}
)
_PRICES: Final = frozenset({*_BY_TOKEN.values(), *_BY_PIECE.values()}) | _NOT_OURS
_FROM: Final = "min_prompt_tokens"
_HOURS: Final = frozenset({"utc_start", "utc_end"})

_BY_HOUR: Final = "At some hours other prices hold, which no row can say; these are the usual ones."
_UNREAD_OVERRIDE: Final = "Under conditions that are not read here other prices hold; look them up."
_DISCOUNT: Final = "The listing names a discount; these prices are without it."
_HEARS_APART: Final = "It listens at a price of its own, which no row can say, so audio is left out."
_DRAWS_TOO: Final = "It makes images too, at a price of their own, which no row can say."
_THINKS: Final = "It reasons: write hidden_output = true if it bills thoughts that nobody sees."


def page(body: bytes) -> Page | None:
    """One page; most listings have one. Of the link to the next only the place in the list is taken, never the address."""
    value = read(body)
    if not isinstance(value, dict):
        return None
    link = fields.nested(value, "links", "next")
    found = dict(_NEXT.findall(link)) if isinstance(link, str) else {}
    return page_of(value.get("data"), _listed, found if "offset" in found else None)


def _listed(row: Mapping[str, Any]) -> Listed | None:
    name, kind = fields.name(row.get("id")), _kind(row)
    if name is None or kind is None:
        return None
    pricing = row.get("pricing")
    prices = _prices(pricing) if isinstance(pricing, dict) else {}
    slug = fields.name(row.get("canonical_slug"))
    takes = fields.words(row.get("supported_parameters"))
    return Listed(
        name=name,
        aliases=(slug,) if slug not in (None, name) and ":" not in name else (),
        title=fields.title(row.get("name")),
        kind=kind,
        context_tokens_max=fields.tokens(row.get("context_length")),
        output_tokens_max=fields.tokens(fields.nested(row, "top_provider", "max_completion_tokens")),
        modalities=_modalities(row),
        tools=None if takes is None else "tools" in takes,
        json_schema=None if takes is None else "structured_outputs" in takes,
        lacks=() if takes is None else tuple(feature for feature, word in _PARAMETERS.items() if word not in takes),
        prices=prices,
        tiers=_tiers(pricing, prices) if prices else (),
        remarks=_remarks(row, takes or []),
    )


def _kind(row: Mapping[str, Any]) -> Kind | None:
    made = fields.words(fields.nested(row, "architecture", "output_modalities"))
    if made is None:
        return "chat"
    return next((kind for word, kind in _KINDS.items() if word in made), None)


def _modalities(row: Mapping[str, Any]) -> tuple[Modality, ...] | None:
    read_in = fields.words(fields.nested(row, "architecture", "input_modalities"))
    if read_in is None:
        return None
    found = tuple(word for word in _READS if word in read_in and not (word == "audio" and _hears_apart(row)))
    return found or None


def _prices(pricing: Mapping[str, Any]) -> dict[str, str]:
    """Nothing at all where a main price is missing, or below zero: that of a model that chooses others, who differ."""
    if any(fields.price(pricing.get(name), 1) is None for name in ("prompt", "completion")):
        return {}
    return {name: text for name, text in _read_prices(pricing).items() if not (name in _ZERO_IS_UNSAID and _is_zero(text))}


def _read_prices(row: Mapping[str, Any]) -> dict[str, str]:
    by_token = {name: fields.price(row.get(theirs), fields.PER_MILLION) for name, theirs in _BY_TOKEN.items()}
    by_piece = {name: fields.price(row.get(theirs), 1) for name, theirs in _BY_PIECE.items()}
    return {name: text for name, text in {**by_token, **by_piece}.items() if text is not None}


def _tiers(pricing: object, base: Mapping[str, str]) -> tuple[ListedTier, ...]:
    """Of the overrides that apply, the later one wins for each price; what none names costs what it usually does."""
    rows = [(start, row) for row in _overrides(pricing) if (start := _start(row)) is not None]
    starts = sorted({start for start, _ in rows})
    return tuple(ListedTier(own, _laid_over(base, [row for start, row in rows if start <= own])) for own in starts)


def _laid_over(base: Mapping[str, str], rows: list[Mapping[str, Any]]) -> dict[str, str]:
    found = dict(base)
    for row in rows:
        found |= _read_prices(row)
    return found


def _start(override: Mapping[str, Any]) -> int | None:
    """The length of prompt from which on it holds; None where it has other conditions."""
    return fields.tokens(override.get(_FROM)) if set(override) - _PRICES == {_FROM} else None


def _overrides(pricing: object) -> list[Mapping[str, Any]]:
    given = pricing.get("overrides") if isinstance(pricing, dict) else None
    return [row for row in given if isinstance(row, dict)] if isinstance(given, list) else []


def _remarks(row: Mapping[str, Any], takes: list[str]) -> tuple[str, ...]:
    conditions = [set(one) - _PRICES for one in _overrides(row.get("pricing")) if _start(one) is None]
    made = fields.words(fields.nested(row, "architecture", "output_modalities")) or []
    doubts = (
        (_BY_HOUR, any(names & _HOURS for names in conditions)),
        (_UNREAD_OVERRIDE, any(not names & _HOURS for names in conditions)),
        (_DISCOUNT, bool(fields.nested(row, "pricing", "discount"))),
        (_HEARS_APART, _hears_apart(row)),
        (_DRAWS_TOO, {"text", "image"} <= set(made)),
        (_THINKS, "reasoning" in takes),
    )
    return tuple(sentence for sentence, is_so in doubts if is_so)


def _hears_apart(row: Mapping[str, Any]) -> bool:
    text = fields.price(fields.nested(row, "pricing", "audio"), 1)
    return text is not None and not _is_zero(text)


def _is_zero(text: str) -> bool:
    return not text.strip("0.")
