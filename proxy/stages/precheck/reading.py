"""Chooses which windows of a conversation are read, joins them into one text and finds the way back to offsets."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from proxy.domain.verdict import Span

# Head and tail of every text for safety; less of each where a conversation has very many texts, so that reading it all
# stays bounded and every text is still looked at.
WHOLE_CHARS_MAX: Final = 4_000
WINDOW_CHARS_MAX: Final = 1_500
WINDOW_CHARS_MIN: Final = 200
READING_CHARS: Final = 64_000
# Longer than this, a text is pasted: its instruction stands at one end, and each end is read as a turn's is.
LONG_CHARS: Final = 20_000
# What a human asks for stands at the beginning or the end of the turn; between lies what it is asked about.
TURN_HEAD_CHARS: Final = 600
TURN_TAIL_CHARS: Final = 300
TURNS_MAX: Final = 3
# No pattern of ours matches across it.
SEPARATOR: Final = "\n\x00\n"
TURN_ENDS: Final = (TURN_HEAD_CHARS, SEPARATOR, TURN_TAIL_CHARS)
_AT_START: Final = (0,)

Message = Mapping[str, Any]


class Piece(NamedTuple):
    """A window of a message's text: `text` begins at character `start` of message `message`."""

    message: int
    start: int
    text: str


class Said(NamedTuple):
    """All that one message says, by a human or by a tool."""

    message: int
    text: str
    is_human: bool


class Reading(NamedTuple):
    """Pieces joined into one text; `offsets` are where each begins in it."""

    text: str
    pieces: Sequence[Piece]
    offsets: Sequence[int]

    def span(self, rule: str, start: int, end: int) -> Span | None:
        """Where a match lies in its message; None if it reaches over the end of its piece."""
        index = bisect_right(self.offsets, start) - 1
        piece, shift = self.pieces[index], start - self.offsets[index]
        if shift + end - start > len(piece.text):
            return None
        return Span(rule, piece.message, piece.start + shift, piece.start + shift + end - start)


def whole(messages: Sequence[Message]) -> Reading:
    """Head and tail of every text of a conversation, whoever said it."""
    texts = [(index, text) for index, message in enumerate(messages) if (text := _text(message))]
    if len(texts) == 1 and len(texts[0][1]) <= WHOLE_CHARS_MAX:
        return Reading(texts[0][1], (Piece(texts[0][0], 0, texts[0][1]),), _AT_START)
    window = max(WINDOW_CHARS_MIN, min(WINDOW_CHARS_MAX, READING_CHARS // max(1, len(texts))))
    read_whole = WHOLE_CHARS_MAX if window == WINDOW_CHARS_MAX else 2 * window
    pieces = []
    for index, text in texts:
        ends = (window, window) if len(text) <= LONG_CHARS else (min(window, TURN_HEAD_CHARS), min(window, TURN_TAIL_CHARS))
        pieces += _windows(index, text, *ends, read_whole)
    return _join(pieces)


def turns(heard: Sequence[Said]) -> list[Reading]:
    """What was said, each by its head and tail."""
    return [_join(_windows(said.message, said.text, TURN_HEAD_CHARS, TURN_TAIL_CHARS)) for said in heard]


def is_read_once(reading: Reading) -> bool:
    """Whether the reading of one message is no longer than that of its turn, so that it serves for both."""
    return len(reading.text) <= TURN_HEAD_CHARS + TURN_TAIL_CHARS + len(SEPARATOR)


def human_texts(messages: Sequence[Message]) -> list[Said]:
    """The last human turn and up to two before it, latest first."""
    return _latest(messages, "user")


def tool_texts(messages: Sequence[Message]) -> list[Said]:
    """The latest results of tools."""
    return _latest(messages, "tool")


def _latest(messages: Sequence[Message], role: str) -> list[Said]:
    found: list[Said] = []
    for index in range(len(messages) - 1, -1, -1):
        if messages[index]["role"] == role:
            found.append(Said(index, _text(messages[index]), role == "user"))
            if len(found) == TURNS_MAX:
                break
    return found


def _text(message: Message) -> str:
    """All text of a message; offsets of spans count in it. Parts stand on lines of their own."""
    content = message.get("content")
    if isinstance(content, list):
        return "\n".join(part.get("text") or part.get("refusal") or "" for part in content)
    return content or ""


def _windows(message: int, text: str, head: int, tail: int, whole: int = 0) -> list[Piece]:
    """Head and tail of a text, or all of it if it has no more characters than they or than `whole`."""
    if len(text) <= max(head + tail, whole):
        return [Piece(message, 0, text)]
    return [Piece(message, 0, text[:head]), Piece(message, len(text) - tail, text[-tail:])]


def _join(pieces: Sequence[Piece]) -> Reading:
    if len(pieces) == 1:
        return Reading(pieces[0].text, pieces, _AT_START)
    offsets, offset = [], 0
    for piece in pieces:
        offsets.append(offset)
        offset += len(piece.text) + len(SEPARATOR)
    return Reading(SEPARATOR.join([piece.text for piece in pieces]), pieces, offsets)
