"""What a call asks for, in no dialect's words: dialects build these values, answers and faults read them."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, Literal

Kind = Literal["chat", "embedding", "image", "moderation"]
Reasoning = Literal["shown", "hidden", "off"]

# A piece is what one token stands for. Long words break, so that no language arrives in a single lump.
_PIECE: Final = re.compile(r"\s*\w{1,12}|\s*[^\w\s]|\s+")


def pieces(text: str) -> list[str]:
    """The tokens of a text, each with the space before it; joined they are the text again."""
    return _PIECE.findall(text)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message: who speaks (`system`, `user`, `assistant`, `tool`), what it says, how many images it shows."""

    role: str
    text: str
    image_count: int = 0


@dataclass(frozen=True, slots=True)
class Tool:
    """A function on offer. `parameters` is its JSON schema."""

    name: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Prompt:
    """One call as the simulator understands it.

    `tool_choice` is `auto`, `none`, `required` or the name of a tool. `schema` is None when prose is wanted and {} when
    any JSON object will do. `reasoning` says whether thoughts are shown, only billed, or not had at all. `prefill`: an
    assistant turn at the very end is the beginning of the answer. `options` are what only one kind of call has. Not
    slotted, because the cached properties live in its dict.
    """

    model: str
    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    parallel_tools: bool = True
    schema: Mapping[str, Any] | None = None
    stop: tuple[str, ...] = ()
    output_tokens_max: int | None = None
    n: int = 1
    stream: bool = False
    include_usage: bool = False
    seed: int | None = None
    reasoning: Reasoning = "shown"
    prefill: bool = False
    kind: Kind = "chat"
    options: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def asked(self) -> str:
        """The last thing the user said; empty if nobody did."""
        return next((turn.text for turn in reversed(self.turns) if turn.role == "user"), "")

    @cached_property
    def instructions(self) -> str:
        """The system prompt: it may set the tone of an answer and never appears in one."""
        return " ".join(turn.text for turn in self.turns if turn.role == "system")

    @cached_property
    def tool_results(self) -> tuple[str, ...]:
        """Results of tools that nobody has answered yet: the tool turns at the very end."""
        results: list[str] = []
        for turn in reversed(self.turns):
            if turn.role != "tool":
                break
            results.append(turn.text)
        return tuple(reversed(results))

    @cached_property
    def begun(self) -> str:
        """What an assistant turn at the very end says; empty without one."""
        return self.turns[-1].text if self.turns and self.turns[-1].role == "assistant" else ""

    @cached_property
    def interrupted(self) -> str:
        """What the assistant turn before the last user turn says, which asks it to go on; empty without one."""
        roles = [turn.role for turn in self.turns]
        return self.turns[-2].text if roles[-2:] == ["assistant", "user"] and "user" in roles[:-2] else ""

    @cached_property
    def digest(self) -> str:
        """Hexadecimal hash of everything said; whatever varies between answers varies with it.

        Dialects join system prompts and turns of one speaker in ways of their own, so neither joints nor spaces count.
        """
        spoken = [(turn.role, " ".join(turn.text.split()), turn.image_count) for turn in self.turns if turn.role != "system"]
        said = [f"{' '.join(self.instructions.split())}\x1f{self.seed}"]
        for role, same in groupby(spoken, key=itemgetter(0)):
            turns = list(same)
            said.append(f"{role}\x1f{' '.join(text for _, text, _ in turns)}\x1f{sum(count for *_, count in turns)}")
        return hashlib.sha256("\x1e".join(said).encode("utf-8", "surrogatepass")).hexdigest()

    def pick(self, variants: tuple[str, ...], choice: int = 0) -> str:
        """One of several ways to say it: the same for the same prompt, another for each choice of `n`."""
        return variants[(int(self.digest[:8], 16) + choice) % len(variants)]
