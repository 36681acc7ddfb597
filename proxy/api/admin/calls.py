"""The register of calls: lists with filters and one call with its whole story; raw cost for admins, none for supporters, and
no text of a prompt for anybody."""

from typing import Final

from pydantic import RootModel

from proxy.api.admin.call_views import (
    AdminCall,
    AdminCallDetail,
    SupportCall,
    SupportCallDetail,
    admin_call,
    admin_detail,
    support_call,
    support_detail,
)
from proxy.api.admin.queries import CallQuery
from proxy.api.admin.schemas import Refunding
from proxy.api.admin.visiting import ADMINS, READERS, TAG, change_of, missing
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.native.calls import kinds_asked, page_end
from proxy.api.period import ms_of
from proxy.api.schemas import Told, credits_of
from proxy.domain.desk import CallFilter
from proxy.domain.errors import Refusal
from proxy.domain.ledger import NothingCharged, Refund


class AdminCallPage(Told):
    """Newest first; `next_before` is null on the last page. Where one had looked at 10,000 calls before it was full,
    `looked_at` says so, and `next_before` goes on from there."""

    data: list[AdminCall]
    next_before: str | None
    looked_at: int | None


class SupportCallPage(Told):
    """The same for supporters."""

    data: list[SupportCall]
    next_before: str | None
    looked_at: int | None


class CallPageSeen(RootModel[AdminCallPage | SupportCallPage]):
    """Which of the two depends on the key that asks."""


class CallSeen(RootModel[AdminCallDetail | SupportCallDetail]):
    """Which of the two depends on the key that asks."""


async def _list(visit: Visit) -> Answer:
    query = visit.queries_as(CallQuery)
    if query.key is not None and not _is_admin(visit):
        return Refusal("forbidden", "Only admin keys look at keys.", param="key")
    found = await visit.services.register.calls(_filter(query))
    shown, end = found.calls[: query.limit], page_end(found, query.limit)
    if _is_admin(visit):
        return AdminCallPage(data=[admin_call(call) for call in shown], **end)
    return SupportCallPage(data=[support_call(call) for call in shown], **end)


async def _read(visit: Visit) -> Answer:
    register, call_id = visit.services.register, visit.path("id")
    call = await register.call(call_id)
    if call is None:
        return missing("call", call_id)
    entries, said = await register.entries(call_id), await visit.services.feedback.of_call(call_id)
    return admin_detail(call, entries, said) if _is_admin(visit) else support_detail(call, entries, said)


async def _refund(visit: Visit) -> Answer:
    body, call_id = visit.body_as(Refunding), visit.path("id")
    register = visit.services.register
    if await register.call(call_id) is None:
        return missing("call", call_id)
    done = await visit.services.by_hand.refund(Refund(call_id, change_of(visit, body)))
    if isinstance(done, NothingCharged):
        return Refusal("conflict", f"Call {call_id} was charged nothing, or runs still; there is nothing to give back.")
    if not done.fresh:
        return Refusal("conflict", f"Call {call_id} was refunded before: {credits_of(done.credits_milli)} credits.")
    call = await register.call(call_id)
    return missing("call", call_id) if call is None else admin_call(call)


def _is_admin(visit: Visit) -> bool:
    return visit.caller.key.kind == "admin"


def _filter(query: CallQuery) -> CallFilter:
    return CallFilter(
        user_id=query.user,
        app_id=query.app,
        key_id=query.key,
        model_id=query.model,
        status=query.status,
        request_id=query.request,
        kinds=kinds_asked(query.kind),
        from_ms=None if query.since is None else ms_of(query.since),
        until_ms=None if query.until is None else ms_of(query.until),
        before_id=query.before,
        limit=query.limit + 1,
    )


ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/admin/model-calls",
        _list,
        READERS,
        "Calls, newest first; raw cost for admins",
        TAG,
        queries=CallQuery,
        answer=CallPageSeen,
    ),
    Endpoint(
        "GET",
        "/api/admin/model-calls/{id}",
        _read,
        READERS,
        "One call: decision, attempts, entries, timeline",
        TAG,
        answer=CallSeen,
    ),
    Endpoint(
        "POST",
        "/api/admin/model-calls/{id}/refund",
        _refund,
        ADMINS,
        "Give back all that a call was charged, once",
        TAG,
        body=Refunding,
        answer=AdminCall,
    ),
)
