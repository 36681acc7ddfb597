"""A decided call while it runs: hold, attempts along the chain, settlement, the end of the answer; drives the failover
machine and never decides in its place."""

import asyncio
from typing import Final

from proxy.domain.call import Attempt as AttemptRow
from proxy.domain.call import Call
from proxy.domain.decision import Candidate
from proxy.domain.errors import Refusal
from proxy.domain.health import Permit
from proxy.domain.ledger import RecordCall
from proxy.domain.value import replace
from proxy.pipeline import ending, record
from proxy.pipeline.anew import terms_now
from proxy.pipeline.asking import unavailable
from proxy.pipeline.attempt import Attempt
from proxy.pipeline.beside import Beside
from proxy.pipeline.cover import Claim, Cover
from proxy.pipeline.exact import in_same_order, sized, uncounted
from proxy.pipeline.headers import call_headers
from proxy.pipeline.order import Judged, Marks, Order, Outcome, Rooms
from proxy.pipeline.traffic import Traffic
from proxy.pipeline.watched import Watched
from proxy.pipeline.writers import Part, Writers
from proxy.ports import Reply, StoreUnavailable
from proxy.stages import failover, policy, unpaid
from proxy.stages.failover import Bounds, Chances, Step, Stop, Try
from proxy.stages.ledger.bill import as_booked
from proxy.stages.rescue import NoRescue

# Nobody hears it; the record says how far the call had come.
_LEFT: Final = Refusal("no_model_available", "The caller left before a model had answered.")
_SHUTTING_DOWN: Final = Refusal("shutting_down", "The gateway stopped before this answer was complete.")


