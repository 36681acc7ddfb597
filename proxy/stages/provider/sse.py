"""A provider's bytes in as they arrive, the data of each complete server-sent event out; never reads what the data says."""

from typing import Final

LINE_BYTES_MAX: Final = 4 * 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_CARRIAGE_RETURN: Final = 13
# The beginning of an event is put before its rest while it is no longer than this; a longer one grows where it is.
_JOINED_BYTES_MAX: Final = 16 * 1024


class Decoder:
    """The event stream format of the HTML standard (section "Server-sent events"), cut anywhere, even inside a character.

    Only `data` lines matter here: comments, `event`, `id` and `retry` are read over. `overflow` turns true, for good, when
    one event grows beyond `line_bytes_max`; what was complete before it has been returned. `is_between`: nothing of an event to
    come is kept, so that the next byte begins one.
    """

    __slots__ = ("_after_cr", "_data", "_data_bytes", "_is_first_line", "_line_bytes_max", "_tail", "is_between", "overflow")

    def __init__(self, line_bytes_max: int = LINE_BYTES_MAX) -> None:
        self.overflow = False
        self.is_between = True
        self._line_bytes_max = line_bytes_max
        self._tail = bytearray()
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._after_cr = False
        self._is_first_line = True

    def feed(self, data: bytes) -> list[bytes]:
        """The data of every event that `data` completes, in order; lines of one event are joined with a line feed."""
        events = self._fed(data) if data and not self.overflow else []
        self.is_between = not (self._tail or self._data or self._after_cr or self.overflow)
        return events

    def whole(self, data: bytes) -> list[bytes]:
        """The data of the events that `data` is, where it is the usual block and complete in itself; else nothing. Nothing of
        it is kept: who wants it otherwise feeds it."""
        if not self.is_between or not data.endswith(b"\n\n"):
            return []
        return _split(data, len(data) - 2) or []

    def end(self) -> list[bytes]:
        """The last event if its blank line never came: the standard drops it, but providers forget that line."""
        if self.overflow:
            return []
        return self._read_lines(b"\n\n")

    def _fed(self, data: bytes) -> list[bytes]:
        if len(self._tail) <= _JOINED_BYTES_MAX and not self._data and not self._after_cr:
            whole = bytes(self._tail) + data if self._tail else data
            events = self._whole_events(whole)
            if events is not None:
                return events
        return self._read_lines(self._with_line_feeds(data))

    def _whole_events(self, data: bytes) -> list[bytes] | None:
        """The usual block, split without a look at each line: events of one line each, and perhaps the beginning of another,
        which is kept. None if it is not so."""
        end = data.rfind(b"\n\n")
        events = None if end < 0 or end > self._line_bytes_max else _split(data, end)
        if events is None:
            return None
        self._is_first_line = False
        self._tail.clear()
        return events + self._read_lines(data[end + 2 :])

    def _with_line_feeds(self, data: bytes) -> bytes:
        after_cr, self._after_cr = self._after_cr, data.endswith(b"\r")
        if after_cr:
            data = data.removeprefix(b"\n")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if _CARRIAGE_RETURN in data else data

    def _read_lines(self, data: bytes) -> list[bytes]:
        events: list[bytes] = []
        *lines, rest = data.split(b"\n")
        for line in lines:
            if self._tail:
                line = bytes(self._tail) + line
                self._tail.clear()
            self._read_line(line, events)
            if self._is_over(0):
                return events
        self._tail += rest
        self._is_over(len(self._tail))
        return events

    def _read_line(self, line: bytes, events: list[bytes]) -> None:
        if self._is_first_line:
            self._is_first_line = False
            line = line.removeprefix(_BOM)
        if not line:
            if self._data:
                events.append(b"\n".join(self._data))
                self._data.clear()
                self._data_bytes = 0
        elif line.startswith(b"data:"):
            self._keep(line[6:] if line.startswith(b"data: ") else line[5:])
        elif line == b"data":
            self._keep(b"")

    def _keep(self, value: bytes) -> None:
        self._data.append(value)
        self._data_bytes += len(value) + 1

    def _is_over(self, tail_bytes: int) -> bool:
        if self._data_bytes + tail_bytes > self._line_bytes_max:
            self.overflow = True
            self._tail.clear()
            self._data.clear()
        return self.overflow


def _split(data: bytes, end: int) -> list[bytes] | None:
    """Events of one line each up to `end`; None if it is not so."""
    if not data.startswith(b"data: ") or _CARRIAGE_RETURN in data:
        return None
    events = data[6:end].split(b"\n\ndata: ")
    return events if data.count(b"\n", 0, end) == 2 * len(events) - 2 else None
