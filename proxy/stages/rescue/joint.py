"""What was said and the beginning of what another model says in, only what is new of it out; where the two meet must be plain,
for a wrong joint is worse than none."""

import re
from typing import Final, Literal, NamedTuple, Protocol

from proxy.domain.chat import Delta, Json

# Fewer words than this may be said twice by chance; more than this many characters are not waited for.
REPEATED_WORDS_MIN: Final = 3
REPEATED_CHARS_MIN: Final = 12
REPEATED_CHARS_MAX: Final = 2_048
_LAST_WORDS: Final = 8
_WORD_START: Final = re.compile(r"\b\w")
_WORD_AFTER_SPACE: Final = re.compile(r"(?<!\S)\w")
# The scripts from here on do not part their words by spaces, or need a look that nobody has taken.
_UNSPACED: Final = "\u0e00"
_NOTHING: Final[Json] = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": None}


class Doubt(NamedTuple):
    """Nobody can say where the two texts meet."""

    why: Literal["white_space", "no_overlap", "ambiguous"]


class Joint(Protocol):
    """Takes what a model says as it comes. Once `is_closed`, all that follows is new."""

    is_closed: bool

    def add(self, text: str) -> str | Doubt:
        """What of `text`, and of what was kept back before it, is new."""
        ...

    def end(self) -> str | Doubt:
        """The same when no more comes."""
        ...


class Onward:
    """The model goes on by itself, from before the white space at the end of what was said, and must say that again."""

    def __init__(self, white_space: str) -> None:
        self._white_space = white_space
        self.is_closed = not white_space

    def add(self, text: str) -> str | Doubt:
        count = min(len(self._white_space), len(text))
        if self._white_space[:count] != text[:count]:
            return Doubt("white_space")
        self._white_space = self._white_space[count:]
        self.is_closed = not self._white_space
        return text[count:]

    def end(self) -> str | Doubt:
        """A model that stops here has nothing to add."""
        self.is_closed = True
        return ""


class Overlap:
    """The model was asked to repeat the last words and to go on.

    A repetition that the answer was meant to have (the lines of a song, the items of a list, the same statement again) looks
    like one that was asked for. So it is trimmed only where it can be nothing else: it begins with a word after a space, and
    what was said ends within or right after a word, so that the two, read as they stand, would run two words into one. Should
    more than one stretch of what was said fit, or none, that is a Doubt.
    """

    def __init__(self, said: str) -> None:
        self._said = said
        self._heard = ""
        self._starts = [match.start() for match in _WORD_START.finditer(said)]
        self.is_closed = False

    def add(self, text: str) -> str | Doubt:
        if self.is_closed:
            return text
        self._heard += text
        return self._found(is_all=False) if self._heard else ""

    def end(self) -> str | Doubt:
        return "" if self.is_closed else self._found(is_all=True)

    def _found(self, is_all: bool) -> str | Doubt:
        """Stretches that were heard whole have met; others are open as long as what was heard is their beginning."""
        said, heard = self._said, self._heard
        if not (heard and _is_plain(heard[0]) and can_overlap(said)):
            return Doubt("no_overlap")
        self._starts = [at for at in self._starts if said.startswith(heard[: len(said) - at], at)]
        met = [at for at in self._starts if len(said) - at <= len(heard)]
        is_open = len(met) < len(self._starts)
        if len(met) > 1 or (is_open and (is_all or len(heard) > REPEATED_CHARS_MAX)):
            return Doubt("ambiguous")
        if is_open:
            return ""
        if not met or not _stands_out(said, met[0]):
            return Doubt("no_overlap")
        self.is_closed = True
        return heard[len(said) - met[0] :]


def can_overlap(said: str) -> bool:
    """Whether a repetition of its last words could be told from all others."""
    return bool(said) and _is_plain(said[-1]) and _is_long(last_words(said))


def last_words(said: str) -> str:
    """The words that a model is asked to begin with."""
    starts = [match.start() for match in _WORD_AFTER_SPACE.finditer(said, max(0, len(said) - REPEATED_CHARS_MAX))]
    return said[starts[-_LAST_WORDS:][0] :] if starts else ""


def joined(joint: Joint, delta: Delta) -> Delta | Doubt:
    """What of a delta is new; the very same delta where all of it is."""
    choices = delta.value.get("choices")
    if joint.is_closed or not choices:
        return delta
    content = choices[0]["delta"].get("content") or ""
    new = joint.add(content) if content else ""
    if isinstance(new, Doubt):
        return new
    if delta.has_tool or delta.finish_reason is not None:
        kept = joint.end()
        if isinstance(kept, Doubt):
            return kept
        new += kept
    return delta if new == content else _saying(delta, choices, new)


def rest(joint: Joint) -> Delta | Doubt:
    """What was kept back, when the stream ends without another word."""
    kept = joint.end()
    return kept if isinstance(kept, Doubt) else _saying(Delta({}), [_NOTHING], kept)


def _saying(delta: Delta, choices: list[Json], text: str) -> Delta:
    """The delta with another content; its bytes are not what they were."""
    first, *others = choices
    right = {**first, "delta": {**first["delta"], "content": text}, "logprobs": None}
    value = {**delta.value, "choices": [right, *others]}
    has_content = bool(text) or delta.reasoning_bytes > 0
    return delta._replace(value=value, raw=None, output_bytes=len(text.encode()), has_content=has_content)


def _stands_out(said: str, at: int) -> bool:
    return _is_long(said[at:]) and (at == 0 or said[at - 1].isspace())


def _is_plain(char: str) -> bool:
    return char.isalnum() and char < _UNSPACED


def _is_long(text: str) -> bool:
    return len(text) >= REPEATED_CHARS_MIN and len(text.split()) >= REPEATED_WORDS_MIN
