"""One upstream try of one candidate: request out, answer in, read by its dialect, metered and, where streamed, spoken on;
returns what it came to and never chooses what comes next."""

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple, cast

from proxy.domain.chat import Answer
from proxy.domain.errors import Fault
from proxy.domain.usage import Usage
from proxy.domain.value import maker, replace
from proxy.pipeline.asking import Short
from proxy.pipeline.cover import Cover
from proxy.pipeline.drain import Drain
from proxy.pipeline.exact import billed, gauge
from proxy.pipeline.hearing import Hearing
from proxy.pipeline.order import Ending, Outcome, Rooms
from proxy.pipeline.passing import Passing
from proxy.pipeline.patience import Patience
from proxy.pipeline.pieces import Pieces
from proxy.pipeline.speaking import Speaking
from proxy.pipeline.watched import Watched
from proxy.pipeline.writers import Part
from proxy.pipeline.written import written_for
from proxy.ports import Exchange, Reply, UpstreamError
from proxy.stages import failover
from proxy.stages.meter import Meter
from proxy.stages.provider.adapter import Reader
from proxy.stages.provider.sse import Decoder
from proxy.stages.stream import Voice

_new_outcome: Final = maker(Outcome)

# Reading what is larger takes so long that others are let in between.
_LARGE_BYTES = 256 * 1024


class _Incoming(NamedTuple):
    """A stream as it comes in, and who reads it."""

    pieces: Pieces
    decoder: Decoder
    reader: Reader


