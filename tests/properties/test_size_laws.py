"""Laws of sizes: what is counted lies between the bounds by bytes, is never under what a provider would report, and what is
held covers every bill within its bounds."""

from dataclasses import replace
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from proxy.counting.bpe import counting_in
from proxy.domain.catalog import Vocabulary
from proxy.domain.chat import Chat, Json
from proxy.domain.decision import Candidate
from proxy.domain.journey import Ask, Counted
from proxy.domain.money import Charge, Prices, PriceTier, credits_milli, raw_cost_nano_usd
from proxy.domain.plan import Plan, tariff
from proxy.domain.usage import Usage
from proxy.stages import hold, intake
from proxy.stages.framing import framed
from proxy.stages.policy.size import input_tokens
from tests import builders as b
from tests.counting.vectors import VECTORS

VOCABULARIES: tuple[Vocabulary, ...] = ("cl100k_base", "o200k_base")
ROLES = st.sampled_from(["system", "developer", "user", "assistant"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from([text for text, _, _ in VECTORS])
PART = st.builds(lambda text: {"type": "text", "text": text}, TEXTS)
CALL = st.builds(
    lambda name, arguments: {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}},
    st.text("abc_", min_size=1, max_size=8),
    TEXTS,
)
MESSAGE = (
    st.fixed_dictionaries({"role": ROLES, "content": TEXTS | st.lists(PART, min_size=1, max_size=5)}, optional={"name": TEXTS})
    | st.fixed_dictionaries({"role": st.just("assistant"), "tool_calls": st.lists(CALL, max_size=3)})
    | st.fixed_dictionaries({"role": st.just("tool"), "tool_call_id": st.just("call_1"), "content": TEXTS})
)
TOOL = st.builds(
    lambda name, words: {"type": "function", "function": {"name": name, "parameters": {"type": "object", "title": words}}},
    st.text("abc_", min_size=1, max_size=8),
    TEXTS,
)


def parsed(**request: Any) -> Chat:
    chat = intake.parse(orjson.dumps({"model": "auto", **request}))
    assert isinstance(chat, Chat), chat
    return chat


def asked(chat: Chat, vocabulary: Vocabulary | None = None) -> Ask:
    """What is asked by `chat`, counted in `vocabulary` as a call would be."""
    ask = intake.ask(chat, b.caller(), "chat", b.NOW_MS)
    if vocabulary is None:
        return ask
    read, count = framed(chat), counting_in(vocabulary)
    texts, asides = sum(map(count, read.texts)), sum(map(count, read.asides))
    return replace(ask, counted=(Counted(vocabulary, texts, texts + asides + read.framing_tokens),))


@given(st.lists(MESSAGE, min_size=1, max_size=5), st.lists(TOOL, max_size=2), st.sampled_from(VOCABULARIES))
def test_a_count_never_exceeds_the_bound_by_bytes(messages: list[Json], tools: list[Json], vocabulary: Vocabulary) -> None:
    chat = parsed(messages=messages, **({"tools": tools} if tools else {}))
    spoken = b.model(vocabulary=vocabulary)
    _, by_bytes = input_tokens(spoken, asked(chat), None)
    least, most = input_tokens(spoken, asked(chat, vocabulary), None)
    assert least <= most <= by_bytes


@given(st.lists(st.tuples(ROLES, st.sampled_from(VECTORS)), min_size=1, max_size=8), st.sampled_from([0, 1]))
def test_plain_messages_in_any_script_are_counted_as_they_are_billed(turns: list[Any], column: int) -> None:
    """Three tokens and a role around each message and three before the answer, as OpenAI publishes; texts by its own tool."""
    chat = parsed(messages=[{"role": role, "content": text} for role, (text, *_) in turns])
    vocabulary = VOCABULARIES[column]
    billed = 3 + sum(3 + 1 + counts[column] for _, (_, *counts) in turns)
    least, most = input_tokens(b.model(vocabulary=vocabulary), asked(chat, vocabulary), None)
    assert least <= billed == most


PRICE = st.integers(0, 10**12)
PRICES = st.builds(Prices, *[PRICE] * 7)
PLANS = st.builds(
    lambda ppm, own: b.plan(multiplier_ppm=ppm, credit_prices={"open": own} if own else {}),
    st.integers(0, 3 * 10**6),
    st.none() | st.builds(Prices, *[st.integers(0, 10**9)] * 7),
)


@st.composite
def tiers(draw: st.DrawFn) -> tuple[PriceTier, ...]:
    starts = [0, *sorted(draw(st.sets(st.integers(1, 2_000), max_size=3)))]
    return tuple(PriceTier(start, draw(PRICES)) for start in starts)


@st.composite
def shares(draw: st.DrawFn, whole: int, parts: int) -> list[int]:
    cuts = sorted(draw(st.integers(0, whole)) for _ in range(parts))
    return [after - before for before, after in zip([0, *cuts[:-1]], cuts, strict=True)]


ASKS = st.builds(lambda n, images: b.ask(n=n, image_count=images), st.integers(1, 3), st.integers(0, 4))
CANDIDATES = st.builds(
    lambda most, bound: b.candidate(input_tokens_max=most, output_tokens_max=bound), st.integers(0, 2_000), st.integers(1, 500)
)


@given(st.data(), tiers(), PLANS, CANDIDATES, ASKS)
def test_what_is_held_covers_every_bill_within_its_bounds(
    data: st.DataObject, rows: tuple[PriceTier, ...], plan: Plan, candidate: Candidate, ask: Ask
) -> None:
    model = b.model(tiers=rows)
    catalog = b.catalog(model)
    held = hold.first(hold.sizing(candidate, catalog, plan, ask), lead_tokens=256)
    fresh, cached, written = data.draw(shares(candidate.input_tokens_max, 3))
    output, reasoning = data.draw(shares(candidate.output_tokens_max * ask.n, 2))
    usage = Usage(fresh, cached, written, output, reasoning, data.draw(st.integers(0, ask.image_count)))
    terms = tariff(plan, model.family, catalog.milli_credits_per_dollar)
    assert credits_milli([Charge(rows, terms, usage)]) <= held.amount_milli
    assert raw_cost_nano_usd(rows, usage) <= held.raw_nano_usd
