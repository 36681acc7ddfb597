"""Who uses which model: calls and cost of the last days from roll-ups, users from the newest calls; for admins alone."""

from typing import Final

from proxy.api.admin.queries import Query
from proxy.api.admin.schemas import ModelName
from proxy.api.admin.visiting import ADMINS, TAG
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.schemas import Credits, MomentMs, Told, credits_of
from proxy.domain.desk import ModelUsers
from proxy.domain.rollup import DAY_MS, TallyQuery, TallyRow

DAYS: Final = 30
# Calls looked at for one answer, over all its models.
CALLS_MAX: Final = 10_000
MODELS_MAX: Final = 200


class ModelUserTold(Told):
    user_id: str
    calls: int
    credits: Credits


class ModelUseTold(Told):
    """`users` and the `keenest` of them are those of the newest calls; where not all calls of the period were looked at,
    `users_since_ms` says since when, else it is null."""

    model: str
    calls: int
    credits: Credits
    raw_cost_nano_usd: int
    users: int
    users_since_ms: MomentMs | None
    keenest: list[ModelUserTold]


class ModelUseList(Told):
    """Models that were called since `from_ms`, the dearest in raw cost first. 10,000 calls are looked at, shared among them,
    and of each model 2,500 at most."""

    from_ms: MomentMs
    data: list[ModelUseTold]


class ModelUseQuery(Query):
    model: ModelName | None = None


async def _list(visit: Visit) -> Answer:
    asked, register, now_ms = visit.queries_as(ModelUseQuery).model, visit.services.register, visit.services.clock.now_ms()
    from_ms = (now_ms // DAY_MS - DAYS + 1) * DAY_MS
    tallies = await register.tallies(TallyQuery(from_ms, now_ms, "model", limit=MODELS_MAX))
    rows = [row for row in tallies if row.group and asked in (None, row.group)]
    users = await register.model_users([row.group for row in rows], from_ms, CALLS_MAX)
    return ModelUseList(from_ms=from_ms, data=[_told(row, who) for row, who in zip(rows, users, strict=True)])


def _told(row: TallyRow, who: ModelUsers) -> ModelUseTold:
    return ModelUseTold(
        model=row.group,
        calls=row.tally.calls,
        credits=credits_of(row.tally.credits_milli),
        raw_cost_nano_usd=row.tally.raw_nano_usd,
        users=who.users,
        users_since_ms=who.stopped_at_ms,
        keenest=[
            ModelUserTold(user_id=user.user_id, calls=user.calls, credits=credits_of(user.credits_milli))
            for user in who.keenest
        ],
    )


ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/admin/model-use",
        _list,
        ADMINS,
        "Calls, cost and users of each model in the last 30 days",
        TAG,
        queries=ModelUseQuery,
        answer=ModelUseList,
    ),
)
