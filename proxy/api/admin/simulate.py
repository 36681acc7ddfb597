"""`POST /api/admin/simulate`: recorded calls of a period under other terms; who would have been refused or downgraded, what it
would have cost and earned. Changes nothing and calls nobody."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from proxy.api.admin.schemas import Simulation
from proxy.api.admin.visiting import ADMINS, TAG
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.period import period_of
from proxy.api.schemas import Credits, MomentMs, Told, credits_of
from proxy.domain.call import Call
from proxy.domain.catalog import Catalog
from proxy.domain.desk import HistoryQuery, RowChange
from proxy.domain.errors import Refusal
from proxy.domain.money import worth_nano_usd
from proxy.pipeline.replay import Bill, Fate, Replay, Replayed, Terms
from proxy.stages import policy

_PAGE: Final = 100


class BillTold(Told):
    """What one call came to; `model` is null where nobody answered, and `code` says why. `output_shortened`: the answer may
    not be as long as it was."""

    model: str | None
    code: str | None
    credits: Credits
    raw_cost_nano_usd: int

    @classmethod
    def of(cls, bill: Bill) -> "BillTold":
        return cls(
            model=bill.model_id,
            code=bill.code,
            credits=credits_of(bill.credits_milli),
            raw_cost_nano_usd=bill.raw_nano_usd,
        )


class CallChanged(Told):
    """`refused` or `admitted` where it was not before, `downgraded` to a cheaper model or `rerouted` to another, `shortened`
    by a lower bound on its answer, or `same` in all but its price."""

    call: str
    user_id: str
    fate: Fate
    was: BillTold
    would: BillTold


class Sums(Told):
    """`earned` is what the credits are sold for, at today's rate, and `margin` that less raw cost."""

    answered: int
    credits: Credits
    absorbed: Credits
    raw_cost_nano_usd: int
    earned_nano_usd: int
    margin_nano_usd: int


class Compared(Told):
    """`cost_unknown` counts calls that would only now be admitted: nobody knows their tokens, so they cost nothing here."""

    calls: int
    fates: dict[Fate, int]
    cost_unknown: int
    recorded: Sums
    simulated: Sums


class UserCompared(Compared):
    user_id: str


class SimulationReport(Told):
    """`stopped_at_ms` is the moment of the last call looked at when there are more (`stopped_after` its id), else null. Not
    replayed were `undecided` calls and those whose `catalog_gone`; `other_code` were decided by another revision of the
    decision code. `decided_alike` have the very decision they had. `changed` are all whose bill or fate would differ."""

    from_ms: MomentMs
    until_ms: MomentMs
    stopped_at_ms: MomentMs | None
    stopped_after: str | None
    undecided: int
    catalog_gone: int
    other_code: int
    decided_alike: int
    total: Compared
    users: list[UserCompared]
    changed: list[CallChanged]


async def _simulate(visit: Visit) -> Answer:
    body, services = visit.body_as(Simulation), visit.services
    period = period_of(body.since, body.until, services.clock.now_ms())
    if isinstance(period, Refusal):
        return period
    today = services.catalog.current()
    if body.plan_id is not None and body.plan_id not in today.plans:
        return Refusal("invalid_request", f"There is no plan {body.plan_id}.", param="plan_id")
    bench = _Bench(visit, body, _changes(body, today))
    try:
        await bench.check()
        stopped = await bench.run(HistoryQuery(period.from_ms, period.until_ms, body.user, limit=_PAGE))
    except ValueError as error:
        return Refusal("invalid_request", f"The catalog would not be sound with these changes. {error}", param="patches")
    rate = today.milli_credits_per_dollar
    return SimulationReport(
        from_ms=period.from_ms,
        until_ms=period.until_ms,
        stopped_at_ms=None if stopped is None else stopped.at_ms,
        stopped_after=None if stopped is None else stopped.id,
        undecided=bench.undecided,
        catalog_gone=bench.catalog_gone,
        other_code=sum(_decided_by_other_code(one) for one in bench.replayed),
        decided_alike=sum(one.decision == one.call.decision for one in bench.replayed),
        total=Compared(**_compared(bench.replayed, rate)),
        users=_by_user(bench.replayed, rate),
        changed=[_changed(one) for one in bench.replayed if one.fate != "same" or one.was != one.would],
    )


