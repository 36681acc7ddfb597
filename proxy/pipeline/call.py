"""One call as far as its decision: an Order in, a Judged value or a recorded Refusal out; what is decided is handed to Run."""

from collections.abc import Awaitable, Callable
from typing import Final

from proxy.domain.account import Caller, barred, unenrollable
from proxy.domain.assistant import AUTO
from proxy.domain.call import Call
from proxy.domain.catalog import Model
from proxy.domain.chat import Chat
from proxy.domain.decision import Decision
from proxy.domain.errors import Refusal
from proxy.domain.journey import Journey, Thread
from proxy.domain.ledger import HoldTerms, IdempotencyKey, RecordCall
from proxy.domain.plan import effective
from proxy.domain.request import Request
from proxy.domain.standing import Standing
from proxy.domain.value import maker, replace
from proxy.pipeline import confirm, record
from proxy.pipeline.answers import Answers, Kept
from proxy.pipeline.asking import unavailable
from proxy.pipeline.exact import sized
from proxy.pipeline.look import Look
from proxy.pipeline.order import Judged, Marks, Order, Rooms
from proxy.pipeline.probe import probe
from proxy.pipeline.run import Run
from proxy.pipeline.second import SecondLooks
from proxy.pipeline.traffic import Traffic
from proxy.ports import Reply, StoreUnavailable
from proxy.stages import assistant, hold, idempotency, intake, policy, precheck, stay

_new_journey: Final = maker(Journey)
_new_judged: Final = maker(Judged)

_REFUSED: Final = "Too many refused calls. Mend the request, then try again."
_FORESEEN: Final = "Too many users of this app whom nobody knows ask for this at once. Those who have called before may."


