"""Knows which words a text holds and where: a text in, places at which a pattern is worth a try out."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Final

from proxy.stages.precheck.clues import STEM_LETTERS, Clues, Group

# Of very many places the first and the last are tried: a text that repeats itself must not be dear.
PLACES_MAX: Final = 24
_WORD: Final = re.compile("[^\\W\\d_\u2e80-\U0010ffff]+")
_NUMBER: Final = re.compile(r"\d+")
# Letters that words of our rules are written with, beyond those of western Europe.
_OTHER_ALPHABET: Final = re.compile("[\u0100-\u024f\u0370-\u1fff]")
_LATIN_1_LETTERS: Final = bytes(code if chr(code).isalpha() else 32 for code in range(256))


class Places:
    """`text` is the text in lower case, of the same length; with it go the places where words of the `wanted` stems begin and,
    once asked for, its numbers."""

    __slots__ = ("_ascii", "_counts", "_numbers", "_stems", "text")

    def __init__(self, text: str, wanted: Set[str]) -> None:
        # The dotted capital I is the one letter whose lower case is longer, and would move every place after it.
        self.text = text.replace("\u0130", "i").lower()
        self._ascii = self.text.isascii()
        self._stems = _stems(_words(self.text, self._ascii, wanted), wanted)
        self._numbers: Sequence[int] | None = None
        self._counts: dict[str, int] = {}

    def worth_a_try(self, clues: Clues) -> Sequence[int] | None:
        """Where a pattern with these clues could begin; empty when it cannot match, None when it could anywhere."""
        for group in clues.groups:
            if self._stems.keys().isdisjoint(group.stems) and not any(map(self._holds, group.loose)):
                return ()
        match clues.begins:
            case "text":
                return (0,)
            case "group":
                return _some(sorted(set(self._beginnings(clues.groups[0]))))
            case "number":
                return _some(self._number_places())
            case _:
                return None

    @property
    def stems(self) -> Set[str]:
        """The wanted stems that words of the text begin with."""
        return self._stems.keys()

    @property
    def is_ascii(self) -> bool:
        return self._ascii

    def count(self, characters: str) -> int:
        """How often these characters occur."""
        if characters not in self._counts:
            self._counts[characters] = sum(map(self.text.count, characters))
        return self._counts[characters]

    def _holds(self, text: str) -> bool:
        return (text.isascii() or not self._ascii) and text in self.text

    def _beginnings(self, group: Group) -> Iterator[int]:
        for stem in self._stems.keys() & group.stems:
            leads = group.words[stem]
            yield from (place for places in self._stems[stem] for place in places if self.text.startswith(leads, place))
        for lead in group.loose:
            yield from (match.start() for match in re.finditer(re.escape(lead), self.text))

    def _number_places(self) -> Sequence[int]:
        if self._numbers is None:
            self._numbers = [match.start() for match in _NUMBER.finditer(self.text)]
        return self._numbers


def _words(text: str, is_ascii: bool, wanted: Set[str]) -> Mapping[str, Sequence[int]]:
    """Where the words that begin with a wanted stem stand."""
    if not is_ascii and _OTHER_ALPHABET.search(text):
        found: dict[str, list[int]] = defaultdict(list)
        for match in _WORD.finditer(text):
            found[match.group()].append(match.start())
        return found
    # Twice as fast as the pattern: whatever is no letter becomes a space, one for one.
    words = text.encode("latin-1", "replace").translate(_LATIN_1_LETTERS).decode("latin-1").split(" ")
    long, middle, short = STEM_LETTERS
    places: dict[str, list[int]] = {
        word: [] for word in set(words) if word[:long] in wanted or word[:middle] in wanted or word[:short] in wanted
    }
    place = 0
    for word in words:
        if word in places:
            places[word].append(place)
        place += len(word) + 1
    return places


def _stems(words: Mapping[str, Sequence[int]], wanted: Set[str]) -> Mapping[str, Sequence[Sequence[int]]]:
    """The places of all words that begin alike. A word shorter than its stem is its own stem, and may be listed twice."""
    found: dict[str, list[Sequence[int]]] = defaultdict(list)
    for word, places in words.items():
        for letters in STEM_LETTERS:
            if (stem := word[:letters]) in wanted:
                found[stem].append(places)
    return dict(found)


def _some(places: Sequence[int]) -> Sequence[int]:
    if len(places) <= PLACES_MAX:
        return places
    return [*places[: PLACES_MAX // 2], *places[-PLACES_MAX // 2 :]]
