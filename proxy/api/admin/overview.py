"""`GET /api/admin/overview`: what the gateway does now, once, or every two seconds to whoever takes events; they end with the
session, the key or the gateway."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from starlette.responses import StreamingResponse

from proxy.api.admin.visiting import ADMINS, TAG
from proxy.api.admission import Admission
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.schemas import MomentMs, Told
from proxy.api.services import Services
from proxy.domain.errors import Refusal
from proxy.domain.glance import Totals
from proxy.domain.money import worth_nano_usd

TOLD_EVERY_S: Final = 2.0
# A gateway that stops is not kept waiting for whoever looks at it.
LOOKED_EVERY_S: Final = 0.25
# Whoever still looks after that asks again by itself.
TOLD_MAX: Final = 1_800
_CROWDED: Final = "Too many look at the overview as it runs. Ask without events."
_HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}


class Pace(Told):
    """What runs now, and what the last `seconds` came to: 60 at most, less where nobody looked before. Shares are of 1, null
    where there was nothing; `ttft_mean_ms` is of calls that ended with a first token."""

    at_ms: MomentMs
    live: int
    waiting: int
    seconds: float
    calls: int
    calls_per_s: float
    failed_share: float | None
    failover_share: float | None
    ttft_mean_ms: int | None
    tokens_per_s: float
    raw_cost_nano_usd: int
    earned_nano_usd: int
    margin_nano_usd: int


async def _overview(visit: Visit) -> Answer:
    if "text/event-stream" not in visit.request.headers.get("accept", ""):
        return _pace(visit.services)
    overlooks = visit.services.overlooks
    if not overlooks.take():
        return Refusal("concurrency_limit", _CROWDED, retry_after_s=10)

    async def told() -> AsyncIterator[bytes]:
        try:
            async for pace in _paces(visit):
                yield b"event: pace\ndata: " + pace.model_dump_json().encode() + b"\n\n"
        finally:
            overlooks.give_back()

    return StreamingResponse(told(), headers=_HEADERS, media_type="text/event-stream")


async def _paces(visit: Visit) -> AsyncIterator[Pace]:
    services, request = visit.services, visit.request
    client = request.client.host if request.client else ""
    for _ in range(TOLD_MAX):
        yield _pace(services)
        if not await _stays(visit):
            return
        # The key may have been revoked, or the session have ended, while nobody asked anything.
        admission = Admission(services, "GET", dict(request.headers.raw), client)
        if isinstance(await admission.admit(ADMINS), Refusal):
            return


async def _stays(visit: Visit) -> bool:
    """Waits for the next look; false once the gateway stops."""
    for _ in range(int(TOLD_EVERY_S / LOOKED_EVERY_S)):
        if not visit.services.is_ready():
            return False
        await asyncio.sleep(LOOKED_EVERY_S)
    return visit.services.is_ready()


def _pace(services: Services) -> Pace:
    now_ms, now = services.clock.now_ms(), services.glance()
    began_ms, first = services.overlooks.since((now_ms, now))
    done, seconds = now.totals.since(first.totals), max(0, now_ms - began_ms) / 1_000
    earned_nano_usd = worth_nano_usd(done.credits_milli, services.catalog.current().milli_credits_per_dollar)
    return Pace(
        at_ms=now_ms,
        live=now.live,
        waiting=now.waiting,
        seconds=seconds,
        calls=done.calls,
        calls_per_s=_each(done.calls, seconds),
        failed_share=_share(done.failed, done.calls),
        failover_share=_share(done.faults, done.attempts),
        ttft_mean_ms=_mean_ms(done),
        tokens_per_s=_each(done.tokens, seconds),
        raw_cost_nano_usd=done.raw_nano_usd,
        earned_nano_usd=earned_nano_usd,
        margin_nano_usd=earned_nano_usd - done.raw_nano_usd,
    )


def _each(count: int, seconds: float) -> float:
    return round(count / seconds, 3) if seconds else 0.0


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _mean_ms(done: Totals) -> int | None:
    return done.ttft_ms // done.heard if done.heard else None


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(
        "GET",
        "/api/admin/overview",
        _overview,
        ADMINS,
        "What the gateway does now; with `Accept: text/event-stream` as events `pace` that go on",
        TAG,
        answer=Pace,
    ),
)
