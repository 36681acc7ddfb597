"""The events of one stream in, Deltas in OpenAI's shape out; remembers which tool calls have begun, and nothing they say."""

from typing import Final

from proxy.domain.chat import Delta, Json
from proxy.domain.errors import Fault
from proxy.stages.provider.completions.chunk import read_chunk

_NONE: Final[frozenset[tuple[int, object]]] = frozenset()
_GARBLED: Final = Delta({}, error=Fault("garbled", status=200))


class ChunkReader:
    """Implements Reader. The first piece of a tool call has its name: without one nobody could make the call."""

    __slots__ = ("_begun",)

    def __init__(self) -> None:
        self._begun: frozenset[tuple[int, object]] = _NONE

    def delta(self, data: bytes) -> Delta:
        delta = read_chunk(data)
        return _GARBLED if delta.has_tool and self._has_nameless(delta.value["choices"]) else delta

    def _has_nameless(self, choices: list[Json]) -> bool:
        pieces = [(choice["index"], call) for choice in choices for call in choice["delta"].get("tool_calls") or ()]
        return any(self._begins(index, call) and not call["function"].get("name") for index, call in pieces)

    def _begins(self, choice: int, call: Json) -> bool:
        """A call is told by its number, else by its id; a piece with neither goes on with the last one."""
        number = call.get("index")
        name = number if type(number) is int else call.get("id")
        if name is None and self._begun:
            return False
        is_new = (choice, name) not in self._begun
        self._begun |= {(choice, name)}
        return is_new
