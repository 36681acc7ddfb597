"""One call carried out: a Prompt, its Behaviour and the act to stage in, a paced answer or what is left of one out."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import orjson

from proxy.simulator.answers import Answer, answers, usage
from proxy.simulator.behaviour import Behaviour
from proxy.simulator.calls import Call
from proxy.simulator.connection import Exchange
from proxy.simulator.deliver import Parcel, deliver, murmur, play, silence
from proxy.simulator.dialects.dialect import Completion, Dialect, Event, Refused, refused_with
from proxy.simulator.faults.acts import HEADERS_ONLY, Act, Arrange, Break, Carry, Edit, Frame, Raw, Refuse, Reply, Say, Swap
from proxy.simulator.framing import Piece, framed, pieces_of
from proxy.simulator.prompt import Prompt

TTFT_MS: Final = 150
_SSE: Final = "text/event-stream; charset=utf-8"
_JSON: Final = "application/json"
_PLAIN: Final = Carry()


@dataclass(frozen=True, slots=True)
class Stage:
    """Where one call is performed: its dialect, its way back, its record, now, and the process's own pace."""

    dialect: Dialect
    exchange: Exchange
    call: Call
    now_s: int
    pace_tokens_per_s: int

    @property
    def id(self) -> str:
        return f"sim{self.call.number}"


@dataclass(frozen=True, slots=True)
class _Pace:
    """How fast one call goes; 0 tokens a second is flat out."""

    ttft_ms: int
    tokens_per_s: int


async def perform(stage: Stage, prompt: Prompt, behaviour: Behaviour, act: Act | None) -> None:
    """Answers one call the way its model behaves, with the fault that fell on it."""
    pace = _pace(behaviour, stage.pace_tokens_per_s)
    await asyncio.sleep(pace.ttft_ms / 1_000)
    headers = _headers(stage, behaviour)
    match act:
        case Refuse():
            asked = {} if behaviour.retry_after is None else {"retry-after": behaviour.retry_after}
            await refuse(stage, refused_by(stage.dialect, act), {**headers, **act.headers, **asked})
        case Reply():
            await stage.exchange.send(act.status, act.content_type, act.body, {**headers, **act.headers})
        case Raw():
            await stage.exchange.raw(act.data)
        case Break(how="reset" | "stall" | "hang_up", after_deltas=None):
            await _break(stage, act)
        case Swap():
            await _answer(stage, replace(prompt, stream=not prompt.stream), behaviour, None, pace)
        case _:
            await _answer(stage, prompt, behaviour, act, pace)


def refused_by(dialect: Dialect, act: Refuse) -> Refused:
    """The error that an act means, in its dialect."""
    if act.cause is None:
        return refused_with(dialect, act.status or 500)
    refused = dialect.refused(act.cause)
    return refused if act.status is None else replace(refused, status=act.status)


async def refuse(stage: Stage, refused: Refused, headers: Mapping[str, str]) -> None:
    """An error in the stage's dialect."""
    await stage.exchange.send(refused.status, _JSON, orjson.dumps(stage.dialect.error(refused)), headers)


def _pace(behaviour: Behaviour, process_tokens_per_s: int) -> _Pace:
    own = behaviour.pace_tokens_per_s
    tokens_per_s = process_tokens_per_s if own is None else own
    usual_ttft_ms = TTFT_MS if tokens_per_s else 0
    return _Pace(usual_ttft_ms if behaviour.ttft_ms is None else behaviour.ttft_ms, tokens_per_s)


def _headers(stage: Stage, behaviour: Behaviour) -> dict[str, str]:
    headers = {"x-request-id": f"req_{stage.id}"}
    if behaviour.reports_cost:
        headers |= {"x-provider-cost": "0.000123", "x-provider-name": "SimCo"}
    return headers


async def _answer(stage: Stage, prompt: Prompt, behaviour: Behaviour, act: Act | None, pace: _Pace) -> None:
    given = answers(prompt, behaviour)
    if isinstance(act, Say):
        given = tuple(act.edit(answer) for answer in given)
    billed = usage(prompt, given, behaviour)
    stage.call.billed_input_tokens, stage.call.billed_output_tokens = billed.input, billed.output
    completion = Completion(
        id=stage.id,
        created_s=stage.now_s,
        prompt=prompt,
        answers=given,
        usage=billed if behaviour.reports_usage else None,
        cost=behaviour.reports_cost,
    )
    send = _stream if prompt.stream else _whole
    await send(stage, completion, _headers(stage, behaviour), act, pace.tokens_per_s)


