"""The period a report is asked for: two moments or nothing in, checked milliseconds out; reports count whole UTC days."""

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator

from proxy.domain.errors import Refusal
from proxy.domain.rollup import DAY_MS, days_touched
from proxy.domain.value import dataclass

DAYS_DEFAULT: Final = 30
DAYS_MAX: Final = 400


def _in_utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


# In a query: ISO 8601, UTC unless it says.
Moment = Annotated[datetime, AfterValidator(_in_utc)]


@dataclass(frozen=True, slots=True)
class Period:
    """From one moment to before another."""

    from_ms: int
    until_ms: int

    @property
    def in_days(self) -> "Period":
        """The whole UTC days that it touches; itself when it is empty."""
        days = days_touched(self.from_ms, self.until_ms)
        return Period(days[0] * DAY_MS, (days[-1] + 1) * DAY_MS) if days else self


def period_of(since: datetime | None, until: datetime | None, now_ms: int) -> Period | Refusal:
    """Until now and from some days before, where nothing else is said."""
    until_ms = now_ms if until is None else ms_of(until)
    from_ms = until_ms - DAYS_DEFAULT * DAY_MS if since is None else ms_of(since)
    if 0 <= until_ms - from_ms <= DAYS_MAX * DAY_MS:
        return Period(from_ms, until_ms)
    message = f"`until` must not be before `from`, nor more than {DAYS_MAX} days after it."
    return Refusal("invalid_request", message, param="from")


def ms_of(at: datetime) -> int:
    return int(at.timestamp() * 1_000)
