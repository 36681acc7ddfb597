"""Admission arithmetic: a case, amounts and counters in, a split with its moves or the name of what refused out; never
reads a clock or a store."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from proxy.domain.ledger import HoldRefusalCode, HoldRefused
from proxy.domain.standing import Cap
from proxy.domain.value import dataclass, maker, replace
from proxy.stages.ledger.counters import (
    CounterKey,
    Moved,
    Moves,
    Reading,
    Readings,
    Shift,
    Shifts,
    apart,
    move,
    summed,
    without_zeros,
)
from proxy.stages.ledger.sources import Case, Chart, Source, room, sources, standing
from proxy.stages.ledger.split import (
    Amounts,
    Part,
    Share,
    Split,
    appended,
    first_of,
    held,
    new_part,
    new_share,
    new_split,
    resolved,
)


@dataclass(frozen=True, slots=True)
class Admitted:
    """The split that now stands and how the counters move to it."""

    split: Split
    shifts: Shifts

    @property
    def moves(self) -> Moves:
        return summed(self.shifts)


@dataclass(frozen=True, slots=True)
class Resolved:
    """What settling comes to: charged within the hold, absorbed beyond it, and how the counters move."""

    charged_milli: int
    absorbed_milli: int
    shifts: Shifts

    @property
    def moves(self) -> Moves:
        return summed(self.shifts)


_new_admitted: Final = maker(Admitted)
_new_resolved: Final = maker(Resolved)


def admit(
    case: Case, family: str, amounts: Amounts, readings: Readings, live: Mapping[str, int] | None = None
) -> Admitted | HoldRefused:
    """Takes `amounts` from the account's sources, or says what refused. `live` counts leases by scope; None: the call has
    its lease already. An amount of zero always has room. Raises ValueError when an amount is negative."""
    if amounts.credits_milli < 0 or amounts.raw_nano_usd < 0:
        raise ValueError(f"amounts cannot be negative: {amounts}")
    drawn = sources(case, family)
    cap_keys = case.chart.cap_keys
    shares = _shares(drawn, amounts.credits_milli, readings)
    part = new_part(shares, cap_keys["milli_credits"], cap_keys["nano_usd"], amounts.raw_nano_usd)
    # Whether there is room is asked of every call, what there is no room in only of the few that are refused.
    if part.milli < amounts.credits_milli or _is_capped(case.chart, amounts, readings) or _crowded(case, live):
        return HoldRefused(*_refusal(case, drawn, amounts, readings, live), standing(case, readings))
    return _new_admitted(new_split(family, (part,)), held((part,), 1))


def extend(case: Case, split: Split, family: str, amounts: Amounts, readings: Readings) -> Admitted | HoldRefused:
    """Makes a split as large as `amounts` in total: for its own family the difference is admitted and nothing is given
    back; for another family, or under the ceilings of another provider, the whole is split anew: it may draw on other
    sources, and what is yet to be billed is billed there (contract 5). What was billed stays with who billed it."""
    ceilings, its_ceilings = case.chart.cap_keys["nano_usd"], split.parts[-1].ceilings
    if family != split.family or (ceilings is not its_ceilings and _scopes(ceilings) != _scopes(its_ceilings)):
        return _anew(case, split, family, amounts, readings)
    has = split.amounts
    more = Amounts(max(0, amounts.credits_milli - has.credits_milli), max(0, amounts.raw_nano_usd - has.raw_nano_usd))
    added = admit(case, family, more, readings)
    if isinstance(added, HoldRefused):
        # There is as little room for it however its own hold is counted; but why there is none it hears as if that were spent,
        # for its hold will not end before it.
        own = {key: Reading(-change.held, change.held) for key, change in summed(held(split.parts, -1)).items()}
        added = admit(case, family, more, Moved(readings, own))
    if isinstance(added, HoldRefused):
        return replace(added, standing=standing(case, readings))
    return Admitted(Split(family, appended(split.parts, added.split.parts[0])), added.shifts)


def has_room(case: Case, split: Split, amounts: Amounts, readings: Readings, times: int) -> bool:
    """Whether there is room, beside all that is held, for what `amounts` adds to a split, so many `times` over."""
    has = split.amounts
    added_milli, added_nano = amounts.credits_milli - has.credits_milli, amounts.raw_nano_usd - has.raw_nano_usd
    wide = Amounts(times * max(0, added_milli), times * max(0, added_nano))
    return _affordable(sources(case, split.family), wide, readings, 1) and not _is_capped(case.chart, wide, readings)


def settle(split: Split, credits_milli: int, raw_nano_usd: int) -> Resolved:
    """Spends the split in its order and gives back the rest. Raw cost counts in full, beyond the hold too, for a provider
    bills it whatever was held. Raises ValueError when an amount is negative."""
    if credits_milli < 0 or raw_nano_usd < 0:
        raise ValueError(f"amounts cannot be negative: {credits_milli}, {raw_nano_usd}")
    charged_milli = min(credits_milli, split.milli)
    if len(split.parts) == 1:
        return _new_resolved(
            charged_milli, credits_milli - charged_milli, resolved(split.parts[0], charged_milli, raw_nano_usd)
        )
    shifts: list[Shift] = []
    left_milli, left_nano = charged_milli, raw_nano_usd
    for part in split.parts:
        spent_milli = min(left_milli, part.milli)
        spent_nano = left_nano if part is split.parts[-1] else min(left_nano, part.raw_nano_usd)
        shifts += resolved(part, spent_milli, spent_nano)
        left_milli -= spent_milli
        left_nano -= spent_nano
    return Resolved(charged_milli, credits_milli - charged_milli, apart(summed(shifts)))


def _scopes(keys: Iterable[CounterKey]) -> set[str]:
    return {key.scope for key in keys}


def _anew(case: Case, split: Split, family: str, amounts: Amounts, readings: Readings) -> Admitted | HoldRefused:
    billed = _billed(split, amounts)
    moves = summed(held(split.parts, -1))
    for key, kept in summed(held(billed, 1)).items():
        move(moves, (key,), 0, kept.held)
    billed_milli = sum(part.milli for part in billed)
    more = Amounts(max(0, amounts.credits_milli - billed_milli), max(0, amounts.raw_nano_usd - amounts.billed_nano_usd))
    admitted = admit(case, family, more, Moved(readings, moves))
    if isinstance(admitted, HoldRefused):
        return replace(admitted, standing=standing(case, readings))
    for key, taken in admitted.moves.items():
        move(moves, (key,), 0, taken.held)
    return Admitted(Split(family, (*billed, *admitted.split.parts)), apart(without_zeros(moves)))


def _billed(split: Split, amounts: Amounts) -> tuple[Part, ...]:
    """What stays with the sources that earlier writers are paid from, and under the ceilings of those who billed before. Parts
    are spent in their order, so these are spent exactly, and what is billed from here on falls to the last."""
    last, left_milli = split.parts[-1], amounts.billed_milli
    kept: list[Part] = []
    for part in split.parts:
        shares = first_of(part.shares, left_milli)
        left_milli -= sum(share.milli for share in shares)
        raw_nano_usd = part.raw_nano_usd if _scopes(part.ceilings) != _scopes(last.ceilings) else 0
        if shares or raw_nano_usd:
            kept.append(Part(shares, part.caps if shares else (), part.ceilings, raw_nano_usd))
    by_last = amounts.billed_nano_usd - sum(part.raw_nano_usd for part in kept)
    if by_last > 0 and last.ceilings:
        kept.append(Part((), (), last.ceilings, by_last))
    return tuple(kept)


def _is_capped(chart: Chart, amounts: Amounts, readings: Readings) -> bool:
    credits, raw_cost = chart.cap_gauges["milli_credits"], chart.cap_gauges["nano_usd"]
    return amounts.credits_milli > room(credits, readings, 1) or amounts.raw_nano_usd > room(raw_cost, readings, 1)


def _refusal(
    case: Case, drawn: Sequence[Source], amounts: Amounts, readings: Readings, live: Mapping[str, int] | None
) -> tuple[HoldRefusalCode, str]:
    # What is gone for good speaks before what passes by itself.
    if not _affordable(drawn, amounts, readings, 0):
        return "insufficient_credits", case.scope
    caps = case.chart.caps
    capped = _capped(caps, amounts, readings, 0)
    if capped is not None:
        return "budget_cap_reached", capped
    crowded = _crowded(case, live)
    if crowded is not None:
        return "concurrency_limit", crowded
    if not _affordable(drawn, amounts, readings, 1):
        return "credits_on_hold", case.scope
    return "credits_on_hold", _capped(caps, amounts, readings, 1) or case.scope


def _affordable(drawn: Sequence[Source], amounts: Amounts, readings: Readings, holds: int) -> bool:
    missing = amounts.credits_milli
    for source in drawn:
        missing -= room(source.gauges, readings, holds)
    return missing <= 0


def _capped(caps: Sequence[tuple[Cap, CounterKey]], amounts: Amounts, readings: Readings, holds: int) -> str | None:
    for cap, key in caps:
        asked = amounts.credits_milli if cap.unit == "milli_credits" else amounts.raw_nano_usd
        shown = readings[key]
        if asked > max(0, cap.limit - shown.spent - holds * shown.held):
            return cap.scope
    return None


def _crowded(case: Case, live: Mapping[str, int] | None) -> str | None:
    if live is not None:
        for limit in case.terms.concurrency:
            if live[limit.scope] >= limit.calls_max:
                return limit.scope
    return None


def _shares(drawn: Sequence[Source], amount_milli: int, readings: Readings) -> tuple[Share, ...]:
    shares = []
    for source in drawn:
        milli = min(amount_milli, room(source.gauges, readings, 1))
        if milli:
            shares.append(new_share(source.keys, milli))
        amount_milli -= milli
    return tuple(shares)
