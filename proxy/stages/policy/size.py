"""How large a call is for one model and what it could cost: sizes in, token bounds and credits out; drops nobody."""

from bisect import bisect_right
from math import ceil
from typing import Final

from proxy.domain.assistant import Assistant
from proxy.domain.catalog import Model
from proxy.domain.journey import Ask, Largest
from proxy.domain.money import Tariff, WorstLine, worst_line
from proxy.domain.plan import Plan
from proxy.domain.value import dataclass, maker

# Providers wrap each message, and the opening of the answer, in a few tokens of their own; this leaves room to spare.
MESSAGE_TOKENS_MAX: Final = 8
# The rule `unpriced` drops it before anybody reads this.
_UNPRICED: Final = WorstLine(0, 0)


@dataclass(frozen=True, slots=True)
class Size:
    """One call as one model would see it, in tokens and milli-credits.

    `context_tokens_min` is what has to fit into a context at once: all of the input, or the largest of inputs that are read one
    by one. `output_tokens_wanted` is the bound before credits are looked at, `output_tokens_max` the bound they afford (never
    below the shortest useful answer), `worst_milli_credits` what the call could cost at that bound. What the same work
    (the same output for every model) would cost is `yard_milli_credits`, and `yard_tokens` is how much work that is:
    they compare models and are never charged. `is_cramped`: the prompt leaves less of the context than an answer usually gets.
    """

    input_tokens_min: int
    input_tokens_max: int
    context_tokens_min: int
    output_tokens_wanted: int
    output_tokens_max: int
    worst_milli_credits: int
    yard_milli_credits: int
    yard_tokens: int
    is_cramped: bool = False

    @property
    def is_shortened(self) -> bool:
        return self.output_tokens_max < self.output_tokens_wanted


_new_size: Final = maker(Size)


def measure(model: Model, ask: Ask, plan: Plan, assistant: Assistant | None, tariff: Tariff, spendable_milli: int) -> Size:
    """The size of `ask` for `model`, with the assistant's prompt counted in; `spendable_milli` shortens the output."""
    least, most = input_tokens(model, ask, assistant)
    usual, left = _output_usual(model, ask, plan, assistant), model.context_tokens_max - least
    wanted = _output_wanted(model, ask, usual, left)
    cost = _cost(model, tariff, most, ask)
    yard = _writes(model, plan.output_tokens_default) if ask.output_tokens_max is None else ask.output_tokens_max
    bound, worst_milli = wanted, cost.milli(wanted * ask.n)
    if worst_milli > spendable_milli:
        bound = _afforded(wanted, min(wanted, model.output_tokens_min), cost, ask.n, spendable_milli)
        worst_milli = cost.milli(bound * ask.n)
    return _new_size(
        input_tokens_min=least,
        input_tokens_max=most,
        context_tokens_min=least if ask.largest is None else _largest(model, ask.largest),
        output_tokens_wanted=wanted,
        output_tokens_max=bound,
        worst_milli_credits=worst_milli,
        yard_milli_credits=worst_milli if yard == bound else cost.milli(yard * ask.n),
        yard_tokens=max(1, ask.text_bytes + ask.tokens + yard * ask.n),
        is_cramped=ask.largest is None and left < usual,
    )


def input_tokens(model: Model, ask: Ask, assistant: Assistant | None) -> tuple[int, int]:
    """The fewest and the most input tokens that the call can be for `model` (contract 4: rules use the one, holds the
    other): as counted in its vocabulary, else by bytes. Images count in the upper bound alone, for a small one may cost next
    to nothing."""
    prompt = assistant.system_prompt if assistant is not None else None
    prompt_bytes = len(prompt.encode()) if prompt else 0
    text_bytes = ask.text_bytes + prompt_bytes
    # What is no conversation is read as it stands.
    wrapped = (ask.message_count + (prompt is not None) + 1) * MESSAGE_TOKENS_MAX if ask.message_count else 0
    images = ask.image_count * model.image_tokens
    counted = ask.count(model.vocabulary) if ask.counted else None
    if counted is None or counted.prompt_bytes != prompt_bytes:
        least, most = int(text_bytes * model.tokens_per_byte_min), ceil(text_bytes * model.tokens_per_byte_max) + wrapped
    else:
        # No vocabulary that we count in makes more tokens of a text than it has bytes.
        least, most = counted.tokens_min, min(counted.tokens_max, text_bytes + wrapped)
    return least + ask.tokens, most + ask.tokens + images


def _largest(model: Model, largest: Largest) -> int:
    return largest.tokens + int(largest.text_bytes * model.tokens_per_byte_min)


def _writes(model: Model, tokens: int) -> int:
    """What writes nothing is asked for nothing."""
    return tokens if model.output_tokens_max else 0


def _output_usual(model: Model, ask: Ask, plan: Plan, assistant: Assistant | None) -> int:
    if ask.output_tokens_max is not None:
        return ask.output_tokens_max
    usual = min(model.output_tokens_max, plan.output_tokens_default)
    if assistant is not None and assistant.output_tokens_max is not None:
        return min(usual, assistant.output_tokens_max)
    return usual


def _output_wanted(model: Model, ask: Ask, usual: int, left: int) -> int:
    return usual if ask.output_tokens_max is not None else _writes(model, max(1, min(usual, left)))


def _cost(model: Model, tariff: Tariff, input_tokens_max: int, ask: Ask) -> WorstLine:
    if not model.tiers:
        return _UNPRICED
    return worst_line(model.tiers_for(ask.picture), tariff, input_tokens_max, ask.images)


def _afforded(wanted: int, floor: int, cost: WorstLine, n: int, spendable_milli: int) -> int:
    # Cost never falls with length, so the longest answer that fits is found by halving.
    return max(floor, bisect_right(range(wanted), spendable_milli, key=lambda tokens: cost.milli(tokens * n)) - 1)
