"""What every admin handler does with a visit: the version it saw checked, its Change and ETag made; writes nothing."""

import secrets
from typing import Final

from pydantic import BaseModel
from starlette.responses import Response

from proxy.api.admin.schemas import Reasoned
from proxy.api.endpoint import Visit, json_response
from proxy.domain.account import KeyKind
from proxy.domain.desk import Change
from proxy.domain.errors import Refusal

ADMINS: Final[tuple[KeyKind, ...]] = ("admin",)
# What supporters may read too; each such endpoint has a view of its own for them where they may see less.
READERS: Final[tuple[KeyKind, ...]] = ("admin", "support")
TAG: Final = "Administration"


def change_of(visit: Visit, body: Reasoned) -> Change:
    return Change(visit.actor, body.reason)


def stale(visit: Visit, etag: str) -> Refusal | None:
    """Why an existing object may not be changed by this visit: it says no version, or another than `etag`."""
    if visit.if_match is None:
        message = "Say which version you change: send If-Match with the ETag that reading it gave you."
        return Refusal("precondition_required", message, param="If-Match")
    return _otherwise(visit, etag)


def stale_if_said(visit: Visit, etag: str) -> Refusal | None:
    """The same for actions that say the whole truth themselves: a version is not needed, but heeded when it is given."""
    return None if visit.if_match is None else _otherwise(visit, etag)


def tagged(view: BaseModel, etag: str, status: int = 200) -> Response:
    """A JSON answer that says which version it shows."""
    return json_response(view, status, {"etag": f'"{bare(etag)}"'})


def bare(etag: str) -> str:
    return etag.strip('"')


def fresh_id(kind: str) -> str:
    """An id that says what it names, for objects whose maker gave none."""
    return f"{kind}_{secrets.token_hex(8)}"


def missing(kind: str, object_id: str) -> Refusal:
    return Refusal("not_found", f"There is no {kind} {object_id}.")


def _otherwise(visit: Visit, etag: str) -> Refusal | None:
    if visit.if_match == bare(etag):
        return None
    return Refusal("precondition_failed", "Somebody changed this since you read it. Read it again, then repeat your change.")
