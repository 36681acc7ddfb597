"""Calls that wait for their caller's confirmation: remembered for ten minutes in this process, redeemed once by the same
request; keeps digests, never text."""

import hashlib
from dataclasses import fields
from typing import Final

import orjson

from proxy.domain.account import Caller
from proxy.domain.errors import Refusal
from proxy.domain.request import Request
from proxy.domain.value import replace
from proxy.pipeline.order import Judged

CONFIRM_WITHIN_MS: Final = 600_000
WAITING_MAX: Final = 10_000


class Confirmations:
    """Bounded: the oldest waiting call is forgotten first, and then has to be confirmed again."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[str, bytes, int]] = {}

    def note(self, call_id: str, judged: Judged, refusal: Refusal) -> None:
        """Remembers a call that was refused for want of confirmation; any other refusal is none of its business."""
        if refusal.code != "confirmation_required":
            return
        while len(self._waiting) >= WAITING_MAX:
            del self._waiting[next(iter(self._waiting))]
        journey = judged.journey
        until_ms = journey.received_ms + CONFIRM_WITHIN_MS
        self._waiting[call_id] = (journey.caller.user.id, _digest(journey.request), until_ms)

    def redeem(self, request: Request, caller: Caller, now_ms: int) -> bool:
        """Whether `request` confirms a waiting call of this user that asked for the same; a confirmation counts once."""
        confirmed = request.options.confirm
        waiting = self._waiting.get(confirmed or "")
        if waiting is None or confirmed is None:
            return False
        user_id, digest, until_ms = waiting
        if user_id != caller.user.id or digest != _digest(request) or now_ms >= until_ms:
            return False
        del self._waiting[confirmed]
        return True


def _digest(request: Request) -> bytes:
    # Of the whole request, for another bound or another number of answers is another call; a conversation that only begins
    # has a new name each time.
    said = {f.name: getattr(request, f.name) for f in fields(request) if f.name != "conversation_id"}
    asked = {**said, "kind": request.kind, "options": replace(request.options, confirm=None)}
    return hashlib.sha256(orjson.dumps(asked)).digest()
