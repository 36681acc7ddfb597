"""Prices, raw cost (integer nano-USD) and credits (integer milli-credits); pure integer arithmetic, rounded once, upward."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from proxy.domain.usage import Usage
from proxy.domain.value import dataclass

NANO_USD_PER_DOLLAR: Final = 10**9
TOKENS_PER_PRICE: Final = 10**6
MULTIPLIER_ONE_PPM: Final = 10**6
_INPUT_CLASSES: Final = ("input", "cached_input", "cache_write")
_CLASSES: Final = (*_INPUT_CLASSES, "output", "reasoning", "image", "request")
_CREDIT_SCALE: Final = TOKENS_PER_PRICE * MULTIPLIER_ONE_PPM * NANO_USD_PER_DOLLAR


@dataclass(frozen=True, slots=True)
class Prices:
    """One price per usage class, per million tokens; `image` and `request` are per million of those.

    The unit is nano-USD where it is a model's price, milli-credits where it is a plan's own credit price.
    """

    input: int = 0
    cached_input: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    image: int = 0
    request: int = 0

    @property
    def dearest_input(self) -> int:
        return max(self.input, self.cached_input, self.cache_write)

    @property
    def dearest_output(self) -> int:
        return max(self.output, self.reasoning)

    @property
    def is_zero(self) -> bool:
        return not any((self.input, self.cached_input, self.cache_write, self.output, self.reasoning, self.image, self.request))


@dataclass(frozen=True, slots=True)
class PriceTier:
    """Prices that hold from `input_tokens_min` input tokens on. A model's tiers ascend and the first starts at 0."""

    input_tokens_min: int
    prices: Prices


@dataclass(frozen=True, slots=True)
class Tariff:
    """How raw cost becomes credits for one caller and one model family: a multiplier, or the plan's own credit prices."""

    multiplier_ppm: int
    milli_credits_per_dollar: int
    credit_prices: Prices | None = None


