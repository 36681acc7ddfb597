"""A user's plan and dated overrides: read and replaced as a whole; resolves nothing."""

from typing import Final

from proxy.api.admin.schemas import EntitlementBody, NextPlanBody, OverrideBody
from proxy.api.admin.views import EntitlementView
from proxy.api.admin.visiting import ADMINS, TAG, change_of, fresh_id, missing, stale, tagged
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.schemas import milli_of
from proxy.domain.account import User
from proxy.domain.catalog import Catalog
from proxy.domain.errors import Refusal
from proxy.domain.plan import Entitlement, NextPlan, Override, entitled_at
from proxy.domain.standing import resets_at_ms


async def _read(visit: Visit) -> Answer:
    entitlement = await visit.services.directory.entitlement(visit.path("id"))
    if entitlement is None:
        return missing("entitlement of user", visit.path("id"))
    return _page(entitled_at(entitlement, visit.services.clock.now_ms()))


async def _put(visit: Visit) -> Answer:
    body, directory, user_id = visit.body_as(EntitlementBody), visit.services.directory, visit.path("id")
    user = await directory.user(user_id)
    if user is None:
        return missing("user", user_id)
    had = await directory.entitlement(user_id)
    refusal = None if had is None else stale(visit, str(had.version))
    refusal = refusal or _unsound(body, had, visit.services.catalog.current())
    if refusal is not None:
        return refusal
    put = Entitlement(
        id=f"ent_{user_id}" if had is None else had.id,
        user_id=user_id,
        plan_id=body.plan_id,
        overrides=tuple(override_of(override) for override in body.overrides),
        version=1 if had is None else had.version,
        next=_following(body.next_plan, user, visit.services.clock.now_ms()),
    )
    stored = await directory.put_entitlement(put, None if had is None else had.version, change_of(visit, body))
    return _page(stored, status=201 if had is None else 200)


def override_of(body: OverrideBody) -> Override:
    return Override(
        id=body.id or fresh_id("ovr"),
        reason=body.reason,
        from_ms=body.from_ms,
        until_ms=body.until_ms,
        extra_milli_credits={window: milli_of(amount) for window, amount in body.extra_credits.items()},
        extra_models=tuple(body.extra_models),
        multiplier_ppm=body.multiplier,
        context_tokens_max=body.context_tokens_max,
        output_tokens_default=body.output_tokens_default,
        concurrency_max=body.concurrency_max,
        n_max=body.n_max,
    )


def _following(body: NextPlanBody | None, user: User, now_ms: int) -> NextPlan | None:
    if body is None:
        return None
    edge_ms = resets_at_ms("month", now_ms, user.anchor_day)
    return NextPlan(body.plan_id, body.from_ms or edge_ms or now_ms)


def _unsound(body: EntitlementBody, had: Entitlement | None, catalog: Catalog) -> Refusal | None:
    """Names must exist; those that the entitlement had before may have left the catalog since."""
    if body.plan_id not in catalog.plans and (had is None or had.plan_id != body.plan_id):
        return Refusal("invalid_request", f"There is no plan {body.plan_id}.", param="plan_id")
    if body.next_plan is not None and body.next_plan.plan_id not in catalog.plans:
        return Refusal("invalid_request", f"There is no plan {body.next_plan.plan_id}.", param="next_plan")
    known = {name for override in (had.overrides if had else ()) for name in override.extra_models} | set(catalog.models)
    unknown = [name for override in body.overrides for name in override.extra_models if name not in known]
    if unknown:
        return Refusal("invalid_request", f"There is no model {unknown[0]}.", param="overrides")
    ids = [override.id for override in body.overrides if override.id is not None]
    if len(ids) != len(set(ids)):
        return Refusal("invalid_request", "Every override needs an id of its own.", param="overrides")
    return None


def _page(entitlement: Entitlement, status: int = 200) -> Answer:
    return tagged(EntitlementView.of(entitlement), str(entitlement.version), status)


_PATH: Final = "/api/admin/users/{id}/entitlement"

ENDPOINTS: Final = (
    Endpoint(
        "GET", _PATH, _read, ADMINS, "A user's plan, overrides and their ETag", TAG, None, EntitlementView, version="told"
    ),
    Endpoint(
        "PUT",
        _PATH,
        _put,
        ADMINS,
        "Replace a user's plan and overrides (If-Match)",
        TAG,
        body=EntitlementBody,
        answer=EntitlementView,
        version="asked",
    ),
)
