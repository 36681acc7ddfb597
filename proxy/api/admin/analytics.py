"""What all callers' calls came to, by user, model, provider or tag, read from roll-ups; for admins alone."""

from typing import Annotated, Final

from pydantic import Field

from proxy.api.admin.queries import AnalyticsGroup, AnalyticsQuery
from proxy.api.admin.visiting import ADMINS, TAG
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.period import Period, period_of
from proxy.api.schemas import Credits, MomentMs, Told, credits_of
from proxy.domain.errors import Refusal
from proxy.domain.money import worth_nano_usd
from proxy.domain.rollup import Tallies, Tally, TallyQuery, TallyRow, UserTallyQuery
from proxy.ports import Register


class CallCounts(Told):
    """Calls by how they ended."""

    all: int
    served: int
    cut: int
    left: int
    refused: int
    failed: int
    crashed: int


class TokenCounts(Told):
    """Tokens by class, disjoint."""

    input: int
    cached_input: int
    cache_write: int
    output: int
    reasoning: int


class Latency(Told):
    """Means in milliseconds, of answered calls and of those with a first token. The `_at_most_ms` are bounds that half and
    95 in a hundred did not exceed: 100, 250, 500, 1000, 2500, 5000 or 10000, null above."""

    duration_mean_ms: int | None
    ttft_mean_ms: int | None
    ttft_p50_at_most_ms: int | None
    ttft_p95_at_most_ms: int | None


class GroupTold(Told):
    """One group. Attempts, faults and raw cost stand with the model that was tried, all else with the one that answered;
    `earned` is what the credits are sold for, at today's rate, and `margin` that less raw cost."""

    group: str
    calls: CallCounts
    attempts: int
    faults: int
    tokens: TokenCounts
    images: int
    credits: Credits
    absorbed: Credits
    raw_cost_nano_usd: int
    earned_nano_usd: int
    margin_nano_usd: int
    latency: Latency


class Analytics(Told):
    """`from_ms` and `until_ms` are the edges of the whole days that were counted; prechecks are no calls. `total` is over all
    users. One answer of `group=user` looks at 4,000 daily sums at most, user by user in the order of their ids. Where there
    are more, `next_after` is the last user that was looked at, and the dearest of all are the dearest of all answers."""

    from_ms: MomentMs
    until_ms: MomentMs
    group: AnalyticsGroup
    data: Annotated[list[GroupTold], Field(description="The dearest in raw cost first, as many as asked for.")]
    total: GroupTold | None
    next_after: str | None


async def _analytics(visit: Visit) -> Answer:
    asked, services = visit.queries_as(AnalyticsQuery), visit.services
    period = period_of(asked.since, asked.until, services.clock.now_ms())
    if isinstance(period, Refusal):
        return period
    found = await _looked_at(services.register, asked, period)
    every = await services.register.tallies(TallyQuery(period.from_ms, period.until_ms, "all"))
    rate = services.catalog.current().milli_credits_per_dollar
    return Analytics(
        from_ms=period.in_days.from_ms,
        until_ms=period.in_days.until_ms,
        group=asked.group,
        data=[_told(row, rate) for row in found.rows],
        total=_told(every[0], rate) if every else None,
        next_after=found.stopped_after,
    )


async def _looked_at(register: Register, asked: AnalyticsQuery, period: Period) -> Tallies:
    if asked.group == "user":
        return await register.user_tallies(UserTallyQuery(period.from_ms, period.until_ms, asked.after or "", asked.limit))
    query = TallyQuery(period.from_ms, period.until_ms, asked.group, asked.tag, asked.limit)
    return Tallies(await register.tallies(query), None)


def _told(row: TallyRow, milli_credits_per_dollar: int) -> GroupTold:
    tally = row.tally
    earned_nano_usd = worth_nano_usd(tally.credits_milli, milli_credits_per_dollar)
    return GroupTold(
        group=row.group,
        calls=_calls(tally),
        attempts=tally.attempts,
        faults=tally.faults,
        tokens=_tokens(tally),
        images=tally.images,
        credits=credits_of(tally.credits_milli),
        absorbed=credits_of(tally.absorbed_milli),
        raw_cost_nano_usd=tally.raw_nano_usd,
        earned_nano_usd=earned_nano_usd,
        margin_nano_usd=earned_nano_usd - tally.raw_nano_usd,
        latency=_latency(tally),
    )


def _calls(tally: Tally) -> CallCounts:
    return CallCounts(
        all=tally.calls,
        served=tally.calls_served,
        cut=tally.calls_cut,
        left=tally.calls_left,
        refused=tally.calls_refused,
        failed=tally.calls_failed,
        crashed=tally.calls_crashed,
    )


def _tokens(tally: Tally) -> TokenCounts:
    return TokenCounts(
        input=tally.input_tokens,
        cached_input=tally.cached_input_tokens,
        cache_write=tally.cache_write_tokens,
        output=tally.output_tokens,
        reasoning=tally.reasoning_tokens,
    )


def _latency(tally: Tally) -> Latency:
    return Latency(
        duration_mean_ms=tally.duration_mean_ms,
        ttft_mean_ms=tally.ttft_mean_ms,
        ttft_p50_at_most_ms=tally.ttft_at_most_ms(50),
        ttft_p95_at_most_ms=tally.ttft_at_most_ms(95),
    )


ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/admin/analytics",
        _analytics,
        ADMINS,
        "Calls, tokens, cost, margin and latency by user, model, provider or tag",
        TAG,
        queries=AnalyticsQuery,
        answer=Analytics,
    ),
)
