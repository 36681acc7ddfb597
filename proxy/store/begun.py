"""Calls as they begin in, one row for all that begin in a batch out, and each of them found again by its place."""

from collections.abc import Iterator
from typing import Any, Final

from proxy.domain.call import Call
from proxy.store.database import Connection
from proxy.store.rows import JUDGED, Place, Row, packed, unpacked

INSERT: Final = "INSERT INTO begun VALUES (?, ?)"
_FIND: Final = "SELECT substr(calls, ?, ?) FROM begun WHERE id = ?"
# Of a row of `model_calls`: the call as it began, where that says what it was judged by.
OF_CALL: Final = "(SELECT substr(calls, begun_from, begun_size) FROM begun WHERE begun.id = begun_id)"


class Begun:
    """The calls that begin in one batch: a row of its own for each would cost ten times as much."""

    def __init__(self) -> None:
        self._id = ""
        self._calls: list[str] = []
        self._size = 0

    def add(self, call: Call) -> Place:
        """Where the call will stand."""
        text = packed(call)
        self._id = self._id or call.id
        place = Place(self._id, self._size + 1, len(text))
        self._calls.append(text)
        self._size += place.size
        return place

    def rows(self) -> Iterator[Row]:
        """The parameters of INSERT."""
        if self._calls:
            yield self._id, "".join(self._calls)


def named(place: Place) -> str:
    """A place in one word, for a hold to keep; the counterpart of `find`."""
    return f"{place.start}+{place.size}@{place.id}"


def find(connection: Connection, began: str) -> dict[str, Any]:
    """What a hold keeps of its call, by the names of its columns: a place, or the packed call itself as of earlier releases."""
    if began[0] in "[{":
        return unpacked(began)
    (text,) = connection.execute(_FIND, place_of(began)[1:] + place_of(began)[:1]).fetchone()
    return unpacked(text)


def place_of(began: str) -> Place:
    """The place that was `named`."""
    size, _, id = began.partition("@")
    start, _, length = size.partition("+")
    return Place(id, int(start), int(length))


def judged_in(text: str) -> dict[str, Any]:
    """What a call was judged by, of a packed call."""
    call = unpacked(text)
    return {name: call[name] for name in JUDGED}
