"""What a fault is made of: a row of the table, and the few kinds of act that rows are written in. Stages nothing itself.

An act changes one layer of an answer: what is said, the values that say it, their order, their bytes, or how these travel.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from proxy.simulator.answers import Answer
from proxy.simulator.dialects.dialect import DIALECT_NAMES, Cause, DialectName, Event, Json
from proxy.simulator.framing import Piece

Phase = Literal["connect", "headers", "body", "stream"]
# What is left of the answer: all of it, its beginning, nothing, a refusal that is meant, or other words than were asked for.
Leaves = Literal["whole", "part", "nothing", "refusal", "wrong"]
BreakHow = Literal["reset", "cut", "stall", "murmur", "error_event", "hang_up"]
Numbers = Mapping[str, int]


HEADERS_ONLY: Final = -1


@dataclass(frozen=True, slots=True)
class Refuse:
    """An error in the dialect's own shape. `status` replaces the dialect's own: 200 pretends that it is an answer. Without a
    cause it is the one that is meant most often by the status."""

    cause: Cause | None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished answer that is none in any dialect."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes in the place of an HTTP answer; then the connection ends."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """The answer stops. `after_deltas` 0 is after what opens a stream, HEADERS_ONLY before that; None is before anything,
    the status line too where how it breaks can do without one. A whole answer breaks half way. `tail` makes of the bytes of
    the next event what of it gets out."""

    how: BreakHow
    after_deltas: int | None
    tail: Callable[[bytes], bytes] | None = None
    cause: Cause = "server_error"


@dataclass(frozen=True, slots=True)
class Say:
    """Other things are said."""

    edit: Callable[[Answer], Answer]


@dataclass(frozen=True, slots=True)
class Edit:
    """Each JSON value is changed in place: a whole answer, or every event of a stream."""

    edit: Callable[[Json], object]


@dataclass(frozen=True, slots=True)
class Arrange:
    """Events are changed, left out, repeated or put elsewhere."""

    arrange: Callable[[Iterable[Event]], Iterator[Event]]


@dataclass(frozen=True, slots=True)
class Frame:
    """Events are written another way."""

    frame: Callable[[Event], bytes]


@dataclass(frozen=True, slots=True)
class Carry:
    """The body travels another way. `announce` gives a false length for a true one; `before_ms` is the silence between head
    and body, `gap_ms` that between pieces; `apart` lets each piece leave by itself; `ending` is what follows the last piece."""

    edit: Callable[[Iterable[Piece]], Iterator[Piece]] | None = None
    status: int = 200
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    announce: Callable[[int], int] | None = None
    before_ms: int = 0
    gap_ms: int = 0
    apart: bool = False
    ending: Literal["proper", "dead_next", "silent_close", "hang", "trailers", "bad_chunk"] = "proper"


@dataclass(frozen=True, slots=True)
class Swap:
    """A stream where a whole answer was asked for, and the reverse."""


Act = Refuse | Reply | Raw | Break | Say | Edit | Arrange | Frame | Carry | Swap
Maker = Callable[[Numbers], Act]

ALL: Final = frozenset(DIALECT_NAMES)
OPENAI_LIKE: Final[frozenset[DialectName]] = frozenset({"openai", "openrouter"})


@dataclass(frozen=True, slots=True)
class Row:
    """A fault of the table.

    `whole` and `stream` make its act from its numbers, None where it cannot be staged; a door has neither, for it is an
    address of its own. `numbers` are the ones it takes, with what they are when not given. `leaves` is what a stream still
    brings; a whole answer that broke brings nothing. `needs` is what a call must hold for it to show.
    """

    name: str
    says: str
    phase: Phase
    leaves: Leaves
    whole: Maker | None = None
    stream: Maker | None = None
    numbers: Numbers = field(default_factory=dict)
    dialects: frozenset[DialectName] = ALL
    needs: Literal["tools", "reasoning"] | None = None
    door: bool = False


def always(act: Act) -> Maker:
    """The same act whatever the numbers are."""
    return lambda _: act
