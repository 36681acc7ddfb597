"""Cuts a text into its words once, for rules and weights alike; judges none of them."""

import re
from collections.abc import Iterable, Sequence, Set
from itertools import pairwise
from operator import add, itemgetter
from typing import Final

from proxy.domain.pattern import Pattern

STEM_LETTERS: Final = 5
SHORT_STEM_LETTERS: Final = 3
# Letters of scripts that set no spaces between words: each pair of neighbours is a word.
PAIRED: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
# Stands among the signs of a text that holds a digit.
DIGIT: Final = "0-9"
_SHORT_STEM: Final = itemgetter(slice(SHORT_STEM_LETTERS))
_DIGITS: Final = frozenset("0123456789")
_NUMBER: Final = re.compile(r"\d+")
_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f]+")
# What only a look at each word can cut: letters that no table of 256 holds.
_FAR_LETTER: Final = Pattern(rf"[^\W\d_\x00-\xff]|[{PAIRED}]")
_SPACED_WORDS: Final = re.compile(r"[^\W\d_]+")
_WORDS: Final = Pattern(rf"[{PAIRED}]+|[^\W\d_{PAIRED}]+")
_SIGNS_AHEAD: Final = re.compile(r"^\W+")
# Enough for a few signs and two words.
_HEAD_CHARS: Final = 100
# The first letter that may be paired.
_FIRST_PAIRED: Final = PAIRED[0]
_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz")
_LETTERS_ASCII: Final = bytes(range(65, 91)) + bytes(range(97, 123)) + b" "
# Letters of the first 256 characters as they are, all else as a space, and the same for digits.
_SPACED: Final = bytes(code if _SPACED_WORDS.match(chr(code)) else 32 for code in range(256))
_DIGITS_SPACED: Final = bytes(code if chr(code) in _DIGITS else 32 for code in range(256))


class Wording:
    """A text in lower case, of the same length; with it go its words, and what stands in it besides letters. What is asked for
    more than once is kept. `spoken` are its words, their beginnings and neighbours."""

    __slots__ = ("_counts", "_numbers", "_original", "_places", "beyond", "signs", "spoken", "text", "words")

    def __init__(self, text: str) -> None:
        self._original = text
        # The dotted capital I is the one letter whose lower case is longer, and would move every place after it.
        self.text = text.replace("\u0130", "i").lower()
        self.beyond = beyond_ascii(self.text)
        self.words = words(self.text)
        self.spoken = spoken(self.words)
        self.signs = _signs(self.text, self.beyond)
        self._counts: dict[str, int] = {}
        self._places: dict[str, Sequence[int]] = {}
        self._numbers: Sequence[int] | None = None

    def is_of(self, text: str) -> bool:
        """Whether these are the words of this very text."""
        return self._original == text

    def among(self, known: frozenset[str]) -> Set[str]:
        """Which of these keys it holds: of what is spoken, and of its signs."""
        return known.intersection(self.spoken) | (known & self.signs)

    def short_stems_among(self, known: frozenset[str]) -> Set[str]:
        """Which of these its words begin with."""
        return known.intersection(map(_SHORT_STEM, set(self.words)))

    @property
    def opening(self) -> Sequence[str]:
        """The keys of how it begins: of its first word, and of its first two."""
        head = self.words[:2]
        if not head:
            return ()
        if not head[0][0].isalpha():
            # Rules skip signs before the first word; a few, such as the bullet of Japanese lists, stand among paired letters.
            head = words(_SIGNS_AHEAD.sub("", self.text[:_HEAD_CHARS]))[:2] or head
        return head[0], f"{head[0][:STEM_LETTERS]}*", " ".join(head)

    @property
    def numbers(self) -> Sequence[int]:
        """Where its numbers begin."""
        if self._numbers is None:
            self._numbers = _number_places(self.text, self.beyond) if DIGIT in self.signs else ()
        return self._numbers

    def count_numbers(self) -> int:
        """How many numbers it holds."""
        if self._numbers is not None or self.beyond or DIGIT not in self.signs:
            return len(self.numbers)
        return len(self.text.encode("ascii").translate(_DIGITS_SPACED).split())

    def places_of(self, lead: str) -> Sequence[int]:
        """Where these letters stand, but for places inside a word."""
        known = self._places.get(lead)
        if known is None:
            known = self._places[lead] = _places(lead, self.text)
        return known

    def count(self, characters: str) -> int:
        """How often these characters occur."""
        if characters not in self._counts:
            self._counts[characters] = sum(map(self.text.count, characters))
        return self._counts[characters]


def words(text: str) -> list[str]:
    """The words of a lower-case text; in scripts without spaces, pairs of neighbouring letters."""
    if text.isascii() or not _FAR_LETTER.search(beyond_ascii(text)):
        return text.encode("latin-1", "replace").translate(_SPACED).decode("latin-1").split()
    found: list[str] = []
    for token in text.split():
        if not token.isascii() and max(token) >= _FIRST_PAIRED:
            for run in _WORDS.findall(token):
                found += _pairs(run) if run >= _FIRST_PAIRED else (run,)
        elif token.isalpha():
            found.append(token)
        else:
            found += _SPACED_WORDS.findall(token)
    return found


def spoken(said: list[str]) -> list[str]:
    """Words, their beginnings and neighbours; written as lists, for every call waits for this."""
    stems = [word[:STEM_LETTERS] + "*" for word in said if len(word) > STEM_LETTERS]
    return [*said, *stems, *map(" ".join, pairwise(said))]


def beyond_ascii(text: str) -> str:
    """All characters of a text that are not ASCII, in their order."""
    return "" if text.isascii() else "".join(_BEYOND_ASCII.findall(text))


def _pairs(run: str) -> Iterable[str]:
    """The pairs of neighbours in a run of letters; a short one is itself."""
    if len(run) < 3:
        return (run,)
    return map(add, run, run[1:])


def _places(lead: str, text: str) -> list[int]:
    found, place, may_continue = [], text.find(lead), lead[0] not in _LETTERS
    while place >= 0:
        if may_continue or place == 0 or text[place - 1] not in _LETTERS:
            found.append(place)
        place = text.find(lead, place + 1)
    return found


def _number_places(text: str, beyond: str) -> Sequence[int]:
    """Where numbers begin; of plain digits, without a look at each character."""
    if any(map(str.isdecimal, beyond)):
        return [match.start() for match in _NUMBER.finditer(text)]
    spaced = text.encode("ascii", "replace").translate(_DIGITS_SPACED)
    found, place = [], 0
    for number in spaced.split():
        place = spaced.index(number, place)
        found.append(place)
        place += len(number)
    return found


def _signs(text: str, beyond: str) -> Set[str]:
    """Each sign that is no ASCII letter, and DIGIT where there is one."""
    found = set(text.encode("ascii", "ignore").translate(None, _LETTERS_ASCII).decode("ascii"))
    found.update(beyond)
    if not found.isdisjoint(_DIGITS) or (beyond and any(map(str.isdecimal, beyond))):
        found.add(DIGIT)
    return found
