"""Erasing a user's conversations for them: a user and a reason in, how many there were out; nobody here ever reads one."""

from typing import Final

from proxy.api.admin.schemas import Reasoned
from proxy.api.admin.visiting import ADMINS, TAG, change_of, missing
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.native.conversations import Erased


async def _erase(visit: Visit) -> Answer:
    services, user_id = visit.services, visit.path("id")
    if await services.directory.user(user_id) is None:
        return missing("user", user_id)
    change = change_of(visit, visit.body_as(Reasoned))
    return Erased(erased=await services.conversations.erase_all(user_id, change))


_PATH: Final = "/api/admin/users/{id}/erase-conversations"
ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint("POST", _PATH, _erase, ADMINS, "Erase all conversations of a user", TAG, body=Reasoned, answer=Erased),
)
