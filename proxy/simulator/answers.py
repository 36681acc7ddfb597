"""A Prompt and a Behaviour in, what the model says and what it counts out; knows no dialect, clock or chance."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import orjson

from proxy.simulator.behaviour import Behaviour, Script
from proxy.simulator.prompt import Prompt, Tool, pieces
from proxy.simulator.resume import continued
from proxy.simulator.schema import example
from proxy.simulator.styles import styled, thought
from proxy.simulator.tale import tale

FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]

# A provider counts what frames a message and what an image costs; these figures only have to be stable.
_MESSAGE_TOKENS: Final = 4
_REPLY_TOKENS: Final = 3
_IMAGE_TOKENS: Final = 85
_PIXELS_PER_TOKEN: Final = 1_024
_CACHE_TOKENS_MIN: Final = 1_024
_CACHE_BLOCK_TOKENS: Final = 128
_RESULT_CHARS_MAX: Final = 4_000


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One function the model wants called. `arguments` are the pieces of a JSON text."""

    id: str
    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One choice, in pieces of one token each. `stopped_by` is the stop word that ended it, `hidden_tokens` what was thought
    and is not shown, `refusal` what a model says that will not answer."""

    reasoning: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: FinishReason = "stop"
    stopped_by: str | None = None
    hidden_tokens: int = 0
    refusal: tuple[str, ...] = ()

    @property
    def reasoning_tokens(self) -> int:
        return len(self.reasoning) + self.hidden_tokens

    @property
    def token_count(self) -> int:
        """What is paid for."""
        called = sum(len(call.arguments) for call in self.tool_calls)
        return self.reasoning_tokens + len(self.content) + len(self.refusal) + called


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens by class. `cached` are among `input`, `reasoning` among `output`."""

    input: int
    cached: int
    output: int
    reasoning: int


def answers(prompt: Prompt, behaviour: Behaviour) -> tuple[Answer, ...]:
    """One Answer for each of the `n` choices, the same for the same prompt, within its bound and stop words; none where
    nothing is said."""
    if prompt.kind != "chat":
        return ()
    return tuple(_bounded(_answer(prompt, behaviour, choice), prompt) for choice in range(prompt.n))


def usage(prompt: Prompt, given: tuple[Answer, ...], behaviour: Behaviour) -> Usage:
    """What the model bills: a true count of pieces, times its factor."""
    factor = behaviour.usage_factor
    return Usage(
        input=_input_tokens(prompt) * factor,
        cached=_cached_tokens(prompt) * factor,
        output=_output_tokens(prompt, given) * factor,
        reasoning=sum(answer.reasoning_tokens for answer in given) * factor,
    )


def _answer(prompt: Prompt, behaviour: Behaviour, choice: int) -> Answer:
    if behaviour.script == "empty":
        return Answer()
    if prompt.begun and (prompt.prefill or behaviour.prefill):
        return _continued(prompt, behaviour, choice, turns_dropped=1)
    if prompt.interrupted and behaviour.continuing is not None:
        return _continued(prompt, behaviour, choice, turns_dropped=2)
    return _fresh(prompt, behaviour, choice)


def _continued(prompt: Prompt, behaviour: Behaviour, choice: int, turns_dropped: int) -> Answer:
    """What is missing of the answer that would have been given; one that goes on with its own words has thought already."""
    begun = replace(prompt, turns=prompt.turns[:-turns_dropped])
    answer = _fresh(begun, behaviour, choice)
    how = (behaviour.continuing or "exact") if turns_dropped > 1 else "exact"
    text = continued("".join(answer.content), prompt.begun or prompt.interrupted, how)
    return Answer(content=tuple(pieces(text)))


def _fresh(prompt: Prompt, behaviour: Behaviour, choice: int) -> Answer:
    answer = _thinking(prompt, behaviour)
    called = _called_tools(prompt) if behaviour.script == "sensible" else ()
    if called:
        calls = tuple(_call(prompt, tool, index, choice) for index, tool in enumerate(called))
        return replace(answer, tool_calls=calls, finish_reason="tool_calls")
    return replace(answer, content=tuple(pieces(_SCRIPTS[behaviour.script](prompt, behaviour, choice))))


def _thinking(prompt: Prompt, behaviour: Behaviour) -> Answer:
    if "reason" not in behaviour.base or prompt.reasoning == "off":
        return Answer()
    thoughts = tuple(pieces(thought(prompt)))
    if prompt.reasoning == "hidden" or behaviour.hides_reasoning:
        return Answer(hidden_tokens=len(thoughts))
    return Answer(reasoning=thoughts)


def _sensible(prompt: Prompt, behaviour: Behaviour, choice: int) -> str:
    if prompt.schema is not None:
        return orjson.dumps(example(prompt.schema, prompt.asked)).decode()
    if prompt.tool_results:
        return f"Here is what I found: {' '.join(prompt.tool_results)[:_RESULT_CHARS_MAX]}"
    return _images_seen(prompt) + styled(prompt, choice)


