"""Where an allowance is heading: its standing at a moment in, what it comes to by its reset at today's pace out; a straight
line, never a promise."""

from typing import Final, Literal

from proxy.domain.money import ceil_div
from proxy.domain.standing import WindowStanding, began_at_ms, resets_at_ms
from proxy.domain.value import dataclass

# A pace is read off no less than this share of the period: an hour of a day, seven of a week, a day of a month.
_EARLY_SHARE: Final = 24


@dataclass(frozen=True, slots=True)
class Forecast:
    """`too_early`: too little of the period has passed. `lasts`: the allowance outlives it. `runs_out`: at `runs_out_at_ms`,
    which is not before now. `spent_at_reset_milli` is what would be spent by then if nothing stopped it."""

    state: Literal["too_early", "lasts", "runs_out"]
    spent_at_reset_milli: int | None = None
    runs_out_at_ms: int | None = None


def forecast(standing: WindowStanding, at_ms: int, anchor_day: int) -> Forecast | None:
    """Linear from what was spent in this period and how much of it has passed; None for a window that never resets."""
    ends_ms = resets_at_ms(standing.window, at_ms, anchor_day)
    if ends_ms is None:
        return None
    begins_ms = began_at_ms(standing.window, at_ms, anchor_day)
    passed_ms, whole_ms = at_ms - begins_ms, ends_ms - begins_ms
    is_early = passed_ms * _EARLY_SHARE < whole_ms
    expected_milli = None if is_early else ceil_div(standing.spent * whole_ms, passed_ms)
    if standing.spent >= standing.limit:
        return Forecast("runs_out", expected_milli, at_ms)
    if expected_milli is None:
        return Forecast("too_early")
    if expected_milli <= standing.limit:
        return Forecast("lasts", expected_milli)
    return Forecast("runs_out", expected_milli, begins_ms + ceil_div(passed_ms * standing.limit, standing.spent))
