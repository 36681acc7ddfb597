"""A request's messages in OpenAI's words in, Gemini's system instruction and turns of parts out.

https://ai.google.dev/api/caching#Content, https://ai.google.dev/gemini-api/docs/function-calling
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from proxy.domain.chat import Json
from proxy.stages.provider.asked import SYSTEM_ROLES, arguments, image, parts, text

# What the provider documents for calls that another model made and could not sign.
# https://ai.google.dev/gemini-api/docs/thought-signatures
UNSIGNED: Final = "skip_thought_signature_validator"
_TYPES: Final = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "heic": "image/heic",
    "heif": "image/heif",
}


def system(messages: Iterable[Json], ours: str | None) -> Json:
    """All system and developer messages in their order, before the conversation, for it has no such role."""
    own: list[Json] = [] if ours is None else [{"text": ours}]
    theirs = (part for message in messages if message["role"] in SYSTEM_ROLES for part in _parts(message.get("content")))
    said = [*own, *theirs]
    return {"parts": said} if said else {}


def contents(messages: Iterable[Json], signed: bool) -> list[Json]:
    """Neighbours of one role are one turn, so that all results of parallel calls answer them together. With `signed`, a turn
    that calls must carry a signature."""
    said: list[Json] = []
    names: dict[str, str] = {}
    for message in messages:
        names.update({call["id"]: call["function"]["name"] for call in message.get("tool_calls") or ()})
        if message["role"] in SYSTEM_ROLES or not (turn := _turn(message, names, signed)):
            continue
        role = "model" if message["role"] == "assistant" else "user"
        if said and said[-1]["role"] == role:
            said[-1]["parts"].extend(turn)
        else:
            said.append({"role": role, "parts": turn})
    return said


def signature_of(call: Mapping[str, Any]) -> str | None:
    """The thought signature of a call, where Google's own OpenAI format puts it and clients give it back.

    https://ai.google.dev/gemini-api/docs/openai
    """
    extra = call.get("extra_content")
    google = extra.get("google") if isinstance(extra, dict) else None
    signature = google.get("thought_signature") if isinstance(google, dict) else None
    return signature if isinstance(signature, str) and signature else None


def signed_extra(signature: object) -> Json:
    """The same place, to be filled; nothing if there is no signature."""
    if not isinstance(signature, str) or not signature:
        return {}
    return {"extra_content": {"google": {"thought_signature": signature}}}


def _turn(message: Json, names: Mapping[str, str], signed: bool) -> list[Json]:
    if message["role"] == "tool":
        return _result(message, names)
    refused = message.get("refusal")
    said = [*_parts(message.get("content")), *([{"text": refused}] if refused else [])]
    return [*said, *_calls(message.get("tool_calls") or (), signed)]


def _parts(content: object) -> list[Json]:
    return [_part(part) for part in parts(content)]


def _part(part: Json) -> Json:
    match part["type"]:
        case "image_url":
            return _shown(part)
        case "input_audio":
            sound = part["input_audio"]
            return {"inlineData": {"mimeType": f"audio/{sound.get('format', 'wav')}", "data": sound["data"]}}
        case kind:
            return {"text": part[kind]}


def _shown(part: Json) -> Json:
    shown = image(part)
    if shown.url is None:
        return {"inlineData": {"mimeType": shown.media_type, "data": shown.data}}
    ending = shown.url.partition("?")[0].rpartition(".")[2].lower()
    return {"fileData": {"fileUri": shown.url, **({"mimeType": _TYPES[ending]} if ending in _TYPES else {})}}


def _calls(calls: Iterable[Json], signed: bool) -> Iterator[Json]:
    for position, call in enumerate(calls):
        function, signature = call["function"], signature_of(call)
        # Of parallel calls only the first is signed.
        if signature is None and signed and position == 0:
            signature = UNSIGNED
        made = {"functionCall": {"id": call["id"], "name": function["name"], "args": arguments(function)}}
        yield made if signature is None else {**made, "thoughtSignature": signature}


def _result(message: Json, names: Mapping[str, str]) -> list[Json]:
    """What a tool found out must be an object; images beside it follow as parts of their own."""
    call_id, said = message["tool_call_id"], text(message.get("content"))
    name = names.get(call_id) or message.get("name") or "tool"
    result = {"functionResponse": {"id": call_id, "name": name, "response": _object(said)}}
    return [result, *(_shown(part) for part in parts(message.get("content")) if part["type"] == "image_url")]


def _object(said: str) -> Json:
    try:
        value = orjson.loads(said)
    except orjson.JSONDecodeError:
        value = None
    return value if isinstance(value, dict) else {"result": said}
