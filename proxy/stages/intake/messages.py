"""Checks the messages of a request and measures them; changes nothing, fetches nothing."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

import orjson

from proxy.domain.errors import Refusal
from proxy.stages.intake.limits import IntakeLimits
from proxy.stages.intake.shapes import invalid, is_clean, lookalike, misspelt, squeezed, utf8_bytes

ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
# Roles that need no more than a text.
_PLAIN_ROLES: Final = ROLES - {"tool"}
# Roles whose content may be null: what they say stands in a tool call, a refusal or nowhere.
SILENT_ROLES: Final = frozenset({"assistant", "function"})

CACHE_MARKS: Final = ("cache_control", "prompt_cache_breakpoint")


class Sizes(NamedTuple):
    """What a model has to read: UTF-8 bytes of text, images, and whether there is sound."""

    text_bytes: int = 0
    images: int = 0
    audio: bool = False


NOTHING: Final = Sizes()


def measure(messages: object, limits: IntakeLimits) -> Sizes | Refusal:
    """The sizes of all messages together, or what is wrong with the first wrong one."""
    if not isinstance(messages, list) or not messages:
        return invalid("messages", "`messages` must be a list with at least one message.")
    if len(messages) > limits.messages_max:
        return invalid("messages", f"At most {limits.messages_max} messages are allowed.")
    sizes = _each(messages, "messages", limits, _message)
    if isinstance(sizes, Sizes) and sizes.images > limits.images_max:
        return invalid("messages", f"At most {limits.images_max} images are allowed.")
    return sizes


def unsupported_cache(holder: Mapping[str, Any], where: str) -> Refusal | None:
    """Refuses a cache mark that names a lifetime: a longer one costs more than we hold (contract 7)."""
    for name in CACHE_MARKS:
        mark = holder.get(name)
        if mark is not None and (not isinstance(mark, dict) or mark.get("ttl") is not None):
            return invalid(f"{where}.{name}", "A cache mark must be an object without `ttl`: lifetimes are not supported.")
    return None


Reader = Callable[[Any, str, IntakeLimits], Sizes | Refusal]


class Known(NamedTuple):
    """The fields of one kind of object: how each is read, and the names that no other may resemble."""

    readers: Mapping[str, Reader]
    names: Mapping[str, str]


def _known(readers: Mapping[str, Reader]) -> Known:
    readers = {**readers, **dict.fromkeys(CACHE_MARKS, _weightless)}
    return Known(readers, squeezed(readers.keys()))


def _total(found: Iterable[Sizes | Refusal]) -> Sizes | Refusal:
    text_bytes, images, audio = 0, 0, False
    for sizes in found:
        if isinstance(sizes, Refusal):
            return sizes
        text_bytes += sizes.text_bytes
        images += sizes.images
        audio = audio or sizes.audio
    return Sizes(text_bytes, images, audio)


def _each(items: list[Any], where: str, limits: IntakeLimits, reader: Reader) -> Sizes | Refusal:
    if len(items) == 1:
        return reader(items[0], f"{where}[0]", limits)
    return _total(reader(item, f"{where}[{index}]", limits) for index, item in enumerate(items))


def _fields(holder: Mapping[str, Any], where: str, limits: IntakeLimits, known: Known) -> Sizes | Refusal:
    return unsupported_cache(holder, where) or _total(
        _field(name, value, where, limits, known) for name, value in holder.items()
    )


def _field(name: str, value: Any, where: str, limits: IntakeLimits, known: Known) -> Sizes | Refusal:
    reader = known.readers.get(name)
    if reader is None:
        meant = lookalike(name, known.names)
        # What we do not know may be text that a model reads (earlier reasoning, for one), so all of it counts.
        return misspelt(f"{where}.", name, meant) if meant else Sizes(len(orjson.dumps(value)))
    return NOTHING if value is None else reader(value, f"{where}.{name}", limits)


def _message(message: Any, where: str, limits: IntakeLimits) -> Sizes | Refusal:
    if not isinstance(message, dict):
        return invalid(where, "A message must be an object.")
    role, content = message.get("role"), message.get("content")
    if len(message) == 2 and isinstance(content, str) and isinstance(role, str) and role in _PLAIN_ROLES:
        # Nearly every message is that, and a conversation has many.
        return Sizes(utf8_bytes(content))
    if not isinstance(role, str) or role not in ROLES:
        return invalid(f"{where}.role", f"A message needs one of the roles {', '.join(sorted(ROLES))}.")
    if content is None and role not in SILENT_ROLES:
        return invalid(f"{where}.content", f"A message of role {role} needs content.")
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        return invalid(f"{where}.tool_call_id", "A tool message needs the id of the call it answers.")
    return _fields(message, where, limits, _MESSAGE)


def _content(value: Any, where: str, limits: IntakeLimits) -> Sizes | Refusal:
    if isinstance(value, str):
        return Sizes(utf8_bytes(value))
    if not isinstance(value, list):
        return invalid(where, "Content must be a string or a list of parts.")
    if len(value) > limits.parts_max:
        return invalid(where, f"At most {limits.parts_max} parts are allowed in one message.")
    return _each(value, where, limits, _part)


def _part(part: Any, where: str, limits: IntakeLimits) -> Sizes | Refusal:
    if not isinstance(part, dict):
        return invalid(where, "A content part must be an object.")
    kind = part.get("type")
    if not isinstance(kind, str) or kind not in PART_KINDS:
        return invalid(f"{where}.type", f"Supported content parts are {', '.join(PART_KINDS)}.")
    if part.get(kind) is None:
        return invalid(f"{where}.{kind}", f"A part of type {kind} needs `{kind}`.")
    return _fields(part, where, limits, _PART)


def _text(value: Any, where: str, limits: IntakeLimits) -> Sizes | Refusal:
    return Sizes(utf8_bytes(value)) if isinstance(value, str) else invalid(where, "This must be a string.")


def _image(value: Any, where: str, limits: IntakeLimits) -> Sizes | Refusal:
    if not isinstance(value, dict) or not isinstance(value.get("url"), str):
        return invalid(f"{where}.url", "An image needs `image_url` to be an object with a `url`.")
    return _fields(value, where, limits, _IMAGE)


def _url(value: Any, where: str, limits: IntakeLimits) -> Sizes | Refusal:
    if value.startswith("data:image/") or (value.startswith("https://") and is_clean(value, limits.url_chars_max)):
        return Sizes(images=1)
    return invalid(where, "An image must be an https URL of ordinary length or a data URL of an image.")


def _sound(value: Any, where: str, limits: IntakeLimits) -> Sizes | Refusal:
    if not isinstance(value, dict) or not isinstance(value.get("data"), str):
        return invalid(f"{where}.data", "Sound needs `input_audio` to be an object with base64 `data`.")
    return _fields(value, where, limits, _SOUND)


def _sound_data(value: Any, where: str, limits: IntakeLimits) -> Sizes | Refusal:
    # Priced as if every byte of it were text: far above what any provider bills, so that enough is held.
    return Sizes(text_bytes=utf8_bytes(value), audio=True)


def _calls(value: Any, where: str, limits: IntakeLimits) -> Sizes | Refusal:
    if not isinstance(value, list):
        return invalid(where, "Tool calls must be a list.")
    if len(value) > limits.tools_max:
        return invalid(where, f"At most {limits.tools_max} tool calls are allowed in one message.")
    return _each(value, where, limits, _call)


def _call(call: Any, where: str, limits: IntakeLimits) -> Sizes | Refusal:
    if not isinstance(call, dict) or not isinstance(call.get("id"), str):
        return invalid(f"{where}.id", "A tool call must be an object with an `id`.")
    if call.get("type", "function") != "function":
        return invalid(f"{where}.type", "Only tool calls of type function are supported.")
    if call.get("function") is None:
        return invalid(f"{where}.function.name", _NO_FUNCTION)
    return _fields(call, where, limits, _CALL)


def _function(value: Any, where: str, limits: IntakeLimits) -> Sizes | Refusal:
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return invalid(f"{where}.name", _NO_FUNCTION)
    if not isinstance(value.get("arguments"), str):
        return invalid(f"{where}.arguments", "The arguments of a function call must be a JSON string.")
    return _fields(value, where, limits, _FUNCTION)


def _no_sound(value: Any, where: str, limits: IntakeLimits) -> Sizes | Refusal:
    return invalid(where, "Earlier audio answers are not supported. Send their transcript as content.")


def _weightless(value: Any, where: str, limits: IntakeLimits) -> Sizes | Refusal:
    return NOTHING


_NO_FUNCTION: Final = "A function call must be an object with a `name`."
_MESSAGE: Final = _known(
    {
        "role": _weightless,
        "content": _content,
        "name": _text,
        "refusal": _text,
        "tool_calls": _calls,
        "tool_call_id": _text,
        "function_call": _function,
        "audio": _no_sound,
    }
)
PART_KINDS: Final = ("text", "image_url", "refusal", "input_audio")
_PART: Final = _known({"type": _weightless, "text": _text, "image_url": _image, "refusal": _text, "input_audio": _sound})
_IMAGE: Final = _known({"url": _url, "detail": _weightless})
_SOUND: Final = _known({"data": _sound_data, "format": _weightless})
_CALL: Final = _known({"id": _text, "index": _weightless, "type": _weightless, "function": _function})
_FUNCTION: Final = _known({"name": _text, "arguments": _text})
