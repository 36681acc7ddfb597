"""Events of a stream in, the bytes of server-sent events out; knows no dialect and stages no fault."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import orjson

from proxy.simulator.dialects.dialect import Event


class Piece(NamedTuple):
    """Bytes that leave together. `delta` marks those that carry a token: they are paced and counted."""

    data: bytes
    delta: bool = False


def data_of(event: Event) -> bytes:
    """What stands behind `data:`."""
    return event.value.encode() if isinstance(event.value, str) else orjson.dumps(event.value)


def framed(event: Event) -> bytes:
    """One event as every parser reads it."""
    if event.mark == "comment":
        return b": " + data_of(event) + b"\n\n"
    named = b"" if event.name is None else b"event: " + event.name.encode() + b"\n"
    return named + b"data: " + data_of(event) + b"\n\n"


def pieces_of(events: Iterable[Event]) -> Iterator[Piece]:
    """A whole stream, one piece an event."""
    for event in events:
        yield Piece(framed(event), event.mark == "delta")
