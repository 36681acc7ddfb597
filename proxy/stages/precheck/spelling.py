"""Spells out what a piece of a regular expression can begin with: a pattern in, plain beginnings out; matches nothing."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from typing import Final, NamedTuple

# A choice that can be written in more ways is spelled out as far as it has fewer.
SPELLINGS_MAX: Final = 64
_SIGN: Final = re.compile(r"[^\\\[\](){}.*+?|^$]|\\[^\w\s]")
# Signs that stand once each, taken together: most of a pattern.
_SIGNS: Final = re.compile(r"(?:[^\\\[\](){}.*+?|^$](?![?*+{]))+")
_LETTER_CLASS: Final = re.compile(r"\[(-?[^\]\\^-]+-?)\]")
# What makes sure that no letter follows.
_NO_LETTER: Final = re.compile(r"\\b|(?:\\[sd]|[ ,:;'\"/-])(?:\{[1-9]|(?![?*{]))")
# What is escaped or in a class is passed over.
_BRACKETS: Final = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|([()|])", re.DOTALL)
_BRACKETLESS: Final = re.compile(r"[^\\\[()]*")
# Nothing in it has a meaning of its own.
_PLAIN: Final = re.compile(r"[^\\\[\](){}.*+?|^$]+")
_REPEATED: Final = ("*", "+", "{")
_APOSTROPHE: Final = r"\x27"


class Spelling(NamedTuple):
    """A plain beginning in lower case; `is_whole`: no letter can follow it."""

    text: str
    is_whole: bool


class _Part(NamedTuple):
    """What some signs, a class or a group of a pattern can say, and where it ends in the pattern."""

    texts: Sequence[str]
    end: int


def spellings(pattern: str, after: str) -> list[Spelling]:
    """All ways in which a pattern without choices at its top can begin; `after` is what follows it."""
    texts, rest = ([pattern], "") if _PLAIN.fullmatch(pattern) else _spelled(pattern.replace(_APOSTROPHE, "'"))
    is_whole = _NO_LETTER.match(rest or after) is not None
    return [Spelling(text.lower(), is_whole) for text in texts]


@lru_cache(maxsize=256)
def depths(pattern: str) -> list[tuple[int, str, int]]:
    """Brackets and bars that are neither escaped nor in a class, with their place and depth (a bracket's own: the outer)."""
    found, depth = [], 0
    for match in _BRACKETS.finditer(pattern):
        if sign := match[1]:
            depth -= sign == ")"
            found.append((match.start(), sign, depth))
            depth += sign == "("
    return found


def split_choices(group: str) -> list[str]:
    """The choices `a|b` of what stands in a group."""
    if _BRACKETLESS.fullmatch(group):
        return group.split("|")
    cuts = [index for index, character, depth in depths(group) if character == "|" and depth == 0]
    return [group[start + 1 : end] for start, end in zip([-1, *cuts], [*cuts, len(group)], strict=True)]


def _spelled(pattern: str) -> tuple[list[str], str]:
    """The beginnings of a pattern, and the rest of it that they leave out."""
    texts, at = [""], 0
    while part := _part(pattern, at):
        if pattern.startswith(_REPEATED, part.end) or len(texts) * (len(part.texts) + 1) > SPELLINGS_MAX:
            break
        is_optional = pattern.startswith("?", part.end)
        texts = [text + more for text, more in product(texts, [*part.texts, *([""] if is_optional else [])])]
        at = part.end + is_optional
    return texts, pattern[at:]


def _part(pattern: str, at: int) -> _Part | None:
    """What stands at this place, if it can be spelled out whole."""
    if pattern.startswith("(?:", at):
        return _choices(pattern, at)
    if one_of := _LETTER_CLASS.match(pattern, at):
        return _Part(one_of[1], one_of.end())
    if signs := _SIGNS.match(pattern, at):
        return _Part([signs.group()], signs.end())
    sign = _SIGN.match(pattern, at)
    return None if sign is None else _Part([sign.group()[-1]], sign.end())


def _choices(pattern: str, at: int) -> _Part | None:
    end = next(index for index, character, depth in depths(pattern[at:]) if character == ")" and depth == 0) + at
    found = [_spelled(choice) for choice in split_choices(pattern[at + 3 : end])]
    if any(rest for _, rest in found):
        return None
    return _Part([text for texts, _ in found for text in texts], end + 1)
