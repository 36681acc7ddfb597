"""Calls that wait for their caller's confirmation: what was refused for want of it in, whether a request confirms one out; for
ten minutes, once, by the same request. Gives digests away, never text."""

import hashlib
from dataclasses import fields
from typing import Final

import orjson

from proxy.domain.account import Caller
from proxy.domain.errors import Refusal
from proxy.domain.request import Request
from proxy.domain.value import replace
from proxy.pipeline.order import Judged
from proxy.ports import Confirmations

CONFIRM_WITHIN_MS: Final = 600_000


async def note(waiting: Confirmations, call_id: str, judged: Judged, refusal: Refusal) -> None:
    """Remembers a call that was refused for want of confirmation; any other refusal is none of its business. Raises
    StoreUnavailable."""
    if refusal.code == "confirmation_required":
        journey = judged.journey
        await waiting.expect(journey.caller.user.id, call_id, _digest(journey.request), journey.received_ms)


async def redeem(waiting: Confirmations, request: Request, caller: Caller, now_ms: int) -> bool:
    """Whether `request` confirms a waiting call of this user that asked for the same; a confirmation counts once. Raises
    StoreUnavailable."""
    confirmed = request.options.confirm
    if confirmed is None:
        return False
    return await waiting.redeem(caller.user.id, confirmed, _digest(request), now_ms - CONFIRM_WITHIN_MS)


def _digest(request: Request) -> bytes:
    # Of the whole request, for another bound or another number of answers is another call; a conversation that only begins
    # has a new name each time.
    said = {f.name: getattr(request, f.name) for f in fields(request) if f.name != "conversation_id"}
    asked = {**said, "kind": request.kind, "options": replace(request.options, confirm=None)}
    return hashlib.sha256(orjson.dumps(asked)).digest()
