"""What a call would cost before it is made: a judged call in, the least, the usual and the most that each model could come to
out; in credits, by the code of live calls, and nothing moves."""

from collections.abc import Mapping
from typing import Final

from proxy.domain.catalog import Model
from proxy.domain.decision import Candidate
from proxy.domain.errors import Refusal
from proxy.domain.money import Charge, credits_milli, least_charge
from proxy.domain.usage import Usage
from proxy.domain.value import dataclass, replace
from proxy.pipeline.order import Judged
from proxy.stages import assistant, hold, policy
from proxy.stages.hold import Sizing
from proxy.stages.meter import estimated_tokens
from proxy.stages.policy.size import input_tokens

# Each model is a decision of its own, and other calls wait while they are made.
MODELS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Usual:
    """How long answers have been, in output tokens: by model, and `of_any` of them where one has no calls to learn from."""

    by_model: Mapping[str, int]
    of_any: int | None

    def output_tokens(self, model_id: str) -> int | None:
        return self.by_model.get(model_id, self.of_any)


_NOTHING_LEARNT: Final = Usual({}, None)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one model could come to, in milli-credits. `typical_milli` is None while there is no call to learn from;
    `held_milli` is reserved at the start; `is_affordable` says whether what is left could be held."""

    lower_milli: int
    typical_milli: int | None
    worst_milli: int
    held_milli: int
    output_tokens_max: int
    is_affordable: bool


@dataclass(frozen=True, slots=True)
class Estimated:
    """One model: its figures, or the refusal that a call of it would get."""

    model: Model
    outcome: Figures | Refusal


def of_chain(judged: Judged, usual: Usual) -> list[Estimated]:
    """Every candidate that would be tried, in that order."""
    return [_estimated(judged, candidate, usual) for candidate in judged.decision.chain]


def of_first(judged: Judged) -> Figures:
    """The candidate that would be tried first; there must be one. Nothing is known of how long answers have been."""
    return _figures(judged, judged.decision.chain[0], _NOTHING_LEARNT)


def of_models(judged: Judged, usual: Usual) -> list[Estimated]:
    """Every model that the caller may call, each as if it were asked for by name; MODELS_MAX of them at most."""
    ask, catalog = judged.ask, judged.journey.catalog
    seen = [model for model, reason in policy.visible(catalog, judged.plan, ask.model_scope) if reason is None]
    return [_alone(judged, model, usual) for model in seen if model.kind == ask.kind][:MODELS_MAX]


def _alone(judged: Judged, model: Model, usual: Usual) -> Estimated:
    catalog = judged.journey.catalog
    ask = replace(judged.ask, asked=(model.id,))
    advice = assistant.advise(ask.asked, judged.verdict, catalog, ask.plan_id)
    # A model that is named is no assistant's, so no assistant's budget stands over it.
    standing = judged.standing.without_budgets()
    decision = policy.decide(ask, judged.verdict, advice, standing, catalog, judged.health)
    if decision.refusal is not None:
        return Estimated(model, decision.refusal)
    alone = replace(judged, ask=ask, advice=advice, standing=standing, decision=decision)
    return _estimated(alone, decision.chain[0], usual)


def _estimated(judged: Judged, candidate: Candidate, usual: Usual) -> Estimated:
    return Estimated(judged.journey.catalog.models[candidate.model_id], _figures(judged, candidate, usual))


def _figures(judged: Judged, candidate: Candidate, usual: Usual) -> Figures:
    catalog = judged.journey.catalog
    sizing = hold.sizing(candidate, catalog, judged.plan, judged.ask)
    held_milli = hold.first(sizing, catalog.policy.hold_lead_tokens).amount_milli
    return Figures(
        lower_milli=_lower(judged, sizing),
        typical_milli=_typical(judged, sizing, usual.output_tokens(candidate.model_id)),
        worst_milli=candidate.worst_milli_credits,
        held_milli=held_milli,
        output_tokens_max=candidate.output_tokens_max,
        is_affordable=held_milli <= judged.standing.spendable_milli(sizing.model.family),
    )


def _lower(judged: Judged, sizing: Sizing) -> int:
    """The fewest tokens that the prompt can be, in the cheapest class, and one token of answer."""
    least, _ = input_tokens(sizing.model, judged.ask, judged.assistant)
    return credits_milli([least_charge(sizing.tiers, sizing.tariff, least, 1)])


def _typical(judged: Judged, sizing: Sizing, output_tokens: int | None) -> int | None:
    """The prompt as the meter would estimate it, and an answer as long as they have been."""
    if output_tokens is None:
        return None
    ask = judged.ask
    text_tokens = estimated_tokens(ask.text_bytes + len((judged.system_prompt or "").encode()))
    usage = Usage(
        input=min(sizing.input_tokens_max, text_tokens + ask.tokens + ask.image_count * sizing.model.image_tokens),
        output=min(sizing.output_tokens_max, output_tokens),
        images=ask.images,
        source="estimated",
    )
    return credits_milli([Charge(sizing.tiers, sizing.tariff, usage)])
