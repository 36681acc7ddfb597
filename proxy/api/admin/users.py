"""Users as admins and supporters see them and admins change them; what a user has left is the books' answer, under terms made
here of user, app and plan."""

from typing import Final

from proxy.api.admin.queries import UserQuery
from proxy.api.admin.schemas import NewGrant, NewReset, NewUser, UserChange
from proxy.api.admin.views import GrantView, ResetView, StandingView, UserList, UserView
from proxy.api.admin.visiting import ADMINS, READERS, TAG, change_of, fresh_id, missing, stale, tagged
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.native.keys import CapGiven
from proxy.api.schemas import milli_of
from proxy.domain.abuse import Suspect
from proxy.domain.account import User, UserFilter
from proxy.domain.desk import Grant
from proxy.domain.errors import Refusal
from proxy.domain.ledger import Reset
from proxy.domain.plan import Entitlement, Plan, Window, effective, entitled_at
from proxy.domain.standing import Cap
from proxy.domain.value import replace
from proxy.stages import hold


async def _list(visit: Visit) -> Answer:
    query = visit.queries_as(UserQuery)
    only = UserFilter(query.begins, query.named, query.suspended)
    users = await visit.services.directory.users(query.app, query.after, query.limit, only)
    full = len(users) == query.limit
    return UserList(data=[UserView.of(user) for user in users], next_after=users[-1].id if full else None)


async def _read(visit: Visit) -> Answer:
    user = await visit.services.directory.user(visit.path("id"))
    return missing("user", visit.path("id")) if user is None else _page(user, visit.services.conduct.suspect(user.id))


async def _create(visit: Visit) -> Answer:
    """The user stands before its entitlement: if the second write fails, the entitlement can be put by itself."""
    body, services = visit.body_as(NewUser), visit.services
    plans = services.catalog.current().plans
    plan_id = body.plan_id or min(plans.values(), key=lambda plan: (plan.rank, plan.id)).id
    if plan_id not in plans:
        return Refusal("invalid_request", f"There is no plan {plan_id}.", param="plan_id")
    user_id = body.id or fresh_id("usr")
    if await services.directory.user(user_id) is not None:
        return Refusal("conflict", f"There is a user {user_id} already. Choose another id.", param="id")
    made = User(
        id=user_id,
        name=body.name,
        created_at_ms=services.clock.now_ms(),
        anchor_day=body.anchor_day,
        caps=caps_of(f"user:{user_id}", body.caps),
        wishes=body.wishes.value,
    )
    user = await services.directory.put_user(made, None, change_of(visit, body))
    await services.directory.put_entitlement(Entitlement(f"ent_{user_id}", user_id, plan_id), None, change_of(visit, body))
    return _page(user, status=201)


async def _change(visit: Visit) -> Answer:
    body, directory = visit.body_as(UserChange), visit.services.directory
    user = await directory.user(visit.path("id"))
    if user is None:
        return missing("user", visit.path("id"))
    refusal = stale(visit, str(user.version))
    if refusal is not None:
        return refusal
    changed = await directory.put_user(
        _changed(user, body, visit.services.clock.now_ms()), user.version, change_of(visit, body)
    )
    if body.lifts_cooling:
        visit.services.conduct.lifted(user.id)
    return _page(changed)


async def _standing(visit: Visit) -> Answer:
    services = visit.services
    user = await services.directory.user(visit.path("id"))
    if user is None:
        return missing("user", visit.path("id"))
    plan = await _plan(visit, user)
    if isinstance(plan, Refusal):
        return plan
    app = await services.directory.app(user.app_id) if user.app_id else None
    standing = await services.books.standing(user.id, hold.account_terms(user, app, plan))
    return StandingView.of(standing, plan.id)


async def _grant(visit: Visit) -> Answer:
    body, services = visit.body_as(NewGrant), visit.services
    now_ms = services.clock.now_ms()
    user = await services.directory.user(visit.path("id"))
    if user is None:
        return missing("user", visit.path("id"))
    if body.expires_at_ms is not None and body.expires_at_ms <= now_ms:
        return Refusal("invalid_request", "expires_at_ms must lie in the future.", param="expires_at_ms")
    families = {model.family for model in services.catalog.current().models.values()}
    if body.family is not None and body.family not in families:
        return Refusal("invalid_request", f"No model is of the family {body.family}.", param="family")
    grant = Grant(
        id=fresh_id("grant"),
        account_id=user.id,
        kind=body.kind,
        amount_milli=milli_of(body.amount),
        reason=body.reason,
        created_at_ms=now_ms,
        family=body.family,
        expires_at_ms=body.expires_at_ms,
    )
    return GrantView.of(await services.directory.grant(grant, change_of(visit, body)))


