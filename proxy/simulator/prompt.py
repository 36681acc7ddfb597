"""What a call asks for, in no dialect's words: dialects build these values, answers and faults read them."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

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
    any JSON object will do. Not slotted, because the cached properties live in its dict.
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
    def digest(self) -> str:
        """Hexadecimal hash of everything said; whatever varies between answers varies with it."""
        said = "\x1e".join(f"{turn.role}\x1f{turn.text}\x1f{turn.image_count}" for turn in self.turns)
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()

    def pick(self, variants: tuple[str, ...], choice: int = 0) -> str:
        """One of several ways to say it: the same for the same prompt, another for each choice of `n`."""
        return variants[(int(self.digest[:8], 16) + choice) % len(variants)]
