"""What a model reads of a request: the request and our prompt in, texts to count and tokens around them out; counts nothing."""

from typing import Any, Final, assert_never

import orjson

from proxy.domain.chat import Chat, Json
from proxy.domain.embeddings import Embeddings
from proxy.domain.images import Images
from proxy.domain.request import Request
from proxy.domain.value import dataclass

# Published for OpenAI's chat models: each message is wrapped in three tokens, its role is one and a name costs one more
# than its text; three open the answer. https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
MESSAGE_TOKENS: Final = 4
NAME_TOKENS: Final = 1
ANSWER_TOKENS: Final = 3

# How everything else is put into words is not published. It is counted as the JSON it came as, and more than any rendering
# that is known of needs: for each part of a message, each call, each value of a definition, and each list of definitions.
PART_TOKENS_MAX: Final = 2
CALL_TOKENS_MAX: Final = 16
VALUE_TOKENS_MAX: Final = 3
DEFINITIONS_TOKENS_MAX: Final = 32

_PLAIN_ROLES: Final = ("system", "developer", "user", "assistant")
_TEXTS: Final = ("content", "name")
_ASIDES: Final = ("refusal", "tool_call_id")
_WEIGHTLESS: Final = ("role", "cache_control", "prompt_cache_breakpoint")
_DEFINITIONS: Final = ("tools", "functions", "response_format")


@dataclass(frozen=True, slots=True)
class Framed:
    """`texts` are read as they stand; `asides` in a form that only the provider knows. At most `framing_tokens` come on top
    of their tokens. `is_published`: that number is exact, so the sum is what the provider bills."""

    texts: tuple[str, ...]
    asides: tuple[str, ...]
    framing_tokens: int
    is_published: bool


def framed(request: Request, system_prompt: str | None = None) -> Framed:
    """All that a model reads of `request` but for images and tokens given as such, with our own prompt before a chat."""
    match request:
        case Chat():
            return _framed_chat(request, system_prompt)
        case Embeddings():
            return Framed(request.texts, _unknown(request), 0, not request.unknown)
        case Images():
            return Framed((request.prompt,), _unknown(request), MESSAGE_TOKENS + ANSWER_TOKENS, False)
        case _:
            assert_never(request)


def _framed_chat(chat: Chat, system_prompt: str | None) -> Framed:
    texts: list[str] = [] if system_prompt is None else [system_prompt]
    asides: list[str] = []
    tokens = ANSWER_TOKENS + MESSAGE_TOKENS * len(texts)
    for message in chat.messages:
        tokens += _read_message(message, texts, asides)
    for name in _DEFINITIONS:
        if chat.fields.get(name):
            asides.append(_json(chat.fields[name]))
            tokens += DEFINITIONS_TOKENS_MAX + VALUE_TOKENS_MAX * _values(chat.fields[name])
    asides += _unknown(chat)
    is_plain = all(isinstance(message.get("content"), str) and message["role"] in _PLAIN_ROLES for message in chat.messages)
    is_published = is_plain and not asides and not chat.image_count
    return Framed(tuple(texts), tuple(asides), tokens, is_published)


def _unknown(request: Request) -> tuple[str, ...]:
    return (_json(request.unknown),) if request.unknown else ()


def _read_message(message: Json, texts: list[str], asides: list[str]) -> int:
    """Files the texts of a message; the most tokens around them."""
    tokens = MESSAGE_TOKENS
    for name, value in message.items():
        if value is None or name in _WEIGHTLESS:
            continue
        if name == "content" and isinstance(value, list):
            tokens += sum(_read_part(part, texts, asides) for part in value)
        elif name in _TEXTS:
            texts.append(value)
            tokens += NAME_TOKENS if name == "name" else 0
        else:
            tokens += _read_aside(name, value, asides)
    return tokens


def _read_part(part: Json, texts: list[str], asides: list[str]) -> int:
    tokens = PART_TOKENS_MAX
    for name, value in part.items():
        if value is None or name in ("type", *_WEIGHTLESS):
            continue
        if name == "text" and isinstance(value, str):
            texts.append(value)
        elif name == "image_url":
            _file_rest(value, ("url", "detail"), asides)
        elif name == "input_audio":
            # Not text: intake measures it as if each byte were a token, far above what any provider bills.
            tokens += len(value["data"].encode())
            _file_rest(value, ("data", "format"), asides)
        else:
            asides.append(value if isinstance(value, str) else _json(value))
    return tokens


def _read_aside(name: str, value: Any, asides: list[str]) -> int:
    if name in _ASIDES:
        asides.append(value)
        return PART_TOKENS_MAX
    if name == "function_call":
        _read_function(value, asides)
        return 2 * CALL_TOKENS_MAX
    if name == "tool_calls" and value:
        for call in value:
            asides.append(call["id"])
            _read_function(call["function"], asides)
            _file_rest(call, ("id", "type", "index", "function"), asides)
        return CALL_TOKENS_MAX * (1 + len(value))
    asides.append(_json(value))
    return PART_TOKENS_MAX


def _read_function(function: Json, asides: list[str]) -> None:
    asides += (function["name"], function["arguments"])
    _file_rest(function, ("name", "arguments"), asides)


def _file_rest(holder: Json, known: tuple[str, ...], asides: list[str]) -> None:
    """What nobody knows the meaning of may be read as it stands."""
    rest = {name: value for name, value in holder.items() if name not in known and name not in _WEIGHTLESS}
    if rest:
        asides.append(_json(rest))


def _values(value: Any) -> int:
    """How many keys and values there are in a JSON value, at any depth."""
    if isinstance(value, dict):
        return 1 + sum(1 + _values(inner) for inner in value.values())
    if isinstance(value, list):
        return 1 + sum(map(_values, value))
    return 1


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
