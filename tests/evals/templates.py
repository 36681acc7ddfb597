"""Templates and word lists in, prompts of our own out, the same for the same seed; reads only the files in `prompts/`."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

FOLDER: Final = Path(__file__).parent / "prompts"
DEPTH_MAX: Final = 12
_PART: Final = re.compile(r"== (\S+)(.*)")
_LIST: Final = re.compile(r"@([\w.]+): ?(.*)")
_WORD: Final = re.compile(r"\{([A-Za-z_]+(?:\.[a-z]+)?)(?::A=([a-z_]+(?:\.[a-z]+)?))?\}")
OPENINGS: Final = (
    "please ",
    "can you ",
    "could you please ",
    "I need you to ",
    "hi, can you ",
    "help me: ",
    "I'd like you to ",
    "hey, ",
)
CLOSINGS: Final = (
    " Thanks!",
    " Keep it short.",
    " Use simple words.",
    " Explain your choices.",
    " In at most 200 words.",
    " Thank you.",
)


class Part(NamedTuple):
    """A part of a template file: what its prompts are (a category or a hazard), its keys and its templates."""

    name: str
    keys: Mapping[str, str]
    templates: Sequence[str]


class Grammar:
    """All word lists of a folder and the parts of one file."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.lists: dict[str, list[str]] = {}
        self.parts: list[Part] = []
        for name in ("lists.txt", *names):
            self._read((folder / name).read_text(encoding="utf-8").splitlines())

    def prompts(self, part: Part, rng: random.Random) -> Iterator[str]:
        """As many as the part asks for, each template as often as the others."""
        for number in range(int(part.keys["n"])):
            text = self._expand(part.templates[number % len(part.templates)], rng, {}, 0)
            text = re.sub(r" {2,}(?=\S)", " ", text).replace("\\n", "\n").strip()
            yield _dressed(text, rng, part.keys.get("wrap") == "ask")

    def _read(self, lines: Sequence[str]) -> None:
        templates: list[str] = []
        for line in lines:
            if found := _PART.match(line):
                templates = []
                self.parts.append(Part(found[1], dict(key.split("=") for key in found[2].split()), templates))
            elif found := _LIST.match(line):
                self.lists[found[1]] = [item.strip() for item in found[2].split(" || " if " || " in found[2] else ";")]
            elif line.strip() and not line.startswith("#  ") and not line.startswith("# Te"):
                templates.append(line)

    def _expand(self, text: str, rng: random.Random, bound: Mapping[str, str], depth: int) -> str:
        if depth > DEPTH_MAX:
            return ""
        text = _chosen(text, rng)

        def word(found: re.Match[str]) -> str:
            name, acts = found[1], found[2]
            if name == "A":
                return self._expand("{" + bound["A"] + "}", rng, {}, depth + 1)
            if name not in self.lists:
                return found[0]
            return self._expand(rng.choice(self.lists[name]), rng, {"A": acts} if acts else bound, depth + 1)

        return _WORD.sub(word, text)


def _chosen(text: str, rng: random.Random) -> str:
    """The text with one alternative of each group; a group without alternatives stays as it is written."""
    out: list[str] = []
    index = 0
    while index < len(text):
        end = _closing(text, index) if text[index] == "(" else None
        branches = [] if end is None else _branches(text[index + 1 : end])
        if end is None or len(branches) == 1:
            out.append(text[index])
            index += 1
        else:
            out.append(_chosen(rng.choice(branches), rng))
            index = end + 1
    return "".join(out)


def _closing(text: str, start: int) -> int | None:
    depth = 0
    for index in range(start, len(text)):
        depth += (text[index] == "(") - (text[index] == ")")
        if depth == 0:
            return index
    return None


def _branches(text: str) -> list[str]:
    branches, depth, start = [], 0, 0
    for index, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == "|" and depth == 0:
            branches.append(text[start:index])
            start = index + 1
    return [*branches, text[start:]]


def _dressed(text: str, rng: random.Random, ask: bool) -> str:
    """As people type: with or without a capital, a full stop, a polite word."""
    if ask and text[:1].islower() and rng.random() < 0.2:
        text = rng.choice(OPENINGS) + text
    if ask and "\n" not in text and rng.random() < 0.1:
        text += ("" if text[-1:] in ".?!" else ".") + rng.choice(CLOSINGS)
    if rng.random() < 0.75:
        text = text[:1].upper() + text[1:]
    if text[-1:].isalnum() and text.isascii() and rng.random() < 0.5:
        text += "."
    elif text.endswith("?") and rng.random() < 0.15:
        text = text[:-1]
    return text
