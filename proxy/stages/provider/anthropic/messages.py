"""A request's messages in OpenAI's words in, Anthropic's system prompt and alternating turns of content blocks out."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from proxy.domain.chat import Json
from proxy.stages.provider.asked import SYSTEM_ROLES, arguments, image, is_marked, parts

# The format under which signed reasoning travels through clients; OpenRouter's name for it, so that theirs is known too.
# https://openrouter.ai/docs/guides/best-practices/reasoning-tokens
REASONING_FORMAT: Final = "anthropic-claude-v1"
# https://platform.claude.com/docs/en/build-with-claude/prompt-caching
_MARK: Final = {"type": "ephemeral"}
_NO_ID: Final = re.compile("[^A-Za-z0-9_-]")


def system(messages: Iterable[Json], ours: str | None) -> list[Json]:
    """All system and developer messages in their order, before the conversation, for it has no such role: what the
    provider's own reading of OpenAI's words does (https://platform.claude.com/docs/en/api/openai-sdk)."""
    own: list[Json] = [] if ours is None else [{"type": "text", "text": ours}]
    theirs = (block for message in messages if message["role"] in SYSTEM_ROLES for block in _turn(message))
    return [*own, *theirs]


def turns(messages: Iterable[Json]) -> list[Json]:
    """Neighbours of one role are one turn, so that all results of parallel calls answer them together."""
    said: list[Json] = []
    for message in messages:
        if message["role"] in SYSTEM_ROLES or not (blocks := _turn(message)):
            continue
        role = "assistant" if message["role"] == "assistant" else "user"
        if said and said[-1]["role"] == role:
            said[-1]["content"].extend(blocks)
        else:
            said.append({"role": role, "content": blocks})
    _end_on_a_word(said)
    return said


def called_names(messages: Iterable[Json]) -> list[str]:
    """The functions that the conversation shows calls of, each once."""
    calls = (call for message in messages for call in message.get("tool_calls") or ())
    return list(dict.fromkeys(call["function"]["name"] for call in calls))


def _turn(message: Json) -> list[Json]:
    if message["role"] == "tool":
        return [_marked(_result(message), message)]
    blocks = [*_thoughts(message), *_blocks(message), *map(_call, message.get("tool_calls") or ())]
    if blocks:
        blocks[-1] = _marked(blocks[-1], message)
    return blocks


def _blocks(message: Json) -> list[Json]:
    refused = message.get("refusal")
    said = [*parts(message.get("content")), *([{"type": "refusal", "refusal": refused}] if refused else [])]
    return [_marked(_block(part), part) for part in said]


def _block(part: Json) -> Json:
    if part["type"] == "image_url":
        return {"type": "image", "source": _source(part)}
    return {"type": "text", "text": part[part["type"]]}


def _source(part: Json) -> Json:
    shown = image(part)
    if shown.url is not None:
        return {"type": "url", "url": shown.url}
    return {"type": "base64", "media_type": shown.media_type, "data": shown.data}


def _call(call: Json) -> Json:
    function = call["function"]
    return {"type": "tool_use", "id": _id(call["id"]), "name": function["name"], "input": arguments(function)}


def _result(message: Json) -> Json:
    blocks = _blocks(message)
    return {"type": "tool_result", "tool_use_id": _id(message["tool_call_id"]), **({"content": blocks} if blocks else {})}


def _thoughts(message: Json) -> Iterator[Json]:
    """Signed thinking blocks that the caller gave back. Unsigned reasoning is refused there, and is no part of the answer."""
    given = message.get("reasoning_details")
    blocks: dict[Any, Json] = {}
    for detail in given if isinstance(given, list) else ():
        if isinstance(detail, dict) and detail.get("format") == REASONING_FORMAT:
            _gather(blocks.setdefault(str(detail.get("index")), {}), detail)
    for block in blocks.values():
        if block.get("data"):
            yield {"type": "redacted_thinking", "data": block["data"]}
        elif block.get("signature"):
            yield {"type": "thinking", "thinking": block.get("text", ""), "signature": block["signature"]}


def _gather(block: Json, detail: Json) -> None:
    """Clients keep what a stream gave them piece by piece."""
    for name in ("text", "signature", "data"):
        if isinstance(detail.get(name), str):
            block[name] = block.get(name, "") + detail[name]


def _marked(block: Json, holder: Json) -> Json:
    return {**block, "cache_control": _MARK} if is_marked(holder) and "thinking" not in block["type"] else block


def _end_on_a_word(said: list[Json]) -> None:
    """A prefill that ends in white space is refused."""
    last = said[-1] if said else None
    if last is not None and last["role"] == "assistant" and last["content"][-1]["type"] == "text":
        last["content"][-1]["text"] = last["content"][-1]["text"].rstrip()


def _id(call_id: str) -> str:
    """Ids of other models may hold what is not allowed here; call and result change alike."""
    return _NO_ID.sub("_", call_id)
