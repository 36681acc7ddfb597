"""What one hold holds, and where: shares of sources, caps and ceilings, with the counters' moves; judges no limit."""

from collections.abc import Sequence
from typing import Final

from proxy.domain.value import dataclass, maker
from proxy.stages.ledger.counters import CounterKey, Shift, Shifts


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a hold asks for or has: credits of the account, raw cost against the operator's ceilings. Of that,
    `billed_nano_usd` has been billed already, by attempts that failed or broke off; of the credits, `billed_milli` are what
    earlier writers of the answer come to."""

    credits_milli: int
    raw_nano_usd: int
    billed_nano_usd: int = 0
    billed_milli: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """What one source holds of a split, in milli-credits."""

    keys: tuple[CounterKey, ...]
    milli: int


@dataclass(frozen=True, slots=True)
class Part:
    """One admission: its shares in paying order, the caps that count their sum, the ceilings that count `raw_nano_usd`."""

    shares: tuple[Share, ...]
    caps: tuple[CounterKey, ...]
    ceilings: tuple[CounterKey, ...]
    raw_nano_usd: int

    @property
    def milli(self) -> int:
        # Nearly every part has one share, and is asked by every step of its call.
        return self.shares[0].milli if len(self.shares) == 1 else sum([share.milli for share in self.shares])


@dataclass(frozen=True, slots=True)
class Split:
    """All that one hold holds, for a model of `family`. A part keeps the epochs it was admitted in."""

    family: str
    parts: tuple[Part, ...]

    @property
    def milli(self) -> int:
        return self.parts[0].milli if len(self.parts) == 1 else sum([part.milli for part in self.parts])

    @property
    def raw_nano_usd(self) -> int:
        return self.parts[0].raw_nano_usd if len(self.parts) == 1 else sum([part.raw_nano_usd for part in self.parts])

    @property
    def amounts(self) -> Amounts:
        return Amounts(self.milli, self.raw_nano_usd)


# Every hold makes one of each.
new_share: Final = maker(Share)
new_part: Final = maker(Part)
new_split: Final = maker(Split)


def held(parts: Sequence[Part], sign: int) -> Shifts:
    """What takes (`sign` 1) or gives back (-1) what `parts` hold."""
    shifts: list[Shift] = []
    for part in parts:
        for share in part.shares:
            _append(shifts, share.keys, 0, sign * share.milli)
        _append(shifts, part.caps, 0, sign * part.milli)
        _append(shifts, part.ceilings, 0, sign * part.raw_nano_usd)
    return tuple(shifts)


def resolved(part: Part, milli: int, raw_nano_usd: int) -> Shifts:
    """`part` pays `milli` in the order of its shares, and gives back all it holds."""
    shifts: list[Shift] = []
    _append(shifts, part.caps, milli, -part.milli)
    _append(shifts, part.ceilings, raw_nano_usd, -part.raw_nano_usd)
    for share in part.shares:
        spent = min(milli, share.milli)
        milli -= spent
        _append(shifts, share.keys, spent, -share.milli)
    return tuple(shifts)


def first_of(shares: Sequence[Share], milli: int) -> tuple[Share, ...]:
    """The beginning of `shares` that holds `milli`, in the order in which they pay; all of them where they hold less."""
    kept = []
    for share in shares:
        taken = min(milli, share.milli)
        milli -= taken
        if taken:
            kept.append(Share(share.keys, taken))
    return tuple(kept)


def appended(parts: tuple[Part, ...], part: Part) -> tuple[Part, ...]:
    """The parts with one more, grown into the last where both count in the same places: a stream extends many times."""
    last = parts[-1]
    if part.milli == 0 and part.raw_nano_usd == 0:
        return parts
    if (last.caps, last.ceilings) != (part.caps, part.ceilings):
        return (*parts, part)
    raw_nano_usd = last.raw_nano_usd + part.raw_nano_usd
    return (*parts[:-1], Part(_joined(last.shares, part.shares), last.caps, last.ceilings, raw_nano_usd))


def _joined(first: tuple[Share, ...], more: tuple[Share, ...]) -> tuple[Share, ...]:
    if first and more and first[-1].keys == more[0].keys:
        return (*first[:-1], Share(more[0].keys, first[-1].milli + more[0].milli), *more[1:])
    return first + more


def _append(shifts: list[Shift], keys: tuple[CounterKey, ...], spent: int, held: int) -> None:
    if keys and (spent or held):
        shifts.append((keys, spent, held))
