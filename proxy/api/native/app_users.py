"""`/api/app/users`: an app's own key makes its end users, puts them on plans that the app may give, tops them up from the app's
own credits and reads what they used; another app's users are not there."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.native.account import BucketTold, CapTold, WindowTold, buckets_told, caps_told, windows_told
from proxy.api.native.usage import UsageQueries, UsageReport, usage_of
from proxy.api.schemas import Credits, CreditsIn, Given, MomentMs, Name, Queries, Told, credits_of, milli_of
from proxy.api.terms import plan_in_force
from proxy.domain.account import App, KeyKind, User, unenrollable
from proxy.domain.desk import Change, Grant
from proxy.domain.errors import Refusal
from proxy.domain.ledger import Enrol, EnrolmentFull, HoldRefused, Transfer
from proxy.domain.plan import Entitlement, entitled_at, moved_to
from proxy.domain.standing import resets_at_ms
from proxy.domain.value import replace
from proxy.stages import hold

TAG: Final = "App users"
PAGE_MAX: Final = 200


class UsersQueries(Queries):
    external_id: Annotated[Name | None, Field(description="Only the user whom the app calls so.")] = None
    after: Annotated[Name | None, Field(description="`next_after` of the page before.")] = None
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX, description="Most users on the page.")] = 50


def _plain(name: str) -> str:
    if not name.isprintable() or name != name.strip():
        raise ValueError("must be printable, without space around it: it is what X-Signalbox-User says")
    return name


class UserGiven(Given):
    """`external_id` is what the app calls its user, as in X-Signalbox-User; the plan is the app's default one if left out."""

    external_id: Annotated[Name, AfterValidator(_plain)]
    name: Name | None = None
    plan_id: Name | None = None


class PlanGiven(Given):
    """`now`, or with the user's next month: what was spent stays spent either way."""

    plan_id: Name
    at: Literal["now", "next_month"] = "now"


class TopUpGiven(Given):
    """Taken from the app's own buckets of the same `family` (without one: from those bound to none). What it gives ends when
    its source does, or at `expires_at_ms` if that is sooner."""

    credits: CreditsIn
    reason: Name
    family: Name | None = None
    expires_at_ms: MomentMs | None = None


class NextPlanTold(Told):
    plan_id: str
    from_ms: MomentMs


class AppUser(Told):
    """`id` is the account's own, `external_id` the app's name for it."""

    id: str
    external_id: str | None
    name: str
    plan_id: str
    next_plan: NextPlanTold | None
    suspended: bool
    created_at_ms: MomentMs


class AppUserPage(Told):
    """By id; `next_after` is null on the last page."""

    data: list[AppUser]
    next_after: str | None


class AppUserStanding(Told):
    user: AppUser
    windows: list[WindowTold]
    buckets: list[BucketTold]
    caps: list[CapTold]


class TopUpTold(Told):
    """One part of a top-up: each source gives one of its own."""

    id: str
    credits: Credits
    family: str | None
    expires_at_ms: MomentMs | None


class TopUps(Told):
    data: list[TopUpTold]


async def list_users(visit: Visit) -> Answer:
    app, asked = _app(visit), visit.queries_as(UsersQueries)
    if isinstance(app, Refusal):
        return app
    if asked.external_id is not None:
        acting = await visit.services.accounts.end_user(visit.caller, asked.external_id)
        return AppUserPage(data=[] if acting.enrols else [_card(acting.user, acting.entitlement)], next_after=None)
    found = await visit.services.directory.users(app.id, asked.after, asked.limit + 1)
    page, more = found[: asked.limit], len(found) > asked.limit
    told = [_card(user, await _entitlement(visit, app, user)) for user in page]
    return AppUserPage(data=told, next_after=page[-1].id if more else None)


async def make_user(visit: Visit) -> Answer:
    app, given = _app(visit), visit.body_as(UserGiven)
    if isinstance(app, Refusal):
        return app
    acting = await visit.services.accounts.end_user(visit.caller, given.external_id)
    plan_id = given.plan_id or app.default_plan_id
    refusal = unenrollable(acting) or _unknown_plan(visit, app, plan_id)
    if refusal is not None:
        return refusal
    user = replace(acting.user, name=given.name or given.external_id)
    entitlement = replace(acting.entitlement, plan_id=plan_id)
    done = await visit.services.by_hand.enrol(Enrol(user, entitlement, app.enrols_daily_max, Change(visit.actor)))
    if isinstance(done, EnrolmentFull):
        return hold.day_is_full(visit.services.clock.now_ms())
    if not done.fresh:
        return Refusal("conflict", f"There is a user of this name already: {user.id}.", param="external_id")
    return _card(user, entitlement)


async def read_user(visit: Visit) -> Answer:
    found = await _end_user(visit)
    if isinstance(found, Refusal):
        return found
    return _card(found[1], await _entitlement(visit, *found))


async def give_plan(visit: Visit) -> Answer:
    found, given, services = await _end_user(visit), visit.body_as(PlanGiven), visit.services
    if isinstance(found, Refusal):
        return found
    app, user = found
    refusal = _unknown_plan(visit, app, given.plan_id)
    if refusal is not None:
        return refusal
    now_ms = services.clock.now_ms()
    from_ms = resets_at_ms("month", now_ms, user.anchor_day) if given.at == "next_month" else None
    had = await services.directory.entitlement(user.id)
    changed = moved_to(had or _default(app, user), given.plan_id, now_ms, from_ms)
    put = await services.directory.put_entitlement(changed, None if had is None else had.version, Change(visit.actor))
    return _card(user, put)