async def _whole(stage: Stage, completion: Completion, headers: Mapping[str, str], act: Act | None, tokens_per_s: int) -> None:
    if tokens_per_s:
        await asyncio.sleep(max((answer.token_count for answer in completion.answers), default=0) / tokens_per_s)
    stage.call.generated_tokens = _shown_tokens(completion.answers)
    value = stage.dialect.whole(completion)
    if isinstance(act, Edit):
        act.edit(value)
    body = orjson.dumps(value)
    if isinstance(act, Break):
        await _broken_whole(stage, body, headers, act)
        return
    parcel = Parcel([Piece(body)], _JSON, headers, has_length=True, deltas_per_s=0, count=_nobody)
    await deliver(stage.exchange, parcel, act if isinstance(act, Carry) else _PLAIN)


async def _broken_whole(stage: Stage, body: bytes, headers: Mapping[str, str], broken: Break) -> None:
    """Half of it, or its headers alone."""
    if broken.how in ("error_event", "murmur"):
        await refuse(stage, replace(stage.dialect.refused(broken.cause), status=200), headers)
        return
    await stage.exchange.open(200, _JSON, headers)
    if broken.after_deltas != HEADERS_ONLY:
        await stage.exchange.write(body[: len(body) // 2])
    await _break(stage, broken)


async def _stream(stage: Stage, completion: Completion, headers: Mapping[str, str], act: Act | None, tokens_per_s: int) -> None:
    headers = {"cache-control": "no-cache", **headers}
    deltas_per_s = tokens_per_s * len(completion.answers)
    events = _edited(stage.dialect.events(completion), act)

    def count() -> None:
        stage.call.generated_tokens += 1

    if isinstance(act, Break):
        await stage.exchange.open(200, _SSE, headers)
        await play(stage.exchange, _until(events, act), deltas_per_s, count)
        await _break(stage, act)
        return
    pieces = _pieces(events, act)
    parcel = Parcel(pieces, _SSE, headers, has_length=False, deltas_per_s=deltas_per_s, count=count)
    await deliver(stage.exchange, parcel, act if isinstance(act, Carry) else _PLAIN)


def _edited(events: Iterable[Event], act: Act | None) -> Iterator[Event]:
    if isinstance(act, Arrange):
        events = act.arrange(events)
    for event in events:
        if isinstance(act, Edit) and isinstance(event.value, dict):
            act.edit(event.value)
        yield event


def _pieces(events: Iterable[Event], act: Act | None) -> Iterator[Piece]:
    if isinstance(act, Frame):
        return (Piece(act.frame(event), event.mark == "delta") for event in events)
    return pieces_of(events)


def _until(events: Iterable[Event], broken: Break) -> Iterator[Piece]:
    """What comes before the delta too many; an answer that is shorter breaks where its deltas end."""
    left = broken.after_deltas
    if left is None or left == HEADERS_ONLY:
        return
    for event in events:
        delta = event.mark == "delta"
        if (delta and left == 0) or event.mark in ("finish", "usage", "end"):
            if broken.tail is not None:
                yield Piece(broken.tail(framed(event)))
            return
        left -= delta
        yield Piece(framed(event), delta)


async def _break(stage: Stage, broken: Break) -> None:
    exchange = stage.exchange
    match broken.how:
        case "reset":
            await exchange.reset()
        case "cut":
            await exchange.close()
        case "hang_up":
            await exchange.hang_up()
        case "error_event":
            await exchange.write(framed(stage.dialect.error_event(stage.dialect.refused(broken.cause))))
            await exchange.close()
        case "murmur":
            await murmur(exchange)
        case "stall":
            await silence(exchange)


def _shown_tokens(given: tuple[Answer, ...]) -> int:
    return sum(answer.token_count - answer.hidden_tokens for answer in given)


def _nobody() -> None:
    """A whole answer's tokens are counted before it leaves."""
