"""`POST /api/feedback`: what a caller says of an answer of its own; kept beside what the call was decided by; changes no
routing."""

from typing import Annotated, Any, Final

from pydantic import Field

from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.menu import sights
from proxy.api.schemas import Given, MomentMs, Name, Told, Words
from proxy.api.terms import plan_in_force
from proxy.domain.account import Caller
from proxy.domain.call import Call
from proxy.domain.errors import Refusal
from proxy.domain.feedback import Feedback, FeedbackReason, Thumb, Traits

TAG: Final = "Calls"
_UNKNOWN: Final = Refusal("not_found", "You have made no call of this id.", param="call")


class FeedbackGiven(Given):
    """Said again it replaces what was said: nothing of the first is kept but its time."""

    call: Annotated[Name, Field(description="The call's id, as in the header `x-signalbox-call`.")]
    thumb: Thumb
    reason: FeedbackReason | None = None
    words: Annotated[Words, Field(description="Anything else. It is kept, so it should hold nothing private.")] = ""
    better_model: Annotated[Name | None, Field(description="The id of the model that should have answered.")] = None


class FeedbackSeen(Told):
    """What was said of a call, without words of anybody's own."""

    model: str
    thumb: Thumb
    reason: FeedbackReason | None
    better_model: str | None
    given_at_ms: MomentMs
    changed_at_ms: MomentMs

    @classmethod
    def of(cls, feedback: Feedback | None) -> "FeedbackSeen | None":
        return None if feedback is None else cls(**_seen(feedback))


class FeedbackTold(FeedbackSeen):
    call: str
    words: str

    @classmethod
    def of(cls, feedback: Feedback | None) -> "FeedbackTold | None":
        return None if feedback is None else cls(call=feedback.call_id, words=feedback.words, **_seen(feedback))


async def give(visit: Visit) -> Answer:
    given, services = visit.body_as(FeedbackGiven), visit.services
    call = await services.register.call(given.call)
    if call is None or not _is_own(call, visit.caller):
        return _UNKNOWN
    if call.model_id is None or call.status not in ("served", "cut", "left"):
        return Refusal("invalid_request", "No model answered this call, so there is nothing to judge.", param="call")
    refusal = _objection(visit, given.better_model)
    if refusal is not None:
        return refusal
    now_ms = services.clock.now_ms()
    kept = await services.feedback.give(
        Feedback(
            call_id=call.id,
            user_id=call.user_id,
            app_id=call.app_id,
            thumb=given.thumb,
            reason=given.reason,
            words=given.words,
            better_model_id=given.better_model,
            given_at_ms=now_ms,
            changed_at_ms=now_ms,
            traits=_traits(call, call.model_id),
        )
    )
    return FeedbackTold(call=kept.call_id, words=kept.words, **_seen(kept))


def _is_own(call: Call, caller: Caller) -> bool:
    """Whether the caller made it, or is the app through which it was made."""
    if call.kind in ("precheck", "probe"):
        return False
    through = caller.key.kind == "app" and caller.app is not None and call.app_id == caller.app.id
    return call.user_id == caller.user.id or through


def _objection(visit: Visit, better_model: str | None) -> Refusal | None:
    if better_model is None:
        return None
    catalog = visit.services.catalog.current()
    plan = plan_in_force(visit.caller, catalog, visit.services.clock.now_ms())
    if better_model in sights(catalog, plan, None):
        return None
    message = "There is no model of this id; see GET /v1/models?include=unavailable."
    return Refusal("invalid_request", message, param="better_model")


def _traits(call: Call, model_id: str) -> Traits:
    verdict, decision = call.verdict, call.decision
    return Traits(
        model_id=model_id,
        assistant_id=call.assistant_id or "",
        family="" if verdict is None else verdict.family,
        category="" if verdict is None else verdict.category,
        complexity="" if verdict is None else verdict.complexity,
        mode="" if decision is None else decision.mode,
    )


def _seen(feedback: Feedback) -> dict[str, Any]:
    return {
        "model": feedback.traits.model_id,
        "thumb": feedback.thumb,
        "reason": feedback.reason,
        "better_model": feedback.better_model_id,
        "given_at_ms": feedback.given_at_ms,
        "changed_at_ms": feedback.changed_at_ms,
    }


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(
        "POST",
        "/api/feedback",
        give,
        ("user", "app"),
        "Says of an own call whether its answer was good",
        TAG,
        body=FeedbackGiven,
        answer=FeedbackTold,
    ),
)
