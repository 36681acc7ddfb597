"""A call of our own to one model, to hear whether it answers: the smallest there is, by the same way as any call, charged to
nobody, held under the operator's ceilings and recorded as a probe; chooses no model."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import orjson

from proxy.domain.account import Caller, Key, User
from proxy.domain.call import NOBODY
from proxy.domain.catalog import Model
from proxy.domain.decision import Health
from proxy.domain.errors import Refusal
from proxy.domain.journey import Journey
from proxy.domain.plan import Entitlement, Plan
from proxy.domain.standing import Standing
from proxy.domain.value import replace
from proxy.domain.verdict import Advice
from proxy.pipeline.order import Judged, Marks, Order, Rooms
from proxy.pipeline.run import Run
from proxy.pipeline.traffic import Traffic
from proxy.stages import hold, intake, policy, precheck
from proxy.stages.health.probing import output_tokens
from proxy.stages.stream.openai import OpenAIVoice

DEADLINE_MS: Final = 60_000
_KEY: Final = Key(NOBODY, "admin", b"", None, None, NOBODY, (NOBODY,), 0)
_CALLER: Final = Caller(_KEY, User(NOBODY, NOBODY, 0), Entitlement(NOBODY, NOBODY, NOBODY))


async def probe(rooms: Rooms, traffic: Traffic, model: Model) -> Refusal | None:
    """Calls the model once, with no second try and no other candidate. What it taught is on the health board; the refusal says
    why it was not called, or in which way it failed."""
    now_ms, started_ns = rooms.clock.now_ms(), rooms.clock.monotonic_ns()
    order = Order(
        call_id=rooms.ids.call_id(now_ms),
        request_id=rooms.ids.request_id(),
        kind="probe",
        caller=_CALLER,
        body=_body(model),
        received_ms=now_ms,
        started_ns=started_ns,
        voice=lambda chat: OpenAIVoice(NOBODY, 0, chat.include_usage),
    )
    judged = _judged(rooms, order, model)
    if isinstance(judged, Refusal):
        return judged
    return await Run(rooms, order, judged, Marks(rooms.clock, started_ns), _Silent(), traffic).go()


def _body(model: Model) -> bytes:
    asked = {"role": "user", "content": "Answer with OK."}
    return orjson.dumps({"model": model.id, "messages": [asked], "max_tokens": output_tokens(model), "stream": True})


def _judged(rooms: Rooms, order: Order, model: Model) -> Judged | Refusal:
    chat = intake.parse(order.body, rooms.knobs.intake)
    if isinstance(chat, Refusal):
        return chat
    catalog = rooms.catalog.current()
    plan = Plan(NOBODY, NOBODY, allowances=(), models=(model.id,), multiplier_ppm=0)
    # The same catalog, but for terms that nobody bought: one try, and nothing to pay.
    table = replace(catalog.policy, attempts_max=1, deadline_ms=min(DEADLINE_MS, catalog.policy.deadline_ms), actions={})
    catalog = replace(catalog, plans={NOBODY: plan}, policy=table)
    journey = Journey(
        order.call_id, order.request_id, order.kind, order.received_ms, order.started_ns, order.caller, chat, catalog
    )
    ask = intake.ask(chat, order.caller, "chat", order.received_ms)
    verdict, advice = precheck.check(chat, catalog.rules), Advice(None, "none")
    standing = Standing(NOBODY, order.received_ms, (), (), ())
    # What is known of its health must not keep the probe away: it is there to know better.
    decision = policy.decide(ask, verdict, advice, standing, catalog, Health())
    if decision.refusal is not None:
        return decision.refusal
    return Judged(journey, ask, plan, hold.terms(order.caller, plan), verdict, advice, standing, Health(), decision)


class _Silent:
    """Implements Reply for a call that nobody waits for."""

    gone = False
    started = False

    async def start(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        return

    async def write(self, data: bytes) -> None:
        return

    def write_now(self, data: bytes) -> bool:
        return True

    async def end(self, data: bytes = b"") -> None:
        return

    def open_by(self, after_ms: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        return

    def on_leave(self, callback: Callable[[], None] | None) -> None:
        return

    async def pause(self, ms: int) -> None:
        await asyncio.sleep(ms / 1_000)
