"""`POST /api/ai/precheck`: what a call would come to, without making it: verdict, assistant, model, worst price, or the
refusal it would get; calls no model and costs nothing."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

from proxy.api.chat import traceparent
from proxy.api.endpoint import Answer, Endpoint, Visit, json_response
from proxy.api.native.account import BudgetTold, budgets_told
from proxy.api.native_shape import openai_shaped
from proxy.api.schemas import Credits, Told, credits_of
from proxy.domain.decision import Candidate
from proxy.domain.errors import Refusal
from proxy.domain.ledger import HoldRefused
from proxy.domain.policy import Action, Mode
from proxy.domain.verdict import Complexity, Risk, Span
from proxy.pipeline import Judged, Order
from proxy.pipeline.betterplan import better_plan
from proxy.pipeline.estimate import of_first
from proxy.stages import hold
from proxy.stages.explain import explain, why_assistant
from proxy.stages.stream.native import NativeVoice


class PrecheckGiven(BaseModel):
    """A chat request, or one plain `prompt` in place of its messages. Every other field of a chat is understood too."""

    model_config = ConfigDict(extra="allow", frozen=True)

    assistant: Annotated[Any, Field(description="An assistant's id, in place of `model`.")] = None
    model: Annotated[Any, Field(description="Any name of GET /v1/models; `auto` when neither is given.")] = None
    prompt: Annotated[Any, Field(description="The text of a single user message.")] = None
    messages: Annotated[Any, Field(description="The messages of a chat, as in /v1/chat/completions.")] = None


class SpanTold(Told):
    """Where a rule spoke: characters `start` to `end` of message `message`."""

    rule: str
    message: int
    start: int
    end: int


class VerdictFound(Told):
    """What the rules found in the prompt; offsets, never its text. `modalities` and `tools` are what the request holds."""

    category: str
    family: str
    complexity: Complexity
    risk: Risk
    hazards: tuple[str, ...]
    confidence: float
    language: Annotated[str | None, Field(description="Of the last turn, ISO 639-1; null where it cannot be told.")]
    modalities: tuple[str, ...]
    tools: bool
    evidence: list[SpanTold]
    rules_revision: str


class RejectedTold(Told):
    model: str
    code: str
    why: str


class RefusalTold(Told):
    """The error that the call would be answered with."""

    status: int
    code: str
    message: str
    param: str | None
    details: Mapping[str, str | int | None]


class CreditsRange(Told):
    """From the least that an answer can cost to what it never exceeds."""

    lower: Credits
    worst: Credits


class BetterPlanTold(Told):
    """A plan above the caller's: it `gives` an `answer` where there is none, or a `better_model` for this kind of task."""

    plan: str
    model: str
    gives: Literal["answer", "better_model"]


class Precheck(Told):
    """`credits_worst` is what the whole answer could cost at most; null when the call would be refused."""

    call: str
    verdict: VerdictFound
    recommended_assistant: str | None
    assistant: str | None
    assistant_why: str
    action: Action
    mode: Mode
    model: str | None
    why: list[str]
    then: list[str]
    rejected: list[RejectedTold]
    credits: CreditsRange | None
    credits_worst: Credits | None
    better_plan: BetterPlanTold | None
    budgets: list[BudgetTold]
    refusal: RefusalTold | None


async def precheck(visit: Visit) -> Answer:
    judged = await previewed(visit)
    if isinstance(judged, Refusal):
        return judged
    call_id = judged.journey.call_id
    return json_response(_told(call_id, judged), headers={"x-signalbox-call": call_id})


