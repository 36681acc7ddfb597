"""Reads off a text what a linear model weighs: its words by where they stand, and how it is built; weighs nothing."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

# An instruction stands at the beginning or the end of a text; between lies what it is about.
HEAD_CHARS: Final = 260
TAIL_CHARS: Final = 220
HEAD_WORDS: Final = 36
TAIL_WORDS: Final = 26
STEM_LETTERS: Final = 5
# Letters of scripts that set no spaces between words: each pair of neighbours is a word.
_PAIRED: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
_WORDS: Final = re.compile(rf"[{_PAIRED}]+|[^\W\d_{_PAIRED}]+")
_ENDS: Final = re.compile(r"[.!?:](?=\s)|[。\uff01\uff1f\uff1a\uff1b]|\n")
_LABEL: Final = re.compile(r"(?:\A|\n)[ \t*#\[\"']{0,4}([A-Za-z]{2,20})(?: \d{1,2})?:")
_CHOICE: Final = re.compile(r"(?:\A|\n|\s)\(?[A-Da-d][.):、]")
_LISTED: Final = re.compile(r"(?:\A|\n)\s{0,4}(?:\d{1,2}[.)、]|[-*•])\s")
_NUMBER: Final = re.compile(r"\d+")
_CODE: Final = re.compile(r"[{};<>=]|\(\)|->|::|\bdef \b")
_SIGNS: Final = frozenset('.?!:"`\uff1f。\uff1a')
_LATIN_1_LETTERS: Final = bytes(code if chr(code).isalpha() else 32 for code in range(256))


class Parts(NamedTuple):
    """A text in lower case, cut where its instruction seems to end: first sentence, last sentence, all between."""

    head: str
    tail: str
    body: str


def words(text: str) -> list[str]:
    """The words of a lower-case text; in scripts without spaces, pairs of neighbouring letters."""
    if text.isascii():
        return text.encode("ascii").translate(_LATIN_1_LETTERS).decode("ascii").split()
    return [word for found in _WORDS.finditer(text) for word in _spelled(found.group())]


def parts(text: str) -> Parts:
    """Where the instruction may stand. `text` is a window of bounded length in lower case, stripped."""
    cut = next((found.end() for found in _ENDS.finditer(text, 12, HEAD_CHARS)), min(HEAD_CHARS, len(text)))
    rest = text[cut:].strip()
    if not rest:
        return Parts(text[:cut], "", "")
    start = max(0, len(rest) - TAIL_CHARS)
    last = [found.end() for found in _ENDS.finditer(rest, start, len(rest) - 1)]
    from_ = last[-1] if last else start
    return Parts(text[:cut], rest[from_:].strip(), rest[:from_].strip())


def task_features(text: str) -> list[str]:
    """What says which kind of task a text is. `text` as in `parts`."""
    found = parts(text)
    head, tail = words(found.head)[:HEAD_WORDS], words(found.tail)[-TAIL_WORDS:]
    shape = list(_shape(text, found))
    opening = " ".join(head[:2])
    out = [*shape, *_spoken(head, ""), f"^{' '.join(head[:1])}", f"^^{opening}", f"^^^{' '.join(head[:3])}"]
    out += [f"^^{opening}|{shape[0]}", f"^{' '.join(head[:1])}|{shape[0]}|{shape[1]}"]
    if tail:
        out += [*_spoken(tail, ">"), f">^{' '.join(tail[:1])}", f">^^{' '.join(tail[:2])}"]
    return list(dict.fromkeys(out))


def risk_features(text: str) -> list[str]:
    """What says how dangerous a text is. `text` as in `parts`."""
    said = words(text)
    return list(
        dict.fromkeys([*_spoken(said, ""), f"^{' '.join(said[:1])}", f"^^{' '.join(said[:2])}", f"^^^{' '.join(said[:3])}"])
    )


def _spelled(word: str) -> Iterable[str]:
    if word[0] < "\u3040" or len(word) < 3:
        return (word,)
    return [word[index : index + 2] for index in range(len(word) - 1)]


def _spoken(said: Sequence[str], where: str) -> list[str]:
    """Words, their beginnings and neighbours; written as lists, for every call waits for this."""
    stems = [f"{word[:STEM_LETTERS]}*" for word in said if len(word) > STEM_LETTERS]
    found = [*said, *stems, *map(" ".join, pairwise(said))]
    return [where + feature for feature in found] if where else found


def _shape(text: str, found: Parts) -> Iterator[str]:
    lines = text.count("\n")
    yield f"#body{_step(len(found.body))}"
    yield "#ask" if found.head.endswith(("?", "\uff1f")) else "#tell"
    yield f"#lines{_step(lines)}"
    yield f"#size{_step(len(text))}"
    yield f"#end{_sign(text)}"
    yield f"#cut{_sign(found.head)}{_step(len(found.tail))}"
    yield f"#numbers{_step(sum(1 for _ in _NUMBER.finditer(text)))}"
    yield f"#commas{_step(found.tail.count(',') or found.head.count(','))}"
    if "```" in text:
        yield "#fence"
    yield f"#code{_step(sum(1 for _ in _CODE.finditer(text)))}"
    if _CHOICE.search(text, 20):
        yield "#choices"
    if _LISTED.search(text):
        yield "#listed"
    if '"' in text or "“" in text:
        yield "#quoted"
    if "$" in text or "\\" in text or "^" in text:
        yield "#signs"
    for label in dict.fromkeys(_LABEL.findall(text)):
        yield f"#label:{label}"
    yield (
        "#ascii"
        if text.isascii()
        else "#paired"
        if _WORDS.search(text) and any(letter >= "\u3040" for letter in text)
        else "#accents"
    )


def _script(text: str) -> str:
    if text.isascii():
        return "#ascii"
    return "#paired" if any(letter >= "\u3040" for letter in text) else "#accents"


def _sign(text: str) -> str:
    last = text[-1:]
    return last if last in _SIGNS else ""


def _step(count: int) -> int:
    """0, 1, 2, 4, 8 … as 0, 1, 2, 3, 4: sizes that differ by half say the same."""
    return count.bit_length()
