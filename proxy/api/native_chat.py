"""`POST /api/ai/chat`: our own body and the conversation it continues in, the pipeline's terms and our own voice out."""

import orjson

from proxy.api.chat import Spoken
from proxy.api.native.shape import openai_shaped
from proxy.api.services import Services
from proxy.domain.account import Caller
from proxy.domain.chat import Json
from proxy.domain.desk import Conversation
from proxy.domain.errors import Refusal
from proxy.ports import StoreUnavailable
from proxy.stages.intake.body import read as read_json
from proxy.stages.intake.shapes import invalid, is_clean
from proxy.stages.intake.terms import end_user
from proxy.stages.stream.native import NativeVoice

_NO_CONVERSATION = Refusal("not_found", "There is no conversation of this id.", param="conversation_id")


class NativeManner:
    """Implements Manner. A conversation is durable with its first call; until then its id is only a word."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, body: bytes, caller: Caller, call_id: str, created_s: int) -> Spoken | Refusal:
        given = read_json(body, self._services.knobs.intake)
        if isinstance(given, Refusal):
            return given
        try:
            continued = await self._continued(given, caller)
        except StoreUnavailable as error:
            message = "The gateway cannot look up conversations right now."
            return Refusal("store_unavailable", message, retry_after_s=error.retry_after_s)
        if isinstance(continued, Refusal):
            return continued
        sticky = continued.assistant_id if continued is not None else None
        shaped = openai_shaped(given, "message", sticky, self._services.catalog.current())
        if isinstance(shaped, Refusal):
            return shaped
        if shaped.get("stream") is None:
            shaped["stream"] = True
        conversation_id = given.get("conversation_id") or _new_conversation_id(call_id)
        return Spoken(orjson.dumps(shaped), conversation_id, lambda _: NativeVoice(call_id, created_s, conversation_id))

    async def _continued(self, given: Json, caller: Caller) -> Conversation | Refusal | None:
        """The conversation that the body names, None when it begins one."""
        conversation_id = given.get("conversation_id")
        if conversation_id is None:
            return None
        chars_max = self._services.knobs.intake.name_chars_max
        if not is_clean(conversation_id, chars_max):
            return invalid("conversation_id", f"It must be 1 to {chars_max} plain characters.")
        acting = await self._acting(given, caller)
        if isinstance(acting, Refusal):
            return acting
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


def _new_conversation_id(call_id: str) -> str:
    """As unique as the call that begins it."""
    return f"conv_{call_id.removeprefix('call_')}"
