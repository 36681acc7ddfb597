"""What people move in the books by hand: enrolments counted, credits carried from one account to another, a call's charge
given back, a window begun anew; counters and entries in, moves out."""

from collections.abc import Sequence
from typing import Final

from proxy.domain.desk import Entry, LedgerLine
from proxy.domain.ledger import HoldRefused
from proxy.domain.plan import Allowance
from proxy.domain.standing import epoch
from proxy.domain.value import dataclass
from proxy.stages.ledger.counters import CounterKey, Moves, Reading, Readings, move
from proxy.stages.ledger.sources import NEVER_MS, Case, included_key, owned, room, standing

ENROLS: Final = "enrols/day/users"
# What was billed, and how often in vain, stays so whoever pays in the end.
_STAYS: Final = ("/nano_usd", "/calls")
_CALENDAR_ANCHOR: Final = 1


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of what is carried over: from one bucket, with the moment at which that one ends."""

    milli: int
    expires_at_ms: int | None


@dataclass(frozen=True, slots=True)
class Carried:
    """A transfer: what the taker gets, piece by piece, and how the giver's counters move."""

    pieces: tuple[Piece, ...]
    moves: Moves


@dataclass(frozen=True, slots=True)
class Returned:
    """A refund: the credits, and how they go back to where they came from."""

    milli: int
    moves: Moves


@dataclass(frozen=True, slots=True)
class Forgiven:
    """A reset: the credits, the period they were of, and how its counter moves."""

    milli: int
    epoch: str
    moves: Moves


def enrolled(app_id: str, enrols_daily_max: int, at_ms: int, readings: Readings) -> Moves | None:
    """One more end user of the app on this UTC day; None when the day is full."""
    key = CounterKey(f"app:{app_id}", ENROLS, epoch("day", at_ms, _CALENDAR_ANCHOR))
    return {key: Reading(spent=1)} if readings[key].spent < enrols_daily_max else None


def carried(case: Case, family: str | None, amount_milli: int, readings: Readings) -> Carried | HoldRefused:
    """Takes `amount_milli` for good from the buckets of `case` that are bound to `family` exactly, in paying order; what
    live holds hold of them is not there to be taken."""
    drawn = owned(case, family)
    pieces: list[Piece] = []
    moves: Moves = {}
    missing = amount_milli
    for source in drawn:
        milli = min(missing, room(source.gauges, readings, 1))
        if milli:
            pieces.append(Piece(milli, None if source.expires_at_ms == NEVER_MS else source.expires_at_ms))
            move(moves, source.keys, milli, 0)
        missing -= milli
    if not missing:
        return Carried(tuple(pieces), moves)
    is_there = sum(room(source.gauges, readings, 0) for source in drawn) >= amount_milli
    return HoldRefused("credits_on_hold" if is_there else "insufficient_credits", case.scope, standing(case, readings))


def returned(entries: Sequence[Entry], resets: Sequence[Entry], readings: Readings) -> Returned:
    """All that a call's entries charged, back to every counter of credits that it moved; what `resets` of the account have
    forgiven since is not given back a second time."""
    charges = [entry for entry in entries if entry.kind in ("settle", "adjust")]
    moves: Moves = {}
    for entry in charges:
        anew = _begun_anew(resets, entry.at_ms)
        for line in entry.lines:
            if not line.name.endswith(_STAYS) and _key(line) not in anew:
                move(moves, (_key(line),), -line.spent, 0)
    return Returned(sum(entry.amount_milli for entry in charges), _above_zero(moves, readings))


def unforgiven(moves: Moves, resets: Sequence[Entry], since_ms: int, readings: Readings) -> Moves:
    """The same without what gives back to a counter that `resets` have let begin anew at or after `since_ms`."""
    anew = _begun_anew(resets, since_ms)
    return _above_zero({key: change for key, change in moves.items() if change.spent > 0 or key not in anew}, readings)


def forgiven(account_id: str, allowance: Allowance, anchor_day: int, at_ms: int, readings: Readings) -> Forgiven:
    """Included credits of the period that runs now, as if nothing of them were spent."""
    key = included_key(f"user:{account_id}", allowance, at_ms, anchor_day)
    spent_milli = readings[key].spent
    moves: Moves = {}
    move(moves, (key,), -spent_milli, 0)
    return Forgiven(spent_milli, key.epoch, moves)


def _above_zero(moves: Moves, readings: Readings) -> Moves:
    """A clock that an admin has let back makes a reset look older than what it forgave; there is nothing left to give then."""
    return {key: Reading(max(change.spent, -readings[key].spent), change.held) for key, change in moves.items()}


def _begun_anew(resets: Sequence[Entry], since_ms: int) -> set[CounterKey]:
    return {_key(line) for reset in resets if reset.at_ms >= since_ms for line in reset.lines}


def _key(line: LedgerLine) -> CounterKey:
    return CounterKey(line.scope, line.name, line.epoch)