def _echo(prompt: Prompt, behaviour: Behaviour, choice: int) -> str:
    return prompt.asked


def _words(prompt: Prompt, behaviour: Behaviour, choice: int) -> str:
    return " ".join(f"w{number}" for number in range(1, behaviour.words + 1))


def _tale(prompt: Prompt, behaviour: Behaviour, choice: int) -> str:
    return tale(prompt.asked, behaviour.words)


_SCRIPTS: Final[Mapping[Script, Callable[[Prompt, Behaviour, int], str]]] = {
    "sensible": _sensible,
    "echo": _echo,
    "words": _words,
    "tale": _tale,
}


def _images_seen(prompt: Prompt) -> str:
    count = next((turn.image_count for turn in reversed(prompt.turns) if turn.role == "user"), 0)
    if count == 0:
        return ""
    return "I see an image. " if count == 1 else f"I see {count} images. "


def _called_tools(prompt: Prompt) -> tuple[Tool, ...]:
    if prompt.tool_results or not prompt.tools or prompt.tool_choice == "none":
        return ()
    named = tuple(tool for tool in prompt.tools if tool.name == prompt.tool_choice)
    if named:
        return named
    wanted = tuple(tool for tool in prompt.tools if _asks_for(prompt.asked, tool))
    if not wanted and prompt.tool_choice == "required":
        return prompt.tools[:1]
    return wanted if prompt.parallel_tools else wanted[:1]


def _asks_for(asked: str, tool: Tool) -> bool:
    said = set(re.findall(r"\w+", asked.lower()))
    name = tool.name.lower()
    parts = {part for part in re.split(r"[\W_]+", name) if len(part) > 3}
    return name in said or bool(parts & said)


def _call(prompt: Prompt, tool: Tool, index: int, choice: int) -> ToolCall:
    digest = hashlib.sha256(f"{prompt.digest} {tool.name} {index} {choice}".encode()).hexdigest()
    arguments = example(tool.parameters, prompt.asked) if tool.parameters else {}
    return ToolCall(f"call_{digest[:24]}", tool.name, tuple(pieces(orjson.dumps(arguments).decode())))


def _bounded(answer: Answer, prompt: Prompt) -> Answer:
    stopped = _until_stop(answer, prompt.stop)
    bound = prompt.output_tokens_max
    if bound is None or stopped.token_count <= bound:
        return stopped
    hidden = min(stopped.hidden_tokens, bound)
    reasoning = stopped.reasoning[: bound - hidden]
    bound -= hidden + len(reasoning)
    content = stopped.content[:bound]
    calls = _first_arguments(stopped.tool_calls, bound - len(content))
    return Answer(reasoning, content, calls, "length", hidden_tokens=hidden)


def _first_arguments(calls: tuple[ToolCall, ...], bound: int) -> tuple[ToolCall, ...]:
    kept: list[ToolCall] = []
    for call in calls:
        if bound <= 0:
            break
        kept.append(replace(call, arguments=call.arguments[:bound]))
        bound -= len(call.arguments)
    return tuple(kept)


def _until_stop(answer: Answer, stop: tuple[str, ...]) -> Answer:
    text = "".join(answer.content) if stop else ""
    found = [(at, word) for word in stop if (at := text.find(word)) >= 0]
    if not found:
        return answer
    at, word = min(found)
    return replace(answer, content=tuple(pieces(text[:at])), stopped_by=word)


def _output_tokens(prompt: Prompt, given: tuple[Answer, ...]) -> int:
    if prompt.kind == "image":
        width, height = prompt.options["size"]
        return prompt.n * max(1, int(width * height) // _PIXELS_PER_TOKEN)
    return sum(answer.token_count for answer in given)


def _input_tokens(prompt: Prompt) -> int:
    if prompt.kind != "chat":
        return sum(len(pieces(turn.text)) for turn in prompt.turns)
    said = sum(_turn_tokens(prompt, index) for index in range(len(prompt.turns)))
    offered = sum(len(pieces(f"{tool.name} {orjson.dumps(tool.parameters).decode()}")) for tool in prompt.tools)
    return said + offered + _REPLY_TOKENS


def _cached_tokens(prompt: Prompt) -> int:
    """Whatever the last answer had read before: a prefix in whole blocks, and none at all when it is short."""
    answered = [index for index, turn in enumerate(prompt.turns) if turn.role == "assistant"]
    if not answered:
        return 0
    before = sum(_turn_tokens(prompt, index) for index in range(answered[-1]))
    return before - before % _CACHE_BLOCK_TOKENS if before >= _CACHE_TOKENS_MIN else 0


def _turn_tokens(prompt: Prompt, index: int) -> int:
    turn = prompt.turns[index]
    return len(pieces(turn.text)) + turn.image_count * _IMAGE_TOKENS + _MESSAGE_TOKENS
