"""A checked request in, what it asks for that not every provider can be asked for out; reads no text, judges nothing."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, get_args

from proxy.domain.chat import Chat, Json
from proxy.domain.dialect import EFFORTS, IMAGE_DATA, Feature


def features(chat: Chat) -> tuple[Feature, ...]:
    """In the order of `Feature`. What has no effect (a penalty of 0, `n: 1`, `tool_choice: auto`) asks for nothing."""
    wanted: set[Feature] = {"n"} if chat.n > 1 else set()
    if chat.fields:
        for name in _BY_FIELD.keys() & chat.fields.keys():
            wanted.update(_BY_FIELD[name](chat.fields[name]))
        wanted.update(_combined(wanted))
    wanted.update(_of_messages(chat.messages))
    if chat.audio:
        wanted.add("audio")
    return tuple(feature for feature in _ORDER if feature in wanted) if wanted else ()


_ORDER: Final[tuple[Feature, ...]] = get_args(Feature)


def _when(feature: Feature, asks: Callable[[Any], bool]) -> Callable[[Any], Iterator[Feature]]:
    def find(value: Any) -> Iterator[Feature]:
        if asks(value):
            yield feature

    return find


def _temperature(value: float) -> Iterator[Feature]:
    if value != 1:
        yield "temperature"
    if value > 1:
        yield "temperature_above_one"


def _stop(value: str | list[str]) -> Iterator[Feature]:
    texts = [value] if isinstance(value, str) else value
    if texts:
        yield "stop"
    if not all(text.strip() for text in texts):
        yield "stop_blank"


def _effort(value: str) -> Iterator[Feature]:
    if value not in EFFORTS:
        yield "reasoning_unknown"
    elif value == "none":
        yield "reasoning_off"
    else:
        yield "reasoning_effort"
        if value == "xhigh":
            yield "reasoning_extra_high"


def _tools(value: list[Json]) -> Iterator[Feature]:
    if any(tool["function"].get("strict") is True for tool in value):
        yield "strict_tools"


def _forces(value: str | Json) -> bool:
    if isinstance(value, str):
        return value == "required"
    allowed = value.get("allowed_tools")
    return not isinstance(allowed, dict) or allowed.get("mode") == "required"


_BY_FIELD: Final[Mapping[str, Callable[[Any], Iterator[Feature]]]] = {
    "seed": _when("seed", lambda _: True),
    "stop": _stop,
    "temperature": _temperature,
    "top_p": _when("top_p", lambda value: value != 1),
    "presence_penalty": _when("presence_penalty", lambda value: value != 0),
    "frequency_penalty": _when("frequency_penalty", lambda value: value != 0),
    "logit_bias": _when("logit_bias", bool),
    "logprobs": _when("logprobs", bool),
    "verbosity": _when("verbosity", lambda value: value != "medium"),
    "functions": _when("functions", lambda _: True),
    "function_call": _when("functions", lambda _: True),
    "tools": _tools,
    "tool_choice": _when("forced_tool", _forces),
    "parallel_tool_calls": _when("single_tool_call", lambda value: value is False),
    "reasoning_effort": _effort,
}


def _combined(wanted: set[Feature]) -> Iterator[Feature]:
    """What some providers take one by one and not together."""
    sampling = wanted & {"temperature", "top_p"}
    if len(sampling) == 2:
        yield "temperature_and_top_p"
    if "reasoning_effort" in wanted and sampling:
        yield "reasoned_sampling"
    if "reasoning_effort" in wanted and "forced_tool" in wanted:
        yield "reasoned_forced_tool"


def _of_messages(messages: tuple[Json, ...]) -> Iterator[Feature]:
    spoken = [message["role"] for message in messages if message["role"] not in ("system", "developer")]
    if spoken and spoken[0] != "user":
        yield "assistant_first"
    if spoken and spoken[-1] == "assistant":
        yield "prefill"
    for message in messages:
        if message["role"] == "function" or message.get("function_call") is not None:
            yield "functions"
        elif message.get("name") is not None and message["role"] != "tool":
            yield "name"
        if isinstance(message.get("content"), list) and any(map(_is_odd_image, message["content"])):
            yield "image_not_base64"


def _is_odd_image(part: Json) -> bool:
    if part["type"] != "image_url":
        return False
    url: str = part["image_url"]["url"]
    return url.startswith("data:") and IMAGE_DATA.match(url) is None
