"""Calls that wait for their caller's confirmation: remembered for ten minutes in this process, redeemed once by the same
request; keeps digests, never text."""

import hashlib
from dataclasses import replace
from typing import Final

import orjson

from proxy.domain.account import Caller
from proxy.domain.chat import Chat
from proxy.domain.errors import Refusal
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
        self._waiting[call_id] = (journey.caller.user.id, _digest(journey.chat), until_ms)

    def redeem(self, chat: Chat, caller: Caller, now_ms: int) -> bool:
        """Whether `chat` confirms a waiting call of this user with the same request; a confirmation counts once."""
        waiting = self._waiting.get(chat.options.confirm or "")
        if waiting is None or chat.options.confirm is None:
            return False
        user_id, digest, until_ms = waiting
        if user_id != caller.user.id or digest != _digest(chat) or now_ms >= until_ms:
            return False
        del self._waiting[chat.options.confirm]
        return True


def _digest(chat: Chat) -> bytes:
    # Of the whole request, for another bound or another number of answers is another call; a conversation that only begins
    # has a new name each time.
    request = replace(chat, conversation_id=None, options=replace(chat.options, confirm=None))
    return hashlib.sha256(orjson.dumps(request)).digest()
