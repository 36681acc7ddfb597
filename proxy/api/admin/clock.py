"""The clock that epochs are judged by, as an admin looks at it and says that it is right; sets none."""

from typing import Final

from proxy.api.admin.schemas import Reasoned
from proxy.api.admin.visiting import ADMINS, TAG, change_of
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.schemas import Told
from proxy.domain.clock import ClockState


class ClockView(Told):
    """`now_ms` is what the clock shows, `judged_by_ms` the moment that the books judge by. While it is `in_doubt` nothing is
    admitted: it jumped by `jump_ms` (below zero: back)."""

    now_ms: int
    judged_by_ms: int
    in_doubt: bool
    jump_ms: int | None

    @classmethod
    def of(cls, state: ClockState) -> "ClockView":
        return cls(
            now_ms=state.shown_ms,
            judged_by_ms=state.judged_by_ms,
            in_doubt=state.doubt is not None,
            jump_ms=None if state.doubt is None else state.doubt.jump_ms,
        )


async def _read(visit: Visit) -> Answer:
    return ClockView.of(await visit.services.timekeeping.state())


async def _confirm(visit: Visit) -> Answer:
    return ClockView.of(await visit.services.timekeeping.confirm(change_of(visit, visit.body_as(Reasoned))))


_PATH: Final = "/api/admin/clock"

ENDPOINTS: Final = (
    Endpoint("GET", _PATH, _read, ADMINS, "What the clock shows, and whether it is believed", TAG, answer=ClockView),
    Endpoint(
        "POST",
        _PATH,
        _confirm,
        ADMINS,
        "Say that the clock is right after it jumped, so that calls are admitted again",
        TAG,
        body=Reasoned,
        answer=ClockView,
    ),
)
