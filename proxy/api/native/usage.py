"""`GET /api/usage`: the caller's own calls, tokens and credits in groups, as JSON or CSV, and where its windows are heading;
never a raw cost."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.native.account import BudgetTold, WindowTold, budgets_told, windows_told
from proxy.api.period import DAYS_DEFAULT, Moment, period_of
from proxy.api.schemas import Credits, MomentMs, Name, Queries, Told, credits_of
from proxy.api.spreadsheet import csv_response
from proxy.api.terms import plan_in_force
from proxy.domain.desk import UsageGroup, UsageQuery, UsageRow
from proxy.domain.errors import Refusal
from proxy.domain.forecast import Forecast, forecast
from proxy.domain.standing import Standing, WindowStanding, began_at_ms
from proxy.stages.hold import on_budget, terms


class UsageQueries(Queries):
    since: Annotated[
        Moment | None,
        Field(alias="from", description=f"First moment, ISO 8601, UTC unless it says; {DAYS_DEFAULT} days ago by default."),
    ] = None
    until: Annotated[
        Moment | None, Field(description="First moment that no longer counts; now by default. A UTC day begun counts whole.")
    ] = None
    group: Annotated[UsageGroup, Field(description="What each row is about.")] = "day"
    tag: Annotated[Name | None, Field(description="With `group=tag`: the name of the `metadata` tag.")] = None
    format: Annotated[Literal["json", "csv"], Field(description="`csv`: the groups alone, for a spreadsheet.")] = "json"

    @model_validator(mode="after")
    def _tag_names_the_group(self) -> Self:
        if (self.group == "tag") != (self.tag is not None):
            raise ValueError("`tag` names the tag of `group=tag`: send both or neither")
        return self


class UsageTold(Told):
    """One group; `group` is its day, family, model, assistant or tag value."""

    group: str
    calls: int
    input_tokens: int
    output_tokens: int
    credits: Credits


class UsageReport(Told):
    """`from_ms` and `until_ms` are the edges of the whole days that were counted."""

    from_ms: MomentMs
    until_ms: MomentMs
    group: UsageGroup
    data: list[UsageTold]
    total: UsageTold


class ForecastTold(Told):
    """At today's pace, in a straight line: `too_early` to say, `lasts` until the reset, or `runs_out` at a moment before."""

    state: Literal["too_early", "lasts", "runs_out"]
    spent_at_reset: Credits | None
    runs_out_at_ms: MomentMs | None


class UsedWindow(WindowTold):
    """An allowance now; `forecast` is null where nothing ever resets."""

    began_at_ms: MomentMs
    forecast: ForecastTold | None


class OwnUsage(UsageReport):
    """`budgets` are those of assistants that the caller may see and that have one."""

    windows: list[UsedWindow]
    budgets: list[BudgetTold]


async def show_usage(visit: Visit) -> Answer:
    report = await usage_of(visit, visit.caller.user.id)
    if not isinstance(report, UsageReport):
        return report
    standing, anchor_day = await _standing(visit), visit.caller.user.anchor_day
    windows, budgets = _windows(standing, anchor_day), budgets_told(standing, anchor_day)
    return OwnUsage(**dict(report), windows=windows, budgets=budgets)


async def usage_of(visit: Visit, user_id: str) -> Answer:
    """The usage of one account, by the visit's UsageQueries."""
    asked = visit.queries_as(UsageQueries)
    period = period_of(asked.since, asked.until, visit.services.clock.now_ms())
    if isinstance(period, Refusal):
        return period
    query = UsageQuery(user_id, period.from_ms, period.until_ms, asked.group, asked.tag)
    rows = await visit.services.register.usage(query)
    if asked.format == "csv":
        return _as_csv(asked.group, rows)
    return UsageReport(
        from_ms=period.in_days.from_ms,
        until_ms=period.in_days.until_ms,
        group=asked.group,
        data=[_told(row) for row in rows],
        total=_told(_sum(rows)),
    )


async def _standing(visit: Visit) -> Standing:
    """What is left, and what of it may be spent on which assistant."""
    services, caller = visit.services, visit.caller
    catalog, user_id = services.catalog.current(), caller.user.id
    limits = terms(caller, plan_in_force(caller, catalog, services.clock.now_ms()))
    seen = [one for one in catalog.assistants.values() if one.is_open_on(caller.entitlement.plan_id)]
    return await services.books.standing(user_id, on_budget(limits, user_id, *seen))


def _windows(standing: Standing, anchor_day: int) -> list[UsedWindow]:
    return [
        _window(told, window, standing.at_ms, anchor_day)
        for told, window in zip(windows_told(standing), standing.windows, strict=True)
    ]


def _window(told: WindowTold, window: WindowStanding, at_ms: int, anchor_day: int) -> UsedWindow:
    found = forecast(window, at_ms, anchor_day)
    return UsedWindow(
        **dict(told),
        began_at_ms=began_at_ms(window.window, at_ms, anchor_day),
        forecast=None if found is None else _forecast(found),
    )


def _forecast(found: Forecast) -> ForecastTold:
    expected_milli = found.spent_at_reset_milli
    return ForecastTold(
        state=found.state,
        spent_at_reset=None if expected_milli is None else credits_of(expected_milli),
        runs_out_at_ms=found.runs_out_at_ms,
    )


def _as_csv(group: UsageGroup, rows: list[UsageRow]) -> Answer:
    columns = (group, "calls", "input_tokens", "output_tokens", "credits")
    told = [_told(row) for row in rows]
    return csv_response("usage", columns, [(t.group, t.calls, t.input_tokens, t.output_tokens, t.credits) for t in told])


def _sum(rows: list[UsageRow]) -> UsageRow:
    return UsageRow(
        group="total",
        calls=sum(row.calls for row in rows),
        input_tokens=sum(row.input_tokens for row in rows),
        output_tokens=sum(row.output_tokens for row in rows),
        credits_milli=sum(row.credits_milli for row in rows),
    )


def _told(row: UsageRow) -> UsageTold:
    return UsageTold(
        group=row.group,
        calls=row.calls,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        credits=credits_of(row.credits_milli),
    )


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(
        "GET",
        "/api/usage",
        show_usage,
        ("user", "app"),
        "Own usage by day, family, model, assistant or tag, and a forecast of each window",
        "Account",
        queries=UsageQueries,
        answer=OwnUsage,
    ),
)
