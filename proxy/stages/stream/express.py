"""Events of one stream in that differ in their text alone, what a caller is told of them out; reads no more of each than its
text, and stops at the first that is not so."""

import re
from typing import Any, Final, NamedTuple

import orjson

from proxy.domain.chat import Delta, Json

# A provider whose events are never alike is not asked again and again.
LESSONS_MAX: Final = 8
_NEVER: Final = 1 << 62
_CONTENT: Final = re.compile(rb'"content"\s*:\s*"')
_REST_OF_STRING: Final = re.compile(rb'(?:[^"\\]|\\.)*')
_BEFORE: Final = b"data: "
_BEHIND: Final = b"\n\n"


class Stretch(NamedTuple):
    """Events that are alike, by the JSON strings in them as they came (without their quotes) and the texts that these are."""

    strings: list[bytes]
    texts: list[str]

    def first(self, count: int) -> "Stretch":
        """No more than so many of them."""
        return Stretch(self.strings[:count], self.texts[:count])


NOTHING: Final = Stretch([], [])


class Express:
    """Nearly every event of an answer is the one before with another text in it. What stands around the text is learned from
    one event that was read in full and from what was told of it; from then on, whatever begins and ends alike, with one JSON
    string between, means the same but for that string, for a string cannot reach beyond its quotes."""

    __slots__ = (
        "_before", "_behind", "_least_bytes", "_lessons_left", "_our_before", "_our_behind", "_quoted", "_told_before",
        "_told_behind",
    )  # fmt: skip

    def __init__(self) -> None:
        # With their quotes: what stands around a string of theirs ends with one and begins with one.
        self._before = self._behind = self._our_before = self._our_behind = b""
        # Of one event: more than so many bytes, where its string is with its quotes, and what is told around it.
        self._least_bytes, self._quoted, self._told_before, self._told_behind = _NEVER, slice(0), b"", b""
        self._lessons_left = LESSONS_MAX

    def learn(self, event: bytes, delta: Delta, told: bytes) -> None:
        """`event` was read as `delta` and told as `told`, and any other content of it would have been told alike."""
        if not self._lessons_left or not _is_text_alone(delta):
            return
        self._lessons_left -= 1
        is_one_event = told.startswith(_BEFORE) and told.endswith(_BEHIND)
        theirs, ours = _frame(event), _frame(told[6:-2]) if is_one_event else None
        if theirs is not None and ours is not None and theirs.text == ours.text:
            self._before, self._behind = _BEFORE + theirs.before, theirs.behind + _BEHIND
            self._our_before, self._our_behind = _BEFORE + ours.before, ours.behind + _BEHIND
            self._least_bytes = len(self._before) + len(self._behind)
            self._quoted = slice(len(self._before) - 1, 1 - len(self._behind))
            self._told_before, self._told_behind = self._our_before[:-1], self._our_behind[1:]

    def one(self, data: bytes) -> tuple[str, bytes] | None:
        """The text of the event that `data` is, and what its caller is told of it, if it is one and alike, whole and with
        nothing beside it; `stretch` and `told` would say the same. A string has no line feed in it, so that what has one
        before its end is none."""
        if len(data) <= self._least_bytes or not data.endswith(self._behind) or not data.startswith(self._before):
            return None
        quoted = data[self._quoted]
        if b"\n" in quoted:
            return None
        try:
            text: str = orjson.loads(quoted)
        except orjson.JSONDecodeError:
            return None
        return text, self._told_before + quoted + self._told_behind

    def stretch(self, events: list[bytes]) -> Stretch:
        """The events from the first on that are alike, by the data of each."""
        before, behind = self._before[len(_BEFORE) :], self._behind[: -len(_BEHIND)]
        if not before:
            return NOTHING
        start, end, least = len(before), -len(behind), len(before) + len(behind)
        strings: list[bytes] = []
        texts: list[str] = []
        for event in events:
            if len(event) <= least or not event.startswith(before) or not event.endswith(behind):
                break
            string = event[start:end]
            try:
                texts.append(orjson.loads(b'"' + string + b'"'))
            except orjson.JSONDecodeError:
                break
            strings.append(string)
        return Stretch(strings, texts)

    def told(self, strings: list[bytes]) -> bytes:
        """What a caller is told of so much of a stretch."""
        before, behind = self._our_before, self._our_behind
        return before + (behind + before).join(strings) + behind if strings else b""


class _Frame(NamedTuple):
    before: bytes
    text: str
    behind: bytes


class _Emptied(NamedTuple):
    text: str
    value: Any


def _is_text_alone(delta: Delta) -> bool:
    choices: list[Json] = delta.value.get("choices") or []
    if not delta.has_content or delta.has_tool or delta.reasoning_bytes or delta.finish_reason or len(choices) != 1:
        return False
    said = choices[0]["delta"]
    return not choices[0]["index"] and delta.usage is None and bool(said.get("content")) and not said.get("refusal")


def _frame(written: bytes) -> _Frame | None:
    """What stands around the only content of a chunk; None if that cannot be told beyond doubt."""
    found = _CONTENT.search(written)
    rest = None if found is None else _REST_OF_STRING.match(written, found.end())
    if found is None or rest is None or b"\n" in written or written.count(b'"content"') != 1:
        return None
    before, behind = written[: found.end()], written[rest.end() :]
    full, emptied = _emptied(written), _emptied(before + behind)
    return None if full is None or emptied is None or full.value != emptied.value else _Frame(before, full.text, behind)


def _emptied(written: bytes) -> _Emptied | None:
    try:
        value = orjson.loads(written)
        said = value["choices"][0]["delta"]
        text: str = said["content"]
    except (ValueError, LookupError, TypeError):
        return None
    said["content"] = ""
    return _Emptied(text, value)
