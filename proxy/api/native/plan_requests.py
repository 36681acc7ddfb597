"""`/api/plan-requests`: a user asks for more than the plan gives; an admin decides elsewhere, never the one who asks."""

from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter, ValidationError

from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.menu import sights
from proxy.api.native.calls import PAGE_MAX
from proxy.api.schemas import CreditsIn, Given, MomentMs, Name, Queries, Told, Words, credits_of, milli_of
from proxy.api.terms import plan_in_force
from proxy.domain.desk import PlanRequest, RequestSubject
from proxy.domain.errors import Refusal

TAG: Final = "Plan requests"
_CREDITS: Final[TypeAdapter[Decimal]] = TypeAdapter(CreditsIn)


class RequestGiven(Given):
    """`target` names the plan, model or family that is asked for; for `credits` it is the amount."""

    subject: RequestSubject
    target: Name
    words: Annotated[Words, Field(description="Why, in the words of the one who asks.")] = ""


class RequestTold(Told):
    """`answer` are the words of whoever decided, `given` what was given (it may be a part), until `until_ms` if that is set."""

    id: str
    subject: RequestSubject
    target: str
    words: str
    status: Literal["open", "approved", "denied"]
    created_at_ms: MomentMs
    decided_at_ms: MomentMs | None
    answer: str | None
    given: str | None
    until_ms: MomentMs | None


class RequestsQueries(Queries):
    before: Annotated[
        Name | None, Field(description="Only requests older than this one: `next_before` of the page before.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX, description="Most requests on the page.")] = 50


class RequestList(Told):
    """Newest first; `next_before` is null when the page is not full."""

    data: list[RequestTold]
    next_before: str | None


async def list_requests(visit: Visit) -> Answer:
    asked = visit.queries_as(RequestsQueries)
    found = await visit.services.directory.plan_requests(visit.caller.user.id, None, asked.before, asked.limit)
    full = len(found) == asked.limit
    return RequestList(data=[_told(request) for request in found], next_before=found[-1].id if full else None)


async def file_request(visit: Visit) -> Answer:
    given, now_ms = visit.body_as(RequestGiven), visit.services.clock.now_ms()
    target = _target(visit, given, now_ms)
    if isinstance(target, Refusal):
        return target
    request = PlanRequest(
        id=f"ask_{visit.services.ids.call_id(now_ms).removeprefix('call_')}",
        user_id=visit.caller.user.id,
        subject=given.subject,
        target=target,
        words=given.words,
        status="open",
        created_at_ms=now_ms,
    )
    return _told(await visit.services.directory.file_plan_request(request))


def request_fields(request: PlanRequest) -> dict[str, Any]:
    """What RequestTold shows, by name."""
    return {
        "id": request.id,
        "subject": request.subject,
        "target": _shown(request, request.target),
        "words": request.words,
        "status": request.status,
        "created_at_ms": request.created_at_ms,
        "decided_at_ms": request.decided_at_ms,
        "answer": request.answer,
        "given": None if request.given is None else _shown(request, request.given),
        "until_ms": request.until_ms,
    }


def _shown(request: PlanRequest, target: str) -> str:
    return credits_of(int(target)) if request.subject == "credits" else target


def _target(visit: Visit, given: RequestGiven, now_ms: int) -> str | Refusal:
    """What is asked for as it is kept, if there is such a thing and the caller lacks it."""
    catalog = visit.services.catalog.current()
    if given.subject == "credits":
        return _credits(given.target)
    if given.subject == "plan":
        if given.target == visit.caller.entitlement.plan_id:
            return _wrong("You have this plan already.")
        return given.target if given.target in catalog.plans else _wrong("There is no plan of this id; see GET /api/plans.")
    seen = sights(catalog, plan_in_force(visit.caller, catalog, now_ms), None)
    if given.subject == "family":
        families = {sight.model.family for sight in seen.values()}
        return given.target if given.target in families else _wrong("There is no model family of this name.")
    found = seen.get(given.target)
    if found is None:
        return _wrong("There is no model of this id; see GET /v1/models?include=unavailable.")
    return given.target if found.reason is not None else _wrong("Your plan includes this model already.")


def _credits(target: str) -> str | Refusal:
    try:
        return str(milli_of(_CREDITS.validate_python(target)))
    except ValidationError:
        return _wrong("For credits, `target` is the amount: a decimal above zero, with three decimals at most.")


def _wrong(message: str) -> Refusal:
    return Refusal("invalid_request", message, param="target")


def _told(request: PlanRequest) -> RequestTold:
    return RequestTold(**request_fields(request))


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(
        "GET",
        "/api/plan-requests",
        list_requests,
        ("user", "app"),
        "Own requests for more",
        TAG,
        queries=RequestsQueries,
        answer=RequestList,
    ),
    Endpoint(
        "POST",
        "/api/plan-requests",
        file_request,
        ("user", "app"),
        "Asks for a plan, model, family or credits",
        TAG,
        body=RequestGiven,
        answer=RequestTold,
        status=201,
    ),
)
