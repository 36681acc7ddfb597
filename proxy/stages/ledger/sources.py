"""Where credits come from and what limits them: terms and grants in, sources in paying order, caps and a standing out."""

from collections.abc import Iterable, Mapping
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
from proxy.domain.value import dataclass
from proxy.stages.ledger.counters import CounterKey, Readings, Shown

WINDOWS: Final[tuple[Window, ...]] = ("day", "week", "month", "total")
UNITS: Final[tuple[Unit, ...]] = ("milli_credits", "nano_usd")
DAY_MS: Final = 86_400_000
CALENDAR_ANCHOR: Final = 1
NEVER_MS: Final = 1 << 62
_UNLIMITED: Final = 1 << 62
_BOUND, _INCLUDED, _TOPUP = range(3)


class Gauge(NamedTuple):
    """A counter and what it may reach."""

    key: CounterKey
    limit: int


class Source(NamedTuple):
    """Credits an account may draw on: all `gauges` must have room, all `keys` move when it pays. Sources pay in the order of
    `rank` and, within one, of their expiry."""

    rank: int
    expires_at_ms: int
    id: str
    gauges: tuple[Gauge, ...]
    keys: tuple[CounterKey, ...]


class Limit(NamedTuple):
    """What a counter may reach in its window: an allowance (of a family, or of all), or a cap."""

    amount: int
    window: Window
    family: str | None
    unit: Unit