class Attempt:
    """`run` once. After the commit point its part of the answer leaves through `reply` as it comes in; `watched` hears of that
    point."""

    def __init__(self, rooms: Rooms, part: Part, voice: Voice, reply: Reply, watched: Watched) -> None:
        self._rooms = rooms
        self._part = part
        self._judged = judged = part.judged
        self._candidate = part.candidate
        self._reply = reply
        catalog = judged.journey.catalog
        self._model = catalog.models[part.candidate.model_id]
        self._provider = catalog.providers[self._model.provider_id]
        self._dialect = rooms.dialects[self._provider.dialect]
        self._meter = Meter(gauge(judged, part.candidate))
        self._hearing = Hearing(self._meter, part, voice)
        self._speaking = Speaking(rooms.clock, part, voice, reply, watched, self._hearing)
        self._began_ms = rooms.clock.now_ms()
        self._first_byte_ns: int | None = None
        self._first_byte_ms: int | None = None
        self._status: int | None = None
        self._provider_request_id: str | None = None
        # A whole answer is generated to its end, whoever listens.
        closing_stops_the_bill = judged.journey.request.stream and self._model.stops_billing_on_close
        self._drain = Drain(reply, rooms.knobs.drain, closing_stops_the_bill)
        self._reads: Callable[[bytes], Answer | Fault] = self._dialect.answer
        self._images_made = 0
        self._patience = Patience(rooms.clock, judged.journey, self._model.timeouts)

    async def run(self, cover: Cover, number: int) -> Outcome:
        """Calls the candidate as attempt `number`, keeping `cover` ahead of a stream."""
        try:
            exchange = await self._open()
        except UpstreamError as error:
            return await self._fell(error.fault)
        if exchange is None:
            return await self._outcome("left")
        self._arrived(exchange)
        try:
            if not 200 <= exchange.status < 300:
                return await self._refused(exchange)
            if self._judged.journey.request.stream:
                return await self._stream(exchange, cover, number)
            return await self._whole(exchange)
        except UpstreamError as error:
            return await self._broke(error.fault, number)
        finally:
            self._drain.forget()
            await exchange.close()

    async def interrupted(self) -> Outcome:
        """What it came to when it was stopped from outside: the fault is ours, what was delivered stays delivered."""
        return await self._fell(Fault("reset", status=self._status))

    async def _open(self) -> Exchange | None:
        if self._provider.key_variable is not None and self._provider.id not in self._rooms.provider_keys:
            # Without our key nobody answers; then the prompt need not leave the house.
            raise UpstreamError(Fault("our_key"))
        written = written_for(self._rooms, self._judged, self._candidate)
        self._reads = written.reads
        task = cast("asyncio.Task[object]", asyncio.current_task())
        self._drain.follow(task.cancel)
        try:
            return await self._rooms.upstream.open(written.request)
        except asyncio.CancelledError:
            # Somebody else may have cancelled the call as well, and that still stands.
            if self._drain.is_over and not task.uncancel():
                return None
            raise

    def _arrived(self, exchange: Exchange) -> None:
        self._first_byte_ns = self._rooms.clock.monotonic_ns()
        self._first_byte_ms = self._rooms.clock.now_ms()
        self._status = exchange.status
        self._provider_request_id = self._dialect.request_id(exchange.headers)
        closing: set[asyncio.Task[None]] = set()
        self._drain.follow(lambda: closing.add(asyncio.ensure_future(exchange.close())))

    async def _refused(self, exchange: Exchange) -> Outcome:
        body = await self._drain.whole(exchange, self._rooms.knobs.error_body_bytes_max)
        return await self._fell(self._dialect.classify(exchange.status, exchange.headers, body))

    async def _whole(self, exchange: Exchange) -> Outcome:
        knobs = self._rooms.knobs
        body = await self._drain.whole(exchange, knobs.answer_bytes_max + 1)
        if len(body) > knobs.answer_bytes_max:
            return await self._fell(Fault("garbled", status=exchange.status))
        answer = self._reads(body) if len(body) < _LARGE_BYTES else await asyncio.to_thread(self._reads, body)
        if isinstance(answer, Fault):
            return await self._fell(answer)
        self._meter.of_answer(answer)
        self._images_made = answer.images
        self._speaking.first_token_ns = self._rooms.clock.monotonic_ns()
        self._hearing.finish_reason = answer.finish_reason
        if answer.is_empty and not self._emptiness_is_explained():
            return await self._fell(Fault("empty", status=exchange.status))
        return await self._outcome("left" if self._reply.gone else "answered", answer=answer)

    async def _stream(self, exchange: Exchange, cover: Cover, number: int) -> Outcome:
        incoming = _Incoming(Pieces(exchange, self._rooms.turnstile), Decoder(), self._dialect.reader())
        pieces, decoder, reader = incoming
        self._pass_on(exchange, decoder, cover)
        while True:
            data = await pieces.next()
            self._drain.read(len(data))
            events = decoder.feed(data) if data else decoder.end()
            heard = self._hearing.hear(reader, events)
            ended = heard.ended
            if ended is True:
                exchange.finish()
            if self._reply.gone:
                if isinstance(ended, Fault):
                    return await self._fell(ended)
                if ended or not data or decoder.overflow or self._drain.is_over:
                    return await self._outcome("left")
                continue
            # Behind a reader that stands still much gathers, and then comes at once: it is covered before it is passed on.
            short = None if cover.covers(self._meter) else await self._cover(cover, bool(ended))
            held = heard if short is None else heard.first(cover.up_to(self._hearing.seen(heard)))
            spoken = await self._speaking.heard(held, number)
            # Behind a slow reader what was parsed would take ten times the memory of what is to be said.
            del heard, held
            await self._speaking.write(spoken)
            if short is not None:
                await self._end(exchange, incoming, cover, number)
                return await self._ended_by_us(short)
            if isinstance(ended, Fault):
                return await self._fell(ended)
            if ended or not data or decoder.overflow:
                return await self._stream_over(ended, decoder.overflow, number)
            self._patience.check(bool(events), self._speaking.committed, self._status)
            short = await cover.keep_ahead(self._meter) if self._speaking.committed else None
            if short is not None:
                await self._end(exchange, incoming, cover, number)
                return await self._ended_by_us(short)
            # Nor need it be carried along until something else comes.
            del data, events, spoken

    def _pass_on(self, exchange: Exchange, decoder: Decoder, cover: Cover) -> None:
        """Waking the task that reads a stream costs more than all else about a piece of it."""
        express = self._hearing.express
        if express is not None:
            passing = Passing(self._hearing, express, decoder, cover, self._reply)
            exchange.pass_on(passing.through(self._rooms.turnstile, self._patience).passes)

    async def _cover(self, cover: Cover, ended: bool) -> Short | None:
        return await (cover.catch_up(self._meter) if ended else cover.keep_ahead(self._meter))

    async def _end(self, exchange: Exchange, incoming: _Incoming, cover: Cover, number: int) -> None:
        """Closes a stream at once, for it bills until it is told. What had arrived is billed like the rest: it is metered, and
        told as far as it is held."""
        await exchange.close()
        pieces, decoder, reader = incoming
        while pieces.has_more:
            covered = cover.covers(self._meter)
            heard = self._hearing.hear(reader, decoder.feed(await pieces.next()))
            if covered:
                told = heard if cover.covers(self._meter) else heard.first(cover.up_to(self._hearing.seen(heard)))
                await self._speaking.write(await self._speaking.heard(told, number))
            if heard.ended:
                return

    async def _ended_by_us(self, short: Short) -> Outcome:
        if short.refusal is None:
            return await self._outcome("cut")
        return replace(await self._outcome("stopped"), refusal=short.refusal)

    async def _stream_over(self, done: bool, overflow: bool, number: int) -> Outcome:
        """A stream is whole when it said so or gave its finish reason; an end without either is a cut."""
        if overflow:
            return await self._fell(Fault("garbled", status=self._status))
        if not done and self._hearing.finish_reason is None:
            # Where no event ever came it was no stream, but a page or nothing at all.
            return await self._fell(Fault("truncated" if self._patience.heard else "garbled", status=self._status))
        rest = self._part.rest()
        if isinstance(rest, Fault):
            return await self._fell(rest)
        await self._speaking.write(await self._speaking.rest(rest, number))
        if not self._speaking.committed:
            if not self._emptiness_is_explained():
                return await self._fell(Fault("empty", status=self._status))
            await self._speaking.write(await self._speaking.blanks(number))
        return await self._outcome("answered")

    async def _broke(self, fault: Fault, number: int) -> Outcome:
        """What breaks after the reason to finish takes nothing from the answer."""
        if self._hearing.finish_reason is None or self._reply.gone:
            return await self._fell(fault)
        return await self._stream_over(done=True, overflow=False, number=number)

    async def _usage(self, ending: Ending) -> Usage:
        # A failure without a report is charged to nobody, so its size need not be known to the token.
        if ending == "failed" or self._meter.uncounted is None:
            usage = self._meter.usage()
        else:
            usage = await billed(self._meter, self._judged, self._model, self._rooms.counter)
        # No provider's usage says how many images it read or made, though some bill by the piece.
        images = self._judged.ask.image_count + self._images_made
        return replace(usage, images=images) if images else usage

    def _emptiness_is_explained(self) -> bool:
        if self._part.may_add_nothing:
            return self._hearing.finish_reason is not None
        usage = self._meter.usage()
        fields = self._judged.journey.request.fields
        stops = bool(fields.get("stop") or fields.get("logit_bias"))
        return failover.explains_emptiness(self._hearing.finish_reason, stops, usage.reasoning > 0)

    async def _fell(self, fault: Fault) -> Outcome:
        fault = self._patience.named(fault)
        # An upstream that fails by itself before it gave anything bills nothing, whether its caller has left or not.
        if self._reply.gone and (self._drain.is_over or self._meter.delivered):
            # Where we closed it for want of a listener, that is no fault of who spoke.
            return await self._outcome("left", fault=None if self._drain.is_over else fault)
        return await self._outcome("broken" if self._speaking.committed else "failed", fault=fault)

    async def _outcome(self, ending: Ending, fault: Fault | None = None, answer: Answer | None = None) -> Outcome:
        return _new_outcome(
            ending=ending,
            usage=await self._usage(ending),
            began_ms=self._began_ms,
            ended_ms=self._rooms.clock.now_ms(),
            first_byte_ns=self._first_byte_ns,
            first_byte_ms=self._first_byte_ms,
            first_token_ns=self._speaking.first_token_ns,
            fault=fault,
            answer=answer,
            finish_reason="length" if ending == "cut" else self._hearing.finish_reason,
            provider_status=self._status,
            provider_request_id=self._provider_request_id,
        )