class Pipeline:
    """`call` answers a call, `preview` only decides one, `probe` makes one of our own; all leave a record, whatever happens.
    `traffic` is what runs now."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self.traffic = Traffic(rooms)
        self._answers = Answers(rooms.knobs.answers)
        self._second = SecondLooks(rooms)
        precheck.prepare(rooms.catalog.current().rules)

    async def call(self, order: Order, reply: Reply) -> Refusal | None:
        """Speaks the answer through `reply`, or returns why there is none (nothing was sent then)."""
        marks = Marks(self._rooms.clock, order.started_ns)
        journey = await self._understood(order)
        if isinstance(journey, Refusal):
            return await self._unread(order, journey, marks)
        conversation_id = _conversation(journey.request)
        if journey.caller is not order.caller or conversation_id != order.conversation_id:
            order = replace(order, caller=journey.caller, conversation_id=conversation_id)
        earlier = None if order.idempotency is None else await self._earlier(order.idempotency, journey)
        if isinstance(earlier, Refusal):
            return await self._unread(order, earlier, marks)
        if earlier is not None:
            self._rooms.recorder.incident("answer_repeated")
            await earlier.speak(reply)
            return None
        objection = self._rooms.conduct.objection(journey.caller)
        if objection is not None:
            return await self._unread(order, objection, marks)
        judged = await self._judged(order, journey, marks, looks=True)
        if isinstance(judged, Refusal):
            return await self._unread(order, judged, marks)
        self._rooms.conduct.asked(journey, judged.decision, judged.ask.text_bytes)
        return await self._run(order, judged, marks, reply)

    async def refuse(self, order: Order, refusal: Refusal) -> Refusal:
        """Records a call that its surface could not bring into an Order's terms: it is a call all the same."""
        return await self._unread(order, refusal, Marks(self._rooms.clock, order.started_ns))

    async def preview(self, order: Order) -> Judged | Refusal:
        """Decides a chat call without making it, and records that it was asked (kind precheck)."""
        marks = Marks(self._rooms.clock, order.started_ns)
        asked = replace(order, kind="chat")
        journey = await self._understood(asked)
        if isinstance(journey, Refusal):
            return await self._unread(order, journey, marks)
        crowded = await self._crowded(journey.caller)
        if crowded is not None:
            return crowded
        judged = await self._judged(asked, journey, marks)
        if isinstance(judged, Refusal):
            return await self._unread(order, judged, marks)
        # What is told before is what it comes to: where a live call would be counted in the end, this one is at once.
        judged = await sized(judged, policy.uncounted(judged.ask, judged.journey.catalog), self._rooms.counter)
        call = record.previewed(record.begun(order, judged, marks), marks)
        refusal = await self._write(call)
        return refusal or judged

    async def probe(self, model: Model) -> Refusal | None:
        """Calls a model to hear whether it answers; the health board knows then."""
        return await probe(self._rooms, self.traffic, model)

    def _run(self, order: Order, judged: Judged, marks: Marks, reply: Reply) -> Awaitable[Refusal | None]:
        refusal = judged.decision.refusal
        if refusal is not None:
            return self._declined(order, judged, marks, refusal)
        if order.idempotency is None:
            return Run(self._rooms, order, judged, marks, reply, self.traffic).go()
        return self._recorded(order, judged, marks, reply)

    async def _declined(self, order: Order, judged: Judged, marks: Marks, refusal: Refusal) -> Refusal:
        call = record.refused(record.begun(order, judged, marks), refusal, [], marks)
        told = await self._turn_away(call, refusal, order.caller)
        try:
            # Before its caller knows the name that it confirms by.
            await confirm.note(self._rooms.confirmations, order.call_id, judged, told)
        except StoreUnavailable as error:
            return unavailable(error)
        return told

    async def _recorded(self, order: Order, judged: Judged, marks: Marks, reply: Reply) -> Refusal | None:
        with self._answers.recording(order.call_id, reply) as recorded:
            return await Run(self._rooms, order, judged, marks, recorded, self.traffic).go()

    async def _understood(self, order: Order) -> Journey | Refusal:
        """The body read, and who it acts for."""
        intake_limits, conversation_id = self._rooms.knobs.intake, order.conversation_id
        request = intake.understand(order.kind, order.body, intake_limits, conversation_id=conversation_id)
        if isinstance(request, Refusal):
            return request
        try:
            caller = await self._acting(order.caller, request, order.received_ms)
        except StoreUnavailable as error:
            return unavailable(error)
        if isinstance(caller, Refusal):
            return caller
        return _new_journey(
            call_id=order.call_id,
            request_id=order.request_id,
            kind=order.kind,
            received_ms=order.received_ms,
            started_ns=order.started_ns,
            caller=caller,
            request=request,
            catalog=self._rooms.catalog.current(),
            traceparent=order.traceparent,
        )

    async def _earlier(self, asked: IdempotencyKey, journey: Journey) -> Kept | Refusal | None:
        """What to say to a request whose idempotency key stands for a call already."""
        try:
            used = await self._rooms.books.used(journey.caller.user.id, asked)
        except StoreUnavailable as error:
            return unavailable(error)
        if used is None:
            return None
        kept = self._answers.get(used.call_id)
        # A call is over for its caller when its answer is, which may be before or after its hold is resolved.
        goes_on = kept is None and (used.running or self._answers.is_speaking(used.call_id))
        return idempotency.objection(replace(used, running=goes_on), asked) or kept or idempotency.gone(used)

    async def _judged(self, order: Order, journey: Journey, marks: Marks, looks: bool = False) -> Judged | Refusal:
        """Precheck, assistant, policy: the stages before any credit of the caller's moves. `looks`: a second net is asked, if
        there is one."""
        caller, request, catalog = journey.caller, journey.request, journey.catalog
        base = catalog.plans.get(caller.entitlement.plan_id)
        if base is None:
            return Refusal("model_not_in_plan", "Your plan is no longer offered. Ask for another plan.")
        plan = effective(base, caller.entitlement.overrides, order.received_ms)
        try:
            waits = request.options.confirm is not None
            confirmed = waits and await confirm.redeem(self._rooms.confirmations, request, caller, order.received_ms)
        except StoreUnavailable as error:
            return unavailable(error)
        ask = intake.ask(request, caller, order.kind, order.received_ms, confirmed=confirmed)
        since_ns = marks.add("intake", order.started_ns)
        verdict = precheck.check(request, catalog.rules)
        look = self._second.begin(journey, verdict) if looks else None
        if look is not None and look.waits:
            verdict = replace(verdict, second=await look.word())
        since_ns = marks.add("precheck", since_ns)
        try:
            conversation_id = _conversation(request)
            last = None if conversation_id is None else await self._last(journey, conversation_id)
            ask = stay.stay(ask, verdict, last)
            continued = last.assistant_id if last is not None and ask.sticky_model_id is not None else None
            advice = assistant.advise(request.asked, verdict, catalog, ask.plan_id, continued)
            handler = catalog.assistants.get(advice.assistant_id or "")
            terms = hold.on_budget(self._rooms.footing.terms(caller, plan), caller.user.id, handler)
            health = self._rooms.health.snapshot()
            standing, decision = await self._decided(
                journey, terms, lambda standing: policy.decide(ask, verdict, advice, standing, catalog, health)
            )
        except StoreUnavailable as error:
            return unavailable(error)
        judged = _new_judged(journey, ask, plan, terms, verdict, advice, standing, health, decision, _beside(look))
        in_doubt = policy.in_doubt(decision, ask, plan, catalog)
        if in_doubt:
            judged = await sized(judged, in_doubt, self._rooms.counter)
        marks.add("decision", since_ns)
        return judged

    async def _decided(
        self, journey: Journey, terms: HoldTerms, decide: Callable[[Standing], Decision]
    ) -> tuple[Standing, Decision]:
        """By what is remembered of the books, unless that takes anything from the call: then it is read, and decided by."""
        books, account_id = self._rooms.books, journey.caller.user.id
        remembered = books.recalled(account_id, terms)
        if remembered is not None:
            decision = decide(remembered)
            if not policy.lacks_credits(decision):
                return remembered, decision
        standing = await books.standing(account_id, terms)
        return standing, decide(standing)

    async def _last(self, journey: Journey, conversation_id: str) -> Thread | None:
        """Who answered the conversation last, where it is for us to choose who goes on with it."""
        name = journey.request.asked[0]
        if name != AUTO and name not in journey.catalog.assistants:
            return None
        last = await self._rooms.threads.thread(conversation_id, journey.caller.user.id)
        handler = journey.catalog.assistants.get((last and last.assistant_id) or "")
        return last if last is None or handler is None else replace(last, assistant_family=handler.family)

    async def _acting(self, caller: Caller, request: Request, now_ms: int) -> Caller | Refusal:
        """Whom the call is for, if it may be for them."""
        named = request.end_user
        # The end user whom the body names, where the app turned that on (contract 1).
        acting = caller if named is None or not caller.reads_body_user else await self._named(caller, named, now_ms)
        return acting if isinstance(acting, Refusal) else unenrollable(acting) or acting

    async def _named(self, caller: Caller, end_user: str, now_ms: int) -> Caller | Refusal:
        named = caller.user.external_id
        if named is not None and named != end_user:
            return Refusal("invalid_request", "The body and the X-Signalbox-User header name different users.", param="user")
        acting = await self._rooms.accounts.end_user(caller, end_user)
        return barred(acting, now_ms) or acting

    async def _unread(self, order: Order, refusal: Refusal, marks: Marks) -> Refusal:
        revision = self._rooms.catalog.current().revision
        return await self._turn_away(record.unread(order, revision, refusal, marks), refusal, order.caller)

    async def _turn_away(self, call: Call, refusal: Refusal, caller: Caller) -> Refusal:
        """Records a refused call; too many of them are counted but no longer written (contract 5)."""
        # Names are cheap to invent: all whom nobody knows yet count as one.
        answers_for = f"app:{call.app_id}" if caller.enrols else call.user_id
        quota = await self._rooms.limiter.take(f"refused:{answers_for}", self._rooms.knobs.refused_calls)
        if not quota.allowed:
            self._rooms.recorder.incident("refusal_unrecorded")
            return Refusal("rate_limit_exceeded", _REFUSED, retry_after_s=quota.reset_s)
        return await self._write(call) or refusal

    async def _crowded(self, caller: Caller) -> Refusal | None:
        """Why nothing is foreseen for a user whom nobody knows yet: it costs nothing, and names are cheap to invent, so all
        of an app's share one bound, as their refused calls do."""
        if not caller.enrols or caller.app is None:
            return None
        quota = await self._rooms.limiter.take(f"foreseen:app:{caller.app.id}", self._rooms.knobs.refused_calls)
        if quota.allowed:
            return None
        self._rooms.recorder.incident("preview_unrecorded")
        return Refusal("rate_limit_exceeded", _FORESEEN, retry_after_s=quota.reset_s)

    async def _write(self, call: Call) -> Refusal | None:
        try:
            await self._rooms.books.record(RecordCall(call))
        except StoreUnavailable as error:
            self._rooms.recorder.incident("record_failed")
            return unavailable(error)
        self._rooms.recorder.finished(call)
        return None


def _beside(look: Look | None) -> Look | None:
    return None if look is None or look.waits else look


def _conversation(request: Request) -> str | None:
    return request.conversation_id if isinstance(request, Chat) else None