async def _reset(visit: Visit) -> Answer:
    body, services = visit.body_as(NewReset), visit.services
    user = await services.directory.user(visit.path("id"))
    if user is None:
        return missing("user", visit.path("id"))
    plan = await _plan(visit, user)
    if isinstance(plan, Refusal):
        return plan
    windows = [(allowance.window, allowance.family) for allowance in plan.allowances]
    if (body.window, body.family) not in windows:
        return Refusal("invalid_request", _no_window(user, plan, body), param="window")
    change = change_of(visit, body)
    reset = Reset(fresh_id("reset"), user.id, body.window, body.family, user.anchor_day, change)
    return ResetView.of(await services.by_hand.reset(reset))


async def _plan(visit: Visit, user: User) -> Plan | Refusal:
    """The plan that holds for the user now, its overrides in it."""
    services, now_ms = visit.services, visit.services.clock.now_ms()
    found = await services.directory.entitlement(user.id)
    entitlement = None if found is None else entitled_at(found, now_ms)
    plan = services.catalog.current().plans.get(entitlement.plan_id) if entitlement else None
    if entitlement is None or plan is None:
        return Refusal("conflict", f"User {user.id} has no plan that is offered; put an entitlement first.")
    return effective(plan, entitlement.overrides, now_ms)


def _no_window(user: User, plan: Plan, body: NewReset) -> str:
    there = ", ".join(_window(allowance.window, allowance.family) for allowance in plan.allowances)
    asked = _window(body.window, body.family)
    return f"Plan {plan.id} of user {user.id} has no window {asked}; it has {there or 'none'}."


def _window(window: Window, family: str | None) -> str:
    return window if family is None else f"{window} of family {family}"


def caps_of(scope: str, bodies: list[CapGiven], had: tuple[Cap, ...] = ()) -> tuple[Cap, ...]:
    """Caps in credits on `scope` (`user:ID`, `key:ID`, `app:ID`); those on raw cost that it had are the operator's and stay."""
    ceilings = tuple(cap for cap in had if cap.unit == "nano_usd")
    return ceilings + tuple(Cap(scope, body.window, milli_of(body.credits)) for body in bodies)


def _changed(user: User, body: UserChange, now_ms: int) -> User:
    caps = user.caps if body.caps is None else caps_of(f"user:{user.id}", body.caps, user.caps)
    wishes = user.wishes if body.wishes is None else body.wishes.value
    changed = replace(user, caps=caps, wishes=wishes, **body.plain_fields)
    return replace(changed, cooling_until_ms=None, lifted_at_ms=now_ms) if body.lifts_cooling else changed


def _page(user: User, suspect: Suspect | None = None, status: int = 200) -> Answer:
    return tagged(UserView.of(user, suspect), str(user.version), status)


_USERS: Final = "/api/admin/users"
_USER: Final = "/api/admin/users/{id}"

ENDPOINTS: Final = (
    Endpoint(
        "GET",
        _USERS,
        _list,
        READERS,
        "Users by id, or by how their names begin, page by page",
        TAG,
        answer=UserList,
        queries=UserQuery,
    ),
    Endpoint("POST", _USERS, _create, ADMINS, "Make a user on a plan", TAG, NewUser, UserView, status=201, version="told"),
    Endpoint("GET", _USER, _read, READERS, "One user and its ETag", TAG, answer=UserView, version="told"),
    Endpoint(
        "PATCH", _USER, _change, ADMINS, "Change or suspend a user (If-Match)", TAG, UserChange, UserView, version="asked"
    ),
    Endpoint("GET", f"{_USER}/standing", _standing, READERS, "What a user has left", TAG, answer=StandingView),
    Endpoint(
        "POST",
        f"{_USER}/grants",
        _grant,
        ADMINS,
        "Give credits beside the plan",
        TAG,
        body=NewGrant,
        answer=GrantView,
        status=201,
    ),
    Endpoint(
        "POST",
        f"{_USER}/reset",
        _reset,
        ADMINS,
        "Let a window of a user's included credits begin anew before its time",
        TAG,
        body=NewReset,
        answer=ResetView,
    ),
)
