"""One call as JSON, twice: whole for admins, and for supporters without any cost of ours, multiplier, price or key; the second
never holds what it may not show."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from proxy.api.admin.precheck_view import PrecheckView, precheck_view
from proxy.api.admin.views import multiplier_text
from proxy.api.native.calls import CallTold, TokensTold, call_fields, tokens_told
from proxy.api.native.feedback import FeedbackSeen, FeedbackTold
from proxy.api.schemas import Credits, MomentMs, Told, credits_of
from proxy.domain.call import Attempt, Call, Mark, Stage
from proxy.domain.decision import Candidate, Decision, Reason
from proxy.domain.desk import Entry, LedgerLine
from proxy.domain.errors import FaultKind
from proxy.domain.feedback import Feedback
from proxy.domain.money import credits_text
from proxy.stages.explain import said_of, sentence

# A counter's name ends with the unit it counts where that is not credits.
Unit = Literal["credits", "nano_usd", "users", "calls"]
COUNTED: Final[Mapping[str, Unit]] = {"nano_usd": "nano_usd", "users": "users", "calls": "calls"}
_US_PER_MS: Final = 1_000


class SupportCall(CallTold):
    """A row of the list. `provider` is who served; `model` is null where nobody did."""

    user_id: str
    app_id: str | None
    provider: str | None


class AdminCall(SupportCall):
    """The same with what it cost the operator. `absorbed` was billed above what was held, or for what nobody pays."""

    key_id: str
    raw_cost_nano_usd: int
    absorbed: Credits


class ReasonView(Told):
    """`code` is the rule or rank, `detail` its numbers, `why` the same as a sentence."""

    code: str
    detail: Mapping[str, int | str]
    why: str


class SupportCandidate(Told):
    model: str
    provider: str
    reason: ReasonView
    output_tokens_max: int


class AdminCandidate(SupportCandidate):
    """`worst_credits` is what the whole answer could have cost the caller."""

    score: float
    input_tokens_max: int
    worst_credits: Credits


class DroppedView(Told):
    model: str
    reason: ReasonView


class DecisionView(Told):
    revision: str
    assistant: str | None
    action: str
    mode: str
    dropped: list[DroppedView]
    refusal: str | None
    stepped_down: bool
    shortened: bool
    learned_revision: str | None


class SupportDecision(DecisionView):
    chain: list[SupportCandidate]


class AdminDecision(DecisionView):
    chain: list[AdminCandidate]


class SupportAttempt(Told):
    """One upstream try; `fault` is null where it answered."""

    number: int
    model: str
    provider: str
    family: str
    started_at_ms: MomentMs
    first_byte_at_ms: MomentMs | None
    ended_at_ms: MomentMs
    fault: FaultKind | None
    provider_status: int | None
    provider_code: str | None
    provider_request_id: str | None
    tokens: TokensTold | None
    credits: Credits
    charged: bool


class AdminAttempt(SupportAttempt):
    """`multiplier` is null where the plan has credit prices of its own."""

    raw_cost_nano_usd: int
    multiplier: str | None


class StepView(Told):
    """A stage: when it began after the call did, and how long it took, in microseconds."""

    stage: Stage
    at_us: int
    duration_us: int
    detail: str | None


class SawView(Told):
    """What the caller was answered."""

    http_status: int
    code: str | None
    reason: str | None
    why: str | None
    credits: Credits


class LineView(Told):
    """How an entry moved one counter; amounts are credits, nano-USD for a ceiling on raw cost, users enrolled, or calls that
    got nothing though they were billed."""

    scope: str
    counter: str
    epoch: str
    unit: Unit
    spent: str
    held: str


class EntryView(Told):
    id: str
    kind: str
    at_ms: MomentMs
    amount: Credits
    lines: list[LineView]


class SupportCallDetail(SupportCall):
    catalog_revision: str
    saw: SawView
    precheck: PrecheckView | None
    decision: SupportDecision | None
    attempts: list[SupportAttempt]
    feedback: FeedbackSeen | None
    timeline: list[StepView]
    entries: list[EntryView]


class AdminCallDetail(AdminCall):
    catalog_revision: str
    saw: SawView
    precheck: PrecheckView | None
    decision: AdminDecision | None
    attempts: list[AdminAttempt]
    feedback: FeedbackTold | None
    timeline: list[StepView]
    entries: list[EntryView]


def support_call(call: Call) -> SupportCall:
    return SupportCall(**_seen(call))


def admin_call(call: Call) -> AdminCall:
    return AdminCall(**_seen(call), **_costs(call))


def support_detail(call: Call, entries: Sequence[Entry], said: Feedback | None) -> SupportCallDetail:
    return SupportCallDetail(
        **_seen(call),
        **_story(call, entries),
        decision=None if call.decision is None else _support_decision(call.decision),
        attempts=[SupportAttempt(**_try(attempt)) for attempt in call.attempts],
        feedback=FeedbackSeen.of(said),
        entries=[_in_credits(_entry(entry)) for entry in entries],
    )


def admin_detail(call: Call, entries: Sequence[Entry], said: Feedback | None) -> AdminCallDetail:
    return AdminCallDetail(
        **_seen(call),
        **_costs(call),
        **_story(call, entries),
        decision=None if call.decision is None else _admin_decision(call.decision),
        attempts=[_admin_attempt(attempt) for attempt in call.attempts],
        feedback=FeedbackTold.of(said),
        entries=[_entry(entry) for entry in entries],
    )


def with_settlement(call: Call, entries: Sequence[Entry]) -> list[Mark]:
    """The call's timeline and, where its hold is resolved, how long that took: from the moment the call ended to the books'
    own time, which are milliseconds of the wall clock."""
    resolved = [entry for entry in entries if entry.kind in ("settle", "release")]
    if not resolved:
        return list(call.timeline)
    marks = [mark for mark in call.timeline if mark.stage != "settle"]
    at_us = max((mark.at_us + mark.duration_us for mark in marks), default=0)
    settled_us = (resolved[-1].at_ms - call.at_ms) * _US_PER_MS
    return [*marks, Mark("settle", at_us, max(0, settled_us - at_us), resolved[-1].kind)]


def _seen(call: Call) -> dict[str, Any]:
    return call_fields(call) | {"user_id": call.user_id, "app_id": call.app_id, "provider": call.provider_id}


def _costs(call: Call) -> dict[str, Any]:
    return {
        "key_id": call.key_id,
        "raw_cost_nano_usd": call.raw_nano_usd,
        "absorbed": credits_of(call.absorbed_milli),
    }


def _story(call: Call, entries: Sequence[Entry]) -> dict[str, Any]:
    saw = SawView(
        http_status=call.http_status,
        code=call.code,
        reason=call.reason,
        why=said_of(call.reason),
        credits=credits_of(call.credits_milli),
    )
    return {
        "catalog_revision": call.catalog_revision,
        "saw": saw,
        "precheck": precheck_view(call.verdict),
        "timeline": [_step(mark) for mark in with_settlement(call, entries)],
    }


def _step(mark: Mark) -> StepView:
    return StepView(stage=mark.stage, at_us=mark.at_us, duration_us=mark.duration_us, detail=mark.detail)


def _support_decision(decision: Decision) -> SupportDecision:
    return SupportDecision(**_judgement(decision), chain=[SupportCandidate(**_candidate(c)) for c in decision.chain])


def _admin_decision(decision: Decision) -> AdminDecision:
    return AdminDecision(**_judgement(decision), chain=[_admin_candidate(c) for c in decision.chain])


def _judgement(decision: Decision) -> dict[str, Any]:
    return {
        "revision": decision.revision,
        "assistant": decision.assistant_id,
        "action": decision.action,
        "mode": decision.mode,
        "dropped": [DroppedView(model=dropped.model_id, reason=_reason(dropped.reason)) for dropped in decision.dropped],
        "refusal": None if decision.refusal is None else decision.refusal.code,
        "stepped_down": decision.stepped_down,
        "shortened": decision.shortened,
        "learned_revision": decision.learned_revision,
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "model": candidate.model_id,
        "provider": candidate.provider_id,
        "reason": _reason(candidate.reason),
        "output_tokens_max": candidate.output_tokens_max,
    }


def _admin_candidate(candidate: Candidate) -> AdminCandidate:
    return AdminCandidate(
        **_candidate(candidate),
        score=candidate.score,
        input_tokens_max=candidate.input_tokens_max,
        worst_credits=credits_of(candidate.worst_milli_credits),
    )


def _reason(reason: Reason) -> ReasonView:
    return ReasonView(code=reason.code, detail=reason.detail, why=sentence(reason))


def _try(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "model": attempt.model_id,
        "provider": attempt.provider_id,
        "family": attempt.family,
        "started_at_ms": attempt.started_ms,
        "first_byte_at_ms": attempt.first_byte_ms,
        "ended_at_ms": attempt.ended_ms,
        "fault": attempt.fault,
        "provider_status": attempt.provider_status,
        "provider_code": attempt.provider_code,
        "provider_request_id": attempt.provider_request_id,
        "tokens": None if attempt.usage is None else tokens_told(attempt.usage),
        "credits": credits_of(attempt.credits_milli),
        "charged": attempt.charged,
    }


def _admin_attempt(attempt: Attempt) -> AdminAttempt:
    multiplier = multiplier_text(attempt.multiplier_ppm) if attempt.multiplier_ppm else None
    return AdminAttempt(**_try(attempt), raw_cost_nano_usd=attempt.raw_nano_usd, multiplier=multiplier)


def _entry(entry: Entry) -> EntryView:
    return EntryView(
        id=entry.id,
        kind=entry.kind,
        at_ms=entry.at_ms,
        amount=_signed(entry.amount_milli),
        lines=[_line(line) for line in entry.lines],
    )


def _in_credits(entry: EntryView) -> EntryView:
    """An entry as supporters see it: neither raw cost nor keys."""
    seen = [line for line in entry.lines if line.unit == "credits" and not line.scope.startswith("key:")]
    return entry.model_copy(update={"lines": seen})


def _line(line: LedgerLine) -> LineView:
    unit = COUNTED.get(line.name.rpartition("/")[2])
    return LineView(
        scope=line.scope,
        counter=line.name,
        epoch=line.epoch,
        unit=unit or "credits",
        spent=str(line.spent) if unit else _signed(line.spent),
        held=str(line.held) if unit else _signed(line.held),
    )


def _signed(milli: int) -> str:
    return credits_text(milli) if milli >= 0 else f"-{credits_text(-milli)}"
