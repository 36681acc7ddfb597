"""Deltas as their caller heard them in, the text so far out, or what of it nobody else can go on with; bounded, and kept no
longer than its call runs."""

from collections.abc import Iterable
from typing import Final, Literal

from proxy.domain.chat import Delta

# More than nearly every answer; a longer one is not rescued.
CHARS_MAX: Final = 256 * 1024

# What was said beside plain text, or that there was too much of it.
Obstacle = Literal["tools", "refused", "choices", "finished", "too_long"]


class Spoken:
    """`obstacle` is the first thing that forbids a rescue."""

    __slots__ = ("_chars", "_pieces", "obstacle")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._chars = 0
        self.obstacle: Obstacle | None = None

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    def add(self, delta: Delta) -> None:
        """Remembers one delta that was passed on. Called for every event of a stream."""
        if self.obstacle is not None:
            return
        for choice in delta.value.get("choices") or ():
            part = choice["delta"]
            content = part.get("content")
            if content:
                self._pieces.append(content)
                self._chars += len(content)
            # Nearly every delta is content alone.
            if len(part) > 1 or not content or choice["index"] or choice["finish_reason"] or self._chars > CHARS_MAX:
                self._look(choice["index"], part, choice["finish_reason"])

    def add_texts(self, texts: Iterable[str]) -> None:
        """Remembers deltas that were content of the first choice and nothing else."""
        if self.obstacle is None:
            text = "".join(texts)
            self._pieces.append(text)
            self._chars += len(text)
            if self._chars > CHARS_MAX:
                self._look(0, {}, None)

    def _look(self, index: int, part: dict[str, object], finish_reason: str | None) -> None:
        if part.get("tool_calls") or part.get("function_call"):
            self.obstacle = "tools"
        elif part.get("refusal"):
            self.obstacle = "refused"
        elif index:
            self.obstacle = "choices"
        elif finish_reason:
            self.obstacle = "finished"
        elif self._chars > CHARS_MAX:
            self.obstacle = "too_long"
            self._pieces.clear()
