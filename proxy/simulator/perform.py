"""One call carried out: a Prompt and its Behaviour in, paced bytes or a staged fault out; the only place that waits."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from proxy.simulator.answers import answers, usage
from proxy.simulator.connection import Exchange
from proxy.simulator.dialect import Completion, Dialect, Event
from proxy.simulator.faults import BROKE, Behaviour, Break, Page, Refused
from proxy.simulator.prompt import Prompt

TTFT_MS: Final = 150
# Nobody waits longer for a model that has fallen silent; then its connection is reset.
SILENCE_S_MAX: Final = 3_600
_FLUSH_BYTES: Final = 16 * 1024
_SSE: Final = "text/event-stream; charset=utf-8"
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast one call goes; 0 tokens a second is flat out."""

    ttft_ms: int
    tokens_per_s: int


@dataclass(frozen=True, slots=True)
class Stage:
    """Where one call is performed: its dialect, its way back, the id of its answer, now, and the process's own pace."""

    dialect: Dialect
    exchange: Exchange
    id: str
    now_s: int
    pace_tokens_per_s: int


async def perform(stage: Stage, prompt: Prompt, behaviour: Behaviour) -> None:
    """Answers one call the way its model behaves."""
    pace = _pace(behaviour, stage.pace_tokens_per_s)
    await asyncio.sleep(pace.ttft_ms / 1_000)
    headers = _headers(stage, behaviour)
    match behaviour.fault:
        case Refused() as refused:
            await refuse(stage, refused, headers)
        case Page() as page:
            await stage.exchange.send(page.status, page.content_type, page.body, headers)
        case Break(how=how, after_deltas=None):
            await _break(stage, how)
        case fault:
            completion = _completion(stage, prompt, behaviour)
            send = _stream if prompt.stream else _whole
            await send(stage, completion, pace, headers, fault)


async def refuse(stage: Stage, refused: Refused, headers: Mapping[str, str]) -> None:
    """An error in the stage's dialect."""
    await stage.exchange.send(refused.status, _JSON, stage.dialect.error(refused), headers)


def _pace(behaviour: Behaviour, process_tokens_per_s: int) -> Pace:
    own = behaviour.pace_tokens_per_s
    tokens_per_s = process_tokens_per_s if own is None else own
    usual_ttft_ms = TTFT_MS if tokens_per_s else 0
    return Pace(usual_ttft_ms if behaviour.ttft_ms is None else behaviour.ttft_ms, tokens_per_s)


def _headers(stage: Stage, behaviour: Behaviour) -> dict[str, str]:
    headers = {"x-request-id": f"req_{stage.id}"}
    if behaviour.retry_after is not None and isinstance(behaviour.fault, Refused):
        headers["retry-after"] = behaviour.retry_after
    if behaviour.reports_cost:
        headers |= {"x-provider-cost": "0.000123", "x-provider-name": "SimCo"}
    return headers


def _completion(stage: Stage, prompt: Prompt, behaviour: Behaviour) -> Completion:
    given = answers(prompt, behaviour)
    return Completion(
        id=f"chatcmpl-{stage.id}",
        created_s=stage.now_s,
        prompt=prompt,
        answers=given,
        usage=usage(prompt, given, behaviour),
        cost=behaviour.reports_cost,
    )


async def _whole(stage: Stage, completion: Completion, pace: Pace, headers: Mapping[str, str], fault: Break | None) -> None:
    if pace.tokens_per_s:
        longest = max(answer.token_count for answer in completion.answers)
        await asyncio.sleep(longest / pace.tokens_per_s)
    if fault is None:
        await stage.exchange.send(200, _JSON, stage.dialect.whole(completion), headers)
    elif fault.how == "error_event":
        await refuse(stage, BROKE, headers)
    else:
        body = stage.dialect.whole(completion)
        await stage.exchange.open(200, _JSON, headers)
        await stage.exchange.write(body[: len(body) // 2])
        await _break(stage, fault.how)


async def _stream(stage: Stage, completion: Completion, pace: Pace, headers: Mapping[str, str], fault: Break | None) -> None:
    await stage.exchange.open(200, _SSE, {"cache-control": "no-cache", **headers})
    events = stage.dialect.events(completion)
    if fault is not None:
        events = _first_deltas(events, fault.after_deltas or 0)
    await _play(stage.exchange, events, pace.tokens_per_s * len(completion.answers))
    if fault is None:
        await stage.exchange.end()
    else:
        await _break(stage, fault.how)


def _first_deltas(events: Iterator[Event], deltas: int) -> Iterator[Event]:
    """What comes before the delta too many; an answer that is shorter breaks where its deltas end."""
    has_deltas = False
    for event in events:
        if (event.delta and deltas == 0) or (has_deltas and not event.delta):
            return
        has_deltas = has_deltas or event.delta
        deltas -= event.delta
        yield event


async def _play(exchange: Exchange, events: Iterator[Event], deltas_per_s: int) -> None:
    """Writes events at their pace; what is due together, or flat out, leaves together."""
    clock = asyncio.get_running_loop().time
    due_s = clock()
    ready = bytearray()
    for event in events:
        if event.delta and deltas_per_s and due_s > clock():
            await _flush(exchange, ready)
            await asyncio.sleep(due_s - clock())
        due_s += event.delta / deltas_per_s if deltas_per_s else 0
        ready += event.data
        if len(ready) >= _FLUSH_BYTES:
            await _flush(exchange, ready)
            # Flat out nothing else would let the loop see that the peer has left.
            await asyncio.sleep(0)
    await _flush(exchange, ready)


async def _flush(exchange: Exchange, ready: bytearray) -> None:
    if ready:
        data = bytes(ready)
        ready.clear()
        await exchange.write(data)


async def _break(stage: Stage, how: str) -> None:
    match how:
        case "reset":
            await stage.exchange.reset()
        case "cut":
            await stage.exchange.close()
        case "error_event":
            await stage.exchange.write(stage.dialect.error_event(BROKE))
            await stage.exchange.close()
        case _:
            await asyncio.sleep(SILENCE_S_MAX)
            await stage.exchange.reset()
