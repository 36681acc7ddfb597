"""Apps: products whose end users call through them; listed, made and changed by admins. End users enrol by calling."""

from typing import Final

from proxy.api.admin.queries import AppQuery
from proxy.api.admin.schemas import AppChange, NewApp
from proxy.api.admin.users import caps_of
from proxy.api.admin.views import caps_shown
from proxy.api.admin.visiting import ADMINS, TAG, change_of, missing, stale, tagged
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.native.keys import KeyCap
from proxy.api.schemas import Told
from proxy.domain.account import App, User
from proxy.domain.errors import Refusal
from proxy.domain.plan import Entitlement
from proxy.domain.value import replace


class AppView(Told):
    id: str
    name: str
    user_id: str
    default_plan_id: str
    caps: list[KeyCap]
    enrols_daily_max: int
    reads_body_user: bool
    suspended: bool
    plans: list[str]
    version: int

    @classmethod
    def of(cls, app: App) -> "AppView":
        return cls(
            id=app.id,
            name=app.name,
            user_id=app.user_id,
            default_plan_id=app.default_plan_id,
            caps=caps_shown(app.caps),
            enrols_daily_max=app.enrols_daily_max,
            reads_body_user=app.reads_body_user,
            suspended=app.suspended,
            plans=list(app.plans),
            version=app.version,
        )


class AppList(Told):
    """In the order of their ids; `next_after` is null when the page is not full."""

    data: list[AppView]
    next_after: str | None


async def _list(visit: Visit) -> Answer:
    query = visit.queries_as(AppQuery)
    apps = await visit.services.directory.apps(query.after, query.limit)
    full = len(apps) == query.limit
    return AppList(data=[AppView.of(app) for app in apps], next_after=apps[-1].id if full else None)


async def _read(visit: Visit) -> Answer:
    app = await visit.services.directory.app(visit.path("id"))
    return missing("app", visit.path("id")) if app is None else _page(app)


async def _create(visit: Visit) -> Answer:
    body, directory = visit.body_as(NewApp), visit.services.directory
    refusal = _no_such_plan(visit, body.default_plan_id, body.plans)
    if refusal is None and await directory.app(body.id) is not None:
        refusal = Refusal("conflict", f"There is an app {body.id} already. Choose another id.", param="id")
    if refusal is not None:
        return refusal
    user_id = await _account(visit, body)
    if isinstance(user_id, Refusal):
        return user_id
    app = App(
        id=body.id,
        name=body.name,
        user_id=user_id,
        default_plan_id=body.default_plan_id,
        caps=caps_of(f"app:{body.id}", body.caps),
        enrols_daily_max=body.enrols_daily_max,
        reads_body_user=body.reads_body_user,
        plans=tuple(body.plans),
    )
    return _page(await directory.put_app(app, None, change_of(visit, body)), status=201)


async def _change(visit: Visit) -> Answer:
    body, directory = visit.body_as(AppChange), visit.services.directory
    app = await directory.app(visit.path("id"))
    if app is None:
        return missing("app", visit.path("id"))
    refusal = stale(visit, str(app.version)) or _no_such_plan(visit, body.default_plan_id, body.plans or [])
    if refusal is not None:
        return refusal
    return _page(await directory.put_app(_changed(app, body), app.version, change_of(visit, body)))


async def _account(visit: Visit, body: NewApp) -> str | Refusal:
    """The app's own account: the named user, or a new one of the app's name and default plan."""
    directory, user_id = visit.services.directory, body.user_id or body.id
    user = await directory.user(user_id)
    if body.user_id is not None:
        return user_id if user is not None else missing("user", user_id)
    if user is not None:
        message = f"There is a user {user_id} already. Name it as user_id if it is to be the app's own account."
        return Refusal("conflict", message, param="id")
    made = User(id=user_id, name=body.name, created_at_ms=visit.services.clock.now_ms())
    change = change_of(visit, body)
    await directory.put_user(made, None, change)
    await directory.put_entitlement(Entitlement(f"ent_{user_id}", user_id, body.default_plan_id), None, change)
    return user_id


def _no_such_plan(visit: Visit, default_id: str | None, plan_ids: list[str]) -> Refusal | None:
    known = visit.services.catalog.current().plans
    if default_id is not None and default_id not in known:
        return Refusal("invalid_request", f"There is no plan {default_id}.", param="default_plan_id")
    unknown = next((plan_id for plan_id in plan_ids if plan_id not in known), None)
    return None if unknown is None else Refusal("invalid_request", f"There is no plan {unknown}.", param="plans")


def _changed(app: App, body: AppChange) -> App:
    caps = app.caps if body.caps is None else caps_of(f"app:{app.id}", body.caps, app.caps)
    plans = app.plans if body.plans is None else tuple(body.plans)
    return replace(app, caps=caps, plans=plans, **body.plain_fields)


def _page(app: App, status: int = 200) -> Answer:
    return tagged(AppView.of(app), str(app.version), status)


_APPS: Final = "/api/admin/apps"
_APP: Final = "/api/admin/apps/{id}"

ENDPOINTS: Final = (
    Endpoint("GET", _APPS, _list, ADMINS, "Apps by id, page by page", TAG, answer=AppList, queries=AppQuery),
    Endpoint("POST", _APPS, _create, ADMINS, "Make an app", TAG, NewApp, AppView, status=201, version="told"),
    Endpoint("GET", _APP, _read, ADMINS, "One app and its ETag", TAG, answer=AppView, version="told"),
    Endpoint("PATCH", _APP, _change, ADMINS, "Change or suspend an app (If-Match)", TAG, AppChange, AppView, version="asked"),
)