async def previewed(visit: Visit) -> Judged | Refusal:
    """The visit's PrecheckGiven as a call that was decided and recorded, and not made."""
    services = visit.services
    given = visit.body_as(PrecheckGiven).model_dump(exclude_unset=True)
    shaped = openai_shaped(given, "prompt", None, services.catalog.current())
    if isinstance(shaped, Refusal):
        return shaped
    now_ms = services.clock.now_ms()
    call_id = services.ids.call_id(now_ms)
    order = Order(
        call_id=call_id,
        request_id=visit.request_id,
        kind="precheck",
        caller=visit.caller,
        body=orjson.dumps(shaped),
        received_ms=now_ms,
        started_ns=services.clock.monotonic_ns(),
        voice=lambda _: NativeVoice(call_id, now_ms // 1_000, None),
        traceparent=traceparent(dict(visit.request.headers.raw)),
    )
    return await services.pipeline.preview(order)


def foreseen(judged: Judged) -> Refusal | None:
    """The refusal that the call would get, as far as it can be known."""
    decision = judged.decision
    return decision.refusal or _unaffordable(judged, decision.chain[0])


def refusal_told(refusal: Refusal) -> RefusalTold:
    return RefusalTold(
        status=refusal.status,
        code=refusal.code,
        message=refusal.message,
        param=refusal.param,
        details=refusal.details,
    )


def _told(call_id: str, judged: Judged) -> Precheck:
    decision, verdict = judged.decision, judged.verdict
    refusal = foreseen(judged)
    said, better = explain(decision), better_plan(judged)
    return Precheck(
        call=call_id,
        verdict=_verdict(judged),
        recommended_assistant=_shown(verdict.recommended_assistant, judged),
        assistant=decision.assistant_id,
        assistant_why=why_assistant(judged.advice),
        action=decision.action,
        mode=decision.mode,
        model=decision.chain[0].model_id if decision.chain else None,
        why=said["why"],
        then=said["then"],
        rejected=said["rejected"],
        credits=None if refusal is not None else _range(judged),
        credits_worst=None if refusal is not None else credits_of(decision.chain[0].worst_milli_credits),
        better_plan=None if better is None else BetterPlanTold(plan=better.plan_id, model=better.model_id, gives=better.gives),
        budgets=budgets_told(judged.standing, judged.journey.caller.user.anchor_day),
        refusal=None if refusal is None else refusal_told(refusal),
    )


def _shown(assistant_id: str | None, judged: Judged) -> str | None:
    assistant = judged.journey.catalog.assistants.get(assistant_id or "")
    return assistant_id if assistant is None or assistant.is_shown_on(judged.ask.plan_id) else None


def _range(judged: Judged) -> CreditsRange:
    figures = of_first(judged)
    return CreditsRange(lower=credits_of(figures.lower_milli), worst=credits_of(figures.worst_milli))


def _unaffordable(judged: Judged, first: Candidate) -> Refusal | None:
    """What admission would say of credits that are really gone; live holds pass by themselves and say nothing here."""
    journey = judged.journey
    sizing = hold.sizing(first, journey.catalog, judged.plan, judged.ask)
    size = hold.first(sizing, journey.catalog.policy.hold_lead_tokens)
    if size.amount_milli <= judged.standing.spendable_milli(sizing.model.family):
        return None
    capped = judged.standing.capped_at(size.amount_milli)
    refused = (
        HoldRefused("insufficient_credits", f"user:{journey.caller.user.id}", judged.standing)
        if capped is None
        else HoldRefused("budget_cap_reached", capped, judged.standing)
    )
    return hold.refusal(refused, judged.plan, sizing.model.family)


def _verdict(judged: Judged) -> VerdictFound:
    verdict = judged.verdict
    return VerdictFound(
        category=verdict.category,
        family=verdict.family,
        complexity=verdict.complexity,
        risk=verdict.risk,
        hazards=verdict.hazards,
        confidence=verdict.confidence,
        language=verdict.language,
        modalities=judged.ask.modalities,
        tools=judged.ask.tools,
        evidence=[_span(span) for span in verdict.evidence],
        rules_revision=verdict.rules_revision,
    )


def _span(span: Span) -> SpanTold:
    return SpanTold(rule=span.rule, message=span.message, start=span.start, end=span.end)


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(
        "POST",
        "/api/ai/precheck",
        precheck,
        ("user", "app"),
        "What a call would come to, without making it",
        "AI",
        body=PrecheckGiven,
        answer=Precheck,
        rate_class="precheck",
        takes_prompts=True,
    ),
)
