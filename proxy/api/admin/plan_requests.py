"""Plan requests as admins answer them: approval writes what was asked for into the entitlement with the answer, in one
transaction; nobody decides a request of their own."""

from dataclasses import replace
from typing import Final, Literal

from proxy.api.admin.schemas import Approval, Denial, PlanRequestQuery
from proxy.api.admin.visiting import ADMINS, TAG, fresh_id, missing
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.native.plan_requests import RequestTold, request_fields
from proxy.api.schemas import Told
from proxy.domain.catalog import Catalog
from proxy.domain.desk import Change, PlanRequest
from proxy.domain.errors import Refusal
from proxy.domain.plan import Entitlement, Override, entitled_at, moved_to
from proxy.domain.standing import resets_at_ms


class PlanRequestView(RequestTold):
    """The request with who asked and who decided."""

    user_id: str
    decided_by: str | None


class PlanRequestList(Told):
    data: list[PlanRequestView]


async def _list(visit: Visit) -> Answer:
    query = visit.queries_as(PlanRequestQuery)
    found = await visit.services.directory.plan_requests(query.user, query.status)
    return PlanRequestList(data=[_view(request) for request in found])


async def _read(visit: Visit) -> Answer:
    request = await visit.services.directory.plan_request(visit.path("id"))
    return missing("plan request", visit.path("id")) if request is None else _view(request)


async def _approve(visit: Visit) -> Answer:
    body, request = visit.body_as(Approval), await _open(visit)
    if isinstance(request, Refusal):
        return request
    now_ms = visit.services.clock.now_ms()
    if body.until_ms is not None and body.until_ms <= now_ms:
        return Refusal("invalid_request", "until_ms must lie in the future.", param="until_ms")
    entitlement = await _widened(visit, request, body, now_ms)
    if isinstance(entitlement, Refusal):
        return entitlement
    return await _decide(visit, request, "approved", body, entitlement)


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
    visit: Visit,
    request: PlanRequest,
    status: Literal["approved", "denied"],
    body: Denial,
    entitlement: Entitlement | None,
) -> Answer:
    decided = replace(
        request,
        status=status,
        decided_at_ms=visit.services.clock.now_ms(),
        decided_by=visit.actor,
        answer=body.answer,
    )
    change = Change(visit.actor, body.reason or body.answer)
    return _view(await visit.services.directory.decide_plan_request(decided, entitlement, change))


async def _widened(visit: Visit, request: PlanRequest, body: Approval, now_ms: int) -> Entitlement | Refusal:
    """The requester's entitlement with what was asked for in it."""
    directory, catalog = visit.services.directory, visit.services.catalog.current()
    user = await directory.user(request.user_id)
    if user is None:
        return missing("user", request.user_id)
    entitlement = await directory.entitlement(user.id)
    entitlement = None if entitlement is None else entitled_at(entitlement, now_ms)
    if request.subject == "plan":
        if request.target not in catalog.plans:
            return _gone(request)
        had = entitlement or Entitlement(f"ent_{user.id}", user.id, request.target)
        return _on_plan(had, request.target, body.until_ms, now_ms)
    if entitlement is None:
        return Refusal("conflict", f"User {user.id} has no plan that could be widened; put an entitlement first.")
    override = Override(fresh_id("ovr"), f"plan request {request.id}", from_ms=now_ms, until_ms=body.until_ms)
    if request.subject == "credits":
        # Extra credits are for the month they are asked in, unless the admin says for how long.
        until_ms = body.until_ms or resets_at_ms("month", now_ms, user.anchor_day)
        override = replace(override, until_ms=until_ms, extra_milli_credits={"month": int(request.target)})
    else:
        override = replace(override, extra_models=_models(request, catalog))
        if not override.extra_models:
            return _gone(request)
    return replace(entitlement, overrides=(*entitlement.overrides, override))


def _on_plan(had: Entitlement, plan_id: str, until_ms: int | None, now_ms: int) -> Entitlement:
    """Until a date: the plan that the user had follows it."""
    given = moved_to(had, plan_id, now_ms)
    return given if until_ms is None else moved_to(given, had.plan_id, now_ms, until_ms)


def _models(request: PlanRequest, catalog: Catalog) -> tuple[str, ...]:
    if request.subject == "model":
        return (request.target,) if request.target in catalog.models else ()
    return tuple(model.id for model in catalog.models.values() if model.family == request.target)


def _gone(request: PlanRequest) -> Refusal:
    return Refusal("conflict", f"The catalog has no {request.subject} {request.target} any more; deny the request.")


def _view(request: PlanRequest) -> PlanRequestView:
    return PlanRequestView(**request_fields(request), user_id=request.user_id, decided_by=request.decided_by)


_REQUESTS: Final = "/api/admin/plan-requests"
_REQUEST: Final = "/api/admin/plan-requests/{id}"

ENDPOINTS: Final = (
    Endpoint("GET", _REQUESTS, _list, ADMINS, "Requests for more", TAG, queries=PlanRequestQuery, answer=PlanRequestList),
    Endpoint("GET", _REQUEST, _read, ADMINS, "One request for more", TAG, answer=PlanRequestView),
    Endpoint(
        "POST", f"{_REQUEST}/approve", _approve, ADMINS, "Give what is asked for", TAG, body=Approval, answer=PlanRequestView
    ),
    Endpoint("POST", f"{_REQUEST}/deny", _deny, ADMINS, "Deny it, with words", TAG, body=Denial, answer=PlanRequestView),
)
