"""Where credits come from and what limits them: terms and grants in, sources in paying order, caps and a standing out."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from proxy.domain.desk import Grant
from proxy.domain.ledger import HoldTerms
from proxy.domain.plan import Allowance, Window
from proxy.domain.standing import (
    BucketStanding,
    Cap,
    CapStanding,
    Standing,
    Unit,
    WindowStanding,
    epoch,
    resets_at_ms,
)
from proxy.stages.ledger.counters import CounterKey, Readings

WINDOWS: Final[tuple[Window, ...]] = ("day", "week", "month", "total")
_DAY_MS: Final = 86_400_000
_CALENDAR_ANCHOR: Final = 1
_NEVER: Final = 1 << 62
_BOUND, _INCLUDED, _TOPUP = range(3)


@dataclass(frozen=True, slots=True)
class Case:
    """What admission is judged by. `grants` are those of the account; whether one has expired is judged here."""

    account_id: str
    terms: HoldTerms
    grants: tuple[Grant, ...]
    at_ms: int

    @property
    def scope(self) -> str:
        return f"user:{self.account_id}"


class Gauge(NamedTuple):
    """A counter and what it may reach."""

    key: CounterKey
    limit: int


class Source(NamedTuple):
    """Credits an account may draw on: all `gauges` must have room, all `keys` move when it pays."""

    gauges: tuple[Gauge, ...]
    keys: tuple[CounterKey, ...]


def sources(case: Case, family: str) -> tuple[Source, ...]:
    """What a model of `family` may draw on, in paying order: bound to the family, included, top-up; earliest expiry
    first."""
    ranked = [
        (_INCLUDED if bound is None else _BOUND, _resets(case, bound), "", _included(case, bound))
        for bound in (family, None)
        if any(allowance.family == bound for allowance in case.terms.allowances)
    ]
    for grant in case.grants:
        if grant.family in (None, family) and _is_open(grant, case.at_ms):
            rank = _TOPUP if grant.family is None else _BOUND
            ranked.append((rank, grant.expires_at_ms or _NEVER, grant.id, _granted(grant)))
    ranked.sort(key=lambda entry: entry[:3])
    return tuple(source for _, _, _, source in ranked)


def cap_gauge(case: Case, cap: Cap) -> Gauge:
    """The counter of a cap in the period of now."""
    # Only an account has an anchor: what many accounts share must count them all in the same month.
    anchor_day = case.terms.anchor_day if cap.scope == case.scope else _CALENDAR_ANCHOR
    period = _epochs(case.at_ms // _DAY_MS, anchor_day)[cap.window]
    return Gauge(CounterKey(cap.scope, f"cap/{cap.window}/{cap.unit}", period), cap.limit)


def cap_keys(case: Case, unit: Unit) -> tuple[CounterKey, ...]:
    """The counters of all caps in `unit`; two caps on one counter move it once."""
    return tuple({cap_gauge(case, cap).key: None for cap in case.terms.caps if cap.unit == unit})


def standing(case: Case, readings: Readings) -> Standing:
    """What the account has left, as `readings` show it."""
    return Standing(
        case.account_id,
        case.at_ms,
        windows=tuple(_window(case, allowance, readings) for allowance in case.terms.allowances),
        buckets=tuple(_bucket(grant, readings) for grant in case.grants if _is_open(grant, case.at_ms)),
        caps=tuple(_cap(case, cap, readings) for cap in case.terms.caps),
    )


def _included(case: Case, bound: str | None) -> Source:
    gauges = tuple(
        Gauge(_included_key(case, a.window, bound), a.limit_milli_credits) for a in case.terms.allowances if a.family == bound
    )
    # Every window counts, limited by this plan or not: a plan change carries the spent credits over (contract 5).
    return Source(gauges, tuple(_included_key(case, window, bound) for window in WINDOWS))


def _granted(grant: Grant) -> Source:
    key = _grant_key(grant)
    return Source((Gauge(key, grant.amount_milli),), (key,))


def _included_key(case: Case, window: Window, bound: str | None) -> CounterKey:
    name = f"included/{window}" if bound is None else f"included/{window}/{bound}"
    return CounterKey(case.scope, name, _epochs(case.at_ms // _DAY_MS, case.terms.anchor_day)[window])


def _grant_key(grant: Grant) -> CounterKey:
    return CounterKey(f"grant:{grant.id}", grant.kind, "total")


@lru_cache(maxsize=1_024)
def _epochs(day: int, anchor_day: int) -> Mapping[Window, str]:
    # Every window begins at a UTC midnight, so the day decides them all.
    return {window: epoch(window, day * _DAY_MS, anchor_day) for window in WINDOWS}


@lru_cache(maxsize=1_024)
def _ends(day: int, anchor_day: int) -> Mapping[Window, int | None]:
    return {window: resets_at_ms(window, day * _DAY_MS, anchor_day) for window in WINDOWS}


def _resets(case: Case, bound: str | None) -> int:
    ends = _ends(case.at_ms // _DAY_MS, case.terms.anchor_day)
    return min(ends[a.window] or _NEVER for a in case.terms.allowances if a.family == bound)


def _is_open(grant: Grant, at_ms: int) -> bool:
    return grant.expires_at_ms is None or at_ms < grant.expires_at_ms


def _window(case: Case, allowance: Allowance, readings: Readings) -> WindowStanding:
    reading = readings[_included_key(case, allowance.window, allowance.family)]
    ends = _ends(case.at_ms // _DAY_MS, case.terms.anchor_day)
    limit = allowance.limit_milli_credits
    return WindowStanding(allowance.window, allowance.family, limit, *reading, ends[allowance.window])


def _bucket(grant: Grant, readings: Readings) -> BucketStanding:
    reading = readings[_grant_key(grant)]
    return BucketStanding(grant.id, grant.kind, grant.family, grant.amount_milli, *reading, grant.expires_at_ms)


def _cap(case: Case, cap: Cap, readings: Readings) -> CapStanding:
    return CapStanding(cap.scope, cap.window, cap.unit, cap.limit, *readings[cap_gauge(case, cap).key])