class Run:
    """`go` once. Whatever happens in it, a hold that was taken is settled exactly once."""

    def __init__(self, rooms: Rooms, order: Order, judged: Judged, marks: Marks, reply: Reply, traffic: Traffic) -> None:
        self._rooms = rooms
        self._judged = judged
        self._marks = marks
        self._reply = reply
        self._traffic = traffic
        self._order = order
        self._call = record.begun(order, judged, marks)
        self._voice = order.voice(judged.journey.request)
        self._cover = self._new_cover()
        self._beside = Beside(rooms, judged, self.stop)
        self._hold_wait_ms = rooms.knobs.waiting.wait_ms
        self._attempts: list[AttemptRow] = []
        self._writers = Writers(marks)
        self._running: tuple[Part, Attempt, Try] | None = None
        self._decided_again = False
        self._may_count = True
        self._resolved = False
        self._task: asyncio.Task[object] | None = None
        self._stopped: Refusal | None = None

    async def go(self) -> Refusal | None:
        """The answer leaves through the reply; a refusal is returned when nothing was sent yet."""
        self._task = asyncio.current_task()
        with self._traffic.running(self, self._judged.journey.request.stream):
            self._rooms.recorder.began()
            self._promise_head()
            try:
                found = await self._along_the_chain()
                if isinstance(found, Refusal):
                    found = self._writers.unrescued(self._reply.gone) or found
                if isinstance(found, Refusal):
                    return await self._give_up(found)
                await self._finish(found)
                return None
            except asyncio.CancelledError:
                if self._task is None or self._stopped is None:
                    raise
                self._task.uncancel()
                return None if self._reply.started else self._stopped
            finally:
                if self._cover.stands and not self._resolved:
                    await asyncio.shield(self._abandon())

    def stop(self, why: Refusal) -> bool:
        """Ends the call from outside, unless it holds nothing or is ending by itself."""
        if self._task is None or self._stopped is not None or self._resolved or not self._cover.stands:
            return False
        self._stopped = why
        return self._task.cancel()

    def _promise_head(self) -> None:
        journey = self._judged.journey
        if journey.request.stream:
            content_type = (b"content-type", self._voice.content_type_stream)
            headers = [content_type, *call_headers(journey.call_id)]
            self._reply.open_by(self._rooms.knobs.commit_wait_ms, headers)

    async def _along_the_chain(self) -> Outcome | Refusal:
        step: Step = Try(0)
        fallen: Refusal | None = None
        while isinstance(step, Try):
            if step.wait_ms:
                await self._wait(step.wait_ms)
            part = self._writers.part(self._judged, step.position)
            if isinstance(part, NoRescue):
                step = failover.pass_over(step, self._bounds())
                continue
            # The same model again is covered already, unless its last try was billed.
            covered = step.retry and not self._attempts[-1].raw_nano_usd
            short = None if covered else await self._take_cover(part)
            if self._beside.objection is not None or self._reply.gone:
                return self._beside.objection or short or _LEFT
            if short is not None:
                again = await self._sized_anew(part.candidate, short, step) or self._decided_once_more(short)
                step = again or failover.skip(step, self._bounds(), short, fallen)
                continue
            permit = self._rooms.health.admit(part.candidate.model_id, part.candidate.provider_id)
            if permit is None:
                step = failover.pass_over(step, self._bounds(), fallen or failover.BARRED)
                continue
            outcome = await self._attempt(part, step, permit)
            if outcome.ending not in ("failed", "broken") or outcome.fault is None:
                return outcome
            if self._reply.gone:
                return _LEFT
            self._cover.billed_nano_usd = sum(attempt.raw_nano_usd for attempt in self._attempts)
            fallen = failover.give_up(outcome.fault)
            step = self._writers.after(outcome.fault, step, self._bounds(), self._chances(part.candidate))
        return step.refusal

    async def _wait(self, wait_ms: int) -> None:
        with self._traffic.retry():
            await self._reply.pause(wait_ms)

    async def _take_cover(self, part: Part) -> Refusal | None:
        candidate = part.candidate
        since_ns = self._marks.now_ns()
        wait_ms = min(self._hold_wait_ms, self._judged.journey.left_ms(since_ns))
        if self._may_count and uncounted(self._judged, candidate):
            # Its exact size may fit where this one does not; until that is known, there is nothing to wait for.
            wait_ms = 0
        short = await self._cover.take(candidate, part.tab, wait_ms, self._reply)
        # One patience for the whole call, however many candidates it has.
        self._hold_wait_ms -= (self._marks.add("hold", since_ns, candidate.model_id) - since_ns) // 1_000_000
        if short is not None:
            self._rooms.recorder.incident("hold_refused", code=short.code)
        return short

    async def _sized_anew(self, candidate: Candidate, short: Refusal, step: Try) -> Step | None:
        """A hold by bytes was refused for want of credits: the call is decided again by its exact size, where there is one
        (contract 5: no false refusal). Once candidates were called, only if they keep their order."""
        seen, vocabularies = self._cover.standing, uncounted(self._judged, candidate)
        if not (self._may_count and vocabularies and failover.may_be_cheaper(short) and seen is not None):
            return None
        called = self._cover.stands
        judged = self._judged if called else replace(self._judged, standing=seen)
        since_ns = self._marks.now_ns()
        counted = await sized(judged, vocabularies, self._rooms.counter)
        self._marks.add("decision", since_ns)
        self._may_count = counted is not judged
        if not self._may_count:
            # By bytes then, and with all its patience.
            return step
        if called and not in_same_order(counted, judged):
            return None
        self._adopt(counted)
        return step if called else _from_the_start(counted)

    def _decided_once_more(self, short: Refusal) -> Step | None:
        """Standing was advice and the books knew better: decide again, once, with what they saw (contract 4). A call that
        waited was sized a while ago, so it may each time, as long as that changes anything."""
        seen = self._cover.standing
        if short.code != "insufficient_credits" or self._cover.stands or seen is None:
            return None
        if self._decided_again and not self._cover.waited:
            return None
        judged = self._judged
        catalog = judged.journey.catalog
        decision = policy.decide(judged.ask, judged.verdict, judged.advice, seen, catalog, judged.health)
        if self._decided_again and decision == judged.decision:
            return None
        self._decided_again = True
        self._adopt(replace(judged, standing=seen, decision=decision))
        return _from_the_start(self._judged)

    def _adopt(self, judged: Judged) -> None:
        self._judged = judged
        self._call = record.begun(self._order, judged, self._marks)
        if not self._cover.stands:
            self._cover = self._new_cover()

    async def _attempt(self, part: Part, step: Try, permit: Permit) -> Outcome:
        since_ns, candidate = self._marks.now_ns(), part.candidate
        account = None if self._order.kind == "probe" else self._order.caller.user.id
        watched = Watched(self._rooms, permit, since_ns, account)
        attempt = Attempt(self._rooms, part, self._voice, self._reply, watched)
        self._running = (part, attempt, step)
        with watched:
            outcome = await attempt.run(self._cover, step.attempt)
            watched.ended(outcome, self._judged.journey.request.stream)
        self._running = None
        self._marks.add("attempt", since_ns, candidate.model_id)
        if outcome.first_byte_ns is not None:
            self._marks.moment("first_byte", outcome.first_byte_ns, candidate.model_id)
        self._note(part, outcome, step)
        return outcome

    def _note(self, part: Part, outcome: Outcome, step: Try) -> None:
        self._attempts.append(record.attempt(self._judged, part.candidate, outcome, step.attempt, part.tab))
        self._writers.note(self._judged, part.candidate, outcome)

    async def _finish(self, outcome: Outcome) -> None:
        """Settles, then ends the answer: what the caller is told it cost is what the books say."""
        outcome = self._writers.together(outcome)
        self._marks.moment("settle", self._marks.now_ns())
        call = await self._settle(record.ended(self._call, outcome, self._attempts, self._marks))
        receipt = record.receipt(self._judged, call, outcome)
        await ending.end(self._reply, self._voice, self._judged, outcome, receipt)

    async def _give_up(self, refusal: Refusal) -> Refusal | None:
        """Nobody answered: at most the input is charged, and an open stream hears the refusal as its error event."""
        if self._cover.stands:
            self._marks.moment("settle", self._marks.now_ns())
        call = record.refused(self._call, refusal, self._attempts, self._marks)
        if self._reply.gone:
            call = replace(call, status="left")
        if self._cover.stands:
            call = await self._settle(call, in_vain=True)
            refusal = unpaid.told(refusal, call)
        else:
            refusal = await self._record(call) or refusal
        if self._reply.started:
            await self._reply.end(self._voice.error(refusal))
            return None
        return refusal

    async def _abandon(self) -> None:
        """The process is stopping, or we have a defect: what was delivered is charged, the rest is given back."""
        self._marks.moment("settle", self._marks.now_ns())
        stopped = self._stopped or _SHUTTING_DOWN
        outcome = self._writers.unrescued(left=False)
        if self._running is not None:
            part, attempt, step = self._running
            outcome = await attempt.interrupted()
            self._note(part, outcome, step)
        if outcome is None:
            await self._settle(record.refused(self._call, stopped, self._attempts, self._marks))
        else:
            outcome = replace(self._writers.together(outcome), refusal=stopped)
            await self._settle(record.ended(self._call, outcome, self._attempts, self._marks))
        if self._reply.started and not self._reply.gone:
            await self._reply.end(self._voice.error(stopped))

    async def _settle(self, call: Call, in_vain: bool = False) -> Call:
        self._resolved = True
        cover, noted = self._cover, self._beside.noted(call)
        settlement = record.settlement(self._order, self._judged, noted, cover.held_milli, cover.terms, in_vain)
        call = settlement.call
        try:
            with self._traffic.settling():
                settled = await cover.settle(settlement)
            # What the caller is told it cost is what the books say.
            call = as_booked(settlement, settled)
            if settled.late:
                self._rooms.recorder.incident("adjusted")
        except (TimeoutError, StoreUnavailable):
            # The writer keeps the settlement and tries again; the caller need not wait for an outage to end.
            self._rooms.recorder.incident("settle_late")
        self._rooms.recorder.finished(replace(call, timeline=self._marks.lasted(call.timeline)))
        self._rooms.conduct.paid(call)
        return call

    async def _record(self, call: Call) -> Refusal | None:
        try:
            await self._rooms.books.record(RecordCall(self._beside.noted(call)))
        except StoreUnavailable as error:
            return unavailable(error)
        self._rooms.recorder.finished(call)
        return None

    def _new_cover(self) -> Cover:
        # A call ends by its deadline; what is left then is the time its settlement may take.
        lease_ms = self._judged.journey.catalog.policy.deadline_ms + self._rooms.knobs.lease_ms
        # A run that its own cover led back to would be left to the collector, with all that the call was.
        judged, rooms = self._judged, self._rooms
        claim = Claim(self._call, lease_ms, self._order.idempotency, lambda: terms_now(rooms, judged), rooms.footing)
        return Cover(rooms.books, self._traffic.waiting, self._traffic.rounds, judged, claim)

    def _bounds(self) -> Bounds:
        return failover.bounds(self._judged.decision, self._judged.journey.catalog)

    def _chances(self, candidate: Candidate) -> Chances:
        left_ms = self._judged.journey.left_ms(self._rooms.clock.monotonic_ns())
        is_shut = self._rooms.health.snapshot().shuts(candidate.model_id, candidate.provider_id)
        return Chances(left_ms, self._traffic.allows_retry() and not is_shut, self._rooms.ids.jitter())


def _from_the_start(judged: Judged) -> Step:
    return Try(0) if judged.decision.refusal is None else Stop(judged.decision.refusal)
