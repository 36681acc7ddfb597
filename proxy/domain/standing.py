"""What is left where: reset periods and their epochs, sources of credits, caps, and their reading at a moment."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from proxy.domain.plan import Window
from proxy.domain.value import dataclass, replace

Unit = Literal["milli_credits", "nano_usd"]


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit on everything a scope spends in a window. `scope` is `key:ID`, `user:ID`, `user:ID/ASSISTANT` (one user's calls
    of one assistant), `app:ID`, `provider:ID` or `installation`; `nano_usd` caps are the operator's ceilings on raw cost."""

    scope: str
    window: Window
    limit: int
    unit: Unit = "milli_credits"


def budget_scope(user_id: str, assistant_id: str) -> str:
    """The scope of what one user spends on one assistant."""
    return f"user:{user_id}/{assistant_id}"


def assistant_of(scope: str) -> str | None:
    """The assistant that a scope is about; None where it is about something else."""
    kind, _, name = scope.partition(":")
    return name.rpartition("/")[2] if kind == "user" and "/" in name else None


@dataclass(frozen=True)
class WindowStanding:
    """One allowance now, in milli-credits."""

    window: Window
    family: str | None
    limit: int
    spent: int
    held: int
    resets_at_ms: int | None


@dataclass(frozen=True)
class BucketStanding:
    """One grant or top-up now, in milli-credits; `reason` is why it was given."""

    id: str
    kind: Literal["grant", "topup"]
    family: str | None
    limit: int
    spent: int
    held: int
    expires_at_ms: int | None
    reason: str = ""


@dataclass(frozen=True)
class CapStanding:
    """One cap now, in its own unit."""

    scope: str
    window: Window
    unit: Unit
    limit: int
    spent: int
    held: int


@dataclass(frozen=True)
class Standing:
    """What one account has left at `at_ms`. `buckets` stand in the order in which they pay."""

    account_id: str
    at_ms: int
    windows: tuple[WindowStanding, ...]
    buckets: tuple[BucketStanding, ...]
    caps: tuple[CapStanding, ...]

    def spendable_milli(self, family: str, exclude_held: bool = False) -> int:
        """Credits a model of `family` could spend: limit minus spent of every source it may draw on, within the caps.

        Live holds are ignored unless `exclude_held` (contract 4: standing compares limit minus spent).
        """
        left = _included(self.windows, family, exclude_held)
        for bucket in self.buckets:
            if bucket.family is None or bucket.family == family:
                left += _left(bucket, exclude_held)
        for cap in self.caps:
            if cap.unit == "milli_credits":
                left = min(left, _left(cap, exclude_held))
        return max(0, left)

    def budget(self, scope: str) -> CapStanding | None:
        """The tightest budget of an assistant under this scope; None where the scope is none of an assistant's."""
        found = [cap for cap in self.caps if cap.scope == scope and assistant_of(scope) is not None]
        return min(found, key=lambda cap: cap.limit - cap.spent, default=None)

    def without_budgets(self) -> "Standing":
        """The same for a call that no assistant handles."""
        caps = tuple(cap for cap in self.caps if assistant_of(cap.scope) is None)
        return self if len(caps) == len(self.caps) else replace(self, caps=caps)

    def capped_at(self, amount_milli: int) -> str | None:
        """The scope of the first cap in credits that has not that much left, whatever is held of it."""
        caps = (cap for cap in self.caps if cap.unit == "milli_credits")
        return next((cap.scope for cap in caps if cap.limit - cap.spent < amount_milli), None)

    @property
    def anchor_day(self) -> int:
        """The day that the account's months begin on, or one that gives them the same bounds at this moment."""
        resets = (w.resets_at_ms for w in self.windows if w.window == "month" and w.resets_at_ms is not None)
        found = next(resets, None)
        return 1 if found is None else datetime.fromtimestamp(found / 1_000, UTC).day

    @property
    def held_milli(self) -> int:
        """What live holds have of the account's own credits. Every window of a family counts the same holds, but for those
        that an earlier period of it took."""
        bounds = {w.family for w in self.windows}
        included = sum(max(w.held for w in self.windows if w.family == bound) for bound in bounds)
        return included + sum(b.held for b in self.buckets)

    @property
    def left_ppm(self) -> int:
        """Share left of the tightest plan-wide allowance, in parts per million; all of it when there is none."""
        shares = [(w.limit - w.spent) * 1_000_000 // w.limit for w in self.windows if w.family is None and w.limit]
        return max(0, min(shares, default=1_000_000))


def epoch(window: Window, at_ms: int, anchor_day: int) -> str:
    """The name of the period of `window` that `at_ms` falls in (UTC day, ISO week, anchored month, or the one total).

    A month starts on `anchor_day`, or on the month's last day where it is shorter.
    """
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    match window:
        case "day":
            return at.strftime("%Y-%m-%d")
        case "week":
            year, week, _ = at.isocalendar()
            return f"{year}-W{week:02d}"
        case "month":
            return _month_start(at, anchor_day).strftime("%Y-%m-%d")
        case "total":
            return "total"


def began_at_ms(window: Window, at_ms: int, anchor_day: int) -> int:
    """When the period that `at_ms` falls in began; 0 for `total`."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    match window:
        case "day":
            began = midnight
        case "week":
            began = midnight - timedelta(days=midnight.weekday())
        case "month":
            began = _month_start(at, anchor_day)
        case "total":
            return 0
    return int(began.timestamp() * 1000)


def resets_at_ms(window: Window, at_ms: int, anchor_day: int) -> int | None:
    """When the period that `at_ms` falls in ends; None for `total`."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    match window:
        case "day":
            end = midnight + timedelta(days=1)
        case "week":
            end = midnight + timedelta(days=7 - midnight.weekday())
        case "month":
            start = _month_start(at, anchor_day)
            end = _anchored(start.year + start.month // 12, start.month % 12 + 1, anchor_day)
        case "total":
            return None
    return int(end.timestamp() * 1000)


def _month_start(at: datetime, anchor_day: int) -> datetime:
    start = _anchored(at.year, at.month, anchor_day)
    if start <= at:
        return start
    return _anchored(at.year - (at.month == 1), (at.month - 2) % 12 + 1, anchor_day)


def _anchored(year: int, month: int, anchor_day: int) -> datetime:
    first = datetime(year, month, 1, tzinfo=UTC)
    following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    days = (following - first).days
    return first.replace(day=min(anchor_day, days))


def _included(windows: tuple[WindowStanding, ...], family: str, exclude_held: bool) -> int:
    plain: int | None = None
    bound: int | None = None
    for window in windows:
        left = window.limit - window.spent
        if exclude_held:
            left -= window.held
        if window.family is None:
            plain = left if plain is None or left < plain else plain
        elif window.family == family:
            bound = left if bound is None or left < bound else bound
    return max(0, plain or 0) + max(0, bound or 0)


def _left(part: BucketStanding | CapStanding, exclude_held: bool) -> int:
    return part.limit - part.spent - (part.held if exclude_held else 0)
