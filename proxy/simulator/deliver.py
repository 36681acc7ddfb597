"""Pieces of a body in, the bytes on their way out: at their pace, with a true or a false head and an end of some kind."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from proxy.simulator.connection import Exchange
from proxy.simulator.faults.acts import Carry
from proxy.simulator.framing import Piece

# Nobody waits longer for a model that has fallen silent; then its connection is reset.
SILENCE_S_MAX: Final = 3_600
MURMUR_EVERY_S: Final = 1.0
_FLUSH_BYTES: Final = 16 * 1024
_MURMUR: Final = b": still here\n\n"
_TRAILERS: Final = b"x-provider-cost: 0.000123\r\nserver-timing: total;dur=17\r\n"


@dataclass(frozen=True, slots=True)
class Parcel:
    """A body and what its head says. `deltas_per_s` 0 is flat out; `count` hears of every delta that is written; without
    `has_length` the length is not known before the end."""

    pieces: Iterable[Piece]
    content_type: str
    headers: Mapping[str, str]
    has_length: bool
    deltas_per_s: int
    count: Callable[[], None]


async def deliver(exchange: Exchange, parcel: Parcel, carry: Carry) -> None:
    """The whole body, carried as asked."""
    pieces = parcel.pieces if carry.edit is None else carry.edit(parcel.pieces)
    length: int | None = None
    if parcel.has_length:
        pieces = list(pieces)
        length = sum(len(piece.data) for piece in pieces)
    announced = carry.announce(length) if carry.announce is not None and length is not None else length
    content_type = parcel.content_type if carry.content_type is None else carry.content_type
    await exchange.open(carry.status, content_type, {**parcel.headers, **carry.headers}, announced)
    await asyncio.sleep(carry.before_ms / 1_000)
    if carry.gap_ms or carry.apart:
        await _drip(exchange, pieces, carry.gap_ms / 1_000, parcel.count)
    else:
        await play(exchange, pieces, parcel.deltas_per_s, parcel.count)
    await _end(exchange, carry, as_announced=announced == length)


async def play(exchange: Exchange, pieces: Iterable[Piece], deltas_per_s: int, count: Callable[[], None]) -> None:
    """Writes pieces at their pace; what is due together, or flat out, leaves together."""
    clock = asyncio.get_running_loop().time
    due_s = clock()
    ready = bytearray()
    for piece in pieces:
        if piece.delta:
            count()
        if piece.delta and deltas_per_s and due_s > clock():
            await _flush(exchange, ready)
            await asyncio.sleep(due_s - clock())
        due_s += piece.delta / deltas_per_s if deltas_per_s else 0
        ready += piece.data
        if len(ready) >= _FLUSH_BYTES:
            await _flush(exchange, ready)
            # Flat out nothing else would let the loop see that the peer has left.
            await asyncio.sleep(0)
    await _flush(exchange, ready)


async def murmur(exchange: Exchange) -> None:
    """Comments, for as long as anybody listens."""
    for _ in range(int(SILENCE_S_MAX / MURMUR_EVERY_S)):
        await exchange.write(_MURMUR)
        await asyncio.sleep(MURMUR_EVERY_S)
    await exchange.reset()


async def silence(exchange: Exchange) -> None:
    """Nothing, for as long as anybody waits."""
    await asyncio.sleep(SILENCE_S_MAX)
    await exchange.reset()


async def _drip(exchange: Exchange, pieces: Iterable[Piece], gap_s: float, count: Callable[[], None]) -> None:
    for piece in pieces:
        if piece.delta:
            count()
        await exchange.write(piece.data)
        await asyncio.sleep(gap_s)


async def _flush(exchange: Exchange, ready: bytearray) -> None:
    if ready:
        data = bytes(ready)
        ready.clear()
        await exchange.write(data)


async def _end(exchange: Exchange, carry: Carry, as_announced: bool) -> None:
    match carry.ending:
        case "proper":
            await (exchange.end() if as_announced else exchange.hang_up())
        case "dead_next":
            exchange.die_on_next_call()
            await exchange.end()
        case "silent_close":
            await exchange.end()
            await exchange.hang_up()
        case "trailers":
            await exchange.end(_TRAILERS)
        case "bad_chunk":
            await exchange.raw(b"zz\r\n")
        case "hang":
            await silence(exchange)