async def top_up(visit: Visit) -> Answer:
    found, given, services = await _end_user(visit), visit.body_as(TopUpGiven), visit.services
    if isinstance(found, Refusal):
        return found
    app, user = found
    now_ms = services.clock.now_ms()
    if given.expires_at_ms is not None and given.expires_at_ms <= now_ms:
        return Refusal("invalid_request", "expires_at_ms must lie in the future.", param="expires_at_ms")
    plan = plan_in_force(visit.caller, services.catalog.current(), now_ms)
    transfer = Transfer(
        id=f"top_{services.ids.call_id(now_ms).removeprefix('call_')}",
        giver_id=app.user_id,
        taker_id=user.id,
        terms=hold.account_terms(visit.caller.user, app, plan),
        amount_milli=milli_of(given.credits),
        family=given.family,
        expires_at_ms=given.expires_at_ms,
        change=Change(visit.actor, given.reason),
    )
    done = await services.by_hand.transfer(transfer)
    return _short(done) if isinstance(done, HoldRefused) else TopUps(data=[_top_up(grant) for grant in done.grants])


async def show_standing(visit: Visit) -> Answer:
    found, services = await _end_user(visit), visit.services
    if isinstance(found, Refusal):
        return found
    app, user = found
    entitlement = await _entitlement(visit, app, user)
    acting = replace(visit.caller, user=user, entitlement=entitlement)
    plan = plan_in_force(acting, services.catalog.current(), services.clock.now_ms())
    standing = await services.books.standing(user.id, hold.account_terms(user, app, plan))
    return AppUserStanding(
        user=_card(user, entitlement),
        windows=windows_told(standing),
        buckets=buckets_told(standing),
        caps=caps_told(standing),
    )


async def show_usage(visit: Visit) -> Answer:
    found = await _end_user(visit)
    return found if isinstance(found, Refusal) else await usage_of(visit, found[1].id)


def _app(visit: Visit) -> App | Refusal:
    """The app, when its key acts for the app itself."""
    app = visit.caller.app
    if app is not None and visit.caller.user.id == app.user_id:
        return app
    message = "Here the app acts for itself: leave X-Signalbox-User out and name the user in the address."
    return Refusal("invalid_request", message, param="X-Signalbox-User")


async def _end_user(visit: Visit) -> tuple[App, User] | Refusal:
    """The app and its end user in the address; whoever is not its own is not there."""
    app = _app(visit)
    if isinstance(app, Refusal):
        return app
    user = await visit.services.directory.user(visit.path("id"))
    if user is None or user.app_id != app.id:
        return Refusal("not_found", "The app has no user of this id.")
    return app, user


async def _entitlement(visit: Visit, app: App, user: User) -> Entitlement:
    found = await visit.services.directory.entitlement(user.id)
    return entitled_at(found or _default(app, user), visit.services.clock.now_ms())


def _default(app: App, user: User) -> Entitlement:
    return Entitlement(f"ent_{user.id}", user.id, app.default_plan_id)


def _unknown_plan(visit: Visit, app: App, plan_id: str) -> Refusal | None:
    if app.gives(plan_id) and plan_id in visit.services.catalog.current().plans:
        return None
    known = ", ".join(dict.fromkeys((app.default_plan_id, *app.plans)))
    return Refusal("invalid_request", f"This app may give its users these plans: {known}.", param="plan_id")


def _short(refused: HoldRefused) -> Refusal:
    if refused.code == "credits_on_hold":
        return Refusal(refused.code, "Running calls hold what is left of the app's own credits. Try again.", retry_after_s=1)
    message = "The app's own credits do not suffice: a top-up comes out of its buckets of the same family."
    return Refusal("insufficient_credits", message, param="credits", should_retry=False)


def _card(user: User, entitlement: Entitlement) -> AppUser:
    following = entitlement.next
    return AppUser(
        id=user.id,
        external_id=user.external_id,
        name=user.name,
        plan_id=entitlement.plan_id,
        next_plan=None if following is None else NextPlanTold(plan_id=following.plan_id, from_ms=following.from_ms),
        suspended=user.suspended,
        created_at_ms=user.created_at_ms,
    )


def _top_up(grant: Grant) -> TopUpTold:
    return TopUpTold(
        id=grant.id, credits=credits_of(grant.amount_milli), family=grant.family, expires_at_ms=grant.expires_at_ms
    )


_USERS: Final = "/api/app/users"
_USER: Final = "/api/app/users/{id}"
_APPS: Final[tuple[KeyKind, ...]] = ("app",)

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint("GET", _USERS, list_users, _APPS, "The app's end users", TAG, queries=UsersQueries, answer=AppUserPage),
    Endpoint("POST", _USERS, make_user, _APPS, "Makes an end user", TAG, body=UserGiven, answer=AppUser, status=201),
    Endpoint("GET", _USER, read_user, _APPS, "One end user and its plan", TAG, answer=AppUser),
    Endpoint("PUT", f"{_USER}/plan", give_plan, _APPS, "Gives one of the app's plans", TAG, body=PlanGiven, answer=AppUser),
    Endpoint("GET", f"{_USER}/standing", show_standing, _APPS, "What an end user has left", TAG, answer=AppUserStanding),
    Endpoint(
        "POST",
        f"{_USER}/topups",
        top_up,
        _APPS,
        "Gives an end user credits of the app's own",
        TAG,
        body=TopUpGiven,
        answer=TopUps,
        status=201,
    ),
    Endpoint(
        "GET",
        f"{_USER}/usage",
        show_usage,
        _APPS,
        "An end user's usage in groups",
        TAG,
        queries=UsageQueries,
        answer=UsageReport,
    ),
)
