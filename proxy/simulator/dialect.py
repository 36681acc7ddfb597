"""What a provider dialect must be able to say; a module with these functions is one. Holds no dialect itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from proxy.simulator.answers import Answer, Usage
from proxy.simulator.faults import Refused
from proxy.simulator.prompt import Prompt


@dataclass(frozen=True, slots=True)
class Completion:
    """Everything about one answered call. `created_s` is seconds since 1970; `cost` asks for cost fields."""

    id: str
    created_s: int
    prompt: Prompt
    answers: tuple[Answer, ...]
    usage: Usage | None
    cost: bool = False


class Event(NamedTuple):
    """One event of a stream as it goes out. `delta` marks those that carry a token: they are paced and counted."""

    data: bytes
    delta: bool = False


class Dialect(Protocol):
    """All functions are pure. `read` takes the parsed JSON of a body and refuses what it cannot answer."""

    def read(self, body: object) -> Prompt | Refused: ...

    def whole(self, completion: Completion) -> bytes: ...

    def events(self, completion: Completion) -> Iterator[Event]: ...

    def error(self, refused: Refused) -> bytes: ...

    def error_event(self, refused: Refused) -> bytes: ...
