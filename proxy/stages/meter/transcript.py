"""The parts of one answer in as they pass, its texts out at the end, whole, so that they can be counted; bounded, and kept
no longer than its meter."""

from typing import Final, NamedTuple

from proxy.domain.chat import Json

# More than the longest answers of today; what is longer is estimated.
CHARS_MAX: Final = 1024 * 1024


class Said(NamedTuple):
    """What was said aloud, what was thought aloud, and whether a function was called: how a call is put into tokens is not
    published."""

    output: tuple[str, ...]
    reasoning: tuple[str, ...]
    has_tool: bool


class Transcript:
    """`add` every choice of a chunk or of a whole answer. A text that comes in pieces is one text in the end, for the pieces
    would be more tokens than the whole."""

    __slots__ = ("_chars", "_has_tool", "_output", "_reasoning")

    def __init__(self) -> None:
        self._output: dict[tuple[int, str, int], list[str]] = {}
        self._reasoning: dict[int, list[str]] = {}
        self._chars = 0
        self._has_tool = False

    def add(self, choices: list[Json], part: str) -> None:
        """`part` is where a choice keeps what it says: `delta` or `message`."""
        if self._chars > CHARS_MAX:
            return
        for choice in choices:
            said, index = choice[part], choice["index"]
            for name in ("content", "refusal"):
                if said.get(name):
                    self._keep(self._output.setdefault((index, name, 0), []), said[name])
            # Providers that send it under both names say the same twice.
            thought = said.get("reasoning_content") or said.get("reasoning")
            if thought:
                self._keep(self._reasoning.setdefault(index, []), thought)
            if said.get("tool_calls") or said.get("function_call"):
                self._add_calls(said, index)
        self._forget_too_much()

    def add_text(self, text: str) -> None:
        """More of what the first choice says aloud."""
        if self._chars <= CHARS_MAX:
            self._keep(self._output.setdefault((0, "content", 0), []), text)
            self._forget_too_much()

    @property
    def said(self) -> Said | None:
        """None when it was too much to keep."""
        if self._chars > CHARS_MAX:
            return None
        output, reasoning = self._output.values(), self._reasoning.values()
        return Said(tuple(map("".join, output)), tuple(map("".join, reasoning)), self._has_tool)

    def _add_calls(self, said: Json, index: int) -> None:
        self._has_tool = True
        calls = [(call.get("index", 0), call["function"]) for call in said.get("tool_calls") or ()]
        calls.append((-1, said.get("function_call") or {}))
        for number, function in calls:
            for name in ("name", "arguments"):
                if function.get(name):
                    self._keep(self._output.setdefault((index, name, number), []), function[name])

    def _forget_too_much(self) -> None:
        if self._chars > CHARS_MAX:
            self._output.clear()
            self._reasoning.clear()

    def _keep(self, pieces: list[str], text: str) -> None:
        pieces.append(text)
        self._chars += len(text)
