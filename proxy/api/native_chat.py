"""`POST /api/ai/chat`: our own body and the conversation it continues in, the pipeline's terms and our own voice out."""

from typing import Final

import orjson

from proxy.api.chat import Spoken
from proxy.api.keeping import GO_ON, Keeper, KeepingRooms, said
from proxy.api.native_shape import openai_shaped
from proxy.api.services import Services
from proxy.api.titles import title_of
from proxy.domain.account import Caller
from proxy.domain.chat import Json
from proxy.domain.conversation import Opening, Turn
from proxy.domain.desk import Conversation
from proxy.domain.errors import Refusal
from proxy.domain.value import dataclass
from proxy.ports import StoreUnavailable
from proxy.stages.intake.body import read as read_json
from proxy.stages.intake.shapes import invalid, is_clean
from proxy.stages.intake.terms import end_user
from proxy.stages.stream.native import NativeVoice

_NO_CONVERSATION: Final = Refusal("not_found", "There is no conversation of this id.", param="conversation_id")
_STILL_WRITTEN: Final = Refusal("conflict", "This answer is still being written.", param="continue", retry_after_s=1)
_FULL: Final = "This conversation is full. Begin another one."
_NONE_KEPT: Final = "This gateway keeps no conversations: send all `messages`."
_TO_WHICH: Final = "It goes with the `conversation_id` of a conversation that is kept."


@dataclass(frozen=True, slots=True)
class _Place:
    """What was said `before`, the turns that are replaced, and the answer that goes on, if one does."""

    before: list[Turn]
    instead: tuple[int, ...] = ()
    going_on: Turn | None = None


class NativeManner:
    """Implements Manner. A conversation's id is durable with its first call, its words where the operator keeps them and they
    came as `message`; until then its id is only a word."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._rooms = KeepingRooms(services.conversations, services.recorder, services.clock)

    async def __call__(self, body: bytes, caller: Caller, call_id: str, created_s: int) -> Spoken | Refusal:
        given = read_json(body, self._services.knobs.intake)
        if isinstance(given, Refusal):
            return given
        conversation_id = given.get("conversation_id") or _new_conversation_id(call_id)
        try:
            acting = await self._acting(given, caller)
            if isinstance(acting, Refusal):
                return acting
            continued = await self._continued(given, acting)
            if isinstance(continued, Refusal):
                return continued
            kept = await self._kept({**given, "conversation_id": conversation_id}, acting.user.id, call_id)
        except StoreUnavailable as error:
            message = "The gateway cannot look up conversations right now."
            return Refusal("store_unavailable", message, retry_after_s=error.retry_after_s)
        if isinstance(kept, Refusal):
            return kept
        given, keeper = kept
        sticky = continued.assistant_id if continued is not None else None
        shaped = openai_shaped(given, "message", sticky, self._services.catalog.current())
        if isinstance(shaped, Refusal):
            return shaped
        if shaped.get("stream") is None:
            shaped["stream"] = True

        def voice(_: object) -> NativeVoice:
            return NativeVoice(call_id, created_s, conversation_id)

        if keeper is None:
            return Spoken(orjson.dumps(shaped), conversation_id, voice)
        return Spoken(orjson.dumps(shaped), conversation_id, lambda asked: keeper.speaking(voice(asked)), keeper=keeper)

    async def _continued(self, given: Json, acting: Caller) -> Conversation | Refusal | None:
        """The conversation that the body names, None when it begins one."""
        conversation_id = given.get("conversation_id")
        if conversation_id is None:
            return None
        chars_max = self._services.knobs.intake.name_chars_max
        if not is_clean(conversation_id, chars_max):
            return invalid("conversation_id", f"It must be 1 to {chars_max} plain characters.")
        found = await self._services.register.conversation(conversation_id)
        return _NO_CONVERSATION if found is not None and found.user_id != acting.user.id else found

    async def _acting(self, given: Json, caller: Caller) -> Caller | Refusal:
        """Whose conversation it must be: the end user in the body, where the app turned that on (contract 1)."""
        named = end_user(given, self._services.knobs.intake)
        if isinstance(named, Refusal):
            return named
        if named is None or not caller.reads_body_user:
            return caller
        return await self._services.accounts.end_user(caller, named)

    async def _kept(self, given: Json, user_id: str, call_id: str) -> tuple[Json, Keeper | None] | Refusal:
        """The body with what was said before in front, and who keeps what is said now, where it is kept."""
        knobs = self._services.knobs
        is_kept = knobs.conversations_kept_days is not None and "messages" not in given
        if not is_kept or not ("message" in given or given.get("continue") is True):
            misplaced = next((name for name in ("continue", "instead") if given.get(name)), None)
            return invalid(misplaced, _NONE_KEPT) if misplaced else (given, None)
        found = await self._services.conversations.shown(user_id, given["conversation_id"])
        turns = [] if found is None else found[1]
        if sum(turn.size_bytes for turn in turns) > knobs.body_bytes_max:
            return invalid("conversation_id", _FULL)
        place = _place(given, turns)
        return place if isinstance(place, Refusal) else self._placed(given, place, user_id, call_id)

    def _placed(self, given: Json, place: _Place, user_id: str, call_id: str) -> tuple[Json, Keeper | None]:
        message = given.get("message")
        asked = {"role": "user", "content": message if place.going_on is None else GO_ON}
        rest = {name: value for name, value in given.items() if name not in ("message", "continue", "instead")}
        whole = {**rest, "messages": [*said(place.before), asked]}
        opening = Opening(
            user_id=user_id,
            conversation_id=given["conversation_id"],
            call_id=call_id,
            title=title_of(message),
            question=orjson.dumps(message).decode() if place.going_on is None else None,
            at_ms=self._services.clock.now_ms(),
            instead=place.instead,
            continues=None if place.going_on is None else place.going_on.number,
        )
        return whole, Keeper(self._rooms, opening, place.going_on) if _is_plain(given) else None


def _place(given: Json, turns: list[Turn]) -> _Place | Refusal:
    """Where in a conversation the body goes on."""
    instead = given.get("instead")
    if given.get("continue") is True:
        misplaced = "message" in given or instead is not None
        return invalid("continue", "An answer goes on without a message.") if misplaced else _unfinished(turns)
    if instead is None:
        return _Place(turns)
    answer = next((index for index, turn in enumerate(turns) if turn.role == "assistant" and turn.by.call_id == instead), 0)
    if answer == 0:
        return invalid("instead", "This conversation has no answer of this call.")
    return _Place(turns[: answer - 1], (turns[answer - 1].number, turns[answer].number))


def _unfinished(turns: list[Turn]) -> _Place | Refusal:
    if not turns:
        return invalid("continue", _TO_WHICH)
    last = turns[-1]
    if last.state == "running":
        return _STILL_WRITTEN
    if last.state == "whole" or not last.content:
        return invalid("continue", "The last answer is whole: ask something.")
    return _Place(turns, going_on=last)


def _is_plain(given: Json) -> bool:
    """Whether nothing but words will come of it: calls of tools need their results, and of several answers none is the one."""
    return not given.get("tools") and given.get("n") in (None, 1) and given.get("store") is not False


def _new_conversation_id(call_id: str) -> str:
    """As unique as the call that begins it."""
    return f"conv_{call_id.removeprefix('call_')}"
