"""A second look at prompts that precheck found sensitive: the operator's moderation model is asked within a time of its own,
held under the operator's ceilings and recorded as a call of ours; what is done with its word is for policy to say."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from proxy.domain.call import NOBODY, Attempt, Call
from proxy.domain.catalog import Model, Provider, Timeouts
from proxy.domain.errors import Fault
from proxy.domain.health import Tried
from proxy.domain.journey import Journey
from proxy.domain.ledger import Held, HoldRequest, HoldTerms, Settlement
from proxy.domain.money import raw_cost_nano_usd, worst_raw_nano_usd
from proxy.domain.policy import SecondNet
from proxy.domain.usage import Usage
from proxy.domain.value import dataclass, replace
from proxy.domain.verdict import SecondWord, Verdict
from proxy.pipeline import record
from proxy.pipeline.look import Look
from proxy.pipeline.order import Rooms
from proxy.pipeline.written import request_to
from proxy.ports import StoreUnavailable, UpstreamError
from proxy.stages import hold
from proxy.stages.meter import estimated_tokens
from proxy.stages.precheck.reading import human_texts
from proxy.stages.provider.headers import accepted
from proxy.stages.provider.moderations import PATH, Opinion, body_of, read_opinion

# More at once would be a flood that the moderation model could not take either; the first verdict stands for them.
LOOKS_MAX: Final = 256
ANSWER_BYTES_MAX: Final = 256 * 1024
# Head and tail of each turn, as precheck reads them.
TEXT_CHARS_MAX: Final = 4_000
_READ_ALL_THE_SAME: Final = ("total_timeout", "first_byte_timeout", "idle_timeout", "reset")
_TERMS: Final = HoldTerms((), (), (), 1)

Tell = Callable[[Opinion | Fault | None], None]


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked, of whom, and within which time."""

    call_id: str
    journey: Journey
    model: Model
    provider: Provider
    texts: tuple[str, ...]
    net: SecondNet
    began_ms: int

    def word(self, came: Opinion | Fault | None) -> SecondWord:
        """What was answered, as it is recorded; None: nobody was asked."""
        waits, call_id = self.net.waits, None if came is None else self.call_id
        if not isinstance(came, Opinion):
            return SecondWord(self.model.id, "failed", call_id=call_id, in_time=waits)
        return SecondWord(self.model.id, "flagged" if came.flagged else "cleared", came.categories, call_id, in_time=waits)

    @property
    def text_bytes(self) -> int:
        return sum(len(text.encode("utf-8", "replace")) for text in self.texts)


