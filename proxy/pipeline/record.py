"""The register's row of a call: everything known of it in, one Call out; pure, and the only place that builds one."""

from typing import Final

from proxy.domain.call import NOBODY, Attempt, Call, CallStatus, Receipt
from proxy.domain.decision import Candidate
from proxy.domain.errors import STATUS, ErrorCode, Refusal
from proxy.domain.ledger import HoldTerms, Settlement
from proxy.domain.money import Charge, Tab, credits_milli, raw_cost_nano_usd
from proxy.domain.plan import tariff
from proxy.domain.usage import Kind, Usage
from proxy.domain.value import maker, replace
from proxy.pipeline.order import Ending, Judged, Marks, Order, Outcome
from proxy.stages import explain, failover, unpaid

_new_attempt: Final = maker(Attempt)
_new_call: Final = maker(Call)
_new_receipt: Final = maker(Receipt)

_STATUS: dict[Ending, CallStatus] = {
    "answered": "served",
    "cut": "cut",
    "stopped": "cut",
    "broken": "cut",
    "left": "left",
    "failed": "failed",
}


def unread(order: Order, catalog_revision: str, refusal: Refusal, marks: Marks) -> Call:
    """A call whose body could not be read, or whose caller may not call at all."""
    caller = order.caller
    return _new_call(
        id=order.call_id,
        request_id=order.request_id,
        kind=order.kind,
        at_ms=order.received_ms,
        user_id=caller.user.id,
        app_id=caller.app.id if caller.app else None,
        key_id=caller.key.id,
        catalog_revision=catalog_revision,
        asked=(),
        stream=False,
        status="refused",
        http_status=refusal.status,
        code=refusal.code,
        reason=refusal.code,
        conversation_id=order.conversation_id,
        assistant_id=None,
        model_id=None,
        provider_id=None,
        family=None,
        duration_ms=marks.after_ms(),
        ttft_ms=None,
        usage=None,
        credits_milli=0,
        raw_nano_usd=0,
        absorbed_milli=0,
        ask=None,
        verdict=None,
        advice=None,
        standing=None,
        health=None,
        decision=None,
    )


def ours(kind: Kind, call_id: str, request_id: str, catalog_revision: str, attempt: Attempt) -> Call:
    """A call that we made for ourselves, to learn whether a provider works or what it thinks of a prompt: it is nobody's and is
    charged to nobody (contract 5)."""
    answered = attempt.fault is None
    return _new_call(
        id=call_id,
        request_id=request_id,
        kind=kind,
        at_ms=attempt.started_ms,
        user_id=NOBODY,
        app_id=None,
        key_id=NOBODY,
        catalog_revision=catalog_revision,
        asked=(attempt.model_id,),
        stream=False,
        status="served" if answered else "failed",
        http_status=200 if answered else STATUS["upstream_error"],
        code=None if answered else "upstream_error",
        reason=None,
        conversation_id=None,
        assistant_id=None,
        model_id=attempt.model_id,
        provider_id=attempt.provider_id,
        family=attempt.family,
        duration_ms=attempt.ended_ms - attempt.started_ms,
        ttft_ms=None,
        usage=attempt.usage,
        credits_milli=0,
        raw_nano_usd=attempt.raw_nano_usd,
        absorbed_milli=0,
        ask=None,
        verdict=None,
        advice=None,
        standing=None,
        health=None,
        decision=None,
        attempts=(attempt,),
    )


def begun(order: Order, judged: Judged, marks: Marks) -> Call:
    """A call that was decided and is about to hold: what a crash would leave behind. A probe's model was not chosen among
    others, so there is nothing to decide again."""
    journey, decision = judged.journey, judged.decision
    caller, request = journey.caller, journey.request
    first = decision.chain[0] if decision.chain else None
    begun_call = _new_call(
        id=order.call_id,
        request_id=order.request_id,
        kind=order.kind,
        at_ms=order.received_ms,
        user_id=caller.user.id,
        app_id=caller.app.id if caller.app else None,
        key_id=caller.key.id,
        catalog_revision=journey.catalog.revision,
        asked=request.asked,
        stream=request.stream,
        status="running",
        http_status=0,
        code=None,
        reason=first.reason.code if first else None,
        conversation_id=order.conversation_id,
        assistant_id=decision.assistant_id,
        model_id=first.model_id if first else None,
        provider_id=first.provider_id if first else None,
        family=journey.catalog.models[first.model_id].family if first else None,
        duration_ms=marks.after_ms(),
        ttft_ms=None,
        usage=None,
        credits_milli=0,
        raw_nano_usd=0,
        absorbed_milli=0,
        ask=judged.ask,
        verdict=judged.verdict,
        advice=judged.advice,
        standing=judged.standing,
        health=judged.health,
        decision=decision,
        metadata=request.options.metadata,
    )
    if order.kind == "probe":
        return replace(begun_call, ask=None, verdict=None, advice=None, standing=None, health=None, decision=None)
    return begun_call


def refused(begun_call: Call, refusal: Refusal, attempts: list[Attempt], marks: Marks) -> Call:
    """A call that got a refusal instead of an answer, before or after upstream was tried."""
    return replace(
        begun_call,
        status="failed" if attempts else "refused",
        http_status=refusal.status,
        code=refusal.code,
        reason=refusal.code,
        model_id=None,
        provider_id=None,
        family=None,
        duration_ms=marks.after_ms(),
        raw_nano_usd=sum(a.raw_nano_usd for a in attempts),
        attempts=tuple(attempts),
        timeline=tuple(marks.timeline),
    )