@dataclass(frozen=True, slots=True)
class Chart:
    """Which counters one account's terms are about on one day: the included sources by the family they are bound to (None:
    by none), each allowance and cap with its counter, what the caps of a unit measure and move, and all limits by counter."""

    included: Mapping[str | None, Source]
    windows: tuple[tuple[Allowance, CounterKey, int | None], ...]
    caps: tuple[tuple[Cap, CounterKey], ...]
    cap_gauges: Mapping[Unit, tuple[Gauge, ...]]
    cap_keys: Mapping[Unit, tuple[CounterKey, ...]]
    limits: tuple[tuple[CounterKey, Limit], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """What admission is judged by. `grants` are those of the account; whether one has expired is judged here. `chart` is that
    of its terms on its day."""

    account_id: str
    terms: HoldTerms
    grants: tuple[Grant, ...]
    at_ms: int
    chart: Chart

    @property
    def scope(self) -> str:
        return f"user:{self.account_id}"


def case_of(account_id: str, terms: HoldTerms, grants: tuple[Grant, ...], at_ms: int) -> Case:
    """The case of a moment, for whoever has no chart at hand."""
    return Case(account_id, terms, grants, at_ms, charted(account_id, terms, at_ms // DAY_MS))


def sources(case: Case, family: str) -> list[Source]:
    """What a model of `family` may draw on, in paying order: bound to the family, included, top-up; earliest expiry
    first."""
    included = case.chart.included
    found = [included[bound] for bound in (family, None) if bound in included]
    for grant in case.grants:
        if grant.family in (None, family) and _is_open(grant, case.at_ms):
            found.append(_granted(grant))
    return sorted(found, key=_turn) if case.grants else found


def owned(case: Case, family: str | None) -> tuple[Source, ...]:
    """What is bound to `family` and nothing else (None: to no family), in paying order."""
    included = case.chart.included
    found = [included[family]] if family in included else []
    found += [_granted(grant) for grant in case.grants if grant.family == family and _is_open(grant, case.at_ms)]
    return tuple(sorted(found, key=_turn))


def room(gauges: Iterable[Gauge], readings: Readings, holds: int) -> int:
    """What is left under all `gauges`; `holds` 0 takes live holds for nothing, 1 for what they are."""
    left = _UNLIMITED
    for key, limit in gauges:
        shown = readings[key]
        under = limit - shown.spent - holds * shown.held
        if under < left:
            left = under
    return left if left > 0 else 0


def counters(case: Case) -> set[CounterKey]:
    """Every counter that a judgement of this case, or its standing, may look at."""
    chart = case.chart
    keys = {key for source in chart.included.values() for key in source.keys}
    keys.update(key for _, key, _ in chart.windows)
    keys.update(key for _, key in chart.caps)
    keys.update(grant_key(grant) for grant in case.grants)
    return keys


def standing(case: Case, readings: Readings) -> Standing:
    """What the account has left, as `readings` show it."""
    chart = case.chart
    return Standing(
        case.account_id,
        case.at_ms,
        tuple(
            WindowStanding(a.window, a.family, a.limit_milli_credits, *_pair(readings[key]), ends)
            for a, key, ends in chart.windows
        ),
        tuple(_bucket(grant, readings) for grant in _in_turn(case)),
        tuple(CapStanding(cap.scope, cap.window, cap.unit, cap.limit, *_pair(readings[key])) for cap, key in chart.caps),
    )


def grant_key(grant: Grant) -> CounterKey:
    """The counter of what a grant has paid."""
    return CounterKey(f"grant:{grant.id}", grant.kind, "total")


def included_key(scope: str, allowance: Allowance, at_ms: int, anchor_day: int) -> CounterKey:
    """The counter of what is spent of an allowance in the period that `at_ms` falls in."""
    name = f"included/{allowance.window}" + (f"/{allowance.family}" if allowance.family else "")
    return CounterKey(scope, name, epoch(allowance.window, at_ms, anchor_day))


# Every window begins at a UTC midnight, so the day decides them all.
@lru_cache(maxsize=4_096)
def charted(account_id: str, terms: HoldTerms, day: int) -> Chart:
    """The chart of an account's terms on a UTC day, counted from 1970-01-01."""
    at_ms = day * DAY_MS
    scope = f"user:{account_id}"
    anchor_day = terms.anchor_day
    bounds = {allowance.family: None for allowance in terms.allowances}
    windows = tuple(
        (a, included_key(scope, a, at_ms, anchor_day), resets_at_ms(a.window, at_ms, anchor_day)) for a in terms.allowances
    )
    # Only an account has an anchor: what many accounts share must count them all in the same month.
    caps = tuple((c, cap_key(c, at_ms, anchor_day if _is_of(scope, c.scope) else CALENDAR_ANCHOR)) for c in terms.caps)
    return Chart(
        included={bound: _included(scope, bound, windows, at_ms, anchor_day) for bound in bounds},
        windows=windows,
        caps=caps,
        cap_gauges={unit: tuple(Gauge(key, cap.limit) for cap, key in caps if cap.unit == unit) for unit in UNITS},
        # Two caps on one counter must not move it twice.
        cap_keys={unit: tuple({key: None for cap, key in caps if cap.unit == unit}) for unit in UNITS},
        limits=(
            *((key, Limit(a.limit_milli_credits, a.window, a.family, "milli_credits")) for a, key, _ in windows),
            *((key, Limit(cap.limit, cap.window, None, cap.unit)) for cap, key in caps),
        ),
    )


def cap_key(cap: Cap, at_ms: int, anchor_day: int) -> CounterKey:
    """The counter of a cap in the period that `at_ms` falls in."""
    return CounterKey(cap.scope, f"cap/{cap.window}/{cap.unit}", epoch(cap.window, at_ms, anchor_day))


def _included(
    scope: str,
    bound: str | None,
    windows: tuple[tuple[Allowance, CounterKey, int | None], ...],
    at_ms: int,
    anchor_day: int,
) -> Source:
    own = [(allowance, key, ends) for allowance, key, ends in windows if allowance.family == bound]
    return Source(
        rank=_INCLUDED if bound is None else _BOUND,
        expires_at_ms=min(ends or NEVER_MS for _, _, ends in own),
        id="",
        gauges=tuple(Gauge(key, allowance.limit_milli_credits) for allowance, key, _ in own),
        # Every window counts, limited by this plan or not: a plan change carries the spent credits over (contract 5).
        keys=tuple(included_key(scope, Allowance(window, 0, bound), at_ms, anchor_day) for window in WINDOWS),
    )


def _is_of(account: str, scope: str) -> bool:
    """Whether a scope is the account's, or its calls of one assistant."""
    return scope == account or scope.startswith(f"{account}/")


def _in_turn(case: Case) -> list[Grant]:
    return sorted((g for g in case.grants if _is_open(g, case.at_ms)), key=lambda grant: _turn(_granted(grant)))


def _granted(grant: Grant) -> Source:
    rank = _TOPUP if grant.family is None else _BOUND
    key = grant_key(grant)
    return Source(rank, grant.expires_at_ms or NEVER_MS, grant.id, (Gauge(key, grant.amount_milli),), (key,))


def _turn(source: Source) -> tuple[int, int, str]:
    return source.rank, source.expires_at_ms, source.id


def _is_open(grant: Grant, at_ms: int) -> bool:
    return grant.expires_at_ms is None or at_ms < grant.expires_at_ms


def _bucket(grant: Grant, readings: Readings) -> BucketStanding:
    spent, held = _pair(readings[grant_key(grant)])
    return BucketStanding(
        grant.id, grant.kind, grant.family, grant.amount_milli, spent, held, grant.expires_at_ms, grant.reason
    )


def _pair(shown: Shown) -> tuple[int, int]:
    return shown.spent, shown.held