class SecondLooks:
    """Asks, in tasks of its own, so that whoever asked may leave: each is settled whatever happens to the call it is about."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._looks: set[asyncio.Task[None]] = set()

    def begin(self, journey: Journey, verdict: Verdict) -> Look | None:
        """Asks about a sensitive prompt, if the operator wants that."""
        net = journey.catalog.policy.second_net
        model = None if net is None else journey.catalog.models.get(net.model_id)
        if net is None or model is None or verdict.risk != "sensitive":
            return None
        texts = _texts(journey.request.messages)
        if not texts:
            return None
        answer: asyncio.Future[SecondWord] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._answered(self._question(journey, net, model, texts), answer))
        self._looks.add(task)
        task.add_done_callback(self._looks.discard)
        return Look(answer, net.waits)

    def _question(self, journey: Journey, net: SecondNet, model: Model, texts: tuple[str, ...]) -> _Question:
        now_ms = self._rooms.clock.now_ms()
        provider = journey.catalog.providers[model.provider_id]
        return _Question(self._rooms.ids.call_id(now_ms), journey, model, provider, texts, net, now_ms)

    async def _answered(self, question: _Question, answer: asyncio.Future[SecondWord]) -> None:
        """The word is given before the books are told, which may take as long as an outage."""

        def tell(came: Opinion | Fault | None) -> None:
            if not isinstance(came, Opinion):
                self._rooms.recorder.incident("second_net_failed", code="unasked" if came is None else came.kind)
            answer.set_result(question.word(came))

        try:
            if len(self._looks) <= LOOKS_MAX:
                await self._permitted(question, tell)
        except StoreUnavailable:
            self._rooms.recorder.incident("record_failed")
        finally:
            if not answer.done():
                tell(None)

    async def _permitted(self, question: _Question, tell: Tell) -> None:
        """Nothing is told where nobody is asked: for want of a key, or while its breaker is open."""
        provider, model = question.provider, question.model
        lacks_key = provider.key_variable is not None and provider.id not in self._rooms.provider_keys
        permit = None if lacks_key else self._rooms.health.admit(model.id, provider.id)
        if permit is None:
            return
        tried: Tried | None = None
        try:
            came = await self._asked(question, tell)
            tried = None if came is None else Tried(came if isinstance(came, Fault) else None)
        finally:
            self._rooms.health.ended(permit, tried)

    async def _asked(self, question: _Question, tell: Tell) -> Opinion | Fault | None:
        """Money is touched twice, as for any call: nobody is charged, but the ceilings hold and count it. None: they refuse."""
        nothing_yet = _call(question, _attempt(question, Fault("deadline"), 0, None))
        began = replace(nothing_yet, status="running", http_status=0, code=None, attempts=())
        if not isinstance(await self._rooms.books.hold(_request(question, began, self._rooms)), Held):
            return None
        status, came = await self._within_limit(question)
        tell(came)
        call = _call(question, _attempt(question, came, self._rooms.clock.now_ms(), status))
        await self._rooms.books.settle(Settlement(question.call_id, 0, call.raw_nano_usd, call))
        self._rooms.recorder.finished(call)
        return came

    async def _within_limit(self, question: _Question) -> tuple[int | None, Opinion | Fault]:
        try:
            async with asyncio.timeout(question.net.limit_ms / 1_000):
                return await self._said(question)
        except TimeoutError:
            return None, Fault("total_timeout")
        except UpstreamError as error:
            return None, error.fault

    async def _said(self, question: _Question) -> tuple[int, Opinion | Fault]:
        limit_ms = question.net.limit_ms
        timeouts = Timeouts(min(limit_ms, question.model.timeouts.connect_ms), limit_ms, limit_ms, limit_ms, limit_ms)
        body = body_of(question.model.upstream_name, question.texts)
        asked = request_to(self._rooms, question.provider, (PATH, accepted(stream=False), body), timeouts)
        exchange = await self._rooms.upstream.open(asked)
        try:
            heard = b""
            while data := await exchange.next_bytes():
                heard += data
                if len(heard) > ANSWER_BYTES_MAX:
                    return exchange.status, Fault("garbled", status=exchange.status)
        finally:
            await exchange.close()
        if exchange.status != 200:
            return exchange.status, self._rooms.dialects["openai"].classify(exchange.status, exchange.headers, heard)
        return exchange.status, read_opinion(len(question.texts), heard)


def _texts(messages: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What the human said last and up to two turns before, in their order, each by head and tail."""
    half = TEXT_CHARS_MAX // 2
    said = [turn.text for turn in reversed(human_texts(messages)) if turn.text.strip()]
    return tuple(text if len(text) <= TEXT_CHARS_MAX else f"{text[:half]}\n{text[-half:]}" for text in said)


def _request(question: _Question, began: Call, rooms: Rooms) -> HoldRequest:
    model, journey = question.model, question.journey
    tokens_max = int(question.text_bytes * model.tokens_per_byte_max) + 1
    return HoldRequest(
        hold_id=question.call_id,
        account_id=NOBODY,
        family=model.family,
        amount_milli=0,
        raw_nano_usd=worst_raw_nano_usd(model.tiers, tokens_max, 0),
        terms=hold.under_ceilings(_TERMS, journey.catalog.ceilings, model.provider_id, journey.caller.app),
        scopes=(),
        lease_ms=question.net.limit_ms + rooms.knobs.lease_ms,
        began=began,
    )


def _used(question: _Question, came: Opinion | Fault) -> Usage | None:
    """What nobody reported is estimated; who fell silent on us may have read it all the same."""
    if isinstance(came, Fault):
        return _estimated(question) if came.kind in _READ_ALL_THE_SAME else None
    return came.usage or _estimated(question)


def _estimated(question: _Question) -> Usage:
    return Usage(input=estimated_tokens(question.text_bytes), source="estimated")


def _attempt(question: _Question, came: Opinion | Fault, ended_ms: int, status: int | None) -> Attempt:
    model = question.model
    fault = came if isinstance(came, Fault) else None
    usage = _used(question, came)
    return Attempt(
        number=1,
        model_id=model.id,
        provider_id=model.provider_id,
        family=model.family,
        started_ms=question.began_ms,
        first_byte_ms=None,
        ended_ms=max(ended_ms, question.began_ms),
        fault=None if fault is None else fault.kind,
        provider_status=status,
        provider_code=None if fault is None else fault.provider_code,
        provider_request_id=None,
        usage=usage,
        raw_nano_usd=0 if usage is None else raw_cost_nano_usd(model.tiers, usage),
        credits_milli=0,
        multiplier_ppm=0,
        charged=False,
    )


def _call(question: _Question, attempt: Attempt) -> Call:
    """A call of ours; `for` names the one whose prompt it is about."""
    journey = question.journey
    call = record.ours("moderation", question.call_id, journey.request_id, journey.catalog.revision, attempt)
    return replace(call, metadata={"for": journey.call_id})
