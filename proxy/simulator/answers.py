"""A Prompt and a Behaviour in, what the model says and what it counts out; knows no dialect, clock or chance."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import orjson

from proxy.simulator.faults import Behaviour, Script
from proxy.simulator.prompt import Prompt, Tool, pieces
from proxy.simulator.schema import example
from proxy.simulator.styles import styled, thought

FinishReason = Literal["stop", "length", "tool_calls"]

# A provider counts what frames a message and what an image costs; these figures only have to be stable.
_MESSAGE_TOKENS: Final = 4
_REPLY_TOKENS: Final = 3
_IMAGE_TOKENS: Final = 85
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
    """One choice, in pieces of one token each."""

    reasoning: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: FinishReason = "stop"

    @property
    def token_count(self) -> int:
        return len(self.reasoning) + len(self.content) + sum(len(call.arguments) for call in self.tool_calls)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens by class. `cached` are among `input`, `reasoning` among `output`."""

    input: int
    cached: int
    output: int
    reasoning: int


def answers(prompt: Prompt, behaviour: Behaviour) -> tuple[Answer, ...]:
    """One Answer for each of the `n` choices, the same for the same prompt, within its bound and stop words."""
    return tuple(_bounded(_answer(prompt, behaviour, choice), prompt) for choice in range(prompt.n))


def usage(prompt: Prompt, given: tuple[Answer, ...], behaviour: Behaviour) -> Usage | None:
    """What the model says it used: a true count of pieces, times the factor it bills, or None if it never says."""
    if not behaviour.reports_usage:
        return None
    factor = behaviour.usage_factor
    return Usage(
        input=_input_tokens(prompt) * factor,
        cached=_cached_tokens(prompt) * factor,
        output=sum(answer.token_count for answer in given) * factor,
        reasoning=sum(len(answer.reasoning) for answer in given) * factor,
    )


def _answer(prompt: Prompt, behaviour: Behaviour, choice: int) -> Answer:
    if behaviour.script == "empty":
        return Answer()
    reasoning = tuple(pieces(thought(prompt))) if "reason" in behaviour.base else ()
    called = _called_tools(prompt) if behaviour.script == "sensible" else ()
    if called:
        calls = tuple(_call(prompt, tool, index, choice) for index, tool in enumerate(called))
        return Answer(reasoning=reasoning, tool_calls=calls, finish_reason="tool_calls")
    text = _SCRIPTS[behaviour.script](prompt, behaviour, choice)
    return Answer(reasoning=reasoning, content=tuple(pieces(text)))


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


_SCRIPTS: Final[Mapping[Script, Callable[[Prompt, Behaviour, int], str]]] = {
    "sensible": _sensible,
    "echo": _echo,
    "words": _words,
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
    stopped = replace(answer, content=_until_stop(answer.content, prompt.stop))
    bound = prompt.output_tokens_max
    if bound is None or stopped.token_count <= bound:
        return stopped
    reasoning = stopped.reasoning[:bound]
    bound -= len(reasoning)
    content = stopped.content[:bound]
    return Answer(reasoning, content, _first_arguments(stopped.tool_calls, bound - len(content)), "length")


def _first_arguments(calls: tuple[ToolCall, ...], bound: int) -> tuple[ToolCall, ...]:
    kept: list[ToolCall] = []
    for call in calls:
        if bound <= 0:
            break
        kept.append(replace(call, arguments=call.arguments[:bound]))
        bound -= len(call.arguments)
    return tuple(kept)


def _until_stop(content: tuple[str, ...], stop: tuple[str, ...]) -> tuple[str, ...]:
    if not stop:
        return content
    text = "".join(content)
    found = [at for word in stop if (at := text.find(word)) >= 0]
    return tuple(pieces(text[: min(found)])) if found else content


def _input_tokens(prompt: Prompt) -> int:
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
