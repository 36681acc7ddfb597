"""What many calls came to together: counts, tokens, money and times as sums, and what can be read off them; values only."""

from bisect import bisect_left
from itertools import accumulate
from typing import Final, Literal

from proxy.domain.money import ceil_div
from proxy.domain.value import dataclass

DAY_MS: Final = 86_400_000
# Where the counts of times to first token part; one more count stands for what took longer than the last.
TTFT_BOUNDS_MS: Final = (100, 250, 500, 1_000, 2_500, 5_000, 10_000)


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over calls and their attempts.

    `attempts`, `faults` and `raw_nano_usd` belong to the model that was tried, all else to the one that answered. Calls are
    counted by how they ended; `calls_used` are those that used tokens or cost credits. `duration_ms` is summed over
    answered calls (served, cut, left), `ttft_ms` over those with a first token, which `ttft_calls` counts by TTFT_BOUNDS_MS.
    """

    attempts: int
    faults: int
    raw_nano_usd: int
    calls_served: int
    calls_cut: int
    calls_left: int
    calls_refused: int
    calls_failed: int
    calls_crashed: int
    calls_used: int
    input_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    images: int
    credits_milli: int
    absorbed_milli: int
    duration_ms: int
    ttft_ms: int
    ttft_calls: tuple[int, ...]

    @property
    def calls(self) -> int:
        return self.calls_answered + self.calls_refused + self.calls_failed + self.calls_crashed

    @property
    def calls_answered(self) -> int:
        return self.calls_served + self.calls_cut + self.calls_left

    @property
    def duration_mean_ms(self) -> int | None:
        """Of an answered call; None when there was none."""
        return self.duration_ms // self.calls_answered if self.calls_answered else None

    @property
    def ttft_mean_ms(self) -> int | None:
        """Of a call that had a first token; None when there was none."""
        timed = sum(self.ttft_calls)
        return self.ttft_ms // timed if timed else None

    def ttft_at_most_ms(self, percent: int) -> int | None:
        """What `percent` of the times to first token did not exceed, rounded up to the next of TTFT_BOUNDS_MS; None when
        there were none, or when it is above the last bound."""
        wanted = ceil_div(sum(self.ttft_calls) * percent, 100)
        reached = list(accumulate(self.ttft_calls))
        place = bisect_left(reached, max(1, wanted))
        return TTFT_BOUNDS_MS[place] if place < len(TTFT_BOUNDS_MS) else None


TallyGroup = Literal["all", "model", "provider", "tag"]
# What is looked at for one page of users: some ten milliseconds of reading, however many users there are.
USER_ROWS_MAX: Final = 4_000


@dataclass(frozen=True, slots=True)
class TallyQuery:
    """What all callers' calls came to on every UTC day that the period touches (prechecks are no calls), grouped; at most
    `limit` groups, the dearest in raw cost first. `tag` narrows groups by tag to one name."""

    from_ms: int
    until_ms: int
    group: TallyGroup
    tag: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class TallyRow:
    """One group of calls: `group` is the id of its user, model or provider, or `name=value` of its tag; empty where it has
    none. Where calls are routed from and to, it is both: `assistant|model`."""

    group: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class UserTallyQuery:
    """What each user's calls came to on every UTC day that the period touches: of the users whose ids follow `after`, as many
    as `rows_max` rows of roll-ups tell of (of any day and tag; one user at least), at most `limit`, the dearest in raw cost
    first."""

    from_ms: int
    until_ms: int
    after: str = ""
    limit: int = 50
    rows_max: int = USER_ROWS_MAX


@dataclass(frozen=True, slots=True)
class Tallies:
    """The dearest groups of those that were looked at; `stopped_after` is the last of these, None when there are no more. So
    the dearest of all are the dearest of all pages' dearest."""

    rows: list[TallyRow]
    stopped_after: str | None


def ttft_place(ttft_ms: int) -> int:
    """Which of `Tally.ttft_calls` a time to first token counts in."""
    return bisect_left(TTFT_BOUNDS_MS, ttft_ms)


def days_touched(from_ms: int, until_ms: int) -> range:
    """The UTC days, numbered from 1970-01-01, that a period has a part of; none when it is empty."""
    return range(from_ms // DAY_MS, ceil_div(until_ms, DAY_MS)) if from_ms < until_ms else range(0)
