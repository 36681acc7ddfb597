"""Reads off a pattern which words it must contain, so that it is tried only where it could match; matches nothing itself."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, Literal, NamedTuple

Beginning = Literal["text", "group", "number", "anywhere"]

# A word is known by its first letters, as many of these as it has.
STEM_LETTERS: Final = (5, 3, 2)
# What may stand before a pattern's first group and take no room.
_START: Final = re.compile(r"(?:\\b|\(\?<!\\w\)|\(\?<!\[a-z\]\))?")
# A digit with none before it.
_NUMBER: Final = re.compile(r"\(\?<!\[\\d[^\]]*\]\)\\d")
# What makes sure that a group begins where a word does.
_WORD_START: Final = re.compile(r"(?:\\b|\(\?<!\\w\)|\(\?<!\[a-z\]\)|\\A|\\A\\W\{0,\d+\})$")
_OPTIONAL: Final = ("?", "*", "{")
# Plain characters, or escaped signs, up to one that may be absent.
_LITERAL: Final = re.compile(r"(?:(?:[^\\\[\](){}.*+?|^$]|\\[^\w\s])(?![?*{]))+")
_LETTERS: Final = re.compile("[^\\W\\d_\u2e80-\U0010ffff]+")


class Group(NamedTuple):
    """How the choices of a group begin, in lower case. `words`: those that begin with letters, by the beginning of their
    first word; they stand where a word starts. `loose`: the others, which may stand anywhere."""

    words: Mapping[str, tuple[str, ...]]
    stems: frozenset[str]
    loose: tuple[str, ...]


class Clues(NamedTuple):
    """What a text needs for a pattern to match: one beginning of each group, and where it can begin: only at the start of the
    text, only where the first group does, only where a number begins, or anywhere."""

    groups: tuple[Group, ...]
    begins: Beginning


@lru_cache(maxsize=4_096)
def clues(pattern: str) -> Clues:
    """The clues of a pattern, from its groups `(?:…|…)` that are at its top, not optional and begin with plain text.

    A choice that begins with a letter counts only in a group at the start of a word. No groups found means: try it
    everywhere.
    """
    if "|" in (character for _, character, depth in _plain(pattern) if depth == 0):
        return Clues((), "anywhere")
    found = [(prefix, group) for prefix, text in _groups(pattern) if (group := _group(prefix, text))]
    return Clues(tuple(group for _, group in found), _begins(pattern, found[0][0] if found else None))


@lru_cache(maxsize=16)
def stems(patterns: tuple[str, ...]) -> frozenset[str]:
    """All stems that the clues of these patterns name."""
    return frozenset(stem for pattern in patterns for group in clues(pattern).groups for stem in group.stems)


def _begins(pattern: str, prefix: str | None) -> Beginning:
    if pattern.startswith(r"\A"):
        return "text"
    if prefix is not None and _START.fullmatch(prefix):
        return "group"
    return "number" if _NUMBER.match(pattern) else "anywhere"


def _group(prefix: str, text: str) -> Group | None:
    at_word = _WORD_START.search(prefix) is not None
    words: dict[str, tuple[str, ...]] = {}
    loose = []
    for branch in _branches(text):
        lead = _lead(branch)
        letters = _LETTERS.match(lead)
        if letters is None and lead:
            loose.append(lead)
        elif letters is not None and at_word and len(lead) > 1:
            stem = _stem(letters.group())
            words[stem] = (*words.get(stem, ()), lead)
        else:
            # One letter says nothing of the word it begins, and a word within a word is not looked for.
            return None
    return Group(words, frozenset(words), tuple(loose))


def _stem(word: str) -> str:
    return word[: next((letters for letters in STEM_LETTERS if letters <= len(word)), 1)]


def _lead(branch: str) -> str:
    literal = _LITERAL.match(branch)
    return re.sub(r"\\(.)", r"\1", literal.group()).lower() if literal else ""


def _groups(pattern: str) -> Iterator[tuple[str, str]]:
    """What precedes each group that must match, and what is in it."""
    start = 0
    for index, character, depth in _plain(pattern):
        if character == "(" and depth == 0:
            start = index
        elif character == ")" and depth == 0 and _must_match(pattern, start, index + 1):
            yield pattern[:start], pattern[start + 3 : index]


def _must_match(pattern: str, start: int, end: int) -> bool:
    return pattern.startswith("(?:", start) and not pattern.startswith(_OPTIONAL, end)


def _branches(group: str) -> list[str]:
    cuts = [index for index, character, depth in _plain(group) if character == "|" and depth == 0]
    return [group[start + 1 : end] for start, end in zip([-1, *cuts], [*cuts, len(group)], strict=True)]


def _plain(pattern: str) -> list[tuple[int, str, int]]:
    """The characters that are neither escaped nor in a class, with their place and depth (a bracket's own: the outer)."""
    found, in_class, escaped, depth = [], False, False, 0
    for index, character in enumerate(pattern):
        if escaped or character == "\\":
            escaped = not escaped
        elif in_class or character == "[":
            in_class = character != "]"
        else:
            depth -= character == ")"
            found.append((index, character, depth))
            depth += character == "("
    return found
