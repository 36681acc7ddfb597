"""Models, assistants, plans, aliases, providers and the policy: what admins read and change of the catalog, one row at a time;
the desk checks every change by building the whole catalog with it."""

from typing import Final

from starlette.responses import Response

from proxy.api.admin.queries import DeleteQuery
from proxy.api.admin.rows import RowList, RowView, listed, whole
from proxy.api.admin.schemas import Activation, NewModelBody, NewRowBody, RowBody
from proxy.api.admin.visiting import ADMINS, TAG, change_of, missing, stale, stale_if_said, tagged
from proxy.api.endpoint import Answer, Endpoint, Handler, Visit
from proxy.domain.desk import CatalogKind, Change
from proxy.domain.errors import Refusal
from proxy.ports import CatalogObject

PROVIDER_FIELDS: Final = frozenset({"status", "concurrency_max"})
# There is one policy, so its address names none.
_POLICY: Final = "/api/admin/policy"


def _list(kind: CatalogKind) -> Handler:
    async def handler(visit: Visit) -> Answer:
        return RowList(data=[listed(row) for row in await visit.services.desk.objects(kind)])

    return handler


def _read(kind: CatalogKind) -> Handler:
    async def handler(visit: Visit) -> Answer:
        row = await _found(visit, kind)
        return row if isinstance(row, Refusal) else _page(row)

    return handler


def _create(kind: CatalogKind, shape: type[NewRowBody] | type[NewModelBody]) -> Handler:
    async def handler(visit: Visit) -> Answer:
        body = visit.body_as(shape)
        desk = visit.services.desk
        if await desk.object(kind, body.id) is not None:
            return Refusal(
                "conflict", f"{kind.capitalize()} {body.id} exists already. Change it, or choose another id.", param="id"
            )
        try:
            row = await desk.create(kind, body.id, {**body.fields, "id": body.id}, change_of(visit, body))
        except ValueError as error:
            return _wrong(error)
        return _page(row, status=201)

    return handler


def _patch(kind: CatalogKind) -> Handler:
    async def handler(visit: Visit) -> Answer:
        body = visit.body_as(RowBody)
        row = await _found(visit, kind)
        if isinstance(row, Refusal):
            return row
        return stale(visit, row.etag) or await _changed(visit, row, body)

    return handler


def _delete(kind: CatalogKind) -> Handler:
    async def handler(visit: Visit) -> Answer:
        row = await _found(visit, kind)
        if isinstance(row, Refusal):
            return row
        refusal = stale(visit, row.etag)
        if refusal is not None:
            return refusal
        try:
            await visit.services.desk.delete(kind, row.id, row.etag, Change(visit.actor, visit.queries_as(DeleteQuery).reason))
        except ValueError as error:
            return _wrong(error)
        return Response(status_code=204)

    return handler


async def _patch_provider(visit: Visit) -> Answer:
    others = sorted(set(visit.body_as(RowBody).fields) - PROVIDER_FIELDS)
    if others:
        message = "Providers come from operator files; only status and concurrency_max can be changed here."
        return Refusal("invalid_request", message, param=others[0])
    return await _patch("provider")(visit)


async def _activate(visit: Visit) -> Answer:
    """Says the whole truth about one field, so a version is not needed."""
    body = visit.body_as(Activation)
    row = await _found(visit, "model")
    if isinstance(row, Refusal):
        return row
    fields = RowBody.model_validate({"active": body.active, "reason": body.reason})
    return stale_if_said(visit, row.etag) or await _changed(visit, row, fields)


async def _found(visit: Visit, kind: CatalogKind) -> CatalogObject | Refusal:
    object_id = kind if kind == "policy" else visit.path("id")
    return await visit.services.desk.object(kind, object_id) or missing(kind, object_id)


async def _changed(visit: Visit, row: CatalogObject, body: RowBody) -> Response | Refusal:
    if not body.fields:
        return Refusal("invalid_request", "Name at least one field to change, beside the reason.")
    try:
        changed = await visit.services.desk.patch(row.kind, row.id, body.fields, row.etag, change_of(visit, body))
    except ValueError as error:
        return _wrong(error)
    return _page(changed)


def _page(row: CatalogObject, status: int = 200) -> Response:
    return tagged(whole(row), row.etag, status)


def _wrong(error: ValueError) -> Refusal:
    """The catalog's own words: they name the field and what would be right, and only admins read them."""
    return Refusal("invalid_request", f"The catalog would not be sound with this change. {error}")


def _reads(kind: CatalogKind, plural: str, place: str = "{id}") -> tuple[Endpoint, ...]:
    path = f"/api/admin/{plural}"
    return (
        Endpoint("GET", path, _list(kind), ADMINS, f"All {plural}, with every admin change", TAG, answer=RowList),
        Endpoint(
            "GET", f"{path}/{place}", _read(kind), ADMINS, f"One {kind} and its ETag", TAG, answer=RowView, version="told"
        ),
    )


def _patches(kind: CatalogKind, plural: str, place: str = "{id}", handler: Handler | None = None) -> tuple[Endpoint, ...]:
    path, summary = f"/api/admin/{plural}/{place}", f"Change fields of one {kind} (If-Match)"
    patch = handler or _patch(kind)
    return (Endpoint("PATCH", path, patch, ADMINS, summary, TAG, body=RowBody, answer=RowView, version="asked"),)


def _makes(
    kind: CatalogKind, plural: str, place: str = "{id}", shape: type[NewRowBody] | type[NewModelBody] = NewRowBody
) -> tuple[Endpoint, ...]:
    path = f"/api/admin/{plural}"
    made, gone = f"Make one {kind}", f"Delete one {kind} (If-Match)"
    return (
        Endpoint("POST", path, _create(kind, shape), ADMINS, made, TAG, shape, RowView, status=201, version="told"),
        Endpoint(
            "DELETE", f"{path}/{place}", _delete(kind), ADMINS, gone, TAG, status=204, queries=DeleteQuery, version="asked"
        ),
    )


_ACTIVATE: Final = "/api/admin/models/{id:path}/activate"

# Ids of models contain slashes, so the longer path stands before the one that would swallow it.
ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint("POST", _ACTIVATE, _activate, ADMINS, "Let a model be called, or not", TAG, Activation, RowView, version="heeded"),
    *_reads("model", "models", "{id:path}"),
    *_patches("model", "models", "{id:path}"),
    *_makes("model", "models", "{id:path}", NewModelBody),
    *_reads("assistant", "assistants"),
    *_patches("assistant", "assistants"),
    *_makes("assistant", "assistants"),
    *_reads("plan", "plans"),
    *_patches("plan", "plans"),
    *_makes("plan", "plans"),
    *_reads("alias", "aliases"),
    *_patches("alias", "aliases"),
    *_makes("alias", "aliases"),
    *_reads("provider", "providers"),
    *_patches("provider", "providers", handler=_patch_provider),
    Endpoint("GET", _POLICY, _read("policy"), ADMINS, "The policy and its ETag", TAG, answer=RowView, version="told"),
    Endpoint(
        "PATCH",
        _POLICY,
        _patch("policy"),
        ADMINS,
        "Change fields of the policy (If-Match)",
        TAG,
        body=RowBody,
        answer=RowView,
        version="asked",
    ),
)
