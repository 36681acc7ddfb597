"""Plan requests as admins answer them: approval writes what was asked for into the entitlement with the answer, in one
transaction; nobody decides a request of their own."""

from typing import Any, Final, Literal

from proxy.api.admin.prospect import Prospect, models_asked, prospect_of
from proxy.api.admin.queries import PlanRequestQuery
from proxy.api.admin.schemas import Approval, Denial
from proxy.api.admin.visiting import ADMINS, TAG, fresh_id, missing
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.native.plan_requests import RequestTold, request_fields
from proxy.api.schemas import Told, milli_of
from proxy.domain.catalog import Catalog
from proxy.domain.desk import Change, PlanRequest
from proxy.domain.errors import Refusal
from proxy.domain.plan import Entitlement, Override, entitled_at, moved_to
from proxy.domain.standing import resets_at_ms
from proxy.domain.value import dataclass, replace


class PlanRequestView(RequestTold):
    """The request with who asked and who decided."""

    user_id: str
    decided_by: str | None


class PlanRequestDetail(PlanRequestView):
    """The same with what it would cost, from the user's own last days; null once it is decided."""

    prospect: Prospect | None


class PlanRequestList(Told):
    """Newest first; `next_before` is null when the page is not full."""

    data: list[PlanRequestView]
    next_before: str | None


async def _list(visit: Visit) -> Answer:
    query = visit.queries_as(PlanRequestQuery)
    found = await visit.services.directory.plan_requests(query.user, query.status, query.before, query.limit)
    full = len(found) == query.limit
    return PlanRequestList(data=[_view(request) for request in found], next_before=found[-1].id if full else None)


async def _read(visit: Visit) -> Answer:
    request = await visit.services.directory.plan_request(visit.path("id"))
    if request is None:
        return missing("plan request", visit.path("id"))
    prospect = await prospect_of(visit.services, request) if request.status == "open" else None
    return PlanRequestDetail(**_fields(request), prospect=prospect)


async def _approve(visit: Visit) -> Answer:
    body, request = visit.body_as(Approval), await _open(visit)
    if isinstance(request, Refusal):
        return request
    now_ms = visit.services.clock.now_ms()
    if body.until_ms is not None and body.until_ms <= now_ms:
        return Refusal("invalid_request", "until_ms must lie in the future.", param="until_ms")
    given = await _given(visit, request, body, now_ms)
    return given if isinstance(given, Refusal) else await _decide(visit, request, "approved", body, given)


async def _deny(visit: Visit) -> Answer:
    body, request = visit.body_as(Denial), await _open(visit)
    return request if isinstance(request, Refusal) else await _decide(visit, request, "denied", body, None)


async def _open(visit: Visit) -> PlanRequest | Refusal:
    """The request, if this admin may decide it now."""
    request = await visit.services.directory.plan_request(visit.path("id"))
    if request is None:
        return missing("plan request", visit.path("id"))
    if request.user_id in (visit.caller.user.id, visit.caller.key.user_id):
        return Refusal("forbidden", "Nobody decides their own request. Another admin has to.")
    if request.status != "open":
        return Refusal("conflict", f"This request is {request.status} already.")
    return request


async def _decide(
    visit: Visit, request: PlanRequest, status: Literal["approved", "denied"], body: Denial, given: "_Given | None"
) -> Answer:
    decided = replace(
        request,
        status=status,
        decided_at_ms=visit.services.clock.now_ms(),
        decided_by=visit.actor,
        answer=body.answer,
        given=None if given is None else given.target,
        until_ms=None if given is None else given.until_ms,
    )
    change = Change(visit.actor, body.reason or body.answer)
    entitlement = None if given is None else given.entitlement
    return _view(await visit.services.directory.decide_plan_request(decided, entitlement, change))


@dataclass(frozen=True, slots=True)
class _Given:
    """What an approval gives: in the words of the request, until when, and the entitlement that holds it."""

    target: str
    until_ms: int | None
    entitlement: Entitlement


