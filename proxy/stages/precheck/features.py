"""Reads off a text what a linear model weighs: its words by where they stand, and how it is built; weighs nothing."""

import re
from collections.abc import Iterator, Sequence, Set
from typing import Final, NamedTuple

from proxy.stages.precheck.wording import DIGIT, Wording, spoken, words

# An instruction stands at the beginning or the end of a text; between lies what it is about.
HEAD_CHARS: Final = 260
TAIL_CHARS: Final = 220
HEAD_WORDS: Final = 36
TAIL_WORDS: Final = 26
# A full stop counts where a space follows. Which sign it was is asked last, so that a search leaps from sign to sign.
_ENDS: Final = re.compile(r"[.!?:\n。\uff01\uff1f\uff1a\uff1b](?:(?<![.!?:])|(?=\s))")
_LABEL: Final = re.compile(r"[ \t*#\[\"']{0,4}([a-z]{2,20})(?: \d{1,2})?:")
_LISTED: Final = re.compile(r"\s{0,4}(?:\d{1,2}[.)、]|[-*•])\s")
# Whoever offers a second choice offers choices.
_CHOICES: Final = re.compile(r"[ \n]\(?b[.):、]")
_SECOND_CHOICES: Final = ("b.", "b)", "b:", "b、")
_MARKERS: Final = frozenset((*"-*•", DIGIT))
_SIGNS: Final = frozenset('.?!:"`\uff1f。\uff1a')
_CODE_SIGNS: Final = ("{", "}", ";", "<", ">", "=", "()", "::")
_CODE_BEGINS: Final = frozenset("{};<>=(:")
# What is counted of a text, by steps: 0, 1, 2, 4, 8 … as 0, 1, 2, 3, 4. Sizes that differ by half say the same.
_BODY, _LINES, _SIZE, _NUMBERS, _COMMAS, _CODE, _VARIETY = (
    [f"#{name}{step}" for step in range(32)] for name in ("body", "lines", "size", "numbers", "commas", "code", "variety")
)
_ASKED: Final = frozenset("?\uff1f")
# What many lines look like, the first of them show.
LINES_MAX: Final = 24


class Parts(NamedTuple):
    """A text in lower case, cut where its instruction seems to end: first sentence, last sentence, all between."""

    head: str
    tail: str
    body: str


def parts(text: str) -> Parts:
    """Where the instruction may stand. `text` is a window of bounded length in lower case, stripped."""
    end = _ENDS.search(text, 12, HEAD_CHARS)
    cut = min(HEAD_CHARS, len(text)) if end is None else end.end()
    rest = text[cut:].strip()
    if not rest:
        return Parts(text[:cut], "", "")
    start = max(0, len(rest) - TAIL_CHARS)
    last = [found.end() for found in _ENDS.finditer(rest, start, len(rest) - 1)]
    from_ = last[-1] if last else start
    return Parts(text[:cut], rest[from_:].strip(), rest[:from_].strip())


def task_features(said: Wording) -> list[str]:
    """What says which kind of task a text is, each once. `said` is that of a window."""
    return list(dict.fromkeys(task_signs(said)))


def task_signs(said: Wording) -> list[str]:
    """The same, some of it more than once."""
    text = said.text.strip()
    found = parts(text)
    is_one = len(found.head) == len(text) and len(said.words) <= HEAD_WORDS
    head, tail = said.words if is_one else words(found.head)[:HEAD_WORDS], words(found.tail)[-TAIL_WORDS:]
    shape = _shape(text, found, said)
    first, opening = head[0] if head else "", " ".join(head[:2])
    out = [*shape, *(said.spoken if is_one else spoken(head)), f"^{first}", f"^^{opening}", f"^^^{' '.join(head[:3])}"]
    out += [f"^^{opening}|{shape[0]}", f"^{first}|{shape[0]}|{shape[1]}"]
    if tail:
        out += [f">{feature}" for feature in spoken(tail)]
        out += [f">^{tail[0]}", f">^^{' '.join(tail[:2])}"]
    return out


def risk_features(said: Wording) -> list[str]:
    """What says how dangerous a text is, each once. `said` is that of a window."""
    different = dict.fromkeys(said.spoken)
    return [*different, *risk_opening(said, len(different))]


def risk_opening(said: Wording, variety: int) -> Sequence[str]:
    """What of it is not spoken: how a text begins, and how many different things it says. What is said again and again says
    nothing more: were it counted, only the length of a harmless word repeated would speak, and loudly."""
    first = said.words[:3]
    return (
        f"^{' '.join(first[:1])}",
        f"^^{' '.join(first[:2])}",
        f"^^^{' '.join(first)}",
        _VARIETY[variety.bit_length()],
    )


def _shape(text: str, found: Parts, said: Wording) -> list[str]:
    """How a text is built; what it is not built with is not looked for."""
    signs = said.signs
    code = text.count("def ")
    if not signs.isdisjoint(_CODE_BEGINS):
        code += sum([text.count(sign) for sign in _CODE_SIGNS if sign[0] in signs])
    head, tail, body = found
    end, cut = text[-1:], head[-1:]
    return [
        _BODY[len(body).bit_length()],
        "#ask" if cut in _ASKED else "#tell",
        _LINES[text.count("\n").bit_length()],
        _SIZE[len(text).bit_length()],
        f"#end{end if end in _SIGNS else ''}",
        f"#cut{cut if cut in _SIGNS else ''}{len(tail).bit_length()}",
        _NUMBERS[said.count_numbers().bit_length()],
        _COMMAS[(tail.count(",") or head.count(",")).bit_length()],
        _CODE[code.bit_length()],
        *_marked(text, signs),
        "#ascii" if text.isascii() else "#paired" if max(signs) >= "\u3040" else "#accents",
    ]


def _marked(text: str, signs: Set[str]) -> Iterator[str]:
    if "`" in signs and "```" in text:
        yield "#fence"
    if any([choice in text for choice in _SECOND_CHOICES]) and _CHOICES.search(text):
        yield "#choices"
    is_marked, is_labelled = not signs.isdisjoint(_MARKERS), ":" in signs
    lines = text.split("\n", LINES_MAX)[:LINES_MAX] if is_marked or is_labelled else ()
    if is_marked and any(map(_LISTED.match, lines)):
        yield "#listed"
    if not signs.isdisjoint('"“'):
        yield "#quoted"
    if not signs.isdisjoint("$\\^"):
        yield "#signs"
    if is_labelled:
        yield from dict.fromkeys(f"#label:{found[1]}" for found in map(_LABEL.match, lines) if found)