class _Bench:
    """One simulation while it runs: a page of calls at a time, in a thread, for other calls must not wait."""

    def __init__(self, visit: Visit, body: Simulation, changes: Sequence[RowChange]) -> None:
        self._services = visit.services
        self._body = body
        self._changes = changes
        self._replay = Replay(Terms(body.plan_id, body.multiplier))
        self._catalogs: dict[str, Catalog | None] = {}
        self.replayed: list[Replayed] = []
        self.undecided = 0
        self.catalog_gone = 0

    async def check(self) -> None:
        """Raises ValueError when today's catalog would not take the changes."""
        if self._changes:
            await self._services.desk.trial(self._changes)

    async def run(self, query: HistoryQuery) -> Call | None:
        """Replays the calls of `query`, page by page; the last one when there are more than may be replayed."""
        left, last = self._body.limit, None
        while left > 0:
            page = await self._services.register.history(_after(query, last, min(left, _PAGE)))
            if not page:
                return None
            pairs = [(call, await self._catalog(call)) for call in page]
            await asyncio.to_thread(self._take, pairs)
            left, last = left - len(page), page[-1]
        more = await self._services.register.history(_after(query, last, 1))
        return last if more else None

    def _take(self, pairs: Sequence[tuple[Call, Catalog | None]]) -> None:
        for call, catalog in pairs:
            replayed = None if catalog is None else self._replay.take(call, catalog)
            if replayed is not None:
                self.replayed.append(replayed)
            elif catalog is None:
                self.catalog_gone += 1
            else:
                self.undecided += 1

    async def _catalog(self, call: Call) -> Catalog | None:
        revision = call.catalog_revision if self._body.catalog == "recorded" else ""
        if revision not in self._catalogs:
            self._catalogs[revision] = await self._built(revision or None)
        return self._catalogs[revision]

    async def _built(self, revision: str | None) -> Catalog | None:
        services = self._services
        if self._changes:
            return await services.desk.trial(self._changes, revision)
        return services.catalog.current() if revision is None else await services.catalog.at(revision)


def _after(query: HistoryQuery, last: Call | None, limit: int) -> HistoryQuery:
    after = None if last is None else (last.at_ms, last.id)
    return HistoryQuery(query.from_ms, query.until_ms, query.user_id, after, limit)


def _changes(body: Simulation, today: Catalog) -> list[RowChange]:
    plans = today.plans if body.plan_id is None else (body.plan_id,)
    listed = [] if body.models is None else [RowChange("plan", plan_id, {"models": body.models}) for plan_id in plans]
    return [*listed, *(RowChange(patch.kind, patch.id, patch.fields, patch.new, patch.gone) for patch in body.patches)]


def _decided_by_other_code(one: Replayed) -> bool:
    return one.call.decision is not None and one.call.decision.revision != policy.REVISION


def _by_user(replayed: Iterable[Replayed], rate: int) -> list[UserCompared]:
    by_user: dict[str, list[Replayed]] = {}
    for one in replayed:
        by_user.setdefault(one.call.user_id, []).append(one)
    return [UserCompared(user_id=user_id, **_compared(calls, rate)) for user_id, calls in sorted(by_user.items())]


def _compared(replayed: Sequence[Replayed], rate: int) -> dict[str, object]:
    return {
        "calls": len(replayed),
        "fates": Counter(one.fate for one in replayed),
        "cost_unknown": sum(not one.cost_is_known for one in replayed),
        "recorded": _sums([one.was for one in replayed], rate),
        "simulated": _sums([one.would for one in replayed], rate),
    }


def _sums(bills: Sequence[Bill], rate: int) -> Sums:
    credits_milli = sum(bill.credits_milli for bill in bills)
    raw_nano_usd = sum(bill.raw_nano_usd for bill in bills)
    earned_nano_usd = worth_nano_usd(credits_milli, rate)
    return Sums(
        answered=sum(bill.model_id is not None for bill in bills),
        credits=credits_of(credits_milli),
        absorbed=credits_of(sum(bill.absorbed_milli for bill in bills)),
        raw_cost_nano_usd=raw_nano_usd,
        earned_nano_usd=earned_nano_usd,
        margin_nano_usd=earned_nano_usd - raw_nano_usd,
    )


def _changed(one: Replayed) -> CallChanged:
    return CallChanged(
        call=one.call.id,
        user_id=one.call.user_id,
        fate=one.fate,
        was=BillTold.of(one.was),
        would=BillTold.of(one.would),
    )


ENDPOINTS: Final = (
    Endpoint(
        "POST",
        "/api/admin/simulate",
        _simulate,
        ADMINS,
        "Replay recorded calls on other terms; changes nothing",
        TAG,
        body=Simulation,
        answer=SimulationReport,
    ),
)
