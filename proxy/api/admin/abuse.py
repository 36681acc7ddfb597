"""Who misuses the gateway: suspects of this process and users who cool off by the store's word, side by side; a lift is a
change of the user, with its audit line."""

from typing import Final

from proxy.api.admin.views import ConductView
from proxy.api.admin.visiting import READERS, TAG
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.schemas import MomentMs, Told
from proxy.domain.abuse import Scope

SHOWN_MAX: Final = 200


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


async def _abuse(visit: Visit) -> Answer:
    services = visit.services
    suspects = services.conduct.suspects()[:SHOWN_MAX]
    cooling = await services.directory.cooling(services.clock.now_ms(), SHOWN_MAX)
    return AbuseView(
        suspects=[SuspectView(scope=found.scope, id=found.id, conduct=ConductView.of(found)) for found in suspects],
        cooling=[CoolingView(user_id=user.id, until_ms=user.cooling_until_ms or 0) for user in cooling],
    )


ENDPOINTS: Final = (
    Endpoint("GET", "/api/admin/abuse", _abuse, READERS, "Who is slowed, rests or is told of", TAG, answer=AbuseView),
)
