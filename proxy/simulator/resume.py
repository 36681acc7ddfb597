"""An answer and what of it was said already in, how a model goes on with it out; pure text, knows no dialect."""

from collections.abc import Callable, Mapping
from typing import Final

from proxy.simulator.behaviour import Continuing

_OVERLAP_WORDS: Final = 5
_OPENING: Final = "In other words: "


def continued(answer: str, said: str, how: Continuing) -> str:
    """The text of the continuation; a model that finds nothing of its own in what was said starts over."""
    if not answer.startswith(said):
        return answer
    return _WAYS[how](answer, said)


def _exact(answer: str, said: str) -> str:
    return answer[len(said) :]


def _paraphrase(answer: str, said: str) -> str:
    """Says the last words again, but otherwise, and goes on from there."""
    again = " ".join(reversed(said.split()[-_OVERLAP_WORDS:]))
    return f"{_OPENING}{again}{answer[len(said) :]}"


def _start_over(answer: str, said: str) -> str:
    return answer


def _repeat_line(answer: str, said: str) -> str:
    """From the beginning of the line that was being said, or of the one before when that had just ended."""
    begun = said.rstrip("\n").rfind("\n") + 1
    return answer[begun:]


def _overlap(answer: str, said: str) -> str:
    start = len(said)
    for _ in range(_OVERLAP_WORDS):
        start = max(said.rfind(" ", 0, start), 0)
    return answer[start:].lstrip(" ")


_WAYS: Final[Mapping[Continuing, Callable[[str, str], str]]] = {
    "exact": _exact,
    "paraphrase": _paraphrase,
    "start_over": _start_over,
    "repeat_line": _repeat_line,
    "overlap": _overlap,
}