async def _given(visit: Visit, request: PlanRequest, body: Approval, now_ms: int) -> _Given | Refusal:
    directory = visit.services.directory
    user = await directory.user(request.user_id)
    if user is None:
        return missing("user", request.user_id)
    misplaced = _misplaced(request, body)
    if misplaced is not None:
        return misplaced
    found = await directory.entitlement(user.id)
    had = None if found is None else entitled_at(found, now_ms)
    if request.subject == "plan":
        had = had or Entitlement(f"ent_{user.id}", user.id, request.target)
        return _plan(visit.services.catalog.current(), request, body, had, (now_ms, user.anchor_day))
    if had is None:
        return Refusal("conflict", f"User {user.id} has no plan that could be widened; put an entitlement first.")
    override = Override(fresh_id("ovr"), f"plan request {request.id}", from_ms=now_ms, until_ms=body.until_ms)
    if request.subject == "credits":
        return _credits(request, body, had, override, resets_at_ms("month", now_ms, user.anchor_day))
    return _models(visit.services.catalog.current(), request, body, had, override)


def _misplaced(request: PlanRequest, body: Approval) -> Refusal | None:
    """What would be given in part must be what is asked for."""
    for name, subject in (("credits", "credits"), ("models", "family")):
        if getattr(body, name) is not None and request.subject != subject:
            return Refusal("invalid_request", f"This request is for a {request.subject}; leave {name} out.", param=name)
    if body.at != "now" and request.subject != "plan":
        return Refusal("invalid_request", "Only a plan can begin with the next month.", param="at")
    return None


def _plan(catalog: Catalog, request: PlanRequest, body: Approval, had: Entitlement, at: tuple[int, int]) -> _Given | Refusal:
    """Until a date: the plan that the user had follows it. `at` is the moment and the account's anchor day."""
    now_ms, anchor_day = at
    if request.target not in catalog.plans:
        return _gone(request)
    from_ms = resets_at_ms("month", now_ms, anchor_day) if body.at == "next_month" else None
    given = moved_to(had, request.target, now_ms, from_ms)
    if body.until_ms is not None:
        given = moved_to(given, had.plan_id, now_ms, body.until_ms)
    return _Given(request.target, body.until_ms, given)


def _credits(
    request: PlanRequest, body: Approval, had: Entitlement, override: Override, month_ends_ms: int | None
) -> _Given | Refusal:
    """Extra credits are for the month they are asked in, unless the admin says for how long."""
    milli = int(request.target) if body.credits is None else milli_of(body.credits)
    if milli > int(request.target):
        return Refusal("invalid_request", "These are more credits than were asked for.", param="credits")
    until_ms = body.until_ms or month_ends_ms
    override = replace(override, until_ms=until_ms, extra_milli_credits={"month": milli})
    return _Given(str(milli), until_ms, _with(had, override))


def _models(catalog: Catalog, request: PlanRequest, body: Approval, had: Entitlement, override: Override) -> _Given | Refusal:
    asked = models_asked(request, catalog)
    if not asked:
        return _gone(request)
    strangers = [name for name in body.models or () if name not in asked]
    if strangers:
        return Refusal("invalid_request", f"{strangers[0]} is no model of the family {request.target}.", param="models")
    chosen = asked if body.models is None else tuple(name for name in asked if name in body.models)
    target = request.target if body.models is None else ", ".join(chosen)
    return _Given(target, body.until_ms, _with(had, replace(override, extra_models=chosen)))


def _with(entitlement: Entitlement, override: Override) -> Entitlement:
    return replace(entitlement, overrides=(*entitlement.overrides, override))


def _gone(request: PlanRequest) -> Refusal:
    return Refusal("conflict", f"The catalog has no {request.subject} {request.target} any more; deny the request.")


def _view(request: PlanRequest) -> PlanRequestView:
    return PlanRequestView(**_fields(request))


def _fields(request: PlanRequest) -> dict[str, Any]:
    return request_fields(request) | {"user_id": request.user_id, "decided_by": request.decided_by}


_REQUESTS: Final = "/api/admin/plan-requests"
_REQUEST: Final = "/api/admin/plan-requests/{id}"

ENDPOINTS: Final = (
    Endpoint("GET", _REQUESTS, _list, ADMINS, "Requests for more", TAG, queries=PlanRequestQuery, answer=PlanRequestList),
    Endpoint("GET", _REQUEST, _read, ADMINS, "One request and what it would cost", TAG, answer=PlanRequestDetail),
    Endpoint(
        "POST", f"{_REQUEST}/approve", _approve, ADMINS, "Give what is asked for", TAG, body=Approval, answer=PlanRequestView
    ),
    Endpoint("POST", f"{_REQUEST}/deny", _deny, ADMINS, "Deny it, with words", TAG, body=Denial, answer=PlanRequestView),
)
