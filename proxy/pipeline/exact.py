"""A judged call or a metered answer in, the same with tokens counted instead of bounded by bytes out; asks the counter and
never decides which is needed."""

from collections.abc import Collection

from proxy.domain.catalog import Model, Vocabulary
from proxy.domain.decision import Candidate
from proxy.domain.journey import Counted
from proxy.domain.usage import Usage
from proxy.domain.value import replace
from proxy.pipeline.order import Judged
from proxy.ports import TokenCounter
from proxy.stages import policy
from proxy.stages.framing import Framed, framed
from proxy.stages.meter import Gauge, Meter, Tally, estimated_tokens


def uncounted(judged: Judged, candidate: Candidate) -> frozenset[Vocabulary]:
    """The vocabulary of a candidate that the call was not counted in yet, if it has one."""
    vocabulary = judged.journey.catalog.models[candidate.model_id].vocabulary
    return frozenset() if vocabulary is None or judged.ask.count(vocabulary) else frozenset((vocabulary,))


def in_same_order(one: Judged, other: Judged) -> bool:
    """Whether two decisions of a call try the same models one after the other."""
    return [kept.model_id for kept in one.decision.chain] == [kept.model_id for kept in other.decision.chain]


async def sized(judged: Judged, vocabularies: Collection[Vocabulary], counter: TokenCounter) -> Judged:
    """The same call, decided again with its input counted in `vocabularies`; the very same value when none could be. The
    counts stand in the Ask, so that the record decides the same way again."""
    if not vocabularies:
        return judged
    prompt = judged.system_prompt
    read = framed(judged.journey.request, prompt)
    counts = [await _counted(read, prompt, vocabulary, counter) for vocabulary in sorted(vocabularies)]
    made = tuple(count for count in counts if count is not None)
    if not made:
        return judged
    ask = replace(judged.ask, counted=(*judged.ask.counted, *made))
    catalog, standing = judged.journey.catalog, judged.standing
    decision = policy.decide(ask, judged.verdict, judged.advice, standing, catalog, judged.health)
    return replace(judged, ask=ask, decision=decision)


def gauge(judged: Judged, candidate: Candidate) -> Gauge:
    """What is known beforehand of the size of a call's input for a candidate."""
    ask, model = judged.ask, judged.journey.catalog.models[candidate.model_id]
    prompt = judged.system_prompt
    prompt_bytes = len(prompt.encode()) if prompt else 0
    estimate = estimated_tokens(ask.text_bytes + prompt_bytes) + ask.tokens + ask.image_count * model.image_tokens
    return Gauge(candidate.input_tokens_max, estimate, model.tokens_per_byte_max, model.vocabulary is not None)


async def billed(meter: Meter, judged: Judged, model: Model, counter: TokenCounter) -> Usage:
    """What an attempt used: where the provider did not say, counted in the model's own vocabulary (contract 5)."""
    said = meter.uncounted
    if said is None or model.vocabulary is None:
        return meter.usage()
    prompt = judged.system_prompt
    read = framed(judged.journey.request, prompt)
    counted = judged.ask.count(model.vocabulary) or await _counted(read, prompt, model.vocabulary, counter)
    output = await counter.count(model.vocabulary, said.output)
    reasoning = await counter.count(model.vocabulary, said.reasoning)
    if counted is None or output is None or reasoning is None:
        return meter.usage()
    return meter.usage(
        Tally(
            input=counted.tokens_max + judged.ask.tokens + judged.ask.image_count * model.image_tokens,
            output=output,
            reasoning=reasoning,
            is_exact=read.is_published and not said.has_tool and not model.hidden_output,
        )
    )


async def _counted(read: Framed, prompt: str | None, vocabulary: Vocabulary, counter: TokenCounter) -> Counted | None:
    texts = await counter.count(vocabulary, read.texts)
    asides = await counter.count(vocabulary, read.asides)
    if texts is None or asides is None:
        return None
    return Counted(vocabulary, texts, texts + asides + read.framing_tokens, len((prompt or "").encode()))
