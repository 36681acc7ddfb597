"""Faults of the connection: doors that lead nowhere, silence, resets, cuts, and a kept connection that is dead."""

from typing import Final

from proxy.simulator.faults.acts import HEADERS_ONLY, Act, Break, Carry, Leaves, Maker, Numbers, Phase, Row, always
from proxy.simulator.faults.bytewise import each_byte

_AT: Final[Numbers] = {"at": 5}
# More deltas than any answer has: the break comes where they end, before what would say that all is well.
_ALL_DELTAS: Final = 1_000_000


def _door(name: str, says: str) -> Row:
    return Row(name, says, "connect", "nothing", door=True)


def _always(name: str, says: str, act: Act, leaves: Leaves = "nothing", phase: Phase = "headers") -> Row:
    return Row(name, says, phase, leaves, always(act), always(act))


def _midway(name: str, says: str, make: Maker) -> Row:
    return Row(name, says, "stream", "part", make, make, _AT)


def _streamed(name: str, says: str, make: Maker, numbers: Numbers = _AT) -> Row:
    return Row(name, says, "stream", "part", stream=make, numbers=numbers)


def _within_event(event: bytes) -> bytes:
    return event[: len(event) // 2]


def _within_character(event: bytes) -> bytes:
    """Two of the three bytes of a character stand last."""
    return event[: len(event) // 2] + "€".encode()[:2]


def _within_json(event: bytes) -> bytes:
    """The value is not complete, but its line is: who trusts line ends takes it for an event."""
    return event[: len(event) // 2] + b"\n\n"


def _mute_for(numbers: Numbers) -> Act:
    return Carry(before_ms=numbers["after_ms"])


def _drip(numbers: Numbers) -> Act:
    return Carry(edit=each_byte, gap_ms=numbers["gap_ms"])


ROWS: Final = (
    _door("refused", "Nobody listens: the connection is refused."),
    _door("black_hole", "The connection is neither accepted nor refused."),
    _door("hang_up", "Accepts the connection and ends it before it has read a word."),
    _always("mute", "Takes the call and says nothing, not even a status.", Break("stall", None)),
    _always("reset", "Resets the connection when it has read the call.", Break("reset", None)),
    _always("closed", "Ends the connection when it has read the call, without a word.", Break("hang_up", None)),
    _always("mute_after_headers", "Sends its headers and nothing after them.", Break("stall", HEADERS_ONLY), phase="body"),
    _always("reset_after_headers", "Sends its headers and resets the connection.", Break("reset", HEADERS_ONLY), phase="body"),
    _always("closed_after_headers", "Sends its headers and ends the connection.", Break("hang_up", HEADERS_ONLY), phase="body"),
    Row(
        "first_token_late",
        "Sends its headers, and for a minute nothing after them; then all is well.",
        "body",
        "whole",
        _mute_for,
        _mute_for,
        {"after_ms": 60_000},
    ),
    Row("drip", "Sends the body byte by byte, slowly.", "body", "whole", _drip, _drip, {"gap_ms": 20}),
    _midway("stall", "Falls silent after some deltas, and the connection stays open.", lambda n: Break("stall", n["at"])),
    _midway("reset_mid_stream", "Resets the connection after some deltas.", lambda n: Break("reset", n["at"])),
    _midway(
        "cut",
        "Ends the body properly after some deltas, with nothing that says the answer is complete.",
        lambda n: Break("cut", n["at"]),
    ),
    _midway("hang_up_mid_stream", "Ends the connection, not the body, after some deltas.", lambda n: Break("hang_up", n["at"])),
    _streamed("cut_in_event", "Ends the body within an event.", lambda n: Break("cut", n["at"], _within_event)),
    _streamed("cut_in_utf8", "Ends the body within a character.", lambda n: Break("cut", n["at"], _within_character)),
    _streamed(
        "cut_in_json", "Ends an event within its JSON, and then the body.", lambda n: Break("cut", n["at"], _within_json)
    ),
    _streamed(
        "stall_before_end",
        "Sends every delta, and then neither a reason to finish nor an end.",
        always(Break("stall", _ALL_DELTAS)),
        {},
    ),
    _streamed(
        "cut_before_end", "Sends every delta and ends the body without saying why.", always(Break("cut", _ALL_DELTAS)), {}
    ),
    _streamed("reset_before_end", "Sends every delta and resets the connection.", always(Break("reset", _ALL_DELTAS)), {}),
    _always(
        "dead_next", "Answers well, keeps the connection, and resets it on the next call.", Carry(ending="dead_next"), "whole"
    ),
    _always(
        "silent_close",
        "Answers well, promises to keep the connection, and ends it at once.",
        Carry(ending="silent_close"),
        "whole",
    ),
    Row(
        "open_end",
        "Sends everything, the end mark too, and never ends the body.",
        "stream",
        "whole",
        stream=always(Carry(ending="hang")),
        dialects=frozenset({"openai", "openrouter", "anthropic"}),
    ),
)