def ended(begun_call: Call, outcome: Outcome, attempts: list[Attempt], marks: Marks) -> Call:
    """A call that was answered, wholly or in part. Where several wrote, the first of them answers for it; `outcome` is that
    of them all together."""
    writers = [attempt for attempt in attempts if attempt.charged]
    writer = writers[0] if writers else attempts[-1]
    chain = begun_call.decision.chain if begun_call.decision else ()
    reasons = [c.reason.code for c in chain if c.model_id == writer.model_id]
    return replace(
        begun_call,
        status=_STATUS[outcome.ending],
        http_status=outcome.refusal.status if outcome.refusal and outcome.ending == "failed" else 200,
        code=_code(outcome),
        reason=reasons[0] if reasons else begun_call.reason,
        model_id=writer.model_id,
        provider_id=writer.provider_id,
        family=writer.family,
        duration_ms=marks.after_ms(),
        ttft_ms=None if outcome.first_token_ns is None else marks.after_ms(outcome.first_token_ns),
        usage=outcome.usage,
        credits_milli=sum([attempt.credits_milli for attempt in writers]),
        raw_nano_usd=sum([a.raw_nano_usd for a in attempts]),
        attempts=tuple(attempts),
        timeline=tuple(marks.timeline),
    )


def charge(judged: Judged, candidate: Candidate, usage: Usage) -> Charge:
    """What a candidate's usage is billed by."""
    catalog = judged.journey.catalog
    model = catalog.models[candidate.model_id]
    terms = tariff(judged.plan, model.family, catalog.milli_credits_per_dollar)
    return Charge(model.tiers_for(judged.ask.picture), terms, usage)


def attempt(judged: Judged, candidate: Candidate, outcome: Outcome, number: int, tab: Tab) -> Attempt:
    """One try's row. The caller pays what was delivered; a fault before the commit point is never the caller's, but what the
    provider said it billed for it is the operator's cost. One that goes on with an answer is charged for what it adds to the
    `tab` of the writers before it."""
    model = judged.journey.catalog.models[candidate.model_id]
    bill = charge(judged, candidate, outcome.usage)
    charged = outcome.ending != "failed"
    goes_on = charged and tab.charges
    added_milli = tab.and_then(bill).milli - tab.milli if goes_on else credits_milli([bill])
    billable = charged or outcome.usage.source == "provider"
    return _new_attempt(
        number=number,
        model_id=candidate.model_id,
        provider_id=candidate.provider_id,
        family=model.family,
        started_ms=outcome.began_ms,
        first_byte_ms=outcome.first_byte_ms,
        ended_ms=outcome.ended_ms,
        fault=outcome.fault.kind if outcome.fault else None,
        provider_status=outcome.provider_status,
        provider_code=outcome.fault.provider_code if outcome.fault else None,
        provider_request_id=outcome.provider_request_id,
        usage=outcome.usage if billable else None,
        raw_nano_usd=raw_cost_nano_usd(bill.tiers, outcome.usage) if billable else 0,
        credits_milli=added_milli if billable else 0,
        multiplier_ppm=0 if bill.tariff.credit_prices else bill.tariff.multiplier_ppm,
        charged=charged,
    )


def settlement(order: Order, judged: Judged, call: Call, held_milli: int, terms: HoldTerms | None, in_vain: bool) -> Settlement:
    """What the books are told of a call that held so much under `terms`, with what nobody pays as absorbed. `in_vain`: nobody
    answered, by no doing of ours, so its input may be charged; the books say whether it is."""
    lost = unpaid.unpaid(call.attempts)
    if lost is not None and in_vain:
        chain, catalog = judged.decision.chain, judged.journey.catalog
        lost = unpaid.with_input(lost, call.attempts, chain, catalog, judged.plan, judged.ask)
    charged_milli = min(call.credits_milli, held_milli)
    absorbed_milli = call.credits_milli - charged_milli + (lost.milli if lost is not None else 0)
    booked = call
    if (call.credits_milli, call.absorbed_milli) != (charged_milli, absorbed_milli):
        booked = replace(call, credits_milli=charged_milli, absorbed_milli=absorbed_milli)
    return Settlement(call.id, call.credits_milli, call.raw_nano_usd, booked, terms, order.idempotency, lost)


def previewed(begun_call: Call, marks: Marks) -> Call:
    """A call that was only decided: what the prompt check of a picker leaves behind."""
    refusal = begun_call.decision.refusal if begun_call.decision else None
    return replace(
        begun_call,
        status="served",
        http_status=200,
        reason=refusal.code if refusal else begun_call.reason,
        duration_ms=marks.after_ms(),
        timeline=tuple(marks.timeline),
    )


def receipt(judged: Judged, call: Call, outcome: Outcome) -> Receipt:
    """What the caller is told at the end of an answer."""
    decision = judged.decision
    chosen = decision.assistant_id is not None
    notes = [
        ("credits_exhausted", outcome.ending == "cut"),
        ("output_shortened", decision.shortened and outcome.finish_reason == "length"),
        ("stepped_down", decision.stepped_down),
    ]
    return _new_receipt(
        call_id=call.id,
        created_s=call.at_ms // 1_000,
        assistant_id=call.assistant_id,
        model_id=call.model_id or "",
        reason=call.reason or "",
        attempts=len(call.attempts),
        credits_milli=call.credits_milli,
        usage=outcome.usage,
        finish_reason=outcome.finish_reason,
        note=next((name for name, holds in notes if holds), None),
        rescued_by=call.rescued_by,
        mode=decision.mode if chosen else None,
        why=explain.why(decision, call.model_id) if chosen else (),
        explain=explain.explain(decision) if judged.journey.request.options.explain else None,
    )


def _code(outcome: Outcome) -> ErrorCode | None:
    """What its caller was told at the end of it."""
    if outcome.refusal is not None:
        return outcome.refusal.code
    if outcome.ending == "broken" and outcome.fault is not None:
        return failover.broken(outcome.fault).code
    return None
