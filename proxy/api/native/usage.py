"""`GET /api/usage`: the caller's own calls, tokens and credits in groups; never a raw cost."""

from datetime import UTC, datetime
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.schemas import Credits, MomentMs, Name, Queries, Told, credits_of
from proxy.domain.desk import UsageGroup, UsageRow
from proxy.domain.errors import Refusal
from proxy.ports import UsageQuery

DAY_MS: Final = 86_400_000
DAYS_DEFAULT: Final = 30
DAYS_MAX: Final = 400


def _in_utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


Moment = Annotated[datetime, AfterValidator(_in_utc)]


class UsageQueries(Queries):
    since: Annotated[
        Moment | None,
        Field(alias="from", description=f"First moment, ISO 8601, UTC unless it says; {DAYS_DEFAULT} days ago by default."),
    ] = None
    until: Annotated[Moment | None, Field(description="First moment that no longer counts; now by default.")] = None
    group: Annotated[UsageGroup, Field(description="What each row is about.")] = "day"
    tag: Annotated[Name | None, Field(description="With `group=tag`: the name of the `metadata` tag.")] = None

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
    from_ms: MomentMs
    until_ms: MomentMs
    group: UsageGroup
    data: list[UsageTold]
    total: UsageTold


async def show_usage(visit: Visit) -> Answer:
    asked = visit.queries_as(UsageQueries)
    until_ms = visit.services.clock.now_ms() if asked.until is None else _ms(asked.until)
    from_ms = until_ms - DAYS_DEFAULT * DAY_MS if asked.since is None else _ms(asked.since)
    if not 0 <= until_ms - from_ms <= DAYS_MAX * DAY_MS:
        message = f"`until` must not be before `from`, nor more than {DAYS_MAX} days after it."
        return Refusal("invalid_request", message, param="from")
    query = UsageQuery(visit.caller.user.id, from_ms, until_ms, asked.group, asked.tag)
    rows = await visit.services.register.usage(query)
    return UsageReport(
        from_ms=from_ms, until_ms=until_ms, group=asked.group, data=[_told(row) for row in rows], total=_told(_sum(rows))
    )


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1_000)


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
        "Own usage by day, family, model, assistant or tag",
        "Account",
        queries=UsageQueries,
        answer=UsageReport,
    ),
)
