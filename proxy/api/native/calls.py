"""`GET /api/calls`: what became of the caller's own calls, in plain words and credits; never a raw cost, a provider's
request id or error code, or another user's call."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.native.feedback import FeedbackTold
from proxy.api.period import Moment, ms_of
from proxy.api.schemas import MomentMs, Name, Queries, Told, credits_of
from proxy.domain import desk
from proxy.domain.call import INPUT_CHARGED, Attempt, Call, CallStatus, Stage
from proxy.domain.desk import LOOKED_AT_MAX, CallFilter
from proxy.domain.errors import Refusal
from proxy.domain.usage import Kind, Usage, UsageSource
from proxy.domain.verdict import Risk
from proxy.stages.explain import explain, outcome, said_of, said_of_word
from proxy.stages.unpaid import WHY_CHARGED

TAG: Final = "Calls"
PAGE_MAX: Final = 200
KindAsked = Literal[Kind, "model"]
# Every kind that asks a model for its caller.
OF_MODELS: Final[tuple[Kind, ...]] = ("chat", "embedding", "image")


class CallsQueries(Queries):
    before: Annotated[Name | None, Field(description="Only calls older than this one: `next_before` of the page before.")] = (
        None
    )
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX, description="Most calls on the page.")] = 50
    status: Annotated[CallStatus | None, Field(description="Only calls that ended so.")] = None
    model: Annotated[Name | None, Field(description="Only calls that this model answered.")] = None
    kind: Annotated[
        KindAsked | None, Field(description="Only calls of this kind; `model`: of every kind that asks a model, no prechecks.")
    ] = None
    since: Annotated[Moment | None, Field(alias="from", description="Only calls from this moment on, ISO 8601.")] = None
    until: Annotated[Moment | None, Field(description="Only calls before this moment.")] = None


class TokensTold(Told):
    """Tokens by class, disjoint; `source` says whether the provider reported them."""

    input: int
    cached_input: int
    cache_write: int
    output: int
    reasoning: int
    source: UsageSource


class CallTold(Told):
    id: str
    request_id: str
    kind: Kind
    at_ms: MomentMs
    status: CallStatus
    http_status: int
    code: str | None
    reason: str | None
    why: Annotated[str | None, Field(description="The reason in plain words.")]
    asked: tuple[str, ...]
    assistant: str | None
    model: str | None
    rescued_by: Annotated[tuple[str, ...], Field(description="Models that went on with the answer where it broke off.")]
    family: str | None
    stream: bool
    conversation_id: str | None
    duration_ms: int
    ttft_ms: Annotated[int | None, Field(description="From request accepted to first content byte out.")]
    tokens: TokensTold | None
    credits: Annotated[str, Field(description="Credits paid, less what was refunded.", examples=["12.5"])]
    refunded: Annotated[str, Field(description="Credits given back by an administrator.", examples=["0"])]
    metadata: Mapping[str, str]


class CallPage(Told):
    """Newest first; `next_before` is null on the last page. One page looks at 10,000 of the caller's calls at most: where it
    had to stop before it was full, `looked_at` says so, and `next_before` goes on from there."""

    data: list[CallTold]
    next_before: str | None
    looked_at: int | None


class AttemptTold(Told):
    number: int
    model: str
    outcome: str
    started_at_ms: MomentMs
    duration_ms: int
    charged: bool


class StepTold(Told):
    """A stage of the call: when it began after the call did, and how long it took, in microseconds."""

    stage: Stage
    at_us: int
    duration_us: int


class VerdictTold(Told):
    category: str
    complexity: str
    risk: Risk
    hazards: tuple[str, ...]
    second_look: Annotated[str | None, Field(description="What a second look at the prompt came to, if one was taken.")]


class CallDetail(CallTold):
    """`decision` says in plain words why this model, who stood by and who was ruled out; `why_charged` why a call paid that
    got no answer."""

    verdict: VerdictTold | None
    decision: Mapping[str, Any] | None
    why_charged: str | None
    attempts: list[AttemptTold]
    feedback: FeedbackTold | None
    timeline: list[StepTold]


async def list_calls(visit: Visit) -> Answer:
    asked = visit.queries_as(CallsQueries)
    wanted = CallFilter(
        user_id=visit.caller.user.id,
        model_id=asked.model,
        status=asked.status,
        kinds=kinds_asked(asked.kind),
        from_ms=None if asked.since is None else ms_of(asked.since),
        until_ms=None if asked.until is None else ms_of(asked.until),
        before_id=asked.before,
        limit=asked.limit + 1,
    )
    found = await visit.services.register.calls(wanted)
    shown = found.calls[: asked.limit]
    return CallPage(data=[CallTold(**call_fields(call)) for call in shown], **page_end(found, asked.limit))


async def show_call(visit: Visit) -> Answer:
    call = await visit.services.register.call(visit.path("id"))
    if call is None or call.user_id != visit.caller.user.id:
        return Refusal("not_found", "You have made no call of this id.")
    return CallDetail(
        **call_fields(call),
        verdict=_verdict(call),
        decision=None if call.decision is None else explain(call.decision),
        why_charged=WHY_CHARGED if call.reason == INPUT_CHARGED else None,
        attempts=[_attempt(attempt, call) for attempt in call.attempts],
        feedback=FeedbackTold.of(await visit.services.feedback.of_call(call.id)),
        timeline=[StepTold(stage=m.stage, at_us=m.at_us, duration_us=m.duration_us) for m in call.timeline],
    )


def kinds_asked(kind: KindAsked | None) -> tuple[Kind, ...] | None:
    """The kinds that a query names."""
    if kind is None:
        return None
    return OF_MODELS if kind == "model" else (kind,)


def page_end(found: desk.CallPage, limit: int) -> dict[str, Any]:
    """How a page of calls ends, by the names of CallPage: before others that were found, where it had looked at all it may, or
    with the last one."""
    if len(found.calls) > limit:
        return {"next_before": found.calls[limit - 1].id, "looked_at": None}
    return {"next_before": found.stopped_at, "looked_at": None if found.stopped_at is None else LOOKED_AT_MAX}


def call_fields(call: Call) -> dict[str, Any]:
    """What CallTold shows, by name."""
    return {
        "id": call.id,
        "request_id": call.request_id,
        "kind": call.kind,
        "at_ms": call.at_ms,
        "status": call.status,
        "http_status": call.http_status,
        "code": call.code,
        "reason": call.reason,
        "why": said_of(call.reason),
        "asked": call.asked,
        "assistant": call.assistant_id,
        "model": call.model_id,
        "rescued_by": call.rescued_by,
        "family": call.family,
        "stream": call.stream,
        "conversation_id": call.conversation_id,
        "duration_ms": call.duration_ms,
        "ttft_ms": call.ttft_ms,
        "tokens": None if call.usage is None else tokens_told(call.usage),
        "credits": credits_of(call.paid_milli),
        "refunded": credits_of(call.refunded_milli),
        "metadata": call.metadata,
    }


def tokens_told(usage: Usage) -> TokensTold:
    return TokensTold(
        input=usage.input,
        cached_input=usage.cached_input,
        cache_write=usage.cache_write,
        output=usage.output,
        reasoning=usage.reasoning,
        source=usage.source,
    )


def _verdict(call: Call) -> VerdictTold | None:
    found = call.verdict
    if found is None:
        return None
    return VerdictTold(
        category=found.category,
        complexity=found.complexity,
        risk=found.risk,
        hazards=found.hazards,
        second_look=None if found.second is None else said_of_word(found.second),
    )


def _attempt(attempt: Attempt, call: Call) -> AttemptTold:
    return AttemptTold(
        number=attempt.number,
        model=attempt.model_id,
        outcome=outcome(attempt, call),
        started_at_ms=attempt.started_ms,
        duration_ms=attempt.ended_ms - attempt.started_ms,
        charged=attempt.charged,
    )


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(
        "GET",
        "/api/calls",
        list_calls,
        ("user", "app"),
        "Own calls, newest first",
        TAG,
        queries=CallsQueries,
        answer=CallPage,
    ),
    Endpoint("GET", "/api/calls/{id}", show_call, ("user", "app"), "One own call, with its decision", TAG, answer=CallDetail),
)
