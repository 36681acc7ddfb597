"""Reads off a pattern which words it must contain, so that it is tried only where it could match; matches nothing itself."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from proxy.stages.precheck.spelling import Spelling, depths, spellings, split_choices
from proxy.stages.precheck.wording import DIGIT, PAIRED, SHORT_STEM_LETTERS, STEM_LETTERS, words

Beginning = Literal["text", "group", "number", "anywhere"]

LINE_BREAK: Final = "\n"

# What may stand before a pattern's first group and take no room.
_START: Final = re.compile(r"(?:\\b|\(\?<!\\w\)|\(\?<!\[a-z\]\))?")
# The signs of a pattern: an escaped character, a class, or one character. A digit and a line break that must stand there.
_SIGNS: Final = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|[^\\\[]")
_MUST_HAVE_DIGIT: Final = re.compile(r"\\d(?![?*]|\{0)")
_MUST_HAVE_BREAK: Final = re.compile(r"\\n(?![?*{])")
_SIGNS_ASKED: Final = (r"\d", r"\n")
# A digit with none before it.
_NUMBER: Final = re.compile(r"\(\?<!\[\\d[^\]]*\]\)\\d")
# What makes sure that a group begins where a word does.
_WORD_START: Final = re.compile(r"(?:\\b|\(\?<!\\w\)|\(\?<!\[a-z\]\)|\\A|\\A\\W\{0,\d+\}| |\\s\{1,\d+\})$")
_OPENING: Final = re.compile(r"\\A(?:\\W\{0,\d+\})?(?:\\b)?")
_OPTIONAL: Final = ("?", "*", "{0", "{,")
_PAIR: Final = re.compile(rf"[{PAIRED}]{{2}}")


class Lead(NamedTuple):
    """How some choices of a group begin, in lower case: each with one of `ways`, all with `root`, which is looked for once.
    No ways where the root is the only one; no root where a choice may begin anywhere that its key occurs."""

    root: str
    ways: tuple[str, ...]


class Group(NamedTuple):
    """How the choices of a group begin, by what of a text calls them: a word, the beginning of a word, two neighbours, a sign
    (`keys`); or few letters that a word begins with (`short`)."""

    keys: Mapping[str, Lead]
    short: Mapping[str, Lead]


class Clues(NamedTuple):
    """What a text needs for a pattern to match: one beginning of each group, and where it can begin: only at the start of the
    text, only where the first group does, only where a number begins, or anywhere. `opens`: the first group stands before
    all other words of the text."""

    groups: tuple[Group, ...]
    begins: Beginning
    opens: bool = False


@lru_cache(maxsize=4_096)
def clues(pattern: str) -> Clues:
    """The clues of a pattern, from its groups `(?:…|…)` that are at its top, not optional and begin with plain text.

    A choice that begins with a letter counts only in a group at the start of a word. No groups found means: try it
    everywhere.
    """
    if any(character == "|" and depth == 0 for _, character, depth in depths(pattern)):
        return Clues((), "anywhere")
    found = [(prefix, group) for prefix, text, after in _groups(pattern) if (group := _group(prefix, text, after))]
    top = _top(pattern)
    signs = [sign for sign, must in ((DIGIT, _MUST_HAVE_DIGIT), (LINE_BREAK, _MUST_HAVE_BREAK)) if must.search(top)]
    first = found[0] if found else None
    groups = (*(group for _, group in found), *(Group({sign: _lead([])}, {}) for sign in signs))
    return Clues(groups, _begins(pattern, first), first is not None and _opens(*first))


def _begins(pattern: str, first: tuple[str, Group] | None) -> Beginning:
    if pattern.startswith(r"\A"):
        return "text"
    if first is not None and _START.fullmatch(first[0]) and DIGIT not in first[1].keys:
        return "group"
    return "number" if _NUMBER.match(pattern) else "anywhere"


def _opens(prefix: str, group: Group) -> bool:
    return _OPENING.fullmatch(prefix) is not None and not group.short and all(map(_is_worded, group.keys))


def _top(pattern: str) -> str:
    """What is in no class and no group of a pattern: all that matches holds it. Nothing where no sign is asked for."""
    if not any(sign in pattern for sign in _SIGNS_ASKED):
        return ""
    top, depth = [], 0
    for sign in _SIGNS.findall(pattern):
        depth -= sign == ")"
        if depth == 0 and sign[0] not in "()[":
            top.append(sign)
        depth += sign == "("
    return "".join(top)


def _group(prefix: str, text: str, after: str) -> Group | None:
    """The group's choices by their keys; None where one of them could begin with anything."""
    at_word = _WORD_START.search(prefix) is not None
    keys: dict[str, list[str]] = defaultdict(list)
    short: dict[str, list[str]] = defaultdict(list)
    for branch in split_choices(text):
        if _MUST_HAVE_DIGIT.match(branch):
            keys[DIGIT] = []
            continue
        for spelling in spellings(branch, after):
            if not spelling.text or (_is_worded(spelling.text) and not at_word):
                return None
            said = _keys(spelling)
            if not said:
                return None
            for key in said:
                (short if key.endswith("~") else keys)[key.rstrip("~")].append(spelling.text)
    called, shortly = ({key: _lead(ways) for key, ways in known.items()} for known in (keys, short))
    return Group(called, shortly)


def _lead(ways: list[str]) -> Lead:
    """The least and the greatest of many texts share what all of them do."""
    if len(ways) < 2:
        return Lead("".join(ways), ())
    least, greatest = min(ways), max(ways)
    same = 0
    while least[same : same + 1] == greatest[same : same + 1] != "":
        same += 1
    return Lead(least[:same], tuple(ways))


def _is_worded(text: str) -> bool:
    """Whether it begins with a letter that spaces set apart from words before it."""
    return text[0].isalpha() and text[0] < "\u2e80"


def _keys(spelling: Spelling) -> tuple[str, ...]:
    text = spelling.text
    if not _is_worded(text):
        return () if text[0].isspace() else (text[:2] if _PAIR.match(text) else text[0],)
    said = words(text)
    whole = len(said) if spelling.is_whole or not text[-1].isalpha() else len(said) - 1
    if whole:
        return (" ".join(said[: min(whole, 2)]),)
    # Letters of one word that may go on.
    if len(text) >= STEM_LETTERS:
        return text[:STEM_LETTERS], f"{text[:STEM_LETTERS]}*"
    return (f"{text[:SHORT_STEM_LETTERS]}~",) if len(text) >= SHORT_STEM_LETTERS else ()


def _groups(pattern: str) -> Iterator[tuple[str, str, str]]:
    """What precedes each group that must match, what is in it, and what follows."""
    start = 0
    for index, character, depth in depths(pattern):
        if character == "(" and depth == 0:
            start = index
        elif character == ")" and depth == 0 and _must_match(pattern, start, index + 1):
            yield pattern[:start], pattern[start + 3 : index], pattern[index + 1 :]


def _must_match(pattern: str, start: int, end: int) -> bool:
    return pattern.startswith("(?:", start) and not pattern.startswith(_OPTIONAL, end)
