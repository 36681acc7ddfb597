"""How models fared over the last day, half hour by half hour, and each turn of a breaker, of all processes;
measures nothing."""

from collections import defaultdict
from typing import Annotated, Final, Literal

from pydantic import Field

from proxy.api.admin.queries import TurnQuery
from proxy.api.admin.visiting import ADMINS, TAG
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.schemas import MomentMs, Told
from proxy.domain.health import Phase, Trouble
from proxy.domain.oversight import SLOT_MS, PhaseChange, Slot
from proxy.domain.rollup import DAY_MS

SLOTS: Final = DAY_MS // SLOT_MS


class StripView(Told):
    """A model's attempts in each half hour from `from_ms` on, and how many of them failed."""

    model: str
    provider: str
    attempts: list[int]
    faults: list[int]


class TurnView(Told):
    """A breaker went into another phase, as one process saw it."""

    at_ms: MomentMs
    kind: Literal["model", "provider"]
    id: str
    phase: Phase
    why: Trouble | None


class HealthHistory(Told):
    """Of models that were tried in the last day. `turns` are the newest first, kept for 30 days; `next_before` is null when the
    page is not full."""

    from_ms: MomentMs
    slot_ms: Annotated[int, Field(description="How long each part of a strip is.")]
    strips: list[StripView]
    turns: list[TurnView]
    next_before: str | None


async def _history(visit: Visit) -> Answer:
    query, chronicle = visit.queries_as(TurnQuery), visit.services.chronicle
    from_ms = (visit.services.clock.now_ms() // SLOT_MS - SLOTS + 1) * SLOT_MS
    turns = await chronicle.changes(query.before, query.limit)
    return HealthHistory(
        from_ms=from_ms,
        slot_ms=SLOT_MS,
        strips=_strips(await chronicle.slots(from_ms), from_ms),
        turns=[_turn(change) for change in turns],
        next_before=turns[-1].id if len(turns) == query.limit else None,
    )


def _strips(slots: list[Slot], from_ms: int) -> list[StripView]:
    found: defaultdict[tuple[str, str], dict[int, Slot]] = defaultdict(dict)
    for slot in slots:
        found[slot.provider_id, slot.model_id][(slot.slot_ms - from_ms) // SLOT_MS] = slot
    return [
        StripView(
            model=model,
            provider=provider,
            attempts=[places[n].attempts if n in places else 0 for n in range(SLOTS)],
            faults=[places[n].faults if n in places else 0 for n in range(SLOTS)],
        )
        for (provider, model), places in sorted(found.items())
    ]


def _turn(change: PhaseChange) -> TurnView:
    return TurnView(at_ms=change.at_ms, kind=change.kind, id=change.object_id, phase=change.phase, why=change.why)


ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/admin/health/history",
        _history,
        ADMINS,
        "How models fared over the last day, and each turn of a breaker",
        TAG,
        queries=TurnQuery,
        answer=HealthHistory,
    ),
)
