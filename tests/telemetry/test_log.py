"""Log lines: one JSON object each, written together, never at a call's expense."""

import io
import logging
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from proxy.telemetry.log import BUFFER_BYTES_MAX, LogHandler, LogWriter, route_logging


class FullDisk(io.RawIOBase):
    """Takes nothing."""

    def write(self, data: Any) -> int:
        raise OSError(28, "No space left on device")


@pytest.fixture
def logging_restored() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("proxy")
    before = (root.handlers[:], root.level, ours.level)
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


def lines(stream: io.BytesIO) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in stream.getvalue().splitlines()]


def test_lines_wait_until_they_are_flushed() -> None:
    stream = io.BytesIO()
    writer = LogWriter(stream)
    writer.write({"n": 1})
    writer.write({"n": 2})
    assert stream.getvalue() == b""
    writer.flush()
    assert lines(stream) == [{"n": 1}, {"n": 2}]


def test_many_lines_are_written_without_being_asked() -> None:
    stream = io.BytesIO()
    writer = LogWriter(stream)
    for _ in range(BUFFER_BYTES_MAX // 100):
        writer.write({"filler": "x" * 100})
    assert len(stream.getvalue()) >= BUFFER_BYTES_MAX


def test_a_line_break_in_a_value_does_not_break_the_line() -> None:
    stream = io.BytesIO()
    writer = LogWriter(stream)
    writer.write({"x": "one\ntwo"})
    writer.flush()
    assert lines(stream) == [{"x": "one\ntwo"}]


def test_a_full_disk_costs_lines_and_nothing_else() -> None:
    writer = LogWriter(FullDisk())  # type: ignore[arg-type]
    writer.write({"n": 1})
    writer.flush()
    writer.flush()
    assert writer.lost_lines == 1


def test_a_closed_stream_costs_lines_and_nothing_else() -> None:
    stream = io.BytesIO()
    stream.close()
    writer = LogWriter(stream)
    writer.write({"n": 1})
    writer.flush()
    assert writer.lost_lines == 1


def test_python_logging_comes_out_as_lines_of_the_same_stream(logging_restored: None) -> None:
    stream = io.BytesIO()
    route_logging(LogWriter(stream))
    logging.getLogger("proxy.x").info("ready on %s", 8080)
    logging.getLogger("httpx2").info("HTTP Request: POST https://provider")
    logging.getLogger("library").warning("careful")
    assert [(line["logger"], line["level"], line["message"]) for line in lines(stream)] == [
        ("proxy.x", "info", "ready on 8080"),
        ("library", "warning", "careful"),
    ]


def test_of_an_exception_type_and_place_are_kept_but_not_its_words() -> None:
    stream = io.BytesIO()
    logger = logging.Logger("x")
    logger.addHandler(LogHandler(LogWriter(stream)))
    try:
        int("MARKER")
    except ValueError:
        logger.exception("defect")
    (line,) = lines(stream)
    assert line["exception"] == "ValueError"
    assert "test_of_an_exception" in line["stack"][0]
    assert "MARKER" not in stream.getvalue().decode()
