"""Log lines: JSON objects in, one line each out to a byte stream, many at once; chooses nothing of what they say."""

import logging
import threading
import traceback
from collections.abc import Iterable, Iterator, Mapping
from select import PIPE_BUF
from typing import Any, BinaryIO, Final

import orjson

BUFFER_BYTES_MAX: Final = 64 * 1024
STACK_FRAMES_MAX: Final = 20


class LogWriter:
    """Collects lines and writes them when enough are there or when `flush` is called; safe from any thread.

    `every` is what each line says besides, where several processes write into one stream. `lost_lines` counts what the stream
    would not take: a full disk must not fail a call.
    """

    def __init__(self, stream: BinaryIO, every: Mapping[str, Any] | None = None) -> None:
        self._stream = stream
        self._every = every
        self._lock = threading.Lock()
        self._lines: list[bytes] = []
        self._size = 0
        self.lost_lines = 0

    def write(self, line: Mapping[str, Any]) -> None:
        """Adds one line."""
        data = orjson.dumps({**line, **self._every} if self._every else line, option=orjson.OPT_APPEND_NEWLINE)
        with self._lock:
            self._lines.append(data)
            self._size += len(data)
            if self._size >= BUFFER_BYTES_MAX:
                self._write_out()

    def flush(self) -> None:
        """Writes what was collected."""
        with self._lock:
            self._write_out()

    def _write_out(self) -> None:
        lines, self._lines, self._size = self._lines, [], 0
        if not lines:
            return
        try:
            for piece in _pieces(lines) if self._every else (b"".join(lines),):
                self._stream.write(piece)
                self._stream.flush()
        except (OSError, ValueError):
            # ValueError is what a closed stream raises.
            self.lost_lines += len(lines)


class LogHandler(logging.Handler):
    """Everything that goes through Python's own logging, in the same lines and the same stream.

    Of an exception it keeps type and place: its message may quote what it choked on.
    """

    def __init__(self, writer: LogWriter) -> None:
        super().__init__()
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        line: dict[str, Any] = {
            "event": "log",
            "at_ms": int(record.created * 1_000),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info is not None and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            line["stack"] = _stack(record.exc_info)
        self._writer.write(line)
        if record.levelno >= logging.WARNING:
            self._writer.flush()


def route_logging(writer: LogWriter, level: int = logging.INFO) -> LogHandler:
    """Sends Python's logging to `writer`: ours from `level` on, libraries' from warning on, for they log URLs."""
    handler = LogHandler(writer)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("proxy").setLevel(level)
    return handler


def _pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines together, as many as a pipe takes at once: what is longer may be torn apart by others who write into it."""
    piece = bytearray()
    for line in lines:
        if piece and len(piece) + len(line) > PIPE_BUF:
            yield bytes(piece)
            piece.clear()
        piece += line
    yield bytes(piece)


def _stack(exc_info: tuple[Any, ...]) -> list[str]:
    frames = traceback.extract_tb(exc_info[2])[-STACK_FRAMES_MAX:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
