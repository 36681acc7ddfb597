"""Choices as providers write them in, choices of OpenAI's shape out; mends form and words, never what was said."""

from collections.abc import Mapping
from typing import Final, Literal

import orjson

from proxy.domain.chat import Json

Part = Literal["delta", "message"]

# OpenAI's five words, and what other providers call the same.
FINISH_REASONS: Final = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})
_WORDS: Final[Mapping[str, str]] = {
    **{word: word for word in FINISH_REASONS},
    "max_tokens": "length",
    "max_output_tokens": "length",
    "max_length": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "tool_call": "tool_calls",
    "content_filtered": "content_filter",
    "safety": "content_filter",
    "sensitive": "content_filter",
    "recitation": "content_filter",
    "blocklist": "content_filter",
    "prohibited_content": "content_filter",
    "refusal": "content_filter",
}
# An answer that ends in one of these did not end: something broke on the provider's side.
_BROKEN: Final = frozenset({"error", "network_error", "abort", "insufficient_system_resource"})
_TYPES: Final[Mapping[str, type]] = {
    "role": str,
    "content": str,
    "refusal": str,
    "reasoning_content": str,
    "reasoning": str,
    "tool_calls": list,
    "function_call": dict,
}


def is_regular(choice: object) -> bool:
    """Whether a chunk's choice has OpenAI's shape already, so that with its `logprobs` its bytes may leave as they came."""
    if type(choice) is not dict or type(choice.get("index")) is not int:
        return False
    delta, finish_reason = choice.get("delta"), choice.get("finish_reason", "")
    if type(delta) is not dict or not (finish_reason is None or _is_ours(finish_reason)):
        return False
    for name, value in delta.items():
        if value is not None and name in _TYPES and type(value) is not _TYPES[name]:
            return False
    if delta.get("reasoning") and "reasoning_content" not in delta:
        return False
    tool_calls, function_call = delta.get("tool_calls"), delta.get("function_call")
    if "error" in choice or (function_call and not _is_called(function_call)):
        return False
    return not tool_calls or all(map(_is_tool_call, tool_calls))


def has_logprobs(choices: list[Json]) -> bool:
    """Whether regular choices have the field that most providers leave out where it says nothing; now they have it."""
    complete = True
    for choice in choices:
        if "logprobs" not in choice:
            choice["logprobs"], complete = None, False
    return complete


def is_broken(choice: object) -> bool:
    """Whether a choice says that its answer failed."""
    return isinstance(choice, dict) and bool(choice.get("error") or _lower(choice.get("finish_reason")) in _BROKEN)


def mended(choice: object, position: int, part: Part) -> Json:
    """One choice of a chunk or whole answer with everything that is required, in OpenAI's types and words."""
    given = choice if isinstance(choice, dict) else {}
    index = given.get("index")
    logprobs = given.get("logprobs")
    return {
        **given,
        "index": index if type(index) is int else position,
        part: _mended_part(_spoken(given, part)),
        "logprobs": logprobs if isinstance(logprobs, dict) else None,
        "finish_reason": _finish_reason(given.get("finish_reason")),
    }


def _spoken(choice: Json, part: Part) -> Json:
    """A whole message in a stream, a delta in a whole answer and the text of the old completions are forgiven."""
    for name in (part, "message", "delta"):
        if isinstance(choice.get(name), dict):
            return dict(choice[name])
    return {"content": choice.get("text")}


def _mended_part(spoken: Json) -> Json:
    for name in ("content", "refusal", "reasoning_content", "reasoning"):
        if name in spoken:
            spoken[name] = _text(spoken[name])
    if spoken.get("reasoning"):
        # Providers have two names for it. A program that knows the commoner one must not see less by the other's.
        spoken.setdefault("reasoning_content", spoken["reasoning"])
    if "role" in spoken and not isinstance(spoken["role"], str):
        del spoken["role"]
    if "tool_calls" in spoken:
        spoken["tool_calls"] = _tool_calls(spoken["tool_calls"])
    if "function_call" in spoken:
        call = spoken["function_call"]
        spoken["function_call"] = _function(call) if isinstance(call, dict) else None
    return spoken


def _text(value: object) -> str | None:
    if isinstance(value, list):
        texts = [part.get("text") if isinstance(part, dict) else part for part in value]
        return "".join(text for text in texts if isinstance(text, str))
    return value if isinstance(value, str) else None


def _tool_calls(value: object) -> list[Json]:
    calls = value if isinstance(value, list) else []
    return [_tool_call(call) for call in calls if isinstance(call, dict)]


def _tool_call(call: Json) -> Json:
    rest = call if type(call.get("index")) is int else {name: value for name, value in call.items() if name != "index"}
    return {**rest, "function": _function(call.get("function"))}


def _function(value: object) -> Json:
    function = dict(value) if isinstance(value, dict) else {}
    arguments = function.get("arguments")
    if arguments is not None and not isinstance(arguments, str):
        function["arguments"] = orjson.dumps(arguments).decode()
    elif arguments is None:
        function["arguments"] = ""
    if not isinstance(function.get("name", ""), str):
        del function["name"]
    return function


def _is_tool_call(call: object) -> bool:
    if type(call) is not dict or type(call.get("function")) is not dict or type(call.get("index", 0)) is not int:
        return False
    return _is_called(call["function"])


def _is_called(function: Json) -> bool:
    return type(function.get("arguments", "")) is str and type(function.get("name", "")) is str


def _finish_reason(word: object) -> str | None:
    """None while nothing is said; a word that nobody knows is an ordinary end."""
    name = _lower(word)
    return None if name in ("", "null") else _WORDS.get(name, "stop")


def _lower(word: object) -> str:
    return word.lower() if isinstance(word, str) else ""


def _is_ours(word: object) -> bool:
    return isinstance(word, str) and word in FINISH_REASONS
