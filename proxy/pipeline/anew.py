"""The limits of a call that runs, read anew: who calls and what it was decided under in, the terms in force at this moment or
nothing out; prices stay those the call began with."""

from proxy.domain.account import Caller, is_stopped
from proxy.domain.ledger import HoldTerms
from proxy.domain.plan import effective
from proxy.pipeline.order import Judged, Rooms
from proxy.stages import hold


async def terms_now(rooms: Rooms, judged: Judged) -> HoldTerms | None:
    """What an extension is admitted under (contract 5); None when its caller, key or app was stopped meanwhile, or its plan
    is no more. Raises StoreUnavailable."""
    caller = await _caller_now(rooms, judged.journey.caller)
    if caller is None or is_stopped(caller):
        return None
    base = judged.journey.catalog.plans.get(caller.entitlement.plan_id)
    if base is None:
        return None
    plan = effective(base, caller.entitlement.overrides, rooms.clock.now_ms())
    if plan is judged.plan and _is_the_same(caller, judged.journey.caller):
        return judged.terms
    return hold.on_budget(hold.terms(caller, plan), caller.user.id, judged.assistant)


def _is_the_same(caller: Caller, was: Caller) -> bool:
    """Whether nothing was read anew since: what is kept in memory stays the same value until it changes."""
    return caller.key is was.key and caller.user is was.user and caller.entitlement is was.entitlement and caller.app is was.app


async def _caller_now(rooms: Rooms, was: Caller) -> Caller | None:
    caller = await rooms.accounts.caller(was.key.id)
    if caller is None or was.app is None or was.user.external_id is None or was.key.kind != "app":
        return caller
    return await rooms.accounts.end_user(caller, was.user.external_id)
