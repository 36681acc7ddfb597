"""`POST /api/ai/estimate`: what a prompt would cost, on each model or on what was asked for, before it is sent; calls no model,
costs nothing, and never shows a raw cost."""

from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import Field

from proxy.api.endpoint import Answer, Endpoint, Visit, json_response
from proxy.api.native.account import BudgetTold, budgets_told
from proxy.api.native.precheck import PrecheckGiven, RefusalTold, foreseen, previewed, refusal_told
from proxy.api.period import DAYS_DEFAULT
from proxy.api.schemas import Credits, Told, credits_of
from proxy.domain.desk import UsageQuery
from proxy.domain.errors import Refusal
from proxy.domain.rollup import DAY_MS, TallyQuery
from proxy.pipeline import Judged
from proxy.pipeline.estimate import Estimated, Figures, Usual, of_chain, of_models

# How long the answers of others were is told of so many calls that it is nobody's.
_NOBODYS_CALLS: Final = 100
_MODELS_LOOKED_AT: Final = 200


class CreditsSpan(Told):
    """From the least that an answer can cost to what it never exceeds; `held` is what is reserved when it begins."""

    lower: Credits
    typical: Annotated[
        Credits | None, Field(description="With an answer as long as they have been; null until there are calls to learn from.")
    ]
    worst: Credits
    held: Credits


class ModelEstimate(Told):
    """One model: what it would cost, or the `refusal` it would be answered with. `place` says when it would be tried for
    what was asked, from 1; null: not at all."""

    model: str
    family: str
    place: int | None
    credits: CreditsSpan | None = None
    affordable: bool = False
    output_tokens_max: int | None = None
    refusal: RefusalTold | None = None


class Estimate(Told):
    """What was asked for (`auto` when nothing was): `model` would be tried first, or `refusal` be answered. `data` are the
    candidates in the order they would be tried; where nothing was named, every model that may be called. `budgets` are
    what may be spent on the assistant."""

    call: str
    assistant: str | None
    model: str | None
    refusal: RefusalTold | None
    budgets: list[BudgetTold]
    data: list[ModelEstimate]


async def estimate(visit: Visit) -> Answer:
    judged = await previewed(visit)
    if isinstance(judged, Refusal):
        return judged
    usual = await _usual(visit)
    given = visit.body_as(PrecheckGiven)
    is_named = any(name is not None for name in (given.model, given.assistant, (given.model_extra or {}).get("models")))
    call_id = judged.journey.call_id
    told = _told(judged, of_chain(judged, usual) if is_named else of_models(judged, usual))
    return json_response(told, headers={"x-signalbox-call": call_id})


async def _usual(visit: Visit) -> Usual:
    """How long this caller's answers have been, else everybody's, by model."""
    register, until_ms = visit.services.register, visit.services.clock.now_ms()
    from_ms = until_ms - DAYS_DEFAULT * DAY_MS
    own = await register.usage(UsageQuery(visit.caller.user.id, from_ms, until_ms, "model"))
    every = await register.tallies(TallyQuery(from_ms, until_ms, "model", limit=_MODELS_LOOKED_AT))
    counted = [
        (row.group, row.tally.calls_used, row.tally.output_tokens + row.tally.reasoning_tokens)
        for row in every
        if row.tally.calls_used >= _NOBODYS_CALLS
    ]
    mine = [(row.group, row.calls, row.output_tokens) for row in own if row.calls]
    by_model = {model_id: tokens // calls for model_id, calls, tokens in (*counted, *mine)}
    return Usual(by_model, _mean(mine) if mine else _mean(counted))


def _mean(counted: Iterable[tuple[str, int, int]]) -> int | None:
    calls, tokens = 0, 0
    for _, of_calls, of_tokens in counted:
        calls, tokens = calls + of_calls, tokens + of_tokens
    return tokens // calls if calls else None


def _told(judged: Judged, estimates: list[Estimated]) -> Estimate:
    refusal = foreseen(judged)
    chain = judged.decision.chain
    places = {candidate.model_id: place for place, candidate in enumerate(chain, start=1)}
    return Estimate(
        call=judged.journey.call_id,
        assistant=judged.decision.assistant_id,
        model=chain[0].model_id if chain else None,
        refusal=None if refusal is None else refusal_told(refusal),
        budgets=budgets_told(judged.standing, judged.journey.caller.user.anchor_day),
        data=[_model(one, places.get(one.model.id)) for one in estimates],
    )


def _model(one: Estimated, place: int | None) -> ModelEstimate:
    model, found = one.model, one.outcome
    if isinstance(found, Refusal):
        return ModelEstimate(model=model.id, family=model.family, place=place, refusal=refusal_told(found))
    return ModelEstimate(
        model=model.id,
        family=model.family,
        place=place,
        credits=_credits(found),
        affordable=found.is_affordable,
        output_tokens_max=found.output_tokens_max,
    )


def _credits(found: Figures) -> CreditsSpan:
    return CreditsSpan(
        lower=credits_of(found.lower_milli),
        typical=None if found.typical_milli is None else credits_of(found.typical_milli),
        worst=credits_of(found.worst_milli),
        held=credits_of(found.held_milli),
    )


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(
        "POST",
        "/api/ai/estimate",
        estimate,
        ("user", "app"),
        "What a prompt would cost on each model, before it is sent",
        "AI",
        body=PrecheckGiven,
        answer=Estimate,
        rate_class="precheck",
        takes_prompts=True,
    ),
)
