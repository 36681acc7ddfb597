"""Our own chat and precheck bodies put into OpenAI's shape: one JSON object in, another or a refusal out; what passes and
what it costs is intake's to say."""

from typing import Final

from proxy.domain.assistant import AUTO
from proxy.domain.catalog import Catalog
from proxy.domain.chat import Json
from proxy.domain.errors import Refusal
from proxy.stages.intake.shapes import invalid

_OURS: Final = frozenset({"assistant", "conversation_id", "instead", "continue"})


def openai_shaped(given: Json, plain: str, sticky_assistant: str | None, catalog: Catalog) -> Json | Refusal:
    """`plain` names the field that holds one plain message instead of `messages`; `sticky_assistant` answers when the
    body names nobody. All other fields pass to intake as they are."""
    name = _name(given, sticky_assistant, catalog)
    if isinstance(name, Refusal):
        return name
    messages = _messages(given, plain)
    if isinstance(messages, Refusal):
        return messages
    rest = {field: value for field, value in given.items() if field not in _OURS and field != plain}
    return {**rest, **({} if name is None else {"model": name}), "messages": messages}


def _name(given: Json, sticky_assistant: str | None, catalog: Catalog) -> object:
    """What the body asks for under whatever name; None when it holds a chain. Intake checks its form."""
    assistant, model = given.get("assistant"), given.get("model")
    if assistant is not None and model is not None:
        return invalid("assistant", "Name an assistant or a model, not both.")
    if assistant is None:
        chained = given.get("models") is not None
        return model if model is not None or chained else _enabled(sticky_assistant, catalog) or AUTO
    if isinstance(assistant, str) and assistant not in catalog.models and assistant not in catalog.aliases:
        return assistant  # Whether there is one is for policy to say, in the same words to all who may not know.
    message = "There is no assistant of this name. GET /api/ai/models lists those that you may call."
    return Refusal("model_not_found", message, param="assistant")


def _enabled(assistant_id: str | None, catalog: Catalog) -> str | None:
    """A conversation outlives the assistant it began with."""
    assistant = catalog.assistants.get(assistant_id or "")
    return assistant.id if assistant is not None and assistant.enabled else None


def _messages(given: Json, plain: str) -> object:
    message, messages = given.get(plain), given.get("messages")
    if message is not None and messages is not None:
        return invalid(plain, f"Send `{plain}` or `messages`, not both.")
    if message is None and messages is None:
        return invalid(plain, f"Send `{plain}`, a text, or `messages`, a list.")
    return messages if message is None else [{"role": "user", "content": message}]
