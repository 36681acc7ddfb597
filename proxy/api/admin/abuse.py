"""Who misuses the gateway: suspects of this process and users who cool off by the store's word, side by side; a lift is a
change of the user, with its audit line."""

from typing import Annotated, Final

from pydantic import Field

from proxy.api.admin.queries import AbuseQuery
from proxy.api.admin.views import ConductView
from proxy.api.admin.visiting import READERS, TAG
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.schemas import MomentMs, Told
from proxy.domain.abuse import Scope

SUSPECTS_MAX: Final = 200


class SuspectView(Told):
    """`id` is a user's, an app's or an address. Users are slowed and sent to rest; of apps and addresses, behind which many may
    stand, the operator is only told."""

    scope: Scope
    id: str
    conduct: ConductView


class CoolingView(Told):
    user_id: str
    until_ms: MomentMs


class AbuseView(Told):
    """`suspects` are those this gateway has seen, the highest score first; `cooling` all users who rest now, by whichever
    gateway's word. `PATCH /api/admin/users/{id}` with `cooling_until_ms: null` lifts a rest and forgives what led to it."""

    suspects: list[SuspectView]
    cooling: list[CoolingView]
    next_after: Annotated[str | None, Field(description="Where the next page of those who rest begins.")]


async def _abuse(visit: Visit) -> Answer:
    services = visit.services
    query = visit.queries_as(AbuseQuery)
    suspects = services.conduct.suspects()[:SUSPECTS_MAX]
    cooling = await services.directory.cooling(services.clock.now_ms(), query.limit, _moment_and_id(query.after))
    last = cooling[-1] if len(cooling) == query.limit else None
    return AbuseView(
        suspects=[SuspectView(scope=found.scope, id=found.id, conduct=ConductView.of(found)) for found in suspects],
        cooling=[CoolingView(user_id=user.id, until_ms=user.cooling_until_ms or 0) for user in cooling],
        next_after=None if last is None else f"{last.cooling_until_ms}:{last.id}",
    )


def _moment_and_id(after: str | None) -> tuple[int, str] | None:
    if after is None:
        return None
    until_ms, _, user_id = after.partition(":")
    return int(until_ms), user_id


ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/admin/abuse",
        _abuse,
        READERS,
        "Who is slowed, rests or is told of",
        TAG,
        queries=AbuseQuery,
        answer=AbuseView,
    ),
)
