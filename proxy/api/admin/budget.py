"""How the books stand: the last check of the whole ledger, ceilings, open holds, what was absorbed and what was alerted of;
asks for a check and makes none."""

from typing import Annotated, Final

from pydantic import Field

from proxy.api.admin.queries import AlertQuery
from proxy.api.admin.schemas import Reasoned
from proxy.api.admin.visiting import ADMINS, TAG, change_of
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.schemas import Credits, MomentMs, Told, credits_of
from proxy.domain.alert import AlertKind
from proxy.domain.oversight import CheckState, LedgerCheck, OpenHold, OpenHolds
from proxy.domain.plan import Window
from proxy.domain.rollup import DAY_MS, TallyQuery
from proxy.domain.standing import CapStanding, resets_at_ms
from proxy.ports import Register

HOLDS_SHOWN: Final = 50
ABSORBED_DAYS: Final = 30
_CALENDAR_ANCHOR: Final = 1


class CheckView(Told):
    """`right`: every balance is the sum of its entries. `wrong`: in so many places they disagree, and `lines` tell of the
    first 100. `failed`: it could not be finished; the one line says why."""

    state: CheckState
    asked_at_ms: MomentMs
    asked_by: str
    began_at_ms: MomentMs | None
    ended_at_ms: MomentMs | None
    wrong: int
    lines: tuple[str, ...]

    @classmethod
    def of(cls, check: LedgerCheck) -> "CheckView":
        return cls(
            state=check.state,
            asked_at_ms=check.asked_at_ms,
            asked_by=check.asked_by,
            began_at_ms=check.began_at_ms,
            ended_at_ms=check.ended_at_ms,
            wrong=check.wrong,
            lines=check.lines,
        )


class CeilingView(Told):
    """Raw cost of a scope in a window, in nano-USD: never more than `limit_nano_usd` is spent and held together."""

    scope: str
    window: Window
    limit_nano_usd: int
    spent_nano_usd: int
    held_nano_usd: int
    resets_at_ms: MomentMs | None


class HoldView(Told):
    call: str
    user_id: str
    family: str
    credits: Credits
    raw_cost_nano_usd: int
    at_ms: MomentMs


class HoldsView(Told):
    """What live calls hold in all, and the oldest 50."""

    count: int
    credits: Credits
    raw_cost_nano_usd: int
    oldest: list[HoldView]


class AbsorbedView(Told):
    """What providers billed and nobody was charged for."""

    today: Credits
    days30: Credits


class BudgetView(Told):
    check: Annotated[CheckView | None, Field(description="The newest check of the ledger; null: nobody has asked for one.")]
    ceilings: list[CeilingView]
    holds: HoldsView
    absorbed: AbsorbedView


class AlertView(Told):
    id: str
    kind: AlertKind
    at_ms: MomentMs
    facts: dict[str, str | int | None]
    tries: int


class AlertPage(Told):
    """Newest first; `next_before` is null when the page is not full."""

    data: list[AlertView]
    next_before: str | None


async def _budget(visit: Visit) -> Answer:
    services, now_ms = visit.services, visit.services.clock.now_ms()
    check = await services.oversight.last_check()
    ceilings = await services.oversight.ceilings(services.catalog.current().ceilings)
    return BudgetView(
        check=None if check is None else CheckView.of(check),
        ceilings=[_ceiling(standing, now_ms) for standing in ceilings],
        holds=_holds(await services.oversight.holds(HOLDS_SHOWN)),
        absorbed=AbsorbedView(
            today=await _absorbed(services.register, now_ms, 1),
            days30=await _absorbed(services.register, now_ms, ABSORBED_DAYS),
        ),
    )


async def _verify(visit: Visit) -> Answer:
    return CheckView.of(await visit.services.oversight.ask_check(change_of(visit, visit.body_as(Reasoned))))


async def _alerts(visit: Visit) -> Answer:
    query = visit.queries_as(AlertQuery)
    found = await visit.services.oversight.alerts(query.before, query.limit)
    shown = [AlertView(id=a.id, kind=a.kind, at_ms=a.at_ms, facts=dict(a.facts), tries=a.tries) for a in found]
    return AlertPage(data=shown, next_before=found[-1].id if len(found) == query.limit else None)


async def _absorbed(register: Register, now_ms: int, days: int) -> str:
    found = await register.tallies(TallyQuery(now_ms - (days - 1) * DAY_MS, now_ms + 1, "all"))
    return credits_of(found[0].tally.absorbed_milli if found else 0)


def _ceiling(standing: CapStanding, now_ms: int) -> CeilingView:
    return CeilingView(
        scope=standing.scope,
        window=standing.window,
        limit_nano_usd=standing.limit,
        spent_nano_usd=standing.spent,
        held_nano_usd=standing.held,
        resets_at_ms=resets_at_ms(standing.window, now_ms, _CALENDAR_ANCHOR),
    )


def _holds(holds: OpenHolds) -> HoldsView:
    return HoldsView(
        count=holds.count,
        credits=credits_of(holds.milli),
        raw_cost_nano_usd=holds.raw_nano_usd,
        oldest=[_hold(hold) for hold in holds.oldest],
    )


def _hold(hold: OpenHold) -> HoldView:
    return HoldView(
        call=hold.id,
        user_id=hold.account_id,
        family=hold.family,
        credits=credits_of(hold.milli),
        raw_cost_nano_usd=hold.raw_nano_usd,
        at_ms=hold.at_ms,
    )


ENDPOINTS: Final = (
    Endpoint("GET", "/api/admin/budget", _budget, ADMINS, "How the books stand", TAG, answer=BudgetView),
    Endpoint(
        "POST",
        "/api/admin/budget/verify",
        _verify,
        ADMINS,
        "Ask for a check of the whole ledger, made in the background",
        TAG,
        body=Reasoned,
        answer=CheckView,
        status=202,
    ),
    Endpoint("GET", "/api/admin/alerts", _alerts, ADMINS, "What was alerted of", TAG, queries=AlertQuery, answer=AlertPage),
)
