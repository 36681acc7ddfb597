"""Which fault a call has: words of a header, a model's name or a prompt in, a Chosen or the act to stage out; never stages it.

The words are a name and numbers: `cut at=17 times=2` in a header or a line of the prompt; in a name `cut:at=17:times=2`, or
`cut.at.17.times.2` where signs have no room.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Final

from proxy.simulator.behaviour import ALWAYS_PERCENT, Chosen
from proxy.simulator.dialects.dialect import DialectName
from proxy.simulator.faults import FAULTS
from proxy.simulator.faults.acts import Act, Row

HEADER: Final = "x-simulator-fault"
# Not a row: another one of the table at every call.
MIXED: Final = "mixed"
_PROMPT_LINE: Final = re.compile(r"^simulator-fault: *(.{1,200})$", re.MULTILINE)
_DIGITS_MAX: Final = 7
# Left out of the mixture: what is meant (a refusal), what nobody can notice, and what takes too long to wait for.
_NOT_MIXED: Final = frozenset({"first_token_late", "drip", "status"})


class UnknownFaultError(ValueError):
    """There is no such fault, or it takes no such number."""


def read(words: str) -> Chosen:
    """A fault as a header or a line says it. Raises UnknownFaultError: a typo must not quietly turn a fault off."""
    name, *settings = words.split() or [""]
    return _chosen(name, [setting.partition("=")[::2] for setting in settings])


def read_in_name(marker: str) -> Chosen:
    """A fault as a model's name says it. Points stand for any sign, because not every dialect has room for signs in a name."""
    name, *settings = re.split(r"[:.=]", marker)
    return _chosen(name, list(zip_longest(settings[::2], settings[1::2], fillvalue="")))


def in_prompt(text: str) -> Chosen | None:
    """The fault that a line of a prompt asks for."""
    found = _PROMPT_LINE.search(text)
    return None if found is None else read(found[1])


def falls_on(chosen: Chosen, model: str, seen_before: int) -> bool:
    """Whether the call after `seen_before` others has the fault: the same calls every time, in no pattern."""
    if not model.startswith(chosen.only):
        return False
    if chosen.times is not None and seen_before >= chosen.times:
        return False
    return _drawn(f"{chosen.name} {seen_before}", ALWAYS_PERCENT) < chosen.percent


def act_of(chosen: Chosen, dialect: DialectName, stream: bool, seen_before: int) -> tuple[str, Act | None]:
    """The name of what to stage, and how; None where that cannot show in this dialect and mode."""
    row = _mixed(chosen, dialect, stream, seen_before) if chosen.name == MIXED else FAULTS[chosen.name]
    make = row.stream if stream else row.whole
    if make is None or dialect not in row.dialects:
        return row.name, None
    return row.name, make({**row.numbers, **chosen.numbers})


def mixture(dialect: DialectName, stream: bool) -> tuple[Row, ...]:
    """The faults that `mixed` draws from: those that another provider could make good."""
    return tuple(
        row
        for row in FAULTS.values()
        if (row.stream if stream else row.whole) is not None
        and dialect in row.dialects
        and row.leaves not in ("refusal", "wrong")
        and row.needs is None
        and row.name not in _NOT_MIXED
    )


def whole_number(value: str) -> int:
    """A number as names may hold it. Raises UnknownFaultError."""
    if not (value.isascii() and value.isdigit() and len(value) <= _DIGITS_MAX):
        raise UnknownFaultError(f"'{value}' is no whole number of at most {_DIGITS_MAX} digits")
    return int(value)


def _chosen(name: str, settings: Sequence[tuple[str, str]]) -> Chosen:
    row = FAULTS.get(name)
    if name != MIXED and (row is None or row.door):
        raise UnknownFaultError(f"'{name}' is no fault that the simulator can stage on request")
    chosen = Chosen(name)
    for key, value in settings:
        chosen = _set(chosen, row, key, value)
    return chosen


def _set(chosen: Chosen, row: Row | None, key: str, value: str) -> Chosen:
    if key == "only":
        return replace(chosen, only=value)
    if key == "times":
        return replace(chosen, times=whole_number(value))
    if key == "percent":
        return replace(chosen, percent=whole_number(value))
    if row is None or key not in row.numbers:
        raise UnknownFaultError(f"the fault '{chosen.name}' takes no '{key}'")
    if key == "status" and not 400 <= whole_number(value) <= 599:
        raise UnknownFaultError(f"{value} is no error status")
    return replace(chosen, numbers={**chosen.numbers, key: whole_number(value)})


def _mixed(chosen: Chosen, dialect: DialectName, stream: bool, seen_before: int) -> Row:
    rows = mixture(dialect, stream)
    return rows[_drawn(f"which {seen_before}", len(rows))]


def _drawn(what: str, below: int) -> int:
    return int.from_bytes(hashlib.sha256(what.encode()).digest()[:8]) % below
