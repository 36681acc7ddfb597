"""A regular expression as text in, what it matches out; compiled for the first who tries it."""

import re
from collections.abc import Callable, Iterator
from re import Match
from re import _parser as parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any, Final

_TRIED: Final = ("findall", "finditer", "fullmatch", "match", "search")
# How wide that is which must stand before is looked at only when it is compiled.
_LOOKS_BACK: Final = "(?<"


class Pattern:
    """What `re.compile` makes, in half a millisecond each, made when it is needed: most of many rules wait long for the first
    text that calls them. Two of the same text and flags are equal."""

    __slots__ = (*_TRIED, "flags", "pattern")

    findall: Callable[..., list[Any]]
    finditer: Callable[..., Iterator[Match[str]]]
    fullmatch: Callable[..., Match[str] | None]
    match: Callable[..., Match[str] | None]
    search: Callable[..., Match[str] | None]

    def __init__(self, pattern: str, flags: int = 0) -> None:
        """Whoever did not write the pattern takes `checked`: what is wrong with one is otherwise raised by its first use."""
        self.pattern, self.flags = pattern, flags

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """Only what is not there yet is looked for here."""
            if name not in _TRIED:
                raise AttributeError(name)
            made = self.compiled()
            for tried in _TRIED:
                setattr(self, tried, getattr(made, tried))
            return getattr(made, name)

    def compiled(self) -> re.Pattern[str]:
        """The same for who wants the standard library's own."""
        return re.compile(self.pattern, self.flags)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and (self.pattern, self.flags) == (other.pattern, other.flags)

    def __hash__(self) -> int:
        return hash((self.pattern, self.flags))

    def __repr__(self) -> str:
        return f"Pattern({self.pattern!r}, {self.flags})"


def checked(pattern: str, flags: int = 0) -> Pattern:
    """A pattern of somebody else's. Raises re.error for one that could not be compiled; it is only read for that, which takes
    half as long."""
    if _LOOKS_BACK in pattern:
        re.compile(pattern, flags)
    else:
        parser.parse(pattern, flags)
    return Pattern(pattern, flags)
