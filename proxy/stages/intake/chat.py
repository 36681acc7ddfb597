"""From the bytes of a chat request to a checked Chat, and from there to its sizes and wants; never calls, stores or fetches."""

from typing import Final

import orjson

from proxy.domain.catalog import Modality
from proxy.domain.chat import Chat, Json
from proxy.domain.errors import Refusal
from proxy.domain.value import maker
from proxy.stages.intake.body import read
from proxy.stages.intake.facts import Facts
from proxy.stages.intake.features import features
from proxy.stages.intake.fieldbook import sort
from proxy.stages.intake.fields import CHAT
from proxy.stages.intake.limits import IntakeLimits
from proxy.stages.intake.messages import measure
from proxy.stages.intake.options import options
from proxy.stages.intake.shapes import invalid, is_clean
from proxy.stages.intake.terms import asked, bounds, end_user, streaming
from proxy.stages.intake.tools import extras

_new_chat: Final = maker(Chat)

DEFAULT_LIMITS: Final = IntakeLimits()
# Who speaks for a tool, now and in older requests.
_FINDINGS: Final = ("tool", "function")


def parse(body: bytes, limits: IntakeLimits = DEFAULT_LIMITS, *, conversation_id: str | None = None) -> Chat | Refusal:
    """What a chat completion request asks for (contract 7), or what is wrong with it, named in `param`.

    `conversation_id` comes from the native API, beside the body; it is checked like every text that is stored.
    """
    if conversation_id is not None and not is_clean(conversation_id, limits.name_chars_max):
        return invalid("conversation_id", f"It must be 1 to {limits.name_chars_max} plain characters.")
    request = read(body, limits)
    if isinstance(request, Refusal):
        return request
    fields = sort(request, limits, CHAT)
    if isinstance(fields, Refusal):
        return fields
    return _chat(request, fields, limits, conversation_id)


def facts(chat: Chat) -> Facts:
    """The text-free part of a chat."""
    return Facts(
        text_bytes=chat.text_bytes,
        features=features(chat),
        message_count=len(chat.messages),
        image_count=chat.image_count,
        modalities=_modalities(chat),
        tools=chat.tools,
        format=chat.format,
        output_tokens_max=chat.output_tokens_max,
        n=chat.n,
        in_exchange=bool(chat.messages) and chat.messages[-1]["role"] in _FINDINGS,
    )


def _chat(request: Json, fields: tuple[Json, Json], limits: IntakeLimits, conversation_id: str | None) -> Chat | Refusal:
    passed, unknown = fields
    if isinstance(names := asked(request, limits), Refusal):
        return names
    if isinstance(sizes := measure(request.get("messages"), limits), Refusal):
        return sizes
    if isinstance(flow := streaming(request), Refusal):
        return flow
    if isinstance(bound := bounds(request), Refusal):
        return bound
    if isinstance(user := end_user(request, limits), Refusal):
        return user
    if isinstance(chosen := options(request.get("signalbox"), limits), Refusal):
        return chosen
    if isinstance(extra := extras(passed, limits), Refusal):
        return extra
    return _new_chat(
        asked=names,
        messages=tuple(request["messages"]),
        fields=passed,
        unknown=unknown,
        stream=flow.stream,
        include_usage=flow.include_usage,
        output_tokens_max=bound.output_tokens_max,
        n=bound.n,
        # A provider that takes anything may have its models read what we do not know.
        text_bytes=sizes.text_bytes + extra.text_bytes + (len(orjson.dumps(unknown)) if unknown else 0),
        image_count=sizes.images,
        audio=sizes.audio,
        tools=extra.tools,
        format=extra.format,
        end_user=user,
        conversation_id=conversation_id or chosen.conversation_id,
        options=chosen,
    )


def _modalities(chat: Chat) -> tuple[Modality, ...]:
    if not (chat.image_count or chat.audio):
        return ("text",)
    read: list[Modality] = ["text"]
    if chat.image_count:
        read.append("image")
    if chat.audio:
        read.append("audio")
    return tuple(read)
