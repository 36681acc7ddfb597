"""What a call came to in truth, after its hold was resolved by what was metered: the lines of that resolution and the
difference in, the moves of one adjustment out."""

from collections.abc import Iterable, Sequence
from typing import Final

from proxy.domain.desk import LedgerLine
from proxy.domain.value import dataclass
from proxy.stages.ledger.counters import CounterKey, Moves, Readings, move
from proxy.stages.ledger.sources import Case, room, sources
from proxy.stages.ledger.split import Amounts

_CAP: Final = "cap/"
_RAW_COST: Final = "/nano_usd"

# One limit's counters over the epochs that a hold lived in.
Track = list[LedgerLine]


@dataclass(frozen=True, slots=True)
class Adjusted:
    """`milli` is charged on top; below zero, it is given back."""

    milli: int
    moves: Moves


def adjusted(case: Case, family: str, lines: Sequence[LedgerLine], more: Amounts, readings: Readings) -> Adjusted:
    """Moves the books by `more` than the resolution of `lines` did, or less where it is negative. Credits are taken as far as
    there are any that nobody holds; raw cost in full, for the provider billed it."""
    moves: Moves = {}
    if more.credits_milli > 0:
        milli = _take(moves, case, family, more.credits_milli, readings)
    else:
        milli = more.credits_milli
        _give_back(moves, lines, -milli)
    if more.raw_nano_usd > 0:
        move(moves, case.chart.cap_keys["nano_usd"], more.raw_nano_usd, 0)
    else:
        for track in _ceilings(line for line in lines if _counts_raw_cost(line)):
            _lessen(moves, track, -more.raw_nano_usd)
    return Adjusted(milli, moves)


def _take(moves: Moves, case: Case, family: str, milli: int, readings: Readings) -> int:
    """What could be taken of `milli`, in paying order and under every cap."""
    for cap, key in case.chart.caps:
        if cap.unit == "milli_credits":
            shown = readings[key]
            milli = max(0, min(milli, cap.limit - shown.spent - shown.held))
    missing = milli
    for source in sources(case, family):
        share = min(missing, room(source.gauges, readings, 1))
        missing -= share
        move(moves, source.keys, share, 0)
    move(moves, case.chart.cap_keys["milli_credits"], milli - missing, 0)
    return milli - missing


def _give_back(moves: Moves, lines: Sequence[LedgerLine], milli: int) -> None:
    """Who paid last gets back first; every cap gets back all of it."""
    credit_lines = [line for line in lines if line.spent and not _counts_raw_cost(line)]
    for track in _tracks(line for line in credit_lines if line.name.startswith(_CAP)):
        _lessen(moves, track, milli)
    paid: dict[str, list[LedgerLine]] = {}
    for line in credit_lines:
        if not line.name.startswith(_CAP):
            paid.setdefault(_source(line), []).append(line)
    for source in reversed(paid.values()):
        windows = _tracks(source)
        share = min(milli, sum(line.spent for line in windows[0]))
        milli -= share
        for track in windows:
            _lessen(moves, track, share)


def _lessen(moves: Moves, track: Track, amount: int) -> None:
    for line in reversed(track):
        share = min(amount, line.spent)
        amount -= share
        move(moves, (CounterKey(line.scope, line.name, line.epoch),), -share, 0)


def _tracks(lines: Iterable[LedgerLine]) -> list[Track]:
    tracks: dict[tuple[str, str], Track] = {}
    for line in lines:
        tracks.setdefault((line.scope, line.name), []).append(line)
    return list(tracks.values())


def _ceilings(lines: Iterable[LedgerLine]) -> list[Track]:
    """By kind of scope: the providers that a call went to count its raw cost once together, the last of them last."""
    tracks: dict[tuple[str, str], Track] = {}
    for line in lines:
        tracks.setdefault((line.scope.partition(":")[0], line.name), []).append(line)
    return list(tracks.values())


def _source(line: LedgerLine) -> str:
    """All windows of one allowance pay together; a grant is its own scope."""
    bucket, _, bound = line.name.partition("/")
    return f"{line.scope} {bucket} {bound.partition('/')[2]}"


def _counts_raw_cost(line: LedgerLine) -> bool:
    return line.name.endswith(_RAW_COST)
