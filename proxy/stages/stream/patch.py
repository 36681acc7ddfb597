"""A provider's chunk in, the same bytes under our id, model and time out; refuses what it cannot do by replacing alone."""

import re
from typing import Final

import orjson

from proxy.domain.chat import Json

OBJECT: Final = "chat.completion.chunk"
# What may stand at the top of a chunk (contract 7); a provider's name, cost and route never do.
TOP_FIELDS: Final = frozenset({"id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier"})
_STRING: Final = rb'"(?:[^"\\]|\\.)*"'
_OPENING: Final = re.compile(rb'"choices"\s*:\s*\[')
_CLOSING: Final = re.compile(rb'\]\s*(?:,\s*"\w+"\s*:\s*(?:null|\d+|' + _STRING + rb")\s*)*\}\s*\Z")
_THEIRS: Final = {
    "id": re.compile(rb'("id"\s*:\s*)' + _STRING),
    "created": re.compile(rb'("created"\s*:\s*)\d+(?![\d.eE])'),
    "model": re.compile(rb'("model"\s*:\s*)' + _STRING),
}
_NULL_USAGE: Final = re.compile(rb',\s*"usage"\s*:\s*null|"usage"\s*:\s*null\s*,')
_LINE_FEED: Final = 10


class Patch:
    """What stands before and behind the choices is the same in all chunks of an answer. It is read once, rewritten once, and
    recognised from then on; the choices between are never touched."""

    __slots__ = ("_before", "_behind", "_fields", "_include_usage", "_our_before", "_our_behind", "_ours")

    def __init__(self, ours: Json, include_usage: bool) -> None:
        self._ours = ours
        self._include_usage = include_usage
        self._fields = 0
        self._before = self._behind = self._our_before = self._our_behind = b""

    def patched(self, raw: bytes, value: Json) -> bytes | None:
        """The event that carries `raw` (whose value is `value`) with our fields in place of theirs; None if its choices
        cannot leave as they came."""
        if value.get("usage") is not None or not (self._recognises(raw, value) or self._learns(raw, value)):
            return None
        choices = raw[len(self._before) : -len(self._behind)]
        # An event of several lines would leave as something else.
        return None if _LINE_FEED in choices else self._our_before + choices + self._our_behind

    def _recognises(self, raw: bytes, value: Json) -> bool:
        return raw.startswith(self._before) and raw.endswith(self._behind) and len(value) == self._fields

    def _learns(self, raw: bytes, value: Json) -> bool:
        frame = _frame(raw, len(value)) if value.get("object") == OBJECT and value.keys() <= TOP_FIELDS else None
        ours = None if frame is None else self._rewritten(*frame, asked="usage" in value)
        if frame is None or ours is None:
            return False
        self._before, self._behind = frame
        self._our_before, self._our_behind = b"data: " + ours[0], ours[1] + b"\n\n"
        self._fields = len(value)
        return True

    def _rewritten(self, before: bytes, behind: bytes, asked: bool) -> tuple[bytes, bytes] | None:
        """Both sides with our values. Chunks say `usage: null` to callers who asked for usage, and nothing to others."""
        frame = before + b"\0" + behind
        for name, theirs in _THEIRS.items():
            places = list(theirs.finditer(frame))
            if len(places) != 1:
                return None
            start, end = places[0].end(1), places[0].end()
            frame = frame[:start] + orjson.dumps(self._ours[name]) + frame[end:]
        if asked and not self._include_usage:
            frame = _NULL_USAGE.sub(b"", frame)
        elif self._include_usage and not asked:
            frame = frame.rstrip()[:-1] + b',"usage":null}'
        before, _, behind = frame.partition(b"\0")
        return before, behind


def _frame(raw: bytes, fields: int) -> tuple[bytes, bytes] | None:
    """A chunk of `fields` fields up to the bracket that opens its choices, and from the one that closes them; None if it has
    to be rebuilt."""
    opening = _OPENING.search(raw)
    closing = _CLOSING.search(raw, opening.end()) if opening is not None else None
    if opening is None or closing is None:
        return None
    before, behind = raw[: opening.end()], raw[closing.start() :]
    # Without what is between them only the choices may be gone: no other field, and none that could hold more than it says.
    frame = orjson.loads(before + behind)
    is_plain = all(value is None or type(value) in (str, int) for name, value in frame.items() if name != "choices")
    return (before, behind) if is_plain and frame["choices"] == [] and len(frame) == fields else None
