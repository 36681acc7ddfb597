"""Tool call deltas of one choice in, the same as clients can assemble them out; remembers ids and indices, no arguments."""

from collections.abc import Sequence

from proxy.domain.chat import Json


class ToolCalls:
    """Every delta gets an integer `index`; the first of a call has its id and type, later ones repeat neither (clients
    append what they get)."""

    __slots__ = ("_call_id", "_ids")

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._ids: dict[int, str] = {}

    def continued(self, calls: Sequence[Json]) -> list[Json]:
        """The deltas of one chunk; each equals what came in if nothing was missing."""
        return [self._continued(call) for call in calls]

    def _continued(self, call: Json) -> Json:
        given_id = call.get("id") if isinstance(call.get("id"), str) else None
        index = self._index(call.get("index"), given_id)
        known_id = self._ids.get(index)
        if known_id is None:
            self._ids[index] = given_id or f"{self._call_id}_{index}"
            return {**call, "index": index, "id": self._ids[index], "type": "function"}
        if given_id is None and type(call.get("index")) is int:
            return call
        rest = {name: value for name, value in call.items() if name not in ("id", "type")}
        return {**rest, "index": index, "function": _without_name(call.get("function") or {})}

    def _index(self, given: object, given_id: str | None) -> int:
        """The given index; else the one this id has; else a new one for a call that begins, and the last for one that
        goes on."""
        if type(given) is int:
            return given
        last = max(self._ids, default=-1)
        if given_id is None:
            return max(last, 0)
        return next((index for index, known in self._ids.items() if known == given_id), last + 1)


def _without_name(function: Json) -> Json:
    return {name: value for name, value in function.items() if name != "name"}
