"""Reads what a request says of itself and not to the model: names asked for, streaming, bounds and the end user."""

from typing import Any, Final, NamedTuple

from proxy.domain.chat import Json
from proxy.domain.errors import Refusal
from proxy.stages.intake.limits import IntakeLimits
from proxy.stages.intake.shapes import invalid, is_clean, is_whole, squeezed, twin

# Far above any model; keeps sums of token counts within 64 bits.
TOKENS_MAX: Final = 2**31 - 1
_STREAM_OPTIONS: Final = squeezed({"include_usage", "include_obfuscation"})


class Streaming(NamedTuple):
    """Whether to stream, and whether the last chunk says the usage."""

    stream: bool
    include_usage: bool


class Bounds(NamedTuple):
    """The caller's bound on the answer's tokens (None: ours decides) and how many answers it wants."""

    output_tokens_max: int | None
    n: int


def asked(request: Json, limits: IntakeLimits) -> tuple[str, ...] | Refusal:
    """The one name in `model`, or the chain in `models`.

    With a chain, `model` (which SDKs always send) must be `auto` or the chain's first: any other could be meant as its head
    or as a contradiction, and two readers would take it differently.
    """
    model, models = request.get("model"), request.get("models")
    if model is None and models is None:
        return invalid("model", "Name a model, an assistant or `auto`.")
    if model is not None and not is_clean(model, limits.name_chars_max):
        return invalid("model", f"`model` must be a name of 1 to {limits.name_chars_max} plain characters.")
    if models is None:
        return (str(model),)
    return _chain(models, model, limits)


def streaming(request: Json) -> Streaming | Refusal:
    """`stream` and `stream_options.include_usage`; other stream options concern a stream that is ours, and are ignored."""
    stream = request.get("stream")
    if stream is not None and not isinstance(stream, bool):
        return invalid("stream", "`stream` must be true or false.")
    options = request.get("stream_options")
    if options is None:
        return _STREAMED if stream else _WHOLE
    if not isinstance(options, dict):
        return invalid("stream_options", "`stream_options` must be an object.")
    usage = options.get("include_usage")
    if usage is not None and not isinstance(usage, bool):
        return invalid("stream_options.include_usage", "`include_usage` must be true or false.")
    return twin(options, "stream_options", _STREAM_OPTIONS) or Streaming(bool(stream), bool(stream and usage))


def bounds(request: Json) -> Bounds | Refusal:
    """`max_tokens` or its newer name, and `n`; both names with different values are refused."""
    bound: int | None = None
    for name in _OUTPUT_NAMES:
        value = request.get(name)
        if value is None:
            continue
        if not is_whole(value) or not 1 <= value <= TOKENS_MAX:
            return invalid(name, f"`{name}` must be a whole number from 1 to {TOKENS_MAX}.")
        if bound is not None and bound != value:
            return invalid("max_tokens", "`max_tokens` and `max_completion_tokens` differ. Send one of them.")
        bound = value
    n = answers(request)
    return n if isinstance(n, Refusal) else Bounds(bound, n)


def answers(request: Json) -> int | Refusal:
    """`n`: how many answers are asked for, 1 if nothing is said."""
    n = request.get("n")
    if n is not None and (not is_whole(n) or not 1 <= n <= TOKENS_MAX):
        return invalid("n", "`n` must be a whole number of at least 1.")
    return 1 if n is None else n


def end_user(request: Json, limits: IntakeLimits) -> str | Refusal | None:
    """The caller's name for its own user, from `safety_identifier` or the older `user`; an empty one names nobody."""
    named: str | None = None
    for name in _USER_NAMES:
        value = request.get(name)
        if value in (None, ""):
            continue
        if not is_clean(value, limits.name_chars_max):
            return invalid(name, f"`{name}` must be 1 to {limits.name_chars_max} plain characters.")
        if named is not None and named != value:
            return invalid("user", "`user` and `safety_identifier` differ. Send one of them.")
        named = value
    return named


_OUTPUT_NAMES: Final = ("max_tokens", "max_completion_tokens")
_USER_NAMES: Final = ("safety_identifier", "user")
_STREAMED: Final = Streaming(True, False)
_WHOLE: Final = Streaming(False, False)


def _chain(models: Any, model: str | None, limits: IntakeLimits) -> tuple[str, ...] | Refusal:
    if not isinstance(models, list) or not 1 <= len(models) <= limits.models_max:
        return invalid("models", f"`models` must be a list of 1 to {limits.models_max} model names.")
    for index, name in enumerate(models):
        if not is_clean(name, limits.name_chars_max):
            return invalid(f"models[{index}]", "A model name must be a string of plain characters.")
    if model not in (None, "auto", models[0]):
        return invalid("model", "With `models`, `model` must be left out, `auto`, or the first of them.")
    return tuple(dict.fromkeys(models))