class WorstLine(NamedTuple):
    """The most that a call can cost a caller by the length of its answer; scaled, so that it is rounded once."""

    base: int
    by_output_token: int

    def milli(self, output_tokens: int) -> int:
        """In milli-credits."""
        return -(-(self.base + output_tokens * self.by_output_token) // _CREDIT_SCALE)


@dataclass(frozen=True, slots=True)
class Charge:
    """One writer's part of a call's bill."""

    tiers: tuple[PriceTier, ...]
    tariff: Tariff
    usage: Usage


@dataclass(frozen=True, slots=True)
class Tab:
    """What the writers of one answer used, in their order. Input is charged once, at the first (contract 6)."""

    charges: Sequence[Charge] = ()

    @property
    def milli(self) -> int:
        """What the caller pays for them together, in milli-credits."""
        return credits_milli([output_alone(charge) if place else charge for place, charge in enumerate(self.charges)])

    def and_then(self, charge: Charge) -> "Tab":
        """The same with one writer more."""
        return Tab((*self.charges, charge))


def output_alone(charge: Charge) -> Charge:
    """A charge without what was read, at the prices that what was read comes under."""
    usage = charge.usage
    tiers = (PriceTier(0, prices_at(charge.tiers, usage.input_total)),)
    return Charge(tiers, charge.tariff, Usage(output=usage.output, reasoning=usage.reasoning, requests=0, source=usage.source))


def prices_at(tiers: tuple[PriceTier, ...], input_tokens: int) -> Prices:
    """The prices of the highest tier whose start `input_tokens` reaches."""
    found = tiers[0].prices
    for tier in tiers[1:]:
        if input_tokens >= tier.input_tokens_min:
            found = tier.prices
    return found


def raw_cost_nano_usd(tiers: tuple[PriceTier, ...], usage: Usage) -> int:
    """What the provider bills for `usage`, in nano-USD, rounded up once."""
    return ceil_div(_weigh(_prices_of(tiers, usage), usage), TOKENS_PER_PRICE)


def credits_milli(charges: Sequence[Charge]) -> int:
    """What the caller pays for a call, in milli-credits, rounded up once over all its writers (contract 5)."""
    return ceil_div(sum(map(_scaled, charges)), _CREDIT_SCALE)


def worth_nano_usd(credits_milli: int, milli_credits_per_dollar: int) -> int:
    """What credits are sold for, in nano-USD, rounded down."""
    return credits_milli * NANO_USD_PER_DOLLAR // milli_credits_per_dollar


def worst_tiers(tiers: tuple[PriceTier, ...], input_tokens: int) -> tuple[PriceTier, ...]:
    """The dearest terms that an input of at most `input_tokens` can come under: a shorter one may cost more by its tier."""
    within = [tier.prices for tier in tiers if tier.input_tokens_min <= input_tokens]
    if len(within) < 2:
        return tiers
    dearest = {name: max(getattr(prices, name) for prices in within) for name in _CLASSES}
    return (PriceTier(0, Prices(**dearest)),)


def worst_raw_nano_usd(tiers: tuple[PriceTier, ...], input_tokens: int, output_tokens: int, images: int = 0) -> int:
    """The most that a provider can bill for a size, in nano-USD."""
    dearest = _worst_prices(tiers, input_tokens)
    return ceil_div(_weigh_worst(dearest, input_tokens, output_tokens, images), TOKENS_PER_PRICE)


def worst_bill(
    tiers: tuple[PriceTier, ...], tariff: Tariff, input_tokens: int, output_tokens: int, images: int = 0
) -> tuple[int, int]:
    """`worst_credits_milli` and `worst_raw_nano_usd` of one size."""
    dearest = _worst_prices(tiers, input_tokens)
    weight = _weigh_worst(dearest, input_tokens, output_tokens, images)
    raw_nano_usd = ceil_div(weight, TOKENS_PER_PRICE)
    if tariff.credit_prices is not None:
        return worst_credits_milli(tiers, tariff, input_tokens, output_tokens, images), raw_nano_usd
    return ceil_div(weight * tariff.multiplier_ppm * tariff.milli_credits_per_dollar, _CREDIT_SCALE), raw_nano_usd


def worst_credits_milli(
    tiers: tuple[PriceTier, ...], tariff: Tariff, input_tokens: int, output_tokens: int, images: int = 0
) -> int:
    """What `worst_charge` comes to for one writer, in milli-credits, without writing the bill: candidates are sized by it."""
    return worst_line(tiers, tariff, input_tokens, images).milli(output_tokens)


def worst_line(tiers: tuple[PriceTier, ...], tariff: Tariff, input_tokens: int, images: int = 0) -> WorstLine:
    """The same for any length of the answer: its cost is a straight line."""
    own = tariff.credit_prices
    if own is not None:
        scale = MULTIPLIER_ONE_PPM * NANO_USD_PER_DOLLAR
    else:
        own = _worst_prices(tiers, input_tokens)
        scale = tariff.multiplier_ppm * tariff.milli_credits_per_dollar
    return WorstLine(_weigh_worst(own, input_tokens, 0, images) * scale, own.dearest_output * scale)


def worst_usage(tiers: tuple[PriceTier, ...], input_tokens: int, output_tokens: int, images: int = 0) -> Usage:
    """The dearest reading of a size: all input in the dearest input class, all output in the dearest output class."""
    prices = prices_at(tiers, input_tokens)
    dearest = max(_INPUT_CLASSES, key=lambda name: getattr(prices, name))
    reasons = prices.reasoning > prices.output
    return _usage_in(dearest, reasons, input_tokens, output_tokens, images)


def least_usage(tiers: tuple[PriceTier, ...], input_tokens: int, output_tokens: int) -> Usage:
    """The cheapest reading of a size, the other way round."""
    prices = prices_at(tiers, input_tokens)
    cheapest = min(_INPUT_CLASSES, key=lambda name: getattr(prices, name))
    reasons = prices.reasoning < prices.output
    return _usage_in(cheapest, reasons, input_tokens, output_tokens, 0)


def worst_charge(
    tiers: tuple[PriceTier, ...], tariff: Tariff, input_tokens: int, output_tokens: int, images: int = 0
) -> Charge:
    """The dearest bill a caller can get for a size. A plan's own credit prices alone say which class is the dearest."""
    worst = worst_tiers(tiers, input_tokens)
    return Charge(worst, tariff, worst_usage(_charged_by(worst, tariff), input_tokens, output_tokens, images))


def least_charge(tiers: tuple[PriceTier, ...], tariff: Tariff, input_tokens: int, output_tokens: int) -> Charge:
    """The cheapest bill a caller can get for a size."""
    return Charge(tiers, tariff, least_usage(_charged_by(tiers, tariff), input_tokens, output_tokens))


def credits_text(milli: int) -> str:
    """Milli-credits as people read credits: `1500` is `1.5`."""
    whole, rest = divmod(milli, 1_000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".")


def ceil_div(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def _usage_in(input_class: str, reasons: bool, input_tokens: int, output_tokens: int, images: int) -> Usage:
    return Usage(
        input=input_tokens if input_class == "input" else 0,
        cached_input=input_tokens if input_class == "cached_input" else 0,
        cache_write=input_tokens if input_class == "cache_write" else 0,
        output=0 if reasons else output_tokens,
        reasoning=output_tokens if reasons else 0,
        images=images,
        source="estimated",
    )


def _charged_by(tiers: tuple[PriceTier, ...], tariff: Tariff) -> tuple[PriceTier, ...]:
    return tiers if tariff.credit_prices is None else (PriceTier(0, tariff.credit_prices),)


def _scaled(charge: Charge) -> int:
    own = charge.tariff.credit_prices
    if own is not None:
        return _weigh(own, charge.usage) * MULTIPLIER_ONE_PPM * NANO_USD_PER_DOLLAR
    raw = _weigh(_prices_of(charge.tiers, charge.usage), charge.usage)
    return raw * charge.tariff.multiplier_ppm * charge.tariff.milli_credits_per_dollar


def _worst_prices(tiers: tuple[PriceTier, ...], input_tokens: int) -> Prices:
    return tiers[0].prices if len(tiers) == 1 else prices_at(worst_tiers(tiers, input_tokens), input_tokens)


def _prices_of(tiers: tuple[PriceTier, ...], usage: Usage) -> Prices:
    return tiers[0].prices if len(tiers) == 1 else prices_at(tiers, usage.input_total)


def _weigh(prices: Prices, usage: Usage) -> int:
    return (
        usage.input * prices.input
        + usage.cached_input * prices.cached_input
        + usage.cache_write * prices.cache_write
        + usage.output * prices.output
        + usage.reasoning * prices.reasoning
        + usage.images * prices.image
        + usage.requests * prices.request
    )


def _weigh_worst(prices: Prices, input_tokens: int, output_tokens: int, images: int) -> int:
    """As `_weigh` would the dearest reading of a size."""
    return input_tokens * prices.dearest_input + output_tokens * prices.dearest_output + images * prices.image + prices.request
